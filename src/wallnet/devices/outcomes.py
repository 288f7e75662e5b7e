"""Where a wall is after each pulse, from the trace of one pulse or of a train."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from wallnet.files import WallState
from wallnet.files.schema import Content


class Outcome(NamedTuple):
    """A wall after a pulse.

    Attributes
    ----------
    state : WallState
        Its state, "free" if no notch pins it.
    bottom, top : float
        Positions of its ends at the lower and the upper edge in m; at a temperature, those of the
        quenched wall.
    resting : bool or None
        Whether both ends rest; None if the time after the pulse is too short to tell. At a
        temperature the quenched wall rests.
    """

    state: WallState
    bottom: float
    top: float
    resting: bool | None

    @property
    def position(self) -> float:
        """Mean position of both ends in m."""
        return (self.bottom + self.top) / 2

    def rests_in(self, state: WallState) -> bool:
        """Return whether it rests in a state."""
        return self.resting is True and self.state == state


def outcomes(kind: str, read: Callable[..., Content]) -> list[list[Outcome]]:
    """Return the outcomes of each replica: one at 0 K.

    Parameters
    ----------
    kind : str
        'trace' or 'train'.
    read : callable
        Reads the variables with the given names.

    Returns
    -------
    list of list of Outcome
        By replica, then by pulse. A train begins with the wall before its first pulse.
    """
    if kind == "trace":
        content = read("wall_bottom", "wall_top")
        ends = (float(content.values[name][-1]) for name in ("wall_bottom", "wall_top"))
        bottom, top = quenched_ends(content.attrs) or ends
        state = WallState(str(content.attrs["state"]))
        settled = _resting(content.attrs["settled"], content)
        return [[Outcome(state, bottom, top, settled)]]
    names = ("pulse_state", "pulse_wall_bottom", "pulse_wall_top", "pulse_settled")
    content = read(*names)
    columns = (content.values[name] for name in names)
    return [
        [
            Outcome(WallState(str(state)), float(bottom), float(top), _resting(settled, content))
            for state, bottom, top, settled in zip(*columns, strict=True)
        ]
    ]


def quenched_ends(attributes: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the ends of the quenched wall of a trace in m, lower edge first; None at 0 K."""
    if "quenched_bottom" not in attributes:
        return None
    return float(attributes["quenched_bottom"]), float(attributes["quenched_top"])


def _resting(settled: Any, content: Content) -> bool | None:
    """Return whether a wall rests, given a flag of a trace or of a train."""
    if "temperature" in content.attrs:
        return True
    return {1: True, 0: False, -1: None}[int(settled)]
