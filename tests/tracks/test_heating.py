"""Temperature of a heated strip, against a numerical solution and known limits."""

import math

import numpy as np
import pytest
from helpers.heat import temperatures
from scipy import integrate

from wallnet.config.heavy_metal import Heating
from wallnet.tracks.heating import step_response

WIDTH = 150e-9
FLUX = 1.3e-6 * 5e-9 * 0.65e12**2
"""Heat flux in W/m² of 0.65e12 A/m² in 5 nm of a metal with 130 µΩ cm."""


def solved(heating, end, steps=400, width=WIDTH, flux=lambda time: FLUX, **more):
    oxide = heating.oxide_conductivity, heating.oxide_heat_capacity
    silicon = heating.silicon_conductivity, heating.silicon_heat_capacity
    return temperatures(flux, end, steps, width, oxide, silicon, heating.oxide_thickness, **more)


@pytest.mark.parametrize(
    ("heating", "width", "end"),
    [
        # the heat of the default campaign's pulse hardly reaches the silicon
        (Heating(), WIDTH, 10e-9),
        # it fills the oxide, and spreads in the silicon
        (Heating(oxide_thickness=60e-9), WIDTH, 100e-9),
        # wider than the oxide is thick, and layers that differ less, in both properties
        (
            Heating(
                oxide_thickness=90e-9,
                oxide_conductivity=2.5,
                oxide_heat_capacity=3.0e6,
                silicon_conductivity=12.0,
                silicon_heat_capacity=1.1e6,
            ),
            400e-9,
            20e-9,
        ),
    ],
)
def test_the_rise_is_that_of_the_heat_equation(heating, width, end):
    time, mean, middle = solved(heating, end, width=width)
    some = [0, 40, 100, 200, 400]
    found = step_response(time[some], width, heating)
    # the largest deviation is 1.8e-3, at the shortest time; half the cells: a quarter of it
    np.testing.assert_allclose(FLUX * found[0], mean[some], rtol=3e-3, atol=0)
    np.testing.assert_allclose(FLUX * found[1], middle[some], rtol=3e-3, atol=0)


@pytest.mark.parametrize("back", [1, -1])
@pytest.mark.parametrize("width", [150e-9, 400e-9])
def test_silicon_that_takes_up_no_heat_or_all_of_it_is_a_sum_of_images(back, width):
    """Each image is a strip in infinite oxide; r = 1 below the oxide lets no heat through."""
    usual, factor = Heating(oxide_thickness=60e-9), 1e-12**back
    heating = Heating.model_construct(
        **usual.model_dump(exclude={"silicon_conductivity", "silicon_heat_capacity"}),
        silicon_conductivity=usual.silicon_conductivity * factor,
        silicon_heat_capacity=usual.silicon_heat_capacity * factor,
    )
    diffusivity = heating.oxide_conductivity / heating.oxide_heat_capacity

    def rate(root, middle):
        """Return the rise per flux after heat at a moment, t = root², times dt/droot."""
        spread = diffusivity * root**2
        images = 1 + 2 * sum(
            back**n * math.exp(-((n * heating.oxide_thickness) ** 2) / spread)
            for n in range(1, 100)
        )
        if middle:
            share = math.erf(width / (4 * math.sqrt(spread)))
        else:
            lost = -math.expm1(-(width**2) / (4 * spread))
            share = math.erf(width / (2 * math.sqrt(spread)))
            share -= 2 * math.sqrt(spread / math.pi) / width * lost
        return 2 / math.sqrt(math.pi * diffusivity) * images * share / heating.oxide_heat_capacity

    times = [1e-9, 1e-8, 1e-7]
    found = step_response(times, width, heating)
    for values, middle in zip(found, (False, True), strict=True):
        expected = [
            integrate.quad(rate, 0, math.sqrt(time), (middle,), epsabs=0, epsrel=1e-11, limit=200)[
                0
            ]
            for time in times
        ]
        # 1.5e-10 is observed
        np.testing.assert_allclose(values, expected, rtol=6e-10, atol=0)


def test_heat_under_a_wide_strip_flows_in_one_dimension():
    """2 q √(t/(π k c)) before the oxide is full; then q d/k, and the silicon's own rise."""
    heating, width = Heating(), 1e-3
    oxide = 1.4 * 1.62e6
    found = step_response([1e-9, 10e-9], width, heating)
    expected = 2 * np.sqrt(np.array([1e-9, 10e-9]) / (math.pi * oxide))
    np.testing.assert_allclose(found[0], expected, rtol=1e-3)
    # some heat of 10 ns comes back from the silicon: exp(-d²/(D t)) is 3e-5
    np.testing.assert_allclose(found[1], expected, rtol=1e-3)
    assert FLUX * expected[1] == pytest.approx(205.8, abs=0.1)
    late = step_response(30e-6, width, heating)
    silicon = 2 * math.sqrt(30e-6 / (math.pi * 148.0 * 1.66e6))
    # the oxide stores part of the heat that would flow into the silicon
    stored = 1.62e6 * 300e-9 / (148.0 * 1.66e6)
    # next order: 1.2e-3
    assert late[1] == pytest.approx(300e-9 / 1.4 - stored + silicon, rel=2e-3, abs=0)


def test_heat_of_a_narrow_strip_spreads_sideways():
    """0.65e12 A/m² for 10 ns: 206 K in one dimension; the diffusion length is 93 nm."""
    found = step_response(10e-9, WIDTH, Heating())
    assert (FLUX * found[0], FLUX * found[1]) == pytest.approx((138.3, 154.1), abs=0.3)


def test_times_keep_their_order_and_shape():
    time = np.array([[3e-9, 0.0], [-1e-9, 1e-9]])
    found = step_response(time, WIDTH, Heating())
    single = step_response(3e-9, WIDTH, Heating())
    assert found.shape == (2, 2, 2)
    assert found[0][0, 0] == pytest.approx(float(single[0]), rel=1e-12, abs=0)
    assert found[0][0, 1] == found[0][1, 0] == 0
    assert found[0][0, 0] > found[0][1, 1] > 0


def test_what_the_strip_itself_stores_and_conducts():
    """The model leaves it out: 7 nm of metal, 9 % of the mean and 13 % of the middle."""
    bare, full = (solved(Heating(), 10e-9, 200, film=film) for film in ((0.0, 1e-9), (4e-8, 0.02)))
    assert full[1][-1] / bare[1][-1] == pytest.approx(0.91, abs=0.01)
    assert full[2][-1] / bare[2][-1] == pytest.approx(0.87, abs=0.01)
