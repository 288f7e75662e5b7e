"""Notes of how far each simulation has come, and numbers and times in words."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Progress = Callable[[float], None]
"""Function that is called with the simulated time in s."""

INTERVAL = 1.0
"""Wall time in s between two notes of a simulation."""


def progress_of(output: str | Path) -> Path:
    """Return the path of the progress of an output.

    Examples
    --------
    >>> progress_of("traces/0.5000.nc").name
    '.0.5000.nc.progress'
    """
    path = Path(output)
    return path.with_name(f".{path.name}.progress")


@contextmanager
def noted_progress(output: str | Path, longest: float) -> Iterator[Progress]:
    """Yield a function that notes the simulated time in s, and remove the note at the end.

    The simulation ends after `longest`, in s, at the latest. A note that cannot be written is left
    out, since nothing depends on it.
    """
    path, latest = progress_of(output), 0.0

    def write(simulated: float) -> None:
        nonlocal latest
        now = time.monotonic()
        if now - latest < INTERVAL:
            return
        latest = now
        with suppress(OSError):
            path.write_text(json.dumps([simulated, longest]), encoding="utf-8")

    try:
        yield write
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def read_progress(output: str | Path) -> tuple[float, float] | None:
    """Return simulated and longest time in s of a running simulation, or None if unknown."""
    try:
        simulated, longest = json.loads(progress_of(output).read_text(encoding="utf-8"))
        return float(simulated), float(longest)
    except (OSError, ValueError, TypeError):
        return None


def time_in_words(seconds: float) -> str:
    """Return a time in words.

    Examples
    --------
    >>> time_in_words(42), time_in_words(250), time_in_words(7300)
    ('42 s', '4 min', '2 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def counted(number: int, things: str) -> str:
    """Return a number of things in words; of one, the first word is in the singular.

    Examples
    --------
    >>> counted(1, "paths between minima"), counted(2, "jobs")
    ('1 path between minima', '2 jobs')
    """
    named = re.sub(r"s\b", "", things, count=1) if number == 1 else things
    return f"{number} {named}"
