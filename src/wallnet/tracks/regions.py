"""Parameters of a film in each cell: those of regions, of a map and of damaged edges."""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Track
from wallnet.config.devices import Device, StaticMaterial
from wallnet.config.disorder import LARGEST
from wallnet.config.maps import ParameterMap, ParametersFile, read
from wallnet.config.messages import validated
from wallnet.config.regions import Profiled, Variation
from wallnet.constants import VACUUM_PERMEABILITY
from wallnet.files.whole import FileError
from wallnet.film import fluctuations
from wallnet.film.newell import strip_demagnetization
from wallnet.jobs import film
from wallnet.jobs.code import folders
from wallnet.tracks import grains
from wallnet.tracks.geometry import centres, edge_distance

Parameters = dict[str, NDArray[np.float64]]
"""Parameters that vary, by their names in the configuration, each (rows, columns)."""

ROUNDING = 1e-6
"""Largest rounding error of positions, in cells."""


def values(track: Track, variation: Variation) -> Parameters:
    """Return the parameters of each cell: the reference of a variation, with its changes.

    Regions replace the map, and a later region an earlier one; damaged edges then lower Ku. Ku and
    D are those at the thickness of the track. Cells without film have values too.

    Raises
    ------
    ValueError
        If a map does not cover the track; the text begins with its key.
    FileError
        If the file of a map is missing, or has changed since the job was planned.
    """
    x, _ = centres(track)
    shape = track.cells[::-1]
    parameters = {name: np.full(shape, value) for name, value in variation.reference.items()}
    if variation.parameters_file:
        parameters |= _of_map(track, variation.parameters_file)
    for region in variation.regions:
        inside = track.columns(region.start, region.stop)
        share = (x[inside] - region.start) / (region.stop - region.start)
        for name, profile in region.profiles.items():
            parameters[name][:, inside] = along(profile, share)
    if damage := variation.edge_damage:
        reach = damage.distance + ROUNDING * track.cell_size
        parameters["uniaxial_anisotropy"][edge_distance(track) <= reach] *= 1 - damage.share
    return parameters


def along(profile: Profiled, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values of a profile at shares of the way from start to stop."""
    if not isinstance(profile, dict):
        return np.full_like(share, profile)
    (shape, entries), count = *profile.items(), len(*profile.values())
    if shape == "ramp":
        return np.interp(share, np.linspace(0, 1, count), entries)
    part = np.floor(share * count + ROUNDING).astype(int)
    return np.array(entries)[np.clip(part, 0, count - 1)]


def relative_parameters(track: Track, variation: Variation | None) -> Parameters:
    """Return the parameters of cells relative to the film, by their names in `film.cells.Cells`.

    Grains of a sample multiply what a variation gives. Ku and D are those of interfaces: they
    change with 1/t.
    """
    shares = {}
    if variation:
        parameters = values(track, variation)
        shares = {name: array / variation.reference[name] for name, array in parameters.items()}
    if "uniaxial_anisotropy" in shares:
        shares["anisotropy"] = shares.pop("uniaxial_anisotropy")
    for name, factor in grains.parameters(track).items():
        shares[name] = shares.get(name, 1.0) * factor
    if "thickness" in shares:
        for name in ("anisotropy", "dmi_constant"):
            shares[name] = shares.get(name, 1.0) / shares["thickness"]
    return shares


def weakest(track: Track, variation: Variation) -> tuple[float, float, float]:
    """Return the cell that loses its perpendicular axis first: shares of Ms and Ku, and N_z."""
    shares, filled = relative_parameters(track, variation), edge_distance(track) > 0
    moment, anisotropy, thickness = (
        np.broadcast_to(shares.get(name, 1.0), filled.shape)[filled]
        for name in ("saturation_magnetization", "anisotropy", "thickness")
    )
    demagnetization = strip_demagnetization(track.width, track.thickness * thickness)
    first = np.argmax(moment**2 * demagnetization / anisotropy)
    return float(moment[first]), float(anisotropy[first]), float(demagnetization[first])


def _of_map(track: Track, file: ParametersFile) -> Parameters:
    """Return the parameters of a file at the centres of cells, with linear interpolation."""
    stored = _stored(file)
    parameters = {name: stored.values[name] for name in file.parameters}
    for axis, name, positions in ((1, "x", stored.x), (0, "y", stored.y)):
        centre, tolerance = centres(track.perfect)[1 - axis], ROUNDING * track.cell_size
        if positions[0] > centre[0] + tolerance or positions[-1] < centre[-1] - tolerance:
            raise ValueError(
                f"parameters_file names {file.path}, whose {name} is from {positions[0]:g} to "
                f"{positions[-1]:g} m; it has to cover the centres of cells, {centre[0]:g} to "
                f"{centre[-1]:g} m"
            )
        # cells beside the track have the values at its sides
        centre = np.clip(centres(track)[1 - axis], centre[0], centre[-1])
        after = np.clip(np.searchsorted(positions, centre), 1, positions.size - 1)
        width = positions[after] - positions[after - 1]
        share = np.clip((centre - positions[after - 1]) / width, 0, 1)
        for key, array in parameters.items():
            low, high = np.take(array, after - 1, axis), np.take(array, after, axis)
            parameters[key] = low + (high - low) * (share if axis else share[:, None])
    return parameters


def _stored(file: ParametersFile) -> ParameterMap:
    """Return the map of a file, whose digest must be that of the job."""
    paths = (Path(folder, file.path) for folder in folders())
    path = next((path for path in paths if path.is_file()), Path(file.path))
    try:
        stored = read(path)
    except ValueError as error:
        raise FileError(f"parameters_file {error}") from None
    if stored.sha256 != file.sha256:
        raise FileError(
            f"{path} is not the file with which this job was planned, of SHA-256 {file.sha256}; "
            "restore it, or run snakemake, which plans again"
        )
    return stored


def check(device: Device) -> tuple[str, list[str]]:
    """Return why a device cannot be simulated, and what is doubtful; see `jobs.film.check`.

    The cells with the extreme values are judged too.
    """
    fault, doubts = film.check(device)
    if fault:
        return fault, doubts
    try:
        faults = itertools.chain(_extreme_faults(device), _damping_faults(device))
        return next(faults, ""), doubts
    except ValueError as error:
        return str(error), []


def _damping_faults(device: Device) -> Iterator[str]:
    """Yield why α may not vary as it does, at a temperature."""
    variation, grains = device.variation, device.disorder and device.disorder.grains
    key, damping, deviation = "", np.array(device.material.damping), 0.0
    if variation and "damping" in variation.reference:
        key = variation.key_of("damping")
        damping = damping * relative_parameters(device.track, variation)["damping"]
    if grains and grains.damping:
        key, deviation = "disorder.grains.damping", LARGEST * grains.damping
    if device.temperature.field and key:
        ends = damping.min() * (1 - deviation), damping.max() * (1 + deviation)
        try:
            fluctuations.choose(*map(float, ends))
        except ValueError as error:
            yield f"{key}: {error}"


def _extreme_faults(device: Device) -> Iterator[str]:
    """Yield the faults of extreme cells, each as a strip, at the temperature of the film."""
    variation = device.variation
    if variation is None:
        return
    track, base = device.track, dict(film.film_of(device))
    shares, filled = relative_parameters(track, variation), edge_distance(track) > 0
    cells = {name: value * np.ones_like(filled, dtype=float) for name, value in base.items()}
    for name in cells:
        cells[name] *= shares.get(name.removeprefix("uniaxial_"), 1.0)
    thickness = track.thickness * np.broadcast_to(shares.get("thickness", 1.0), filled.shape)
    demagnetization = strip_demagnetization(track.width, thickness)
    magnetization, stiffness, dmi, anisotropy, *_ = (array[filled] for array in cells.values())
    shape = VACUUM_PERMEABILITY * magnetization**2 / 2 * demagnetization[filled]
    effective = anisotropy - shape
    # the last is positive where |D| < D_c
    extremes = (-effective, effective / stiffness, (math.pi / 4 * dmi) ** 2 - stiffness * effective)
    for place in dict.fromkeys(int(extreme.argmax()) for extreme in extremes):
        row, column = np.argwhere(filled)[place]
        x, y = (along[k] for along, k in zip(centres(track), (column, row), strict=True))
        # six digits, as of a material at a temperature
        rounded = {name: float(f"{array[row, column]:.6g}") for name, array in cells.items()}
        material, findings = validated(StaticMaterial, rounded)
        strip = material and film.StripFilm(material, float(demagnetization[row, column]))
        if fault := strip.fault if strip else findings[0].sentence():
            yield (
                f"{variation.key_of(fault.split()[0], x)} makes a cell at x = {x:.4g} m, y = "
                f"{y:.4g} m, whose {fault}"
            )
        elif strip and (fault := film.cell_fault(track, strip)):
            yield fault
