"""The embedded engine as a calculator, which uses the core of the engine directly."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import __version__, tracks
from wallnet.config import FilmSettings
from wallnet.film.core import Engine, Tolerances
from wallnet.film.terms import SpinTorque
from wallnet.jobs import SimulationJob
from wallnet.simulate.calculator import Calculator
from wallnet.simulate.checkpoint import Checkpoint
from wallnet.simulate.recorder import Recorder, next_output


def film_of(job: SimulationJob) -> Engine:
    """Return the engine for a job, without a magnetisation."""
    track = job.track
    settings = job.calculator
    assert isinstance(settings, FilmSettings)
    return Engine(
        tracks.magnetic_mask(track),
        (track.cell_size, track.cell_size, track.thickness),
        job.material.terms(),
        Tolerances(
            stray_field_tolerance=settings.stray_field_tolerance,
            frozen_change=settings.frozen_change,
            time_step_fraction=settings.time_step_fraction,
        ),
    )


class Embedded(Calculator[FilmSettings]):
    """The embedded engine; a killed job continues from its checkpoint."""

    Settings = FilmSettings
    resumes = True

    def run(
        self,
        job: SimulationJob,
        start: NDArray[np.floating],
        recorder: Recorder,
        progress: Callable[[float], None],
        checkpoint: Checkpoint | None,
    ) -> dict[str, Any]:
        """Simulate a job; see `Calculator.run`."""
        film = film_of(job)
        film.magnetization = start
        earlier = checkpoint.load() if checkpoint else None
        if earlier is None:
            recorder.record(0.0, film.magnetization)
        else:
            recorder.restore(earlier)

        def until(end: float) -> None:
            """Advance by the output interval, but not beyond the end."""
            target = next_output(film.time, job.output.interval)
            film.advance(min(target, end) - film.time)
            recorder.record(film.time, film.magnetization)
            progress(film.time)
            if checkpoint:
                checkpoint.offer(lambda: film.state() | recorder.content())

        relaxes = earlier is not None and recorder.time[-1] > recorder.pulse_end * (1 + 1e-9)
        if job.current_density is not None and not relaxes:
            film.set_torque(
                SpinTorque(
                    current_density=job.current_density,
                    polarization=job.material.polarization,
                    direction=tracks.SPIN_DIRECTION,
                    slonczewski_lambda=job.material.slonczewski_lambda,
                    field_like=job.material.field_like_torque,
                )
            )
            if earlier is not None:
                film.restore(earlier)
            while film.time < job.pulse_duration * (1 - 1e-9):
                until(job.pulse_duration)
            film.set_torque(None)
        elif earlier is not None:
            film.restore(earlier)
        last = recorder.pulse_end + job.relaxation.longest
        while film.time < last * (1 - 1e-9) and not recorder.resting():
            until(last)
        return {
            "backend_version": __version__,
            "steps": film.counters.steps,
            "field_evaluations": film.counters.field_evaluations,
            "stray_field_renewals": film.counters.stray_field_renewals,
        }
