"""The report and the page stand above the studies, and read results."""

import ast
import re
from pathlib import Path

import pytest

import wallnet
from wallnet.studies import NAMES

PACKAGE = Path(wallnet.__file__).parent

MODULES = sorted(path for folder in ("report", "page") for path in (PACKAGE / folder).iterdir())

COMPUTING = re.compile(r"wallnet\.(studies\.devices\.write_energy|tracks|simulate|film)\b")
"""Modules that compute what results already have."""


def imported(path):
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_report_and_the_page_name_no_study_and_compute_nothing(path):
    if path.is_dir():
        return
    text = path.read_text(encoding="utf-8")
    named = re.findall(rf"\b({'|'.join(NAMES)})\b", text)
    assert named == []
    if path.suffix == ".py":
        computing = [name for name in imported(path) if COMPUTING.match(name)]
        of_sweeps = [name for name in imported(path) if re.search("arrival|velocity", name)]
        assert computing + of_sweeps == []
