"""The embedded engine as a calculator, which uses the core of the engine directly.

At a temperature, nothing comes to rest. Which state the wall is in then follows from a quench: a
copy of the last state relaxes without temperature and current.
"""

import logging
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import __version__, tracks
from wallnet.config.calculators import FilmSettings
from wallnet.config.devices import Relaxation
from wallnet.config.waveform import Segment
from wallnet.experiment import Step
from wallnet.film.core import Engine, Tolerances
from wallnet.film.thermal import ThermalEngine
from wallnet.simulate.calculator import Calculator
from wallnet.simulate.checkpoint import Checkpoint
from wallnet.simulate.embedded.heated import RENEWAL, HeatedFilm
from wallnet.simulate.recorder import Recorder, next_output

logger = logging.getLogger(__name__)

QUENCH = Relaxation(longest=5e-9)
"""Relaxation without temperature and current, which shows the state of a wall."""

_WARM_UP = 20e-12
"""Time in s after which the film has its temperature."""

_LARGEST_DEVIATION = 0.05
"""Relative deviation of the measured from the set temperature above which there is a warning."""


def engine_of(job: Step) -> Engine:
    """Return the engine for a job, without a magnetisation."""
    assert isinstance(job.calculator, FilmSettings)
    if job.temperature:
        return ThermalEngine(**tracks.film(job), temperature=job.temperature, seed=job.noise_key)
    return Engine(**tracks.film(job), tolerances=Tolerances(**dict(job.calculator)))


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
        heated = HeatedFilm(job) if job.heating else None
        engine.magnetization = start
        earlier = checkpoint.load() if checkpoint else None
        if earlier is None:
            recorder.record(0.0, engine.magnetization)
        else:
            recorder.restore(earlier)
        # measured and set temperature
        spins = [] if earlier is None else earlier["spin_temperatures"].tolist()

        def until(end: float) -> None:
            """Advance by the output interval, but not beyond the end."""
            target = next_output(engine.time, job.output.interval)
            _advance(engine, min(target, end), heated)
            recorder.record(engine.time, engine.magnetization)
            if isinstance(engine, ThermalEngine) and engine.time > _WARM_UP:
                spins.append([engine.spin_temperature(), engine.temperature])
            progress(engine.time)
            if checkpoint:
                both = {"spin_temperatures": np.array(spins)}
                checkpoint.offer(lambda: engine.state() | recorder.content() | both)

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
            **(
                self._thermal(job, recorder, engine.magnetization, spins) if job.temperature else {}
            ),
            **({"highest_temperature": heated.highest} if heated else {}),
            "backend_version": __version__,
            "steps": engine.counters.steps,
            "field_evaluations": engine.counters.field_evaluations,
            "stray_field_renewals": engine.counters.stray_field_renewals,
        }

    def _thermal(
        self, job: Step, recorder: Recorder, last: NDArray[np.floating], spins: list[list[float]]
    ) -> dict[str, Any]:
        """Quench the last state of a job at a temperature; return the attributes of its trace."""
        cold = job.model_copy(
            update={
                "temperature": 0.0,
                "heating": None,
                "current_density": None,
                "relaxation": QUENCH,
                "output": job.output.without_maps_between(QUENCH.longest),
            }
        )
        quench = Recorder(cold)
        self.run(cold, last, quench, lambda time: None, None)
        bottom, top = recorder.quenched = quench.ends()
        measured, wanted = map(float, np.mean(spins, axis=0)) if spins else (math.nan, math.nan)
        if abs(measured / wanted - 1) > _LARGEST_DEVIATION:
            logger.warning(
                "the magnetisation has %.1f K instead of %.1f K; the pulse drives it far from "
                "equilibrium, or the film is small or the simulation short",
                measured,
                wanted,
            )
        return {
            "temperature": job.temperature,
            "domain_magnetization": recorder.domain_magnetization,
            "spin_temperature": measured,
            "seed": job.seed,
            "quenched_bottom": bottom,
            "quenched_top": top,
        }
