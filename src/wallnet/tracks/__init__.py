"""A track, its cells, its wall and its pulse as arrays or as a `micromagneticmodel.System`.

Cells are indexed (row, column). Row 0 is along the lower edge y = 0, column 0 along the left edge
x = 0. The left domain points along -z, the right one along +z.
"""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Track
from wallnet.config.devices import SimulatedMaterial
from wallnet.film.terms import Cells, Layer
from wallnet.jobs import Simulation
from wallnet.jobs.base import TrackJob
from wallnet.jobs.film import SPIN_DIRECTION, strip_of, terms_of
from wallnet.tracks import geometry, grains
from wallnet.tracks.current import current
from wallnet.tracks.geometry import centres as centres
from wallnet.tracks.geometry import magnetic_mask as magnetic_mask
from wallnet.tracks.regions import relative

if TYPE_CHECKING:
    import micromagneticmodel

SYSTEM_NAME = "track"
"""Name of a `micromagneticmodel.System`, and of the files that a calculator writes for it."""

OERSTED = "oersted"
"""Name of the term of a `micromagneticmodel.System` with the field that goes with the current."""


def layer(job: TrackJob) -> Layer:
    """Return the film that a job describes, cell by cell; every calculator takes it from here."""
    track = job.track
    mask, varying = magnetic_mask(track), geometry.shares(track) | grains.bonds(track)
    varying |= relative(track, job.variation)
    if isinstance(job, Simulation) and job.crowding:
        varying |= {"polarized": current(track, job.crowding).polarized}
    cells = Cells(mask, **varying) if varying else None
    oersted = job.oersted if isinstance(job, Simulation) else None
    field = geometry.oersted_field(track, oersted) if oersted else None
    return Layer(mask, track.cell, terms_of(job.material), held_cells(track), cells, field)


def column_cells(film: Layer) -> NDArray[np.number]:
    """Return the number of magnetic cells in each column; partly filled cells count in part."""
    if film.cells is None:
        return film.mask.sum(axis=0, dtype=np.int32)
    return film.filled.sum(axis=0)


def free_width(track: Track, x: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the width of the film between its edges at positions x in m; 0 outside the track."""
    inside = (x >= 0) & (x <= track.length)
    return np.where(inside, track.width - geometry.cuts(track, x).sum(axis=0), 0.0)


def held_cells(track: Track) -> NDArray[np.bool_]:
    """Return the mask of frozen spins, shape (rows, columns).

    A cell is frozen if its centre is in a fixed end of the track.
    """
    x, _ = centres(track)
    first, last = track.free_range
    return ((x < first) | (x > last)) & magnetic_mask(track)


def placed_wall(job: TrackJob, bottom: float, top: float) -> NDArray[np.float64]:
    """Return a Néel wall between an up and a down domain, for the film of a job.

    m = (-sech u, 0, tanh u) with u = (x - x0(y))/Δ, where x0 is linear in y from the lower to the
    upper edge. Frozen spins point along -z at the left and along +z at the right end.

    Parameters
    ----------
    job : TrackJob
        Track and material, with `StripFilm.placed_width` as Δ.
    bottom, top : float
        Positions at which the wall meets the lower and the upper edge, in m.

    Returns
    -------
    ndarray (rows, columns, 3)
        Unit vectors; zero in empty cells.
    """
    track, cells = job.track, layer(job)
    x, y = centres(track)
    start = bottom + (top - bottom) * y / track.width
    width = strip_of(track, job.material).placed_width
    u = np.clip((x[None, :] - start[:, None]) / width, -300, 300)
    m = np.stack([-1 / np.cosh(u), np.zeros_like(u), np.tanh(u)], axis=-1)
    m /= np.linalg.norm(m, axis=-1, keepdims=True)
    held = cells.mask & ~cells.free
    m[held] = np.where(x < track.length / 2, -1.0, 1.0)[held.nonzero()[1], None] * (0.0, 0.0, 1.0)
    m[~cells.mask] = 0.0
    return m


def wall_position(track: Track, average_z: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the position of an equivalent straight wall in m: length·(1 - <m_z>)/2."""
    return track.length * (1 - average_z) / 2


def _reversed_length(profile: NDArray[np.floating], cell: float) -> float:
    """Return the length in m over which m_z is negative, with linear interpolation of zeros."""
    left, right = profile[:-1], profile[1:]
    total = cell / 2 * np.count_nonzero(profile[[0, -1]] < 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = left / (left - right)
    cases = [(left < 0) & (right < 0), left < 0, right < 0]
    share = np.select(cases, [1.0, crossing, 1 - crossing], 0.0)
    return float(total + cell * np.sum(share))


def wall_ends(
    track: Track, filled: NDArray[np.number | np.bool_], magnetization: NDArray[np.floating]
) -> tuple[float, float]:
    """Return the positions at which the wall meets the lower and the upper edge.

    The edge follows the notches: in each column, it is the outermost magnetic cell. If that cell
    is filled in part, the next one supplies the rest of a whole cell. The position is the length of
    the reversed domain along the edge, which is exact for a single wall.

    Parameters
    ----------
    track : Track
        The track.
    filled : ndarray (rows, columns)
        Filled share of each cell, or the mask of magnetic ones.
    magnetization : ndarray (rows, columns, 3)
        Unit vectors.

    Returns
    -------
    tuple of float
        Positions along x at the lower and the upper edge, in m.
    """
    m_z, cell = magnetization[..., 2], track.length / filled.shape[1]
    bottom, top = (_along_edge(filled[::way], m_z[::way]) for way in (1, -1))
    return _reversed_length(bottom, cell), _reversed_length(top, cell)


def _along_edge(
    filled: NDArray[np.number | np.bool_], m_z: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Return m_z along the lower edge of the film."""
    columns = np.arange(filled.shape[1])
    lowest = np.argmax(filled > 0, axis=0)
    second = np.minimum(lowest + 1, len(filled) - 1)
    share = filled[lowest, columns].astype(m_z.dtype)
    return share * m_z[lowest, columns] + (1 - share) * m_z[second, columns]


def at_rest(time: NDArray[np.floating], ends: Iterable[NDArray[np.floating]], speed: float) -> bool:
    """Return whether both wall ends stay slower than a speed between all entries of a trace.

    Parameters
    ----------
    time : ndarray (time,)
        Times in s, ascending.
    ends : iterable of ndarray (time,)
        Positions of the wall's ends in m.
    speed : float
        Speed in m/s.
    """
    return all(bool(np.all(np.abs(np.diff(end) / np.diff(time)) < speed)) for end in ends)


def first_time(time: NDArray[np.floating], values: NDArray[np.floating], level: float) -> float:
    """Return the first time at which values reach a level, by linear interpolation.

    Examples
    --------
    >>> first_time(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 3.0]), 2.0)
    1.5
    >>> first_time(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 2.0)
    inf
    """
    reached = np.flatnonzero(values >= level)
    if not reached.size:
        return math.inf
    after = int(reached[0])
    if not after:
        return float(time[0])
    before = after - 1
    share = (level - values[before]) / (values[after] - values[before])
    return float(time[before] + share * (time[after] - time[before]))


def system(job: Simulation) -> "micromagneticmodel.System":
    """Return a job as a `micromagneticmodel.System`, with its wall and its current, if any.

    Parameters
    ----------
    job : Simulation
        Track, material, wall and current density. A waveform is not part of the system.

    Returns
    -------
    micromagneticmodel.System
        System for any ubermag calculator. Parameters that vary are fields.

    Raises
    ------
    ValueError
        If cells differ in more than their material, which ubermag cannot describe.
    """
    import discretisedfield
    import micromagneticmodel

    track, film = job.track, layer(job)
    if film.cells is not None and not film.cells.differ_in_material:
        raise ValueError(
            "ubermag has no cells that differ in shape, thickness, bonds or current; leave smooth "
            "edges, a thickness that varies and heavy_metal.cut out, or set calculator: film"
        )
    (columns, rows), (low, high) = track.cells, track.sides
    x, _ = centres(track)
    fixed = np.count_nonzero(x < track.free_range[0]) * track.length / columns
    ends = {"left": (0.0, fixed), "right": (track.length - fixed, track.length)}
    mesh = discretisedfield.Mesh(
        p1=(0, low, 0),
        p2=(track.length, high, track.thickness),
        n=(columns, rows, 1),
        # of the frozen spins
        subregions={
            name: discretisedfield.Region(p1=(left, low, 0), p2=(right, high, track.thickness))
            for name, (left, right) in ends.items()
            if fixed
        },
    )

    def parameter(name: str) -> "float | discretisedfield.Field":
        """Return a parameter of the film, or its field if it varies."""
        value: float = getattr(film, name)
        if film.cells is None or np.ptp(film.cells.of(name)[film.mask]) == 0:
            return value
        values = (value * film.cells.of(name)).T[:, :, None, None]
        return discretisedfield.Field(mesh, nvdim=1, value=values)

    axis: Any = film.anisotropy_axis
    if film.cells is not None and film.cells.axis is not None:
        axis = np.transpose(film.cells.axis, (1, 0, 2))[:, :, None]
        axis = discretisedfield.Field(mesh, nvdim=3, value=axis)
    wall = placed_wall(job, job.placement.bottom, job.placement.top)
    described = micromagneticmodel.System(name=SYSTEM_NAME)
    described.energy = (
        micromagneticmodel.Exchange(A=parameter("exchange_stiffness"))
        + micromagneticmodel.UniaxialAnisotropy(K=parameter("anisotropy"), u=axis)
        + micromagneticmodel.Demag()
    )
    if any(film.terms.external_field):
        described.energy += micromagneticmodel.Zeeman(H=film.terms.external_field, name="bias")
    if job.current_density and film.current_field is not None:
        values = job.current_density * film.current_field.T[:, :, None]
        field = discretisedfield.Field(mesh, nvdim=3, value=values)
        described.energy += micromagneticmodel.Zeeman(H=field, name=OERSTED)
    if film.dmi_constant:
        constant = parameter("dmi_constant")
        described.energy += micromagneticmodel.DMI(D=constant, crystalclass="Cnv_z")
    described.dynamics = micromagneticmodel.Precession(gamma0=film.terms.gyromagnetic_ratio)
    described.dynamics += micromagneticmodel.Damping(alpha=parameter("damping"))
    if job.current_density:
        described.dynamics += slonczewski(job.material, job.current_density)
    described.m = discretisedfield.Field(
        mesh,
        nvdim=3,
        value=np.transpose(wall, (1, 0, 2))[:, :, None, :],
        norm=film.norm.T[:, :, None, None],
        valid="norm",
    )
    return described


def slonczewski(
    material: SimulatedMaterial, current_density: float
) -> "micromagneticmodel.Slonczewski":
    """Return the torque term of a current density in A/m² along the track."""
    import micromagneticmodel

    return micromagneticmodel.Slonczewski(
        J=current_density,
        mp=SPIN_DIRECTION,
        P=material.polarization,
        Lambda=material.slonczewski_lambda,
        eps_prime=material.field_like_torque,
    )
