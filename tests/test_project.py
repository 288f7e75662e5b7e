"""The help of make, its versions of Python, the citation and the names of variables are correct."""

import ast
import os
import re
import subprocess
import sys
import tokenize
import tomllib

import pytest
import yaml
from helpers.small_campaign import ROOT

from wallnet import __version__

CODE = ("src", "tests", "benchmarks", "docs", "examples")


def make(*arguments):
    """Return what this call of make wrote, with nothing of a make that runs the tests."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_make_alone_lists_every_target():
    listed = re.findall(r"^make (\w+) +\S", make().stdout, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert listed == phony[1].split()


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    assert citation["license"] == "BSD-3-Clause"
    [paper] = citation["references"]
    assert paper["title"] in " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


FILLERS = {"asked", "at", "by", "each", "found", "given", "known", "of", "told", "wanted"}
"""Words that do not say what a variable is."""


def bound(path):
    """Yield the variables and parameters that a file binds, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def named(path):
    """Yield the names of a file of rules that are no attributes, with their lines."""
    before = ""
    with tokenize.open(path) as stream:
        for token in tokenize.generate_tokens(stream.readline):
            if token.type == tokenize.NAME and before != ".":
                yield token.string, token.start[0]
            before = token.string


def test_variables_say_what_they_are():
    paths = (path for folder in CODE for path in (ROOT / folder).rglob("*.py"))
    written = (path for path in paths if "_build" not in path.parts)
    rules = [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    variables = [(path, *place) for path in written for place in bound(path)]
    variables += [(path, *place) for path in rules for place in named(path)]
    assert [(path, line) for path, name, line in variables if name in FILLERS] == []


def made(tmp_path, version, setup):
    """Return what make says that is to install with this version of Python, and is not to install.

    A program runs the checks of make as a Python of this version would; it makes no environment.
    """
    pretended = tmp_path / "python"
    prelude = (
        "import sys, collections;"
        "V = collections.namedtuple('V', 'major minor micro releaselevel serial');"
        f"sys.version_info = V({version.replace('.', ',')}, 0, 'final', 0); {setup}; exec(CHECK)"
    )
    pretended.write_text(
        f"""#!/bin/sh
[ "$1" = -m ] && {{ echo would install; exit 1; }}
exec '{sys.executable}' -c "import sys; CHECK = sys.argv[2]; {prelude}" "$@"
"""
    )
    pretended.chmod(0o755)
    venv = tmp_path / ".venv"
    ran = make(f"PYTHON={pretended}", f"VENV={venv}", str(venv / ".installed"))
    said = ran.stdout + ran.stderr
    return [line for line in said.splitlines() if "make: ***" not in line and "-m venv" not in line]


NO_HEADERS = "import sysconfig; sysconfig.get_path = lambda name: '/nowhere'"
NO_COMPILER = "import shutil; shutil.which = lambda *what: None"
BOTH = "import os; os.path.exists = lambda path: True; import shutil; shutil.which = str"


@pytest.mark.parametrize(
    ("version", "setup"),
    [("3.11", "pass"), ("3.13", NO_COMPILER), ("3.14", BOTH)],
)
def test_make_installs_with_every_supported_python(tmp_path, version, setup):
    assert made(tmp_path, version, setup) == ["would install"]


@pytest.mark.parametrize(
    ("version", "setup", "expected"),
    [
        ("3.10", "pass", r"wallnet needs Python 3\.11 or later and \S+ is 3\.10; .*"),
        ("3.15", BOTH, r"h5py, .*, has no wheel for Python 3\.15 yet; .*"),
        (
            "3.14",
            NO_HEADERS,
            r"immutables, .*, has no wheel for Python 3\.14 yet; .*python3\.14-dev.*",
        ),
        ("3.14", NO_COMPILER, r"immutables, .*, has no wheel for Python 3\.14 yet; .*compiler.*"),
    ],
)
def test_make_says_in_one_sentence_which_python_it_takes(tmp_path, version, setup, expected):
    [said] = made(tmp_path, version, setup)
    assert re.fullmatch(expected, said)
    assert "make PYTHON=python3" in said


def test_the_versions_of_python_are_the_same_in_every_place():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [
        match[1]
        for classifier in project["classifiers"]
        if (match := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", classifier))
    ]
    [resolved] = re.findall(r"^PYTHONS := (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert resolved.split() == named
    assert project["requires-python"] == f">={named[0]}"
