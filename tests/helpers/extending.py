"""Execution of the steps of docs/extending.md.

A section has a heading of second level. Each step is a numbered line that names a file in backticks
and describes its change, followed by one block of code:

- ``1. New file `path`:``: the block is the file;
- ``2. `path`, after `some line`:``: the block is inserted after the only line with this text;
- ``3. `path`, at the end:``: the block is appended.
"""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from helpers.small_campaign import ROOT

PAGE = ROOT / "docs/extending.md"

STEP = re.compile(
    r"^\d+\. (?:(?P<new>New file )`(?P<made>[^`]+)`|`(?P<changed>[^`]+)`, "
    r"(?:after `(?P<after>[^`]+)`|(?P<end>at the end)))[^\n]*:\n\n"
    r"(?P<block>(?:    .*\n|\n)+)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Step:
    """One change of a file that a capability needs.

    Attributes
    ----------
    path : str
        The file, relative to the checkout; for `config.yaml`, relative to the campaign.
    after : str or None
        The line after which the text is inserted; None for a new file or the end of a file.
    text : str
        Inserted text.
    """

    path: str
    after: str | None
    text: str


def steps(section: str) -> list[Step]:
    """Read the steps of a section of the page."""
    page = PAGE.read_text(encoding="utf-8")
    parts = page.split(f"\n## {section}\n")
    assert len(parts) == 2, f"{PAGE} has no section {section!r}"
    body = re.split(r"^## ", parts[1], flags=re.MULTILINE)[0]
    section_steps = []
    for match in STEP.finditer(body):
        block = re.sub(r"\A```\w*\n|^```\n*\Z", "", textwrap.dedent(match["block"]).strip() + "\n")
        block = re.sub(r"\n```\n*\Z", "\n", block)
        section_steps.append(Step(match["made"] or match["changed"], match["after"], block))
    numbered = len(re.findall(r"^\d+\. ", body, flags=re.MULTILINE))
    assert section_steps, f"section {section!r} has no steps"
    assert len(section_steps) == numbered, (
        f"a step of section {section!r} is not written as others are"
    )
    return section_steps


def copied(folder: Path) -> Path:
    """Copy the checkout without built or computed files."""
    skipped = shutil.ignore_patterns(
        ".*", "results", "data", "build", "mutants", "*.egg-info", "*.pyc", "lightning_logs"
    )
    shutil.copytree(ROOT, folder, ignore=skipped)
    shutil.copytree(ROOT / "docs/results", folder / "docs/results")
    return folder


def apply(section: str, root: Path) -> list[Step]:
    """Apply the steps of a section to a copy of the checkout, and return them."""
    done = steps(section)
    for step in done:
        path = root / step.path
        if not path.exists():
            assert step.after is None, f"{step.path} is not there"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text, encoding="utf-8")
            continue
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        line_number, text = len(lines), f"\n\n{step.text}"
        if step.after is not None:
            places = [n for n, line in enumerate(lines) if line.strip() == step.after.strip()]
            assert len(places) == 1, f"{step.path} has {len(places)} lines {step.after!r}"
            line_number, text = places[0] + 1, step.text
        lines[line_number:line_number] = [text]
        path.write_text("".join(lines), encoding="utf-8")
    return done


def environment_of(root: Path) -> dict[str, str]:
    """Return the environment in which the code below `root` runs."""
    paths = [str(root / "src"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def run_tests(root: Path, *tests: str) -> None:
    """Run tests of a copy of the checkout; of those for each study, only those of `traversals`."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    command += ["-k", "traversals or not test_base"]
    options = {"env": environment_of(root), "cwd": root}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert ran.returncode == 0, ran.stdout[-3000:]
