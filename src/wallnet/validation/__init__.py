"""Validation of the engine against published and analytic values.

Each check is a function that yields rows (`wallnet.validation.rows`) and adds the curves of
figures to a dictionary. A row contains the quantity, the reference value and its source, the
engine's value, the tolerance and the reason for that tolerance. The checks use the campaign's
settings unless a row states others.
"""

import argparse
import importlib
import time

from wallnet import files
from wallnet.files import FileError

CHECKS = {
    "stray-field": "stray_field:stray_field",
    "problem-4": "standard_problems:problem_4",
    "slonczewski-film": "standard_problems:slonczewski_film",
    "dmi-edge": "standard_problems:dmi_edge",
    "dmi-disk": "standard_problems:dmi_disk",
    "macrospin": "macrospin:macrospin",
    "neel-wall": "walls:neel_wall",
    "wall-velocity": "walls:wall_velocity",
    "thermal": "thermal:thermal",
    "time-step": "convergence:time_step",
    "cell-size": "convergence:cell_size",
    "tolerances": "convergence:tolerances",
}
"""Module and function of each check, by its name, in the order of the table."""


def run(check: str) -> dict:
    """Run a check.

    Parameters
    ----------
    check : str
        Key of `CHECKS`.

    Returns
    -------
    dict
        Name of the check, `rows`, `curves` for figures, and its duration in `seconds`.

    Raises
    ------
    FileError
        If there is no such check.
    """
    if check not in CHECKS:
        raise FileError(f"{check} is not a check; use one of {', '.join(CHECKS)}")
    module, function = CHECKS[check].split(":")
    begin = time.perf_counter()
    curves: dict = {}
    found = getattr(importlib.import_module(f"{__name__}.{module}"), function)(curves)
    rows = list(found)
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
