"""Device files and tables of a campaign, compared with an evaluation of traces in plain NumPy."""

import csv
import json
import re

import device_oracle as oracle
import numpy as np
import pytest
import xarray
from helpers.heat import temperatures
from oracle_campaign import ENERGY, NEURON, SYNAPSE

CURRENTS = {
    "neuron": [-0.4e12, 0.2e12, 0.4e12, 0.6e12, 0.8e12, 1.0e12, 1.2e12, 1.4e12],
    "synapse": SYNAPSE["pulse"]["current_densities"],
}
DETECTORS = {
    name: {
        "parallel_conductance": 1e-4,
        "polarization": 0.4,
        "parallel_resistance": 1e4,
        "antiparallel_resistance": 2e4,
        **described["detector"],
    }
    for name, described in (("neuron", NEURON), ("synapse", SYNAPSE))
}
SINGLE = 2e-7
"""Relative rounding error of the stored single precision."""

every_device = pytest.mark.parametrize("device", ["neuron", "synapse"])
every_reading = pytest.mark.parametrize("reading", oracle.READINGS)


@pytest.fixture(scope="module")
def files(results):
    opened = {}
    for device in CURRENTS:
        with xarray.open_dataset(results / f"devices/{device}.nc") as data:
            opened[device] = data.load()
    return opened


@pytest.fixture(scope="module")
def pulses(results):
    """Return every trace of both devices, in the order of the currents."""
    return {
        device: [oracle.read(results / f"traces/{device}/{j / 1e12:.4f}.nc") for j in currents]
        for device, currents in CURRENTS.items()
    }


@pytest.fixture(scope="module")
def minima(results):
    """Return the minima of each device; a neuron has no notches, and so none."""
    return {"neuron": {}, "synapse": oracle.minima(results / "minima/synapse.nc")}


@pytest.fixture(scope="module")
def levels(results):
    return oracle.levels(results, "synapse", DETECTORS["synapse"], CURRENTS["synapse"])


def test_the_campaign_is_as_asymmetric_as_it_should_be(pulses, minima, levels):
    """Otherwise the comparisons below could not distinguish the quantities."""
    for recordings in pulses.values():
        for pulse in recordings:
            assert pulse.time[-1] > pulse.pulse_end + 0.1e-9
    synapse = pulses["synapse"]
    assert {oracle.settled(pulse) for pulse in synapse} == {0, 1}
    states = [oracle.state(pulse, minima["synapse"]) for pulse in synapse]
    assert {*map(oracle.state, pulses["neuron"])} == {"free", "still moving"}
    assert len({*states}) >= 3
    assert "reversed" not in states
    assert levels[1].reaching == 0.2e12  # a negative pulse of twice that also ends there
    assert states[0] == levels[1].label
    assert oracle.settled(synapse[0])
    reading_end = [oracle.wall_ends(p.track, oracle.at_pulse_end(p)) for p in synapse]
    assert max(abs(bottom - top) for bottom, top in reading_end) > 30e-9
    assert any(not level.stable for level in levels)


@every_device
def test_averages_and_wall_ends_are_those_of_the_magnetization(pulses, device):
    for pulse in pulses[device]:
        for time, field in zip(pulse.snapshot_time, pulse.field, strict=True):
            entry = np.abs(pulse.time - time).argmin()
            assert pulse.time[entry] == pytest.approx(time, abs=1e-18)
            assert pulse.m[entry] == pytest.approx(oracle.average(pulse.track, field), abs=1e-7)
            # the oracle samples at a thousandth of a cell
            ends = oracle.wall_ends(pulse.track, field)
            assert pulse.ends[entry] == pytest.approx(ends, abs=0.01e-9)


@every_device
def test_currents_states_and_rests_are_those_of_the_traces(files, pulses, minima, device):
    data = files[device]
    assert data["current_density"].values == pytest.approx(CURRENTS[device], rel=1e-12, abs=0)
    states = [oracle.state(pulse, minima[device]) for pulse in pulses[device]]
    assert data["state"].values.tolist() == states
    assert data["held"].values.tolist() == [oracle.held(pulse) for pulse in pulses[device]]
    settled = [oracle.settled(pulse) for pulse in pulses[device]]
    assert data["settled"].values.tolist() == settled
    ends = [pulse.time[-1] for pulse in pulses[device]]
    assert data["end_time"].values == pytest.approx(ends, rel=1e-12, abs=0)


def test_minima_have_the_names_and_the_ends_of_their_walls(results, minima):
    """Walls are placed between two notches in both orders, and at the notch that the end cuts."""
    order = ["initial", "notch 1", "between 1 and 2", "between 2 and 1", "notch 2"]
    order += ["between 2 and 3", "between 3 and 2", "notch 3", "reversed"]
    assert [*minima["synapse"]] == order
    with xarray.open_dataset(results / "minima/synapse.nc") as data:
        labels = [minimum.label for minimum in minima["synapse"].values()]
        assert data["minimum_state"].values.tolist() == labels
        stored = np.stack([data[f"minimum_wall_{end}"].values for end in ("bottom", "top")], axis=1)
    ends = np.array([minimum.ends for minimum in minima["synapse"].values()])
    # the oracle samples at a thousandth of a cell
    assert stored == pytest.approx(ends, abs=0.01e-9)


@every_device
def test_a_device_is_read_as_the_pulse_ends(files, pulses, device):
    data, detector = files[device], DETECTORS[device]
    for index, pulse in enumerate(pulses[device]):
        here = data.isel(current_density=index)
        field = oracle.at_pulse_end(pulse)
        assert float(here["read_time"]) == pytest.approx(pulse.pulse_end, rel=1e-12, abs=0)
        expected = oracle.conductances(
            oracle.under_detector(pulse.track, detector, field), detector
        )
        assert here["final_conductance"].values == pytest.approx(expected, rel=SINGLE, abs=0)
        bottom, top = oracle.wall_ends(pulse.track, field)
        assert float(here["final_wall_bottom"]) == pytest.approx(bottom, abs=0.01e-9)
        assert float(here["final_wall_top"]) == pytest.approx(top, abs=0.01e-9)
        position = oracle.mean_position(pulse.track, field)
        assert float(here["final_wall_position"]) == pytest.approx(position, rel=SINGLE, abs=0)


@every_device
def test_conductance_follows_the_magnetization_in_time(files, pulses, device):
    data, detector = files[device], DETECTORS[device]
    compared = 0
    for index, pulse in enumerate(pulses[device]):
        for time, field in zip(pulse.snapshot_time, pulse.field, strict=True):
            entry = np.abs(data["time"].values - time).argmin()
            if abs(data["time"].values[entry] - time) > 1e-15:
                continue  # between two entries of the common time step
            m_z = oracle.under_detector(pulse.track, detector, field)
            conductance = data["conductance"].values[:, index, entry]
            assert conductance == pytest.approx(oracle.conductances(m_z, detector), rel=5e-7, abs=0)
            compared += 1
    assert compared > 4 * len(pulses[device])


@every_device
def test_series_in_time_are_on_a_common_step(files, pulses, device):
    data = files[device]
    assert np.diff(data["time"].values) == pytest.approx(20e-12, rel=1e-9, abs=0)
    for index, pulse in enumerate(pulses[device]):
        times = data["time"].values
        inside = times <= pulse.time[-1] * (1 + 1e-9)
        columns = {
            "m": pulse.m,
            "wall_bottom": pulse.ends[:, :1],
            "wall_top": pulse.ends[:, 1:],
            "wall_position": pulse.track["length"] * (1 - pulse.m[:, 2:]) / 2,
        }
        for name, values in columns.items():
            series = data[f"sweep_{name}"].values[index].reshape(times.size, -1)
            for number, column in enumerate(values.T):
                expected = np.interp(times[inside], pulse.time, column)
                scale = np.abs(column).max()
                assert series[inside, number] == pytest.approx(expected, abs=SINGLE * scale)
                assert np.isnan(series[~inside, number]).all()


def test_levels_are_those_of_walls_at_rest(files, levels):
    data = files["synapse"]
    assert data["level_state"].values.tolist() == [level.label for level in levels]
    assert data["level_resting_state"].values.tolist() == [level.resting for level in levels]
    assert data["stable"].values.tolist() == [level.stable for level in levels]
    for index, level in enumerate(levels):
        here = data.isel(level=index)
        assert here["level_conductance"].values == pytest.approx(
            level.conductance, rel=SINGLE, abs=0, nan_ok=True
        )
        assert float(here["level_position"]) == pytest.approx(level.position, rel=SINGLE, abs=0)


def test_levels_are_normalised_between_the_start_and_the_reversed_track(files, levels):
    low, high = levels[0].conductance, levels[-1].conductance
    expected = np.stack([(level.conductance - low) / (high - low) for level in levels], axis=1)
    normalized = files["synapse"]["normalized_level_conductance"].values
    assert normalized == pytest.approx(expected, abs=1e-6, nan_ok=True)
    read = files["synapse"]["final_conductance"].values
    expected = (read - low[:, None]) / (high - low)[:, None]
    normalized = files["synapse"]["normalized_final_conductance"].values
    assert normalized == pytest.approx(expected, abs=1e-6)


def test_thresholds_are_the_least_currents_by_magnitude_that_end_at_rest(files, levels):
    data = files["synapse"]
    reaching = [level.reaching for level in levels]
    assert data["reaching_current_density"].values == pytest.approx(
        reaching, rel=1e-12, abs=0, nan_ok=True
    )
    assert data["reachable"].values.tolist() == np.isfinite(reaching).tolist()


def test_half_levels_are_those_with_an_end_at_either_of_two_notches(files, levels):
    data = files["synapse"]
    half = [level.label.startswith("between") for level in levels]
    assert data["half"].values.tolist() == half
    assert sum(half) == 1
    assert data["level"].values.tolist() == list(range(len(levels)))


@pytest.fixture(scope="module")
def curves(pulses):
    detector = DETECTORS["neuron"]
    conductance = [
        oracle.conductances(
            oracle.under_detector(pulse.track, detector, oracle.at_pulse_end(pulse)), detector
        )
        for pulse in pulses["neuron"]
    ]
    return {
        reading: oracle.curve(CURRENTS["neuron"], [values[k] for values in conductance])
        for k, reading in enumerate(oracle.READINGS)
    }


@every_reading
def test_the_activation_is_the_least_squares_quartic(files, curves, reading):
    data, curve = files["neuron"].sel(reading=reading), curves[reading]
    assert data["normalized_current_density"].values == pytest.approx(curve.current, abs=1e-9)
    assert data["normalized_final_conductance"].values == pytest.approx(curve.conductance, abs=1e-6)
    # the coefficients are ill-conditioned, the curve is not
    assert data["quartic"].values == pytest.approx(curve.quartic, abs=1e-3)
    x = np.linspace(0, 1, 101)
    powers = x[:, None] ** np.arange(5)
    assert powers @ data["quartic"].values == pytest.approx(powers @ curve.quartic, abs=2e-6)
    assert float(data["fit_error"]) == pytest.approx(curve.largest_error, abs=2e-6)
    assert float(data["fit_rms"]) == pytest.approx(curve.rms_error, abs=2e-6)
    assert float(data["relu_deviation"]) == pytest.approx(curve.relu_deviation, abs=2e-6)


def test_the_compact_models_hold_the_levels_and_the_activation(results, levels, curves):
    synapse = json.loads((results / "compact_models/synapse.json").read_text())
    assert len(synapse["levels"]) == len(levels)
    for entry, level in zip(synapse["levels"], levels, strict=True):
        assert entry["state"] == level.label
        assert entry["half"] == level.label.startswith("between")
        assert entry["stable"] == level.stable
        assert entry["reachable"] == bool(np.isfinite(level.reaching))
        for k, reading in enumerate(oracle.READINGS):
            value = entry["conductance"][reading]
            if level.stable:
                assert value == pytest.approx(level.conductance[k], rel=1e-6, abs=0)
            else:
                assert value is None
    neuron = json.loads((results / "compact_models/neuron.json").read_text())
    for reading, curve in curves.items():
        assert neuron["activation"][reading]["breaks"] == [0.0, 1.0]
        (coefficients,) = neuron["activation"][reading]["coefficients"]
        assert np.polyval(coefficients[::-1], 0.3) == pytest.approx(
            np.polyval(curve.quartic[::-1], 0.3), abs=2e-6
        )


@every_device
def test_the_table_of_a_device_holds_what_was_read(results, pulses, minima, device):
    with open(results / f"tables/devices/{device}.csv", newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    detector = DETECTORS[device]
    assert len(rows) == len(pulses[device])
    words = {1: "yes", 0: "no"}
    for row, current, pulse in zip(rows, CURRENTS[device], pulses[device], strict=True):
        field = oracle.at_pulse_end(pulse)
        bottom, top = oracle.wall_ends(pulse.track, field)
        parallel, series = oracle.conductances(
            oracle.under_detector(pulse.track, detector, field), detector
        )
        cell = dict(zip(header, row, strict=True))
        assert cell["state"] == oracle.state(pulse, minima[device])
        assert cell["settled"] == words[oracle.settled(pulse)]
        assert cell["pinned against the current"] == words[oracle.held(pulse)]
        numbers = {
            "J (1e12 A/m²)": (current / 1e12, 1e-4),
            "read at (ns)": (pulse.pulse_end * 1e9, 0.006),
            "wall, lower edge (nm)": (bottom * 1e9, 0.06),
            "wall, upper edge (nm)": (top * 1e9, 0.06),
            "mean wall position (nm)": (oracle.mean_position(pulse.track, field) * 1e9, 0.06),
            "G, parallel (µS)": (parallel * 1e6, 0.0006),
            "G, series (µS)": (series * 1e6, 0.0006),
        }
        words_of = {"state", "beyond_model", "settled", "pinned against the current"}
        assert set(cell) == {*numbers, *ENERGIES, *words_of}
        for name, (expected, rounding) in numbers.items():
            assert float(cell[name]) == pytest.approx(expected, abs=rounding), name


ENERGIES = (
    "J in the metal (1e12 A/m²)",
    "current (mA)",
    "voltage (V)",
    "energy (pJ)",
    "temperature rise, mean (K)",
    "temperature rise, middle (K)",
    "model",
)


@every_device
def test_the_table_of_a_device_holds_what_its_pulses_cost(results, device):
    """Ohm's law in metal and magnet, and a numerical solution of the heat equation around them."""
    metal, heating = ENERGY["heavy_metal"], ENERGY["heating"]
    described = {"neuron": NEURON, "synapse": SYNAPSE}[device]
    length, width = described["track"]["length"], described["track"]["width"]
    duration = described["pulse"]["duration"]
    _, mean, middle = temperatures(
        lambda time: 1.0,
        duration,
        400,
        width,
        oxide=(heating["oxide_conductivity"], 1.62e6),
        silicon=(148.0, 1.66e6),
        thickness=heating["oxide_thickness"],
        above=(1.4, 1.62e6),
        interfaces=(1e-8, 1e-8),
        # metal, magnet and cap
        film=(0.0, metal["thickness"] * 2.6e6 + 2e-9 * 3.6e6 + 4e-9 * 2.8e6),
    )
    # of sheet conductances
    shunt = 2e-9 / 1.3e-6 * metal["resistivity"] / metal["thickness"]
    with open(results / f"tables/devices/{device}.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    marks = set()
    for row, current in zip(rows, CURRENTS[device], strict=True):
        # polarisation 0.4 of the material, over the spin Hall angle
        density = 0.4 / metal["spin_hall_angle"] * current
        amperes = abs(density) * width * metal["thickness"] * (1 + shunt)
        volts = abs(density) * metal["resistivity"] * length
        energy = amperes * volts * duration
        heat = density**2 * metal["resistivity"] * metal["thickness"] * (1 + shunt)
        expected = {
            "J in the metal (1e12 A/m²)": (density / 1e12, 6e-5),
            # four significant digits
            "current (mA)": (amperes * 1e3, 6e-4 * amperes * 1e3),
            "voltage (V)": (volts, 6e-4 * volts),
            "energy (pJ)": (energy * 1e12, 6e-4 * energy * 1e12),
            # the deviation of the two solutions is at most 5e-3 and 1e-2
            "temperature rise, mean (K)": (heat * mean[-1], 0.06 + 5e-3 * heat * mean[-1]),
            "temperature rise, middle (K)": (heat * middle[-1], 0.06 + 1e-2 * heat * middle[-1]),
        }
        for name, (value, rounding) in expected.items():
            assert float(row[name]) == pytest.approx(value, abs=rounding), name
        outside = heat * middle[-1] > heating["largest_rise"]
        # from 300 K to K_eff = 0 of the film of the paper in the strip
        shape = 0.760265 * oracle.strip_factor(described["track"])
        beyond = heat * mean[-1] > 1000 * (1 - 0.835683 * shape) ** (2 / 3) - 300
        expected_mark = "outside the constant-parameter model" if outside else "inside"
        assert row["model"] == ("beyond the model" if beyond else expected_mark)
        assert row["beyond_model"] == ("yes" if beyond else "no")
        marks.add(row["model"])
    assert len(marks) >= 2  # the threshold is between two pulses


def markdown_rows(path, title):
    """Return the cells of the table below a title, by column."""
    text = path.read_text(encoding="utf-8").split(f"## {title}")[1].split("## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def number(cell):
    return np.nan if cell == "–" else float(cell.removeprefix("≤ "))


def test_the_table_of_levels_holds_them(results, levels):
    rows = markdown_rows(results / "tables/devices/synapse.md", "synapse at 0 K: levels")
    low, high = levels[0].conductance, levels[-1].conductance
    hot = {}
    with open(results / "tables/devices/synapse.csv", newline="", encoding="utf-8") as stream:
        for pulse in csv.DictReader(stream):
            if pulse["settled"] == "yes":
                beyond = pulse["beyond_model"] == "yes"
                hot[pulse["state"]] = hot.get(pulse["state"], True) and beyond
    count = 0
    for row, level in zip(rows, levels, strict=False):
        half = level.label.startswith("between")
        assert row["level"] == ("half" if half else str(count))
        count += not half
        assert row["state"] == level.label
        reached = "yes" if np.isfinite(level.reaching) else "no"
        if reached == "yes" and hot.get(level.label):  # of all pulses that end there
            reached = "only beyond the model"
        assert row["reached by the sweep"] == reached
        parallel, series = (level.conductance - low) / (high - low)
        numbers = {
            "mean wall position (nm)": (level.position * 1e9, 0.06),
            "G normalised, parallel": (parallel, 6e-5),
            "G normalised, series": (series, 6e-5),
            "smallest J that reaches it (1e12 A/m²)": (level.reaching / 1e12, 1e-4),
        }
        for name, (expected, rounding) in numbers.items():
            assert number(row[name]) == pytest.approx(expected, abs=rounding, nan_ok=True), name


def test_the_table_of_the_activation_holds_its_coefficients_and_errors(results, curves):
    (title,) = re.findall(
        r"## (neuron at 0 K: quartic.*)", (results / "tables/devices/neuron.md").read_text()
    )
    rows = markdown_rows(results / "tables/devices/neuron.md", title)
    for row, reading in zip(rows, oracle.READINGS, strict=True):
        curve = curves[reading]
        assert row["reading"] == reading
        quartic = [float(row[f"coefficient of power {power}"]) for power in range(5)]
        assert quartic == pytest.approx(curve.quartic, abs=1e-3)
        assert float(row["largest error"]) == pytest.approx(curve.largest_error, abs=6e-5)
        assert float(row["rms error"]) == pytest.approx(curve.rms_error, abs=6e-5)
        assert float(row["largest deviation from ReLU"]) == pytest.approx(
            curve.relu_deviation, abs=6e-5
        )
