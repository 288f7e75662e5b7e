"""Digests of the code of the stages: of their folders and of all that these use.

A test compares the noted digest of each stage with that of its present code, so that no change is
overlooked: of the stage's own folders, and of each function, class and constant of other modules
that these use. Comments, docstrings and the file in which a definition stands do not count. After a
change, `python tests/digests.py` notes the new digests. `python tests/digests.py film report` also
raises the revisions of these stages, whose results change.
"""

import ast
import hashlib
import json
import sys
from functools import cache
from pathlib import Path

from wallnet import revisions
from wallnet.revisions import is_docstring, text_of

PACKAGE = Path(revisions.__file__).parent

NOTED = PACKAGE / "revisions.json"
"""The noted digests and revisions."""

VARIABLES = PACKAGE / "files/schema/variables.csv"
"""The variables of datasets; a stage that uses them depends on all of them."""

STUDIES = sorted(path.parent.name for path in PACKAGE.glob("studies/*/show.py"))

DRAWN = ("figures", "tables")
"""Modules that draw what the others of `devices` compute."""

OF_DEVICES = sorted({path.stem for path in PACKAGE.glob("devices/*.py")} - {*DRAWN})

AS_MADE = ("as_made", "imperfections")
"""Modules that evaluate finished networks."""

NETWORKS = sorted({path.stem for path in PACKAGE.glob("networks/*.py")} - {*AS_MADE})

GATHERED = ("questions/opened.py", "studies/gathering.py")
"""Modules with which all questions are gathered."""

SHOWN = ("questions/presentation.py", "studies/showing.py")
"""Modules with which all studies are shown."""

STAGES = {
    "film": ("film", "film/terms", "simulate/embedded", "simulate"),
    "oommf": ("simulate/oommf", "simulate"),
    "simulate": ("simulate",),
    "devices": (
        *(f"devices/{name}.py" for name in OF_DEVICES),
        "studies/compact.py",
        "questions/opened.py",
        "studies/gathering.py",
    ),
    "imperfections": ("studies/imperfections.py",),
    "networks": tuple(f"networks/{name}.py" for name in NETWORKS),
    "as_made": tuple(f"networks/{name}.py" for name in AS_MADE),
    "validation": ("validation",),
    "report": ("report", "page", *(f"devices/{name}.py" for name in DRAWN)),
    **{name: (f"studies/{name}/gather.py", *GATHERED) for name in STUDIES},
    **{
        f"show {name}": (
            f"studies/{name}/show.py",
            "studies/showing.py",
            "questions/presentation.py",
        )
        for name in STUDIES
    },
}
"""Folders of each stage in the package, without their subfolders, or modules. Each calculator is a
stage, and so are the gathering and the showing of each study.

All calculators share the code in `simulate`. The stage `simulate` is that of user-defined
calculators; the job identifies their own code.
"""

LEFT_OUT = {
    "wallnet.config.campaign": "reads config.yaml; what a job depends on is in its parameters",
    "wallnet.config.declarations": "which jobs a calculator is given, with what memory and time",
    "wallnet.config.inheritance": "reads config.yaml; what a job depends on is in its parameters",
    "wallnet.config.messages": "texts of errors",
    "wallnet.errors": "texts of errors",
    "wallnet.files.paths": "paths, which the rules compare",
    "wallnet.files.progress": "tells how far a job is",
    "wallnet.files.whole": "reads and writes files, whatever is in them",
    "wallnet.film": "a stage of its own, whose revision each job that computes with it has",
    "wallnet.plan": "paths, which the rules compare",
    "wallnet.revisions": "the revisions themselves",
}
"""Modules that a stage does not depend on, with those below them, and why.

The folders of the stage itself are part of it all the same.
"""


def digest(stage):
    """Return a digest of the present code of a stage and of what it uses."""
    used = code_of(stage)
    texts = sorted(_text_of(*place) for place in used)
    tables = [VARIABLES] if ("wallnet.files.schema", "VARIABLES") in used else []
    for place in STAGES[stage]:
        tables += sorted((PACKAGE / place).glob("*.[jt]*"))  # templates and TOML
        tables += sorted((PACKAGE / place).parent.glob("variables.csv"))
    texts += [path.read_text("utf-8") for path in tables]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


@cache
def _text_of(module, name):
    return text_of(_statements(module)[name])


def code_of(stage):
    """Return the code on which the results of a stage depend.

    Returns
    -------
    set
        Module and name of statements: all of the stage's folders, and what these use of other
        modules, directly or not.
    """
    places = [PACKAGE / place for place in STAGES[stage]]
    paths = [path for source in places for path in (sorted(source.glob("*.py")) or [source])]
    own = [_module(path) for path in paths]
    left = [(module, name) for module in own for name in _statements(module)]
    statements = set()
    while left:
        place = left.pop()
        if place not in statements:
            statements.add(place)
            left += [(place[0], name) for name in _statements(place[0]) if name.isdigit()]
            left += _used(*place)
    return statements


def _module(path):
    inner = path.relative_to(PACKAGE.parent).with_suffix("")
    return ".".join(inner.parts).removesuffix(".__init__")


@cache
def _tree(module):
    """Return the syntax tree of a module of this package; None if there is no such module."""
    path = PACKAGE.parent.joinpath(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return ast.parse(file.read_bytes())
    return None


@cache
def _statements(module):
    """Return the statements of a module by the name that each defines, or else by a number."""
    named = {}
    for number, node in enumerate(getattr(_tree(module), "body", ())):
        if isinstance(node, ast.Import | ast.ImportFrom) or is_docstring(node):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names = [getattr(node, "name", None), *(getattr(target, "id", None) for target in targets)]
        named |= dict.fromkeys(filter(None, names), node)
        if not any(names):
            named[str(number)] = node
    return named


@cache
def _imported(module):
    """Return what a module imports from this package: dotted names by local name."""
    names = {}
    for node in ast.walk(_tree(module) or ast.Module([], [])):
        prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            name = prefix + alias.name
            if name.partition(".")[0] == PACKAGE.name:
                names[alias.asname or alias.name] = name
    return names


@cache
def _used(module, name):
    """Return the statements of this package that a statement names."""
    return frozenset(_named(module, name))


def _named(module, name):
    for node in ast.walk(_statements(module)[name]):
        if isinstance(node, ast.Name):
            yield from _definition(_imported(module).get(node.id, f"{module}.{node.id}"))
        elif isinstance(node, ast.Attribute) and (first := _dotted(node.value)):
            head, _, rest = f"{first}.{node.attr}".partition(".")
            if head in _imported(module):
                yield from _definition(f"{_imported(module)[head]}.{rest}")


def _dotted(node):
    """Return a name with dots as text; an empty text for another expression."""
    if isinstance(node, ast.Attribute):
        first = _dotted(node.value)
        return first and f"{first}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _definition(dotted):
    """Yield the statement that defines a dotted name, if it is one of this package."""
    module, _, name = dotted.rpartition(".")
    if any(f"{dotted}.".startswith(f"{prefix}.") for prefix in LEFT_OUT):
        return
    if name in _statements(module):
        yield module, name
    elif (source := _imported(module).get(name, dotted)) != dotted:
        yield from _definition(source)


def main():
    """Note the present digests, and raise the revisions of the named stages."""
    table = json.loads(NOTED.read_text("utf-8"))
    for stage in STAGES:
        entry = table.setdefault(stage, {"revision": 1, "digest": ""})
        if stage in sys.argv[1:]:
            entry["revision"] = int(entry["revision"]) + 1
        entry["digest"] = digest(stage)
    NOTED.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
