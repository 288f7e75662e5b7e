"""Table of all parameters of a campaign, with one row per key and one column per device."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pandas
from pydantic import BaseModel

from wallnet.config import Device
from wallnet.config.devices import COLD
from wallnet.config.measured import MeasuredDevice
from wallnet.config.quantities import Quantity
from wallnet.jobs.base import read
from wallnet.report.tables import Table, texts


def _leaves(section: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any, str]]:
    """Yield key, value and unit of every setting in a block of the configuration."""
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{prefix}{name}.")
        elif value is not None:
            # the unit of an optional value stands in one branch of the union
            branches = (getattr(kind, "__metadata__", ()) for kind in get_args(field.annotation))
            kinds = itertools.chain(field.metadata, *branches)
            units = (kind.unit for kind in kinds if isinstance(kind, Quantity))
            yield f"{prefix}{name}", value, next(units, "")


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, BaseModel):
        items = value.model_dump(exclude_none=True).items()
        return ", ".join(f"{key} {_shown(item)}" for key, item in items)
    if isinstance(value, dict):
        return " ".join(f"{key} {_shown(item)}" for key, item in value.items())
    if isinstance(value, tuple):
        between = "; " if value and isinstance(value[0], BaseModel) else " "
        return between.join(map(_shown, value))
    return str(value)


def table(devices: Mapping[str, Device | MeasuredDevice]) -> Table:
    """Return the parameters of all devices after all inheritance.

    Each has the temperature of its `material`, even without a key `temperature`.
    """
    columns: dict[str, dict[str, Any]] = {}
    units: dict[str, str] = {}
    for name, device in devices.items():
        leaves = [*_leaves(device)]
        if isinstance(device, Device):
            if device.temperature == COLD:
                leaves = [leaf for leaf in leaves if not leaf[0].startswith("temperature.")]
            leaves.append(("temperature.measured_at", device.temperature.reference, "K"))
        for key, value, unit in leaves:
            columns.setdefault(name, {})[key] = value
            units[key] = units.get(key) or unit
    rows = [(key, unit, *(own.get(key) for own in columns.values())) for key, unit in units.items()]
    # dtype object: a column contains numbers, text and lists
    frame = pandas.DataFrame(rows, columns=["key", "unit", *devices], dtype=object)
    return Table("Parameters of all devices", frame, dict.fromkeys(devices, _shown), missing="")


def tabulate(_: Any, job: str) -> dict[str, str]:
    """Return the texts of the files of the table, from the JSON of all devices."""
    parameters = table(read(job, dict[str, Device | MeasuredDevice], "--job", "set of devices"))
    return texts(parameters.title, [parameters])
