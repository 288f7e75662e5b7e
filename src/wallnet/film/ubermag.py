"""The engine as a calculator of ubermag: drivers, their files, energies and fields of a `System`.

Features that the engine does not have raise `Unsupported` with their names before any file is
written.
"""

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import discretisedfield as df
import micromagneticmodel as mm
import numpy as np
import pandas as pd
import ubermagtable
import ubermagutil as uu
from numpy.typing import NDArray
from oommfc import delete as delete  # of the folder of a system, whatever wrote it

from wallnet.film.cells import Cells
from wallnet.film.core import Engine, Tolerances
from wallnet.film.energy import Energy, Landscape
from wallnet.film.minima import minimize
from wallnet.film.terms import Layer, Mask, SpinTorque, Terms


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

MAY_VARY = (
    *("exchange_stiffness", "dmi_constant", "anisotropy", "anisotropy_axis", "damping"),
    *("current_density", "direction"),
)
"""Parameters that may vary from cell to cell, as fields of `Terms` or `SpinTorque`."""

Varying = dict[str, NDArray[np.float64]]
"""Values in all cells of parameters that vary, (rows, columns) or (rows, columns, 3); numbers are
relative to the value in `Terms` or `SpinTorque`."""


Driven = tuple[NDArray[np.floating], list[dict[str, float]]]
"""The last m of a drive, and a row of the table for each saved one."""


@dataclass(frozen=True)
class Description:
    """A system for the engine."""

    layer: Layer
    """The film; the norm of m is not zero in its magnetic cells."""
    torque: SpinTorque | None
    magnetization: NDArray[np.float64]
    """Unit vectors, (rows, columns, 3); zero in empty cells."""


def _unsupported(what: str, instead: str = "leave it out") -> Unsupported:
    return Unsupported(
        f"{what} is not part of wallnet.film; {instead}, or drive the system with oommfc"
    )


def _is_set(term: Any, name: str) -> bool:
    """Return whether a parameter of a term was given (otherwise ubermag has a descriptor)."""
    return term.__dict__.get(name) is not None


def _in_cells(value: Any, label: str, mesh: df.Mesh) -> NDArray[np.float64]:
    """Return a parameter in all cells, (rows, columns, components).

    It is given by cell, or by region with 0 elsewhere. Of two neighbours, each has its own value,
    also on both sides of the boundary of a region.
    """
    if isinstance(value, Mapping):
        if pair := next((name for name in value if ":" in name), None):
            raise _unsupported(f"{label} between two regions ({pair})", "give it in each of them")
        if unknown := set(value) - {"default", *mesh.subregions}:
            raise ValueError(
                f"{label} has {min(unknown)!r}, which is no subregion of the mesh; add it to the "
                "mesh or leave it out"
            )
        dimensions = np.size(next(iter(value.values())))
        value = {"default": np.zeros(dimensions), **value}
    else:
        dimensions = value.nvdim
    array = df.Field(mesh, nvdim=dimensions, value=value).array
    return np.asarray(array[:, :, 0].transpose(1, 0, 2))


def _parameters(
    term: Any, names: Mapping[str, str], mesh: df.Mesh, mask: Mask
) -> tuple[dict[str, Any], Varying]:
    """Return the parameters of a term by their names in the engine, directions as unit vectors.

    Those that vary have the largest value among the first, and are also in the second.
    """
    for name, what in REFUSED.items():
        if _is_set(term, name):
            raise _unsupported(what)
    parameters: dict[str, Any] = {}
    varying: Varying = {}
    for name, own in names.items():
        if not _is_set(term, name):
            continue
        label, value = f"{type(term).__name__}.{name}", getattr(term, name)
        values = None
        if isinstance(value, Mapping | df.Field):
            values = _in_cells(value, label, mesh)
            inside = values[mask]
            value = inside[np.abs(inside).sum(axis=1).argmax()]
            value = float(value[0]) if value.size == 1 else value
            if np.allclose(inside, value, rtol=1e-12, atol=0.0):
                values = None
            elif own not in MAY_VARY:
                raise _unsupported(f"{label} that varies in space", "give one value for the film")
        if name in ("u", "mp"):
            for vector in [value] if values is None else values[mask]:
                length = np.linalg.norm(vector)
                if not np.isfinite(length) or length == 0:
                    raise ValueError(
                        f"{label} is {tuple(vector)}, which has no direction; give one"
                    )
            value = (np.asarray(value, dtype=float) / np.linalg.norm(value)).tolist()
        parameters[own] = tuple(value) if isinstance(value, list | np.ndarray) else value
        if values is not None:
            vector = values.shape[2] > 1
            size = np.linalg.norm(values, axis=2, keepdims=True) if vector else value
            shares = np.divide(values, size, out=np.zeros_like(values), where=mask[..., None])
            varying[own] = shares if vector else shares[..., 0]
    return parameters, varying


def energy_terms(energy: Any, mesh: df.Mesh, mask: Mask) -> tuple[dict[str, Any], Varying]:
    """Translate energy terms into fields of `Terms`, and into what varies among them."""
    parameters: dict[str, Any] = {}
    varying: Varying = {}
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
        values, different = _parameters(term, names, mesh, mask)
        parameters |= values
        varying |= different
        if name == "zeeman":
            external += np.asarray(parameters["external_field"], dtype=float)
    parameters |= {"stray_field": "demag" in seen, "external_field": tuple(external.tolist())}
    return parameters, varying


def _dynamics_terms(
    dynamics: Any, mesh: df.Mesh, mask: Mask
) -> tuple[dict[str, Any], SpinTorque | None, Varying]:
    """Translate dynamics terms into fields of `Terms`, a torque, and what varies among them."""
    parameters: dict[str, Any] = {"damping": 0.0, "precession": False}
    varying: Varying = {}
    torque = None
    for term in dynamics:
        if type(term) not in DYNAMICS:
            raise _unsupported(f"the dynamics term {type(term).__name__}")
        values, different = _parameters(term, DYNAMICS[type(term)], mesh, mask)
        varying |= different
        if isinstance(term, mm.Slonczewski):
            torque = SpinTorque(**values)
        else:
            parameters |= values
        parameters["precession"] |= isinstance(term, mm.Precession)
    if torque is not None and not parameters["precession"]:
        raise _unsupported("a Slonczewski torque without Precession", "add Precession")
    return parameters, torque, varying


def _cells(mask: Mask, varying: Varying, torque: SpinTorque | None) -> Cells:
    """Return the cells of a film."""
    parameters: dict[str, Any] = dict(varying)
    if "anisotropy_axis" in parameters:
        parameters["axis"] = parameters.pop("anisotropy_axis")
    if torque is not None and not parameters.keys().isdisjoint(("current_density", "direction")):
        size = parameters.pop("current_density", np.ones(mask.shape))
        if torque.slonczewski_lambda != 1 and size[mask].min() < 0:
            raise _unsupported("Slonczewski.J of both signs", "set Lambda to 1")
        spins = parameters.pop("direction", np.array(torque.direction))
        parameters["polarized"] = np.moveaxis(size[..., None] * spins, -1, 0)
    return Cells(mask, **parameters)


def describe(system: mm.System, dynamics: bool = True, fixed: Sequence[str] = ()) -> Description:
    """Return the description of a system for the engine.

    It is a single layer of cells in the xy plane. The norm of m is Ms of each cell, zero in empty
    ones. A, D, K, u, α, J and m_p may vary too, by cell or by region. Spins are frozen in the
    subregions `fixed` of the mesh.

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
    parameters, varying = energy_terms(system.energy, mesh, mask)
    torque = None
    if not np.allclose(norm[mask], magnetization, rtol=1e-6, atol=0.0):
        varying["saturation_magnetization"] = norm / magnetization
    if dynamics:
        added, torque, different = _dynamics_terms(system.dynamics, mesh, mask)
        parameters |= added
        varying |= different
    held = np.zeros(mesh.n[:2], dtype=bool)
    for name in fixed:
        if name not in mesh.subregions:
            subregions = ", ".join(mesh.subregions) or "none"
            raise ValueError(
                f"fixed_subregions has {name!r}, which is no subregion of the mesh ({subregions}); "
                "add it to the mesh or leave it out"
            )
        held[mesh.region2slices(mesh.subregions[name])[:2]] = True
    unit = np.divide(array, norm[..., None], out=np.zeros_like(array), where=mask[..., None])
    x, y, z = mesh.cell
    return Description(
        Layer(
            mask,
            (float(x), float(y), float(z)),
            Terms(saturation_magnetization=magnetization, **parameters),
            held.T,
            _cells(mask, varying, torque),
        ),
        torque,
        unit,
    )


def to_array(description: Description, m: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return M in A/m in the order of `discretisedfield`, with exact length in double precision."""
    m = m.astype(np.float64)
    length = np.linalg.norm(m, axis=-1, keepdims=True)
    scaled = np.divide(m, length, out=np.zeros_like(m), where=description.layer.mask[..., None])
    scaled *= description.layer.norm[..., None]
    return scaled.transpose(1, 0, 2)[:, :, None, :]


_UNITS = {"t": "s", "iteration": "", "max_mxHxm": "A/m", "mx": "", "my": "", "mz": ""}
"""Units of the columns of a table beside energies."""

_COMPUTED = {
    "energy": ("energy", "J"),
    "density": ("density", "J/m3"),
    "effective_field": ("field", "A/m"),
}
"""Method of `Energy` and unit of what `compute` computes."""


class _Driver(mm.ExternalDriver):
    """Base class of both drivers: checks, files of a drive, and results in the system.

    A drive writes the files that micromagneticdata reads: `m0.omf`, one ``.omf`` file for each
    saved magnetisation, an ``.odt`` table and `info.json`. It runs in this process, without a
    `runner`. Other keywords are those of ``ExternalDriver.drive``, and `fixed_subregions`.
    """

    _dynamic = True
    _run: Callable[..., Driven]

    def drive_kwargs_setup(self, drive_kwargs: dict[str, Any]) -> None:
        """Check the keywords of a drive, and take those that both drivers have.

        Raises
        ------
        TypeError
            If a keyword is unknown or missing.
        """
        self._fixed = tuple(drive_kwargs.pop("fixed_subregions", None) or ())
        inspect.signature(self._run).bind(None, **drive_kwargs)

    def schedule_kwargs_setup(self, *_: Any, **__: Any) -> None:
        """Refuse to schedule a drive, since it runs inside this process."""
        raise Unsupported(
            "schedule is not part of wallnet.film, which runs inside this process; call drive, "
            "or let the workflow submit jobs"
        )

    def _check_system(self, system: mm.System) -> None:
        if self._dynamic and len(system.dynamics) == 0:
            raise RuntimeError("System's dynamics is not defined; add Precession and Damping to it")
        if len(system.energy) == 0:
            raise RuntimeError("System's energy is not defined; add a term to it")
        self._description = describe(system, dynamics=self._dynamic, fixed=self._fixed)

    def _write_input_files(self, system: mm.System, ovf_format: str, **kwargs: Any) -> None:
        self._format = ovf_format
        system.m.to_file("m0.omf", representation=ovf_format)

    def _call(self, system: mm.System, runner: object, verbose: int, **kwargs: Any) -> None:
        summary = uu.progress.summary("wallnet.film", type(self).__name__)
        with summary if verbose else uu.progress.quiet():
            self._m, rows = self._run(system, **kwargs)
        frame = pd.DataFrame(rows)
        units = {name: _UNITS.get(name, "J") for name in frame.columns}
        self._table = ubermagtable.Table(frame, units, x=self._x)
        # OOMMF's text format; ubermagtable separates columns by the prefix and removes it
        text = "# ODT 1.0\n# Table Start\n# Title: wallnet.film\n"
        text += "# Columns: " + " ".join(f"Oxs_{name}" for name in units) + "\n"
        text += "# Units: " + " ".join(unit or "{}" for unit in units.values()) + "\n"
        text += frame.to_csv(sep=" ", header=False, index=False, float_format="%.17g")
        Path(f"{system.name}.odt").write_text(text + "# Table End\n", encoding="utf-8")

    def _saved(
        self, system: mm.System, m: NDArray[np.floating], number: int, **more: float
    ) -> dict[str, float]:
        """Save m; return its row of the table: the given values, energies in J, the average."""
        field = df.Field(system.m.mesh, nvdim=3, value=to_array(self._description, m))
        field.to_file(f"{system.name}-wallnet-film-{number:07d}.omf", representation=self._format)
        m = m.astype(np.float64)
        layer = self._description.layer
        energy = Energy(layer)
        names = {term.name: TERMS[type(term)][0] for term in system.energy}
        parts = {name: energy.energy(m, name) for name in sorted(set(names.values()))}
        row = {**more, "E": sum(parts.values())}
        average = np.average(m[layer.mask], axis=0, weights=layer.norm[layer.mask])
        row |= zip(("mx", "my", "mz"), average.tolist(), strict=True)
        # Zeeman fields are summed before they reach the engine
        if len(parts) == len(names):
            row |= {f"E_{name}": parts[own] for name, own in names.items()}
        return row

    _schedule_commands = schedule_kwargs_setup

    def _read_data(self, system: mm.System) -> None:
        system.m.array = to_array(self._description, self._m)
        system.table = self._table


class TimeDriver(_Driver):
    """Integrate the Landau-Lifshitz-Gilbert-Slonczewski equation for `t` seconds in `n` stages.

    Parameters
    ----------
    **kwargs
        `stray_field_tolerance`, `frozen_change`, `time_step_fraction` and the other attributes of
        `wallnet.film.core.Tolerances`.

    Examples
    --------
    >>> import micromagneticmodel as mm
    >>> import wallnet.film as film
    >>> system = mm.examples.macrospin()
    >>> film.TimeDriver().drive(system, t=1e-9, n=10, verbose=0)
    >>> bool(system.table.data["mz"].iloc[-1] > 0.99)
    True
    >>> film.delete(system)
    """

    _allowed_attributes = [field.name for field in fields(Tolerances)]  # noqa: RUF012
    _x = "t"

    def drive_kwargs_setup(self, drive_kwargs: dict[str, Any]) -> None:  # noqa: D102
        super().drive_kwargs_setup(drive_kwargs)
        t, n = drive_kwargs["t"], drive_kwargs["n"]
        if not t > 0 or not np.isfinite(t):
            raise ValueError(f"t is {t} s; give a positive time")
        if not isinstance(n, int) or n <= 0:
            raise ValueError(f"n is {n}; give a positive whole number of saved steps")

    def _run(self, system: mm.System, t: float, n: int) -> Driven:
        description = self._description
        engine = Engine(description.layer, Tolerances(**dict(self)))
        engine.magnetization = description.magnetization
        engine.set_torque(description.torque)
        rows = []
        for step in range(1, n + 1):
            end = t * step / n
            engine.advance(end - engine.time)
            m = engine.magnetization
            rows.append(self._saved(system, m, step, t=end, iteration=engine.counters.steps))
        return m, rows


class MinDriver(_Driver):
    """Minimise the energy in double precision (L-BFGS with a preconditioner, `minima`).

    The minimum is reached when max ``|m × H × m|`` is below `stopping_mxHxm`.

    Parameters
    ----------
    **kwargs
        `stopping_mxHxm` in A/m (1e-4), and `total_iteration_limit` (100,000).

    Examples
    --------
    >>> import micromagneticmodel as mm
    >>> import wallnet.film as film
    >>> system = mm.examples.macrospin()
    >>> film.MinDriver().drive(system, verbose=0)
    >>> [round(float(value)) for value in system.m.orientation.mean()]
    [0, 0, 1]
    >>> film.delete(system)
    """

    _allowed_attributes = ["stopping_mxHxm", "total_iteration_limit"]  # noqa: RUF012
    _dynamic = False
    _x = "iteration"

    def _run(self, system: mm.System) -> Driven:
        landscape = Landscape(self._description.layer)
        m, count, torque = minimize(landscape, self._description.magnetization, **dict(self))
        return m, [self._saved(system, m, count, iteration=count, max_mxHxm=torque)]


def compute(
    func: Callable, system: mm.System, /, dirname: str = ".", append: bool = True
) -> float | df.Field:
    """Compute an energy, its density or its effective field.

    Parameters
    ----------
    func : callable
        `energy`, `density` or `effective_field` of an energy term or of the whole energy.
    system : micromagneticmodel.System
        The system.
    dirname : str
        Folder in which the result is stored, under `<system.name>/compute-<number>`.
    append : bool
        Whether the result may be added to an existing folder of the system.

    Returns
    -------
    float or discretisedfield.Field
        Energy in J, density in J/m³, or effective field in A/m.

    Raises
    ------
    ValueError
        If `func` is not one of these three functions.
    Unsupported
        If the system needs something that the engine does not have.

    Examples
    --------
    >>> import micromagneticmodel as mm
    >>> import wallnet.film as film
    >>> system = mm.examples.macrospin()
    >>> energy = film.compute(system.energy.zeeman.energy, system)
    >>> f"{energy:.3e}"
    '-8.886e-22'
    >>> film.delete(system)
    """
    kind = getattr(func, "__name__", repr(func))
    owner = getattr(func, "__self__", None)
    if kind not in _COMPUTED or owner is None:
        raise ValueError(
            f"{kind} cannot be computed; pass energy, density or effective_field of an energy "
            "term or of system.energy"
        )
    description = describe(system, dynamics=False)
    chosen = owner if isinstance(owner, mm.Energy) else [owner]
    layer = description.layer
    found_terms, _ = energy_terms(chosen, system.m.mesh, layer.mask)
    alone = Terms(layer.terms.saturation_magnetization, **found_terms)
    energy = Energy(replace(layer, terms=alone))
    method, unit = _COMPUTED[kind]
    result = getattr(energy, method)(description.magnetization)
    folder = mm.ExternalDriver._setup_working_directory(
        system=system, dirname=dirname, mode="compute", append=append
    )
    system.compute_number += 1
    if kind == "energy":
        (folder / "energy.json").write_text(json.dumps({"energy": result}) + "\n", "utf-8")
        return float(result)
    values = result.swapaxes(0, 1).reshape(*system.m.mesh.n, -1)
    field = df.Field(system.m.mesh, nvdim=values.shape[-1], value=values, unit=unit)
    field.to_file(str(folder / f"{kind}.ovf"))
    return field
