"""The levels of a synapse: the states in which its wall rests, and which pulses reach them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet import files
from wallnet.devices.conductance import normalize
from wallnet.files import WallState

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Level:
    """One state in which a synapse may rest.

    Attributes
    ----------
    state : WallState
        The state.
    resting : WallState
        Where a wall placed there came to rest; the state itself if it stayed.
    source : str
        What was measured; empty if nothing rests there.
    position : float
        Mean position of the wall at rest in m; where the placed wall went if nothing rests there.
    conductance : ndarray (2,)
        In S, in the order of `files.READINGS`; NaN if nothing rests there.
    """

    state: WallState
    resting: WallState
    source: str
    position: float
    conductance: NDArray[np.float64]

    @property
    def stable(self) -> bool:
        """Whether a wall can rest there."""
        return bool(self.source)


@dataclass(frozen=True)
class Sweep:
    """What the pulses of a sweep left behind.

    Attributes
    ----------
    current_density : ndarray (pulses,)
        In A/m².
    state : sequence of WallState
        At the end of each trace.
    settled : ndarray (pulses,)
        1 where the wall rests, 0 where it still moved, -1 where nothing waited for it to rest.
    position : ndarray (pulses,)
        Mean position of the wall at the end of each trace, in m.
    conductance : ndarray (2, pulses)
        At the end of each trace, in S, in the order of `files.READINGS`.
    """

    current_density: NDArray[np.float64]
    state: Sequence[WallState]
    settled: NDArray[np.int8]
    position: NDArray[np.float64]
    conductance: NDArray[np.float64]

    def first_reaching(self, state: WallState) -> int | None:
        """Return the index of the smallest J, by magnitude, after which the wall rests there."""
        reached = [
            index
            for index, found in enumerate(self.state)
            if found == state and self.settled[index] == 1
        ]
        return min(reached, key=lambda index: abs(self.current_density[index]), default=None)

    def smallest_reaching(self, state: WallState) -> float:
        """Return the smallest J in A/m² after which the wall rests in a state; else NaN."""
        index = self.first_reaching(state)
        return float("nan") if index is None else float(self.current_density[index])

    def measured(self, state: WallState, resting: WallState) -> Level | None:
        """Return a level as the smallest pulse that reaches its state left it, or None.

        Parameters
        ----------
        state : WallState
            The state.
        resting : WallState
            Where a wall placed there came to rest.
        """
        index = self.first_reaching(state)
        if index is None:
            return None
        return Level(
            state=state,
            resting=resting,
            source=f"pulse of {self.current_density[index] / 1e12:.4f}e12 A/m2",
            position=float(self.position[index]),
            conductance=self.conductance[:, index],
        )


def measured_level(placed: Level, sweep: Sweep, name: str) -> Level:
    """Return what a level is measured from: the wall placed there, or else a pulse.

    A wall that is placed straight may slip although the drive brings walls to rest there, bent:
    then the pulse is what counts.

    Parameters
    ----------
    placed : Level
        What the relaxed wall showed.
    sweep : Sweep
        What the pulses reached.
    name : str
        What to call the device in messages.

    Returns
    -------
    Level
        `placed`, if it held its wall or no pulse comes to rest there.
    """
    if placed.stable:
        return placed
    reached = sweep.measured(placed.state, placed.resting)
    logger.warning(
        "%s: a wall placed at '%s' %s; %s",
        name,
        placed.state,
        "did not come to rest" if placed.resting == placed.state else f"went to '{placed.resting}'",
        f"this level is measured after a {reached.source}"
        if reached
        else "this level gets no conductance",
    )
    return reached or placed


def level_variables(levels: Sequence[Level], sweep: Sweep, name: str) -> dict[str, ArrayLike]:
    """Return the variables over the levels of a synapse.

    A state in which no wall rests stays in the list, `stable` 0 and without a conductance.

    Parameters
    ----------
    levels : sequence of Level
        All levels from the start to the reversed track, in order, half ones too.
    sweep : Sweep
        What the pulses reached.
    name : str
        What to call the device in messages.

    Returns
    -------
    dict
        Values by the names of `wallnet.files.schema`.

    Raises
    ------
    wallnet.files.FileError
        If the first and the last level cannot be told apart.
    """
    low, high = levels[0].conductance, levels[-1].conductance
    if np.any(low == high):
        raise files.FileError(
            f"{name}: the detector sees the same conductance at the start and on the reversed "
            "track; move detector.start and detector.stop apart"
        )
    conductance = np.stack([level.conductance for level in levels], axis=1)
    stable = np.array([level.stable for level in levels])
    if not np.all(np.diff(conductance[:, stable], axis=1) > 0):
        logger.warning("%s: the conductance does not rise from each level to the next", name)
    reaching = np.array([sweep.smallest_reaching(level.state) for level in levels])
    reaching[0] = 0.0
    return {
        "level": np.arange(len(levels)),
        "level_state": [level.state for level in levels],
        "level_resting_state": [level.resting for level in levels],
        "level_source": [level.source for level in levels],
        "level_position": [level.position for level in levels],
        "level_conductance": conductance,
        "normalized_level_conductance": normalize(conductance, low[:, None], high[:, None]),
        "half": [level.state.half for level in levels],
        "stable": stable,
        "reachable": np.isfinite(reaching),
        "reaching_current_density": reaching,
    }
