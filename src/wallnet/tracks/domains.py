"""Magnetisation of a domain of a track over time, to which a detector's resistances refer."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.film import renormalization
from wallnet.jobs import Run
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
    job = Run.of_dataset(content.attrs)
    if job.heat:
        return magnetization_over_time(job, time)
    return float(content.attrs.get("domain_magnetization", 1.0))


def magnetization_over_time(job: Run, time: ArrayLike) -> NDArray[np.float64]:
    """Return the mean of a cell's moment in a domain, 1 at 0 K.

    If pulses heat the film, its domains have the temperature that the track has then. Times are in
    s since the start of the first step that is read, or of the only one; NaN gives NaN.
    """
    time = np.asarray(time, dtype=float)
    kelvin, begin = np.full_like(time, np.nan), 0.0
    for part in [part for part in job.parts() if part.read_steps] or [job]:
        # a step begins at the temperature at which the one before ended
        own = time >= begin
        kelvin[own] = TrackTemperature(part)(time[own] - begin)
        begin += part.end
    cell, ambient = job.track.cell, job.field
    if job.heat is None:
        at_rest = domain_magnetization(job.track, job.material, ambient)
        return np.where(np.isnan(kelvin), np.nan, at_rest)
    strip = strip_of(job.track, job.material).demagnetization
    film = renormalization.of_film(terms_of(job.material), cell, ambient, strip)
    table = np.linspace(ambient, np.nanmax(kelvin, initial=ambient), _ENTRIES)
    values = [
        renormalization.domain_magnetization(
            job.law.at_temperature(film, ambient, kelvin), cell, kelvin, strip, True
        )
        for kelvin in table.tolist()
    ]
    return np.interp(kelvin, table, values)
