"""Stray field of partly filled cells: the difference from that of whole cells of equal moment.

The demagnetising tensor of two cells, averaged over their filled parts, is a sum over small prisms
into which both are divided (Donahue and McMichael, 2007, doi:10.1109/TMAG.2007.893790). Whole cells
of the same moment would have that of the whole cells times both filled shares. The difference
matters between near cells.
"""

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wallnet.film import newell

if TYPE_CHECKING:
    from scipy.sparse import csr_array

REACH = 2
"""Largest distance along x and along y, in cells, of two cells whose real shape counts."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Near:
    """Fields in units of the base material's Ms.

    Attributes
    ----------
    own : ndarray (4, rows, columns)
        Field of the own m of each cell: components xx, yy, zz and xy.
    others : list of csr_array
        The same components of the field of near cells; cells are counted column by column.
    """

    own: Array
    others: "list[csr_array]"

    def of_own(self, m: NDArray) -> NDArray:
        """Return the field of the own m of each cell, (3, rows, columns)."""
        xx, yy, zz, xy = self.own
        return np.array([xx * m[0] + xy * m[1], xy * m[0] + yy * m[1], zz * m[2]])

    def add(self, m: NDArray, out: NDArray, scale: float, columns: slice) -> None:
        """Add `scale` times the field of near cells to `out`, within a range of columns.

        m and the field have the shape (3, rows, columns of the range).
        """
        if not self.others:
            return
        rows = m.shape[1]
        parts = self.others
        if m.shape[2] * rows < parts[0].shape[0]:
            # a copy, which the whole film does not need
            inside = slice(columns.start * rows, columns.stop * rows)
            parts = [part[inside, inside] for part in parts]
        xx, yy, zz, xy = parts
        x, y, z = m.transpose(0, 2, 1).reshape(3, -1)
        for axis, field in enumerate((xx @ x + xy @ y, xy @ x + yy @ y, zz @ z)):
            out[axis] += scale * field.reshape(-1, rows).T


def near_terms(
    mask: NDArray[np.bool_],
    filled: Array,
    shapes: NDArray[np.float32] | None,
    magnetization: Array,
    thickness: Array,
    cell: newell.Cell,
) -> Near:
    """Return the terms that the shapes of partly filled cells and a varying thickness add.

    The arrays are those of `wallnet.film.cells.Cells`, (rows, columns) or with further axes.
    The thickness weighs source and receiver of the stray field. With the local term, a uniform film
    of another thickness has the field along z of one whose cells have that thickness.
    """
    own = np.zeros((4, *mask.shape))
    own[2] = -magnetization * (1 - thickness) * mask
    partial = np.argwhere(mask & (filled < 1))
    if shapes is None or not len(partial):
        return Near(own, [])
    from scipy.sparse import coo_array

    rows, columns = mask.shape
    strength = magnetization * thickness * mask
    entries: list[tuple[NDArray[np.intp], NDArray[np.intp], Array]] = []
    chosen = np.zeros_like(mask)
    chosen[tuple(partial.T)] = True
    parts_of = shapes.reshape(rows, columns, -1)
    for i, j in itertools.product(range(-REACH, REACH + 1), repeat=2):
        near = partial + np.array([i, j])
        inside = np.all((near >= 0) & (near < (rows, columns)), axis=1)
        source, target = partial[inside], near[inside]
        inside = mask[tuple(target.T)]
        source, target = source[inside], target[inside]
        if not len(source):
            continue
        here, there = tuple(source.T), tuple(target.T)
        first, second = (parts_of[cells].astype(np.float64) for cells in (here, there))
        parts = round(np.sqrt(first.shape[1]))
        kernel, whole = _kernel(parts, i, j, cell), _whole(i, j, cell)
        shares = filled[here] * filled[there]
        difference = np.einsum("kpq,np,nq->kn", kernel, first, second, optimize=True)
        difference -= whole[:, None] * shares
        if i == j == 0:
            own[(slice(None), *here)] -= difference * strength[here] / filled[here]
            continue
        # each pair of two partly filled cells occurs in both orders
        pairs = [(source, target)]
        if not np.all(chosen[there]):
            pairs.append((target, source))
        for receiver, source_cells in pairs:
            only = slice(None) if receiver is source else ~chosen[tuple(receiver.T)]
            a, b = receiver[only], source_cells[only]
            value = -difference[:, only] * strength[tuple(b.T)] / filled[tuple(a.T)]
            entries.append((_index(a, rows), _index(b, rows), value))
    receivers, sources, values = (
        np.concatenate([entry[k] for entry in entries], axis=-1) for k in range(3)
    )
    shape = (rows * columns, rows * columns)
    places = receivers, sources
    return Near(own, [coo_array((part, places), shape=shape).tocsr() for part in values])


def _index(places: NDArray[np.intp], rows: int) -> NDArray[np.intp]:
    return places[:, 1] * rows + places[:, 0]


def _whole(i: int, j: int, cell: newell.Cell) -> Array:
    """Return the tensor of two whole cells, the second i rows above and j columns right."""
    part = newell.tensor(abs(j) + 1, abs(i) + 1, cell)[:, abs(i), abs(j)].copy()
    part[3] *= np.sign(i) * np.sign(j)
    return part


@lru_cache(maxsize=2)
def _small(parts: int, cell: newell.Cell) -> Array:
    """Return the tensor between parts of cells."""
    reach = (REACH + 1) * parts
    return newell.tensor(reach, reach, (cell[0] / parts, cell[1] / parts, cell[2])) / parts**2


def _kernel(parts: int, i: int, j: int, cell: newell.Cell) -> Array:
    """Return the tensor of each pair of parts of two cells, (4, parts², parts²).

    It is averaged over the first cell: the sum over all pairs is that of the whole cells.
    """
    y, x = np.divmod(np.arange(parts**2), parts)
    down, right = (
        offset * parts + place[None, :] - place[:, None] for offset, place in ((i, y), (j, x))
    )
    kernel = _small(parts, cell)[:, np.abs(down), np.abs(right)]
    kernel[3] *= np.sign(down) * np.sign(right)
    return kernel
