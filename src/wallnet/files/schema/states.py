"""The state of a wall: the notches that pin its two ends."""

import re

_NOTCH = r"[1-9]\d{0,5}"
_TEXT = re.compile(
    r"initial|free|wider|reversed|expelled|several walls|still moving|gap (0|[1-9]\d{0,5})"
    rf"|notch (?P<notch>{_NOTCH})|between (?P<lower>{_NOTCH}) and (?P<upper>{_NOTCH})",
    re.ASCII,
)


class WallState(str):
    """Name of a state, with properties derived from it.

    A wall meets both edges of the track, and each of its ends is pinned separately. In "notch 2",
    this notch pins both ends. In "between 2 and 3", the lower end is at notch 2 and the upper end
    at notch 3; in "between 3 and 2", the other way round; in "wider" they are at notches further
    apart. In "gap 2", the wall rests beside the notches, to the right of notch 2; "initial" is such
    a state where the wall started. These are minima of the energy (`wallnet.tracks.states`).

    The other states are "free" (no minimum belongs to the wall), "still moving", "several walls",
    "reversed" (the wall left the track on the right) and "expelled" (it left on the left).

    Parameters
    ----------
    text : str
        The name.

    Raises
    ------
    ValueError
        If no state has this name.

    Examples
    --------
    >>> state = WallState("between 2 and 3")
    >>> state.ends, state.half, state.file_name
    ((2, 3), True, '2-3')
    """

    __slots__ = ()

    def __new__(cls, text: str) -> "WallState":
        """Create a state from its name."""
        state = super().__new__(cls, text)
        match = _TEXT.fullmatch(state)
        if not match or (match["lower"] and abs(int(match["lower"]) - int(match["upper"])) != 1):
            raise ValueError(f"{text[:40]!r} is not a state of a wall")
        return state

    @classmethod
    def at(cls, lower: int, upper: int) -> "WallState":
        """Return the state of a wall that notches pin.

        Parameters
        ----------
        lower, upper : int
            The notch, counted from 1 on the left, that pins the end at the lower and at the
            upper edge.

        Examples
        --------
        >>> WallState.at(3, 2), WallState.at(2, 2), WallState.at(1, 4)
        ('between 3 and 2', 'notch 2', 'wider')
        """
        if abs(upper - lower) > 1:
            return WIDER
        return cls(f"notch {lower}" if lower == upper else f"between {lower} and {upper}")

    @classmethod
    def from_file_name(cls, name: str) -> "WallState":
        """Return the state of a level or a path, given its file's name without the suffix.

        Examples
        --------
        >>> WallState.from_file_name("2"), WallState.from_file_name("2-3")
        ('notch 2', 'between 2 and 3')
        """
        if name in WITHOUT_NOTCH:
            return cls(name)
        lower, dash, upper = name.partition("-")
        return cls(f"between {lower} and {upper}" if dash else f"notch {lower}")

    @property
    def ends(self) -> tuple[int, int] | None:
        """Notches that pin the lower and the upper end; None if the name contains no notch."""
        match = _TEXT.fullmatch(self)
        numbers = [int(number) for number in match.groupdict().values() if number] if match else []
        return (numbers[0], numbers[-1]) if numbers else None

    @property
    def order(self) -> tuple[int, tuple[float, ...]]:
        """Place among all states: from the left to the right end of the track, then the others."""
        if self in _OUTSIDE:
            return (_OUTSIDE[self], ())
        return (2, self.ends or (int(self.removeprefix("gap ")) + 0.5,))

    @property
    def half(self) -> bool:
        """Whether the wall is pinned at two neighbouring notches (a half state)."""
        return self.ends is not None and self.ends[0] != self.ends[1]

    @property
    def file_name(self) -> str:
        """Name of the file of a level in this state, without its suffix.

        Raises
        ------
        ValueError
            If no notch pins the wall, and it is neither at its start nor has it left the track,
            since there is no such file.
        """
        if self in WITHOUT_NOTCH:
            return str(self)
        if self.ends is None:
            raise ValueError(f"there is no level file of state {self!r}: no notch pins its wall")
        return "-".join(map(str, self.ends if self.half else self.ends[:1]))


INITIAL = WallState("initial")
FREE = WallState("free")
WIDER = WallState("wider")
REVERSED = WallState("reversed")
EXPELLED = WallState("expelled")
MOVING = WallState("still moving")
SEVERAL = WallState("several walls")

_OUTSIDE = {EXPELLED: 0, INITIAL: 1, REVERSED: 3, WIDER: 4, FREE: 5, MOVING: 6, SEVERAL: 7}
"""Places of the states without a notch in the order of states."""

WITHOUT_WALL = (REVERSED, EXPELLED)
"""States of a track that the wall has left; no pulse leads out of them."""

WITHOUT_NOTCH = ("initial", "reversed", "expelled")
"""States without a notch that occur in names of files."""
