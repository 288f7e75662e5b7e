"""The package declares exactly the distributions that it imports."""

import ast
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]

MADE_OF_PARTS = ("ubermag", "oommfc")
"""Distributions whose direct requirements are their parts, with common versions."""


def normalized(requirement):
    """Return the name of a distribution in the form that registries compare."""
    name = re.match(r"[\w.-]+", requirement).group()
    return re.sub(r"[-_.]+", "-", name).lower()


def declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    own = set(map(normalized, project["dependencies"]))
    parts = {
        normalized(requirement)
        for name in MADE_OF_PARTS
        for requirement in metadata.requires(name)
        if "extra ==" not in requirement
    }
    return own | parts


def imported():
    """Return all imported top-level modules, each with a file that imports it.

    Templates are written for other tools, and the package imports none.
    """
    modules = {}
    sources = sorted((ROOT / "src/wallnet").rglob("*.py"))
    for path in (path for path in sources if path.parent.name != "templates"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in names:
                modules.setdefault(name.partition(".")[0], path.relative_to(ROOT))
    return modules


def test_what_is_imported_is_declared():
    allowed = declared()
    distributions = metadata.packages_distributions()
    missing = {
        module: str(path)
        for module, path in imported().items()
        if module not in sys.stdlib_module_names
        and module != "wallnet"
        # a module that is a single compiled file is missing in that list: use its name
        and not allowed & set(map(normalized, distributions.get(module, [module])))
    }
    assert missing == {}


def test_snakemake_reads_a_runtime_of_a_profile_in_minutes():
    """From 9.10 on, `runtime: 30` was 30 seconds, up to 9.20 (Snakemake's issues 4039, 4053)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [required] = (text for text in project["dependencies"] if normalized(text) == "snakemake")
    [smallest] = re.findall(r'min_version\("([\d.]+)"\)', (ROOT / "Snakefile").read_text())
    assert required == f"snakemake>={smallest},<10"
    assert tuple(map(int, smallest.split("."))) >= (9, 21)
