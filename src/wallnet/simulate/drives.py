"""Division of a job into runs with and without current, which fixes the times of a trace."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from wallnet.experiment import Step
from wallnet.simulate.recorder import Recorder, next_output


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


def drives(job: Step) -> list[Drive]:
    """Divide a job into runs with the same output times as the embedded engine.

    Parameters
    ----------
    job : Step
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
        replace(part, first=each.share(part.start), last=each.share(part.start + part.duration))
        for each in job.segments()
        for part in _stretches(True, each.begin, each.end, interval)
    ]
    return parts + _stretches(False, pulse, pulse + job.relaxation.longest, interval)


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


def record_runs(
    runs: Iterable[Drive],
    states: Callable[[Drive, NDArray[np.floating]], Iterable[NDArray[np.floating]]],
    start: NDArray[np.floating],
    recorder: Recorder,
    progress: Callable[[float], None],
) -> None:
    """Record runs, each from the last state of the one before, until the wall rests.

    Parameters
    ----------
    runs : iterable of Drive
        The runs, in the order of time.
    states : callable
        Returns the states at the ends of the stages of a run, given the run and its first state.
    start : ndarray (rows, columns, 3)
        Unit vectors before the first run.
    recorder : Recorder
        Records the trace.
    progress : callable
        Receives the simulated time in s.
    """
    recorder.record(0.0, start)
    state = start
    for drive in runs:
        if recorder.resting():
            return
        for stage, reached in enumerate(states(drive, state)):
            state = reached
            recorder.record(drive.time(stage), state)
            progress(drive.time(stage))
            if recorder.resting():
                return
