"""Minimisation of the energy on from a state of a device, and whether a wall stays there."""

from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet import files, revisions, tracks
from wallnet.experiment.energy_path import Minimum
from wallnet.files import WallState
from wallnet.simulate.calculator import SimulationError

if TYPE_CHECKING:
    import xarray

    from wallnet.film.landscape import Landscape


def landscape_of(job: tracks.TrackJob) -> "Landscape":
    """Return the energy of the film of a job."""
    from wallnet.film.landscape import Landscape

    return Landscape(**tracks.film(job))


def find_minimum(job: Minimum) -> "xarray.Dataset":
    """Minimise the energy on from an initialised wall, or from a reversed track.

    Parameters
    ----------
    job : Minimum
        Track, material and state.

    Returns
    -------
    xarray.Dataset
        Kind 'minimum'. The attributes tell the `state` at the minimum, and whether it is that of
        the job (`stayed`).

    Raises
    ------
    SimulationError
        If the field is not finite.
    """
    from wallnet.film import EngineError, minima

    wanted = WallState(job.state)
    width = job.material.wall_width_parameter
    if job.placement is None:
        start = np.zeros((*job.track.cells[::-1], 3))
        start[..., 2] = -1.0
    else:
        start = tracks.placed_wall(job.track, width, job.placement.bottom, job.placement.top)
    landscape = landscape_of(job)
    mask = landscape.mask
    try:
        found = minima.descend(landscape, np.ascontiguousarray(np.moveaxis(start, -1, 0)))
    except EngineError as error:
        raise SimulationError(f"minimum of '{wanted}': {error}") from error
    m = np.moveaxis(found.m, 0, -1)
    first = tracks.wall_ends(job.track, mask, start)
    bottom, top = tracks.wall_ends(job.track, mask, m)
    middle = sum(first) / 2
    state = tracks.wall_state(job.track, width, middle, bottom, top)
    # an initial wall has the name of the notch at which it may be
    begun = tracks.wall_state(job.track, width, middle, *first) if not wanted.ends else wanted
    x, y = tracks.centres(job.track)
    values: dict[str, Any] = {
        "minimum_magnetization": np.where(mask[..., None], m, np.nan),
        "minimum_energy": found.energy,
        "minimum_residual_field": found.residual,
        "minimum_stiffness": found.stiffness,
        "minimum_wall_bottom": bottom,
        "minimum_wall_top": top,
        "minimum_converged": found.converged,
        "x": x,
        "y": y,
    }
    return files.dataset(
        "minimum",
        values,
        {
            "parameters": job.to_json(),
            "backend": "film",
            "revision": revisions.of("film"),
            "state": str(state),
            "stayed": int(state == begun),
            "stopping_field": minima.STOP,
            "steps": found.steps,
        },
    )
