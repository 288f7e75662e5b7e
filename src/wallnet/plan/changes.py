"""What differs between the parameters of finished results and those of planned jobs, in words."""

import itertools
import json
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def differences(stored: Any, wanted: Any, key: str = "") -> list[str]:
    """Return what changed between two jobs, a sentence for each key, with its dots.

    Examples
    --------
    >>> differences({"material": {"damping": 0.5}}, {"material": {"damping": 0.4}})
    ['material.damping 0.5 → 0.4']
    """
    if stored == wanted:
        return []
    if not all(each is None or isinstance(each, Mapping) for each in (stored, wanted)):
        before, after = ("none" if x is None else json.dumps(x) for x in (stored, wanted))
        return [f"{key} {before} → {after}"]
    old, new = stored or {}, wanted or {}
    names = {name: f"{key}.{name}" if key else name for name in sorted({*old, *new})}
    found = (differences(old.get(name), new.get(name), names[name]) for name in names)
    return list(itertools.chain.from_iterable(found))


def job_of(command: str) -> Mapping[str, Any] | None:
    """Return the job in the command of a rule, if it has one."""
    try:
        words = shlex.split(command)
        given = words[words.index("--job") + 1]
        # on standard input, as a here-string
        found = json.loads(words[words.index("<<<") + 1] if given == "-" else given)
    except (ValueError, IndexError):
        return None
    return found if isinstance(found, Mapping) else None


def stored_job(path: str | Path) -> Mapping[str, Any] | None:
    """Return the job that made a result, if the result is there and says so."""
    try:
        if Path(path).suffix == ".nc":
            import netCDF4

            with netCDF4.Dataset(path) as data:
                found = json.loads(data.getncattr("parameters"))
        else:
            found = json.loads(Path(path).read_text(encoding="utf-8"))["parameters"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if isinstance(found, Mapping) else None


def changes_of(command: str, outputs: Iterable[str]) -> list[str]:
    """Return what changed in a planned job since its first output was made; nothing if unknown."""
    wanted = job_of(command)
    first = next(iter(outputs), None)
    if wanted is None or first is None:
        return []
    stored = stored_job(first)
    # a dataset does not say from which files it was gathered
    wanted = {key: value for key, value in wanted.items() if key != "requests"}
    return [] if stored is None else differences(stored, wanted)
