"""The table of docs/extending.md counts the steps below it, which leave the linters content."""

import re
import subprocess
import sys

from helpers.extending import PAGE, apply, copied, steps


def test_the_table_counts_places_files_and_lines_of_every_section():
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (An? [\w ]+) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    counted = {name: tuple(map(int, numbers)) for name, *numbers in rows}
    assert list(counted) == re.findall(r"^## (.*)$", text, re.MULTILINE)
    for name, numbers in counted.items():
        made = steps(name)
        lines = sum(len(step.text.strip().splitlines()) for step in made)
        assert (len(made), len({step.path for step in made}), lines) == numbers, name


def test_what_the_page_adds_passes_the_linter(tmp_path):
    root = copied(tmp_path / "checkout")
    for section in re.findall(r"^## (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE):
        apply(section, root)
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "src", "drift.py"]
        done = subprocess.run(ruff, cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
