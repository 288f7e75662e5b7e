"""Jobs that minimise the energy on from walls that are initialised where they may rest."""

from typing import ClassVar

from wallnet.config.devices import Device, StaticMaterial
from wallnet.config.track import Track
from wallnet.experiment.base import Job
from wallnet.experiment.simulation import WallPlacement, level_states
from wallnet.files import WallState
from wallnet.files.schema.states import INITIAL, REVERSED


class StaticJob(Job):
    """Computation from the energy alone.

    The energy is that of the embedded engine, whatever calculator simulates the device.
    """

    calculator_name: ClassVar[str] = "film"
    threads: ClassVar[int] = 1
    pulses: ClassVar[int] = 0
    longest: ClassVar[float] = 0.0
    track: Track
    material: StaticMaterial


class Minimum(StaticJob):
    """Minimisation of the energy on from a wall that is initialised in one state of a device."""

    processor_time: ClassVar[float] = 0.0
    """A minimum takes seconds."""
    state: str
    placement: WallPlacement | None = None
    """Positions of the initialised wall; None for the reversed track, which has none."""


def minimum_states(track: Track, start: float) -> list[WallState]:
    """Return the levels of a synapse, from each of which the energy is minimised, in order.

    Parameters
    ----------
    track : Track
        Track of the synapse.
    start : float
        Initial position of its wall in m.
    """
    placed = list(level_states(track))
    return placed if track.ends_in_notches(start) else [INITIAL, *placed, REVERSED]


def minimum_job(device: Device, name: str) -> Minimum:
    """Return the job that minimises the energy on from a state.

    Parameters
    ----------
    device : Device
        A synapse.
    name : str
        Name of the state's file, such as "2", "2-3", "initial" or "reversed".
    """
    state = WallState.from_file_name(name)
    start = device.wall.start
    placement = None
    if state != REVERSED:
        bottom, top = level_states(device.track)[state] if state.ends else (start, start)
        placement = WallPlacement(bottom=bottom, top=top)
    return Minimum(
        track=device.track, material=device.material.static, state=state, placement=placement
    )
