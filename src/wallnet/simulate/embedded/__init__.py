"""The embedded engine as a calculator, which uses the core of the engine directly."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import __version__, tracks
from wallnet.config.calculators import FilmSettings
from wallnet.config.waveform import Segment
from wallnet.experiment import Step
from wallnet.film.core import Engine, Tolerances
from wallnet.simulate.calculator import Calculator
from wallnet.simulate.checkpoint import Checkpoint
from wallnet.simulate.recorder import Recorder, next_output


def engine_of(job: Step) -> Engine:
    """Return the engine for a job, without a magnetisation."""
    assert isinstance(job.calculator, FilmSettings)
    return Engine(**tracks.film(job), tolerances=Tolerances(**dict(job.calculator)))


def _torque(job: Step, segment: Segment) -> tuple[Any, ...]:
    """Return the arguments of `Engine.set_torque` for a part of a pulse."""
    density = job.current_density or 0.0
    first, last = (
        job.material.torque(share * density, tracks.SPIN_DIRECTION)
        for share in (segment.first, segment.last)
    )
    return (first,) if first == last else (first, last, (segment.begin, segment.end))


class Embedded(Calculator[FilmSettings]):
    """The embedded engine; a killed job continues from its checkpoint."""

    Settings = FilmSettings
    resumes = True
    waveforms = True

    def run(
        self,
        job: Step,
        start: NDArray[np.floating],
        recorder: Recorder,
        progress: Callable[[float], None],
        checkpoint: Checkpoint | None,
    ) -> dict[str, Any]:
        """Simulate a job; see `Calculator.run`."""
        engine = engine_of(job)
        engine.magnetization = start
        earlier = checkpoint.load() if checkpoint else None
        if earlier is None:
            recorder.record(0.0, engine.magnetization)
        else:
            recorder.restore(earlier)

        def until(end: float) -> None:
            """Advance by the output interval, but not beyond the end."""
            target = next_output(engine.time, job.output.interval)
            engine.advance(min(target, end) - engine.time)
            recorder.record(engine.time, engine.magnetization)
            progress(engine.time)
            if checkpoint:
                checkpoint.offer(lambda: engine.state() | recorder.content())

        reached = recorder.time[-1]
        driven = [each for each in job.segments() if reached <= each.end * (1 + 1e-9)]
        for segment in driven:
            engine.set_torque(*_torque(job, segment))
            if earlier is not None:
                engine.restore(earlier)
                earlier = None
            while engine.time < segment.end * (1 - 1e-9):
                until(segment.end)
        if driven:
            engine.set_torque(None)
        elif earlier is not None:
            engine.restore(earlier)
        last = recorder.pulse_end + job.relaxation.longest
        while engine.time < last * (1 - 1e-9) and not recorder.resting():
            until(last)
        return {
            "backend_version": __version__,
            "steps": engine.counters.steps,
            "field_evaluations": engine.counters.field_evaluations,
            "stray_field_renewals": engine.counters.stray_field_renewals,
        }
