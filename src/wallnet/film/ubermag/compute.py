"""Computation of a system's energies and fields, and deletion of the files of its drives."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import discretisedfield as df
import micromagneticmodel as mm

from wallnet.film.energy import Energy
from wallnet.film.terms import Terms
from wallnet.film.ubermag.translation import TERMS, describe, energy_terms


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
        alone = energy_terms([owner], description.mask)
        name = TERMS[type(owner)][0]
        terms = Terms(saturation_magnetization=terms.saturation_magnetization, **alone)
    evaluated = Energy(description.mask, description.cell, terms)
    result: float | df.Field
    if kind == "energy":
        result = evaluated.energy(description.magnetization, name)
    elif kind == "density":
        values = evaluated.density(description.magnetization, name).T[:, :, None, None]
        result = df.Field(system.m.mesh, nvdim=1, value=values, unit="J/m3")
    else:
        values = evaluated.field(description.magnetization, name).transpose(1, 0, 2)[:, :, None, :]
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
    """Delete the folder of a system's drives in the working directory.

    Parameters
    ----------
    system : micromagneticmodel.System
        The system.
    silent : bool
        Whether to ignore a missing folder.

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
