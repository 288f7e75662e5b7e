"""The levels of a synapse: the states in which its wall rests, and which pulses reach them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wallnet import files
from wallnet.devices.conductance import normalize

logger = logging.getLogger(__name__)

START = "initial"
"""State of a wall where it starts: level 0."""

REVERSED = "reversed"
"""State of a track that the wall has left on the right: the highest level."""


@dataclass(frozen=True)
class State:
    """One state in which a synapse may rest.

    Attributes
    ----------
    label : str
        Name of the state, as in the trace files.
    resting : str
        Where a wall placed there came to rest; the label itself if it stayed.
    source : str
        What was measured; empty if nothing rests there.
    position : float
        Mean position of the wall at rest in m; where the placed wall went if nothing rests there.
    conductance : ndarray (2,)
        In S, in the order of `files.READINGS`; NaN if nothing rests there.
    """

    label: str
    resting: str
    source: str
    position: float
    conductance: NDArray[np.float64]

    @property
    def stable(self) -> bool:
        """Whether a wall can rest there."""
        return bool(self.source)

    @property
    def is_half(self) -> bool:
        """Whether the wall hangs between two notches."""
        return self.label.startswith("between ")


def level_label(name: str) -> str:
    """Return the state that a level's file name stands for.

    Examples
    --------
    >>> level_label("2"), level_label("2-3")
    ('notch 2', 'between 2 and 3')
    """
    low, _, high = name.partition("-")
    return f"between {low} and {high}" if high else f"notch {low}"


@dataclass(frozen=True)
class Sweep:
    """What the pulses of a sweep left behind.

    Attributes
    ----------
    current_density : ndarray (pulses,)
        In A/m².
    state : sequence of str
        State at the end of each trace.
    settled : ndarray (pulses,)
        1 where the wall rests, 0 where it still moved, -1 where nothing waited for it to rest.
    position : ndarray (pulses,)
        Mean position of the wall at the end of each trace, in m.
    conductance : ndarray (2, pulses)
        At the end of each trace, in S, in the order of `files.READINGS`.
    """

    current_density: NDArray[np.float64]
    state: Sequence[str]
    settled: NDArray[np.int8]
    position: NDArray[np.float64]
    conductance: NDArray[np.float64]

    def first_reaching(self, label: str) -> int | None:
        """Return the index of the smallest J, by magnitude, after which the wall rests there."""
        reached = [
            index
            for index, state in enumerate(self.state)
            if state == label and self.settled[index] == 1
        ]
        return min(reached, key=lambda index: abs(self.current_density[index]), default=None)

    def smallest_reaching(self, label: str) -> float:
        """Return the smallest J in A/m² after which the wall rests in a state; else NaN."""
        index = self.first_reaching(label)
        return float("nan") if index is None else float(self.current_density[index])

    def measured(self, label: str, resting: str) -> State | None:
        """Return a state as the smallest pulse that reaches it left it, or None.

        Parameters
        ----------
        label : str
            The state.
        resting : str
            Where a wall placed there came to rest.
        """
        index = self.first_reaching(label)
        if index is None:
            return None
        return State(
            label=label,
            resting=resting,
            source=f"pulse of {self.current_density[index] / 1e12:.4f}e12 A/m2",
            position=float(self.position[index]),
            conductance=self.conductance[:, index],
        )


def level_state(placed: State, sweep: Sweep, name: str) -> State:
    """Return what a level is measured from: the wall placed there, or else a pulse.

    A wall that is placed straight may slip although the drive brings walls to rest there, bent:
    then the pulse is what counts.

    Parameters
    ----------
    placed : State
        What the relaxed wall showed.
    sweep : Sweep
        What the pulses reached.
    name : str
        What to call the device in messages.

    Returns
    -------
    State
        `placed`, if it held its wall or no pulse comes to rest there.
    """
    if placed.stable:
        return placed
    reached = sweep.measured(placed.label, placed.resting)
    logger.warning(
        "%s: a wall placed at '%s' %s; %s",
        name,
        placed.label,
        "did not come to rest" if placed.resting == placed.label else f"went to '{placed.resting}'",
        f"this level is measured after a {reached.source}"
        if reached
        else "this level gets no conductance",
    )
    return reached or placed


def level_variables(
    states: Sequence[State], sweep: Sweep, name: str
) -> dict[str, tuple[tuple[str, ...], object, dict[str, str]]]:
    """Return the level variables of a synapse file.

    The levels are the states with both wall ends at one notch, and the two ends of the track;
    the extended levels have the half states between them as well. A state in which no wall rests
    stays in the list, `stable` 0 and without a conductance.

    Parameters
    ----------
    states : sequence of State
        All states from the start to the reversed track, in order.
    sweep : Sweep
        What the pulses reached.
    name : str
        What to call the device in messages.

    Returns
    -------
    dict
        Variables as (dimensions, values, attributes).

    Raises
    ------
    wallnet.files.FileError
        If the first and the last level cannot be told apart.
    """
    variables: dict[str, tuple[tuple[str, ...], object, dict[str, str]]] = {}
    low, high = states[0].conductance, states[-1].conductance
    if np.any(low == high):
        raise files.FileError(
            f"{name}: the detector sees the same conductance at the start and on the reversed "
            "track; move detector.start and detector.stop apart"
        )
    whole = [state for state in states if not state.is_half]
    for prefix, chosen in (("", whole), ("extended_", list(states))):
        axis = f"{prefix}level"
        title = "extended level: " if prefix else "level: "
        conductance = np.stack([state.conductance for state in chosen], axis=1)
        reaching = np.array([sweep.smallest_reaching(state.label) for state in chosen])
        reaching[0] = 0.0
        held = conductance[:, [state.stable for state in chosen]]
        if not np.all(np.diff(held, axis=1) > 0):
            logger.warning("%s: the conductance does not rise from each %s to the next", name, axis)

        def put(
            key: str,
            values: object,
            unit: str,
            text: str,
            *,
            dims: tuple[str, ...] = (axis,),
            title: str = title,
            **more: str,
        ) -> None:
            variables[key] = (dims, values, {"units": unit, "long_name": title + text, **more})

        put(
            f"{prefix}normalized_conductance",
            normalize(conductance, low[:, None], high[:, None]),
            "1",
            "conductance normalised between the first and the last (paper, Eq. 3)",
            dims=("reading", axis),
        )
        put(
            "extended_conductance" if prefix else "level_conductance",
            conductance,
            "S",
            "conductance at rest",
            dims=("reading", axis),
        )
        put(
            "extended_state" if prefix else "level_state",
            np.array([state.label for state in chosen], dtype=object),
            "1",
            "state",
        )
        put(
            f"{prefix}resting_state",
            np.array([state.resting for state in chosen], dtype=object),
            "1",
            "where a wall placed there came to",
        )
        put(
            "extended_source" if prefix else "level_source",
            np.array([state.source for state in chosen], dtype=object),
            "1",
            "what it was measured from",
        )
        put(
            f"{prefix}position",
            np.array([state.position for state in chosen]),
            "m",
            "mean wall position at rest",
        )
        put(
            f"{prefix}stable",
            np.array([state.stable for state in chosen], dtype=np.int8),
            "1",
            "whether a wall rests there",
            values_mean="0 no, 1 yes",
        )
        put(
            f"{prefix}reachable",
            np.isfinite(reaching).astype(np.int8),
            "1",
            "whether a pulse of the sweep ends here at rest",
            values_mean="0 no, 1 yes",
        )
        put(
            f"{prefix}reaching_current_density",
            reaching,
            "A/m2",
            "smallest current density that ends here at rest",
            comment="0 at the start, which needs no pulse; NaN where no pulse of the sweep ends",
        )
    return variables
