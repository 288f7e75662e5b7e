"""The embedded micromagnetic engine: one thin film, spin-orbit torque, and an ubermag face.

- `wallnet.film.core`: the engine on plain arrays (`Engine`, `Terms`, `SpinTorque`, `Tolerances`).
- `wallnet.film.ubermag.energy`: energies and effective fields of single terms, in double precision.
- `wallnet.film.ubermag.calculator`: `TimeDriver`, `MinDriver`, `compute` and `delete`, which take a
  `micromagneticmodel.System` as the calculators of ubermag do.

Nothing is imported before it is asked for: the calculator needs micromagneticmodel, which takes
seconds to import; the engine itself does not.

Examples
--------
>>> import micromagneticmodel as mm
>>> import wallnet.film as film
>>> system = mm.examples.macrospin()
>>> film.TimeDriver().drive(system, t=0.1e-9, n=10, verbose=0)
>>> len(system.table.data)
10
>>> film.delete(system)
"""

import importlib
from typing import Any

_HOMES = {
    "TimeDriver": "ubermag.calculator",
    "MinDriver": "ubermag.calculator",
    "Unsupported": "ubermag.calculator",
    "compute": "ubermag.calculator",
    "delete": "ubermag.calculator",
    "FilmEnergy": "ubermag.energy",
    "Tolerances": "core",
    "Engine": "core",
    "EngineError": "core",
    "SpinTorque": "core",
    "Terms": "core",
}
"""Where each public name lives."""

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"wallnet.film has no {name}; it offers {', '.join(__all__)}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
