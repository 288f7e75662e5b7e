"""Plain data, as JSON has it: canonical text, differences, and changes laid over a base."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def canonical(data: Any) -> str:
    """Return plain data as JSON with sorted keys and no spaces."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def laid_over(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of plain data with changes merged into it, block by block."""
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[key] = laid_over(below, value)
        else:
            merged[key] = value
    return merged


def shared(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is the same in all rows of plain data, block by block.

    Examples
    --------
    >>> shared([{"a": 1, "b": {"c": 2, "d": 3}}, {"a": 1, "b": {"c": 2, "d": 4}}])
    {'a': 1, 'b': {'c': 2}}
    """
    same: dict[str, Any] = {}
    for key, value in rows[0].items():
        values = [row.get(key) for row in rows]
        if all(other == value for other in values):
            same[key] = value
        elif all(isinstance(other, Mapping) for other in values):
            same[key] = shared([row[key] for row in rows])
    return same


def differing(row: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a row has beside its base, so that `laid_over(base, …)` is the row.

    Examples
    --------
    >>> differing({"a": 1, "b": {"c": 2, "d": 4}}, {"a": 1, "b": {"c": 2}})
    {'b': {'d': 4}}
    """
    return {
        key: differing(value, base[key]) if isinstance(base.get(key), Mapping) else value
        for key, value in row.items()
        if key not in base or base[key] != value
    }
