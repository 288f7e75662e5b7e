"""The embedded engine as a calculator, which uses the core of the engine directly."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import __version__, tracks
from wallnet.config.calculators import FilmSettings
from wallnet.config.declarations import FilmDeclaration
from wallnet.config.waveform import Segment
from wallnet.experiment import Simulation
from wallnet.film.core import Engine, Tolerances
from wallnet.film.renormalization import at_temperature, limits, of_cells, of_film
from wallnet.film.terms import Terms
from wallnet.film.thermal import ThermalEngine
from wallnet.simulate.calculator import Calculator, Checkpoint, SimulationError
from wallnet.simulate.recorder import WARM_UP, Recorder, next_output
from wallnet.tracks.heating import TrackTemperature

RENEWAL = 50e-12
"""Longest time in s for which the temperature is constant, at its value in the middle."""


class BeyondModelError(SimulationError):
    """A pulse heats the film beyond what can be simulated.

    It does so at `time`, in s since the start of the pulse, when it has the `temperature` in K. The
    reason says why this cannot be simulated, with the verb.
    """

    def __init__(self, time: float, temperature: float, reason: str) -> None:
        super().__init__(
            f"at {time:.4g} s the pulse has heated the track to {temperature:.1f} K, {reason}; "
            "lower the current density or shorten the pulse"
        )
        self.temperature = temperature


_CHECKED_EVERY = 10e-12
"""Time in s between two temperatures of a pulse that are checked before it is simulated."""


class HeatedFilm:
    """Terms and temperature of a film over the time of a job whose pulses heat it.

    With Bloch's law, m(T) = 1 - (T/Tc)^(3/2), and r = m(T)/m(T_ambient): Ms is proportional to r, A
    and D to r², Ku to r^p, with p = 3 by Callen and Callen for one axis. Damping and γ0 do not
    change. The law is that of the film. Its cells have the values with which their fluctuations at
    T follow it. See docs/physics.md for the sources.

    Attributes
    ----------
    highest : float
        Highest temperature in K.

    Raises
    ------
    BeyondModelError
        If the pulse heats the film beyond what it can be simulated at.
    """

    def __init__(self, job: Simulation) -> None:
        assert job.heating
        self._ambient = job.temperature
        film = tracks.film(job)
        self._cell = film["cell"]
        self._temperature = TrackTemperature(job)
        count = math.ceil(job.pulse_end / _CHECKED_EVERY) + 1
        times = np.linspace(0, job.pulse_end, count)
        parts = np.array_split(times, math.ceil(count / 1000))
        found = np.concatenate([self._temperature(part) for part in parts])
        self.highest = float(found.max())
        try:
            self._film = of_film(film["terms"], self._cell, self._ambient)
        except ValueError as error:
            raise SimulationError(str(error)) from None
        self._law = (job.heating.curie_temperature, job.heating.anisotropy_exponent)
        _, self._limit = limits(self._film, self._ambient, *self._law)
        for time, temperature in zip(times.tolist(), found.tolist(), strict=True):
            self._film_at(time, temperature)
        hottest = float(times[found.argmax()])
        try:
            self.at(hottest)
        except ValueError:
            reason = "where its domains are not stable against thermal fluctuations"
            raise BeyondModelError(hottest, self.highest, reason) from None

    def at(self, time: float) -> tuple[Terms, float]:
        """Return terms, and temperature in K, at a time in s."""
        temperature = float(self._temperature(time))
        film = self._film_at(time, temperature)
        return of_cells(film, self._cell, temperature), temperature

    def _film_at(self, time: float, temperature: float) -> Terms:
        if temperature >= self._limit:
            curie = self._law[0]
            reason = f"and its Curie temperature is {curie:g} K"
            if self._limit < curie:
                reason = f"and its magnetisation is not perpendicular from {self._limit:.1f} K on"
            raise BeyondModelError(time, temperature, reason)
        return at_temperature(self._film, self._ambient, temperature, *self._law)


def engine_of(job: Simulation, settings: FilmSettings) -> Engine:
    """Return the engine for a job, without a magnetisation."""
    if job.temperature:
        return ThermalEngine(**tracks.film(job), temperature=job.temperature, seed=job.noise_key)
    return Engine(**tracks.film(job), tolerances=Tolerances(**dict(settings)))


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


def _torque(job: Simulation, segment: Segment) -> tuple[Any, ...]:
    """Return the arguments of `Engine.set_torque` for a part of a pulse."""
    density = job.current_density or 0.0
    first, last = (
        job.material.torque(share * density, tracks.SPIN_DIRECTION)
        for share in (segment.first, segment.last)
    )
    return (first,) if first == last else (first, last, (segment.begin, segment.end))


class Embedded(FilmDeclaration, Calculator[FilmSettings]):
    """The embedded engine; a killed job continues from its checkpoint."""

    resumes = True

    def run(
        self,
        job: Simulation,
        start: NDArray[np.floating],
        recorder: Recorder,
        progress: Callable[[float], None],
        checkpoint: Checkpoint | None,
    ) -> dict[str, Any]:
        """Simulate a job; see `Calculator.run`."""
        engine = engine_of(job, self.settings)
        heated = HeatedFilm(job) if job.heating else None
        engine.magnetization = start
        earlier = checkpoint.load() if checkpoint else None
        if earlier is None:
            recorder.record(0.0, engine.magnetization)
        else:
            recorder.restore(earlier)

        def until(end: float) -> None:
            """Advance by the output interval, but not beyond the end."""
            target = next_output(engine.time, job.output.interval)
            _advance(engine, min(target, end), heated)
            recorder.record(engine.time, engine.magnetization)
            if isinstance(engine, ThermalEngine) and engine.time > WARM_UP:
                measured = [engine.spin_temperature(), engine.temperature]
                recorder.spin_temperatures.append(measured)
            progress(engine.time)
            if checkpoint:
                checkpoint.offer(lambda: engine.state() | recorder.content())

        # a wall rests after its pulse only
        reached, last = recorder.time[-1], recorder.pulse_end + job.relaxation.longest
        parts = [(each.end, _torque(job, each)) for each in job.segments()]
        for end, torque in (*parts, (last, (None,))):
            if reached > end * (1 + 1e-9):
                continue
            engine.set_torque(*torque)
            if earlier is not None:
                engine.restore(earlier)
                earlier = None
            while engine.time < end * (1 - 1e-9) and not recorder.resting():
                until(end)
        return {
            **({"highest_temperature": heated.highest} if heated else {}),
            "backend_version": __version__,
            "steps": engine.counters.steps,
            "field_evaluations": engine.counters.field_evaluations,
            "stray_field_renewals": engine.counters.stray_field_renewals,
        }
