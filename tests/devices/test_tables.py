"""Tables of a device."""

import csv

import numpy as np
import pytest
from helpers.readable import cells_in, columns_in

from wallnet import files
from wallnet.config.heavy_metal import Heating, HeavyMetal
from wallnet.devices.tables import (
    BEYOND_MODEL,
    OUTSIDE,
    SLIPPED,
    levels_of,
    sign_of,
    tabulate,
)
from wallnet.report.tables import of_columns


def tables(bench, data=None):
    """Return the texts of the tables of a device, gathered or with changed data."""
    if data is None:
        bench.gather()
    else:
        files.write_dataset(data, bench.out, bench.device.kind, {})
    return list(tabulate({bench.device.kind: [bench.out]}).values())


def test_each_state_has_a_short_sign():
    signs = {
        **{"initial": "i", "reversed": "R", "expelled": "E", "free": "f", "wider": "w"},
        **{"still moving": "m", "several walls": "s", "gap 0": "g0", "gap 12": "g12"},
        **{"notch 12": "12", "between 2 and 3": "2-3", "between 3 and 2": "3-2"},
    }
    assert {state: sign_of(state) for state in signs} == signs


def test_text_of_a_foreign_file_does_nothing_in_a_table(synapse):
    data = synapse.gather()
    spiteful = "<script>alert(1)</script> | [a](javascript:b)\n# `x`"
    data["level_source"] = data["level_source"].astype(object)
    data["level_source"][1] = spiteful
    _, markdown, page = tables(synapse, data)
    assert "<script" not in markdown + page
    text = r"&lt;script&gt;alert(1)&lt;/script&gt; \| \[a\](javascript:b) # \`x\`"
    row = next(line for line in markdown.splitlines() if "alert" in line)
    assert f"| {text} " in row
    assert row.replace(r"\|", "").count("|") == 13
    for name, value, words in (
        ("state", "<b>", "has state = '<b>', which is not a state of a wall"),
        ("level_resting_state", "x", "has level_resting_state = 'x'"),
        ("stable", 2, "has stable = 2, which is not between 0 and 1"),
        ("level_conductance", -1.0, "has level_conductance = -1"),
    ):
        foreign = data.copy(deep=True)
        foreign[name][...] = value
        with pytest.raises(files.FileError, match=words):
            tables(synapse, foreign)
    with pytest.raises(files.FileError, match="has the device '<i>'"):
        tables(synapse, data.assign_attrs(device="<i>"))


def test_what_comes_first_is_how_hot_the_pulses_are_and_what_it_does_to_levels(synapse):
    """Of the levels only the reversed track needs a pulse beyond K_eff = 0, 429 K on 90 nm."""
    material = synapse.job.settings["material"] | {"curie_temperature": 710.0}
    data = synapse.gather(material=material)
    caveat = data.attrs["caveat"]
    _, markdown, page = tables(synapse, data)
    assert "1 of 5 pulses heat the film to 429 K or more" in caveat
    assert markdown.startswith(f"synapse-3: {caveat}\n\n## ")
    assert f'<body>\n<p>synapse-3: {caveat}</p>\n<div class="wide"><table>' in page
    reached = columns_in(markdown)["synapse-3 at 0 K: levels"][6]
    assert reached == ["reached by the sweep", *["yes"] * 4, "only beyond the model"]


def test_a_level_that_the_first_pulse_reaches_may_be_reached_by_a_smaller_one(synapse):
    """The sweep begins at 0.3, where the wall is at notch 1 already, and goes on to 0.5."""
    synapse.write_pulse(0.3e12, 300e-9, 300e-9)
    data = synapse.gather()
    forwards = ["≤ 0.3000", "0.6000", "0.8000", "1.0000"]
    for sign, smallest in ((1, forwards), (-1, ["≥ -0.3000", "-0.6000", "-0.8000", "-1.0000"])):
        for name in ("current_density", "reaching_current_density"):
            data[name] = sign * abs(data[name])
        (columns,) = columns_in(of_columns("levels", levels_of(data)).as_markdown()).values()
        assert columns[7][0] == "smallest J that reaches it (1e12 A/m²)"
        assert columns[7][2:] == smallest


def test_energies_of_femtojoules_have_four_digits(synapse):
    """Of 0.32, 45.6 and 0.1 fJ, 1.23 pJ and 10 nJ."""
    data = synapse.gather()
    data["write_energy"].values[:] = [3.2e-16, 4.56e-14, 1e-16, 1.23e-12, 1e-8]
    columns = columns_in(tables(synapse, data)[1])["synapse-3 at 0 K: after each pulse"]
    expected = ["0.0003200", "0.04560", "0.0001000", "1.230", "10000"]
    assert ["energy (pJ)", *expected] in columns


def test_the_levels_have_their_states_minima_and_pulses(synapse):
    """No level is like another; no pulse moves a wall to notch 2, where none rests."""
    synapse.write_pulse(0.8e12, 450e-9, 450e-9)
    data = synapse.gather()
    for name, column in {
        "level_source": ["", "0.5000", "", "", "1.0000"],
        "level_resting_state": ["gap 0", "notch 1", "still moving", "notch 1", "reversed"],
    }.items():
        data[name] = data[name].astype(object)
        data[name].values[:] = column
    data["level_minimum"].values[:] = [0, 1, 0, 1, -1]
    data["level_position"].values[:] = np.array([60.04, 300.1, 450.26, 600, 897]) * 1e-9
    normalized = [0, 0.25, 0.43217, 0.75, 1], [0, 0.125, 0.29876, 0.5, 1]
    data["normalized_level_conductance"].values[:] = normalized
    data["level_energy"].values[:] = [np.nan, 3.2469e-16, np.nan, np.nan, 3.1e-16]
    data["level_residual_field"].values[:] = [0.08, 0.034, np.nan, 45.0, 0.01]
    data["level_shift"].values[:] = np.array([157.14, 0.04, np.nan, 12.0, 0.0]) * 1e-9
    _, markdown, page = tables(synapse, data)
    columns = [
        ["level", "0", "1", "half", "2", "3"],
        ["state", "initial", "notch 1", "between 1 and 2", "notch 2", "reversed"],
        [
            "measured from",
            "none: no minimum of the energy, the wall went to gap 0",
            "0.5000",
            "none: no minimum of the energy, the wall did not come to rest",
            "none: a wall initialised there went to notch 1",
            "1.0000",
        ],
        ["mean wall position (nm)", "60.0", "300.1", "450.3", "600.0", "897.0"],
        ["G normalised, parallel", "0.0000", "0.2500", "0.4322", "0.7500", "1.0000"],
        ["G normalised, series", "0.0000", "0.1250", "0.2988", "0.5000", "1.0000"],
        ["reached by the sweep", "yes", "yes", "yes", "no", "yes"],
        ["smallest J that reaches it (1e12 A/m²)", "0.0000", "0.5000", "0.6000", "–", "1.0000"],
        ["minimum of the energy", "no", "yes", "no", SLIPPED, "not examined"],
        ["energy (J)", "–", "3.246900e-16", "–", "–", "3.100000e-16"],
        ["residual field (A/m)", "0.08", "0.034", "–", "45", "0.01"],
        ["moved on by (nm)", "157.1", "0.0", "–", "12.0", "0.0"],
    ]
    assert columns_in(markdown)["synapse-3 at 0 K: levels"] == columns
    assert cells_in(page)[-6 * 12 :] == [cell for row in zip(*columns, strict=True) for cell in row]
    assert '<meta charset="utf-8">' in page


def test_the_sweep_has_walls_conductances_and_write_energies_in_their_units(synapse):
    """The metal, of θ = 0.2, carries twice the current density of the device."""
    metal = HeavyMetal(resistivity=2e-6, thickness=4e-9, spin_hall_angle=0.2)
    heating = Heating(largest_rise=120.0, encapsulation_conductivity=2.5)
    data = synapse.gather(
        read_at=1.25e-9,
        heavy_metal=metal.model_dump(mode="json", exclude_none=True),
        heating=heating.model_dump(mode="json"),
    )
    mean, middle = (data[name].values for name in ("mean_temperature_rise", "temperature_rise"))
    # below the one-dimensional q √(t/(π k c)) + q R/2 = 342 + 102 K
    assert 0.4 * 444 < mean[2] < middle[2] < 444
    assert middle[2] - mean[2] > 5
    mean[:], middle[:] = [40.04, 111.1, 160, 284.4, 444.4], [50, 138.9, 200.06, 355.6, 555.6]
    data["held"].values[:] = [1, -1, 0, 0, 1]
    data["settled"].values[:] = [1, 0, 1, -1, 1]
    data["final_wall_position"].values[:] = np.array([60, 300.04, 287.54, 600, 900]) * 1e-9
    data["final_wall_bottom"].values[:] = np.array([50, 290, 210.04, 590, 890]) * 1e-9
    data["final_wall_top"].values[:] = np.array([70, 310, 397.96, 610, 910]) * 1e-9
    conductances = [74.3, 79.9, 81.2345, 89.1, 99.9], [50, 55.5, 63.4567, 70.1, 90.2]
    data["final_conductance"].values[:] = np.array(conductances) * 1e-6
    # 1.2e12 A/m² · 90 nm · 4 nm; 2e-6 Ω m · 900 nm/(90 nm · 4 nm) = 5 kΩ; 2 ns; 10/13 of the
    # current is in the magnet
    share = np.array([0.3, 0.5, 0.6, 0.8, 1.0]) / 0.6
    current, voltage = 0.432 * 23 / 13 * share, 2.16 * share
    columns = [
        ["J (1e12 A/m²)", "0.3000", "0.5000", "0.6000", "0.8000", "1.0000"],
        ["state", "initial", "notch 1", "between 1 and 2", "notch 2", "reversed"],
        ["settled", "yes", "no", "yes", "not asked", "yes"],
        ["pinned against the current", "yes", "–", "no", "no", "yes"],
        ["read at (ns)", *["1.25"] * 5],
        ["wall, lower edge (nm)", "50.0", "290.0", "210.0", "590.0", "890.0"],
        ["wall, upper edge (nm)", "70.0", "310.0", "398.0", "610.0", "910.0"],
        ["mean wall position (nm)", "60.0", "300.0", "287.5", "600.0", "900.0"],
        ["G, parallel (µS)", "74.300", "79.900", "81.234", "89.100", "99.900"],
        ["G, series (µS)", "50.000", "55.500", "63.457", "70.100", "90.200"],
        ["J in the metal (1e12 A/m²)", "0.6000", "1.0000", "1.2000", "1.6000", "2.0000"],
        ["current (mA)", *(f"{value:#.4g}" for value in current)],
        ["voltage (V)", *(f"{value:#.4g}" for value in voltage)],
        ["energy (pJ)", *(f"{value:#.4g}" for value in current * voltage * 2)],
        ["temperature rise, mean (K)", "40.0", "111.1", "160.0", "284.4", "444.4"],
        ["temperature rise, middle (K)", "50.0", "138.9", "200.1", "355.6", "555.6"],
        ["model", "inside", OUTSIDE, *[BEYOND_MODEL] * 3],
    ]
    numbers, markdown, _ = tables(synapse, data)
    assert columns_in(markdown)["synapse-3 at 0 K: after each pulse"] == columns
    # the last column has it in words
    columns.insert(2, ["beyond_model", "no", "no", "yes", "yes", "yes"])
    assert list(csv.reader(numbers.splitlines())) == [
        list(row) for row in zip(*columns, strict=True)
    ]


def test_each_reading_of_a_neuron_has_its_own_quartic_and_errors(neuron):
    data = neuron.gather()
    data["quartic"].values[:] = [[0.1, 0.2, 0.3, 0.4, 0.5], [0.6, -0.7, 0.8, -0.9, 1.1]]
    for k, name in enumerate(("fit_error", "fit_rms", "relu_deviation")):
        data[name].values[:] = 0.01 * (k + 1), 0.04 * (k + 1)
    data["fault"] = data["fault"].astype(object)
    data["fault"].values[:] = ["", "it falls"]
    what = "quartic of the normalised transfer curve, valid for 0 ≤ J ≤ 1; 0 below, saturated above"
    assert columns_in(tables(neuron, data)[1])[f"neuron at 0 K: {what}"] == [
        ["reading", "parallel", "series"],
        ["coefficient of power 0", "0.10000", "0.60000"],
        ["coefficient of power 1", "0.20000", "-0.70000"],
        ["coefficient of power 2", "0.30000", "0.80000"],
        ["coefficient of power 3", "0.40000", "-0.90000"],
        ["coefficient of power 4", "0.50000", "1.10000"],
        ["largest error", "0.0100", "0.0400"],
        ["rms error", "0.0200", "0.0800"],
        ["largest deviation from ReLU", "0.0300", "0.1200"],
        ["an activation", "yes", "it falls"],
    ]
