"""Published values: demagnetising factors, and the problems µMAG 4, mumax3's 5a, and DMI."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wallnet.constants import VACUUM_PERMEABILITY
from wallnet.film import newell
from wallnet.film.core import Engine
from wallnet.film.terms import Cell, SpinTorque, Terms
from wallnet.tracks.walls import first_time
from wallnet.validation import Curves, Rows, of_components, row
from wallnet.validation.material import DEFAULT, TIGHT, relaxed, started, uniform

Array = NDArray[np.float64]

MUMAX_GAMMA = 1.7595e11 * VACUUM_PERMEABILITY
"""mumax3's gyromagnetic ratio, as γ0 in m/(A s)."""

_PERMALLOY = Terms(
    saturation_magnetization=8e5,
    exchange_stiffness=13e-12,
    damping=0.02,
    gyromagnetic_ratio=MUMAX_GAMMA,
)


def stray_field(_curves: Curves) -> Rows:
    """Compare self-terms and whole-prism demagnetising factors with published values."""
    for cell in ((1.0, 1.0, 2.0), (3.0, 3.0, 2.0)):
        own = newell.own(cell)
        for name, ours in (("Nxx", own[0]), ("Nzz", own[2])):
            yield row("self-term", ours, {"name": f"{name} of a {_size(cell)} cell"})
    for (columns, rows), cell in (((512, 64), (1.0, 1.0, 2.0)), ((500, 50), (3.0, 3.0, 2.0))):
        parts = newell.tensor(columns, rows, cell)
        # each offset occurs (columns - i)(rows - j) times in each quadrant
        weight = np.outer(rows - np.arange(rows), columns - np.arange(columns)).astype(float)
        weight[1:] *= 2
        weight[:, 1:] *= 2
        extent = (columns * cell[0], rows * cell[1], cell[2])
        for name, part in zip(("Nxx", "Nyy", "Nzz"), parts, strict=False):
            ours = (weight * part).sum() / (rows * columns)
            yield row("prism", ours, {"name": f"{name} of a {_size(extent)} prism"})


def _size(edges: tuple[float, float, float]) -> str:
    return "×".join(f"{edge:g}" for edge in edges) + " nm"


def problem_4(curves: Curves) -> Rows:
    """Reverse µMAG's permalloy rectangle, 500×125×3 nm, in both fields."""
    cell = (500e-9 / 128, 125e-9 / 32, 3e-9)
    state = relaxed(uniform((32, 128), (1, 0.1, 0)), cell, _PERMALLOY)
    yield from of_components("s-state", state.mean(axis=(0, 1))[:2])

    def in_field(induction: tuple[float, float, float], state: Array, cell: Cell) -> Engine:
        x, y, z = (b / VACUUM_PERMEABILITY for b in induction)
        return started(state, cell, replace(_PERMALLOY, external_field=(x, y, z)))

    first = (-24.6e-3, 4.3e-3, 0.0)
    for number, induction in ((1, first), (2, (-35.5e-3, -6.3e-3, 0.0))):
        engine = in_field(induction, state, cell)
        times, averages = [0.0], [engine.average()]
        while engine.time < 1e-9 * (1 - 1e-9):
            engine.advance(10e-12)
            times.append(engine.time)
            averages.append(engine.average())
        curves[f"field {number}"] = {"time": times, "m": np.array(averages).tolist()}
        yield from of_components("problem-4", averages[-1], prefix=f"field {number}, ")
    cell = (2.5e-9, 2.5e-9, 3e-9)
    state = relaxed(uniform((50, 200), (1, 0.1, 0)), cell, _PERMALLOY)
    engine = in_field(first, state, cell)
    before = float(engine.average()[0])
    while before > 0 and engine.time < 0.3e-9:
        engine.advance(0.5e-12)
        now = float(engine.average()[0])
        if now <= 0:
            passage = engine.time - 0.5e-12 * now / (now - before)
        before = now
    yield row("problem-4-passage", passage)


def slonczewski_film(_curves: Curves) -> Rows:
    """Reverse a permalloy rectangle, 160×80×5 nm, by a spin-polarised current (mumax3's 5a)."""
    cell = (2.5e-9, 2.5e-9, 5e-9)
    state = relaxed(uniform((32, 64), (1, 1, 0.001)), cell, _PERMALLOY)
    torque = SpinTorque(
        current_density=-0.008 / (160e-9 * 80e-9),
        polarization=0.5669,
        direction=(math.cos(math.pi / 180), math.sin(math.pi / 180), 0.0),
    )
    amid = "; at a damping of 0.01 the campaign's tolerances add some 1e-3"
    for settings, tolerances, bound, more in (
        ("campaign's", DEFAULT, 1e-2, amid),
        ("tight", TIGHT, 4e-3, ""),
    ):
        engine = started(state, cell, replace(_PERMALLOY, damping=0.01), tolerances)
        engine.set_torque(torque)
        words = {"settings": settings, "more": more}
        engine.advance(1e-9)
        yield from of_components("slonczewski-1", engine.average(), words, tolerance=bound)
        engine.advance(2e-9 - engine.time)
        yield from of_components("slonczewski-2", engine.average(), words)


_DMI = Terms(
    saturation_magnetization=8.6e5,
    exchange_stiffness=13e-12,
    dmi_constant=3e-3,
    anisotropy=4e5,
    stray_field=False,
)


def dmi_edge(_curves: Curves) -> Rows:
    """Compare the tilt of m at the end of a 100 nm wire due to interfacial DMI."""

    def wire(cell: float) -> Array:
        return relaxed(uniform((1, round(100e-9 / cell)), (0, 0, 1)), (cell, cell, cell), _DMI)[0]

    end = wire(1e-9)[-1]
    yield row("dmi-wire", abs(end[0]), {"name": "|mx|"})
    yield row("dmi-wire", abs(end[2]), {"name": "mz"})
    width = math.sqrt(_DMI.exchange_stiffness / _DMI.anisotropy)
    fine = wire(0.25e-9)
    tilt = _DMI.dmi_constant * width / (2 * _DMI.exchange_stiffness)
    yield row("dmi-end", abs((1.5 * fine[-1] - 0.5 * fine[-2])[0]), reference=tilt)


def _radius(mz: Array, cell: float) -> float:
    """Return the radius in m at which mz changes its sign, of a square with an even cell count."""
    middle = len(mz) // 2
    # to the right of the centre, between the two middle rows
    line = mz[middle - 1 : middle + 1, middle:].mean(axis=0)
    radius = np.hypot((np.arange(middle) + 0.5) * cell, cell / 2)
    return first_time(radius, line, 0.0)


def dmi_disk(_curves: Curves) -> Rows:
    """Compare the radius at which mz crosses zero, for a skyrmion in a disk 100 nm in diameter."""
    cell = 2e-9
    axis = (np.arange(round(100e-9 / cell)) + 0.5) * cell - 50e-9
    radius = np.hypot(*np.meshgrid(axis, axis))
    start = np.zeros((*radius.shape, 3))
    start[..., 2] = np.where(radius < 20e-9, -1.0, 1.0)
    m = relaxed(start, (cell, cell, 2e-9), _DMI, mask=radius <= 50e-9)
    for key in ("dmi-disk", "dmi-disk-radial"):
        yield row(key, _radius(m[..., 2], cell))
