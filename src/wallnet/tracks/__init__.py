"""A track, its film, its wall and its current as arrays.

Cells are indexed (row, column). Row 0 is along the lower edge y = 0, column 0 along the left edge
x = 0. The left domain points along -z, the right one along +z.

- `wallnet.tracks.geometry`: which cells the track fills.
- `wallnet.tracks.films`: the film of a job, cell by cell, from parameters that vary (`regions`,
  `grains`, `samples`).
- `wallnet.tracks.walls`: walls that are placed, and their positions; `states` names these.
- `wallnet.tracks.current`, `wallnet.tracks.heat_flow`: current and temperature of a pulse.
- `wallnet.tracks.rigid_wall`: a wall of one shape, without a simulation.
- `wallnet.tracks.ubermag`: a job as a `micromagneticmodel.System`.

Public names are those of `__init__.pyi`, and are imported on first use.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
