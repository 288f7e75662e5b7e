"""Lifetimes of a wall at a shallow notch in several fields, simulated, and Langer's rate of escape.

`python tests/helpers/lifetimes.py FOLDER` simulates `POINTS` and writes `lifetimes.csv` with
`lifetimes.json`, which are kept in `docs/results`. It takes a minute.
"""

import csv
import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wallnet.constants import BOLTZMANN
from wallnet.film import paths
from wallnet.film.energy import Landscape
from wallnet.film.minima import descend
from wallnet.film.terms import Layer
from wallnet.film.thermal import ThermalEngine
from wallnet.validation import material

EDGE = 5e-9
CELL = (EDGE, EDGE, material.THICKNESS)
ROWS, COLUMNS, CENTRE = 6, 24, 8
TEMPERATURE = 300.0
TERMS = replace(material.LOCAL, damping=0.5)
"""The paper's film without stray field, before the external field."""

STRIPS, LONGEST = 500, 2e-6
"""Number of strips, and time in s after which they are no longer simulated."""


POINTS = {
    -27500.0: 100,
    -25000.0: 100,
    -22500.0: 100,
    -20000.0: 100,
    -18000.0: 40,
    -16000.0: 25,
}
"""Number of escapes after which a simulation ends, by the external field along z in A/m, which
pulls the wall to the right."""

COLUMNS_OF_FILE = (
    *("field_A_per_m", "barrier_J", "langer_prefactor_Hz", "langer_lifetime_s"),
    *("escapes", "time_at_risk_s", "seed"),
)

INTERVAL = 50e-12
"""Time in s between two looks at the walls."""


def strip() -> NDArray[np.bool_]:
    """Return the magnetic cells of a strip, of which one is missing at each edge."""
    mask = np.ones((ROWS, COLUMNS), dtype=bool)
    mask[[0, -1], CENTRE] = False
    return mask


def _wall(position: float) -> NDArray[np.float64]:
    return np.moveaxis(material.wall((ROWS, COLUMNS), EDGE, position), -1, 0)


def position(m_z: NDArray[np.floating], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the wall's position in m: the length of reversed film."""
    return COLUMNS * EDGE * (1 - m_z[..., mask].mean(axis=-1)) / 2


class Well:
    """A wall at a notch, and the saddle point over which the field pulls it.

    Attributes
    ----------
    barrier : float
        Barrier in J.
    prefactor, rate : float
        Prefactor and rate of escape in 1/s at `TEMPERATURE` by Langer's theory, with the damping.
    mask : bool array (rows, columns)
        Magnetic cells.
    terms : Terms
        Energy and dynamics.
    bottom : ndarray (3, rows, columns)
        Minimum.
    top_position : float
        Position of the wall at the saddle point, in m.
    """

    def __init__(self, field: float) -> None:
        self.mask = mask = strip()
        self.terms = replace(TERMS, external_field=(0.0, 0.0, field))
        self._landscape = landscape = Landscape(Layer(mask, CELL, self.terms))
        minimum = descend(landscape, _wall((CENTRE + 0.5) * EDGE))
        assert minimum.converged
        self.bottom = minimum.m
        places = np.arange(CENTRE + 3, COLUMNS + 12, 2) * EDGE
        initial = [self.bottom, *(np.where(mask, _wall(place), 0) for place in places)]
        initial[-1] = np.where(mask, descend(landscape, _wall(1.0)).m, 0)
        path = paths.climb(landscape, paths.relax(landscape, np.array(initial)))
        assert path.converged, (path.residual, path.stiffness)
        top = path.images[path.saddle].astype(np.float64)
        self.barrier = float(path.top - path.energy[0])
        self.top_position = float(position(top[2], mask))
        bent, growth = self._stiffness(top)
        curved, _ = self._stiffness(self.bottom)
        assert curved.min() > 0
        assert (bent < 0).sum() == 1
        ratio = math.exp((np.log(curved).sum() - np.log(np.abs(bent)).sum()) / 2)
        self.prefactor = growth / (2 * math.pi) * ratio
        self.rate = self.prefactor * math.exp(-self.barrier / (BOLTZMANN * TEMPERATURE))

    def _stiffness(self, m: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        """Return the eigenvalues of the second derivative in A/m, and the fastest growth in 1/s."""
        helper = np.zeros_like(m)
        np.put_along_axis(helper, np.abs(m).argmin(axis=0)[None], 1.0, axis=0)
        first = np.cross(helper, m, axis=0)
        first /= np.where(self.mask, np.linalg.norm(first, axis=0), 1)
        axes = np.stack([first, np.cross(m, first, axis=0)])
        energy = self._landscape.energy
        nothing = energy.field(np.zeros((ROWS, COLUMNS, 3)))
        pull = np.sum(np.moveaxis(energy.field(np.moveaxis(m, 0, -1)), -1, 0) * m, axis=0)
        cells = np.argwhere(self.mask)
        columns = []
        for axis in axes:
            for row, column in cells:
                tilt = np.zeros_like(m)
                tilt[:, row, column] = axis[:, row, column]
                field = energy.field(np.moveaxis(tilt, 0, -1)) - nothing
                bent = pull * tilt - np.moveaxis(field, -1, 0)
                columns.append(np.sum(axes * bent, axis=1)[:, self.mask].ravel())
        second = np.array(columns)
        turned = np.concatenate([-second[len(cells) :], second[: len(cells)]])
        motion = self.terms.rate * (turned - self.terms.damping * second)
        return np.linalg.eigvalsh((second + second.T) / 2), np.linalg.eigvals(motion).real.max()


def escapes(
    well: Well, strips: int, target: int, seed: int, longest: float = LONGEST
) -> tuple[int, float]:
    """Return the number of walls that escaped to the right, and the time at risk in s.

    The strips are parts of one film and do not interact. A wall has escaped once it is 24 nm beyond
    the saddle point. The first 0.3 ns, in which the walls take their temperature, do not count.
    """
    mask = np.zeros((strips, ROWS + 1, COLUMNS), dtype=bool)
    mask[:, :ROWS] = well.mask
    engine = ThermalEngine(Layer(mask.reshape(-1, COLUMNS), CELL, well.terms), TEMPERATURE, seed)
    start = np.zeros((*mask.shape, 3))
    start[:, :ROWS] = np.moveaxis(well.bottom, 0, -1)
    engine.magnetization = start.reshape(-1, COLUMNS, 3)
    inside, count, at_risk = np.ones(strips, dtype=bool), 0, 0.0
    while count < target and engine.time < longest:
        engine.advance(INTERVAL)
        m_z = engine.magnetization[..., 2].reshape(mask.shape)[:, :ROWS]
        place = position(m_z, well.mask)
        right = inside & (place > well.top_position + 24e-9)
        gone = right | (place < 15e-9)
        if engine.time > 0.3e-9:
            at_risk += INTERVAL * (inside.sum() - gone.sum() / 2)
            count += int(right.sum())
        inside &= ~gone
    return count, float(at_risk)


def fitted(
    barriers: NDArray[np.float64], counts: NDArray[np.float64], at_risk: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit exponential lifetimes exp(s E)/f by maximum likelihood.

    The number of escapes in a time at risk has Poisson's distribution, also where simulations end
    before all walls have escaped.

    Parameters
    ----------
    barriers : ndarray
        E in k_B T.
    counts, at_risk : ndarray
        Number of escapes over each, and time at risk in s.

    Returns
    -------
    parameters, deviation : ndarray (2,)
        ln f, with f in 1/s, and s; and their standard deviations.
    """
    design = np.stack([np.ones_like(barriers), -barriers], axis=-1)
    parameters = np.linalg.lstsq(design, np.log(counts / at_risk))[0]
    for _ in range(20):
        expected = at_risk * np.exp(design @ parameters)
        information = design.T @ (expected[:, None] * design)
        parameters = parameters + np.linalg.solve(information, design.T @ (counts - expected))
    return parameters, np.sqrt(np.diag(np.linalg.inv(information)))


def write_about(folder: Path) -> None:
    """Write what the points were simulated with."""
    apart = ("further", "external_field")
    about = {
        "content": "lifetimes of a wall at a shallow notch; see tests/helpers/lifetimes.py",
        "cell_m": CELL,
        "rows": ROWS,
        "columns": COLUMNS,
        "missing_cells": [[0, CENTRE], [ROWS - 1, CENTRE]],
        "temperature_K": TEMPERATURE,
        "terms": {key: value for key, value in vars(TERMS).items() if key not in apart},
        "strips": STRIPS,
        "longest_s": LONGEST,
    }
    (folder / "lifetimes.json").write_text(json.dumps(about, indent=1) + "\n")


def simulated(seed: int, field: float) -> list[str]:
    """Simulate the escape in a field; return its row of the file."""
    well = Well(field)
    count, at_risk = escapes(well, STRIPS, POINTS[field], seed)
    quantities = [well.barrier, well.prefactor, 1 / well.rate]
    texts = [
        *(f"{quantity:.4e}" for quantity in quantities),
        str(count),
        f"{at_risk:.4e}",
        str(seed),
    ]
    return [f"{field:g}", *texts]


def main(folder: Path) -> None:
    """Simulate all points and write them with their origin."""
    rows = [simulated(seed, field) for seed, field in enumerate(POINTS, start=1)]
    with (folder / "lifetimes.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS_OF_FILE, *rows])
    write_about(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
