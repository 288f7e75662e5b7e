"""The film of a track that its pulses heat."""

import math
from dataclasses import replace

import numpy as np

from wallnet.errors import UserError
from wallnet.film.renormalization import of_cells, of_film
from wallnet.film.terms import Terms
from wallnet.jobs import Run
from wallnet.jobs.film import strip_of, terms_of
from wallnet.tracks.heat_flow import TrackTemperature
from wallnet.tracks.regions import weakest


class FilmError(UserError, RuntimeError):
    """A film cannot be simulated at a temperature; the message states the reason."""


class BeyondModelError(FilmError):
    """A pulse heats the film beyond what can be simulated.

    The `time` is in s since the start of the pulse, the `temperature` in K. The `reason` continues
    the sentence of the message.
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

    With Bloch's law, m(T) = 1 - (T/Tc)^(3/2), and r = m(T)/m(T_ambient): Ms is proportional to r,
    others to powers of r (`wallnet.film.renormalization.Law`); γ0 does not change. The law is that
    of the film. Its cells have the values whose fluctuations at T result in it. In a film
    that varies, cells keep their shares of these values. See docs/physics.md for the sources.

    Attributes
    ----------
    highest : float
        Highest temperature in K.

    Raises
    ------
    BeyondModelError
        If the pulse heats the film beyond the temperatures that can be simulated.
    """

    def __init__(self, job: Run) -> None:
        self._ambient = job.field
        self._cell = job.track.cell
        self._demagnetization = strip = strip_of(job.track, job.material).demagnetization
        self._temperature = TrackTemperature(job)
        count = math.ceil(job.pulse_end / _CHECKED_EVERY) + 1
        times = np.linspace(0, job.pulse_end, count)
        parts = np.array_split(times, math.ceil(count / 1000))
        temperatures = np.concatenate([self._temperature(part) for part in parts])
        self.highest = float(temperatures.max())
        try:
            self._film = of_film(terms_of(job.material), self._cell, self._ambient, strip)
        except ValueError as error:
            raise FilmError(str(error)) from None
        self._law, weak = job.law, self._film
        if job.variation:
            moment, anisotropy, strip = weakest(job.track.perfect, job.variation)
            weak = replace(
                weak,
                saturation_magnetization=weak.saturation_magnetization * moment,
                anisotropy=weak.anisotropy * anisotropy,
            )
        _, self._limit = self._law.limits(weak, self._ambient, strip)
        for time, temperature in zip(times.tolist(), temperatures.tolist(), strict=True):
            self._film_at(time, temperature)
        hottest = float(times[temperatures.argmax()])
        try:
            self.at(hottest)
        except ValueError:
            reason = "where its domains are not stable against thermal fluctuations"
            raise BeyondModelError(hottest, self.highest, reason) from None

    def at(self, time: float) -> tuple[Terms, float]:
        """Return terms, and temperature in K, at a time in s."""
        temperature = float(self._temperature(time))
        film = self._film_at(time, temperature)
        return of_cells(film, self._cell, temperature, self._demagnetization), temperature

    def _film_at(self, time: float, temperature: float) -> Terms:
        if temperature >= self._limit:
            curie, last = self._law.curie_temperature, self._law.last_temperature
            reason = f"from {last:g} K on too near its Curie temperature of {curie:g} K"
            if self._limit < last:
                reason = f"and its magnetisation is not perpendicular from {self._limit:.1f} K on"
            raise BeyondModelError(time, temperature, reason)
        return self._law.at_temperature(self._film, self._ambient, temperature)


def beyond_model(job: Run) -> BeyondModelError | None:
    """Return why a pulse of a job heats its film beyond the model; None if none does."""
    try:
        for step in job.parts() if job.heat else ():
            HeatedFilm(step)
    except BeyondModelError as fault:
        return fault
    return None
