"""The film of a track, cell by cell, as a job describes it."""

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Track
from wallnet.film.terms import Cells, Layer
from wallnet.jobs import Run
from wallnet.jobs.base import TrackJob
from wallnet.jobs.film import terms_of
from wallnet.tracks import geometry, grains
from wallnet.tracks.current import current
from wallnet.tracks.geometry import centres, magnetic_mask
from wallnet.tracks.regions import relative_parameters


def layer(job: TrackJob) -> Layer:
    """Return the film that a job describes, cell by cell; every calculator takes it from here."""
    track = job.track
    mask, varying = magnetic_mask(track), geometry.shares(track) | grains.bonds(track)
    varying |= relative_parameters(track, job.variation)
    if isinstance(job, Run) and job.crowding:
        varying |= {"polarized": current(track, job.crowding).polarized}
    oersted = job.oersted if isinstance(job, Run) else None
    field = geometry.oersted_field(track, oersted) if oersted else None
    return Layer(
        mask, track.cell, terms_of(job.material), held_cells(track), Cells(mask, **varying), field
    )


def column_cells(film: Layer) -> NDArray[np.number]:
    """Return the number of magnetic cells in each column; partly filled cells count in part."""
    if film.cells.uniform:
        return film.mask.sum(axis=0, dtype=np.int32)
    return film.filled.sum(axis=0)


def held_cells(track: Track) -> NDArray[np.bool_]:
    """Return the mask of frozen spins, shape (rows, columns).

    A cell is frozen if its centre is in a fixed end of the track.
    """
    x, _ = centres(track)
    first, last = track.free_range
    return ((x < first) | (x > last)) & magnetic_mask(track)
