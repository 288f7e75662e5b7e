"""The part of the configuration that one job needs, as canonical JSON.

A rule hands its job this text and nothing else, so that a job runs again exactly when what it
computes has changed.
"""

import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import ValidationError

from wallnet.config.devices import (
    CURRENT_DENSITY_STEP,
    Detector,
    Device,
    Film,
    Material,
    Oommf,
    Output,
    Pulse,
    Relaxation,
    Track,
    Wall,
)
from wallnet.config.quantities import (
    ConfigError,
    CurrentDensity,
    Duration,
    DurationOrNone,
    Position,
    Section,
)


def current_name(current_density: float) -> str:
    """Return the name of a current density in file names: in 1e12 A/m², four decimals.

    Examples
    --------
    >>> current_name(0.5e12)
    '0.5000'
    """
    steps = round(current_density / CURRENT_DENSITY_STEP)
    sign = "-" if steps < 0 else ""
    whole, decimals = divmod(abs(steps), 10_000)
    return f"{sign}{whole}.{decimals:04d}"


def parse_current(name: str) -> float:
    """Return the current density in A/m² that a file name stands for.

    Examples
    --------
    >>> parse_current("0.5000")
    500000000000.0
    """
    sign = -1 if name.startswith("-") else 1
    whole, _, decimals = name.lstrip("-").partition(".")
    return sign * (int(whole) * 10_000 + int(decimals)) * CURRENT_DENSITY_STEP


def canonical(data: Any) -> str:
    """Write plain data as JSON with sorted keys and no spaces."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


LARGEST_JOB = 10_000_000
"""A job above this many characters is refused unread."""


def _plain(text: str) -> dict[str, Any]:
    """Read the JSON object of a job."""
    if len(text) > LARGEST_JOB:
        raise _no_job(f"it has more than {LARGEST_JOB} characters")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_job(f"it is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise _no_job("it is no JSON object")
    return data


def _no_job(reason: str) -> ConfigError:
    """Return what to raise for a job that cannot be read."""
    return ConfigError(
        f"--job cannot be used ({' '.join(reason.split())[:200]}); take the JSON that "
        "`snakemake --dry-run --printshellcmds` shows"
    )


def _finding(invalid: ValidationError) -> ConfigError:
    """Return what to raise for a job with an unsuitable key: the first finding."""
    error = invalid.errors(include_url=False, include_context=False)[0]
    key = ".".join(map(str, error["loc"])) or "the whole"
    return _no_job(f"{key}: {error['msg']}")


class WallPlacement(Section):
    """Where the wall meets the lower and the upper edge, in m."""

    bottom: Position
    top: Position


class SimulationJob(Section):
    """One wall on one track: an optional pulse, then relaxation.

    Without `current_density` there is no pulse: the wall is placed and relaxes, as for an
    initial state or a conductance level.
    """

    track: Track
    material: Material
    placement: WallPlacement
    current_density: CurrentDensity | None = None
    pulse_duration: DurationOrNone = 0.0
    relaxation: Relaxation
    output: Output
    calculator: Film | Oommf
    calculator_name: str

    def to_json(self) -> str:
        """Return the canonical JSON of this job."""
        return canonical(self.model_dump(mode="json", exclude_none=True))

    @classmethod
    def from_json(cls, text: str) -> "SimulationJob":
        """Read a job from its canonical JSON.

        Raises
        ------
        wallnet.config.ConfigError
            If it is none.
        """
        data = _plain(text)
        name = data.get("calculator_name")
        if name not in ("film", "oommf"):
            raise _no_job(f"calculator_name is {name!r}, not 'film' or 'oommf'")
        model = {"film": Film, "oommf": Oommf}[name]
        try:
            data["calculator"] = model.model_validate(data.get("calculator"))
            return cls.model_validate(data)
        except ValidationError as invalid:
            raise _finding(invalid) from None


def _job(device: Device, bottom: float, top: float, **changes: Any) -> SimulationJob:
    fields: dict[str, Any] = {
        "track": device.track,
        "material": device.material,
        "placement": WallPlacement(bottom=bottom, top=top),
        "relaxation": device.relaxation,
        "output": device.output,
        "calculator": getattr(device, device.calculator),
        "calculator_name": device.calculator,
    }
    return SimulationJob(**(fields | changes))


def initial_job(device: Device) -> SimulationJob:
    """Return the job that makes a device's initial state."""
    start, duration = device.wall.start, device.wall.relaxation
    # a hold as long as the cap lets the relaxation run for exactly the stated time
    relaxation = Relaxation(longest=duration, hold=duration or 1e-12)
    return _job(device, start, start, relaxation=relaxation)


def pulse_job(device: Device, current_density: float) -> SimulationJob:
    """Return the job of one current pulse on a device."""
    start = device.wall.start
    return _job(
        device,
        start,
        start,
        current_density=current_density,
        pulse_duration=device.pulse.duration,
    )


def level_states(device: "Device | DeviceJob") -> dict[str, tuple[float, float]]:
    """Return where a wall is placed for each state in which it can rest.

    Returns
    -------
    dict
        From the state's name ("1", "1-2", "2", …) to the positions in m at which the wall meets
        the lower and the upper edge. "1" has both ends at the first notch; "1-2" has the lower
        end at the first and the upper, which the drive makes lead, at the second.
    """
    notches = device.track.inner_notch_positions
    states = {}
    for index, position in enumerate(notches, start=1):
        states[f"{index}"] = (position, position)
        if index < len(notches):
            states[f"{index}-{index + 1}"] = (position, notches[index])
    return states


def level_job(device: Device, state: str) -> SimulationJob:
    """Return the job that measures one state: a wall placed there, then relaxed."""
    bottom, top = level_states(device)[state]
    return _job(device, bottom, top)


class DeviceJob(Section):
    """How the traces of one device become its conductance, levels or activation.

    Material and calculator are left out: they decide the traces, not how these are read.
    """

    kind: Literal["neuron", "synapse", "track"]
    track: Track
    wall: Wall
    pulse: Pulse
    detector: Detector
    read_at: Literal["pulse_end", "rest"] | Duration
    interval: Duration

    def to_json(self) -> str:
        """Return the canonical JSON of this job, regular stretches of the sweep as one entry.

        A command line of 128 KiB thus holds sweeps of any length that are regular in parts.
        """
        data = self.model_dump(mode="json", exclude_none=True)
        data["pulse"]["current_densities"] = _stretches(self.pulse.current_densities)
        return canonical(data)

    @classmethod
    def from_json(cls, text: str) -> "DeviceJob":
        """Read a job from its canonical JSON.

        Raises
        ------
        wallnet.config.ConfigError
            If it is none.
        """
        data = _plain(text)
        try:
            return cls.model_validate(data)
        except ValidationError as invalid:
            raise _finding(invalid) from None


def device_job(device: Device) -> DeviceJob:
    """Return the job that gathers a device's traces."""
    return DeviceJob(
        kind=device.kind,
        track=device.track,
        wall=device.wall,
        pulse=device.pulse,
        detector=device.detector,
        read_at=device.read_at,
        interval=device.output.interval,
    )


def _stretches(current_densities: Sequence[float]) -> list[Any]:
    """Write ascending densities as {start, stop, step} wherever three or more are equidistant."""
    steps = [round(density / CURRENT_DENSITY_STEP) for density in current_densities]
    stretches: list[Any] = []
    first = 0
    while first < len(steps):
        last = first
        if first + 1 < len(steps):
            step = steps[first + 1] - steps[first]
            while last + 1 < len(steps) and steps[last + 1] - steps[last] == step:
                last += 1
        if last - first >= 2:
            stretches.append(
                {
                    "start": steps[first] * CURRENT_DENSITY_STEP,
                    "stop": steps[last] * CURRENT_DENSITY_STEP,
                    "step": step * CURRENT_DENSITY_STEP,
                }
            )
            first = last + 1
        else:
            stretches.append(steps[first] * CURRENT_DENSITY_STEP)
            first += 1
    return stretches
