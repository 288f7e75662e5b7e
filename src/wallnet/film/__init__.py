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

import os
from typing import Any

# numba would take the folder of its compiled code, which it executes, from a file
# .numba_config.yaml in the current folder
os.environ.setdefault("NUMBA_CACHE_DIR", "")

_DRIVERS = ("MinDriver", "TimeDriver", "Unsupported", "compute", "delete")
_ENGINE = ("Energy", "Engine", "EngineError", "Layer", "SpinTorque", "Terms", "Tolerances")
__all__ = [*_DRIVERS, *_ENGINE]


def __getattr__(name: str) -> Any:
    if name in _DRIVERS:
        from wallnet.film import ubermag

        return getattr(ubermag, name)
    if name in _ENGINE:
        from wallnet.film import core, energy, terms

        return next(getattr(home, name) for home in (core, terms, energy) if hasattr(home, name))
    raise AttributeError(f"wallnet.film has no {name}; it offers {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
