"""Current of a track whose heavy metal, or whose magnet alone, has the notches.

∇·(G ∇V) = 0 holds on the cells, with the sheet conductances of metal and magnet in G, between two
equipotential ends. Everything is relative to a strip without notches that carries the same current.
A cell conducts to its neighbours through the open share of the face between them. At corners of
stairs, the density grows without limit as cells shrink; resistance and means over a section do not.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Track
from wallnet.config.heavy_metal import Crowding
from wallnet.tracks import geometry

Array = NDArray[np.float64]


class Current(NamedTuple):
    """Current of a track, relative to that of a strip without notches."""

    density: Array
    """Density along x and y in the metal, its mean over the metal of each cell,
    (2, rows, columns)."""
    heat: Array
    """Joule heat in metal and magnet per length, (columns,); its mean is the resistance."""
    filled: Array
    """Share of the width that the metal has, (columns,)."""
    neck: float
    """Largest mean of the density along x in the metal over a section."""

    @property
    def resistance(self) -> float:
        """Resistance of the track."""
        return float(self.heat.mean())

    @property
    def polarized(self) -> Array:
        """Polarisation of the spin current times its size, (3, rows, columns): (-J_y, J_x, 0)."""
        along, across = self.density
        return np.stack([-across, along, np.zeros_like(along)])


@lru_cache(maxsize=4)
def current(track: Track, crowding: Crowding) -> Current:
    """Return the current of a track."""
    from scipy.sparse import csr_array, diags_array
    from scipy.sparse.linalg import spsolve

    filled, *faces = geometry.filled_and_faces(track)
    rows, columns = filled.shape
    # sheet conductances of the metal, and of both
    metals = [face if crowding.cut else np.ones_like(face) for face in faces]
    sheets = [metal + crowding.shunt * face for metal, face in zip(metals, faces, strict=True)]
    nodes = np.arange(filled.size).reshape(rows, columns)
    ends = np.array([[filled.size], [filled.size + 1]]).repeat(rows, axis=1)
    along = np.column_stack([ends[0], nodes, ends[1]])
    begin = np.concatenate([along[:, :-1].ravel(), nodes[:-1].ravel()])
    end = np.concatenate([along[:, 1:].ravel(), nodes[1:].ravel()])
    half = np.ones((rows, columns + 1))
    half[:, [0, -1]] = 2.0  # the ends are half a cell away
    conductances = np.concatenate([(sheets[0] * half).ravel(), sheets[1].ravel()])
    number = np.arange(begin.size)
    drop = csr_array(
        (np.repeat([1.0, -1.0], begin.size), (np.tile(number, 2), np.concatenate([begin, end])))
    )
    matrix = (drop.T @ diags_array(conductances) @ drop).tocsc()
    voltage = np.zeros(filled.size + 2)
    voltage[-2] = 1.0
    free = np.flatnonzero(matrix.diagonal()[:-2])
    voltage[free] = spsolve(matrix[free][:, free], -(matrix @ voltage)[free])
    parts = np.split(drop @ voltage, [half.size])
    drops = parts[0].reshape(half.shape) * half, parts[1].reshape(rows - 1, columns)
    # a face of the strip's metal has the current 1
    unit = rows * (1 + crowding.shunt)
    drops = [each * unit / (sheets[0] * drops[0])[:, 0].sum() for each in drops]
    heats = [sheet * each**2 for sheet, each in zip(sheets, drops, strict=True)]
    currents = [metal * each for metal, each in zip(metals, drops, strict=True)]
    # the mean over a cell; of one that is cut, at most that over its open faces
    share = filled if crowding.cut else np.ones_like(filled)
    density = []
    for axis, (flow, metal) in enumerate(zip(currents, metals, strict=True)):
        if axis:
            flow, metal = (np.pad(each, ((1, 1), (0, 0))) for each in (flow, metal))
        flow, metal = (np.moveaxis(each, 1 - axis, 0) for each in (flow, metal))
        area = np.maximum(metal[:-1] + metal[1:], 2 * np.moveaxis(share, 1 - axis, 0))
        found = np.divide(flow[:-1] + flow[1:], area, out=np.zeros_like(area), where=area > 0)
        density.append(np.moveaxis(found, 0, 1 - axis))
    return Current(
        np.stack(density),
        ((heats[0][:, :-1] + heats[0][:, 1:]).sum(axis=0) / 2 + heats[1].sum(axis=0)) / unit,
        share.mean(axis=0),
        float((currents[0].sum(axis=0) / metals[0].sum(axis=0)).max()),
    )
