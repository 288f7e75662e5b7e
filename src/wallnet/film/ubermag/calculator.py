"""Drivers of ubermag that run the engine, their files, and energies and fields on demand."""

import inspect
import json
from collections.abc import Callable
from dataclasses import fields
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

from wallnet.film.core import Engine, Tolerances
from wallnet.film.energy import Energy
from wallnet.film.landscape import Landscape
from wallnet.film.minima import minimize
from wallnet.film.terms import Terms
from wallnet.film.ubermag.translation import (
    TERMS,
    Description,
    Unsupported,
    describe,
    energy_terms,
    to_array,
)

_UNITS = {"t": "s", "iteration": "", "max_mxHxm": "A/m", "mx": "", "my": "", "mz": ""}
"""Units of the columns of a table beside energies."""


_COMPUTED = {
    "energy": ("energy", "J"),
    "density": ("density", "J/m3"),
    "effective_field": ("field", "A/m"),
}
"""Method of `Energy` and unit of what `compute` computes."""


def _row(
    system: mm.System, description: Description, m: NDArray[np.floating], **more: float
) -> dict[str, float]:
    """Return a row of a table: the given values, energies in J and the average of m."""
    m = m.astype(np.float64)
    energy = Energy(*description.film)
    names = {term.name: TERMS[type(term)][0] for term in system.energy}
    parts = {name: energy.energy(m, name) for name in sorted(set(names.values()))}
    average = m[description.mask].mean(axis=0).tolist()
    row = {**more, "E": sum(parts.values()), **dict(zip(("mx", "my", "mz"), average, strict=True))}
    # Zeeman fields are summed before they reach the engine
    if len(parts) == len(names):
        row |= {f"E_{name}": parts[own] for name, own in names.items()}
    return row


def _table(rows: list[dict[str, float]], x: str) -> ubermagtable.Table:
    """Return rows as a table with the independent variable x."""
    frame = pd.DataFrame(rows)
    units = {name: _UNITS.get(name, "J") for name in frame.columns}
    return ubermagtable.Table(frame, units, x=x)


def _write_odt(table: ubermagtable.Table, path: Path) -> None:
    """Write a table in OOMMF's text format, which micromagneticdata reads."""
    # ubermagtable separates columns by this prefix and removes it
    columns = [f"Oxs_{name}" for name in table.data.columns]
    units = [table.units[name] or "{}" for name in table.data.columns]
    lines = ["# ODT 1.0", "# Table Start", "# Title: wallnet.film"]
    lines += ["# Columns: " + " ".join(columns), "# Units: " + " ".join(units)]
    lines += [" ".join(f"{value:.17g}" for value in row) for row in table.data.to_numpy()]
    lines += ["# Table End"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


class _Driver(mm.ExternalDriver):
    """Base class of both drivers: checks, files of a drive, and results in the system.

    A drive writes the files that micromagneticdata reads: `m0.omf`, one ``.omf`` file for each
    saved magnetisation, an ``.odt`` table and `info.json`. It runs in this process, without a
    `runner`. Other keywords are those of ``ExternalDriver.drive``, and `fixed_subregions`.
    """

    _dynamic = True
    _run: Callable[..., tuple[NDArray[np.floating], ubermagtable.Table]]

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
            self._m, self._table = self._run(system, **kwargs)
        _write_odt(self._table, Path(f"{system.name}.odt"))

    def _save(self, system: mm.System, m: NDArray[np.floating], number: int) -> None:
        field = df.Field(system.m.mesh, nvdim=3, value=to_array(self._description, m))
        field.to_file(f"{system.name}-wallnet-film-{number:07d}.omf", representation=self._format)

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

    def _run(
        self, system: mm.System, t: float, n: int
    ) -> tuple[NDArray[np.floating], ubermagtable.Table]:
        description = self._description
        engine = Engine(*description.film, Tolerances(**dict(self)), description.held)
        engine.magnetization = description.magnetization
        engine.set_torque(description.torque)
        rows = []
        for step in range(1, n + 1):
            end = t * step / n
            engine.advance(end - engine.time)
            m = engine.magnetization
            rows.append(_row(system, description, m, t=end, iteration=engine.counters.steps))
            self._save(system, m, step)
        return m, _table(rows, self._x)


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

    def _run(self, system: mm.System) -> tuple[NDArray[np.floating], ubermagtable.Table]:
        description = self._description
        landscape = Landscape(*description.film, description.held)
        m, iterations, torque = minimize(landscape, description.magnetization, **dict(self))
        self._save(system, m, iterations)
        row = _row(system, description, m, iteration=iterations, max_mxHxm=torque)
        return m, _table([row], self._x)


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
    alone = energy_terms(chosen, description.mask)
    terms = Terms(description.terms.saturation_magnetization, **alone)
    method, unit = _COMPUTED[kind]
    energy = Energy(description.mask, description.cell, terms)
    found = getattr(energy, method)(description.magnetization)
    result: float | df.Field = found
    if kind != "energy":
        values = found.swapaxes(0, 1).reshape(*system.m.mesh.n, -1)
        result = df.Field(system.m.mesh, nvdim=values.shape[-1], value=values, unit=unit)
    folder = mm.ExternalDriver._setup_working_directory(
        system=system, dirname=dirname, mode="compute", append=append
    )
    if isinstance(result, df.Field):
        result.to_file(str(folder / f"{kind}.ovf"))
    else:
        (folder / "energy.json").write_text(json.dumps({"energy": result}) + "\n", "utf-8")
    system.compute_number += 1
    return result
