"""The embedded micromagnetic engine: one thin film, spin-orbit torque, and an ubermag face.

- `wallnet.film.core`: the engine on plain arrays (`Engine`, `Tolerances`).
- `wallnet.film.terms`: energy terms and torque, one object each (`Terms`, `SpinTorque`).
- `wallnet.film.energy`, `wallnet.film.minimize`: energies and effective fields of single terms in
  double precision, and their minimum.
- `wallnet.film.ubermag`: `TimeDriver`, `MinDriver`, `compute` and `delete`, which take a
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
    "TimeDriver": "ubermag.drivers",
    "MinDriver": "ubermag.drivers",
    "Unsupported": "ubermag.translation",
    "compute": "ubermag.compute",
    "delete": "ubermag.compute",
    "Energy": "energy",
    "Tolerances": "core",
    "Engine": "core",
    "EngineError": "core",
    "SpinTorque": "terms",
    "Terms": "terms",
}
"""Where each public name lives."""

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"wallnet.film has no {name}; it offers {', '.join(__all__)}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
