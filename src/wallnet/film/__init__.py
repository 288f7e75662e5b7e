"""The embedded micromagnetic engine for one thin film with spin-orbit torque.

- `wallnet.film.core`: the engine on plain arrays (`Engine`, `Tolerances`).
- `wallnet.film.terms`: the film cell by cell (`Layer`); energy terms and torque, one object each
  (`Terms`, `SpinTorque`).
- `wallnet.film.energy`: energies and effective fields in double precision, and descents in them.
- `wallnet.film.minima`: minimisation of the energy.
- `wallnet.film.ubermag`: `TimeDriver`, `MinDriver`, `compute` and `delete`, which use a
  `micromagneticmodel.System` like the calculators of ubermag.

Public names are imported on first use. The drivers need micromagneticmodel, whose import takes
seconds; the engine itself does not.

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
import os
from typing import Any

# numba would take the folder of its compiled code, which it executes, from a file
# .numba_config.yaml in the current folder
os.environ.setdefault("NUMBA_CACHE_DIR", "")

_HOMES = {
    **dict.fromkeys(("TimeDriver", "MinDriver", "Unsupported", "compute", "delete"), "ubermag"),
    **dict.fromkeys(("Engine", "EngineError", "Tolerances"), "core"),
    **dict.fromkeys(("Layer", "SpinTorque", "Terms"), "terms"),
    "Energy": "energy",
}
"""Module of each public name."""

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"wallnet.film has no {name}; it offers {', '.join(__all__)}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
