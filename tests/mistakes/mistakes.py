"""Put plausible mistakes into a copy of the code and check that a test fails for each.

A mistake is a small change of the code with the tests that must fail because of it. It is located
by its text in any file: code that moves to another file, or to another indentation, keeps its
mistakes. ``python tests/mistakes/mistakes.py --help`` describes how to run them.
"""

import argparse
import ast
import importlib
import itertools
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
import textwrap
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import FrameType

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent

NOTICED, SURVIVED, DOES_NOT_RUN = "noticed", "SURVIVED", "DOES NOT RUN"

HANGING = 600
"""Wall time in s after which a test hangs; it then fails."""


@dataclass(frozen=True)
class Mistake:
    """One plausible mistake.

    Attributes
    ----------
    name : str
        Short description of the mistake, unique in its group.
    group : str
        Name of the file that lists it.
    find : str
        Text of the code to replace. All sequences of white space are equivalent.
    replace : str
        Text that replaces it; may be empty.
    tests : tuple of str
        Tests of which at least one must fail.
    within : str
        Name of the function, class or rule that contains the text, if the text is not unique.
    """

    name: str
    group: str
    find: str
    replace: str
    tests: tuple[str, ...]
    within: str = ""


class AnchorError(Exception):
    """The text of a mistake is not in the code or is at several places."""


def read_mistakes(folder: Path = FOLDER) -> list[Mistake]:
    """Read all mistakes, in the order of their files."""
    mistakes = []
    for path in sorted(folder.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["mistake"]:
            entry["tests"] = tuple(entry["tests"])
            mistakes.append(Mistake(group=path.stem, **entry))
    return mistakes


@cache
def sources(root: Path) -> list[Path]:
    """Return the files that may contain a mistake: code and tables, the Snakefile, its rules."""
    rules = [root / "Snakefile", *sorted((root / "workflow").rglob("*.smk"))]
    tables = sorted((root / "src").rglob("*.yaml"))
    return [*sorted((root / "src").rglob("*.py")), *tables, *rules]


@cache
def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _definitions(path: Path) -> list[tuple[tuple[str, ...], int, int]]:
    """Return the names, starting with the outermost, and the place of all functions and classes."""
    text = _read(path)
    starts = [0, *itertools.accumulate(map(len, text.splitlines(keepends=True)))]
    definitions = []

    def visit(node: ast.AST, outer: tuple[str, ...]) -> None:
        for child in ast.iter_child_nodes(node):
            names = outer
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names = (*outer, child.name)
                definitions.append((names, starts[child.lineno - 1], starts[child.end_lineno]))
            visit(child, names)

    visit(ast.parse(text), ())
    return definitions


def _blocks(path: Path, name: str) -> list[tuple[int, int]]:
    """Return begin and end of the rules and functions of a name in a file of Snakemake."""
    head = rf"^(?:def|rule|checkpoint) {re.escape(name)}\b.*\n(?:[ \t].*\n|\n)*"
    return [match.span() for match in re.finditer(head, _read(path), re.MULTILINE)]


def _spans(path: Path, within: str) -> list[tuple[int, int]]:
    """Return begin and end of the definitions of a name, or of the whole text without a name."""
    if not within:
        return [(0, len(_read(path)))]
    if path.suffix != ".py":
        return _blocks(path, within)
    ending = tuple(within.split("."))
    return [
        (begin, end) for names, begin, end in _definitions(path) if names[-len(ending) :] == ending
    ]


def locate(mistake: Mistake, root: Path = ROOT) -> tuple[Path, int, int]:
    """Return the file that contains a mistake's text, and begin and end of the text in it.

    Raises
    ------
    AnchorError
        If no file contains it, or if it is at several places.
    """
    words = mistake.find.split()
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    spans = set()
    for path in sources(root):
        if max(words, key=len) not in _read(path):
            continue
        for begin, end in _spans(path, mistake.within):
            for match in pattern.finditer(_read(path), begin, end):
                spans.add((path, *match.span()))
    if len(spans) != 1:
        places = ", ".join(sorted({str(path.relative_to(root)) for path, *_ in spans}))
        raise AnchorError(
            f"the text of {mistake.name!r} ({mistake.group}.toml) is at {len(spans)} places"
            f"{f' ({places})' if places else ''}; give the current text"
        )
    return spans.pop()


def mistaken(mistake: Mistake, root: Path = ROOT) -> tuple[Path, str]:
    """Return the file that contains a mistake's text, and its content with the mistake."""
    path, begin, end = locate(mistake, root)
    text = _read(path)
    first_line = text[text.rfind("\n", 0, begin) + 1 : begin]
    indentation = first_line[: len(first_line) - len(first_line.lstrip())]
    first, *others = textwrap.dedent(mistake.replace.strip("\n")).splitlines() or [""]
    replacement = "\n".join([first, *(indentation + line if line else line for line in others)])
    return path, text[:begin] + replacement + text[end:]


def copy_tree(folder: Path, root: Path = ROOT) -> None:
    """Copy the files that tests need, including the engine's machine code."""
    skipped = shutil.ignore_patterns(".*", "build", "*.egg-info", "*.pyc", "lightning_logs")
    # those of a campaign in the checkout; tests read docs/results
    of_runs = {str(root): {"results", "data", "mutants"}}
    shutil.copytree(
        root,
        folder,
        ignore=lambda place, names: skipped(place, names) | of_runs.get(place, set()),
        dirs_exist_ok=True,
    )


def environment_of(root: Path) -> dict[str, str]:
    """Return the environment for tests of the code below `root`."""
    # one thread each: the tests of two mistakes run at the same time
    return {**os.environ, "PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1"}


def import_libraries() -> None:
    """Import the libraries that most tests need, so that the child processes have them."""
    # it chooses PyTorch's kernels before PyTorch is imported; the tests import their own copy
    importlib.import_module("wallnet.networks")
    for name in [name for name in sys.modules if name.partition(".")[0] == "wallnet"]:
        del sys.modules[name]
    for name in ("netCDF4", "numba", "pandas", "pydantic", "pytorch_lightning", "xarray", "yaml"):
        importlib.import_module(name)
    importlib.import_module("matplotlib").use("Agg")
    importlib.import_module("matplotlib.pyplot")


def try_out(mistake: Mistake) -> tuple[str, float, str]:
    """Apply a mistake to a copy of the code and run its tests there, in a separate process.

    The process is a fork of this one, in which the libraries are already imported. A process that
    crashes has noticed the mistake.

    Returns
    -------
    tuple
        Verdict, wall time in s and output of pytest.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mistake-") as place:
        root, verdict = Path(place) / "code", Path(place) / "verdict"
        said = Path(place) / "said"
        process = multiprocessing.get_context("fork").Process(
            target=_try_here, args=(mistake, root, verdict, said)
        )
        process.start()
        process.join()
        output = said.read_text(encoding="utf-8", errors="replace") if said.exists() else ""
        if verdict.exists():
            outcome = verdict.read_text(encoding="utf-8")
        else:
            outcome = NOTICED if process.exitcode < 0 else DOES_NOT_RUN
            output += f"the process ended with the exit code {process.exitcode}"
    return outcome, time.monotonic() - started, output


def _try_here(mistake: Mistake, root: Path, verdict: Path, said: Path) -> None:
    """Run the tests of a mistake in this process; write the verdict and pytest's output."""
    assert "wallnet" not in sys.modules
    copy_tree(root)
    path, text = mistaken(mistake, root)
    path.write_text(text, encoding="utf-8")
    os.environ.update(environment_of(root))
    os.chdir(root)
    with open(said, "w", encoding="utf-8") as stream:
        for output in (1, 2):
            os.dup2(stream.fileno(), output)
    failures = _Failures()
    signal.signal(signal.SIGALRM, _hangs)
    signal.alarm(HANGING)
    code = pytest.main(["-q", "-x", "-p", "no:cacheprovider", *mistake.tests], plugins=[failures])
    signal.alarm(0)
    sys.stdout.flush()
    # a failing import does not count as noticed by a test
    outcome = SURVIVED if code == 0 else NOTICED if failures.count else DOES_NOT_RUN
    verdict.write_text(outcome, encoding="utf-8")


def _hangs(signum: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"this test takes more than {HANGING} s")


class _Failures:
    """Counter of failed tests and fixtures."""

    count = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.count += report.failed


def chosen(mistakes: Sequence[Mistake], tenth: str | None, words: Sequence[str]) -> list[Mistake]:
    """Return the requested mistakes: a tenth of them, or those with a word in the name."""
    if tenth is not None:
        number = date.today().toordinal() if tenth == "today" else int(tenth)
        mistakes = mistakes[number % 10 :: 10]
    return [m for m in mistakes if not words or any(w in f"{m.group}: {m.name}" for w in words)]


def main() -> int:
    """Try mistakes and report the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only mistakes with one of these in 'group: name'")
    parser.add_argument("--tenth", help="only one of ten: 0 to 9, or 'today' for that of the day")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--show", action="store_true", help="show the output of pytest")
    arguments = parser.parse_args()
    mistakes = chosen(read_mistakes(), arguments.tenth, arguments.words)
    noticed = 0
    import_libraries()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for mistake, (verdict, seconds, said) in zip(
            mistakes, pool.map(try_out, mistakes), strict=True
        ):
            noticed += verdict == NOTICED
            print(f"{verdict:12} {seconds:5.1f} s  {mistake.group}: {mistake.name}", flush=True)
            if arguments.show or verdict != NOTICED:
                print(textwrap.indent(said, "    "), flush=True)
    print(f"{noticed} of {len(mistakes)} mistakes noticed")
    return 0 if noticed == len(mistakes) else 1


if __name__ == "__main__":
    sys.exit(main())
