"""Caveats and faults of results, in sentences."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet import files
from wallnet.config.mappings import split_mapping
from wallnet.config.stages import NO_DEVICE
from wallnet.config.track import Notches
from wallnet.files.compact import doubtful_levels
from wallnet.files.schema.states import MOVING

if TYPE_CHECKING:
    import xarray

Devices = Mapping[str, "xarray.Dataset"]
"""Device files by name of the device."""

DOUBTS = (
    "are no minimum of the energy, from which the wall creeps on",
    "only pulses beyond the model reach (beyond_model)",
)
"""What may be doubtful of levels, in the order of `doubtful_levels`."""


Found = tuple[str, str, str]
"""A cause, the name of a device that it concerns, and numbers or states of this device."""


HEAT = re.compile(
    r"(\d+ of \d+) pulses ([^,:]*)(, up to [\d,]+ K)?[^:]*: (?:.*, so that the )?(.*)"
)
"""A part of the caveat of a device file: how many pulses, what they do, how far, what it means."""


def grouped(findings: Iterable[Found]) -> list[str]:
    """Return a sentence for each cause, with all devices that it concerns.

    Examples
    --------
    >>> grouped([("too hot", "a", "1 of 2"), ("too cold", "b", ""), ("too hot", "b", "2 of 2")])
    ['too hot (a: 1 of 2; b: 2 of 2)', 'too cold (b)']
    """
    causes: dict[str, list[str]] = {}
    for cause, name, detail in findings:
        causes.setdefault(cause, []).append(f"{name}: {detail}" if detail else name)
    return [f"{cause} ({'; '.join(concerned)})" for cause, concerned in causes.items()]


def heat(devices: Devices) -> Iterator[Found]:
    """Yield how far the pulses of each device heat its track beyond the model, in short."""
    for name, data in devices.items():
        for match in map(HEAT.fullmatch, data.attrs.get("caveat", "").split("; ")):
            if match:
                share, what, extent, meaning = match.groups("")
                yield f"pulses {what}: {meaning}", name, share + extent


def caveats(devices: Devices) -> list[str]:
    """Return how far the pulses of each device heat its track beyond the model, a sentence each."""
    texts = {name: data.attrs.get("caveat") for name, data in devices.items()}
    return [f"{name}: {text}" for name, text in texts.items() if text]


def level_caveats(rows: Iterable[Mapping[str, str]], folder: str | Path) -> list[Found]:
    """Return which levels of the networks are no minima or lie beyond the model.

    Rows have the `device` and `mapping` of each network; the folder is that of compact models.
    """
    used: dict[str, set[str]] = {}
    for row in rows:
        if row["device"] != NO_DEVICE:
            level_set = split_mapping(row["mapping"]).level_set
            used.setdefault(row["device"], set()).add(level_set)
    findings: list[Found] = []
    for name, level_sets in used.items():
        path = Path(folder, Path(files.COMPACT_MODEL.format(device=name)).name)
        findings += [
            (f"the networks use levels that {kind}", name, f"level {', level '.join(levels)}")
            for kind, levels in zip(DOUBTS, doubtful_levels(path, level_sets), strict=True)
            if levels
        ]
    return findings


def faults(devices: Devices) -> list[str]:
    """Return what the user should change, a sentence for each cause, the most harmful first.

    Known outcomes of a sweep are no faults: half levels without conductance, and single pulses
    after which the wall still moves. The tables of the devices have them.
    """
    return grouped(
        (cause, name, detail)
        for faults_of in (_no_activation, _lost_levels, _moving)
        for name, data in devices.items()
        for cause, detail in faults_of(data)
    )


def _no_activation(data: "xarray.Dataset") -> Iterator[tuple[str, str]]:
    for reading in files.READINGS if "fault" in data else ():
        if fault := str(data["fault"].sel(reading=reading).item()):
            yield f"no activation in the reading {reading}: {fault}", ""


def _lost_levels(data: "xarray.Dataset") -> Iterator[tuple[str, str]]:
    if "level_conductance" not in data:
        return
    notches = Notches(**files.settings_of(data)["track"]["notches"])
    lost = data["level_conductance"].isnull().any("reading").values & (data["half"].values == 0)
    states: dict[str, list[str]] = {}
    columns = ("level_minimum", "level_state", "level_resting_state")
    for values in zip(*(data[name].values[lost] for name in columns), strict=True):
        level = dict(zip(columns, values, strict=True))
        why, fix = lost_level(level, notches)
        cause = f"{why} in a state, so that the networks lose this level; {fix}"
        states.setdefault(cause, []).append(level["level_state"])
    yield from ((cause, ", ".join(names)) for cause, names in states.items())


def lost_level(level: Mapping[str, Any], notches: Notches) -> tuple[str, str]:
    """Return why a level has no conductance, and what changes this.

    The level has `level_minimum`, `level_state` and `level_resting_state` of a device file.
    """
    if level["level_minimum"] == 0:
        return "the energy has no minimum", f"enlarge {notches.size_key}"
    if level["level_resting_state"] in (level["level_state"], MOVING):
        return "no wall came to rest", "raise relaxation.longest"
    why = "no pulse of this sweep and no initialised wall ended"
    return why, "add pulses that end there to pulse.current_densities"


def _moving(data: "xarray.Dataset") -> Iterator[tuple[str, str]]:
    moving, count = int((data["settled"].values == 0).sum()), data.sizes["current_density"]
    if 2 * moving > count:
        still = "the wall still moved at the end of most pulses, which therefore reach no level"
        yield f"{still}; raise relaxation.longest", f"{moving} of {count}"
