"""Revisions of the code of the stages.

The rules pass the revisions to their jobs as a parameter. Snakemake compares the text of a rule,
not the code of the package, so a finished result is computed again only if its revision is raised.
Raise a revision when the results of its stage change (`tests/digests.py`).
"""

import ast
import hashlib
import json
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

_noted: dict[str, dict[str, str | int]] = json.loads(
    resources.files("wallnet").joinpath("revisions.json").read_text("utf-8")
)


def of(stage: str) -> int:
    """Return the revision of a stage's code."""
    return int(_noted[stage]["revision"])


_SILENT = {"ctx", "kind", "type_comment", "type_ignores", "type_params"}
"""Fields of a syntax tree that differ between versions of Python or carry no information."""


def text_of(node: object) -> str:
    """Return a syntax tree as text, without positions and docstrings.

    The text is the same in all versions of Python.
    """
    if isinstance(node, list):
        kept = [item for item in node if not is_docstring(item)]
        return "[" + ",".join(text_of(item) for item in kept) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = (f"{k}={text_of(v)}" for k, v in ast.iter_fields(node) if k not in _SILENT)
    return f"{type(node).__name__}({','.join(fields)})"


def is_docstring(node: object) -> bool:
    """Return whether a statement is a text without effect."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def digest_of(paths: Iterable[Path]) -> str:
    """Return a digest of files, in order: names and code, without comments and docstrings."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.name.encode())
        code = path.read_bytes()
        total.update(text_of(ast.parse(code)).encode() if path.suffix == ".py" else code)
    return total.hexdigest()[:16]
