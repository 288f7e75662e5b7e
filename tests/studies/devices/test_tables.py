"""Tables of a device."""

import csv

import numpy as np
import pytest

from wallnet import files
from wallnet.report.tables import of_columns
from wallnet.studies.devices.tables import SLIPPED, levels_of, tabulate


def tables(bench, data=None):
    """Return the texts of the tables of a device, gathered or with changed data."""
    if data is None:
        bench.gather()
    else:
        files.write_dataset(data, bench.out, bench.device.kind, {})
    return list(tabulate({bench.device.kind: [bench.out]}).values())


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


def test_levels_in_markdown_and_html(synapse):
    synapse.write_level("2", (300e-9, 300e-9))
    synapse.write_pulse(0.8e12, 450e-9, 450e-9)
    _, markdown, page = tables(synapse)
    _, rows = cells_below(markdown, "synapse-3 at 0 K: levels")
    assert rows[2][:3] == ["half", "between 1 and 2", "wall placed there and relaxed"]
    assert rows[3][:3] == ["2", "notch 2", "none: a wall placed there went to notch 1"]
    for text in (
        "<td>between 1 and 2</td>",
        "<td>none: a wall placed there went to notch 1</td>",
        '<meta charset="utf-8">',
    ):
        assert text in page


def test_what_comes_first_is_how_hot_the_pulses_are_and_what_it_does_to_levels(synapse):
    """Of the levels of the sweep only the reversed track needs a pulse beyond K_eff = 0, 429 K."""
    material = synapse.job.settings["material"] | {"curie_temperature": 750.0}
    data = synapse.gather(material=material)
    caveat = data.attrs["caveat"]
    _, markdown, page = tables(synapse, data)
    assert "1 of 5 pulses heat the film to 429 K or more" in caveat
    assert markdown.startswith(f"synapse-3: {caveat}\n\n## ")
    assert f'<body>\n<p>synapse-3: {caveat}</p>\n<div class="wide"><table>' in page
    header, rows = cells_below(markdown, "synapse-3 at 0 K: levels")
    assert header[6] == "reached by the sweep"
    reached = ["yes", "yes", "yes", "yes", "only beyond the model"]
    assert [row[6] for row in rows] == reached


def cells_below(markdown, title):
    """Return the header and the cells of the table with a title."""
    block = markdown.split(f"## {title}")[1].split("##")[0]
    lines = [line for line in block.splitlines() if line.startswith("|")]
    header, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return header, rows


def test_columns_of_the_sweep_are_in_their_units(synapse):
    """A half state has different ends and is read after 1.25 ns."""
    data = synapse.gather(read_at=1.25e-9)
    data["held"].values[:] = [1, -1, 0, 0, 1]
    data["settled"].values[:] = [1, 0, 1, -1, 1]
    data["beyond_model"].values[:] = [0, 0, 0, 1, 1]
    data["final_wall_position"].values[2] = 287.54e-9
    data["final_wall_bottom"].values[2] = 210.04e-9
    data["final_wall_top"].values[2] = 397.96e-9
    data["final_conductance"].values[:, 2] = 81.2345e-6, 63.4567e-6
    table, text, _ = tables(synapse, data)
    beyond = [row["beyond_model"] for row in csv.DictReader(table.splitlines())]
    assert beyond == ["no", "no", "no", "yes", "yes"]
    header, rows = cells_below(text, "synapse-3 at 0 K: after each pulse")
    # columns of the write energy follow, of which the last has the model in words
    assert "beyond_model" not in header
    half = dict(zip(header[:10], rows[2], strict=False))
    assert half == {
        "J (1e12 A/m²)": "0.6000",
        "state": "between 1 and 2",
        "settled": "yes",
        "pinned against the current": "no",
        "read at (ns)": "1.25",
        "wall, lower edge (nm)": "210.0",
        "wall, upper edge (nm)": "398.0",
        "mean wall position (nm)": "287.5",
        "G, parallel (µS)": "81.234",
        "G, series (µS)": "63.457",
    }
    assert [row[2] for row in rows] == ["yes", "no", "yes", "not asked", "yes"]
    assert [row[3] for row in rows] == ["yes", "–", "no", "no", "yes"]


def test_reached_is_not_stable_in_the_table_of_levels(synapse):
    """Notch 2 holds a wall, but no pulse moves one there."""
    synapse.write_pulse(0.8e12, 450e-9, 450e-9)
    data = synapse.gather()
    data["normalized_level_conductance"].values[:, 2] = 0.43217, 0.29876
    text = tables(synapse, data)[1]
    header, rows = cells_below(text, "synapse-3 at 0 K: levels")
    assert header == [
        "level",
        "state",
        "measured from",
        "mean wall position (nm)",
        "G normalised, parallel",
        "G normalised, series",
        "reached by the sweep",
        "smallest J that reaches it (1e12 A/m²)",
        "minimum of the energy",
        "energy (J)",
        "residual field (A/m)",
        "moved on by (nm)",
    ]
    assert [row[0] for row in rows] == ["0", "1", "half", "2", "3"]
    assert [row[6] for row in rows] == ["yes", "yes", "yes", "no", "yes"]
    assert [row[7] for row in rows] == ["0.0000", "0.5000", "0.6000", "–", "1.0000"]
    assert rows[2][4:6] == ["0.4322", "0.2988"]
    positions = [float(row[3]) for row in rows]
    assert positions == pytest.approx([60, 300, 450, 600, 900], abs=6)


def test_a_level_that_the_first_pulse_reaches_may_be_reached_by_a_smaller_one(synapse):
    """The sweep begins at 0.3, where the wall is at notch 1 already, and goes on to 0.5."""
    synapse.write_pulse(0.3e12, 300e-9, 300e-9)
    data = synapse.gather()
    header, rows = cells_below(of_columns("s: levels", levels_of(data)).as_markdown(), "s: levels")
    column = header.index("smallest J that reaches it (1e12 A/m²)")
    assert [row[column] for row in rows] == ["0.0000", "≤ 0.3000", "0.6000", "0.8000", "1.0000"]
    for name in ("current_density", "reaching_current_density"):
        data[name] = -data[name]
    _, rows = cells_below(of_columns("s: levels", levels_of(data)).as_markdown(), "s: levels")
    assert [row[column] for row in rows][1:3] == ["≥ -0.3000", "-0.6000"]


@pytest.mark.parametrize(
    ("minimum", "there", "seen", "verdict"),
    [
        (0, "free", "none: no minimum of the energy, the wall went to free", "no"),
        (0, "notch 2", "none: no minimum of the energy, the wall did not come to rest", "no"),
        (1, "notch 1", "none: a wall placed there went to notch 1", SLIPPED),
        (-1, "notch 1", "none: a wall placed there went to notch 1", "not examined"),
    ],
)
def test_a_level_tells_its_minimum_and_why_no_wall_rests_there(
    synapse, minimum, there, seen, verdict
):
    data = synapse.gather()
    data["level_minimum"].values[:] = [0, 1, -1, minimum, 1]
    data["level_energy"].values[:] = [np.nan, 3.2469e-16, np.nan, np.nan, 3.1e-16]
    data["level_residual_field"].values[:] = [0.08, 0.034, np.nan, 45.0, 0.01]
    data["level_shift"].values[:] = np.array([157.14, 0.04, np.nan, 12.0, 0.0]) * 1e-9
    data["level_source"] = data["level_source"].astype(object)
    data["level_source"].values[3] = ""
    data["level_resting_state"] = data["level_resting_state"].astype(object)
    data["level_resting_state"].values[3] = there
    text = tables(synapse, data)[1]
    _, rows = cells_below(text, "synapse-3 at 0 K: levels")
    assert [row[8] for row in rows] == ["no", "yes", "not examined", verdict, "yes"]
    assert rows[1][9:] == ["3.246900e-16", "0.034", "0.0"]
    assert rows[0][9:] == ["–", "0.08", "157.1"]
    assert rows[3][2] == seen


def test_energies_of_femtojoules_have_four_digits(synapse):
    """Of 0.32, 45.6 and 0.1 fJ, 1.23 pJ and 10 nJ."""
    data = synapse.gather()
    data["write_energy"].values[:] = [3.2e-16, 4.56e-14, 1e-16, 1.23e-12, 1e-8]
    table, *_ = tables(synapse, data)
    energies = [row["energy (pJ)"] for row in csv.DictReader(table.splitlines())]
    assert energies == ["0.0003200", "0.04560", "0.0001000", "1.230", "10000"]


def test_the_row_of_a_reading_holds_its_own_quartic_and_errors(neuron):
    data = neuron.gather()
    data["quartic"].values[:] = [[0.1, 0.2, 0.3, 0.4, 0.5], [0.6, -0.7, 0.8, -0.9, 1.1]]
    for k, name in enumerate(("fit_error", "fit_rms", "relu_deviation")):
        data[name].values[:] = 0.01 * (k + 1), 0.04 * (k + 1)
    data["fault"] = data["fault"].astype(object)
    data["fault"].values[:] = ["", "it falls"]
    header, rows = cells_below(tables(neuron, data)[1], "neuron at 0 K: quartic")
    assert header[1:6] == [f"coefficient of power {k}" for k in range(5)]
    assert header[6:] == [
        "largest error",
        "rms error",
        "largest deviation from ReLU",
        "an activation",
    ]
    assert [float(cell) for cell in rows[0][1:9]] == pytest.approx(
        [0.1, 0.2, 0.3, 0.4, 0.5, 0.01, 0.02, 0.03], abs=1e-9
    )
    assert [float(cell) for cell in rows[1][1:9]] == pytest.approx(
        [0.6, -0.7, 0.8, -0.9, 1.1, 0.04, 0.08, 0.12], abs=1e-9
    )
    assert [(row[0], row[9]) for row in rows] == [("parallel", "yes"), ("series", "it falls")]
