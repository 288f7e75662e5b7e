"""How many simulations a target has to run, and about how long its jobs take."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from wallnet import files
from wallnet.config import Campaign, Device
from wallnet.config.networks import FREE_STAGES, STAGES, Networks
from wallnet.jobs import compared_device
from wallnet.plan import paths

SECONDS_PER_CELL_STEP = 1e-8
"""Processor time of the embedded engine for one cell and one time step, in s, on a slow core: 0.2 s
for a nanosecond of 25,000 cells in steps of 1.16 ps. A fast core needs half of it."""

SECONDS_PER_JOB = 1.4
"""Processor time from the start of a job to its first step, in s (`benchmarks/README.md`)."""

SECONDS_PER_TRAINED_IMAGE = 2.5e-5
"""Processor time of a training for one image of 28 × 28 pixels in s, on a slow core."""

IMAGES = 60_000
"""Training images of the paper's data sets; those of another one are not counted beforehand."""

SECONDS_PER_FREE_NETWORK, SECONDS_PER_MAPPED_NETWORK = 6.0, 0.6
"""Further processor time of a network in s, on a slow core. One with FP32 weights has a job of its
own, which reads the images; those on a synapse share one."""

SLOWER = {"film": 1.0, "oommf": 250.0}
"""Processor time of a calculator relative to that of the embedded engine, on the same core."""


@dataclass(frozen=True)
class Work:
    """One simulation.

    Attributes
    ----------
    path : str
        Its result; empty if it is not known yet.
    device : Device
        The simulated device.
    longest : float
        Longest simulated time in s.
    strongest : float
        Current density of the largest magnitude in A/m².
    """

    path: str
    device: Device
    longest: float
    strongest: float = 0.0

    @property
    def processor_time(self) -> float | None:
        """Estimated processor time in s if nothing ends early; None if it is not known."""
        slower = SLOWER.get(self.device.calculator)
        if slower is None:
            return None
        columns, rows = self.device.track.cells
        steps = self.longest / self.device.time_step(self.strongest)
        return SECONDS_PER_JOB + slower * SECONDS_PER_CELL_STEP * columns * rows * steps


def work_ahead(work: Iterable[Work]) -> str:
    """Return a sentence with the number of missing simulations and their estimated time.

    Examples
    --------
    >>> work_ahead([])
    'All simulations of this target are there.'
    """
    ahead = [each for each in work if not each.path or not Path(each.path).exists()]
    if not ahead:
        return "All simulations of this target are there."
    nanoseconds = sum(each.longest for each in ahead) / 1e-9
    known = [each.processor_time for each in ahead]
    total = sum(seconds or 0.0 for seconds in known)
    unknown = known.count(None)
    about = f"about {_shown(total)} of processor time" if total else ""
    if unknown:
        about += f"{', ' if about else ''}{unknown} with a calculator of unknown speed"
    return (
        f"{len(ahead)} simulations of this target are not there yet: at most {nanoseconds:.0f} ns, "
        f"{about}, less where a simulation ends early."
    )


def _shown(seconds: float) -> str:
    """Return a time in the unit in which it is easy to read."""
    for unit, size in {"h": 3600.0, "min": 60.0}.items():
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def expected_times(campaign: Campaign) -> dict[str, float]:
    """Return the estimated processor time in s of simulations and networks, by file.

    The start of a job is not included.
    """
    simulated = [
        *device_work(campaign),
        *(_of_program(campaign, name) for name in campaign.programs),
        *window_work(campaign),
        *calibration_work(campaign),
        *depinning_work(campaign),
        *transition_work(campaign),
        *interval_work(campaign),
    ]
    times = {
        each.path: (each.processor_time or SECONDS_PER_JOB) - SECONDS_PER_JOB for each in simulated
    }
    return times | _network_times(campaign.networks)


def time_of_job(outputs: Iterable[str], expected: Mapping[str, float]) -> float:
    """Return the estimated processor time in s of a job that makes these files."""
    return SECONDS_PER_JOB + sum(expected.get(path, 0.0) for path in outputs)


def device_work(campaign: Campaign) -> list[Work]:
    """List the simulations of all devices; minimisations take seconds and do not count."""
    found: list[Work] = []
    for name, device in campaign.simulated.items():
        initial = files.INITIAL.format(device=name)
        found += [Work(initial, device, device.wall.relaxation), *_sweep(name, device)]
        levels = paths.level_paths(name, device)
        found += [Work(path, device, device.relaxation.longest) for path in levels]
    return found


def _sweep(name: str, device: Device) -> list[Work]:
    """List the pulses of the sweep of a device."""
    densities = device.pulse.current_densities
    traces = zip(paths.trace_paths(name, device), densities, strict=True)
    return [_of_pulse(path, device, density) for path, density in traces]


def _of_pulse(path: str, device: Device, density: float) -> Work:
    return Work(path, device, device.pulse.duration + device.relaxation.longest, density)


def crosscheck_work(campaign: Campaign) -> list[Work]:
    """List the pulses of the cross-check, with the initial states that they simulate."""
    found: list[Work] = []
    for calculator in campaign.crosscheck.calculators:
        traces = paths.crosscheck_traces(campaign, calculator)
        for path, (case, asked) in zip(traces, campaign.crosscheck.cases.items(), strict=True):
            device = compared_device(campaign, case, calculator)
            pulse = _of_pulse(path, device, asked.current_density)
            found.append(replace(pulse, longest=pulse.longest + device.wall.relaxation))
    return found


def _of_program(campaign: Campaign, name: str) -> Work:
    program = campaign.programs[name]
    strongest = max((pulse.current_density for pulse in program.pulses), key=abs)
    device = campaign.simulated[program.device]
    return Work(files.PROGRAM.format(program=name), device, program.duration, strongest)


def _network_times(networks: Networks) -> dict[str, float]:
    """Return the estimated processor time in s of networks by their metrics."""
    times = {}
    for run in networks.runs():
        stage = run["stage"]
        training = getattr(networks.recipes[run["recipe"]], STAGES[stage].needs)
        epochs = 0 if stage in ("quantized", "fine_tuned_snapped") else training.epochs
        images = epochs * IMAGES * (1 - networks.validation_fraction)
        more = SECONDS_PER_FREE_NETWORK if stage in FREE_STAGES else SECONDS_PER_MAPPED_NETWORK
        times[files.METRICS.format(**run)] = more + SECONDS_PER_TRAINED_IMAGE * images
    return times


def window_work(campaign: Campaign) -> list[Work]:
    """List the simulations of all operating windows."""
    found: list[Work] = []
    for name, window in campaign.windows.items():
        devices = {each: window.of_variant(campaign.simulated, each) for each in window.variants}
        for variant, device in devices.items():
            initial = files.WINDOW_INITIAL.format(window=name, variant=variant)
            found.append(Work(initial, device, device.wall.relaxation))
        staircases = paths.staircase_places(campaign, name)
        for path, (variant, duration, density) in staircases.items():
            steps = 2 * len(devices[variant].track.inner_notch_positions)
            longest = steps * (window.step_duration - window.durations[-1] + duration)
            found.append(Work(path, devices[variant], longest, density))
    return found


def calibration_work(campaign: Campaign) -> list[Work]:
    """List the simulations of the calibration.

    Candidates of a round that is not there yet count with the longest pulse.
    """
    calibration, devices = campaign.calibration, campaign.simulated
    places = paths.candidate_places(campaign)
    found = [
        _of_pulse(path, calibration.of_candidate(devices, name, candidate), density)
        for path, (candidate, name, density) in places.items()
    ]
    if calibration.simulations():
        slowest = {name: high for name, (_, high) in calibration.parameters.ranges().items()}
        known = len(paths.candidates_of(campaign))
        total = 1 + calibration.candidates + calibration.local_candidates
        for each in calibration.simulations():
            device = calibration.of_candidate(devices, each.device, slowest)
            unknown = _of_pulse("", device, each.current_density)
            found += (total - known) * [unknown]
    return found


def depinning_work(campaign: Campaign) -> list[Work]:
    """List the sweeps, the resting walls and the pulses on them of all devices.

    Each threshold takes one pulse a round. As the thresholds of one and of both ends can differ,
    two are counted for each wall, which is the most.
    """
    found: list[Work] = []
    for name, asked in campaign.depinning.items():
        device = campaign.simulated[name]
        relaxation = device.relaxation.longest
        found += _sweep(name, device)
        starts = paths.depinning_starts(campaign, name)
        found += [Work(path, device, relaxation) for path in starts]
        known = paths.freed_places(campaign, name)
        found += [Work(path, device, asked.duration, density) for path, density in known.items()]
        if not Path(files.DEPINNING.format(device=name)).exists():
            left = max(2 * asked.rounds() * len(starts) - len(known), 0)
            found += left * [Work("", device, asked.duration, asked.current_densities[1])]
    return found


def transition_work(campaign: Campaign) -> list[Work]:
    """List the simulations of all transitions, with those of the states from which they start."""
    found: list[Work] = []
    for name in campaign.transitions:
        device = campaign.simulated[name]
        relaxation = device.relaxation.longest
        found += [Work(path, device, relaxation) for path in paths.start_paths(campaign, name)]
        for path, (duration, density) in paths.transition_places(campaign, name).items():
            found.append(Work(path, device, duration + relaxation, density))
    return found


def interval_work(campaign: Campaign) -> list[Work]:
    """List the pulses of the sweeps of all bisections, and those that each edge needs.

    A sweep has at least one edge for each state after the first that it reaches; how many there
    are is known only after it. One edge between each pair of neighbours is therefore counted, which
    is more than there usually are.
    """
    found: list[Work] = []
    for name, asked in campaign.intervals.items():
        device = campaign.simulated[name]
        longest = device.pulse.duration + device.relaxation.longest
        densities = device.pulse.current_densities
        found += _sweep(name, device)
        if not Path(files.INTERVALS.format(device=name)).exists():
            edges = (len(densities) - 1) * asked.rounds(device)
            found += edges * [Work("", device, longest, densities[-1])]
    return found
