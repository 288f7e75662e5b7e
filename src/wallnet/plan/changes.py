"""What differs between the parameters of finished results and those of planned jobs, in words."""

import json
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_ABSENT = "none"


def flattened(plain: Any, key: str = "") -> dict[str, str]:
    """Return nested plain data as values by dotted keys.

    Examples
    --------
    >>> flattened({"material": {"damping": 0.5}, "seeds": [1, 2]})
    {'material.damping': '0.5', 'seeds': '[1, 2]'}
    """
    if isinstance(plain, Mapping):
        found: dict[str, str] = {}
        for name, value in plain.items():
            found |= flattened(value, f"{key}.{name}" if key else str(name))
        return found
    return {key: json.dumps(plain)}


def differences(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Return what changed between two jobs, a sentence for each key.

    Examples
    --------
    >>> differences({"material": {"damping": 0.5}}, {"material": {"damping": 0.4}})
    ['material.damping 0.5 → 0.4']
    """
    before, after = flattened(stored), flattened(wanted)
    return [
        f"{key} {before.get(key, _ABSENT)} → {after.get(key, _ABSENT)}"
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]


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
