"""The engine's ubermag face: drivers and `compute` for a `micromagneticmodel.System`.

What the engine cannot do is refused by name, as `Unsupported`, before anything is written.
"""

import json
import logging
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from time import monotonic
from typing import Any

import discretisedfield as df
import micromagneticmodel as mm
import numpy as np
import pandas as pd
import ubermagtable
import ubermagutil as uu
from numpy.typing import NDArray

from wallnet.film.core import Engine, EngineError, SpinTorque, Terms, Tolerances
from wallnet.film.ubermag.energy import FilmEnergy

OVF_FORMATS = ("bin8", "bin4", "txt")
"""Formats of the magnetisation files."""

REPORT_INTERVAL = 10.0
"""Seconds between two lines on how far a minimisation is."""


class Unsupported(NotImplementedError, ValueError):
    """The system needs what a single-layer film engine does not have; the message names it."""


_NAMES: dict[type, str] = {
    mm.Exchange: "exchange",
    mm.DMI: "dmi",
    mm.UniaxialAnisotropy: "anisotropy",
    mm.Demag: "demag",
    mm.Zeeman: "zeeman",
}
"""Energy terms of micromagneticmodel and what `FilmEnergy` calls them."""


@dataclass(frozen=True)
class Description:
    """A system in the engine's plain terms.

    Attributes
    ----------
    mask : bool array (rows, columns)
        Magnetic cells: those where the norm of m is not zero.
    cell : tuple of float
        Edges of a cell in m.
    terms : Terms
        Energy and dynamics.
    torque : SpinTorque or None
        The Slonczewski term.
    magnetization : ndarray (rows, columns, 3)
        Unit vectors; zero in empty cells.
    """

    mask: NDArray[np.bool_]
    cell: tuple[float, float, float]
    terms: Terms
    torque: SpinTorque | None
    magnetization: NDArray[np.float64]


def _is_set(term: Any, name: str) -> bool:
    """Return whether an attribute of a term was given (ubermag leaves descriptors otherwise)."""
    return name in term.__dict__ and term.__dict__[name] is not None


def _uniform(value: Any, what: str, mask: NDArray[np.bool_]) -> Any:
    """Return the one value of a parameter, which may be given by region or by cell."""
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


def _energy_terms(energy: Any, mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Translate energy terms into fields of `Terms`."""
    found: dict[str, Any] = {"stray_field": False}
    external = np.zeros(3)
    seen: set[str] = set()
    for term in energy:
        kind = type(term).__name__
        name = _NAMES.get(type(term))
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


def describe(system: mm.System, dynamics: bool = True) -> Description:
    """Translate a system into the engine's plain terms.

    Parameters
    ----------
    system : micromagneticmodel.System
        A single layer of cells in the xy plane. Its shape is given by the norm of m, which is
        Ms in magnetic cells and zero in empty ones.
    dynamics : bool
        Whether the dynamics are wanted; they are ignored otherwise.

    Returns
    -------
    Description
        The system in plain terms.

    Raises
    ------
    Unsupported
        If the system needs something that the engine does not have.
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
    found = _energy_terms(system.energy, mask)
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
    )


def _to_array(description: Description, m: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return M in A/m as `discretisedfield` orders it, its length exact in double precision."""
    m = m.astype(np.float64)
    length = np.linalg.norm(m, axis=-1, keepdims=True)
    scaled = np.divide(m, length, out=np.zeros_like(m), where=description.mask[..., None])
    scaled *= description.terms.saturation_magnetization
    return scaled.transpose(1, 0, 2)[:, :, None, :]


class _Rows:
    """The scalar data of a drive, one row at a time."""

    def __init__(self, system: mm.System, description: Description) -> None:
        self.energy = FilmEnergy(description.mask, description.cell, description.terms)
        self.names = {term.name: _NAMES[type(term)] for term in system.energy}
        zeeman = [term for term in system.energy if isinstance(term, mm.Zeeman)]
        self.several = len(zeeman) > 1
        self.units = {"E": "J", "mx": "", "my": "", "mz": ""}
        if not self.several:
            self.units |= {f"E_{name}": "J" for name in self.names}
        self.rows: list[dict[str, float]] = []

    def add(self, m: NDArray[np.floating], **more: float) -> None:
        """Add a row: what is given, then energies in J and the average of m."""
        m = m.astype(np.float64)
        average = m[self.energy.mask].mean(axis=0)
        # Zeeman fields are summed before they reach the engine
        parts = {name: self.energy.energy(m, name) for name in sorted(set(self.names.values()))}
        row = {**more, "E": sum(parts.values())}
        row |= dict(zip(("mx", "my", "mz"), map(float, average), strict=True))
        if not self.several:
            row |= {f"E_{name}": parts[own] for name, own in self.names.items()}
        self.rows.append(row)

    def table(self, x: str, units: Mapping[str, str]) -> ubermagtable.Table:
        """Return the rows as a table with the independent variable x."""
        return ubermagtable.Table(pd.DataFrame(self.rows), {**units, **self.units}, x=x)


def _write_odt(table: ubermagtable.Table, path: Path) -> None:
    """Write a table in OOMMF's text format, which micromagneticdata reads."""
    # ubermagtable tells columns apart by this prefix and drops it
    columns = [f"Oxs_{name}" for name in table.data.columns]
    units = [table.units[name] or "{}" for name in table.data.columns]
    lines = ["# ODT 1.0", "# Table Start", "# Title: wallnet.film"]
    lines += ["# Columns: " + " ".join(columns), "# Units: " + " ".join(units)]
    lines += [" ".join(f"{value:.17g}" for value in row) for row in table.data.to_numpy()]
    lines += ["# Table End"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


class _Driver(mm.ExternalDriver):
    """What both drivers share: checks, files of a drive, and writing back to the system.

    A drive leaves what micromagneticdata reads: `m0.omf`, one `.omf` file for each saved
    magnetisation, an `.odt` table and `info.json`; and `parameters.json`, all that the engine
    was given.
    """

    _dynamic = True

    def drive_kwargs_setup(self, drive_kwargs: dict[str, Any]) -> None:
        """Check the keywords of a drive.

        Parameters
        ----------
        drive_kwargs : dict
            `n_threads` may be None or 1; drivers add their own.

        Raises
        ------
        Unsupported
            If a keyword needs what the engine does not have.
        TypeError
            If a keyword is unknown.
        """
        threads = drive_kwargs.pop("n_threads", None)
        if threads not in (None, 1):
            raise Unsupported(
                f"n_threads is {threads}, and wallnet.film runs on one thread, so that its "
                "results do not depend on the machine; leave n_threads out"
            )
        if drive_kwargs.pop("fixed_subregions", None):
            raise Unsupported(
                "fixed_subregions is not part of wallnet.film; leave it out, or drive the "
                "system with oommfc"
            )
        self._check_own(drive_kwargs)

    def schedule_kwargs_setup(self, schedule_kwargs: dict[str, Any]) -> None:
        """Refuse to schedule: a drive runs inside this process.

        Raises
        ------
        Unsupported
            Always.
        """
        raise Unsupported(
            "schedule is not part of wallnet.film, which runs inside this process; call drive, "
            "or let the workflow submit jobs"
        )

    def _check_own(self, drive_kwargs: dict[str, Any]) -> None:
        raise NotImplementedError

    def _check_system(self, system: mm.System) -> None:
        if self._dynamic and len(system.dynamics) == 0:
            raise RuntimeError("System's dynamics is not defined; add Precession and Damping to it")
        if len(system.energy) == 0:
            raise RuntimeError("System's energy is not defined; add a term to it")
        self._description = describe(system, dynamics=self._dynamic)

    def drive(self, system: mm.System, /, **kwargs: Any) -> None:
        """Drive the system and fill `system.m` and `system.table`.

        Parameters
        ----------
        system : micromagneticmodel.System
            A single layer of cells; see `describe`.
        **kwargs
            `t` in s and `n` (TimeDriver); `dirname`, `append`, `ovf_format` and `verbose` as
            for any calculator of ubermag. From `verbose=1`, a long minimisation prints how far
            it is.

        Raises
        ------
        Unsupported
            If the system needs something that the engine does not have.
        ValueError
            If an argument has an impossible value.
        EngineError
            If the simulation becomes unstable.
        """
        if kwargs.pop("runner", None) is not None:
            raise Unsupported("runner is not part of wallnet.film, which runs no other program")
        chosen = kwargs.get("ovf_format", "bin8")
        if chosen not in OVF_FORMATS:
            raise ValueError(f"ovf_format is {chosen!r}; use one of {', '.join(OVF_FORMATS)}")
        super().drive(system, **kwargs)

    def _write_input_files(self, system: mm.System, ovf_format: str, **kwargs: Any) -> None:
        self._format = ovf_format
        system.m.to_file("m0.omf", representation=ovf_format)
        terms, torque = self._description.terms, self._description.torque
        parameters = {"terms": asdict(terms), "torque": asdict(torque) if torque else None}
        parameters |= {"accuracy": asdict(self._accuracy()), "cell": self._description.cell}
        Path("parameters.json").write_text(json.dumps(parameters, indent=2) + "\n", "utf-8")

    def _accuracy(self) -> Tolerances:
        return Tolerances()

    def _call(self, system: mm.System, runner: None, verbose: int, **kwargs: Any) -> None:
        name = type(self).__name__
        self._verbose = verbose
        report: AbstractContextManager = (
            uu.progress.summary("wallnet.film", name) if verbose else uu.progress.quiet()
        )
        with report:
            self._m, self._table = self._run(system, **kwargs)
        _write_odt(self._table, Path(f"{system.name}.odt"))

    def _run(
        self, system: mm.System, **kwargs: Any
    ) -> tuple[NDArray[np.floating], ubermagtable.Table]:
        raise NotImplementedError

    def _save(self, system: mm.System, m: NDArray[np.floating], number: int) -> None:
        field = df.Field(system.m.mesh, nvdim=3, value=_to_array(self._description, m))
        field.to_file(f"{system.name}-wallnet-film-{number:07d}.omf", representation=self._format)

    def _schedule_commands(self, system: mm.System, runner: None) -> list[str]:
        raise NotImplementedError

    def _read_data(self, system: mm.System) -> None:
        system.m.array = _to_array(self._description, self._m)
        system.table = self._table


class TimeDriver(_Driver):
    """Integrate the Landau-Lifshitz-Gilbert-Slonczewski equation.

    Parameters
    ----------
    **kwargs
        `stray_field_tolerance`, `frozen_change`, `time_step_fraction` and what else
        `wallnet.film.core.Tolerances` knows.

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

    @property
    def _x(self) -> str:
        return "t"

    def _accuracy(self) -> Tolerances:
        return replace(Tolerances(), **dict(self))

    def _check_own(self, drive_kwargs: dict[str, Any]) -> None:
        for name in ("t", "n"):
            if name not in drive_kwargs:
                raise TypeError(f"drive lacks {name}; call drive(system, t=…, n=…)")
        unknown = set(drive_kwargs) - {"t", "n"}
        if unknown:
            raise TypeError(
                f"drive knows no {', '.join(sorted(unknown))}; call drive(system, t=…, n=…)"
            )
        t, n = drive_kwargs["t"], drive_kwargs["n"]
        if not t > 0 or not np.isfinite(t):
            raise ValueError(f"t is {t} s; give a positive time")
        if not isinstance(n, int) or n <= 0:
            raise ValueError(f"n is {n}; give a positive whole number of saved steps")

    def _run(
        self, system: mm.System, t: float, n: int
    ) -> tuple[NDArray[np.floating], ubermagtable.Table]:
        description = self._description
        film = Engine(description.mask, description.cell, description.terms, self._accuracy())
        film.magnetization = description.magnetization
        if description.torque is not None:
            film.set_torque(description.torque)
        rows = _Rows(system, description)
        for step in range(1, n + 1):
            end = t * step / n
            film.advance(end - film.time)
            m = film.magnetization
            rows.add(m, t=end, iteration=film.counters.steps)
            self._save(system, m, step)
        return m, rows.table("t", {"t": "s", "iteration": ""})


class _Progress:
    """Says how far a minimisation is: a warning once, and lines that repeat if `verbose`."""

    def __init__(self, stop: float, verbose: int) -> None:
        self.stop, self.verbose = stop, verbose
        self.start = monotonic()
        self.due = self.start + REPORT_INTERVAL
        self.warned = False

    def __call__(self, steps: int, torque: float) -> None:
        """Take note of the steps done and the largest torque field in A/m."""
        now = monotonic()
        if now < self.due:
            return
        self.due = now + REPORT_INTERVAL
        text = (
            f"MinDriver after {now - self.start:.0f} s and {steps} steps: the largest torque "
            f"field is {torque:.3g} A/m, above the stopping value {self.stop:.3g} A/m"
        )
        if not self.warned:
            text += (
                "; a wall that is free slides for long: let it start near a notch, or raise "
                "stopping_mxHxm"
            )
            logging.getLogger(__name__).warning(text)
            self.warned = True
        if self.verbose:
            # ubermag's summary leaves its line open for the time taken
            print(f"\n{text}", end=" ", flush=True)


class MinDriver(_Driver):
    """Minimise the energy, in double precision, by steps of Barzilai and Borwein.

    Each step rotates every m within the plane of m and its torque field m × (m × H), which
    keeps its length exactly (Exl et al., J. Appl. Phys. 115, 17D118 (2014)). The minimum is
    reached when max |m × H × m| is below `stopping_mxHxm`. A minimisation that takes long says how
    far it is: a wall that nothing holds slides for thousands of steps.

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

    @property
    def _x(self) -> str:
        return "iteration"

    def _check_own(self, drive_kwargs: dict[str, Any]) -> None:
        if drive_kwargs.pop("output_step", False):
            raise Unsupported(
                "output_step is not part of wallnet.film, which saves the minimum alone; "
                "leave it out"
            )
        if drive_kwargs:
            raise TypeError(f"drive knows no {', '.join(sorted(drive_kwargs))}; leave it out")

    def _run(self, system: mm.System) -> tuple[NDArray[np.floating], ubermagtable.Table]:
        options = dict(self)
        rows = _Rows(system, self._description)
        stop = options.get("stopping_mxHxm", 1e-4)
        m, iterations, torque = minimize(
            rows.energy,
            self._description.magnetization,
            stop,
            options.get("total_iteration_limit", 100_000),
            _Progress(stop, self._verbose),
        )
        rows.add(m, iteration=iterations, max_mxHxm=torque)
        self._save(system, m, iterations)
        return m, rows.table("iteration", {"iteration": "", "max_mxHxm": "A/m"})


def minimize(
    energy: FilmEnergy,
    m: NDArray[np.floating],
    stop: float = 1e-4,
    limit: int = 100_000,
    report: Callable[[int, float], None] | None = None,
) -> tuple[NDArray[np.float64], int, float]:
    """Minimise the energy of a film.

    Parameters
    ----------
    energy : FilmEnergy
        What to minimise.
    m : ndarray (rows, columns, 3)
        Unit vectors to start from.
    stop : float
        Largest |m × H × m| at the minimum, in A/m.
    limit : int
        Largest number of steps.
    report : callable, optional
        Called before each step with the number of steps done and the largest |m × H × m|.

    Returns
    -------
    tuple of (ndarray, int, float)
        Unit vectors, number of steps, largest |m × H × m| in A/m.

    Raises
    ------
    EngineError
        If the minimum is not reached.
    """
    mask = energy.mask[..., None]
    m = np.where(mask, m, 0.0).astype(np.float64)

    def torque(m: NDArray) -> tuple[NDArray, NDArray]:
        t = np.cross(m, energy.field(m))
        return t, np.cross(m, t)

    # the stiffest mode's rate bounds the first step; later ones follow from the last two
    t, g = torque(m)
    largest = float(np.sqrt((g**2).sum(axis=-1).max()))
    step = 0.01 / max(largest, 1e-300)
    for iteration in range(limit):
        if largest <= stop:
            return m, iteration, largest
        if report is not None:
            report(iteration, largest)
        # (1 + s²t²) m' = (1 - s²t²) m - 2 s g with s = step/2, which leaves |m'| = |m|
        squared = (step / 2) ** 2 * (t**2).sum(axis=-1, keepdims=True)
        moved = ((1 - squared) * m - step * g) / (1 + squared)
        length = np.linalg.norm(moved, axis=-1, keepdims=True)
        moved = np.divide(moved, length, out=np.zeros_like(moved), where=mask)
        t, new = torque(moved)
        change, bend = moved - m, new - g
        along = abs(float((change * bend).sum()))
        # the two Barzilai-Borwein steps in turn
        if iteration % 2:
            step = along / max(float((bend**2).sum()), 1e-300)
        else:
            step = float((change**2).sum()) / max(along, 1e-300)
        m, g = moved, new
        largest = float(np.sqrt((g**2).sum(axis=-1).max()))
        # no step may turn a moment by more than about a radian
        step = min(step, 1.0 / max(largest, 1e-300))
    raise EngineError(
        f"no minimum after {limit} steps: max |m × H × m| is {largest:.3g} A/m, above {stop:.3g}; "
        "raise total_iteration_limit or stopping_mxHxm"
    )


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
        Whether an existing folder of the system may be added to.

    Returns
    -------
    float or discretisedfield.Field
        Energy in J, density in J/m³, or effective field in A/m.

    Raises
    ------
    ValueError
        If `func` is none of the three.
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
    if kind not in ("energy", "density", "effective_field") or owner is None:
        raise ValueError(
            f"{kind} cannot be computed; pass energy, density or effective_field of an energy "
            "term or of system.energy"
        )
    description = describe(system, dynamics=False)
    terms = description.terms
    if isinstance(owner, mm.Energy):
        name = "total"
    else:
        alone = _energy_terms([owner], description.mask)
        name = _NAMES[type(owner)]
        terms = Terms(saturation_magnetization=terms.saturation_magnetization, **alone)
    film = FilmEnergy(description.mask, description.cell, terms)
    result: float | df.Field
    if kind == "energy":
        result = film.energy(description.magnetization, name)
    elif kind == "density":
        values = film.density(description.magnetization, name).T[:, :, None, None]
        result = df.Field(system.m.mesh, nvdim=1, value=values, unit="J/m3")
    else:
        values = film.field(description.magnetization, name).transpose(1, 0, 2)[:, :, None, :]
        result = df.Field(system.m.mesh, nvdim=3, value=values, unit="A/m")
    folder = mm.ExternalDriver._setup_working_directory(
        system=system, dirname=dirname, mode="compute", append=append
    )
    if isinstance(result, df.Field):
        result.to_file(str(folder / f"{kind}.ovf"))
    else:
        (folder / "energy.json").write_text(json.dumps({"energy": result}) + "\n", "utf-8")
    system.compute_number += 1
    return result


def delete(system: mm.System, silent: bool = False) -> None:
    """Delete the folder that drives of a system have left in the working directory.

    Parameters
    ----------
    system : micromagneticmodel.System
        The system.
    silent : bool
        Whether a missing folder is passed over.

    Raises
    ------
    FileNotFoundError
        If there is no such folder and `silent` is False.
    """
    folder = Path(system.name)
    if folder.is_dir():
        shutil.rmtree(folder)
        system.drive_number = 0
    elif not silent:
        raise FileNotFoundError(f"{folder} is not there; no drive of this system was saved here")
