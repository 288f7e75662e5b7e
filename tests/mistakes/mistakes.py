"""Plausible mistakes, each put into a copy of the code, and whether its test notices.

A mistake is a small change of the code with the tests that must fail because of it. It is found
by its text, wherever it stands: code that moves to another file, or to another indentation,
keeps its mistakes. ``python tests/mistakes/mistakes.py --help`` tells how to run them.
"""

import argparse
import ast
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent

NOTICED, SURVIVED, DOES_NOT_RUN = "noticed", "SURVIVED", "DOES NOT RUN"


@dataclass(frozen=True)
class Mistake:
    """One plausible mistake.

    Attributes
    ----------
    name : str
        What is wrong, in a few words; of all mistakes the only one.
    group : str
        Name of the file that lists it.
    find : str
        Text of the code that is to be replaced. Runs of white space are all alike.
    replace : str
        What stands there instead.
    tests : tuple of str
        Tests that must notice: at least one of them fails.
    within : str
        Name of the function or class that holds the text, where the text alone is not unique.
    """

    name: str
    group: str
    find: str
    replace: str
    tests: tuple[str, ...]
    within: str = ""


class AnchorError(Exception):
    """The text of a mistake is nowhere in the code, or at several places."""


def read_mistakes(folder: Path = FOLDER) -> list[Mistake]:
    """Read all mistakes, in the order of their files."""
    mistakes = []
    for path in sorted(folder.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["mistake"]:
            entry["tests"] = tuple(entry["tests"])
            mistakes.append(Mistake(group=path.stem, **entry))
    return mistakes


def sources(root: Path) -> list[Path]:
    """Return the files that may hold a mistake: the package, the Snakefile and its rules."""
    rules = [root / "Snakefile", *sorted((root / "workflow").rglob("*.smk"))]
    return [*sorted((root / "src").rglob("*.py")), *rules]


def _spans(path: Path, text: str, within: str) -> Iterator[tuple[int, int]]:
    """Yield where the definitions of a name, or the whole text without one, begin and end."""
    if not within:
        yield 0, len(text)
        return
    if path.suffix != ".py":
        return
    starts = [0, *itertools.accumulate(map(len, text.splitlines(keepends=True)))]
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

    def visit(node: ast.AST, outer: tuple[str, ...]) -> Iterator[tuple[int, int]]:
        for child in ast.iter_child_nodes(node):
            names = outer
            if isinstance(child, definitions):
                names = (*outer, child.name)
                if ".".join(names).endswith(within) and child.name == within.split(".")[-1]:
                    yield starts[child.lineno - 1], starts[child.end_lineno]
            yield from visit(child, names)

    yield from visit(ast.parse(text), ())


def locate(mistake: Mistake, root: Path = ROOT) -> tuple[Path, int, int]:
    """Return the file that holds a mistake's text, and where the text begins and ends there.

    Raises
    ------
    AnchorError
        If no file holds it, or it stands at several places.
    """
    words = mistake.find.split()
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    found = set()
    for path in sources(root):
        text = path.read_text(encoding="utf-8")
        for begin, end in _spans(path, text, mistake.within):
            for match in pattern.finditer(text, begin, end):
                found.add((path, *match.span()))
    if len(found) != 1:
        places = ", ".join(sorted({str(path.relative_to(root)) for path, *_ in found}))
        raise AnchorError(
            f"the text of {mistake.name!r} ({mistake.group}.toml) stands at {len(found)} places"
            f"{f' ({places})' if places else ''}; give the text that stands there now"
        )
    return found.pop()


def mistaken(mistake: Mistake, root: Path = ROOT) -> tuple[Path, str]:
    """Return the file that holds a mistake's text, and its content with the mistake made."""
    path, begin, end = locate(mistake, root)
    text = path.read_text(encoding="utf-8")
    first_line = text[text.rfind("\n", 0, begin) + 1 : begin]
    indentation = first_line[: len(first_line) - len(first_line.lstrip())]
    lines = textwrap.dedent(mistake.replace.strip("\n")).splitlines()
    replacement = "\n".join(
        [lines[0], *(indentation + line if line else line for line in lines[1:])]
        if lines
        else ["pass"]
    )
    return path, text[:begin] + replacement + text[end:]


def copy_tree(folder: Path, root: Path = ROOT) -> None:
    """Copy what is needed to run tests, compiled kernels included, with the times of the files."""
    skipped = shutil.ignore_patterns(
        ".*", "results", "data", "build", "mutants", "*.egg-info", "*.pyc", "lightning_logs"
    )
    shutil.copytree(root, folder, ignore=skipped, dirs_exist_ok=True)


def environment_of(root: Path) -> dict[str, str]:
    """Return the environment in which the code below `root` is tested."""
    # one thread each: the tests of two mistakes run side by side
    return {**os.environ, "PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1"}


def try_out(mistake: Mistake) -> tuple[str, float, str]:
    """Make a mistake in a copy of the code and run its tests.

    Returns
    -------
    tuple
        Verdict, wall time in s and what pytest said.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mistake-") as place:
        root = Path(place)
        copy_tree(root)
        path, text = mistaken(mistake, root)
        path.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
        result = subprocess.run(
            [*command, *mistake.tests],
            cwd=root,
            env=environment_of(root),
            capture_output=True,
            text=True,
        )
    verdicts = {0: SURVIVED, 1: NOTICED}
    verdict = verdicts.get(result.returncode, DOES_NOT_RUN)
    if verdict == NOTICED and re.search(r"\b\d+ failed", result.stdout) is None:
        # a fixture that fails notices too, an import that fails does not
        verdict = NOTICED if "ERROR at setup" in result.stdout else DOES_NOT_RUN
    return verdict, time.monotonic() - started, result.stdout + result.stderr


def chosen(mistakes: Sequence[Mistake], tenth: str | None, words: Sequence[str]) -> list[Mistake]:
    """Return the mistakes that are asked for: a tenth of them, or those with a word in the name."""
    if tenth is not None:
        number = date.today().toordinal() if tenth == "today" else int(tenth)
        mistakes = mistakes[number % 10 :: 10]
    return [m for m in mistakes if not words or any(w in f"{m.group}: {m.name}" for w in words)]


def main() -> int:
    """Try mistakes out and report them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only mistakes with one of these in 'group: name'")
    parser.add_argument("--tenth", help="only one of ten: 0 to 9, or 'today' for that of the day")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--show", action="store_true", help="show what pytest said")
    arguments = parser.parse_args()
    mistakes = chosen(read_mistakes(), arguments.tenth, arguments.words)
    counts: dict[str, int] = dict.fromkeys((NOTICED, SURVIVED, DOES_NOT_RUN), 0)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for mistake, (verdict, seconds, said) in zip(
            mistakes, pool.map(try_out, mistakes), strict=True
        ):
            counts[verdict] += 1
            print(f"{verdict:12} {seconds:5.1f} s  {mistake.group}: {mistake.name}", flush=True)
            if arguments.show or verdict != NOTICED:
                print(textwrap.indent(said, "    "), flush=True)
    print(f"{counts[NOTICED]} of {len(mistakes)} mistakes noticed")
    return 0 if counts[NOTICED] == len(mistakes) else 1


if __name__ == "__main__":
    sys.exit(main())
