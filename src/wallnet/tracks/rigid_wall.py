"""Energy and threshold of a straight rigid wall along a track, computed in milliseconds.

With s₁ = sech²(u)/2Δ and s₂ = sech(u)/πΔ, u = (x - q)/Δ, and the free width w(x) of the track, a
Néel wall at q has the energy

    E(q) = t ∫ (4 √(A K) s₁ - π |D| s₂ + 2 Ms B S) w dx, S = ∫ s₁ dq

in a bias field B along z, and the current density J(q) = E′/[(π ħ P/2e) ∫ s₂ w dx] holds it there.
Where the current crowds,
w is multiplied by the mean density in the section relative to J. If the metal has the notches too,
the product is the width of the track. Δ = √(A/K) with K = Ku - μ0 Ms² (N_z - N_x)/2: by default,
N_z is that of an endless strip of the track's width and thickness, and N_x = 0. With N_z - N_x = 1,
as in a film, barriers are lower; with N_x > 0, that of the wall itself, they are higher. The wall
neither tilts nor bends, and its angle stays 0: a field-like torque and the Oersted field of the
current, which turn it, are left out.

In a film that varies, the wall keeps the Δ of the base material, and each term of the energy is
summed over the cells of a column: w becomes w (A + K)/2 in the first term, w D in the second and
w Ms in the third one, with t A, t K, t D and t Ms relative to those of the base material, averaged
over the column, and K = Ku - μ0 Ms² (N_z - N_x)/2 of each cell. This is exact to first order in
what varies.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Device, Track
from wallnet.config.devices import StaticMaterial
from wallnet.config.regions import Variation
from wallnet.constants import ELEMENTARY_CHARGE, REDUCED_PLANCK
from wallnet.jobs.bilayer import Crowding, crowding_of
from wallnet.jobs.film import StripFilm, film_of, strip_of
from wallnet.tracks import grains
from wallnet.tracks.current import current
from wallnet.tracks.geometry import centres, free_width, magnetic_mask
from wallnet.tracks.regions import relative_parameters

Array = NDArray[np.float64]

PLACES = 100
"""Places of the wall in each width parameter Δ."""

SAMPLES = 8
"""Places at which the width of the film is measured for each place of the wall."""

REACH = 20
"""Distance from its middle, in units of Δ, at which a wall ends."""


class RigidWall(NamedTuple):
    """A rigid wall along a track, and over the barriers between its notches.

    Barriers and thresholds are those between neighbouring notches, from left to right; with one
    notch, those between it and the middle of the film on either side.
    """

    position: Array
    """Place q of the wall in m, (places,)."""
    energy: Array
    """E(q) in J, (places,); in a bias field relative to a wall at the left end."""
    current_density: Array
    """J(q) in A/m², which holds the wall at q, (places,); NaN where no current moves it."""
    barriers: Array
    """Energies in J towards +x and towards -x, (2, barriers): from the minimum at a notch over the
    highest place up to the next; 0 if there is no minimum."""
    forward: Array
    """Threshold in A/m² above which the wall is driven towards +x, (barriers,)."""
    backward: Array
    """Threshold in A/m² below which the wall is driven towards -x, (barriers,)."""


def rigid_wall(
    track: Track,
    film: StaticMaterial,
    polarization: float,
    demagnetization: float | None = None,
    variation: Variation | None = None,
    crowding: Crowding | None = None,
) -> RigidWall:
    """Return energy and threshold of a rigid wall at all places of a track.

    Parameters
    ----------
    track : Track
        The track.
    film : StaticMaterial
        Its film at a temperature (`wallnet.jobs.film.film_of`).
    polarization : float
        P of the spin current.
    demagnetization : float, optional
        N_z - N_x; that of an endless strip if not given.
    variation : Variation, optional
        What varies from cell to cell, beside the disorder of a sample.
    crowding : Crowding, optional
        What makes the current crowd; it is uniform if not given.

    Returns
    -------
    RigidWall
        The wall over the track.
    """
    strip = strip_of(track, film)
    if demagnetization is not None:
        strip = strip._replace(demagnetization=demagnetization)
    delta, scale = strip.wall_width_parameter, math.pi * strip.critical_dmi
    count = math.ceil(PLACES * track.length / delta)
    step = track.length / count
    place = np.linspace(step / 2, track.length - step / 2, count)
    reach = math.ceil(REACH * delta / step)
    u = np.arange(-reach, reach + 1) * step / delta
    s1, s2 = 1 / np.cosh(u) ** 2 / (2 * delta), 1 / np.cosh(u) / (math.pi * delta)
    dmi, tanh = math.pi * abs(film.dmi_constant), np.tanh(u) / delta
    shapes = scale * s1, -dmi * s2, -2 * scale * s1 * tanh, dmi * s2 * tanh, s2
    fine = (np.arange(SAMPLES * count) + 0.5) * step / SAMPLES
    width = free_width(track, fine).reshape(count, SAMPLES).mean(axis=1)
    column = np.minimum(place // track.cell_size, track.cells[0] - 1).astype(int)
    shares = _column_shares(track, variation, strip)[:, column]
    driven = width
    if crowding and crowding.cut:
        driven = np.full(count, track.width)
    elif crowding:
        density = current(track, crowding).density[0].mean(axis=0)
        driven = width * np.interp(place, centres(track)[0], density)
    # convolutions of the width, and of its products with these shares, with each shape
    size = 1 << (count + 2 * reach).bit_length()
    widths = *(width * shares), driven
    achiral, chiral, magnetic, moved = np.fft.rfft(widths, size)
    first, second, first_slope, second_slope, felt_shape = np.fft.rfft(shapes, size)
    spectrum = [
        achiral * first + chiral * second,
        achiral * first_slope + chiral * second_slope,
        moved * felt_shape,
        magnetic * np.fft.rfft(s1, size),
    ]
    line, slope, felt, wall = np.fft.irfft(spectrum, size)[:, reach : reach + count] * step
    push = 2 * film.saturation_magnetization * film.bias_field * wall
    # up to each place, not half a step further
    line, slope = line + (np.cumsum(push) - push / 2) * step, slope + push
    torque = math.pi * REDUCED_PLANCK * polarization / (2 * ELEMENTARY_CHARGE)
    torque *= np.sign(film.dmi_constant)
    energy, slope = line * track.thickness, slope * track.thickness
    density = slope / (torque * felt) if torque else np.full(count, np.nan)
    between = _between_notches(track, delta, place, energy, slope / felt, density)
    return RigidWall(place, energy, density, *between)


def _between_notches(
    track: Track, delta: float, place: Array, energy: Array, force: Array, density: Array
) -> tuple[Array, Array, Array]:
    """Return the barriers between notches, and the thresholds forwards and backwards.

    Each place has an energy, a force per width, and the current density of this force.
    """
    notches = track.inner_notch_positions
    ahead = [*itertools.pairwise(notches)]
    behind = [(right, left) for left, right in ahead]
    if len(notches) == 1:
        ahead = [(notches[0], (notches[0] + track.length) / 2)]
        behind = [(notches[0], notches[0] / 2)]
    minimum_of = {stop: int(np.abs(place - stop).argmin()) for _, stop in (*ahead, *behind)}
    beside = min([track.notch_reach + delta, *(np.diff(notches) / 2)])
    minimum_of |= {notch: _minimum(energy, np.abs(place - notch) <= beside) for notch in notches}

    def barrier(start: float, stop: float) -> float:
        low, high = sorted((minimum_of[start], minimum_of[stop]))
        return float(energy[low : high + 1].max() - energy[minimum_of[start]])

    def threshold(start: float, stop: float) -> float:
        between = np.flatnonzero((place - start) * (place - stop) <= 0)
        return float(density[between[(force[between] * (stop - start)).argmax()]])

    barriers = [[barrier(*pair) for pair in pairs] for pairs in (ahead, behind)]
    forward, backward = (
        np.array([threshold(*pair) for pair in pairs]) for pairs in (ahead, behind)
    )
    return np.array(barriers), forward, backward


def _minimum(energy: Array, near: NDArray[np.bool_]) -> int:
    """Return the index of the deepest minimum near a notch; of the lowest place without one."""
    beside = np.pad(energy, 1, constant_values=-np.inf)
    minima = near & (energy <= beside[:-2]) & (energy <= beside[2:])
    return int(np.where(minima if minima.any() else near, energy, np.inf).argmin())


def _column_shares(track: Track, variation: Variation | None, strip: StripFilm) -> Array:
    """Return t (A + K)/2, t D and t Ms of each column relative to the film, (3, columns)."""
    varying, bond = relative_parameters(track, variation), grains.bonds(track).get("bond_x")
    if not varying and bond is None:
        return np.ones((3, track.cells[0]))
    names = "thickness", "exchange_stiffness", "dmi_constant", "anisotropy"
    thickness, exchange, dmi, easy = (varying.get(name, 1.0) for name in names)
    if bond is not None:
        beside = np.pad(bond, ((0, 0), (1, 1)), constant_values=1.0)
        softened = (beside[:, 1:] + beside[:, :-1]) / 2
        exchange, dmi = exchange * softened, dmi * softened
    magnetization = varying.get("saturation_magnetization", 1.0)
    stiffness = strip.material.uniaxial_anisotropy * easy
    stiffness = (stiffness - strip.shape_anisotropy * magnetization**2) / strip.effective_anisotropy
    mask = magnetic_mask(track.model_copy(update={"edges": "stairs"}))
    shares = thickness * (exchange + stiffness) / 2, thickness * dmi, thickness * magnetization
    cells = np.maximum(mask.sum(axis=0), 1)
    return np.array([(np.where(mask, share, 0.0)).sum(axis=0) / cells for share in shares])


def rigid_wall_of(device: Device, temperature: float | None = None) -> RigidWall:
    """Return the rigid wall of a device, in its film at a temperature in K.

    The temperature is by default that of the device; errors are those of `film_of`.
    """
    return rigid_wall(
        device.sampled_track,
        film_of(device, temperature),
        device.material.effective_polarization,
        variation=device.variation,
        crowding=crowding_of(device),
    )
