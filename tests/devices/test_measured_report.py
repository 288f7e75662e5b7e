"""Table and figure of a measured device show the measured numbers."""

import csv
import re

import numpy as np
import pytest
from helpers.measured import CURVE, LEVELS, write_measurements
from helpers.pictures import assert_shows, content_of, line
from helpers.readable import cells_in, columns_in, tables_in
from PIL import Image

from wallnet import cli, files
from wallnet.config import Figures
from wallnet.devices import figures
from wallnet.devices.measured import measured_model
from wallnet.devices.tables import read_measured, tabulate
from wallnet.files import FileError
from wallnet.report import parameters, style

SMALL = Figures(resolution=72)


def model(folder, levels=LEVELS, curve=CURVE):
    """Return the compact model of a device with these files; without one, it is left out."""
    write_measurements(folder, levels or LEVELS, curve or CURVE)
    named = (folder / "levels.csv", folder / "activation.csv")
    paths = [path if text else None for path, text in zip(named, (levels, curve), strict=True)]
    measured_model(*paths, folder / "mine.json")
    return folder / "mine.json"


DRAWN = "devices.figures"


def tables(path):
    return list(tabulate({"measured": [path]}).values())


def drawn(path):
    with style.apply(SMALL):
        return figures.DRAWINGS["measured"](figures.Sources({"mine": files.read_json(path)}), SMALL)


def lines_through_points(panel, outputs):
    """Return the lines of a panel, of which the curve is a fine one through the points."""
    (interpolation,) = (part for part in panel.get_lines() if part.get_label() == "interpolation")
    inputs = [0, 0.1, 0.2, 0.3, 0.4]
    at_points = np.interp(inputs, *interpolation.get_data())
    assert at_points == pytest.approx(outputs, rel=0, abs=1e-15)
    curve = line("interpolation", f"- {style.COLOURS[2]}", *interpolation.get_data())
    points = line("points", f"o {style.COLOURS[0]}", inputs, outputs)
    return [curve, points]


def test_the_table_has_levels_with_spread_and_current(tmp_path):
    text = "current (A/m2),conductance,spread\n2e11,5e-5,2e-6\n1e11,1e-5,1e-6\n3e11,2e-5,0\n"
    numbers, shown, page = tables(model(tmp_path, text))
    assert list(csv.reader(numbers.splitlines())) == [
        ["level", "G (µS)", "G normalised", "spread of G (µS)", "current (A/m²)"],
        ["0", "10", "0.0000", "1", "1e+11"],
        ["1", "20", "0.2500", "0", "3e+11"],
        ["2", "50", "1.0000", "2", "2e+11"],
    ]
    cells = tables_in(shown)
    assert cells["mine: levels"] == list(csv.reader(numbers.splitlines()))
    assert cells["mine: transfer curve"] == [
        ["input (V)", "input normalised", "output (A)", "output normalised"],
        ["0", "0.0000", "0", "0.0000"],
        ["0.1", "0.2500", "1e-07", "0.0833"],
        ["0.2", "0.5000", "5e-07", "0.4167"],
        ["0.3", "0.7500", "1e-06", "0.8333"],
        ["0.4", "1.0000", "1.2e-06", "1.0000"],
    ]
    assert cells_in(page) == [cell for rows in cells.values() for row in rows for cell in row]


def test_unknown_spread_and_current_have_no_column(tmp_path):
    numbers, *_ = tables(model(tmp_path, "conductance\n1e-5\n2e-5\n"))
    assert numbers.splitlines()[0] == "level,G (µS),G normalised"


def test_a_neuron_alone_is_tabulated_by_its_points(tmp_path):
    numbers, shown, _ = tables(model(tmp_path, levels=None))
    assert tables_in(shown) == {"mine: transfer curve": list(csv.reader(numbers.splitlines()))}


def test_the_fault_of_a_curve_is_told(tmp_path):
    path = model(tmp_path, curve=CURVE.replace("0.4,1.2e-6", "0.4,0.4e-6"))
    _, shown, page = tables(path)
    fault = "no activation: it is not monotonic (the output falls by 0.600 of full scale"
    assert f"<caption>mine: transfer curve; {fault}" in page
    (columns,) = (column for title, column in columns_in(shown).items() if fault in title)
    # the largest output is that at 0.3 V
    assert columns[3] == ["output normalised", "0.0000", "0.1000", "0.5000", "1.0000", "0.4000"]
    figure = drawn(path)
    _, panel = content_of(figure)
    outputs = [0, 1e-7, 5e-7, 1e-6, 0.4e-6]
    lines = lines_through_points(figure.axes[1], outputs)
    assert_shows([panel["lines"], panel["background"]], [lines, figures.UNSUITABLE])
    assert panel["texts"][0][0].startswith("No activation: it is not monotonic")


def test_the_figure_shows_levels_with_spread_and_the_curve(tmp_path):
    figure = drawn(model(tmp_path))
    levels, spread = np.array([1e-5, 2.2e-5, 3.1e-5, 5e-5]), np.array([1e-6, 1e-6, 2e-6, 1e-6])
    bars = [[k, levels[k] - spread[k], k, levels[k] + spread[k]] for k in range(4)]
    # 5 % beside what is drawn, from 9 to 51 µS; beside them 0 at 10 µS and 1 at 50 µS
    low, high = 6.9e-6, 53.1e-6
    left = {
        "title": "(a) levels",
        "x": ["level"],
        "y": [r"conductance $\mathit{G}$"],
        "bars": [[*line("", f"o {style.COLOURS[0]}", range(4), levels), bars]],
        "second axes": [[figures.G_NORM_LABEL, (low - 1e-5) / 4e-5, (high - 1e-5) / 4e-5]],
    }
    outputs = [0, 1e-7, 5e-7, 1e-6, 1.2e-6]
    right = {
        "title": "(b) transfer curve",
        "x": ["input (V)"],
        "y": ["output (A)"],
        "lines": lines_through_points(figure.axes[1], outputs),
        "legend": ["interpolation", "points"],
    }
    assert_shows(content_of(figure), [left, right])
    assert figure.axes[0].yaxis.get_major_formatter().format_data(1e-5) == "10 µS"


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


def test_a_wrong_name_of_a_figure_is_one_sentence(tmp_path):
    command = ["show", "devices.figures", "--job", '{"figure": "measure"}']
    command += ["--sources", f"measured={model(tmp_path)}", "--to", f"png={tmp_path}/a.png"]
    with pytest.raises(SystemExit) as ended:
        cli.main(command)
    (line,) = str(ended.value).splitlines()
    assert re.search(r"names 'measure', .* \(did you mean measured\?\); use one", line)


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
