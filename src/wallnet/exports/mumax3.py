"""The film and the pulse of a trace as a script for mumax3.

The script, for mumax3 3.10 or later, begins with the first map of the trace and ends with it. Cells
of equal parameters are a region. Where the thickness varies, cells have that of the track, and Ms,
A, D and Ku times the ratio of both: moments and energies stay the same.
"""

from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wallnet.config.disorder import SampledTrack
from wallnet.constants import VACUUM_PERMEABILITY
from wallnet.exports import Device, traces
from wallnet.exports.statistics import texts_of
from wallnet.film.terms import Layer
from wallnet.jobs import Run
from wallnet.jobs.film import SPIN_DIRECTION
from wallnet.tracks import grains

Array = NDArray[np.float64]

REGIONS = 256
"""Largest number of regions in mumax3."""

BASES = {
    "Msat": ("saturation_magnetization", 1),
    "Aex": ("exchange_stiffness", 1),
    "Dind": ("dmi_constant", -1),
    "Ku1": ("anisotropy", 1),
    "alpha": ("damping", 1),
}
"""Parameters in mumax3, with their names in a film and their signs."""


def write(device: Device, folder: Path) -> None:
    """Write the script `film.mx3` and its files, and print what it leaves out."""
    traced = traces.read(device)
    job = traced.job
    whole = {"track": job.track.model_copy(update={"edges": "stairs"})}
    film = traced.film(job.model_copy(update={"oersted": None, "crowding": None, **whole}))
    parameters = parameters_of(film)
    grain = _grain(job)
    labels = divide(film, parameters, grain)
    count = np.bincount(labels[film.mask])
    means = {
        name: np.bincount(labels[film.mask], values[film.mask]) / count
        for name, values in parameters.items()
    }
    left_out = texts_of("mumax3")["left_out"]
    missing = [text for key, text in left_out.items() if attrgetter(key)(job)]
    missing += _merged(film, parameters, means, labels)
    if missing:
        print(f"film.mx3 leaves out: {'; '.join(missing)}.")
    start = np.nan_to_num(traced.content["magnetization"].values[0]) * film.mask[..., None]
    for name, values in {"start": start, "regions": labels}.items():
        traces.save(job.track, values, folder / f"{name}.ovf")
    from PIL import Image

    # black is inside; the first row of a picture is the upper edge
    picture = np.where(film.mask[::-1], 0, 255).astype(np.uint8)
    Image.fromarray(picture).save(folder / "geometry.png")
    lines = {
        "left_out": [f"// Left out: {what}." for what in missing],
        "parameters": _parameters(means),
        "bonds": _bonds(film, means, labels),
        "pulse": _pulse(job, float(traced.content["time"][-1])),
    }
    texts = {name: "".join(f"{line}\n" for line in own) for name, own in lines.items()}
    numbers = {
        "gamma": job.material.gyromagnetic_ratio / VACUUM_PERMEABILITY,
        "polarization": job.material.polarization or 1e-30,  # mumax3 refuses 0
        "spins": SPIN_DIRECTION,
    }
    template = Path(__file__).with_name("film.mx3").read_text("utf-8")
    script = template.format(device=device.name, job=job, film=film, **numbers, **texts)
    (folder / "film.mx3").write_text(script, encoding="utf-8")


def _number(value: float) -> str:
    """Return a number in more digits than mumax3 computes with."""
    return f"{value + 0.0:.9g}"


def _grain(job: Run) -> NDArray[np.intp] | None:
    """Return the grain of each cell if grains differ in nothing, and have boundaries alone."""
    disorder = job.track.disorder if isinstance(job.track, SampledTrack) else None
    if disorder is None or disorder.needed != {"boundary_exchange"} or disorder.grains is None:
        return None
    return grains.grain_of(job.track, disorder.grains)


def parameters_of(film: Layer) -> dict[str, NDArray]:
    """Return the parameters of each cell by their names in mumax3, (rows, columns)."""
    thickness = film.cells.of("thickness")
    parameters = {"frozenspins": 1.0 * (film.mask & ~film.free)}
    for name, (attribute, sign) in BASES.items():
        share = film.cells.of(attribute) * (1.0 if name == "alpha" else thickness)
        # Ku t and D t are the same where only the thickness varies, but for their last digit
        parameters[name] = sign * getattr(film.terms, attribute) * share.round(9)
    return parameters


def divide(film: Layer, parameters: dict[str, NDArray], grain: NDArray | None) -> NDArray[np.intp]:
    """Return the region of each cell, 0 where there is no magnet, (rows, columns).

    Cells are of one region if their parameters are equal. If that makes too many regions, each
    parameter has equal steps between its extremes, so few that the regions suffice.
    """
    values = [array[film.mask] for array in parameters.values()]
    values = [array for array in values if np.ptp(array)]
    kinds = [np.unique(array, return_inverse=True)[1] for array in values]
    numbers = [] if grain is None else [np.unique(grain[film.mask], return_inverse=True)[1]]
    steps, region = REGIONS - 1, _combined([*kinds, *numbers], film)
    while region.max() >= REGIONS:
        parts = [np.rint((array - array.min()) / np.ptp(array) * steps) for array in values]
        parts += [array % (steps + 1) for array in numbers]
        steps, region = steps * 15 // 16, _combined(parts, film)
    labels = np.zeros(film.mask.shape, dtype=np.intp)
    labels[film.mask] = region
    return labels


def _combined(kinds: list[NDArray], film: Layer) -> NDArray[np.intp]:
    """Return a number for each combination of kinds, of all magnetic cells."""
    rows = np.array([np.zeros(np.count_nonzero(film.mask)), *kinds])
    return np.unique(rows, axis=1, return_inverse=True)[1].ravel()


def _merged(
    film: Layer, parameters: dict[str, NDArray], means: dict[str, Array], labels: NDArray
) -> Iterator[str]:
    """Yield by how much regions differ from their cells."""
    deviations = {
        name: np.abs(values - means[name][labels])[film.mask].max() / np.abs(values).max()
        for name, values in parameters.items()
        if values.any()
    }
    if changed := {name: d for name, d in deviations.items() if d > 1e-8}:
        listed = ", ".join(f"{name} by up to {100 * d:.2g} %" for name, d in changed.items())
        yield (
            f"differences within {labels.max() + 1} regions, of which mumax3 has {REGIONS} at most "
            f"({listed})"
        )
    factor = _of_bonds(film, film.cells.bond_x, film.cells.bond_y)
    first, second = _ends(film, labels)
    if lost := np.count_nonzero((first == second) & (factor != 1)):
        yield f"{lost} bonds at boundaries of grains, which lie within a region"


def _of_bonds(film: Layer, along_x: Array | float, along_y: Array | float) -> NDArray:
    """Return the values of the bonds of neighbours that exist, those along x first."""
    mask = film.mask
    both = (mask[:, :-1] & mask[:, 1:], mask[:-1] & mask[1:])
    values = zip((along_x, along_y), both, strict=True)
    return np.concatenate([np.broadcast_to(array, bond.shape)[bond] for array, bond in values])


def _ends(film: Layer, labels: NDArray) -> tuple[NDArray, NDArray]:
    """Return the regions of both cells of each bond."""
    first = _of_bonds(film, labels[:, :-1], labels[:-1])
    return first, _of_bonds(film, labels[:, 1:], labels[1:])


def _parameters(means: dict[str, Array]) -> Iterator[str]:
    """Yield the lines of the parameters of all regions."""
    for name, values in means.items():
        numbers = [*map(_number, values)]
        if len({*numbers}) == 1:
            yield f"{name} = {numbers[0]}"
        else:
            yield from (f"{name}.SetRegion({n}, {text})" for n, text in enumerate(numbers))


def _bonds(film: Layer, means: dict[str, Array], labels: NDArray) -> Iterator[str]:
    """Yield the lines of A and D between regions where they are not the means that mumax3 takes."""
    if film.cells.uniform:
        return
    pairs, place, count = np.unique(
        np.sort(_ends(film, labels), axis=0), axis=1, return_inverse=True, return_counts=True
    )
    for part, (name, function) in enumerate((("Aex", "Exchange"), ("Dind", "Dind"))):
        bonds = _of_bonds(film, *(side[part] for side in film.cells.bonds))
        attribute, sign = BASES[name]
        values = sign * getattr(film.terms, attribute) * np.bincount(place.ravel(), bonds) / count
        one, other = means[name][pairs]
        with np.errstate(divide="ignore", invalid="ignore"):
            usual = np.where(one * other > 0, 2 / (1 / one + 1 / other), 0.0)
        differ = np.abs(values - usual) > 1e-6 * np.abs(means[name]).max()
        differ &= pairs[0] != pairs[1]
        for (first, second), value in zip(pairs[:, differ].T, values[differ], strict=True):
            yield f"ext_Inter{function}({first}, {second}, {_number(value)})"


def _pulse(job: Run, end: float) -> Iterator[str]:
    """Yield the lines of the pulse, and of the time until a trace ends, in s."""
    density = job.current_density
    for part in job.segments():
        first, slope = density * part.first, density * (part.last - part.first)
        current = _number(first)
        if slope:
            rate = _number(slope / (part.end - part.begin))
            current = f"{current} + {rate}*(t - {_number(part.begin)})"
        yield f"J = vector(0, 0, {current})"
        yield f"Run({_number(part.end - part.begin)})"
    yield "J = vector(0, 0, 0)"
    if end > job.pulse_end:
        yield f"Run({_number(end - job.pulse_end)})"
