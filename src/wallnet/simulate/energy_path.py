"""Minima of the energy next to states, and paths of least energy between two of them."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files
from wallnet.files import WallState
from wallnet.files.schema import blank
from wallnet.files.schema.states import EXPELLED, REVERSED
from wallnet.jobs.code import revision_of
from wallnet.jobs.energy_path import Ends, EnergyPath, Minima, between, ends_of, images_between
from wallnet.jobs.film import strip_of
from wallnet.simulate.calculator import SimulationError
from wallnet.tracks import films
from wallnet.tracks.geometry import centres
from wallnet.tracks.states import state_of_minimum
from wallnet.tracks.walls import placed_wall, wall_ends

if TYPE_CHECKING:
    import xarray

    from wallnet.film.energy import Landscape
    from wallnet.film.paths import Path

LEAD = 0.5
"""Lead of the upper end in the middle of a path of both ends together, in units of the Δ of
placed walls. Without it, the path could stay on a ridge, since neither end would be first."""

ATTEMPTS = 3
"""Largest number of paths that are computed until the highest image reaches a saddle point."""

LEADS = "upper end first"
"""Name of the route on which the upper end moves before the lower one."""

CLOSER = 0.8
"""Factor of the distance of the images from one attempt to the next."""

Route = Callable[[EnergyPath, Ends, Ends], list[Ends]]
"""Positions of a wall between two states, given those in both, in m."""


def find_minima(job: Minima) -> "xarray.Dataset":
    """Minimise the energy on from each placed wall, and from a reversed track.

    Returns
    -------
    xarray.Dataset
        Kind 'minima'. `minimum_state` names each minimum (`wallnet.tracks.states`); a wall stays in
        the state in which it is placed if that has the same name.

    Raises
    ------
    SimulationError
        If the field is not finite.
    """
    from wallnet.film import EngineError, minima
    from wallnet.film.energy import Landscape

    film = films.layer(job)
    landscape = Landscape(film)
    rows: list[dict[str, Any]] = []
    # JSON does not keep their order
    for placed in sorted(job.placements, key=lambda name: WallState(name).order):
        if (placement := job.placements[placed]) is None:
            start = np.full((*job.track.cells[::-1], 3), (0.0, 0.0, -1.0))
        else:
            start = placed_wall(job, placement.bottom, placement.top)
        try:
            minimum = minima.descend(landscape, np.ascontiguousarray(np.moveaxis(start, -1, 0)))
        except EngineError as error:
            raise SimulationError(f"minimum of '{placed}': {error}") from error
        m = np.moveaxis(minimum.m, 0, -1)
        ends = wall_ends(job.track, film.filled, m)
        rows.append(
            {
                "minimum_magnetization": np.where(film.mask[..., None], m, np.nan),
                "minimum_state": state_of_minimum(job, job.start, ends),
                "minimum_energy": minimum.energy,
                "minimum_residual_field": minimum.residual,
                "minimum_stiffness": minimum.stiffness,
                **dict(zip(("minimum_wall_bottom", "minimum_wall_top"), ends, strict=True)),
                "minimum_converged": minimum.converged,
                "placed": placed,
            }
        )
    x, y = centres(job.track)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    about = _origin(job) | {"stopping_field": minima.STOP}
    return files.dataset("minima", columns | {"x": x, "y": y}, about)


def _origin(job: Minima | EnergyPath) -> dict[str, Any]:
    """Return the attributes with the origin of a result: job, calculator and revision."""
    name = job.calculator_name
    return {"parameters": job.to_json(), "backend": name, "revision": revision_of(name)}


def find_barrier(job: EnergyPath, minima: "xarray.Dataset") -> "xarray.Dataset":
    """Compute the path of least energy between two states.

    Parameters
    ----------
    job : EnergyPath
        What is computed.
    minima : xarray.Dataset
        Minima of the states (kind 'minima'). The track without a wall is minimised here. If the
        half state between two notches has a minimum, paths on which one end moves first are left
        out: the pairs of the half state describe them.

    Returns
    -------
    xarray.Dataset
        Kind 'barrier'. If one of the states is no minimum, there is no path, and the attribute
        `reason` tells which.

    Raises
    ------
    SimulationError
        If a minimum is missing, or the field is not finite.
    """
    from wallnet.film import paths
    from wallnet.film.energy import Landscape

    first, second = WallState(job.first), WallState(job.second)
    begin = time.process_time()
    x, y = centres(job.track)
    values: dict[str, Any] = {
        **blank("barrier", image=0, mode=2, x=x.size, y=y.size, component=3),
        "saddle": -1,
        "barrier_converged": 0,
        "x": x,
        "y": y,
    }
    about = _origin(job) | {"route": "", "rounds": 0, "settled": 0}
    placed = minima["placed"].values
    stayed = (minima["minimum_converged"].values == 1) & (minima["minimum_state"].values == placed)
    held = {EXPELLED, REVERSED, *placed[stayed]}
    for state in (first, second):
        if state not in (EXPELLED, REVERSED, *placed):
            raise SimulationError(f"the minimum of '{state}' is missing; give its file (--after)")
        if state not in held:
            about["reason"] = f"'{state}' is no minimum of the energy"
            return files.dataset("barrier", values, about)
    film = films.layer(job)
    landscape = Landscape(film)
    ends = [_end(landscape, state, minima) for state in (first, second)]
    one_end = first.half or second.half
    straight = "one end moves" if one_end else "both ends together"
    # the pairs of a half state describe the path on which one end moves first
    covered = one_end or (first.ends and second.ends and between(first, second) in held)
    routes = {straight: _together} if covered else {straight: _together, LEADS: _one_first}
    path, chosen, spacing = _lowest_path(job, landscape, ends, routes)
    along = [wall_ends(job.track, film.filled, np.moveaxis(m, 0, -1)) for m in path.images]
    saddle = np.moveaxis(path.images[path.saddle], 0, -1)
    values |= {
        "path_energy": path.energy,
        "path_wall_bottom": [bottom for bottom, _ in along],
        "path_wall_top": [top for _, top in along],
        "path_distance": paths.along(path.images),
        "barrier_forward": path.top - path.energy[0],
        "barrier_backward": path.top - path.energy[-1],
        "saddle": path.saddle,
        "saddle_magnetization": np.where(film.mask[..., None], saddle, np.nan),
        "saddle_residual_field": path.residual,
        "saddle_stiffness": path.stiffness,
        "barrier_converged": path.converged,
    }
    about |= {
        "route": chosen,
        "rounds": path.rounds,
        "spacing": spacing,
        "settled": int(path.settled),
        "processor_time": round(time.process_time() - begin, 1),
        "reason": "" if path.converged else "the highest image did not reach a saddle point",
    }
    return files.dataset("barrier", values, about)


def _lowest_path(
    job: EnergyPath, landscape: "Landscape", ends: list[NDArray[Any]], routes: Mapping[str, Route]
) -> "tuple[Path, str, float]":
    """Return the path with the lowest saddle point, its route, and the spacing of images in m."""
    from wallnet.film import EngineError, paths

    # a wall some width parameters outside the track has left it
    outside = 6 * strip_of(job.track, job.material).placed_width
    places = ends_of(job.track, (WallState(job.first), WallState(job.second)), outside)
    for attempt in range(ATTEMPTS):
        closer = job.model_copy(update={"spacing": job.spacing * CLOSER**attempt})
        candidates = [_images(job, ends, route(closer, *places)) for route in routes.values()]
        try:
            path, best = paths.lowest(landscape, candidates)
        except EngineError as error:
            raise SimulationError(f"path from '{job.first}' to '{job.second}': {error}") from error
        chosen = list(routes)[best]
        if path.converged:
            break
        # closer images change its energy far less than another route does
        routes = {chosen: routes[chosen]}
    return path, chosen, closer.spacing


def _end(landscape: "Landscape", state: WallState, minima: "xarray.Dataset") -> NDArray[np.float32]:
    """Return the magnetisation of an end of a path, (3, rows, columns)."""
    from wallnet.film.minima import descend

    if state in (EXPELLED, REVERSED):
        uniform = np.zeros((3, *landscape.mask.shape))
        uniform[2] = 1.0 if state == EXPELLED else -1.0
        return descend(landscape, uniform).m.astype(np.float32)
    stored = np.nan_to_num(minima["minimum_magnetization"].sel(placed=str(state)).values)
    return np.ascontiguousarray(np.moveaxis(stored, -1, 0), dtype=np.float32)


def _together(job: EnergyPath, start: Ends, stop: Ends) -> list[Ends]:
    """Return the positions of a wall whose ends move at the same time."""
    lead = LEAD * strip_of(job.track, job.material).placed_width
    share = np.linspace(0, 1, images_between(start, stop, job.spacing))
    low, high = (a + share * (b - a) for a, b in zip(start, stop, strict=True))
    if start[0] == start[1] and stop[0] == stop[1]:
        high = high + lead * np.sin(np.pi * share)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _one_first(job: EnergyPath, start: Ends, stop: Ends) -> list[Ends]:
    """Return the positions of a wall whose upper end moves before the lower one."""
    share = np.linspace(0, 1, images_between(start, stop, job.spacing))
    upper = [(start[0], top) for top in start[1] + share * (stop[1] - start[1])]
    lower = [(bottom, stop[1]) for bottom in start[0] + share[1:] * (stop[0] - start[0])]
    return [*upper, *lower]


def _images(job: EnergyPath, ends: list[NDArray[Any]], route: list[Ends]) -> NDArray[np.float32]:
    """Return initialised walls between both ends of a path."""
    walls = [placed_wall(job, low, high) for low, high in route[1:-1]]
    inner = [np.moveaxis(wall, -1, 0).astype(np.float32) for wall in walls]
    return np.stack([ends[0], *inner, ends[1]])
