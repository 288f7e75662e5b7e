"""Revisions of the code of the stages.

The rules pass the revisions to their jobs as a parameter. Snakemake compares the text of a rule,
not the code of the package, so a finished result is computed again only if its revision is raised.
Raise a revision when the results of its stage change. A test compares the noted digest of each
stage with that of its present syntax tree without comments and docstrings, so that no change of
code is overlooked. After a change, note the new digest, and raise the revision if results change.
"""

import ast
import hashlib
import json
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

STAGES = {
    "film": ("film", "film/terms", "simulate/embedded", "simulate", "tracks", "files/schema"),
    "oommf": ("simulate/oommf", "simulate", "tracks", "files/schema"),
    "simulate": ("simulate/ubermag", "simulate", "tracks", "files/schema"),
    "devices": ("devices", "files/schema"),
    "networks": ("networks",),
    "validation": ("validation",),
    "report": ("report",),
}
"""Folders of each stage in the package, without their subfolders. Each calculator is a stage.

All calculators share the code in `simulate` and `tracks`. The stage `simulate` is that of
user-defined calculators; the job identifies their own code.
"""


def code_of(stage: str) -> list[Path]:
    """Return the files with the code of a stage."""
    root = Path(__file__).parent
    return [path for folder in STAGES[stage] for path in sorted((root / folder).glob("*.py"))]


def _table() -> dict[str, dict[str, str | int]]:
    return json.loads(resources.files("wallnet").joinpath("revisions.json").read_text("utf-8"))


_noted = _table()


def of(stage: str) -> int:
    """Return the revision of a stage's code."""
    return int(_noted[stage]["revision"])


def noted_digest(stage: str) -> str:
    """Return the digest that was noted with the revision."""
    return str(_noted[stage]["digest"])


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
    """Return a digest of the present code of a stage, without comments and docstrings."""
    return digest_of(code_of(stage), Path(__file__).parent)


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
