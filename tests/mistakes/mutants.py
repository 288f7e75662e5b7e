"""Draw a seeded sample of mutants from mutmut and count those that the tests notice.

mutmut changes one operator, number or argument at a time and runs the tests that pass through the
changed function in its own process. Surviving mutants are then tried on the oracle's campaigns or
on other tests whose jobs are separate processes. Changes of text and styling only are not drawn,
and mutmut does not change decorated functions; ``mistakes.py`` in this folder covers both kinds by
hand.
"""

import argparse
import ast
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from mistakes import ROOT, copy_tree, environment_of

NOTICED = (1, 3, -24, 24, 152, 255, 36, -9, -11)
"""Exit codes of mutmut that mean a failed test, a time limit or a crash."""

DEVICES = ("tests/oracle/test_device_oracle.py",)
NETWORKS = ("tests/oracle/test_network_oracle.py",)
"""The oracle's two campaigns: separate processes, which therefore do not take part in mutmut's
runs."""

SEPARATE = {
    "api": ("tests/test_api.py", "-k", "not page and not of_the_workflow"),
    "cli": (
        *DEVICES,
        "tests/properties/test_outside_files.py",
        "tests/faults/test_surroundings.py",
    ),
    "networks": NETWORKS,
    # the first file tells most of what a change plans
    "plan": (
        "tests/plan/test_plan.py",
        "tests/plan",
        "tests/display/test_display.py",
        "-k",
        "not any_size",
    ),
    "provenance": ("tests/provenance/test_finished.py",),
    "report": (*DEVICES, *NETWORKS),
    # a mutated package has other digests than the noted ones
    "revisions": ("tests/test_revisions.py", "-k", "not noted"),
    # no campaign runs the checks of the engine
    "validation": (),
}
"""Tests of each stage whose jobs are separate processes; `DEVICES` for other stages."""

HEADER = ("stage", "mutants", "text or styling", "drawn", "noticed", "undecided")

HANGING = 600.0
"""Time in s after which a mutant hangs, at least; this counts as noticed."""

SLOWER = 3.0
"""Ratio of that time to the one that the tests take without a mutant."""

UNMUTATED = """
import os

if os.environ.get("MUTANT_UNDER_TEST") == "stats":
    os.environ["MUTANT_UNDER_TEST"] = ""
"""
"""Code for the start of each process; while mutmut counts calls, it counts only its own."""

# fmt: off
LAYOUT = {
    "alpha", "ascii", "aspect", "bbox_to_anchor", "bins", "borderaxespad", "bottom", "capsize",
    "clip_on", "cmap", "color", "colors", "constrained_layout", "dpi", "edgecolor", "edgecolors",
    "elinewidth", "encoding", "extra", "facecolor", "figsize", "flush", "fontsize", "fontweight",
    "fraction", "framealpha", "frameon", "gridspec_kw", "ha", "handlelength", "height_ratios",
    "hspace", "interpolation", "labelpad", "labelspacing", "layout", "left", "linestyle",
    "linestyles", "linewidth", "linewidths", "loc", "marker", "markeredgewidth", "markerfacecolor",
    "markersize", "mfc", "ms", "ncol", "ncols", "pad", "rasterized", "right", "rotation",
    "rotation_mode", "s", "sharex", "sharey", "shrink", "size", "top", "transform", "va", "weight",
    "which", "width_ratios", "wspace", "zorder",
}
# fmt: on
"""Names of arguments that change the look of a result but not its content."""


class _WithoutText(ast.NodeTransformer):
    """Remove the parts that a mutation may change without changing a result."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return ast.Constant("")

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return ast.Raise()

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        called = node.value.func if isinstance(node.value, ast.Call) else None
        owner = called.value if isinstance(called, ast.Attribute) else None
        if isinstance(called, ast.Name) and called.id == "print":
            return ast.Pass()
        if isinstance(owner, ast.Name) and owner.id in ("logger", "logging", "warnings"):
            return ast.Pass()
        return self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST | None:
        if node.arg in LAYOUT:
            return None
        return self.generic_visit(node)


def _essence(function: ast.FunctionDef) -> str:
    bare = _WithoutText().visit(ast.parse(ast.unparse(function)).body[0])
    bare.name = "function"
    return ast.dump(bare)


def drawable(root: Path) -> Iterator[tuple[str, str, bool]]:
    """Yield stage and name of each mutant, and whether it changes more than text or styling."""
    for path in sorted((root / "mutants/src/wallnet").rglob("*.py")):
        listed = path.with_name(f"{path.name}.meta")
        if not listed.is_file():
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        place = path.relative_to(root / "mutants/src/wallnet")
        stage = place.parts[0].removesuffix(".py")
        originals: dict[str, str] = {}
        for name in json.loads(listed.read_text(encoding="utf-8"))["exit_code_by_key"]:
            mangled = name.rpartition(".")[2]
            original = f"{mangled.rpartition('__mutmut_')[0]}__mutmut_orig"
            if original not in originals:
                originals[original] = _essence(functions[original])
            yield stage, name, _essence(functions[mangled]) != originals[original]


def verdicts(root: Path) -> dict[str, int | None]:
    """Return mutmut's exit code for each mutant that was tried."""
    found: dict[str, int | None] = {}
    for path in (root / "mutants/src").rglob("*.meta"):
        found |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def shown(root: Path, name: str) -> str:
    """Return the change of a mutant as a short difference."""
    command = [str(Path(sys.executable).with_name("mutmut")), "show", name]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True).stdout
    return "\n".join(line for line in said.splitlines() if line[:1] in "+-" and line.strip("+- "))


def select(project: Path, tests: list[str]) -> None:
    """Let mutmut run these tests only, without those that it leaves out anyway."""
    text = project.read_text(encoding="utf-8")
    all_tests = '    "tests",\n'
    if text.count(all_tests) != 1:
        sys.exit(f"{project.name}: mutmut's selection of tests has another form than expected")
    chosen = "".join(f"    {json.dumps(test)},\n" for test in tests)
    project.write_text(text.replace(all_tests, chosen), encoding="utf-8")


def rows_of(path: Path) -> dict[str, list[Any]]:
    """Return the rows of an earlier run by stage, none if there was no run."""
    if not path.is_file():
        return {}
    with open(path, newline="", encoding="utf-8") as stream:
        return {row[0]: row for row in list(csv.reader(stream))[1:]}


def run_for(seconds: float, command: list[str], **options: Any) -> int:
    """Run a command and the processes that it starts, but end them after some seconds.

    Returns
    -------
    int
        Exit code; that of SIGKILL if the time was up.
    """
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen(command, start_new_session=True, **silent, **options)
    try:
        return running.wait(max(seconds, 0.0))
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        return running.wait()


def main() -> int:
    """Draw mutants, try them and write the number of noticed ones."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=40, help="mutants of each stage")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stages", nargs="*", help="only these; others keep their rows")
    parser.add_argument(
        "--tests", nargs="*", help="tests of mutmut's part, instead of all: faster, a lower bound"
    )
    parser.add_argument("--minutes", type=float, default=50.0, help="when to stop")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=ROOT / "docs/results/mutants.csv")
    arguments = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        root = Path(place)
        copy_tree(root)
        (root / "src/sitecustomize.py").write_text(UNMUTATED, encoding="utf-8")
        if arguments.tests:
            select(root / "pyproject.toml", arguments.tests)
        environment = environment_of(root)
        mutmut = [str(Path(sys.executable).with_name("mutmut")), "run"]
        mutmut += ["--max-children", str(arguments.jobs)]
        # no mutant has this name: mutmut creates the mutants and lists the tests of each function
        made = subprocess.run([*mutmut, "none"], cwd=root, env=environment, capture_output=True)
        if not (root / "mutants/mutmut-stats.json").is_file():
            sys.exit(f"mutmut could not run the tests:\n{made.stdout.decode()[-5000:]}")
        by_stage: dict[str, list[str]] = defaultdict(list)
        left_out: Counter[str] = Counter()
        for stage, name, counts in drawable(root):
            if counts:
                by_stage[stage].append(name)
            else:
                left_out[stage] += 1
        chance = random.Random(arguments.seed)
        drawn = {
            stage: chance.sample(names, min(arguments.each, len(names)))
            for stage, names in sorted(by_stage.items())
        }
        if arguments.stages:
            drawn = {stage: drawn[stage] for stage in arguments.stages}
        stage_of = {name: stage for stage, names in drawn.items() for name in names}
        every = list(stage_of)
        print(f"{len(every)} mutants drawn after {time.monotonic() - started:.0f} s", flush=True)
        left = 60 * arguments.minutes - (time.monotonic() - started)
        run_for(left, [*mutmut, *every], cwd=root, env=environment)
        codes = verdicts(root)
        alive = [name for name in every if codes.get(name) not in NOTICED]
        print(f"{len(alive)} left after {time.monotonic() - started:.0f} s", flush=True)

        def passes(tests: tuple[str, ...], name: str, limit: float) -> bool:
            """Return whether tests of other processes pass with a mutant, or without any."""
            command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
            chosen = {"PYTHONPATH": str(root / "mutants/src"), "MUTANT_UNDER_TEST": name}
            place, variables = root / "mutants", environment | chosen
            return run_for(limit, [*command, *tests], cwd=place, env=variables) == 0

        def limit_without(tests: tuple[str, ...]) -> float | None:
            """Return the time for a mutant in s; None if tests fail or are slow without one."""
            begun = time.monotonic()
            if not passes(tests, "", 60 * arguments.minutes - (begun - started)):
                return None
            return max(HANGING, SLOWER * (time.monotonic() - begun))

        def on_separate_jobs(name: str) -> bool | None:
            """Return whether tests of other processes notice it; None if this is not known."""
            others = SEPARATE.get(stage_of[name], DEVICES)
            if not others:
                return False
            limit = limits[others]
            if limit is None or time.monotonic() - started > 60 * arguments.minutes:
                return None
            return not passes(others, name, limit)

        noticed: dict[str, bool | None] = {name: codes.get(name) in NOTICED for name in every}
        chance.shuffle(alive)
        with ThreadPoolExecutor(arguments.jobs) as pool:
            # tests that fail without a mutant would notice each one
            needed = sorted({SEPARATE.get(stage_of[name], DEVICES) for name in alive} - {()})
            limits = dict(zip(needed, pool.map(limit_without, needed), strict=True))
            for tests in (tests for tests, limit in limits.items() if limit is None):
                told = " ".join(tests)
                print(f"without a mutant these fail or take too long: {told}", flush=True)
            for name, verdict in zip(alive, pool.map(on_separate_jobs, alive), strict=True):
                noticed[name] = verdict
                if verdict is False:
                    print(f"SURVIVED {name}\n{shown(root, name)}", flush=True)
        rows = {} if arguments.stages is None else rows_of(arguments.out)
        for stage, names in drawn.items():
            count = len(by_stage[stage]) + left_out[stage]
            found = Counter(noticed[name] for name in names)
            rows[stage] = [stage, count, left_out[stage], len(names), found[True], found[None]]
            print(
                f"{stage:12} {found[True]} of {len(names)} noticed, {found[None]} undecided",
                flush=True,
            )
        with open(arguments.out, "w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(HEADER)
            writer.writerows(rows[stage] for stage in sorted(rows))
    print(f"{time.monotonic() - started:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
