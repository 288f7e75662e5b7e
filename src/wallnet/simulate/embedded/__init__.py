"""The embedded engine as a calculator, which uses the core of the engine directly."""

import math
from typing import Any

from wallnet import __version__
from wallnet.config.calculators import FilmSettings
from wallnet.config.declarations import FilmDeclaration
from wallnet.config.waveform import Segment
from wallnet.files.progress import Progress
from wallnet.film.core import Engine, Tolerances
from wallnet.film.thermal import ThermalEngine
from wallnet.jobs import Run
from wallnet.jobs.film import torque_of
from wallnet.simulate.calculator import Calculator, Checkpoint
from wallnet.simulate.recorder import WARM_UP, Recorder, Vectors, next_output
from wallnet.tracks import films
from wallnet.tracks.heated import HeatedFilm

RENEWAL = 50e-12
"""Longest time in s for which the temperature is constant, at its value in the middle."""


def engine_of(job: Run, settings: FilmSettings) -> Engine:
    """Return the engine for a job, without a magnetisation."""
    if job.temperature:
        return ThermalEngine(films.layer(job), job.field, job.noise_key)
    return Engine(films.layer(job), Tolerances(**dict(settings)))


def _advance(engine: Engine, end: float, heated: HeatedFilm | None) -> None:
    """Advance to a time in s, with the temperature of each part if the film is heated."""
    if heated is None or not isinstance(engine, ThermalEngine):
        engine.advance(end - engine.time)
        return
    begin = engine.time
    parts = max(1, math.ceil((end - begin) / RENEWAL - 1e-9))
    for part in range(1, parts + 1):
        duration = begin + (end - begin) * part / parts - engine.time
        engine.set_material(*heated.at(engine.time + duration / 2))
        engine.advance(duration)


def _torque(job: Run, segment: Segment) -> tuple[Any, ...]:
    """Return the arguments of `Engine.set_torque` for a part of a pulse."""
    first, last = (
        torque_of(job.material, share * job.current_density)
        for share in (segment.first, segment.last)
    )
    return (first,) if first == last else (first, last, (segment.begin, segment.end))


class Embedded(FilmDeclaration, Calculator[FilmSettings]):
    """The embedded engine; a killed job continues from its checkpoint."""

    resumes = True

    def run(
        self,
        job: Run,
        start: Vectors,
        recorder: Recorder,
        progress: Progress,
        checkpoint: Checkpoint | None,
    ) -> dict[str, Any]:
        """Simulate a job; see `Calculator.run`."""
        engine = engine_of(job, self.settings)
        heated = HeatedFilm(job) if job.heat else None
        engine.magnetization = start
        earlier = checkpoint.load() if checkpoint else None
        if earlier is None:
            recorder.record(0.0, engine.magnetization)
        else:
            recorder.restore(earlier)

        def run_interval(end: float) -> None:
            """Advance by the output interval, but not beyond the end."""
            _advance(engine, min(next_output(engine.time, job.output.interval), end), heated)
            recorder.record(engine.time, engine.magnetization)
            if isinstance(engine, ThermalEngine) and engine.time > WARM_UP:
                recorder.spin_temperatures.append([engine.spin_temperature(), engine.temperature])
            progress(engine.time)
            if checkpoint:
                checkpoint.offer(lambda: engine.state() | recorder.content())

        # a wall rests after its pulse only
        reached, last = recorder.time[-1], job.end
        parts = [(segment.end, _torque(job, segment)) for segment in job.segments()]
        for end, torque in (*parts, (last, (None,))):
            if reached > end * (1 + 1e-9):
                continue
            engine.set_torque(*torque)
            if earlier is not None:
                engine.restore(earlier)
                earlier = None
            while engine.time < end * (1 - 1e-9) and not recorder.resting():
                run_interval(end)
        return {
            **({"highest_temperature": heated.highest} if heated else {}),
            "backend_version": __version__,
            "steps": engine.counters.steps,
            "field_evaluations": engine.counters.field_evaluations,
            "stray_field_renewals": engine.counters.stray_field_renewals,
        }
