"""Translation of a `micromagneticmodel.System` for the engine, and of m back to ubermag.

Features that the engine does not have raise `Unsupported` with their names before any file is
written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discretisedfield as df
import micromagneticmodel as mm
import numpy as np
from numpy.typing import NDArray

from wallnet.film.terms import SpinTorque, Terms


class Unsupported(NotImplementedError, ValueError):
    """The system needs a feature that the engine does not have; the message names it."""


NAMES: dict[type, str] = {
    mm.Exchange: "exchange",
    mm.DMI: "dmi",
    mm.UniaxialAnisotropy: "anisotropy",
    mm.Demag: "demag",
    mm.Zeeman: "zeeman",
}
"""Names in `wallnet.film.energy.Energy` of the energy terms of micromagneticmodel."""


@dataclass(frozen=True)
class Description:
    """Description of a system for the engine.

    Attributes
    ----------
    mask : bool array (rows, columns)
        Magnetic cells, in which the norm of m is not zero.
    cell : tuple of float
        Edges of a cell in m.
    terms : Terms
        Energy and dynamics.
    torque : SpinTorque or None
        The Slonczewski term.
    magnetization : ndarray (rows, columns, 3)
        Unit vectors; zero in empty cells.
    held : bool array (rows, columns)
        Frozen spins.
    """

    mask: NDArray[np.bool_]
    cell: tuple[float, float, float]
    terms: Terms
    torque: SpinTorque | None
    magnetization: NDArray[np.float64]
    held: NDArray[np.bool_]


def _is_set(term: Any, name: str) -> bool:
    """Return whether an attribute of a term was given (otherwise ubermag has a descriptor)."""
    return name in term.__dict__ and term.__dict__[name] is not None


def _uniform(value: Any, what: str, mask: NDArray[np.bool_]) -> Any:
    """Return the uniform value of a parameter, which may be given by region or by cell."""
    if isinstance(value, df.Field):
        values = value.array[:, :, 0].transpose(1, 0, 2)[mask]
    elif isinstance(value, Mapping):
        values = np.array([np.atleast_1d(v) for v in value.values()], dtype=float)
    else:
        return value
    if not np.allclose(values, values[0], rtol=1e-12, atol=0.0):
        raise Unsupported(
            f"{what} varies in space, and wallnet.film takes one value for the whole film; "
            "give one value, or drive the system with oommfc"
        )
    return float(values[0][0]) if values.shape[1] == 1 else tuple(float(v) for v in values[0])


def _axis(vector: Any, what: str) -> tuple[float, float, float]:
    """Return a direction as a unit vector."""
    direction = np.asarray(vector, dtype=float)
    length = np.linalg.norm(direction)
    if not np.isfinite(length) or length == 0:
        raise ValueError(f"{what} is {vector}, which has no direction; give a non-zero vector")
    x, y, z = direction / length
    return float(x), float(y), float(z)


def energy_terms(energy: Any, mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Translate energy terms into fields of `Terms`."""
    found: dict[str, Any] = {"stray_field": False}
    external = np.zeros(3)
    seen: set[str] = set()
    for term in energy:
        kind = type(term).__name__
        name = NAMES.get(type(term))
        if name is None:
            raise Unsupported(
                f"the energy term {kind} is not part of wallnet.film, which has Exchange, "
                "DMI (Cnv_z), UniaxialAnisotropy, Demag and Zeeman; remove it, or drive the "
                "system with oommfc"
            )
        if name in seen and name != "zeeman":
            raise Unsupported(f"the energy has two terms {kind}; join them into one")
        seen.add(name)
        if name == "exchange":
            found["exchange_stiffness"] = _uniform(term.A, "Exchange.A", mask)
        elif name == "dmi":
            if term.crystalclass not in ("Cnv_z", "Cnv"):
                raise Unsupported(
                    f"DMI of crystal class {term.crystalclass} is not part of wallnet.film, "
                    "which has the interfacial Cnv_z; drive the system with oommfc"
                )
            found["dmi_constant"] = _uniform(term.D, "DMI.D", mask)
        elif name == "anisotropy":
            if _is_set(term, "K1") or _is_set(term, "K2"):
                raise Unsupported(
                    "UniaxialAnisotropy of higher order (K1, K2) is not part of wallnet.film; "
                    "give K alone, or drive the system with oommfc"
                )
            found["anisotropy"] = _uniform(term.K, "UniaxialAnisotropy.K", mask)
            axis = _uniform(term.u, "UniaxialAnisotropy.u", mask)
            found["anisotropy_axis"] = _axis(axis, "UniaxialAnisotropy.u")
        elif name == "demag":
            found["stray_field"] = True
        else:
            if any(_is_set(term, option) for option in ("wave", "func", "tcl_strings")):
                raise Unsupported(
                    "a Zeeman field that changes in time is not part of wallnet.film; drive "
                    "in pieces of constant field, or with oommfc"
                )
            external += np.asarray(_uniform(term.H, "Zeeman.H", mask), dtype=float)
    found["external_field"] = tuple(float(h) for h in external)
    return found


def _dynamics_terms(
    dynamics: Any, mask: NDArray[np.bool_]
) -> tuple[dict[str, Any], SpinTorque | None]:
    """Translate dynamics terms into fields of `Terms` and a torque."""
    found: dict[str, Any] = {"damping": 0.0, "precession": False}
    torque = None
    for term in dynamics:
        if isinstance(term, mm.Precession):
            found["gyromagnetic_ratio"] = _uniform(term.gamma0, "Precession.gamma0", mask)
            found["precession"] = True
        elif isinstance(term, mm.Damping):
            found["damping"] = _uniform(term.alpha, "Damping.alpha", mask)
        elif isinstance(term, mm.Slonczewski):
            if _is_set(term, "func") or _is_set(term, "tcl_strings"):
                raise Unsupported(
                    "a current that changes in time (Slonczewski.func, tcl_strings) is not part "
                    "of wallnet.film; drive in pieces of constant current, or with oommfc"
                )
            direction = _uniform(term.mp, "Slonczewski.mp", mask)
            torque = SpinTorque(
                current_density=_uniform(term.J, "Slonczewski.J", mask),
                polarization=_uniform(term.P, "Slonczewski.P", mask),
                direction=_axis(direction, "Slonczewski.mp"),
                slonczewski_lambda=_uniform(term.Lambda, "Slonczewski.Lambda", mask),
                field_like=(
                    _uniform(term.eps_prime, "Slonczewski.eps_prime", mask)
                    if _is_set(term, "eps_prime")
                    else 0.0
                ),
            )
        else:
            raise Unsupported(
                f"the dynamics term {type(term).__name__} is not part of wallnet.film, which "
                "has Precession, Damping and Slonczewski; remove it, or drive the system with "
                "oommfc"
            )
    if torque is not None and not found["precession"]:
        raise Unsupported(
            "a Slonczewski torque without Precession is not part of wallnet.film; add "
            "Precession to the dynamics"
        )
    return found, torque


def describe(system: mm.System, dynamics: bool = True, fixed: Sequence[str] = ()) -> Description:
    """Return the description of a system for the engine.

    Parameters
    ----------
    system : micromagneticmodel.System
        A single layer of cells in the xy plane. The norm of m defines its shape: it is Ms in
        magnetic cells and zero in empty ones.
    dynamics : bool
        Whether to include the dynamics.
    fixed : sequence of str
        Subregions of the mesh with frozen spins.

    Returns
    -------
    Description
        The description.

    Raises
    ------
    Unsupported
        If the system needs something that the engine does not have.
    ValueError
        If m is zero or not finite, or a subregion is not in the mesh.
    """
    mesh = system.m.mesh
    if mesh.region.ndim != 3 or mesh.n[2] != 1:
        raise Unsupported(
            f"the mesh has {'×'.join(str(n) for n in mesh.n)} cells, and wallnet.film simulates "
            "a single layer; use one cell along z, or drive the system with oommfc"
        )
    if mesh.bc:
        raise Unsupported(
            f"the boundary condition {mesh.bc!r} is not part of wallnet.film, whose film ends "
            "at its edges; leave bc out, or drive the system with oommfc"
        )
    if system.T > 0:
        raise Unsupported(
            f"the temperature is {system.T} K, and wallnet.film simulates at 0 K; leave T out, "
            "or drive the system with oommfc"
        )
    array = system.m.array[:, :, 0].transpose(1, 0, 2)
    norm = np.linalg.norm(array, axis=-1)
    mask = norm > 0
    if not mask.any() or not np.isfinite(norm).all():
        raise ValueError("system.m has no finite, non-zero cell; set its norm to Ms")
    magnetization = float(norm.max())
    if not np.allclose(norm[mask], magnetization, rtol=1e-6, atol=0.0):
        raise Unsupported(
            "the norm of system.m varies between magnetic cells, and wallnet.film takes one Ms; "
            "use zero and one other value, or drive the system with oommfc"
        )
    found = energy_terms(system.energy, mask)
    torque = None
    if dynamics:
        added, torque = _dynamics_terms(system.dynamics, mask)
        found |= added
    unit = np.divide(array, norm[..., None], out=np.zeros_like(array), where=mask[..., None])
    x, y, z = mesh.cell
    return Description(
        mask=mask,
        cell=(float(x), float(y), float(z)),
        terms=Terms(saturation_magnetization=magnetization, **found),
        torque=torque,
        magnetization=unit,
        held=_cells_of(mesh, fixed),
    )


def _cells_of(mesh: df.Mesh, names: Sequence[str]) -> NDArray[np.bool_]:
    """Return the mask of the cells in some subregions of a mesh, shape (rows, columns)."""
    cells = np.zeros(mesh.n[:2], dtype=bool)
    for name in names:
        if name not in mesh.subregions:
            known = ", ".join(mesh.subregions) or "none"
            raise ValueError(
                f"fixed_subregions has {name!r}, which is no subregion of the mesh ({known}); "
                "add it to the mesh or leave it out"
            )
        cells[mesh.region2slices(mesh.subregions[name])[:2]] = True
    return cells.T


def to_array(description: Description, m: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return M in A/m in the order of `discretisedfield`, with exact length in double precision."""
    m = m.astype(np.float64)
    length = np.linalg.norm(m, axis=-1, keepdims=True)
    scaled = np.divide(m, length, out=np.zeros_like(m), where=description.mask[..., None])
    scaled *= description.terms.saturation_magnetization
    return scaled.transpose(1, 0, 2)[:, :, None, :]
