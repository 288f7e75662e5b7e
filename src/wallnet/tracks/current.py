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
from wallnet.jobs.bilayer import Crowding
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
    # the metal of a sample is as wide as the track, unless it has the edges of the magnet
    height = track.cell[1]
    middle = geometry.centres(track)[1][:, None]
    low, high = (np.clip(middle + half, 0, track.width) for half in (-height / 2, height / 2))
    whole = np.round((high - low) / height, 9)
    wholes = (whole, np.minimum(whole[:-1], whole[1:]))
    # sheet conductances of the metal, and of both
    metals = [
        face if crowding.cut else uncut * np.ones_like(face)
        for face, uncut in zip(faces, wholes, strict=True)
    ]
    sheets = [metal + crowding.shunt * face for metal, face in zip(metals, faces, strict=True)]
    nodes = np.arange(filled.size).reshape(rows, columns)
    ends = np.array([[filled.size], [filled.size + 1]]).repeat(rows, axis=1)
    along = np.column_stack([ends[0], nodes, ends[1]])
    begin = np.concatenate([along[:, :-1].ravel(), nodes[:-1].ravel()])
    end = np.concatenate([along[:, 1:].ravel(), nodes[1:].ravel()])
    near = np.ones((rows, columns + 1))
    near[:, [0, -1]] = 2.0  # the ends are half a cell away
    conductances = np.concatenate([(sheets[0] * near).ravel(), sheets[1].ravel()])
    pairs = np.tile(np.arange(begin.size), 2), np.concatenate([begin, end])
    drop = csr_array((np.repeat([1.0, -1.0], begin.size), pairs))
    matrix = (drop.T @ diags_array(conductances) @ drop).tocsc()
    voltage = np.zeros(filled.size + 2)
    voltage[-2] = 1.0
    free = np.flatnonzero(matrix.diagonal()[:-2])
    voltage[free] = spsolve(matrix[free][:, free], -(matrix @ voltage)[free])
    steps = np.split(drop @ voltage, [near.size])
    fields = [steps[0].reshape(near.shape) * near, steps[1].reshape(rows - 1, columns)]
    # without notches, a face of the metal along x has the current 1
    unit = whole.sum() * (1 + crowding.shunt)
    scale = unit / (sheets[0] * fields[0])[:, 0].sum()
    heats = [sheet * (scale * field) ** 2 for sheet, field in zip(sheets, fields, strict=True)]
    currents = [metal * scale * field for metal, field in zip(metals, fields, strict=True)]
    share = filled if crowding.cut else whole * np.ones_like(filled)
    # no current crosses the long edges
    across, open_y = (np.pad(array[1], ((1, 1), (0, 0))) for array in (currents, metals))
    return Current(
        np.stack([_mean(currents[0], metals[0], 1, share), _mean(across, open_y, 0, share)]),
        ((heats[0][:, :-1] + heats[0][:, 1:]).sum(axis=0) / 2 + heats[1].sum(axis=0)) / unit,
        share.sum(axis=0) / whole.sum(),
        float((currents[0].sum(axis=0) / metals[0].sum(axis=0)).max()),
    )


def _mean(flow: Array, area: Array, axis: int, share: Array) -> Array:
    """Return the mean density in each cell, from the currents through its faces across an axis.

    The current is divided by the open share of the faces, or by the filled share of the cell if
    that is larger.
    """
    flow, area = (np.moveaxis(array, axis, 0) for array in (flow, area))
    both = np.maximum(area[:-1] + area[1:], 2 * np.moveaxis(share, axis, 0))
    density = np.divide(flow[:-1] + flow[1:], both, out=np.zeros_like(both), where=both > 0)
    return np.moveaxis(density, 0, axis)
