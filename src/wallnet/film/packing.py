"""Coefficients of the loops for films whose parameters vary (`varying`)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet.film import newell
from wallnet.film.terms import Layer, SpinTorque
from wallnet.film.varying import CELLS, RECORD, TURNED

PAIR = (slice(None, -1), slice(1, None))
"""Cells of the bonds along an axis: those before, and those after them."""


LOCAL = ("xx", "yy", "zz", "xy", "xz", "yz")
"""Components of the field that is linear in the own m of a cell."""


def packed(layer: Layer) -> NDArray[np.float32]:
    """Return the coefficients of a film's cells: `CELLS`, and `TURNED` where needed.

    Cells that may not move have no rate. With a frame of zeros around the film, the shape is
    (coefficients, rows + 2, columns + 2).
    """
    cells, terms = layer.cells, layer.terms
    assert cells is not None
    names = CELLS + TURNED
    arrays = dict(zip(names, np.zeros((len(names), *layer.mask.shape)), strict=True))
    near = layer.saturation_magnetization * newell.stencil(layer.cell) * terms.stray_field
    sides = ("right", "above"), layer.cell, cells.bonds, (near[:, 1], near[:, 2])
    for along, (side, edge, (exchange, dmi), stray) in enumerate(zip(*sides, strict=False)):
        rows, columns = exchange.shape
        field = layer.dmi_constant / layer.saturation_induction / edge
        arrays[f"{side}_dmi"][:rows, :columns] = field * dmi
        field = 2 * layer.exchange_stiffness / layer.saturation_induction / edge**2
        before, after = (np.moveaxis(cells.moment, 1 - along, 0)[part] for part in PAIR)
        moments = np.moveaxis(before * after, 0, 1 - along)
        for component, strength in zip("xyz", stray, strict=True):
            bond = field * exchange - strength * moments
            arrays[f"{side}_{component}"][:rows, :columns] = bond
    easy = 2 * layer.anisotropy / layer.saturation_induction * cells.local_anisotropy
    axes = dict(zip("xyz", np.moveaxis(layer.axes, -1, 0), strict=True))
    local = {name: easy * axes[name[0]] * axes[name[1]] for name in LOCAL}
    if terms.stray_field:
        own = layer.saturation_magnetization * cells.near(layer.cell).own
        for name, part in zip(("xx", "yy", "zz", "xy"), own, strict=True):
            local[name] += part
        for name, strength in zip(("xx", "yy", "zz"), near[:, 0], strict=True):
            local[name] -= strength * cells.moment
    for name in ("yy", "zz"):
        local[name] -= local["xx"]
    for name in LOCAL[1:]:
        arrays[name][:] = cells.moment * local[name]
    damping = layer.damping * cells.of("damping")
    arrays["damping"][:], arrays["moment"][:] = damping, cells.moment
    arrays["noise"][:] = cells.noise * cells.moment
    rate = (1 + layer.damping**2) / (1 + damping**2) * cells.inverse_moment
    arrays["rate"][:] = rate * layer.free
    turned = cells.polarized is not None or np.ptp(damping[layer.mask]) > 0
    turned = turned or arrays["xz"].any() or arrays["yz"].any()
    kept = [np.pad(arrays[name], 1) for name in (names if turned else CELLS)]
    return np.array(kept, dtype=np.float32)


def unpacked(
    coefficients: NDArray[np.float32],
) -> tuple[NDArray[np.float64], tuple[tuple[Any, ...], ...]]:
    """Return the tensor of each cell's own field, and its bonds to the east, west, north and south.

    The tensor has the shape (3, 3, rows, columns). A bond has coefficients of exchange and stray
    field along x, y and z, and of DMI, (rows, columns) each. Fields are those of `packed`.
    """
    arrays = dict(zip(CELLS + TURNED, coefficients.astype(np.float64), strict=False))
    own = np.zeros((3, 3, *coefficients[0, 1:-1, 1:-1].shape))
    for name in LOCAL:
        if name in arrays:
            i, j = ("xyz".index(axis) for axis in name)
            own[i, j] = own[j, i] = arrays[name][1:-1, 1:-1]
    right, above = (
        [arrays[f"{side}_{kind}"] for kind in ("x", "y", "z", "dmi")] for side in ("right", "above")
    )
    ways = (slice(1, -1), slice(-2))
    east, west = (tuple(part[1:-1, way] for part in right) for way in ways)
    north, south = (tuple(part[way, 1:-1] for part in above) for way in ways)
    return own, (east, west, north, south)


def driven(
    layer: Layer, torque: SpinTorque | None, coefficients: NDArray[np.float32]
) -> tuple[NDArray[np.void], NDArray[np.float64]]:
    """Return the coefficients of all cells, (1,), and the applied field in A/m.

    The field has the shape (3, rows, columns). The spin torque of each cell is written into the
    coefficients of `packed`.
    """
    cells, terms = layer.cells, layer.terms
    assert cells is not None
    record = np.zeros(1, RECORD)
    record["precession"] = terms.precession
    record["damping"] = layer.damping * cells.of("damping")[layer.mask][0]
    record["turned"] = len(coefficients) > len(CELLS)
    record["even"] = cells.even and not coefficients[CELLS.index("xy")].any()
    record["spins"] = torque.direction if torque else (0.0, 0.0, 0.0)
    field = np.zeros((3, *layer.mask.shape))
    for term in terms.energy:
        field += term.uniform_field(layer)[:, None, None]
    if torque is not None:
        spins = cells.torque(torque.direction)
        strengths, inside = cells.moment * spins, coefficients[:, 1:-1, 1:-1]
        inside[CELLS.index("spin")] = np.linalg.norm(strengths, axis=0)
        if record["turned"]:
            first = len(CELLS) + TURNED.index("spin_x")
            inside[first : first + 3] = strengths
        size, squared = torque.strength(layer), torque.slonczewski_lambda**2
        field += torque.beta(layer) * torque.field_like * spins
        record["torque"] = size if squared != 1 else size / 2
        if squared != 1:
            record["lambda_sum"], record["lambda_difference"] = squared + 1, squared - 1
    return record, field
