"""Table and figure of a measured device show the measured numbers."""

import csv
import json
import re

import numpy as np
import pytest
from helpers.measured import CURVE, LEVELS, write_measurements
from PIL import Image

from wallnet import cli, files
from wallnet.config import Figures
from wallnet.files import FileError
from wallnet.report import parameters, style
from wallnet.studies.devices import figures
from wallnet.studies.devices.measured import measured_model
from wallnet.studies.devices.tables import read_measured, tabulate

SMALL = Figures(resolution=72)


def model(folder, levels=LEVELS, curve=CURVE):
    """Return the compact model of a device with these files; without one, it is left out."""
    write_measurements(folder, levels or LEVELS, curve or CURVE)
    named = (folder / "levels.csv", folder / "activation.csv")
    paths = [path if text else None for path, text in zip(named, (levels, curve), strict=True)]
    measured_model(*paths, folder / "mine.json")
    return folder / "mine.json"


DRAWN = "studies.devices.figures"


def tables(path):
    return list(tabulate({"measured": [path]}).values())


def drawn(path):
    with style.apply(SMALL):
        figure = figures.DRAWINGS["measured"](
            figures.Sources({"mine": files.read_json(path)}), SMALL
        )
        figure.draw_without_rendering()
        return figure


def assert_curve_passes_through_points(panel):
    lines = {line.get_label(): line.get_xydata() for line in panel.get_lines()}
    at_points = np.interp(lines["points"][:, 0], *lines["interpolation"].T)
    assert at_points == pytest.approx(lines["points"][:, 1], rel=0, abs=1e-15)


def test_the_table_has_levels_with_spread_and_current(tmp_path):
    text = "current (A/m2),conductance,spread\n2e11,5e-5,2e-6\n1e11,1e-5,1e-6\n3e11,2e-5,0\n"
    numbers, shown, page = tables(model(tmp_path, text))
    assert list(csv.reader(numbers.splitlines())) == [
        ["level", "G (µS)", "G normalised", "spread of G (µS)", "current (A/m²)"],
        ["0", "10", "0.0000", "1", "1e+11"],
        ["1", "20", "0.2500", "0", "3e+11"],
        ["2", "50", "1.0000", "2", "2e+11"],
    ]
    for text in (shown, page):
        assert "mine: levels" in text
        assert "mine: transfer curve" in text
        assert "input (V)" in text
        assert "no activation" not in text


def test_unknown_spread_and_current_have_no_column(tmp_path):
    numbers, *_ = tables(model(tmp_path, "conductance\n1e-5\n2e-5\n"))
    assert numbers.splitlines()[0] == "level,G (µS),G normalised"


def test_a_neuron_alone_is_tabulated_by_its_points(tmp_path):
    numbers, shown, _ = tables(model(tmp_path, levels=None))
    rows = list(csv.reader(numbers.splitlines()))
    assert rows[0] == ["input (V)", "input normalised", "output (A)", "output normalised"]
    assert rows[2] == ["0.1", "0.2500", "1e-07", "0.0833"]
    assert "levels" not in shown


def test_the_fault_of_a_curve_is_told(tmp_path):
    path = model(tmp_path, curve=CURVE.replace("0.4,1.2e-6", "0.4,0.4e-6"))
    _, shown, page = tables(path)
    fault = "no activation: it is not monotonic (the output falls by 0.600 of full scale"
    assert fault in shown
    assert fault in page
    # the largest output is that at 0.3 V
    curve = shown.split("transfer curve")[1].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in curve]
    assert [row[-1] for row in rows if len(row) == 4][2:] == [
        *("0.0000", "0.1000", "0.5000", "1.0000", "0.4000")
    ]
    panel = drawn(path).axes[1]
    assert any("No activation" in text.get_text() for text in panel.texts)
    assert_curve_passes_through_points(panel)


def test_the_figure_shows_levels_with_spread_and_the_curve(tmp_path):
    left, right = drawn(model(tmp_path)).axes
    bars = left.containers[0]
    assert bars[0].get_xdata().tolist() == [0, 1, 2, 3]
    assert bars[0].get_ydata().tolist() == [1e-5, 2.2e-5, 3.1e-5, 5e-5]
    ends = [segment[:, 1].tolist() for segment in bars[2][0].get_segments()]
    assert ends[2] == pytest.approx([2.9e-5, 3.3e-5], rel=1e-12, abs=0)
    assert "S" in left.yaxis.get_major_formatter().format_data(1e-5)
    # beside the conductance, 0 at 10 µS and 1 at 50 µS
    (normalized,) = left.child_axes
    expected = (np.array(left.get_ylim()) - 1e-5) / 4e-5
    assert normalized.get_ylim() == pytest.approx(expected, rel=1e-6, abs=0)
    lines = {line.get_label(): line for line in right.get_lines()}
    points = lines["points"].get_xydata()
    assert points.tolist() == [[0, 0], [0.1, 1e-7], [0.2, 5e-7], [0.3, 1e-6], [0.4, 1.2e-6]]
    assert_curve_passes_through_points(right)
    assert right.get_xlabel() == "input (V)"
    assert right.get_ylabel() == "output (A)"


@pytest.mark.parametrize("part", ["levels", "curve"])
def test_one_file_alone_makes_one_panel(tmp_path, part):
    missing = {"levels": "curve", "curve": "levels"}[part]
    figure = drawn(model(tmp_path, **{missing: None}))
    assert len(figure.axes) == 1
    assert figure.get_figwidth() == pytest.approx(0.178 / 2 / 0.0254, rel=1e-9, abs=0)
    assert figure.axes[0].get_title("left") == {"levels": "levels", "curve": "transfer curve"}[part]


def test_the_figure_is_written_with_its_origin(tmp_path):
    outputs = tmp_path / "figure.png", tmp_path / "figure.svg"
    command = ["show", DRAWN, "--job", '{"figure": "measured"}']
    command += ["--sources", f"measured={model(tmp_path)}", "--figures", SMALL.model_dump_json()]
    cli.main([*command, "--to", f"png={outputs[0]}", f"vector={outputs[1]}"])
    picture = Image.open(outputs[0])
    assert picture.width == round(0.178 / 0.0254 * 72 - 0.5)
    assert "sha256" in picture.text["Description"]


@pytest.mark.parametrize(
    ("module", "figure", "said"),
    [
        (
            "studies.devices.figures",
            "measure",
            r"names 'measure', .* \(did you mean measured\?\); use one",
        ),
        ("report.nowhere", "measured", "wallnet has no module 'report.nowhere'; name one"),
    ],
)
def test_a_wrong_name_of_a_figure_or_a_module_is_one_sentence(tmp_path, module, figure, said):
    command = ["show", module, "--job", json.dumps({"figure": figure})]
    command += ["--sources", f"measured={model(tmp_path)}", "--to", f"png={tmp_path}/a.png"]
    with pytest.raises(SystemExit) as ended:
        cli.main(command)
    (line,) = str(ended.value).splitlines()
    assert re.search(said, line)


def test_a_compact_model_of_a_simulated_device_is_refused(tmp_path):
    path = tmp_path / "other.json"
    files.write_json({"kind": "synapse", "levels": [], "units": {}, "made_by": {}}, path)
    with pytest.raises(FileError, match="is of no measured device"):
        read_measured(path)


def test_the_table_of_parameters_names_the_files():
    text = '{"mine": {"kind": "measured", "levels": "levels.csv"}}'
    rows = list(csv.reader(parameters.tabulate({}, text)["csv"].splitlines()))
    assert rows == [["key", "unit", "mine"], ["kind", "", "measured"], ["levels", "", "levels.csv"]]
    assert parameters.table({}).rows() == []
