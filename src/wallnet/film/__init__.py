"""The embedded micromagnetic engine for one thin film with spin-orbit torque.

- `wallnet.film.core`: the engine on plain arrays (`Engine`, `Tolerances`).
- `wallnet.film.terms`: the film cell by cell (`Layer`); energy terms and torque, one object each
  (`Terms`, `SpinTorque`).
- `wallnet.film.energy`: energies and effective fields in double precision, and descents in them.
- `wallnet.film.minima`: minimisation of the energy.
- `wallnet.film.ubermag`: `TimeDriver`, `MinDriver`, `compute` and `delete`, which use a
  `micromagneticmodel.System` like the calculators of ubermag.

Public names are those of `__init__.pyi`, and are imported on first use. The drivers need
micromagneticmodel, whose import takes seconds; the engine itself does not.

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

import lazy_loader

# numba would take the folder of its compiled code, which it executes, from a file
# .numba_config.yaml in the current folder
os.environ.setdefault("NUMBA_CACHE_DIR", "")

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
