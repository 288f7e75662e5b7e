"""Revisions of the code of the stages.

The rules pass the revisions to their jobs as a parameter. Snakemake compares the text of a rule,
not the code of the package, so a finished result is computed again only if its revision is raised.
Raise a revision when the results of its stage change. A test compares the noted digest of each
stage with that of its present code, so that no change is overlooked: of the stage's own folders,
and of each function, class and constant of other modules that these use. Comments, docstrings and
the file in which a definition stands do not count. After a change, note the new digest, and raise
the revision if results change.
"""

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from pathlib import Path

PACKAGE = Path(__file__).parent

STUDIES = sorted(path.parent.name for path in PACKAGE.glob("studies/*/show.py"))

STAGES = {
    "film": ("film", "film/terms", "simulate/embedded", "simulate"),
    "oommf": ("simulate/oommf", "simulate"),
    "simulate": ("simulate/ubermag", "simulate"),
    "devices": ("studies/devices", "studies/gathering.py"),
    "networks": ("networks",),
    "validation": ("validation",),
    "report": ("report", "page"),
    **{name: (f"studies/{name}/gather.py", "studies/gathering.py") for name in STUDIES},
    **{f"show {name}": (f"studies/{name}/show.py", "studies/showing.py") for name in STUDIES},
}
"""Folders of each stage in the package, without their subfolders, or modules. Each calculator is a
stage, and so are the gathering and the showing of each study.

All calculators share the code in `simulate`. The stage `simulate` is that of user-defined
calculators; the job identifies their own code.
"""

LEFT_OUT = {
    "wallnet.config.campaign": "reads config.yaml; what a job depends on is in its parameters",
    "wallnet.config.inheritance": "reads config.yaml; what a job depends on is in its parameters",
    "wallnet.config.messages": "texts of errors",
    "wallnet.errors": "texts of errors",
    "wallnet.files.attempt": "continues an interrupted job, which ends as without interruption",
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


def _table() -> dict[str, dict[str, str | int]]:
    return json.loads(resources.files("wallnet").joinpath("revisions.json").read_text("utf-8"))


_noted = _table()


def of(stage: str) -> int:
    """Return the revision of a stage's code."""
    return int(_noted[stage]["revision"])


_SILENT = {"ctx", "kind", "type_comment", "type_ignores", "type_params"}
"""Fields of a syntax tree that differ between versions of Python or carry no information."""


def _text(node: object) -> str:
    """Return a syntax tree as text, without positions and docstrings.

    The text is the same in all versions of Python.
    """
    if isinstance(node, list):
        kept = [item for item in node if not _is_docstring(item)]
        return "[" + ",".join(_text(item) for item in kept) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = (f"{k}={_text(v)}" for k, v in ast.iter_fields(node) if k not in _SILENT)
    return f"{type(node).__name__}({','.join(fields)})"


def _is_docstring(node: object) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def digest(stage: str) -> str:
    """Return a digest of the present code of a stage and of what it uses."""
    texts = sorted(_text_of(*place) for place in code_of(stage))
    for place in STAGES[stage]:
        tables = sorted((PACKAGE / place).glob("*.[jt]*"))  # templates and TOML
        texts += [path.read_text("utf-8") for path in tables]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


@cache
def _text_of(module: str, name: str) -> str:
    return _text(_statements(module)[name])


def code_of(stage: str) -> set[tuple[str, str]]:
    """Return the code on which the results of a stage depend.

    Returns
    -------
    set
        Module and name of statements: all of the stage's folders, and what these use of other
        modules, directly or not.
    """
    places = [PACKAGE / place for place in STAGES[stage]]
    paths = [path for each in places for path in (sorted(each.glob("*.py")) or [each])]
    own = [_module(path) for path in paths]
    left = [(module, name) for module in own for name in _statements(module)]
    found: set[tuple[str, str]] = set()
    while left:
        place = left.pop()
        if place not in found:
            found.add(place)
            left += [(place[0], name) for name in _statements(place[0]) if name.isdigit()]
            left += _used(*place)
    return found


def _module(path: Path) -> str:
    inner = path.relative_to(PACKAGE.parent).with_suffix("")
    return ".".join(inner.parts).removesuffix(".__init__")


@cache
def _tree(module: str) -> ast.Module | None:
    """Return the syntax tree of a module of this package; None if there is no such module."""
    path = PACKAGE.parent.joinpath(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return ast.parse(file.read_bytes())
    return None


@cache
def _statements(module: str) -> dict[str, ast.stmt]:
    """Return the statements of a module by the name that each defines, or else by a number."""
    named: dict[str, ast.stmt] = {}
    for number, node in enumerate(getattr(_tree(module), "body", ())):
        if isinstance(node, ast.Import | ast.ImportFrom) or _is_docstring(node):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names = [getattr(node, "name", None), *(getattr(each, "id", None) for each in targets)]
        named |= dict.fromkeys(filter(None, names), node)
        if not any(names):
            named[str(number)] = node
    return named


@cache
def _imported(module: str) -> dict[str, str]:
    """Return what a module imports from this package: dotted names by local name."""
    found = {}
    for node in ast.walk(_tree(module) or ast.Module([], [])):
        prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            name = prefix + alias.name
            if name.partition(".")[0] == PACKAGE.name:
                found[alias.asname or alias.name] = name
    return found


@cache
def _used(module: str, name: str) -> frozenset[tuple[str, str]]:
    """Return the statements of this package that a statement names."""
    return frozenset(_named(module, name))


def _named(module: str, name: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(_statements(module)[name]):
        if isinstance(node, ast.Name):
            yield from _found(_imported(module).get(node.id, f"{module}.{node.id}"))
        elif isinstance(node, ast.Attribute) and (first := _dotted(node.value)):
            head, _, rest = f"{first}.{node.attr}".partition(".")
            if head in _imported(module):
                yield from _found(f"{_imported(module)[head]}.{rest}")


def _dotted(node: ast.expr) -> str:
    """Return a name with dots as text; an empty text for another expression."""
    if isinstance(node, ast.Attribute):
        first = _dotted(node.value)
        return first and f"{first}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _found(dotted: str) -> Iterator[tuple[str, str]]:
    """Yield the statement that defines a dotted name, if it is one of this package."""
    module, _, name = dotted.rpartition(".")
    if any(f"{dotted}.".startswith(f"{each}.") for each in LEFT_OUT):
        return
    if name in _statements(module):
        yield module, name
    elif (source := _imported(module).get(name, dotted)) != dotted:
        yield from _found(source)


def digest_of(paths: Iterable[Path], root: Path | None = None) -> str:
    """Return a digest of the code in files, without comments and docstrings of Python.

    Parameters
    ----------
    paths : iterable of Path
        The files, in order.
    root : Path, optional
        Folder relative to which paths are part of the digest; if None, only the names are.
    """
    total = hashlib.sha256()
    for path in paths:
        total.update((path.relative_to(root).as_posix() if root else path.name).encode())
        code = path.read_bytes()
        total.update(_text(ast.parse(code)).encode() if path.suffix == ".py" else code)
    return total.hexdigest()[:16]


def main() -> None:
    """Note the present digests; `python -m wallnet.revisions [STAGE …]` raises these revisions."""
    import sys

    table = _table()
    for stage in STAGES:
        entry = table.setdefault(stage, {"revision": 1, "digest": ""})
        if stage in sys.argv[1:]:
            entry["revision"] = int(entry["revision"]) + 1
        entry["digest"] = digest(stage)
    path = Path(__file__).with_name("revisions.json")
    path.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
