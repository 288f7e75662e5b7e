"""A job as a `micromagneticmodel.System`, for any calculator of ubermag."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Track
from wallnet.config.devices import SimulatedMaterial
from wallnet.jobs import Run
from wallnet.jobs.film import SPIN_DIRECTION
from wallnet.tracks import films
from wallnet.tracks.geometry import centres
from wallnet.tracks.walls import placed_wall

if TYPE_CHECKING:
    import discretisedfield
    import micromagneticmodel

SYSTEM_NAME = "track"
"""Name of a `micromagneticmodel.System`, and of the files that a calculator writes for it."""

OERSTED = "oersted"
"""Name of the term of a `micromagneticmodel.System` with the field that goes with the current."""


def mesh_of(track: Track) -> "discretisedfield.Mesh":
    """Return the cells of a track, one layer of them."""
    import discretisedfield

    (columns, rows), (low, high) = track.cells, track.sides
    far = (track.length, high, track.thickness)
    return discretisedfield.Mesh(p1=(0, low, 0), p2=far, n=(columns, rows, 1))


def field_of(
    mesh: "discretisedfield.Mesh", values: NDArray[Any], **options: Any
) -> "discretisedfield.Field":
    """Return values of cells, shape (rows, columns) or (rows, columns, 3), as a field."""
    import discretisedfield

    cells = np.swapaxes(values.reshape(*values.shape[:2], -1), 0, 1)[:, :, np.newaxis]
    return discretisedfield.Field(mesh, nvdim=cells.shape[-1], value=cells, **options)


def system(job: Run, current_density: float | None = None) -> "micromagneticmodel.System":
    """Return a job as a `micromagneticmodel.System`, with its wall and its current, if any.

    Parameters
    ----------
    job : Run
        Track, material and wall.
    current_density : float, optional
        In A/m²; that of the first pulse if not given. A waveform is not part of the system.

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

    track, film = job.track, films.layer(job)
    density = job.current_density if current_density is None else current_density
    if not film.cells.differ_in_material:
        raise ValueError(
            "ubermag has no cells that differ in shape, thickness, bonds or current; leave smooth "
            "edges, a thickness that varies and heavy_metal.cut out, or set calculator: film"
        )
    if film.terms.further:
        names = ", ".join(term.name for term in film.terms.further)
        raise ValueError(f"ubermag has no {names}; leave it out, or set calculator: film")
    (low, high), (x, _), mesh = track.sides, centres(track), mesh_of(track)
    fixed = np.count_nonzero(x < track.free_range[0]) * track.length / len(x)
    ends = {"left": (0.0, fixed), "right": (track.length - fixed, track.length)}
    mesh.subregions = {  # of the frozen spins
        name: discretisedfield.Region(p1=(left, low, 0), p2=(right, high, track.thickness))
        for name, (left, right) in ends.items()
        if fixed
    }

    def parameter(name: str) -> "float | discretisedfield.Field":
        """Return a parameter of the film, or its field if it varies."""
        value: float = getattr(film.terms, name)
        if np.ptp(film.cells.of(name)[film.mask]) == 0:
            return value
        return field_of(mesh, value * film.cells.of(name))

    axis: Any = film.terms.anisotropy_axis
    if film.cells.axis is not None:
        axis = field_of(mesh, film.cells.axis)
    wall = placed_wall(job, job.placement.bottom, job.placement.top)
    described = micromagneticmodel.System(name=SYSTEM_NAME)
    described.energy = (
        micromagneticmodel.Exchange(A=parameter("exchange_stiffness"))
        + micromagneticmodel.UniaxialAnisotropy(K=parameter("anisotropy"), u=axis)
        + micromagneticmodel.Demag()
    )
    if any(film.terms.external_field):
        described.energy += micromagneticmodel.Zeeman(H=film.terms.external_field, name="bias")
    if density and film.current_field is not None:
        field = field_of(mesh, density * np.moveaxis(film.current_field, 0, -1))
        described.energy += micromagneticmodel.Zeeman(H=field, name=OERSTED)
    if film.terms.dmi_constant:
        constant = parameter("dmi_constant")
        described.energy += micromagneticmodel.DMI(D=constant, crystalclass="Cnv_z")
    described.dynamics = micromagneticmodel.Precession(gamma0=film.terms.gyromagnetic_ratio)
    described.dynamics += micromagneticmodel.Damping(alpha=parameter("damping"))
    if density:
        described.dynamics += slonczewski(job.material, density)
    norm = film.norm.T[:, :, None, None]
    described.m = field_of(mesh, wall, norm=norm, valid="norm")
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
