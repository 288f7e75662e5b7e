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


TERMS: dict[type, tuple[str, dict[str, str]]] = {
    mm.Exchange: ("exchange", {"A": "exchange_stiffness"}),
    mm.DMI: ("dmi", {"D": "dmi_constant"}),
    mm.UniaxialAnisotropy: ("anisotropy", {"K": "anisotropy", "u": "anisotropy_axis"}),
    mm.Demag: ("demag", {}),
    mm.Zeeman: ("zeeman", {"H": "external_field"}),
}
"""Energy terms of micromagneticmodel: name in `wallnet.film.energy.Energy`, and for each parameter
the field of `Terms`."""

DYNAMICS: dict[type, dict[str, str]] = {
    mm.Precession: {"gamma0": "gyromagnetic_ratio"},
    mm.Damping: {"alpha": "damping"},
    mm.Slonczewski: {
        "J": "current_density",
        "P": "polarization",
        "mp": "direction",
        "Lambda": "slonczewski_lambda",
        "eps_prime": "field_like",
    },
}
"""Terms of the dynamics: for each parameter the field of `Terms` or `SpinTorque`."""

REFUSED = {
    "K1": "UniaxialAnisotropy of higher order (K1, K2)",
    "K2": "UniaxialAnisotropy of higher order (K1, K2)",
    "wave": "a field that changes in time",
    "func": "a field or current that changes in time",
    "tcl_strings": "a field or current that changes in time",
}
"""Parameters of terms that the engine does not have, and what they describe."""


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

    @property
    def film(self) -> tuple[NDArray[np.bool_], tuple[float, float, float], Terms]:
        """Mask, cell and terms."""
        return self.mask, self.cell, self.terms


def _unsupported(what: str, instead: str = "leave it out") -> Unsupported:
    return Unsupported(
        f"{what} is not part of wallnet.film; {instead}, or drive the system with oommfc"
    )


def _is_set(term: Any, name: str) -> bool:
    """Return whether a parameter of a term was given (otherwise ubermag has a descriptor)."""
    return term.__dict__.get(name) is not None


def _uniform(value: Any, what: str, mask: NDArray[np.bool_]) -> Any:
    """Return the uniform value of a parameter, which may be given by region or by cell."""
    if isinstance(value, df.Field):
        values = value.array[:, :, 0].transpose(1, 0, 2)[mask]
    elif isinstance(value, Mapping):
        values = np.array([np.atleast_1d(v) for v in value.values()], dtype=float)
    else:
        return value
    if not np.allclose(values, values[0], rtol=1e-12, atol=0.0):
        raise _unsupported(f"{what} that varies in space", "give one value for the whole film")
    return float(values[0][0]) if values.shape[1] == 1 else tuple(float(v) for v in values[0])


def _parameters(term: Any, names: Mapping[str, str], mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the parameters of a term by their names in the engine, directions as unit vectors."""
    for name, what in REFUSED.items():
        if _is_set(term, name):
            raise _unsupported(what)
    found = {}
    for name, own in names.items():
        if not _is_set(term, name):
            continue
        label = f"{type(term).__name__}.{name}"
        value = _uniform(getattr(term, name), label, mask)
        if name in ("u", "mp"):
            length = np.linalg.norm(value)
            if not np.isfinite(length) or length == 0:
                raise ValueError(f"{label} is {value}, which has no direction; give one")
            value = tuple((np.asarray(value, dtype=float) / length).tolist())
        found[own] = value
    return found


def energy_terms(energy: Any, mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Translate energy terms into fields of `Terms`."""
    found: dict[str, Any] = {}
    external = np.zeros(3)
    seen: set[str] = set()
    for term in energy:
        kind = type(term).__name__
        if type(term) not in TERMS:
            raise _unsupported(f"the energy term {kind}")
        name, names = TERMS[type(term)]
        if name in seen and name != "zeeman":
            raise Unsupported(f"the energy has two terms {kind}; join them into one")
        seen.add(name)
        if name == "dmi" and term.crystalclass not in ("Cnv_z", "Cnv"):
            raise _unsupported(f"DMI of crystal class {term.crystalclass}", "use Cnv_z")
        found |= _parameters(term, names, mask)
        if name == "zeeman":
            external += np.asarray(found["external_field"], dtype=float)
    return found | {
        "stray_field": "demag" in seen,
        "external_field": tuple(external.tolist()),
    }


def _dynamics_terms(
    dynamics: Any, mask: NDArray[np.bool_]
) -> tuple[dict[str, Any], SpinTorque | None]:
    """Translate dynamics terms into fields of `Terms` and a torque."""
    found: dict[str, Any] = {"damping": 0.0, "precession": False}
    torque = None
    for term in dynamics:
        if type(term) not in DYNAMICS:
            raise _unsupported(f"the dynamics term {type(term).__name__}")
        values = _parameters(term, DYNAMICS[type(term)], mask)
        if isinstance(term, mm.Slonczewski):
            torque = SpinTorque(**values)
        else:
            found |= values
        found["precession"] |= isinstance(term, mm.Precession)
    if torque is not None and not found["precession"]:
        raise _unsupported("a Slonczewski torque without Precession", "add Precession")
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
        cells = "×".join(str(n) for n in mesh.n)
        raise _unsupported(f"a mesh of {cells} cells", "use one cell along z")
    if mesh.bc:
        raise _unsupported(f"the boundary condition {mesh.bc!r}", "leave bc out")
    if system.T > 0:
        raise _unsupported(f"a temperature of {system.T} K", "leave T out")
    array = system.m.array[:, :, 0].transpose(1, 0, 2)
    norm = np.linalg.norm(array, axis=-1)
    mask = norm > 0
    if not mask.any() or not np.isfinite(norm).all():
        raise ValueError("system.m has no finite, non-zero cell; set its norm to Ms")
    magnetization = float(norm.max())
    if not np.allclose(norm[mask], magnetization, rtol=1e-6, atol=0.0):
        raise _unsupported(
            "a norm of system.m that varies between magnetic cells",
            "use zero and one other value",
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
