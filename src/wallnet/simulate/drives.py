"""Division of a job into runs with and without current, which fixes the times of a trace."""

from dataclasses import dataclass, replace

import numpy as np

from wallnet.jobs import Run
from wallnet.simulate.recorder import next_output


@dataclass(frozen=True)
class Drive:
    """One run of equal stages, each of which ends with an entry of the trace.

    Attributes
    ----------
    driven : bool
        Whether a current flows.
    start, duration : float
        Start and duration in s.
    stages : int
        Number of entries.
    first, last : float
        Shares of the current density at the beginning and at the end, linear in between.
    """

    driven: bool
    start: float
    duration: float
    stages: int
    first: float = 1.0
    last: float = 1.0

    def time(self, stage: int) -> float:
        """Return the time in s at which a stage (from 0) ends."""
        return self.start + self.duration * (stage + 1) / self.stages


def drives(job: Run) -> list[Drive]:
    """Divide a job into runs with the same output times as the embedded engine.

    Parameters
    ----------
    job : Run
        The job.

    Returns
    -------
    list of Drive
        The pulse, then the relaxation. Each is divided if its beginning or end is not a multiple of
        the output interval, and the pulse at the points of its waveform. Pulse and relaxation are
        never in the same run, so that the edge of the pulse is sharp and no run inherits a current.
    """
    interval, pulse = job.output.interval, job.pulse_end
    parts = [
        replace(run, first=segment.share(run.start), last=segment.share(run.start + run.duration))
        for segment in job.segments()
        for run in _stretches(True, segment.begin, segment.end, interval)
    ]
    return parts + _stretches(False, pulse, job.end, interval)


def _stretches(driven: bool, start: float, end: float, interval: float) -> list[Drive]:
    parts = []
    while end - start > 1e-6 * interval:
        following = next_output(start, interval)
        whole = int(np.floor((end - start) / interval + 1e-6))
        if following - start < interval * (1 - 1e-6) or not whole:
            stop, stages = min(following, end), 1
        else:
            stop, stages = start + whole * interval, whole
        if end - stop < 1e-6 * interval:
            stop = end
        parts.append(Drive(driven, float(start), float(stop - start), stages))
        start = stop
    return parts
