"""Files that jobs read: those of one device, of the networks and of the checks."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from wallnet import files
from wallnet.config import Campaign, Candidate, Device, Pulse, current_name, duration_name
from wallnet.config.calculators import file_name
from wallnet.config.networks import (
    FIRST_STAGE,
    KNOWN_DATASETS,
    LEVEL_STAGES,
    NO_DEVICE,
    PROGRAMMED_STAGES,
    Networks,
    RunSet,
)
from wallnet.files.schema.states import INITIAL, REVERSED
from wallnet.jobs import (
    DeviceJob,
    PinnedWall,
    level_states,
    minimum_states,
    pinned_walls,
    programming_price_job,
    signed,
    starting_states,
)
from wallnet.validation import CHECKS

# Devices. A job that reads a whole sweep receives its folder, so that the command line does not
# grow with the sweep. Plan and job use the same functions for the file names.


def folder(pattern: str, name: str) -> str:
    """Return the folder of a device's files of one kind.

    Examples
    --------
    >>> folder(files.TRACE, "neuron")
    'results/traces/neuron'
    """
    return str(PurePosixPath(pattern).parent).format(device=name)


def trace_in(traces: str | Path, current_density: float) -> str:
    """Return the trace of a current density in A/m² in the folder of a device's traces."""
    name = PurePosixPath(files.TRACE).name.format(current=current_name(current_density))
    return str(Path(traces, name))


def traces_in(traces: str | Path, pulse: Pulse) -> list[str]:
    """Return the traces in the folder of a device's traces, by ascending current density."""
    return [trace_in(traces, density) for density in pulse.current_densities]


def levels_in(levels: str | Path, device: Device | DeviceJob) -> dict[files.WallState, str]:
    """Return the files of the states in which a synapse can rest, in the folder of its levels.

    Returns
    -------
    dict
        Files by state; empty for a device that is not a synapse.
    """
    states = level_states(device.track) if device.kind == "synapse" else {}
    return {state: level_in(levels, state) for state in states}


def trace_paths(name: str, device: Device) -> list[str]:
    """Return the trace files of a device, by ascending current density."""
    return traces_in(folder(files.TRACE, name), device.pulse)


def level_paths(name: str, device: Device) -> list[str]:
    """Return the files of the states in which a synapse can rest; none for other devices."""
    return list(levels_in(folder(files.LEVEL, name), device).values())


# Operating windows


def staircase_in(
    staircases: str | Path, variant: str, current_density: float, duration: float
) -> str:
    """Return the simulation of a pulse in A/m² and s in the folder of an operating window."""
    place = PurePosixPath(files.STAIRCASE).relative_to(PurePosixPath(files.WINDOW).with_suffix(""))
    names = {"current": current_name(current_density), "duration": duration_name(duration)}
    return str(Path(staircases, str(place).format(variant=variant, **names)))


def staircase_places(campaign: Campaign, window: str) -> dict[str, tuple[str, float, float]]:
    """Return variant, duration in s and current density in A/m² of an operating window by path.

    Their order is that of the variants, then of ascending duration, then of current density.
    """
    asked = campaign.windows[window]
    folder = files.WINDOW.format(window=window).removesuffix(".nc")
    return {
        staircase_in(folder, variant, density, duration): (variant, duration, density)
        for variant in asked.variants
        for duration in asked.durations
        for density in asked.current_densities
    }


# Transitions


def level_in(levels: str | Path, state: files.WallState) -> str:
    """Return the file of a wall initialised in a state in the folder of a device's levels."""
    return str(Path(levels, PurePosixPath(files.LEVEL).name.format(state=state.file_name)))


def transition_in(
    transitions: str | Path, state: files.WallState, current_density: float, duration: float
) -> str:
    """Return the trace of a pulse from a state in the folder of a device's transitions."""
    folder = PurePosixPath(files.TRANSITIONS).with_suffix("")
    place = str(PurePosixPath(files.TRANSITION).relative_to(folder))
    names = {"current": current_name(current_density), "duration": duration_name(duration)}
    return str(Path(transitions, place.format(state=state.file_name, **names)))


def start_paths(campaign: Campaign, name: str) -> list[str]:
    """Return the files of the states from which the pulses of a device start."""
    states = starting_states(campaign.simulated[name], campaign.transitions[name])
    return [files.LEVEL.format(device=name, state=state.file_name) for state in states]


def transition_places(campaign: Campaign, name: str) -> dict[str, tuple[float, float]]:
    """Return duration in s and current density in A/m² of a device's transitions by path."""
    asked = campaign.transitions[name]
    folder = files.TRANSITIONS.format(device=name).removesuffix(".nc")
    return {
        transition_in(folder, state, density, duration): (duration, density)
        for state in starting_states(campaign.simulated[name], asked)
        for duration in asked.durations
        for density in signed(asked)
    }


# Intervals


def round_in(refined: str | Path, number: int) -> str:
    """Return the file of a round in the folder of a device's intervals."""
    return str(Path(refined, PurePosixPath(files.INTERVAL_ROUND).name.format(round=number)))


def round_paths(campaign: Campaign, name: str) -> list[str]:
    """Return the files of all rounds of a device."""
    count = campaign.intervals[name].rounds(campaign.simulated[name])
    folder = files.INTERVALS.format(device=name).removesuffix(".nc")
    return [round_in(folder, number) for number in range(1, count + 1)]


def refined_paths(
    campaign: Campaign, name: str, folder: str | Path = "", last: int | None = None
) -> list[str]:
    """Return the traces that the finished rounds of a device asked for.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    name : str
        The device.
    folder : str or Path
        Folder of the campaign.
    last : int, optional
        The last round that counts; all if not given.
    """
    refined = files.INTERVALS.format(device=name).removesuffix(".nc")
    found = []
    for path in round_paths(campaign, name)[:last]:
        if Path(folder, path).exists():
            asked = files.read_json(Path(folder, path), ["current_densities"])
            found += [trace_in(refined, float(each)) for each in asked["current_densities"]]
    return found


# Calibration


def candidate_trace_in(folder: str | Path, candidate: int, device: str, density: float) -> str:
    """Return the trace of a pulse in A/m² on a candidate in the folder of a calibration."""
    place = PurePosixPath(files.CANDIDATE_TRACE).relative_to(
        PurePosixPath(files.CALIBRATION).parent
    )
    names = {"candidate": candidate, "device": device, "current": current_name(density)}
    return str(Path(folder, str(place).format(**names)))


def calibration_round_in(folder: str | Path, number: int) -> str:
    """Return the file of a round in the folder of a calibration."""
    return str(Path(folder, PurePosixPath(files.CALIBRATION_ROUND).name.format(round=number)))


def calibration_round_paths(campaign: Campaign) -> list[str]:
    """Return the files of all rounds of the calibration; none without reference data."""
    calibration = campaign.calibration
    count = calibration.rounds if calibration.simulations() else 0
    return [files.CALIBRATION_ROUND.format(round=number) for number in range(1, count + 1)]


def candidates_in(path: str | Path) -> dict[int, Candidate]:
    """Return the candidates of a finished round by their numbers."""
    candidates = files.read_json(path, ["candidates"])["candidates"]
    return {int(number): dict(each) for number, each in candidates.items()}


def candidates_of(
    campaign: Campaign, folder: str | Path = "", last: int | None = None
) -> dict[int, Candidate]:
    """Return the candidates of the finished rounds of the calibration by their numbers.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    folder : str or Path
        Folder of the campaign.
    last : int, optional
        The last round that counts; all if not given.
    """
    found: dict[int, Candidate] = {}
    for path in calibration_round_paths(campaign)[:last]:
        if Path(folder, path).exists():
            found |= candidates_in(Path(folder, path))
    return found


def candidate_places(
    campaign: Campaign, folder: str | Path = "", last: int | None = None
) -> dict[str, tuple[Candidate, str, float]]:
    """Return candidate, device and current density in A/m² of the traces of finished rounds.

    The parameters are those of `candidates_of`.

    Returns
    -------
    dict
        By path, in the order of the candidates.
    """
    traces = str(PurePosixPath(files.CALIBRATION).parent)
    return {
        candidate_trace_in(traces, number, each.device, each.current_density): (
            candidate,
            each.device,
            each.current_density,
        )
        for number, candidate in candidates_of(campaign, folder, last).items()
        for each in campaign.calibration.simulations()
    }


# Depinning


def depinning_round_in(freed: str | Path, number: int) -> str:
    """Return the file of a round in the folder of a device's depinning."""
    return str(Path(freed, PurePosixPath(files.DEPINNING_ROUND).name.format(round=number)))


def depinning_trace_in(freed: str | Path, place: str, current_density: float) -> str:
    """Return the trace of a pulse in A/m² at a place in the folder of a device's depinning."""
    folder = PurePosixPath(files.DEPINNING).with_suffix("")
    name = str(PurePosixPath(files.DEPINNING_TRACE).relative_to(folder))
    return str(Path(freed, name.format(place=place, current=current_name(current_density))))


def depinning_round_paths(campaign: Campaign, name: str) -> list[str]:
    """Return the files of all rounds of a device."""
    folder = files.DEPINNING.format(device=name).removesuffix(".nc")
    count = campaign.depinning[name].rounds()
    return [depinning_round_in(folder, number) for number in range(1, count + 1)]


def depinning_start(name: str, wall: PinnedWall) -> str:
    """Return the file of the resting wall of a place."""
    if wall.alone:
        return files.DEPINNING_START.format(device=name, place=wall.place)
    return files.LEVEL.format(device=name, state=wall.state.file_name)


def depinning_starts(campaign: Campaign, name: str) -> list[str]:
    """Return the files of the resting walls of all places of a device."""
    walls = pinned_walls(campaign.simulated[name], campaign.depinning[name])
    return [depinning_start(name, wall) for wall in walls]


def freed_in(path: str | Path) -> dict[str, list[float]]:
    """Return the current densities in A/m² that a round asks for, by place."""
    asked = files.read_json(path, ["current_densities"])["current_densities"]
    return {str(place): [float(each) for each in found] for place, found in asked.items()}


def freed_places(
    campaign: Campaign, name: str, folder: str | Path = "", last: int | None = None
) -> dict[str, float]:
    """Return the current densities in A/m² that the finished rounds asked for, by trace.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    name : str
        The device.
    folder : str or Path
        Folder of the campaign.
    last : int, optional
        The last round that counts; all if not given.
    """
    freed = files.DEPINNING.format(device=name).removesuffix(".nc")
    return {
        depinning_trace_in(freed, place, density): density
        for path in depinning_round_paths(campaign, name)[:last]
        if Path(folder, path).exists()
        for place, densities in freed_in(Path(folder, path)).items()
        for density in densities
    }


# Minima and barriers


def minima_in(minima: str | Path, device: Device | DeviceJob) -> dict[files.WallState, str]:
    """Return the files of the minima of a synapse by state, in the folder of its minima."""
    synapse = device.kind == "synapse"
    states = minimum_states(device.track, device.wall.start) if synapse else []
    name = PurePosixPath(files.MINIMUM).name
    return {state: str(Path(minima, name.format(state=state.file_name))) for state in states}


def minimum_paths(name: str, device: Device) -> list[str]:
    """Return the files of the minima of a synapse; none for other devices."""
    return list(minima_in(folder(files.MINIMUM, name), device).values())


def relaxed_paths(name: str, state: str) -> list[str]:
    """Return the file from which the energy of a state is minimised on; none if reversed.

    Parameters
    ----------
    name : str
        The device.
    state : str
        Name of the state's file, such as "2", "2-3", "initial" or "reversed".
    """
    if state == REVERSED:
        return []
    pattern = files.INITIAL if state == INITIAL else files.LEVEL
    return [pattern.format(device=name, state=state)]


# Networks


def network_path(pattern: str, run: Mapping[str, str], networks: str | Path) -> str:
    """Return the file of one kind of one network.

    Parameters
    ----------
    pattern : str
        `wallnet.files.METRICS`, `CHECKPOINT` or `PROGRAMMING`.
    run : Mapping
        The wildcards of the network, see `RunSet.runs`.
    networks : str or Path
        Folder of all networks.
    """
    name = str(PurePosixPath(pattern).relative_to(files.NETWORKS))
    return str(Path(networks, name.format(**run)))


def network_paths(
    pattern: str, run_set: RunSet, networks: str | Path = files.NETWORKS
) -> list[str]:
    """Return the files of one kind of all networks that have them, in the order of `RunSet.runs`.

    See `network_path`. Networks at the stages of `PROGRAMMED_STAGES` have a programming.
    """
    return [
        network_path(pattern, run, networks)
        for run in run_set.runs()
        if pattern != files.PROGRAMMING or run["stage"] in PROGRAMMED_STAGES
    ]


def network_models(networks: Networks) -> list[str]:
    """Return the compact models of the synapses of all networks."""
    devices = dict.fromkeys(device for device, _ in networks.run_set().places)
    return [files.COMPACT_MODEL.format(device=device) for device in devices]


def mapped_paths(pattern: str, networks: Networks) -> list[str]:
    """Return the files of one kind of the networks on a synapse that one job makes.

    They are patterns with the wildcards of the job: data set, synapse, reading and seed.
    """
    run_set = networks.run_set()
    on_levels = {
        recipe: {stage: mappings for stage, mappings in stages.items() if stage in LEVEL_STAGES}
        for recipe, stages in run_set.stages.items()
    }
    of_a_job = {
        "datasets": ("{dataset}",),
        "places": (("{device}", "{reading}"),),
        "seeds": ("{seed}",),
        "stages": on_levels,
    }
    return network_paths(pattern, run_set.model_copy(update=of_a_job))


def priced_paths(campaign: Campaign) -> dict[str, list[str]]:
    """Return the files from which the energy of writing networks is computed, by kind.

    They are the programmings of the networks, the devices and the responses; all are empty if no
    network is on the levels of a simulated synapse. The compact models are not read. Only once they
    are finished it is known whether the networks have to be mapped again.
    """
    job = programming_price_job(campaign)
    return {
        "networks": network_paths(files.PROGRAMMING, job.run_set),
        "devices": [files.DEVICE.format(device=name) for name in job.devices],
        "responses": [files.RESPONSE.format(program=name) for name in job.programs],
        "models": [files.COMPACT_MODEL.format(device=name) for name in job.devices],
    }


def mapping_jobs(networks: Networks) -> list[str]:
    """Return the paths from which log and benchmark of each job that maps networks are named."""
    keys = ("dataset", "device", "reading", "seed")
    places = [
        {key: run[key] for key in keys} for run in networks.runs() if run["device"] != NO_DEVICE
    ]
    return list(dict.fromkeys(files.ON_SYNAPSE.format(**place) for place in places))


def example_metrics(
    networks: Networks,
    stages: Iterable[str],
    dataset: str,
    device: str = NO_DEVICE,
    recipes: int | None = 1,
) -> list[str]:
    """Return the metrics of the first seed at some stages, in all readings.

    Without a device, return those of the network with FP32 weights. Of each recipe, the mapping
    with the most stages is used.

    Parameters
    ----------
    networks : Networks
        All networks.
    stages : iterable of str
        The stages.
    dataset, device : str
        Data set and synapse.
    recipes : int or None
        Number of recipes, from the first on; None for all.
    """
    wanted = {
        "dataset": (dataset,),
        "device": (NO_DEVICE, device),
        "stage": tuple(stages),
        "seed": (str(networks.seeds[0]),),
    }
    mappings = {}
    for name, stages_of in list(networks.run_set().stages.items())[:recipes]:
        counts = {m: sum(m in each for each in stages_of.values()) for m in networks.mappings}
        mappings[name] = (NO_DEVICE, max(counts, key=lambda mapping: counts[mapping]))
    return [
        files.METRICS.format(**run)
        for run in networks.runs()
        if all(run[key] in values for key, values in wanted.items())
        and run["mapping"] in mappings.get(run["recipe"], ())
    ]


def comparison_paths(networks: Networks) -> list[str]:
    """Return the results of the comparison of mappings, on all synapses with all seeds."""
    return [
        files.COMPARISON.format(dataset=dataset, device=device, reading=reading, seed=seed)
        for dataset in networks.datasets
        for device, reading in networks.run_set().places
        for seed in networks.seeds
    ]


def reference_metrics(networks: Networks) -> list[str]:
    """Return the metrics of all networks with FP32 weights."""
    return [files.METRICS.format(**run) for run in networks.runs() if run["device"] == NO_DEVICE]


def interpretation_paths(networks: Networks, pattern: str = files.INTERPRETATION) -> list[str]:
    """Return the results of the interpretations of Table II, on the paper's data sets."""
    return [
        pattern.format(dataset=dataset, seed=seed)
        for dataset in networks.datasets
        if dataset in KNOWN_DATASETS
        for seed in networks.interpretations.seeds
    ]


def training_curve_metrics(networks: Networks) -> list[str]:
    """Return the metrics of the networks with FP32 weights, all recipes, the first seed."""
    return [
        files.METRICS.format(**run)
        for run in networks.runs()
        if run["stage"] == FIRST_STAGE and run["seed"] == str(networks.seeds[0])
    ]


# Checks


def crosscheck_traces(campaign: Campaign, calculator: str) -> list[str]:
    """Return the traces of all cases of the cross-check by one calculator."""
    return [
        files.CROSSCHECK.format(case=case, calculator=file_name(calculator))
        for case in campaign.crosscheck.cases
    ]


def validation_results() -> list[str]:
    """Return the results of all checks of the engine."""
    return [files.VALIDATION.format(check=check) for check in CHECKS]
