"""Jobs for simulations: initial states, pulses and levels."""

from typing import Any

from pydantic import ValidationError, model_validator

from wallnet.config.calculators import (
    SETTINGS,
    CalculatorName,
    FilmSettings,
    OommfSettings,
    OwnSettings,
)
from wallnet.config.devices import Device, Output, Relaxation, SimulatedMaterial
from wallnet.config.quantities import CurrentDensity, DurationOrNone, Position, Section
from wallnet.config.track import Track
from wallnet.files import WallState
from wallnet.jobs.base import Job, first_finding
from wallnet.jobs.code import code_of


class WallPlacement(Section):
    """Positions in m at which the wall meets the lower and the upper edge."""

    bottom: Position
    top: Position


class SimulationJob(Job):
    """Simulation of one wall on one track: an optional pulse, then relaxation.

    Without `current_density` there is no pulse. The wall is initialised and relaxes, as for an
    initial state or a conductance level.
    """

    track: Track
    material: SimulatedMaterial
    placement: WallPlacement
    current_density: CurrentDensity | None = None
    pulse_duration: DurationOrNone = 0.0
    relaxation: Relaxation
    output: Output
    calculator: FilmSettings | OommfSettings | OwnSettings
    calculator_name: CalculatorName
    # identity of the code of a user-defined calculator; the package's calculators have revisions
    calculator_code: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _settings_of_the_named_calculator(cls, data: Any) -> Any:
        """Validate plain settings with the model of the named calculator."""
        if not isinstance(data, dict) or not isinstance(data.get("calculator"), dict):
            return data
        model = SETTINGS.get(str(data.get("calculator_name")), OwnSettings)
        try:
            settings = model.model_validate(data["calculator"])
        except ValidationError as invalid:
            raise ValueError(f"calculator.{first_finding(invalid)}") from None
        return {**data, "calculator": settings}


def _job(device: Device, bottom: float, top: float, **changes: Any) -> SimulationJob:
    name = device.calculator
    calculator: dict[str, Any] = {"calculator_name": name}
    if name in SETTINGS:
        calculator["calculator"] = getattr(device, name)
    else:
        given = (device.calculator_settings or {}).get(name, {})
        calculator["calculator"] = OwnSettings.model_validate(given)
        calculator["calculator_code"] = code_of(name)
    fields: dict[str, Any] = {
        "track": device.track,
        "material": device.material.simulated,
        "placement": WallPlacement(bottom=bottom, top=top),
        "relaxation": device.relaxation,
        "output": device.output,
    }
    return SimulationJob(**(fields | calculator | changes))


def initial_job(device: Device) -> SimulationJob:
    """Return the job that computes the initial state of a device."""
    start, duration = device.wall.start, device.wall.relaxation
    # with `hold` equal to `longest`, the relaxation lasts exactly the stated time
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


def level_states(track: Track) -> dict[WallState, tuple[float, float]]:
    """Return the initial position of a wall for each state in which it can rest on a track.

    Returns
    -------
    dict
        Positions in m at which the wall meets the lower and the upper edge, by state, from left to
        right. In a half state, the upper end is ahead, as under the driving current.
    """
    notches = track.inner_notch_positions
    places = {}
    for index, position in enumerate(notches, start=1):
        places[WallState.at(index, index)] = (position, position)
        if index < len(notches):
            places[WallState.at(index, index + 1)] = (position, notches[index])
    return places


def level_job(device: Device, name: str) -> SimulationJob:
    """Return the job that measures a level by relaxing a wall that is initialised there.

    Parameters
    ----------
    device : Device
        A device with notches.
    name : str
        Name of the level's file, such as "2", "2-3" or "3-2".
    """
    notches = device.track.inner_notch_positions
    lower, upper = WallState.from_file_name(name).ends or (1, 1)
    return _job(device, notches[lower - 1], notches[upper - 1])
