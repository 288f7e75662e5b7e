"""The activation of a neuron."""

import numpy as np
import pytest
from walls import NEURON, Bench, campaign, neuron_ends, parameters

from wallnet import devices, files


def test_a_known_quartic_is_found_again():
    known = np.array([0.1, 0.7, -0.4, 0.9, -0.3])
    x = np.linspace(0, 1, 8)
    fit = devices.fit_quartic(x, np.polynomial.polynomial.polyval(x, known))
    assert fit.coefficients == pytest.approx(known, abs=1e-9)
    assert fit.largest_error < 1e-12
    assert fit.rms_error < 1e-12


def test_errors_of_the_fit_are_those_at_the_points():
    x = np.linspace(0, 1, 9)
    bend = np.where(np.arange(9) % 2, 0.02, -0.02)
    fit = devices.fit_quartic(x, x + bend)
    error = np.polynomial.polynomial.polyval(x, fit.coefficients) - (x + bend)
    assert fit.largest_error == pytest.approx(np.abs(error).max())
    assert fit.rms_error == pytest.approx(np.sqrt(np.mean(error**2)))
    assert 0.01 < fit.rms_error < fit.largest_error
    assert fit.relu_deviation == pytest.approx(0.02)


def test_four_points_make_no_quartic():
    with pytest.raises(ValueError, match="needs 5 points, there are 4"):
        devices.fit_quartic([0, 0.3, 0.6, 1], [0, 0.3, 0.6, 1])


def test_outside_its_range_the_device_gives_nothing_or_saturates():
    coefficients = [0.01, 0.2, 0.3, 0.1, 0.35]
    result = devices.activation([-5.0, -1e-9, 0.0, 0.5, 1.0, 1.5, 100.0], coefficients)
    inside = np.polynomial.polynomial.polyval([0.0, 0.5, 1.0], coefficients)
    assert result == pytest.approx([0, 0, *inside, inside[-1], inside[-1]])


def test_transfer_curve_of_a_wall_under_the_detector(neuron):
    data = neuron.gather()
    densities = np.array(neuron.device.pulse.current_densities)
    assert data["normalized_current_density"].values == pytest.approx(
        (densities - 0.1e12) / 0.35e12
    )
    # ends from 120 to 326.5 nm, detector from 128 to 384 nm: the share it has switched
    ends = np.array([neuron_ends(d)[0] for d in densities])
    share = np.clip((ends - 128e-9) / 256e-9, 0, 1)
    switched = (share - share[0]) / (share[-1] - share[0])
    parallel = data["normalized_conductance"].sel(reading="parallel").values
    assert parallel == pytest.approx(switched, abs=0.02)  # the wall is 29 nm wide
    for reading in files.READINGS:
        curve = data["normalized_conductance"].sel(reading=reading).values
        assert curve.min() == 0
        assert curve.max() == 1
        fit = devices.fit_quartic(data["normalized_current_density"].values, curve)
        assert data["quartic"].sel(reading=reading).values == pytest.approx(fit.coefficients)
        assert float(data["fit_error"].sel(reading=reading)) == pytest.approx(fit.largest_error)
        assert float(data["fit_rms"].sel(reading=reading)) == pytest.approx(fit.rms_error)
        assert float(data["relu_deviation"].sel(reading=reading)) == pytest.approx(
            fit.relu_deviation
        )
    assert data["quartic"].attrs["lowest_input"] == 0
    assert data["quartic"].attrs["highest_input"] == 1


def test_it_is_read_when_asked(neuron):
    at_end = neuron.gather()
    assert at_end["read_time"].values == pytest.approx(3e-9)
    assert at_end["final_wall_position"].values[-1] == pytest.approx(326.5e-9, abs=1e-9)
    early = neuron.gather(read_at=1.55e-9)  # between two entries
    expected = 60e-9 + (326.5e-9 - 60e-9) * 1.55 / 3
    assert early["read_time"].values == pytest.approx(1.55e-9)
    assert early["final_wall_position"].values[-1] == pytest.approx(expected, abs=1e-9)
    assert np.all(
        early["final_conductance"].values[:, -1] < at_end["final_conductance"].values[:, -1]
    )


def test_the_detector_decides_what_is_seen(neuron):
    data = neuron.gather(
        detector=neuron.job.detector.model_copy(update={"start": 400e-9, "stop": 500e-9}),
        kind="track",
    )
    low = 1e-4 * 0.84 / 1.16
    assert data["final_conductance"].sel(reading="parallel").values == pytest.approx(low, rel=1e-6)


def test_a_detector_that_sees_no_change_is_refused(neuron):
    """A wall that never moves gives nothing to normalise."""
    for density in neuron.device.pulse.current_densities:
        neuron.write_pulse(density, 60e-9, 60e-9)
    with pytest.raises(files.FileError, match=r"neuron: .*move detector\.start"):
        neuron.gather()
    assert not neuron.out.exists()


def test_a_track_has_traces_and_conductance_only(tmp_path):
    device = campaign(t=NEURON | {"kind": "track"}).devices["t"]
    bench = Bench(tmp_path, "plain", device)
    bench.write_all(neuron_ends)
    data = bench.gather()
    assert data.attrs["kind"] == "track"
    assert "quartic" not in data
    assert data["conductance"].dims == ("reading", "current_density", "time")
    assert parameters(data)["kind"] == "track"
