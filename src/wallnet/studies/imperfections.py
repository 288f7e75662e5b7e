"""What is known of the imperfections of a device, gathered: measured, simulated or assumed.

Each quantity comes from a CSV file of the user, else from a study, else from an assumption of the
configuration. The attribute `sources` of the dataset says from which.
"""

import argparse
import itertools
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wallnet import files, revisions
from wallnet.config import ConfigError
from wallnet.files.compact import SAME, stable_levels
from wallnet.files.imperfection_tables import (
    QUANTITIES,
    Entries,
    Place,
    dataset_of,
    read_entries,
    text_of,
)
from wallnet.files.imperfections import BEYOND, KIND, SPREADS, Imperfections
from wallnet.files.measurements import read_levels, refuse
from wallnet.files.schema import SAMPLE
from wallnet.files.schema.states import EXPELLED, INITIAL, REVERSED, WallState
from wallnet.jobs.imperfections import ImperfectionsJob

if TYPE_CHECKING:
    import xarray

TRIALS = 10**12
"""Number of assumed pulses, of which shares down to 1e-12 are whole numbers."""

AMBIENT = 300.0
"""Temperature of assumed barriers in K."""

Levels = Mapping[str, Mapping[str, float]]
"""Conductances in S of the levels of a device by reading, and by state in their order."""

PULSES = tuple(name for name, own in QUANTITIES.items() if "write_pulse" in own.dimensions)
"""Quantities of pulses, which come from one source together."""


@dataclass(frozen=True)
class Part:
    """Numbers of one source, and what this is; `sources` has those of quantities with others."""

    entries: Entries = field(default_factory=dict)
    source: str = ""
    sources: dict[str, str] = field(default_factory=dict)

    def about(self, name: str) -> str:
        """Return the source of a quantity."""
        return self.sources.get(name, self.source)


def gathered(
    job: ImperfectionsJob,
    levels: str | Path,
    thermal: str | Path | None = None,
    barriers: str | Path | None = None,
    file: str | Path | None = None,
    measured: str | Path | None = None,
) -> "xarray.Dataset":
    """Return what is known of the imperfections of a device.

    Devices of which the pulses or the barriers are not known have those of the others in turn.

    Parameters
    ----------
    job : ImperfectionsJob
        Name of the device, variant of `thermal`, and assumptions.
    levels : str or Path
        Its compact model.
    thermal, barriers : str or Path, optional
        Datasets of these studies of it.
    file : str or Path, optional
        CSV file with some quantities.
    measured : str or Path, optional
        CSV file of the levels of a measured device, which may have their spreads.

    Returns
    -------
    xarray.Dataset
        Dataset of the kind `imperfections`.

    Raises
    ------
    wallnet.files.FileError
        If a file cannot be read, is of another device or of other levels, or if its values
        contradict each other.
    """
    own_levels = stable_levels(levels)
    states = list(own_levels)
    own = _of_file(file, job.device, own_levels) if file else Part()
    of_pulses = _of_thermal(thermal, job, own_levels) if thermal else Part()
    of_barriers = _of_barriers(barriers, job) if barriers else Part()
    numbers = _devices(own, of_pulses, of_barriers)
    of_levels: Entries = {"is_level": dict.fromkeys(((state,) for state in states), 1)}
    gathering = Part(of_levels, sources={"is_level": _about_levels(levels)})
    spreads = _of_measured(measured, own_levels) if measured else Part()
    for name in ("gain_spread", "ratio_spread", *SPREADS):
        value = getattr(job, name)
        assumed = {(state,): value for state in states} if name in SPREADS else {(): value}
        _take(gathering, name, own, spreads, Part({name: assumed}, f"assumed: {value:g}"))
    frequencies = dict(zip((("lowest",), ("highest",)), job.attempt_frequencies, strict=True))
    text = "assumed: {:g} to {:g} 1/s".format(*job.attempt_frequencies)
    assumed_frequencies = Part({"attempt_frequency": frequencies}, text)
    _take(gathering, "attempt_frequency", own, of_barriers, assumed_frequencies)
    _take(
        *(gathering, "escape_barrier", own, of_barriers),
        _assumed_barriers(states, numbers, job.barrier),
    )
    escapes = gathering.entries["escape_barrier"]
    if lasting := [state for state in states if state not in {place[2] for place in escapes}]:
        gathering.sources["escape_barrier"] += f"; none of {', '.join(lasting)} is known"
    gathering.entries["escape_barrier"] = _for_all(escapes, numbers)
    _add_pulses(gathering, job, states, numbers, own, of_pulses)
    _add_conductances(gathering, own_levels, own, of_pulses)
    attributes: dict[str, str | int] = {"device": job.device, "parameters": job.to_json()}
    attributes["revision"] = revisions.of(KIND)
    data = dataset_of(gathering.entries, gathering.sources, attributes)
    Imperfections(data, f"what is known of {job.device}").check()
    return data


def _take(gathering: Part, name: str, *parts: Part) -> None:
    """Take a quantity from the first part that has it."""
    part = next(part for part in parts if part.entries.get(name))
    gathering.entries[name], gathering.sources[name] = part.entries[name], part.about(name)


def _add_pulses(
    gathering: Part,
    job: ImperfectionsJob,
    states: Sequence[str],
    numbers: Sequence[int],
    own: Part,
    of_pulses: Part,
) -> None:
    """Add the pulses that write, and those of devices that are not selected.

    Pulses of the file keep their numbers.
    """
    write, half = (_select(own, half) for half in (False, True))
    if not write.entries:
        write = of_pulses if of_pulses.entries else _assumed_pulses(states, numbers, job.success)
        write = _numbered(write, 1 + max(_pulses_of(half), default=0))
    if not half.entries:
        assumed = _assumed_disturb(states, numbers, job.disturb)
        half = _numbered(assumed, 1 + max(_pulses_of(write)))
    for name in PULSES:
        gathering.entries[name] = {}
        for part, title in ((write, ""), (half, "half-select pulses ")):
            if numbers_of := part.entries.get(name):
                counted = name == "landing_count"
                more = _for_all(numbers_of, numbers) if counted else numbers_of
                gathering.entries[name] |= more
                before = gathering.sources.get(name, "")
                text = f"{title}{part.about(name)}"
                gathering.sources[name] = f"{before}; {text}" if before else text


def _add_conductances(gathering: Part, own_levels: Levels, own: Part, of_pulses: Part) -> None:
    """Add the conductances of levels, and of all states that a pulse or an escape leaves."""
    conductances: dict[Place, float] = {
        (reading, state): own_levels[state][reading]
        for reading in next(iter(own_levels.values()), {})
        for state in own_levels
    }
    entries = gathering.entries
    left = [place[3] for name in ("landing_count", "escape_barrier") for place in entries[name]]
    assumed: dict[Place, float] = {
        (reading, state): value
        for state in dict.fromkeys(left)
        for reading, value in _assumed_conductances(state, own_levels).items()
    }
    texts = [f"levels {gathering.sources['is_level']}"]
    for part in (own, of_pulses, Part({"state_conductance": assumed}, "assumed: as levels beside")):
        more = part.entries.get("state_conductance", {})
        if added := {place: value for place, value in more.items() if place not in conductances}:
            conductances |= added
            texts.append(f"{_names(added)} {part.about('state_conductance')}")
    entries["state_conductance"] = conductances
    gathering.sources["state_conductance"] = "; ".join(texts)


def _names(conductances: Mapping[Place, float]) -> str:
    """Return the names of the states of conductances as text."""
    return ", ".join(dict.fromkeys(state for _, state in conductances))


def _about_levels(path: str | Path) -> str:
    """Return the origin of the levels of a compact model."""
    made_by = files.read_json(path).get("made_by", {})
    version = f"revision {made_by.get('revision')}, wallnet {made_by.get('wallnet_version')}"
    if "levels" in (measured := made_by.get("sources", {})):
        return f"measured (file {measured['levels']['file']})"
    return f"simulated (device {made_by.get('device')}, {version})"


def _devices(*parts: Part) -> list[int]:
    """Return the numbers of the devices of which something is known; else that of the perfect."""
    numbers = {
        place[0]
        for part in parts
        for name in ("landing_count", "escape_barrier")
        for place in part.entries.get(name, {})
    }
    return sorted(numbers) or [0]


def _for_all(entries: Mapping[Place, float], numbers: Sequence[int]) -> dict[Place, float]:
    """Return the entries of all devices; those without any have those of the others in turn."""
    by_device = defaultdict[int, dict[Place, float]](dict)
    for (number, *place), value in entries.items():
        by_device[number][tuple(place)] = value
    described = sorted(by_device)
    lacking = iter(number for number in numbers if number not in by_device)
    source_of = {number: number for number in described}
    source_of |= {number: described[index % len(described)] for index, number in enumerate(lacking)}
    return {
        (number, *place): value
        for number in sorted(source_of)
        for place, value in by_device[source_of[number]].items()
    }


def _select(part: Part, half: bool) -> Part:
    """Return the pulses of a part that write, or those of devices that are not selected."""
    flags = part.entries.get("half_select", {})
    counts = {
        place: count
        for place, count in part.entries.get("landing_count", {}).items()
        if (flags.get((place[2],), 0) == 1) == half
    }
    if not counts:
        return Part()
    numbers = {place[2] for place in counts}
    chosen: Entries = {
        name: {
            place: value
            for place, value in part.entries.get(name, {}).items()
            if place[-1] in numbers
        }
        for name in PULSES
        if name != "landing_count"
    }
    chosen["half_select"] = {(number,): int(half) for number in numbers}
    return replace(part, entries={**chosen, "landing_count": counts})


def _pulses_of(part: Part) -> list[int]:
    """Return the numbers of the pulses of a part."""
    return sorted(pulse for (pulse,) in part.entries.get("half_select", {}))


def _numbered(part: Part, first: int) -> Part:
    """Return pulses with other numbers, which ascend from `first`."""
    new = {number: first + index for index, number in enumerate(_pulses_of(part))}
    entries: Entries = {}
    for name, numbers in part.entries.items():
        if name in PULSES:
            axis = QUANTITIES[name].dimensions.index("write_pulse")
            entries[name] = {
                (*place[:axis], new[place[axis]], *place[axis + 1 :]): value
                for place, value in numbers.items()
            }
    return replace(part, entries=entries)


def _assumed_pulses(states: Sequence[str], numbers: Sequence[int], success: float) -> Part:
    """Return a pulse from the lowest level to each other one, or else to a neighbour of this."""
    hits, counts = round(success * TRIALS), dict[Place, float]()
    for pulse, target in enumerate(states[1:], start=1):
        beside = [*states[pulse - 1 : pulse], *states[pulse + 1 : pulse + 2]]
        shares = {target: hits, **dict.fromkeys(beside, (TRIALS - hits) // len(beside))}
        shares[beside[0]] += TRIALS - sum(shares.values())
        counts |= {
            (number, states[0], pulse, end): share
            for number in numbers
            for end, share in shares.items()
        }
    flags: dict[Place, float] = {(pulse,): 0 for pulse in range(1, len(states))}
    return Part({"landing_count": counts, "half_select": flags}, f"assumed: success {success:g}")


def _assumed_disturb(states: Sequence[str], numbers: Sequence[int], disturb: float) -> Part:
    """Return a half-select pulse, by which a wall moves from each level to the next one."""
    moved, counts = round(disturb * TRIALS), dict[Place, float]()
    for state, following in zip(states, [*states[1:], states[-1]], strict=True):
        for number in numbers:
            counts[number, state, 1, following] = moved
            counts[number, state, 1, state] = TRIALS - moved * (state != following)
    entries: Entries = {"landing_count": counts, "half_select": {(1,): 1}}
    return Part(entries, f"assumed: disturb {disturb:g}")


def _assumed_barriers(states: Sequence[str], numbers: Sequence[int], barrier: float) -> Part:
    """Return one barrier in J between all neighbouring levels, in both directions."""
    pairs = [*itertools.pairwise(states), *itertools.pairwise(states[::-1])]
    places = ((number, AMBIENT, *pair) for number in numbers for pair in pairs)
    return Part({"escape_barrier": dict.fromkeys(places, barrier)}, f"assumed: {barrier:g} J")


def _assumed_conductances(state: str, levels: Levels) -> dict[str, float]:
    """Return conductances of a state beside levels: of an end, or the mean of two notches."""
    first, *_, last = levels
    outer: dict[str, list[str]] = {EXPELLED: [first], REVERSED: [last]}
    beside = outer.get(state, [])
    try:
        beside += [f"notch {number}" for number in WallState(state).ends or ()]
    except ValueError:
        return {}
    rows = [levels[name] for name in beside if name in levels]
    complete = rows and len(rows) == len(beside)
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]} if complete else {}


def _of_file(path: str | Path, device: str, levels: Levels) -> Part:
    """Return the numbers of a CSV file, with the names of the states of a device.

    Levels of the file are those with the same conductance, or else with the same name.
    """
    table = read_entries(path)
    listed = ", ".join(levels)
    names: dict[str, str] = {}
    flagged = {state for (state,), flag in table.entries.get("is_level", {}).items() if flag}
    for (reading, state), value in table.entries.get("state_conductance", {}).items():
        line = table.lines["state_conductance", (reading, state)]
        own = {name: values[reading] for name, values in levels.items() if reading in values}
        if not own:
            readings = " and ".join(next(iter(levels.values()), {}))
            refuse(path, f"has {reading!r}; {device} has {readings}", line, "readout")
        near = min(own, key=lambda name: abs(own[name] - value))
        same = abs(own[near] - value) <= 10 * SAME * (max(own.values()) - min(own.values()))
        is_level = state in (flagged if flagged else levels)
        taken = {other for other, level in names.items() if level == near} - {state}
        if is_level and (taken or not same or names.get(state, near) != near):
            fix = f"give the file of this device, whose levels are {_values(own)}"
            refuse(path, f"{value:g} S is no level of {device}; {fix}", line, "value")
        names[state] = near if is_level else state
    names |= {state: state for state in levels if state not in names.values()}
    entries: Entries = {}
    for name, numbers in table.entries.items():
        axes = QUANTITIES[name].dimensions
        of_states = [index for index, axis in enumerate(axes) if axis.endswith("_state")]
        entries[name] = {}
        for place, value in numbers.items():
            coordinates = list(place)
            for index in of_states:
                state = coordinates[index]
                if state not in names and state != BEYOND:
                    fix = f"use one of {listed}, or add its state_conductance"
                    fault = f"has {state!r}, which is no level of {device}; {fix}"
                    refuse(path, fault, table.lines[name, place], axes[index])
                coordinates[index] = names.get(state, state)
            entries[name][tuple(coordinates)] = value
        if name in SPREADS and (lacking := [s for s in levels if (s,) not in entries[name]]):
            refuse(path, f"lacks {name} of {lacking[0]}; add a row, with 0 for none")
        if name == "attempt_frequency" and len(numbers) < 2:
            refuse(path, f"lacks a limit of {name}; add the row, both may be the same")
    counted = {place[2] for place in entries.get("landing_count", {})}
    for name in PULSES:
        for place in entries.get(name, {}):
            if place[-1] not in counted and name != "landing_count":
                fault = f"has pulse {place[-1]}, which has no landing_count; add it"
                refuse(path, fault, table.lines[name, place], "write_pulse")
    sources = {
        name: f"{text or 'measured'} (file {Path(path).name})"
        for name, text in table.sources.items()
    }
    return Part(entries, sources=sources)


def _of_measured(path: str | Path, levels: Levels) -> Part:
    """Return the spreads of measured levels, if their file has them."""
    table = read_levels(path)
    if "spread" not in table:
        return Part()
    rows = table.set_index("conductance")["spread"].groupby(level=0).max()
    spreads: dict[Place, float] = {}
    for state, values in levels.items():
        (value,) = values.values()
        nearest = rows.index[np.abs(rows.index - value).argmin()]
        spreads[(state,)] = float(rows[nearest] / nearest) if nearest else 0.0
    return Part({"level_spread": spreads}, f"measured (file {Path(path).name})")


def _values(conductances: Mapping[str, float]) -> str:
    return ", ".join(f"{value:g}" for value in conductances.values()) + " S"


def _samples(data: "xarray.Dataset") -> Iterator[tuple[int, "xarray.Dataset"]]:
    """Yield the number and the data of each sample; 0 is the perfect device."""
    if SAMPLE not in data.dims:
        yield 0, data
        return
    for index, number in enumerate(data[SAMPLE].values.tolist()):
        yield number, data.isel({SAMPLE: index})


def _version(data: "xarray.Dataset") -> str:
    return f"revision {data.attrs.get('revision')}, wallnet {data.attrs.get('wallnet_version')}"


def _of_thermal(path: str | Path, job: ImperfectionsJob, levels: Levels) -> Part:
    """Return the pulses of the study `thermal`, and the conductances of states that are no level.

    States are those at the end of the pause. The initial one is the first level.
    """
    data = files.read_dataset(path, "thermal", samples=True)
    parameters = json.loads(data.attrs["parameters"])
    settings, subject = parameters["settings"], parameters["subject"]
    if settings["device"] != job.device:
        raise files.FileError(
            f"{path} is of the device {settings['device']}; name a subject of thermal of "
            f"{job.device}"
        )
    models = data["model"].values.tolist()
    variant = job.variant or models[0]
    if variant not in models:
        raise files.FileError(f"{path} has no variant {variant}; use one of {', '.join(models)}")
    data = data.isel(model=models.index(variant))
    duration = settings.get("duration")
    if duration is None:
        duration = json.loads(data.attrs["simulation"])["steps"][-1]["duration"]
    starts, densities = (data[name].values.tolist() for name in ("start_state", "current_density"))
    # a wall that begins in a notch begins in the first level
    first, counts = next(iter(levels)), Counter[Place]()
    others = defaultdict[str, list[NDArray[np.float64]]](list)
    for number, own in _samples(data):
        ends = own["replica_state"].values
        conductance = own["replica_conductance"].isel(moment=-1).values
        for place in np.ndindex(ends.shape):
            start, end = starts[place[0]], str(ends[place]) or BEYOND
            counts[number, first if start == INITIAL else start, place[1] + 1, end] += 1
            if end not in {*levels, BEYOND}:
                others[end].append(conductance[:, *place])
    pulses = range(1, len(densities) + 1)
    entries: Entries = {
        "landing_count": {place: float(count) for place, count in counts.items()},
        "half_select": {(pulse,): 0 for pulse in pulses},
        "write_current_density": {(p,): densities[p - 1] for p in pulses},
        "write_duration": {(pulse,): float(duration) for pulse in pulses},
        "state_conductance": {
            (reading, state): float(value)
            for state, rows in others.items()
            for reading, value in zip(
                data["reading"].values.tolist(), np.mean(rows, axis=0), strict=True
            )
        },
    }
    source = f"simulated (thermal {subject}, variant {variant}, {_version(data)})"
    return Part(entries, source)


def _of_barriers(path: str | Path, job: ImperfectionsJob) -> Part:
    """Return the barriers of the study `barriers` in both directions, and its frequencies.

    They are those of all its temperatures.
    """
    data = files.read_dataset(path, "barriers", samples=True)
    if (device := data.attrs.get("device")) != job.device:
        raise files.FileError(f"{path} is of the device {device}; give that of {job.device}")
    settings = json.loads(data.attrs["parameters"])["settings"]
    low, high = settings["attempt_frequencies"]
    kelvins = [float(settings["temperature"]), *data["further_temperature"].values.tolist()]
    barriers: dict[Place, float] = {}
    unknown = 0
    for number, own in _samples(data):
        first, second = (own[f"pair_{name}"].values.tolist() for name in ("first", "second"))
        for way, ends in (("forward", (first, second)), ("backward", (second, first))):
            usual = own[f"pair_{way}"].where(own["pair_converged"] == 1).values
            rows = np.vstack([usual, own[f"further_{way}"].values])
            unknown += int(np.isnan(rows).sum())
            for kelvin, values in zip(kelvins, rows, strict=True):
                barriers |= {
                    (number, kelvin, *pair): value
                    for *pair, value in zip(*ends, values.tolist(), strict=True)
                    if math.isfinite(value)
                }
    entries: Entries = {
        "escape_barrier": barriers,
        "attempt_frequency": {("lowest",): low, ("highest",): high},
    }
    text = f"; {unknown} barriers are unknown" if unknown else ""
    return Part(entries, f"simulated (barriers {device}, {_version(data)}{text})")


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `imperfections` to a command line."""
    command = subparsers.add_parser(
        "imperfections",
        description="Write a netCDF file of imperfections as a CSV table, or make such a table "
        "from pulses that you measured.",
    )
    command.add_argument("netcdf", nargs="?", metavar="FILE.nc", help="file to write as a table")
    for name, text in {
        "pulses": "CSV file of pulses, with the columns device, cycle, pulse, before and after",
        "levels": "levels of the device: with --pulses the CSV file, for a rule the compact model",
        "job": "for a rule: the device and its assumptions, as JSON",
        "thermal": "for a rule: dataset of the study thermal",
        "barriers": "for a rule: dataset of the study barriers",
        "file": "for a rule: CSV table of measured values",
        "measured": "for a rule: CSV file of measured levels",
    }.items():
        command.add_argument(f"--{name}", help=text)
    command.add_argument("--out", required=True, help="file to write: CSV, for a rule netCDF")
    command.set_defaults(handler=_write)


def _write(arguments: argparse.Namespace) -> None:
    options = [arguments.netcdf, arguments.pulses, arguments.job]
    if sum(map(bool, options)) != 1 or (not arguments.netcdf and not arguments.levels):
        raise ConfigError(
            "imperfections needs one of FILE.nc, or --pulses with --levels; name one of them"
        )
    if arguments.netcdf:
        device = Imperfections.read(arguments.netcdf)
        files.write_text(text_of(device.data), arguments.out)
    elif arguments.pulses:
        from wallnet.studies import pulse_data

        table, sentences = pulse_data.imperfections_of(arguments.pulses, arguments.levels)
        files.write_text(table, arguments.out)
        print("\n".join(sentences))
    else:
        job = ImperfectionsJob.from_json(arguments.job)
        names = ("levels", "thermal", "barriers", "file", "measured")
        inputs = (getattr(arguments, name) for name in names)
        files.write_dataset(gathered(job, *inputs), arguments.out, KIND, {})
