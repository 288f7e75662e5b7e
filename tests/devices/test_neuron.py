"""The activation of a neuron."""

import logging
import re

import numpy as np
import pytest
from helpers.walls import NEURON, Bench, campaign, neuron_ends, parameters

from wallnet import cli, files
from wallnet.devices.gather import curve_fault, fit_quartics
from wallnet.devices.tables import tabulate
from wallnet.files import WallState
from wallnet.studies.compact import compact_model


def test_a_known_quartic_is_found_again():
    coefficients = np.array([[0.1, 0.7, -0.4, 0.9, -0.3], [0.0, 1.2, -0.3, 0.1, 0.0]])
    x = np.linspace(0, 1, 8)
    fit = fit_quartics(
        x, np.array([np.polynomial.polynomial.polyval(x, row) for row in coefficients])
    )
    assert fit["quartic"] == pytest.approx(coefficients, abs=1e-9)
    assert np.all(fit["fit_rms"] < fit["fit_error"])
    assert np.all(fit["fit_error"] < 1e-12)


def test_a_point_above_the_curve_counts_as_one_below():
    """One of nine points deviates. No error is signed, and only the rms error is a mean."""
    x = np.linspace(0, 1, 9)
    y = x + np.where(np.arange(9) == 4, [[0.09], [-0.09]], 0.0)
    fit = fit_quartics(x, y)
    for reading in range(2):
        powers = np.vander(x, 5, increasing=True)
        best = np.linalg.lstsq(powers, y[reading], rcond=None)[0]
        error = np.abs(powers @ best - y[reading])
        reading_fit = {name: values[reading] for name, values in fit.items()}
        assert reading_fit["quartic"] == pytest.approx(best, abs=1e-9)
        assert error[4] == error.max()
        assert reading_fit["fit_error"] == pytest.approx(error[4], rel=1e-9, abs=0)
        assert reading_fit["fit_rms"] == pytest.approx((error @ error / 9) ** 0.5, rel=1e-9, abs=0)
        assert reading_fit["relu_deviation"] == pytest.approx(0.09, rel=1e-9, abs=0)


def test_transfer_curve_of_a_wall_under_the_detector(neuron):
    data = neuron.gather()
    densities = np.array(neuron.device.pulse.current_densities)
    assert data["normalized_current_density"].values == pytest.approx(
        (densities - 0.1e12) / 0.35e12, rel=1e-6, abs=0
    )
    # ends from 120 to 326.5 nm, detector from 128 to 384 nm: the switched share of the detector
    ends = np.array([neuron_ends(d)[0] for d in densities])
    share = np.clip((ends - 128e-9) / 256e-9, 0, 1)
    switched = (share - share[0]) / (share[-1] - share[0])
    parallel = data["normalized_final_conductance"].sel(reading="parallel").values
    assert parallel == pytest.approx(switched, abs=0.02)  # the wall is 29 nm wide
    for reading in files.READINGS:
        curve = data["normalized_final_conductance"].sel(reading=reading).values
        assert curve.min() == 0
        assert curve.max() == 1
        fit = fit_quartics(data["normalized_current_density"].values, curve[None])
        for name, values in fit.items():
            computed = data[name].sel(reading=reading).values
            assert computed == pytest.approx(values[0], rel=1e-6, abs=0), name
    assert data["quartic"].attrs["lowest_input"] == 0
    assert data["quartic"].attrs["highest_input"] == 1


def test_a_detector_that_sees_no_change_is_refused(neuron):
    """A wall that never moves gives no difference for the normalisation."""
    for density in neuron.device.pulse.current_densities:
        neuron.write_pulse(density, 60e-9, 60e-9)
    with pytest.raises(files.FileError, match=r"neuron: .*move detector\.start"):
        neuron.gather()
    assert not neuron.out.exists()


def test_a_track_has_traces_and_conductance_and_no_compact_model(tmp_path):
    device = campaign(t=NEURON | {"kind": "track"}).devices["t"]
    bench = Bench(tmp_path, "plain", device)
    bench.write_all(neuron_ends)
    data = bench.gather()
    assert (data.attrs["kind"], parameters(data)["kind"]) == ("track", "track")
    assert "quartic" not in data
    assert data["conductance"].dims == ("reading", "current_density", "time")
    said = "is of a track, which has no levels and no activation; give the file of a neuron or a"
    with pytest.raises(SystemExit, match=f"^wallnet: {re.escape(str(bench.out))} {said}"):
        cli.main(["compact-model", "--device", str(bench.out), "--out", str(tmp_path / "t.json")])


def test_a_fit_without_spare_points_states_no_error():
    for count, finite in ((5, False), (6, False), (7, True)):
        x = np.linspace(0, 1, count)
        fit = fit_quartics(x, (x + 0.05 * np.sin(9 * x))[None])
        assert np.isfinite(fit["fit_error"]) == finite
        assert np.isfinite(fit["fit_rms"]) == finite
        assert fit["relu_deviation"] > 0


DENSITY = np.array([-0.2, 0.0, 0.2, 0.4, 0.6]) * 1e12
FREE = ["free"] * 5


@pytest.mark.parametrize(
    ("curve", "states", "words"),
    [
        ([0, 0, 0.3, 0.7, 1], FREE, ""),
        ([0, 0.1, 0.096, 0.7, 1], FREE, ""),
        ([0, 0.1, 0.094, 0.7, 1], FREE, "falls by 0.006 from J = 0 to 0.2e12 A/m2"),
        ([0, 0, 0.3, 1, 0.42], FREE, "falls by 0.580 from J = 0.4 to 0.6e12 A/m2"),
        ([0, 0, 0.3, 0.7, 1], ["expelled", *FREE[1:]], ""),
        ([0, 0, 0.3, 0.7, 1], [*FREE[:4], "reversed"], "left the track at J = 0.6 (1e12 A/m2)"),
        ([0, 0, 0.3, 0.7, 1], ["free", "expelled", *FREE[2:]], "left the track at J = 0 "),
    ],
)
def test_a_curve_that_is_no_activation_says_why(curve, states, words):
    fault = curve_fault(DENSITY, curve, list(map(WallState, states)))
    assert words in fault
    assert bool(words) == bool(fault)


def test_of_many_pulses_that_drive_the_wall_out_the_first_are_named():
    density = np.arange(7) * 0.1e12
    states = list(map(WallState, ["free", *["reversed"] * 6]))
    fault = curve_fault(density, np.linspace(0, 1, 7), states)
    assert fault == "the wall left the track at J = 0.1, 0.2, 0.3, 0.4 and 2 more (1e12 A/m2)"


def test_a_neuron_whose_wall_leaves_the_track_is_marked_everywhere(neuron, caplog):
    """It is marked in the log, the device file, the table and the compact model."""
    densities = neuron.device.pulse.current_densities
    neuron.write_pulse(densities[-1], 512e-9, 512e-9)
    neuron.write_pulse(densities[-2], 128e-9, 128e-9)
    with caplog.at_level(logging.WARNING):
        data = neuron.gather()
    words = "the wall left the track at J = 0.45 (1e12 A/m2)"
    assert "neuron is no activation (parallel): it is not monotonic" in caplog.text
    for fault in data["fault"].values:
        assert "falls by" in str(fault)
        assert words in str(fault)
    table = tabulate({"neuron": [neuron.out]})["markdown"]
    assert table.count(words) == 2
    assert "through" not in table
    compact_model(neuron.out, neuron.root / "n.json")
    model = files.read_json(neuron.root / "n.json")
    assert all(words in curve["fault"] for curve in model["activation"].values())


def test_a_sweep_through_zero_is_fitted_from_zero_upwards(tmp_path):
    sweep = [{"start": -0.2e12, "stop": 0.4e12, "step": 0.1e12}, 0.25e12, 0.35e12]
    data = NEURON | {"pulse": {"duration": 3e-9, "current_densities": sweep}}
    bench = Bench(tmp_path, "neuron", campaign(n=data).devices["n"])

    def ends(density):
        """Leave on the left for negative currents; else enter the detector, not quite linearly."""
        x = 20e-9 if density < 0 else 128e-9 + 200e-9 * (density / 0.4e12) ** 1.2
        return x, x

    bench.write_all(ends)
    gathered = bench.gather()
    density = gathered["current_density"].values
    expected = [-0.2, -0.1, 0.0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4]
    assert (density / 1e12).tolist() == pytest.approx(expected, rel=1e-12, abs=0)
    current = gathered["normalized_current_density"].values
    assert current == pytest.approx(density / 0.4e12, rel=1e-6, abs=0)
    for reading in files.READINGS:
        curve = gathered["normalized_final_conductance"].sel(reading=reading).values
        assert curve[:2] == pytest.approx([0, 0], abs=0.005)
        assert curve[2] > 0.005  # half of the wall is under the detector
        assert gathered["quartic"].sel(reading=reading).values == pytest.approx(
            fit_quartics(current[2:], curve[None, 2:])["quartic"][0], rel=1e-6, abs=0
        )
        assert str(gathered["fault"].sel(reading=reading).item()) == ""
