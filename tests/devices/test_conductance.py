"""Conductance and normalisation against values calculated by hand."""

import numpy as np
import pytest

from wallnet.config import Track
from wallnet.config.devices import Detector
from wallnet.devices import conductance as devices
from wallnet.devices.conductance import both_readings, detected_magnetization

TRACK = Track(length=512e-9, width=64e-9, thickness=2e-9, cell_size=1e-9)


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        (128e-9, 384e-9, slice(128, 384)),
        (None, None, slice(0, 512)),
        (0.5e-9, 2.5e-9, slice(0, 2)),  # a centre on start counts, one on stop does not
        (0.6e-9, 2.6e-9, slice(1, 3)),
        (500e-9, 512e-9, slice(500, 512)),
    ],
)
def test_detector_covers_the_cells_whose_centre_it_covers(start, stop, expected):
    assert Detector(start=start, stop=stop).columns(TRACK) == expected


def test_cells_that_divide_a_length_inexactly_are_not_lost():
    track = Track(length=1500e-9, width=150e-9, thickness=2e-9, cell_size=3e-9)
    for column in range(0, 490):
        detector = Detector(start=column * 3e-9, stop=(column + 10) * 3e-9)
        assert detector.columns(track) == slice(column, column + 10)


def test_a_detector_that_begins_and_ends_on_centres_takes_the_first_of_both():
    """The result does not depend on rounding of the bounds."""
    track = Track(length=1500e-9, width=150e-9, thickness=2e-9, cell_size=3e-9)
    for column in range(0, 490):
        detector = Detector(start=(column + 0.5) * 3e-9, stop=(column + 10.5) * 3e-9)
        assert detector.columns(track) == slice(column, column + 10)


def test_columns_weigh_by_their_magnetic_cells():
    profile = np.array([[1.0, np.nan, -1.0, 0.5], [0.0, np.nan, 1.0, 0.5]])
    cells = np.array([2, 0, 6, 100])
    mean = detected_magnetization(profile, cells, slice(0, 3))
    assert mean == pytest.approx([(2 - 6) / 8, 6 / 8], rel=1e-6, abs=0)


def test_parallel_reading_is_equation_2_with_a_mean():
    detector = Detector(parallel_conductance=2e-4, polarization=0.4)
    # P² = 0.16; all parallel G0, all antiparallel G0·0.84/1.16, half and half G0/1.16
    assert devices.parallel_conductance(-1.0, detector) == pytest.approx(2e-4, rel=1e-6, abs=0)
    assert devices.parallel_conductance(1.0, detector) == pytest.approx(
        2e-4 * 0.7241379310, rel=1e-6, abs=0
    )
    assert devices.parallel_conductance(0.0, detector) == pytest.approx(
        2e-4 / 1.16, rel=1e-6, abs=0
    )


def test_series_reading_is_linear_in_resistance():
    detector = Detector(parallel_resistance=10e3, antiparallel_resistance=20e3)
    assert devices.series_conductance([-1.0, 0.0, 0.5, 1.0], detector) == pytest.approx(
        [1 / 10e3, 1 / 15e3, 1 / 17.5e3, 1 / 20e3], rel=1e-6, abs=0
    )


def test_series_reading_normalises_to_f_over_2_minus_f():
    switched = np.linspace(0, 1, 11)
    conductance = devices.series_conductance(1 - 2 * switched, Detector())
    normalized = devices.normalize(conductance, conductance[0], conductance[-1])
    assert normalized == pytest.approx(switched / (2 - switched), rel=1e-6, abs=0)


def test_readings_come_in_the_order_of_the_files():
    parallel, series = both_readings([-1.0, 1.0], Detector())
    assert parallel == pytest.approx(
        devices.parallel_conductance([-1.0, 1.0], Detector()), rel=1e-6, abs=0
    )
    assert series == pytest.approx(
        devices.series_conductance([-1.0, 1.0], Detector()), rel=1e-6, abs=0
    )


def test_normalisation_is_equation_3():
    assert devices.normalize([3.0, 4.0, 7.0], 3.0, 7.0) == pytest.approx(
        [0, 0.25, 1], rel=1e-6, abs=0
    )
    with pytest.raises(ValueError, match="cannot be normalised"):
        devices.normalize([3.0, 3.0], 3.0, 3.0)


def test_outside_its_range_the_device_gives_nothing_or_saturates():
    coefficients = [0.01, 0.2, 0.3, 0.1, 0.35]
    result = devices.activation([-5.0, -1e-9, 0.0, 0.5, 1.0, 1.5, 100.0], coefficients)
    inside = np.polynomial.polynomial.polyval([0.0, 0.5, 1.0], coefficients)
    assert result == pytest.approx([0, 0, *inside, inside[-1], inside[-1]], rel=1e-6, abs=0)
