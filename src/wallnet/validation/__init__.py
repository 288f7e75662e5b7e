"""Validation of the engine against published and analytic values.

Each check is a function that yields rows and adds the curves of figures to a dictionary. The checks
use the campaign's settings unless a row states others.
"""

import argparse
import importlib
import math
import time
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Any

from wallnet import files
from wallnet.files import FileError

CHECKS = {
    "stray-field": "standard_problems",
    "problem-4": "standard_problems",
    "slonczewski-film": "standard_problems",
    "dmi-edge": "standard_problems",
    "dmi-disk": "standard_problems",
    "macrospin": "walls",
    "neel-wall": "walls",
    "wall-velocity": "walls",
    "rigid-wall": "walls",
    "constriction": "current",
    "phase-boundary": "varying",
    "wall-landscape": "varying",
    "thermal": "thermal",
    "varying-cells": "varying",
    "time-step": "convergence",
    "cell-size": "convergence",
    "tolerances": "convergence",
}
"""Module of each check by its name, which is that of its function, in the order of the table."""

Row = dict[str, Any]
"""One comparison, as it is stored: `quantity`, `unit` ("1" for a pure number), `reference` with its
`source`, the engine's value `ours`, `tolerance` with its `reason`, and `passed`. A finding, which
is reported and not judged, has None for `tolerance` and `passed`."""

Rows = Iterator[Row]

Curves = dict[str, Any]
"""Series of numbers by name, for figures; plain lists in SI units."""


@cache
def _rows() -> dict[str, Row]:
    """Return the rows of `rows.toml` by their keys; checks compute the values that are missing."""
    return tomllib.loads(resources.files(__name__).joinpath("rows.toml").read_text("utf-8"))


def row(key: str, ours: float, words: dict[str, Any] | None = None, **computed: float) -> Row:
    """Return a row of `rows.toml` with the value of the engine.

    The words replace the braces of its texts; `name` also selects one of several references.
    `computed` has `reference` and `tolerance`, if the file has none.
    """
    fields = {"unit": "1", **_rows()[key], **computed}
    fields |= {text: fields[text].format(**words or {}) for text in ("quantity", "reason")}
    if isinstance(fields["reference"], dict):
        fields["reference"] = fields["reference"][(words or {})["name"]]
    if share := fields.pop("relative_tolerance", None):
        fields["tolerance"] = share * fields["reference"]
    return judged(float(ours), **fields)


def judged(ours: float, reference: float, tolerance: float, **words: str) -> Row:
    """Return a row; a finding has an infinite tolerance."""
    fields: Row = {**words, "reference": reference, "ours": ours, "tolerance": None, "passed": None}
    if math.isfinite(tolerance):
        fields |= {"tolerance": tolerance, "passed": bool(abs(ours - reference) <= tolerance)}
    return fields


def of_components(
    key: str, m: Iterable[float], words: Row | None = None, of: str = "", **computed: float
) -> Rows:
    """Yield a row for each component of m; see `row`."""
    for name, value in zip(("mx", "my", "mz"), m, strict=False):
        yield row(key, value, {**(words or {}), "name": of + name}, **computed)


def run(check: str) -> dict:
    """Run a check; return its name, `rows`, `curves` for figures, and its duration in `seconds`.

    Raises
    ------
    FileError
        If there is no such check.
    """
    if check not in CHECKS:
        raise FileError(f"{check} is not a check; use one of {', '.join(CHECKS)}")
    module = importlib.import_module(f"{__name__}.{CHECKS[check]}")
    begin = time.perf_counter()
    curves: Curves = {}
    rows = list(getattr(module, check.replace("-", "_"))(curves))
    seconds = round(time.perf_counter() - begin, 2)
    return {"check": check, "seconds": seconds, "rows": rows, "curves": curves}


def register(subparsers: "argparse._SubParsersAction") -> None:
    """Add `validate` to the command line."""
    command = subparsers.add_parser(
        "validate", help="compare the engine with published and analytic values"
    )
    command.add_argument("--check", required=True, help=f"one of {', '.join(CHECKS)}")
    command.add_argument("--out", required=True, help="JSON file to write")
    command.set_defaults(handler=_validate)


def _validate(arguments: argparse.Namespace) -> None:
    result = run(arguments.check)
    files.write_json(result, arguments.out)
    judged = [row for row in result["rows"] if row["passed"] is not None]
    print(f"{arguments.check}: {sum(row['passed'] for row in judged)} of {len(judged)} passed")
