"""What a reader of results has to know first, and what is wrong with them, in sentences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wallnet import files
from wallnet.config.mappings import split_mapping
from wallnet.config.stages import NO_DEVICE
from wallnet.files.compact import doubtful_levels

if TYPE_CHECKING:
    import xarray

Devices = Mapping[str, "xarray.Dataset"]
"""Device files by name of the device."""

DOUBTS = (
    "are no minimum of the energy, from which the wall creeps on",
    "only pulses beyond the model reach (beyond_model)",
)
"""What may be doubtful of levels, in the order of `doubtful_levels`."""


def caveats(devices: Devices) -> list[str]:
    """Return how far the pulses of each device heat its track beyond the model, a sentence each."""
    found = {name: data.attrs.get("caveat") for name, data in devices.items()}
    return [f"{name}: {text}" for name, text in found.items() if text]


def level_caveats(rows: Iterable[Mapping[str, str]], folder: str | Path) -> list[str]:
    """Return which levels of the networks are no minima or lie beyond the model, a sentence each.

    Networks are given with their `device` and `mapping`, and the folder of the compact models.
    """
    used: dict[str, set[str]] = {}
    for row in rows:
        if row["device"] != NO_DEVICE:
            level_set = split_mapping(row["mapping"]).level_set
            used.setdefault(row["device"], set()).add(level_set)
    found = []
    for name, level_sets in used.items():
        path = Path(folder, Path(files.COMPACT_MODEL.format(device=name)).name)
        found += doubts(name, *doubtful_levels(path, level_sets))
    return found


def doubts(name: str, *doubtful: Sequence[str]) -> list[str]:
    """Return a sentence for each of `DOUBTS` that levels of a synapse deserve."""
    return [
        f"{name}: the networks use levels that {kind}: level {', level '.join(levels)}"
        for kind, levels in zip(DOUBTS, doubtful, strict=True)
        if levels
    ]


def faults(devices: Devices) -> list[str]:
    """Return what the user should change, a sentence each, the most harmful first.

    Known outcomes of a sweep are no faults: half levels without conductance, and single pulses
    after which the wall still moves. The tables of the devices have them.
    """
    return [
        f"{name}: {fault}"
        for of in (_no_activation, _lost_levels, _moving)
        for name, data in devices.items()
        for fault in of(data)
    ]


def _no_activation(data: "xarray.Dataset") -> Iterator[str]:
    for reading in files.READINGS if "fault" in data else ():
        if fault := str(data["fault"].sel(reading=reading).item()):
            yield f"no activation in the reading {reading}: {fault}"


def _lost_levels(data: "xarray.Dataset") -> Iterator[str]:
    if "level_conductance" not in data:
        return
    lost = data["level_conductance"].isnull().any("reading").values & (data["half"].values == 0)
    without = data["level_minimum"].values == 0
    for where, why in (
        (lost & without, "the energy has no minimum"),
        (lost & ~without, "no pulse of this sweep and no initialised wall ended"),
    ):
        if where.any():
            states = ", ".join(map(str, data["level_state"].values[where]))
            fix = "so that the networks lose this level; enlarge track.notches.diameter"
            yield f"{why} in {states}, {fix}"


def _moving(data: "xarray.Dataset") -> Iterator[str]:
    moving, count = int((data["settled"].values == 0).sum()), data.sizes["current_density"]
    if 2 * moving > count:
        still = f"the wall still moved at the end of {moving} of {count} pulses"
        yield f"{still}, which therefore reach no level; raise relaxation.longest"
