"""Barriers of the string method compared with analytic ones, on small films."""

import math

import numpy as np
import pytest

from wallnet.film import Terms, paths
from wallnet.film.energy import Landscape, unit
from wallnet.film.minima import descend
from wallnet.film.paths import STOP, Path, along, climb, distributed, lowest, relax
from wallnet.film.terms import Layer

MU0 = 4e-7 * math.pi
CELL = (4e-9, 3e-9, 2e-9)
MS, A, K = 1.1e6, 2e-11, 2.4e5
VOLUME = math.prod(CELL)
WIDTH = math.sqrt(A / K) / CELL[0]
"""Width parameter of a wall in cells."""


def film(mask, **terms):
    return Landscape(Layer(mask, CELL, Terms(MS, A, 0.0, K, **{"stray_field": False, **terms})))


def turned(landscape, angles, tilt=0.0):
    """Return uniform states turned from z towards x, in rad; every other column by a bit more."""
    images = np.zeros((len(angles), 3, *landscape.mask.shape))
    for image, angle in zip(images, angles, strict=True):
        of_column = angle + tilt * math.sin(angle) * (np.arange(landscape.mask.shape[1]) % 2)
        image[0], image[2] = np.sin(of_column), np.cos(of_column)
    return images


@pytest.fixture(scope="module")
def element():
    """A small element with a field along x, of 0.3 of the anisotropy field.

    The energy density K sin² θ - μ0 Ms H sin θ has minima at sin θ = 0.3 and a saddle point along
    x, higher by K (1 - 0.3)².
    """
    field = 0.3 * 2 * K / (MU0 * MS)
    return film(np.ones((5, 6), dtype=bool), external_field=(field, 0.0, 0.0))


@pytest.mark.parametrize("count", [7, 12])
def test_a_small_element_turns_over_the_barrier_of_its_anisotropy(element, count):
    """The number of images does not matter; one of them has no image at the saddle point."""
    images = turned(element, np.linspace(0.2, math.pi - 0.4, count), tilt=0.1)
    for end in (0, -1):
        images[end] = descend(element, images[end]).m
    path = climb(element, relax(element, images))
    expected = K * 0.7**2 * 30 * VOLUME
    assert path.converged
    assert path.top - path.energy[0] == pytest.approx(expected, rel=1e-4, abs=0)
    assert path.top - path.energy[-1] == pytest.approx(expected, rel=1e-4, abs=0)
    top = path.images[path.saddle]
    assert np.abs(top[2]).max() < 1e-3  # along x
    # along z the stiffness is H - 2 K/(μ0 Ms), along y it is H, to which the second one comes near
    stiffest = 2 * K / (MU0 * MS)
    assert path.stiffness[0] == pytest.approx(-0.7 * stiffest, rel=1e-2, abs=0)
    assert path.stiffness[1] == pytest.approx(0.3 * stiffest, rel=0.2, abs=0)


def test_the_highest_image_climbs_to_a_saddle_point_beside_it(element):
    """The images are 0.5 rad apart, the nearest 0.2 rad from the saddle point, which is along x."""
    offsets = np.array([-1.2, -0.7, -0.2, 0.3, 0.8, 1.3])
    images = turned(element, math.pi / 2 + offsets, tilt=0.02).astype(np.float32)
    energy = np.array([element.exact_energy(m) for m in images])
    path = climb(element, Path(images, energy, 0, True, 2))
    assert path.converged
    lowest_energy = descend(element, images[0]).energy
    expected = K * 0.7**2 * 30 * VOLUME
    assert path.top - lowest_energy == pytest.approx(expected, rel=1e-4, abs=0)


def test_a_long_descent_that_leaves_the_saddle_point_is_made_shorter(element, monkeypatch):
    """As where a wall is about to leave a notch: the change downhill is known to 1 % only."""
    descended = paths.steps

    def astray(landscape, m, torque, stop, limit, fixed):
        if limit == paths.CLIMBING_STEPS:
            return turned(element, [0.3])[0].astype(np.float32), 1e6, limit
        return descended(landscape, m, torque, stop, limit, fixed)

    monkeypatch.setattr(paths, "steps", astray)
    monkeypatch.setattr(paths, "STEPS", 2)
    images = turned(element, math.pi / 2 + np.array([-0.5, 0.2, 0.9]), tilt=0.02)
    energy = np.array([element.exact_energy(m) for m in images])
    path = climb(element, Path(images.astype(np.float32), energy, 0, True, 1))
    assert path.converged
    assert np.abs(path.images[1][2]).max() < 1e-3  # along x


def test_an_image_climbs_though_the_energy_is_still_convex(element):
    """At 45° from z, d²E/dθ² = 2 K (cos 2θ + 0.3 sin θ) is positive; the saddle point is at 90°."""
    low = math.asin(0.3)
    images = turned(element, [low, math.radians(45), math.pi - low]).astype(np.float32)
    energy = np.array([element.exact_energy(image) for image in images])
    path = climb(element, Path(images, energy, 1, True, 1))
    assert path.converged
    cells = element.mask.sum()
    assert path.top - energy[0] == pytest.approx(K * 0.7**2 * VOLUME * cells, rel=1e-4, abs=0)


@pytest.mark.parametrize(
    ("stiffness", "converged"),
    [
        ((-2e4, 3e4), True),
        # a maximum in two directions, a minimum, and no saddle point
        ((-2e4, -1e3), False),
        ((2e3, 3e4), False),
        ((math.nan, math.nan), False),
    ],
)
def test_a_saddle_point_falls_in_one_direction_only(stiffness, converged):
    images = np.zeros((3, 3, 1, 1), dtype=np.float32)
    path = Path(images, np.array([0.0, 1.0, 0.5]), 4, True, 1, 0.5 * STOP, stiffness)
    assert path.converged is converged


def constricted(narrow):
    """Return a film 12 rows wide with two constrictions, with this number of rows at each edge."""
    mask = np.ones((12, 60), dtype=bool)
    for first in (8, 38):
        mask[:narrow, first : first + 14] = mask[12 - narrow :, first : first + 14] = False
    return film(mask)


def walls(landscape, start, stop, spacing):
    """Return Néel walls between two columns, with ends that are minima."""
    columns = landscape.mask.shape[1]
    images = []
    for position in np.linspace(start, stop, math.ceil(abs(stop - start) / spacing) + 1):
        u = (np.arange(columns) + 0.5 - position) / WIDTH * np.ones(landscape.mask.shape)
        m = np.stack([-1 / np.cosh(u), np.zeros_like(u), np.tanh(u)])
        images.append(unit(m * landscape.mask))
    for end in (0, -1):
        images[end] = descend(landscape, images[end]).m
    return np.array(images)


@pytest.mark.parametrize(("narrow", "spacing"), [(2, 0.5), (3, 0.5), (3, 0.35)])
def test_a_wall_leaves_a_constriction_for_the_energy_of_its_additional_width(narrow, spacing):
    """σ t ΔW with σ = 4 √(A K), without the stray field."""
    film_ = constricted(narrow)
    path = relax(film_, walls(film_, 15, 45, spacing * WIDTH))
    expected = 4 * math.sqrt(A * K) * CELL[2] * 2 * narrow * CELL[1]
    assert path.top - path.energy[0] == pytest.approx(expected, rel=0.05, abs=0)
    # both constrictions are equal
    assert path.energy[-1] == pytest.approx(path.energy[0], abs=0.01 * expected)
    # the images are evenly spaced, and those in the wide part are all near the top
    gaps = np.diff(along(path.images))
    assert gaps.max() < 1.2 * gaps.min()


def test_the_lowest_of_several_paths_counts(element):
    """Turning through -x, against the field, is higher by 4 K · 0.3."""
    there = turned(element, np.linspace(0.3, math.pi - 0.3, 9), tilt=0.05)
    back = there.copy()
    back[1:-1, 0] *= -1
    for images in (there, back):
        for end in (0, -1):
            images[end] = descend(element, images[end]).m
    path, best = lowest(element, [back, there])
    assert best == 1
    assert path.images[path.saddle][0].min() > 0.9


def test_a_path_is_settled_after_two_quiet_rounds_in_succession(element, monkeypatch):
    """A round is quiet if the top moves by up to 2 % of its height, here about 50, so by 1."""
    images = turned(element, [0.3, 0.8, 2.8])
    monkeypatch.setattr(paths, "_moved_across", lambda landscape, path, energy: path)
    tops = [50.0, 50.9, 52.1, 51.2, 50.3, 50.3, 50.3]
    for rounds, done, settled in (((3, 10), 4, True), ((3, 3), 3, False), ((6, 10), 6, True)):
        energies = iter([np.array([100.0, 100.0 + top, 110.0]) for top in tops])
        monkeypatch.setattr(paths, "_energies", lambda *_, iterator=energies: next(iterator))
        monkeypatch.setattr(paths, "ROUNDS", rounds)
        path = relax(element, images)
        assert (path.rounds, path.settled, path.saddle) == (done, settled, 1)
        assert path.top == 100.0 + tops[done]


def test_all_maxima_near_the_top_climb_and_the_highest_saddle_point_counts(monkeypatch):
    """Near is within a tenth of the height above the lower end; m_x stands for the energy."""
    energy = np.array([0.0, 9.5, 5.0, 10.0, 9.05, 9.1, 4.0, 5.0, 2.0])
    images = np.zeros((9, 3, 1, 1), dtype=np.float32)
    images[:, 0, 0, 0] = energy

    class Levels:
        exact_energy = staticmethod(lambda m: float(m[0, 0, 0]))

    def climbed(tops):
        indices = []

        def saddle_near(landscape, path, index):
            indices.append(index)
            if index not in tops:
                return None
            return np.full((3, 1, 1), tops[index]), 0.1 * index, (-1.0 * index, 2.0 * index)

        monkeypatch.setattr(paths, "_saddle_near", saddle_near)
        return climb(Levels(), Path(images, energy, 4, True, 3)), indices

    path, indices = climbed({1: 11.0, 5: 9.5})
    assert indices == [1, 3, 5]
    assert (path.saddle, path.top) == (1, 11.0)
    assert (path.residual, path.stiffness) == (0.1, (-1.0, 2.0))
    assert path.energy.tolist() == [0.0, 11.0, 5.0, 10.0, 9.05, 9.5, 4.0, 5.0, 2.0]
    assert path.images[:, 0, 0, 0].tolist() == pytest.approx(path.energy.tolist(), abs=1e-6)
    assert (path.rounds, path.settled) == (4, True)
    # images beside the saddle point have not descended as far as it has
    path, _ = climbed({1: 8.5, 3: 9.03125, 5: 8.0})
    assert (path.saddle, path.top) == (3, 9.03125)
    assert path.energy[4] == 9.05
    assert path.converged
    # the highest image has found no saddle point
    path, _ = climbed({1: 9.75, 5: 9.5})
    assert (path.saddle, path.top) == (3, 10.0)
    assert math.isnan(path.residual)
    assert np.isnan(path.stiffness).all()
    assert not path.converged


def test_a_path_that_only_falls_has_no_saddle_point(element):
    images = np.zeros((4, 3, 1, 1), dtype=np.float32)
    path = climb(element, Path(images, np.array([3.0, 2.0, 1.0, 0.0]), 4, True, 1))
    assert (path.saddle, path.converged) == (1, False)


@pytest.mark.parametrize(("angle", "near"), [(math.pi / 2, True), (-math.pi / 2, False)])
def test_a_saddle_point_far_from_its_path_is_not_taken(element, monkeypatch, angle, near):
    """The torque vanishes along x and along -x, and the images are about 0.3 rad apart."""
    images = turned(element, [1.2, 1.5, 1.8]).astype(np.float32)
    (there,) = turned(element, [angle]).astype(np.float32)
    monkeypatch.setattr(paths, "steps", lambda *_: (there, 0.0, 1))
    path = Path(images, paths._energies(element, images), 1, True, 1)
    saddle_point = paths._saddle_near(element, path, 1)
    assert (saddle_point is not None) == near
    if saddle_point:
        assert np.array_equal(saddle_point[0], there)


def test_images_are_distributed_evenly_and_the_ends_stay(element):
    path = turned(element, [0.0, 0.1, 0.2, 0.3, 1.1]).astype(np.float32)
    even = distributed(path)
    assert np.diff(along(even)) == pytest.approx([1.1 / 4 * math.sqrt(30)] * 4, rel=0.06, abs=0)
    assert np.array_equal(even[[0, -1]], path[[0, -1]])
