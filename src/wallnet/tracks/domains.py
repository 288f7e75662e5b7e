"""Magnetisation of a domain of a track over time, to which a detector's resistances refer."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.film import renormalization
from wallnet.jobs import Simulation
from wallnet.jobs.film import domain_magnetization, strip_of, terms_of
from wallnet.tracks.heat_flow import TrackTemperature

if TYPE_CHECKING:
    import xarray

_ENTRIES = 65
"""Entries of the table over temperature, between which its straight lines differ from the
magnetisation by less than 1e-5."""


def domains_of(
    content: "xarray.Dataset", time: NDArray[np.floating]
) -> float | NDArray[np.float64]:
    """Return the magnetisation of a domain at times in s of a simulation, 1 at 0 K.

    It is one number unless pulses heat the film.
    """
    job = Simulation.from_json(str(content.attrs["parameters"]))
    if job.heating:
        return magnetization_over_time(job, time)
    return float(content.attrs.get("domain_magnetization", 1.0))


def magnetization_over_time(job: Simulation, time: ArrayLike) -> NDArray[np.float64]:
    """Return the mean of a cell's moment in a domain, 1 at 0 K.

    If pulses heat the film, its domains have the temperature that the track has then. Times are in
    s since the start of the first pulse of a pulse or a train; NaN gives NaN.
    """
    time = np.asarray(time, dtype=float)
    kelvin, begin = np.full_like(time, np.nan), 0.0
    for step in job.steps():
        # a step begins at the temperature at which the one before ended
        own = time >= begin
        kelvin[own] = TrackTemperature(step)(time[own] - begin)
        begin += step.longest
    heating, cell = job.heating, job.track.cell
    if heating is None:
        at_rest = domain_magnetization(job.track, job.material, job.temperature)
        return np.where(np.isnan(kelvin), np.nan, at_rest)
    strip = strip_of(job.track, job.material).demagnetization
    film = renormalization.of_film(terms_of(job.material), cell, job.temperature, strip)
    table = np.linspace(job.temperature, np.nanmax(kelvin, initial=job.temperature), _ENTRIES)
    law = heating.law
    values = [
        renormalization.domain_magnetization(
            law.at_temperature(film, job.temperature, kelvin), cell, kelvin, strip, True
        )
        for kelvin in table.tolist()
    ]
    return np.interp(kelvin, table, values)
