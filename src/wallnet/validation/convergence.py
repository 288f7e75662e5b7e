"""Dependence of the engine's results on its time step, its cells and its tolerances."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wallnet.film.core import Engine, Tolerances
from wallnet.validation import material
from wallnet.validation.rows import Check, Row


def notched_mask(shape: tuple[int, int], cell: float) -> NDArray[np.bool_]:
    """Return the mask of a track with one pair of 24 nm notches in its middle."""
    rows, columns = shape
    x = (np.arange(columns) + 0.5) * cell - columns * cell / 2
    y = (np.arange(rows) + 0.5) * cell
    near = np.minimum(y, rows * cell - y)
    return np.hypot(x[None, :], near[:, None]) > 12e-9


def _driven(
    mask: NDArray[np.bool_],
    cell: float,
    tolerances: Tolerances,
    duration: float,
    current_density: float,
    damping: float = 0.3,
) -> Engine:
    terms = replace(material.FILM, damping=damping)
    engine = Engine(mask, (cell, cell, material.THICKNESS), terms, tolerances)
    start = min(60e-9, mask.shape[1] * cell / 4)
    engine.magnetization = material.wall(mask.shape, cell, start)
    engine.set_torque(material.torque(current_density))
    engine.advance(duration)
    return engine


def time_step() -> Check:
    """Measure the order of the integrator, with a wall that starts to move on a notched track."""
    check = Check()
    mask = notched_mask((20, 80), 3e-9)
    fractions = (0.9, 0.72, 0.576)
    # with the stray field off, only the integrator has an error
    terms = replace(material.LOCAL, damping=0.05)

    def final(fraction: float) -> NDArray[np.float64]:
        engine = Engine(
            mask,
            (3e-9, 3e-9, material.THICKNESS),
            terms,
            Tolerances(frozen_change=0.0, time_step_fraction=fraction),
        )
        engine.magnetization = material.wall(mask.shape, 3e-9, 90e-9, 0.5 * material.WIDTH)
        engine.set_torque(material.torque(0.5e12))
        engine.advance(20e-12)
        steps.append(engine.counters.steps)
        return engine.magnetization.astype(np.float64)

    steps: list[int] = []
    tight = final(0.1)
    steps.clear()
    errors = [float(np.sqrt(np.mean((final(f) - tight)[mask] ** 2))) for f in fractions]
    check.curves["time step"] = {
        "step": [20e-12 / n for n in steps],
        "error": errors,
    }
    order = math.log(errors[0] / errors[-1]) / math.log(steps[-1] / steps[0])
    check.rows.append(
        Row(
            "order of convergence in the time step (rms of m after 20 ps)",
            "1",
            2.0,
            "a chain of second order",
            order,
            0.2,
            "between 0.9 and 0.58 of the stability limit",
        )
    )
    return check


def cell_size() -> Check:
    """Measure the order in the cell size, from the position of a driven wall on a plain track."""
    check = Check()
    positions = {}
    for cell in (4e-9, 2e-9, 1e-9):
        shape = (round(32e-9 / cell), round(256e-9 / cell))
        engine = _driven(np.ones(shape, dtype=bool), cell, material.TIGHT, 0.2e-9, 0.3e12)
        z = float(engine.average()[2])
        positions[cell] = 256e-9 * (1 - z) / 2
    coarse = positions[4e-9] - positions[2e-9]
    fine = positions[2e-9] - positions[1e-9]
    check.curves["cell size"] = {
        "cell": list(positions),
        "position": list(positions.values()),
    }
    check.rows.append(
        Row(
            "order of convergence in the cell size (wall position after 0.2 ns)",
            "1",
            2.0,
            "central differences; boundary terms are of first order",
            math.log2(abs(coarse / fine)),
            1.0,
            "the exchange and DMI stencils are of second order, DMI at the edges of first",
        )
    )
    check.rows.append(
        Row(
            "wall position after 0.2 ns in cells of 2 nm",
            "m",
            positions[1e-9],
            "cells of 1 nm",
            positions[2e-9],
            1e-9,
            "half a cell: far below the distance between notches",
        )
    )
    return check


def tolerances() -> Check:
    """Measure the errors due to the stray-field tolerance and the frozen columns."""
    check = Check()
    mask = notched_mask((50, 200), 3e-9)

    def trace(tolerances: Tolerances) -> NDArray[np.float64]:
        terms = material.FILM
        engine = Engine(mask, (3e-9, 3e-9, material.THICKNESS), terms, tolerances)
        engine.magnetization = material.wall(mask.shape, 3e-9, 150e-9)
        engine.set_torque(material.torque(0.55e12))
        averages = []
        for _ in range(40):
            engine.advance(50e-12)
            averages.append(engine.average())
        return np.array(averages)

    tight = trace(material.TIGHT)
    stray = (2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5)
    frozen = (1e-2, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 5e-5)
    errors = {}
    for value in stray:
        tolerances = replace(material.TIGHT, stray_field_tolerance=value)
        errors["stray", value] = float(np.abs(trace(tolerances) - tight).max())
    for value in frozen:
        tolerances = replace(material.TIGHT, frozen_change=value)
        errors["frozen", value] = float(np.abs(trace(tolerances) - tight).max())
    default = float(np.abs(trace(material.DEFAULT) - tight).max())
    check.curves["tolerances"] = {
        "stray_field_tolerance": list(stray),
        "stray_field_error": [errors["stray", v] for v in stray],
        "frozen_change": list(frozen),
        "frozen_error": [errors["frozen", v] for v in frozen],
    }
    check.rows.append(
        Row(
            "largest deviation of <m> over 2 ns past a notch, campaign's settings",
            "1",
            0.0,
            "the engine with nothing left out",
            default,
            5e-4,
            "the bound that the engine promises for its traces",
        )
    )
    for name, label in (("stray", "stray_field_tolerance"), ("frozen", "frozen_change")):
        for (kind, value), error in errors.items():
            if kind == name:
                check.rows.append(
                    Row(
                        f"largest deviation of <m> over 2 ns past a notch, {label} = {value:g} "
                        "alone",
                        "1",
                        0.0,
                        "the engine with nothing left out",
                        error,
                        math.inf,
                        "a finding: the table from which the default was chosen",
                    )
                )
    return check
