"""Dependence of the engine's results on its time step, its cells and its tolerances."""

import math
from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from wallnet.film.core import Tolerances
from wallnet.validation import Curves, Rows, material, row

_CELL = (3e-9, 3e-9, material.THICKNESS)


def notched_mask(shape: tuple[int, int], cell: float) -> NDArray[np.bool_]:
    """Return the mask of a track with one pair of 24 nm notches in its middle."""
    rows, columns = shape
    x = (np.arange(columns) + 0.5) * cell - columns * cell / 2
    y = (np.arange(rows) + 0.5) * cell
    near = np.minimum(y, rows * cell - y)
    return np.hypot(x[None, :], near[:, None]) > 12e-9


def time_step(curves: Curves) -> Rows:
    """Measure the order of the integrator, with a wall that starts to move on a notched track."""
    mask = notched_mask((20, 80), 3e-9)
    # with the stray field off, only the integrator has an error
    terms = replace(material.LOCAL, damping=0.05)
    wall = material.wall(mask.shape, 3e-9, 90e-9, 0.5 * material.WIDTH)

    def final(fraction: float) -> tuple[NDArray[np.float64], int]:
        tolerances = Tolerances(frozen_change=0.0, time_step_fraction=fraction)
        engine = material.started(wall, _CELL, terms, tolerances, mask)
        engine.set_torque(material.torque(0.5e12))
        engine.advance(20e-12)
        return engine.magnetization.astype(np.float64), engine.counters.steps

    tight, _ = final(0.1)
    finals = [final(fraction) for fraction in (0.9, 0.72, 0.576)]
    errors = [float(np.sqrt(np.mean((m - tight)[mask] ** 2))) for m, _ in finals]
    steps = [count for _, count in finals]
    curves["time step"] = {"step": [20e-12 / n for n in steps], "error": errors}
    order = math.log(errors[0] / errors[-1]) / math.log(steps[-1] / steps[0])
    yield row("time-step", order)


def cell_size(curves: Curves) -> Rows:
    """Measure the order in the cell size, from the position of a driven wall on a plain track."""
    positions = {}
    for cell in (4e-9, 2e-9, 1e-9):
        wall = material.wall((round(32e-9 / cell), round(256e-9 / cell)), cell, 60e-9)
        edges = (cell, cell, material.THICKNESS)
        engine = material.started(wall, edges, tolerances=material.TIGHT)
        engine.set_torque(material.torque(0.3e12))
        engine.advance(0.2e-9)
        positions[cell] = 256e-9 * (1 - float(engine.average()[2])) / 2
    coarse = positions[4e-9] - positions[2e-9]
    fine = positions[2e-9] - positions[1e-9]
    curves["cell size"] = {"cell": list(positions), "position": list(positions.values())}
    yield row("cell-size", math.log2(abs(coarse / fine)))
    yield row("cell-position", positions[2e-9], reference=positions[1e-9])


_TRIED = (
    ("stray_field_tolerance", "stray_field_error", (2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5)),
    ("frozen_change", "frozen_error", (1e-2, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 5e-5)),
)
"""Tolerances of which each is tried alone: name, name of the curve of its errors, values."""


def tolerances(curves: Curves) -> Rows:
    """Measure the errors due to the stray-field tolerance and the frozen columns."""
    mask = notched_mask((50, 200), 3e-9)
    wall = material.wall(mask.shape, 3e-9, 150e-9)

    def trace(tolerances: Tolerances) -> NDArray[np.float64]:
        engine = material.started(wall, _CELL, tolerances=tolerances, mask=mask)
        engine.set_torque(material.torque(0.55e12))
        averages = []
        for _ in range(40):
            engine.advance(50e-12)
            averages.append(engine.average())
        return np.array(averages)

    tight = trace(material.TIGHT)

    def error(tolerances: Tolerances) -> float:
        return float(np.abs(trace(tolerances) - tight).max())

    yield row("tolerances", error(material.DEFAULT))
    curve = curves["tolerances"] = {}
    for name, errors, values in _TRIED:
        curve |= {name: list(values), errors: []}
        for value in values:
            alone = Tolerances(**(asdict(material.TIGHT) | {name: value}))
            curve[errors].append(error(alone))
            yield row("tolerance", curve[errors][-1], {"name": name, "value": value})
