"""The command that runs a check."""

import argparse
import time

from wallnet import files
from wallnet.validation import (
    CHECKS,
    convergence,
    current,
    standard_problems,
    thermal,
    varying,
    walls,
)

MODULES = (standard_problems, walls, current, varying, thermal, convergence)
"""The modules of the checks."""


def run(check: str) -> dict:
    """Run a check; return its name, `rows`, `curves` for figures, and its duration in `seconds`."""
    name = check.replace("-", "_")
    function = next(vars(module)[name] for module in MODULES if name in vars(module))
    begin = time.perf_counter()
    curves: dict = {}
    rows = list(function(curves))
    seconds = round(time.perf_counter() - begin, 2)
    return {"check": check, "seconds": seconds, "rows": rows, "curves": curves}


def register(subparsers: "argparse._SubParsersAction") -> None:
    """Add `validate` to the command line."""
    command = subparsers.add_parser(
        "validate", help="compare the engine with published and analytic values"
    )
    command.add_argument("--check", required=True, choices=CHECKS)
    command.add_argument("--out", required=True, help="JSON file to write")
    command.set_defaults(handler=_validate)


def _validate(arguments: argparse.Namespace) -> None:
    result = run(arguments.check)
    files.write_json(result, arguments.out)
    judged = [row for row in result["rows"] if row["passed"] is not None]
    print(f"{arguments.check}: {sum(row['passed'] for row in judged)} of {len(judged)} passed")
