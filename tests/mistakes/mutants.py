"""Mutate the functions that differ from a commit, and print the mutants that the tests miss.

mutmut changes one operator, number or argument at a time and runs the tests that call the changed
function. A function that only moved does not differ. Some mutants change no result, so a survivor
is a question to its reader and fails nothing.
"""

import argparse
import ast
import difflib
import io
import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from helpers.slow import SLOW
from mistakes import ROOT, copy_tree, environment_of

Function = tuple[str, str, str]
"""Module, class (empty for a function of the module) and name."""

MUTMUT = str(Path(sys.executable).with_name("mutmut"))

NOTICED = "noticed"
VERDICTS = {0: "survived", 33: "called by no test", None: "not tried"}
"""What mutmut's exit codes mean; all others are a failed test, a time limit or a crash."""

NOT_MUTATED = (
    "src/wallnet/film/compiling.py",
    "src/wallnet/film/loops.py",
    "src/wallnet/film/stage.py",
    "src/wallnet/networks/classifier.py",
)
"""Compiled functions, and a class whose arguments Lightning reads from the frame of its caller."""

COUNTING = """
import os

from mutmut.mutation.trampoline import get_mutant_under_test


def count_no_calls():
    if get_mutant_under_test() == "stats":
        os.environ["MUTANT_UNDER_TEST"] = ""


if get_mutant_under_test() == "stats":
    # mutmut remembers it in this process
    del os.environ["MUTANT_UNDER_TEST"]
    os.register_at_fork(after_in_child=count_no_calls)
"""
"""Plugin of pytest; while mutmut counts calls, it counts those of the process of the tests alone.

Others work in folders in which mutmut finds no settings.
"""


def functions(root: Path) -> dict[Function, str]:
    """Return the code of each function and method below `root`, without texts."""
    code = {}
    for path in sorted((root / "src/wallnet").rglob("*.py")):
        module = ".".join(path.relative_to(root / "src").with_suffix("").parts)
        for outer in ast.parse(path.read_text(encoding="utf-8")).body:
            owner = outer.name if isinstance(outer, ast.ClassDef) else ""
            for node in outer.body if isinstance(outer, ast.ClassDef) else [outer]:
                if isinstance(node, ast.FunctionDef):
                    code[module, owner, node.name] = _essence(node)
    return code


def changed(root: Path, since: str) -> list[Function]:
    """Return the functions whose code is nowhere in the package of a commit."""
    command = ["git", "-C", str(root), "archive", since, "src/wallnet"]
    archive = subprocess.run(command, capture_output=True, check=False)
    if archive.returncode:
        sys.exit(f"git has no commit {since!r}: name one with --since")
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(place, filter="data")
        before = set(functions(Path(place)).values())
    return [name for name, code in functions(root).items() if code not in before]


def part(function: Function) -> str:
    """Return the folder or module of the package, and thus the folder of tests, of a function."""
    return function[0].split(".")[1]


def settings(root: Path, chosen: Sequence[Function], tests: Sequence[str]) -> str:
    """Return mutmut's settings: the files that it mutates and the tests that it runs."""
    files = sorted({f"src/{module.replace('.', '/')}.py" for module, *_ in chosen})
    copied = sorted(path.name for path in root.iterdir() if path.name not in ("src", "tests"))
    lists = {
        "source_paths": ["src"],
        "only_mutate": files,
        "also_copy": copied,
        "pytest_add_cli_args_test_selection": [*tests, "-m", "not slow"],
        "pytest_add_cli_args": ["-p", "counting"],
    }
    return "[mutmut]\n" + "".join(
        f"{key} =\n" + "".join(f"    {value}\n" for value in values)
        for key, values in lists.items()
    )


class _WithoutText(ast.NodeTransformer):
    """Remove what a mutant may change without changing a result: texts and messages."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return ast.Constant("")

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return ast.Raise()


def _essence(function: ast.FunctionDef) -> str:
    bare = _WithoutText().visit(ast.parse(ast.unparse(function)).body[0])
    bare.name = "function"
    return ast.dump(bare)


def mutants(root: Path, chosen: Sequence[Function]) -> Iterator[tuple[Function, str, str]]:
    """Yield function, name and changed lines of each mutant that changes more than a text."""
    for path in sorted((root / "mutants/src/wallnet").rglob("*.py.meta")):
        tree = ast.parse(path.with_suffix("").read_text(encoding="utf-8"))
        bodies = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        for key in json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]:
            module, _, mangled = key.rpartition(".")
            stem = mangled.rpartition("__mutmut_")[0]
            _, *owner, name = stem.split("ǁ") if "ǁ" in stem else (None, stem.removeprefix("x_"))
            function = (module, "".join(owner), name)
            original, body = bodies[f"{stem}__mutmut_orig"], bodies[mangled]
            if function in chosen and _essence(body) != _essence(original):
                yield function, key, difference(original, body)


def verdicts(root: Path) -> dict[str, int | None]:
    """Return mutmut's exit code for each mutant, None for one that was not tried."""
    codes: dict[str, int | None] = {}
    for path in (root / "mutants/src").rglob("*.meta"):
        codes |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return codes


def difference(original: ast.FunctionDef, mutant: ast.FunctionDef) -> str:
    """Return the lines of the body that a mutant changes."""
    bodies = (ast.unparse(function.body).splitlines() for function in (original, mutant))
    return "\n".join(line for line in difflib.ndiff(*bodies) if line[0] in "+-")


def run_until(end: float, command: Sequence[str], root: Path) -> str:
    """Run a command and the processes that it starts until a time; return what it wrote."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        running = subprocess.Popen(
            command,
            cwd=root,
            env=environment_of(root),
            start_new_session=True,
            stdout=output,
            stderr=output,
        )
        try:
            running.wait(max(end - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        output.seek(0)
        return output.read()


def main() -> None:
    """Draw mutants of the changed functions, try them and print those that survive."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--since", default="HEAD", help="commit to compare with (default: HEAD)")
    parser.add_argument("--minutes", type=float, default=20.0, help="when to stop")
    parser.add_argument("--functions", type=int, help="draw so many of the changed functions")
    parser.add_argument("--seed", type=int, default=1, help="seed of the drawing")
    arguments = parser.parse_args()
    end = time.monotonic() + 60 * arguments.minutes
    chance = random.Random(arguments.seed)
    chosen = [
        function
        for function in changed(ROOT, arguments.since)
        if f"src/{function[0].replace('.', '/')}.py" not in NOT_MUTATED
    ]
    print(f"{len(chosen)} functions differ from {arguments.since}", flush=True)
    # a sample is of few parts, whose tests are then fewer
    chance.shuffle(chosen)
    parts = list(dict.fromkeys(map(part, chosen)))
    tested = [
        folder for folder in parts if (ROOT / "tests" / folder).is_dir() and folder not in SLOW
    ]
    chosen = sorted((f for f in chosen if part(f) in tested), key=lambda f: tested.index(part(f)))
    chosen = chosen[: arguments.functions]
    if not chosen:
        print("none of them is in a part with quick tests in a folder of its name")
        return
    tests = [f"tests/{name}" for name in dict.fromkeys(map(part, chosen))]
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        root = Path(place)
        copy_tree(root)
        (root / "src/counting.py").write_text(COUNTING, encoding="utf-8")
        (root / "setup.cfg").write_text(settings(root, chosen, tests), encoding="utf-8")
        # no mutant has this name: mutmut creates the mutants and lists the tests of each function
        output = run_until(end, [MUTMUT, "run", "none"], root)
        if not (root / "mutants/mutmut-stats.json").is_file():
            print(f"mutmut could not run the tests in time:\n{output[-3000:]}")
            return
        drawn = list(mutants(root, chosen))
        if not drawn:
            print("mutmut mutates none of them; it leaves functions with decorators as they are")
            return
        chance.shuffle(drawn)
        run_until(end, [MUTMUT, "run", *(key for _, key, _ in drawn)], root)
        codes = verdicts(root)
        counts = Counter(VERDICTS.get(codes[key], NOTICED) for _, key, _ in drawn)
        for function, key, lines in drawn:
            if codes[key] == 0:
                print(f"SURVIVED {'.'.join(filter(None, function))}\n{lines}")
    print(", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
