"""The film of a job at the temperature that its pulses give it.

With Bloch's law, m(T) = 1 - (T/Tc)^(3/2), and r = m(T)/m(T_ambient): Ms is proportional to r, A and
D to r², Ku to r^p, with p = 3 by Callen and Callen for one axis. Damping and γ0 do not change. The
law is that of the film. Its cells have the values with which their fluctuations at T follow it. See
docs/physics.md for the sources.
"""

import math

import numpy as np

from wallnet import tracks
from wallnet.config.devices import VACUUM_PERMEABILITY
from wallnet.experiment import Step
from wallnet.film.renormalization import at_temperature, of_cells, of_film
from wallnet.film.terms import Terms
from wallnet.simulate.calculator import SimulationError
from wallnet.tracks.heating import TrackTemperature

RENEWAL = 50e-12
"""Longest time in s for which the temperature is constant, at its value in the middle."""


class BeyondModelError(SimulationError):
    """A pulse heats the film beyond what can be simulated.

    Parameters
    ----------
    time : float
        When it does, in s since the start of the pulse.
    temperature : float
        Temperature then, in K.
    reason : str
        Why this cannot be simulated, with the verb.
    """

    def __init__(self, time: float, temperature: float, reason: str) -> None:
        super().__init__(
            f"at {time:.4g} s the pulse has heated the track to {temperature:.1f} K, {reason}; "
            "lower the current density or shorten the pulse"
        )
        self.time, self.temperature = time, temperature


_CHECKED_EVERY = 10e-12
"""Time in s between two temperatures of a pulse that are checked before it is simulated."""


class HeatedFilm:
    """Terms and temperature of a film over the time of a job whose pulses heat it.

    Attributes
    ----------
    highest : float
        Highest temperature in K.

    Raises
    ------
    BeyondModelError
        If the pulse heats the film beyond what it can be simulated at.
    """

    def __init__(self, job: Step) -> None:
        assert job.heating
        self._heating, self._ambient = job.heating, job.temperature
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
        curie = self._heating.curie_temperature
        if temperature >= curie:
            reason = f"and its Curie temperature is {curie:g} K"
            raise BeyondModelError(time, temperature, reason)
        exponent = self._heating.anisotropy_exponent
        terms = at_temperature(self._film, self._ambient, temperature, curie, exponent)
        shape = VACUUM_PERMEABILITY * terms.saturation_magnetization**2 / 2
        if terms.anisotropy <= shape:
            reason = (
                f"where K_eff is {terms.anisotropy - shape:.4g} J/m³ and its magnetisation not "
                "perpendicular"
            )
            raise BeyondModelError(time, temperature, reason)
        return terms
