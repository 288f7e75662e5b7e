"""Waveforms: the shape of a current pulse as a table of times and shares of its current density."""

import itertools
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from wallnet.config.quantities import DurationOrNone, Quantity, checked_value, plain
from wallnet.files.whole import LARGEST_TEXT, regular

MOST_POINTS = 200
"""Largest number of points: a job contains them, and the engine ends a step at each."""

CLOSEST = 1e-15
"""Shortest time in s between two points that are not a jump."""

ROUNDING = 1e-9
"""Relative tolerance of times, since sums of decimal numbers have rounding errors."""

Points = tuple[tuple[float, float], ...]
"""Times in s and shares of the current density; none for a square pulse."""


def named_files(data: object) -> Iterator[str]:
    """Yield the CSV files of all waveforms in a configuration, given as plain data."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key == "waveform" and isinstance(value, str):
                yield value
            yield from named_files(value)
    elif isinstance(data, list):
        for value in data:
            yield from named_files(value)


def _table(name: Any) -> Any:
    """Return the rows of a CSV file or of an array as a list; any other value as it is.

    A file contains times and shares. Text in its first row is a header.
    """
    if isinstance(name, Mapping):
        raise ValueError("is a block, not a list; write [[time, share], ...], or pulse.rise_time")
    if not isinstance(name, str):
        return plain(name)
    try:
        text = regular(Path(name).expanduser(), LARGEST_TEXT).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise ValueError(f"names {name!r}, which cannot be read ({reason}); correct it") from None
    lines = [line.split(",") for line in text.splitlines() if line.strip(", ")]
    header = lines and not re.match(r"\s*[-+.\d]", lines[0][0])
    rows = lines[bool(header) :]
    if not rows or any(len(row) != 2 for row in rows):
        raise ValueError(
            f"names {name}, which is no table of two columns; write a time in s and a share of "
            "current_density in each row, with a comma between"
        )
    return rows


def _ordered(points: Points) -> Points:
    """Check the order of the points."""
    times = [time for time, _ in points]
    if times and times[0] != 0:
        raise ValueError(f"starts at {times[0]:g} s; write 0 as the first time")
    for before, after in itertools.pairwise(times):
        if after < before:
            raise ValueError(f"has {after:g} s after {before:g} s; order its times")
        if before < after < before + CLOSEST * (1 - 1e-6):
            raise ValueError(
                f"has points at {before:.10g} and {after:.10g} s, less than {CLOSEST:g} s apart; "
                "write the same time twice for a jump"
            )
    for first, last in zip(times, times[2:], strict=False):
        if first == last:
            raise ValueError(f"has {first:g} s three times; a jump has two values")
    return points


SHARE = Quantity("1", -1.0, 1.0, fix="values are shares of current_density: divide them by it")
Share = Annotated[float, SHARE]
_Pairs = Annotated[tuple[tuple[DurationOrNone, Share], ...], Field(max_length=MOST_POINTS)]
_Titled = Annotated[_Pairs, Field(title="[[time, share], ...]")]

Waveform = Annotated[
    _Pairs,
    AfterValidator(_ordered),
    BeforeValidator(_table, json_schema_input_type=_Titled | str),
    Field(exclude_if=lambda value: not value),
]
"""Waveform of a pulse, from a list or an array of pairs or from a CSV file. A square pulse has none
in its JSON."""


def too_long(points: Points, duration: float) -> Iterator[str]:
    """Yield a sentence about a waveform that is longer than its pulse."""
    if points and points[-1][0] > duration * (1 + ROUNDING):
        end = points[-1][0]
        yield f"waveform ends at {end:g} s, after its pulse of {duration:g} s; lengthen the pulse"


def trapezoid(rise_time: float, duration: float) -> Points:
    """Return the waveform of a pulse that rises and falls in equal times; both are in s."""
    middle = duration - 2 * rise_time
    top = (rise_time, duration - rise_time) if middle > CLOSEST else (duration / 2,)
    return (0.0, 0.0), *((time, 1.0) for time in top), (duration, 0.0)


def tabulated(
    function: Callable[[float], float], duration: float, points: int = 100
) -> list[tuple[float, float]]:
    """Return a function of time as a waveform.

    Parameters
    ----------
    function : callable
        Share of the current density, from -1 to 1, of the time in s since the start of the pulse.
    duration : float
        Duration of the pulse in s.
    points : int
        Number of points, at equal distances from 0 to `duration`.

    Returns
    -------
    list of tuple
        Pairs of time and share, for `waveform` of a pulse.

    Raises
    ------
    wallnet.config.ConfigError
        If a share is no number from -1 to 1.
    """
    times = [duration * index / (points - 1) for index in range(points)]
    return [
        (time, checked_value(f"function({time:g})", function(time), SHARE.checked))
        for time in times
    ]


class Segment(NamedTuple):
    """A part of a pulse, in which the share of the current density is linear in time.

    It goes from the first share at `begin` to the last at `end`, in s since the start of the pulse.
    """

    begin: float
    end: float
    first: float
    last: float

    def share(self, time: float) -> float:
        """Return the share at a time."""
        passed = (time - self.begin) / (self.end - self.begin)
        return self.first + (self.last - self.first) * passed


def segments(points: Points, duration: float) -> list[Segment]:
    """Return the parts of a pulse between the points of its waveform; `duration` is in s.

    The last value is held to the end of the pulse. A square pulse is one part.
    """
    shape = points or ((0.0, 1.0),)
    ends = [(min(time, duration), share) for time, share in shape] + [(duration, shape[-1][1])]
    return [
        Segment(begin, end, first, last)
        for (begin, first), (end, last) in itertools.pairwise(ends)
        if end - begin > ROUNDING * duration
    ]


def share_at(points: Points, time: float) -> float:
    """Return the share of the current density at a time; before a jump, at the time of the jump."""
    if not points:
        return 1.0
    index = bisect_left(points, time * (1 - ROUNDING), key=lambda point: point[0])
    if index in (0, len(points)):
        return points[max(index - 1, 0)][1]
    (begin, first), (end, last) = points[index - 1 : index + 1]
    return Segment(begin, end, first, last).share(time)


def mean_square(points: Points, duration: float) -> float:
    """Return the mean square of the shares over a pulse: its heat per that of a square pulse."""
    if not points:
        return 1.0
    heat = (
        (end - begin) * (first * first + first * last + last * last) / 3
        for begin, end, first, last in segments(points, duration)
    )
    return sum(heat) / duration


def largest(points: Points) -> float:
    """Return the largest magnitude of the shares."""
    return max((abs(share) for _, share in points), default=1.0)
