"""The report and the page stand above the studies, and read results; imports are statements."""

import ast
import re
from pathlib import Path

import pytest

import wallnet
from wallnet.page import commands
from wallnet.plan import shown
from wallnet.questions.opened import Gathering
from wallnet.questions.presentation import Presentation
from wallnet.studies import NAMES, QUESTIONS

PACKAGE = Path(wallnet.__file__).parent

MODULES = sorted(path for folder in ("report", "page") for path in (PACKAGE / folder).iterdir())

COMPUTING = re.compile(
    r"wallnet\.(studies\.devices\.write_energy|tracks(?!\.geometry)|simulate|film)\b"
)
"""Modules that compute what results already have; the geometry of cells they have not."""


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


def test_modules_are_imported_by_name_in_few_places_only():
    """Those of commands, studies, exports, users, and what commands of the server imported."""
    places = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"import_module|__import__", path.read_text(encoding="utf-8"))
    }
    assert places == {
        "cli.py",
        "questions/question.py",
        "studies/__init__.py",
        "exports/__init__.py",
        "jobs/code.py",
        "server.py",
    }


def test_show_lists_the_modules_of_all_tables_and_figures():
    kinds = [*shown.TABLES.values(), *shown.FIGURES.values()]
    drawing = {kind.module for kind in kinds if "png" in kind.outputs}
    tabulating = {kind.module for kind in kinds if {*kind.outputs} - {"png", "vector"}}
    # those of studies and the page have rules of their own
    by_rules = {"studies.showing"}
    assert {*commands._by_name(commands.FIGURES)} == drawing | by_rules
    assert {*commands._by_name(commands.TABLES)} == tabulating | by_rules | {"page.summary"}


@pytest.mark.parametrize("study", QUESTIONS)
def test_studies_have_their_parts(study):
    assert isinstance(QUESTIONS[study].part("gather"), Gathering)
    assert study not in NAMES or isinstance(QUESTIONS[study].part("show"), Presentation)
