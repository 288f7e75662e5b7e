"""Tables and figure of the validation: contents of the cells and the axes."""

import csv

import numpy as np
import pytest

from wallnet import files
from wallnet.config import Figures
from wallnet.report import style, validation

SMALL = Figures(resolution=72)

VELOCITY = {
    "current_density": [1e11, 5e11, 9e11],
    "model, no H_K": [50.0, 180.0, 310.0],
    "model, film": [48.0, 150.0, 260.0],
    "single row": [49.0, 178.0, 305.0],
    "track 150 nm": [47.0, 134.0, 222.0],
}
OTHER = {key: [value / 2 for value in values] for key, values in VELOCITY.items()}
PROFILE = {
    "x": [10e-9, 37e-9, 46e-9, 64e-9, 73e-9, 400e-9],
    "m_z": [-0.99, -0.6, 0.01, 0.9, 0.97, 1.0],
    "centre": 46e-9,
    "width": 9e-9,
}
REVERSAL = {
    "field 2": {"time": [0.0, 2e-9], "m": [[0.9, 0.4, 0.2], [-0.9, 0.5, 0.3]]},
    "field 1": {"time": [0.0, 1e-9], "m": [[1.0, 0.1, 0.2], [-1.0, 0.3, 0.4]]},
}
COST = {
    "stray_field_tolerance": [1e-3, 1e-4],
    "stray_field_error": [3e-4, 2e-5],
    "frozen_change": [7e-3, 6e-4],
    "frozen_error": [5e-5, 4e-6],
}
ROW = {
    "quantity": "energy",
    "unit": "J",
    "reference": 4.0,
    "source": "a book",
    "ours": 3.75,
    "tolerance": 0.5,
    "reason": "rounded",
    "passed": True,
}
RESULTS = [
    {
        "check": "wall-velocity",
        "seconds": 41.0,
        "rows": [ROW],
        "curves": {"D = 1 mJ/m2": VELOCITY, "D = 3 mJ/m2": OTHER},
    },
    {"check": "neel-wall", "seconds": 12.0, "rows": [], "curves": {"profile": PROFILE}},
    {"check": "problem-4", "seconds": 3.0, "rows": [], "curves": REVERSAL},
    {"check": "tolerances", "seconds": 4.0, "rows": [], "curves": {"tolerances": COST}},
]


def written(folder, results=RESULTS):
    """Write the results to files; return the sources of their table."""
    for result in results:
        files.write_json(result, folder / f"{result['check']}.json")
    return {"results": [folder / f"{result['check']}.json" for result in results]}


@pytest.fixture(scope="module")
def panels(tmp_path_factory):
    """Return the axes of the figure, by the curve that they show."""
    sources = written(tmp_path_factory.mktemp("validation"))
    with style.apply(SMALL):
        figure, _ = validation.draw(sources, "", SMALL)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["(a)", "(b)", "(c)", "(d)"]
    return dict(zip(("velocity", "profile", "reversal", "tolerances"), figure.axes, strict=True))


def labelled(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def test_deviation_is_ours_less_the_reference(tmp_path):
    (row,) = csv.DictReader(validation.tabulate(written(tmp_path))["csv"].splitlines())
    numbers = [float(row[key]) for key in ("reference", "ours", "deviation", "tolerance")]
    assert (row["check"], numbers) == ("wall-velocity", [4.0, 3.75, -0.25, 0.5])


def test_the_table_to_read_puts_each_value_below_its_name(tmp_path):
    lines = validation.tabulate(written(tmp_path))["markdown"].splitlines()
    assert lines[0].startswith("1 of 1 rows passed. 0 rows are findings")
    assert "The checks took 60 s" in lines[0]
    header, _, row = lines[lines.index("## wall-velocity") + 2 :][:3]
    names, cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in (header, row))
    assert dict(zip(names, cells, strict=True)) == {
        "quantity": "energy",
        "unit": "J",
        "reference": "4",
        "source": "a book",
        "ours": "3.75",
        "tolerance": "0.5",
        "passed": "yes",
        "reason": "rounded",
    }


def test_findings_are_counted_apart_and_failures_are_named(tmp_path):
    verdicts = {"energy": True, "width": False, "speed": None, "angle": None}
    rows = [{**ROW, "quantity": name, "passed": passed} for name, passed in verdicts.items()]
    tables = validation.tabulate(written(tmp_path, [{**RESULTS[0], "rows": rows}]))
    lines = tables["markdown"].splitlines()
    assert lines[0].startswith("1 of 2 rows passed; FAILED: width. 2 rows are findings, reported")
    cells = [[cell.strip() for cell in line.split("|")] for line in lines if line.startswith("| ")]
    shown = {row[1]: row[cells[0].index("passed")] for row in cells}
    assert {name: shown[name] for name in verdicts} == {
        "energy": "yes",
        "width": "**no**",
        "speed": "finding",
        "angle": "finding",
    }


def test_velocity_shows_each_model_as_a_line_of_the_colour_of_its_points(panels):
    axes = panels["velocity"]
    lines = labelled(axes)
    for strength, curve in (("1", VELOCITY), ("3", OTHER)):
        for model, ours in (("model, no H_K", "single row"), ("model, film", "track 150 nm")):
            points = lines[f"{strength} mJ/m², {ours}"]
            assert points.get_linestyle() == "None"
            assert points.get_ydata() == pytest.approx(curve[ours], rel=1e-9, abs=0)
            (line,) = (
                line
                for line in axes.get_lines()
                if line is not points and line.get_color() == points.get_color()
            )
            assert line.get_marker() == "None"
            assert line.get_ydata() == pytest.approx(curve[model], rel=1e-9, abs=0)
            for shown in (line, points):
                density = np.array(curve["current_density"]) * 1e-12
                assert shown.get_xdata() == pytest.approx(density, rel=1e-9, abs=0)
    assert axes.get_xlabel() == "J (10¹² A/m²)"
    assert axes.get_ylabel() == "wall velocity (m/s)"
    assert axes.get_ylim()[0] == 0


def test_profile_is_drawn_around_the_centre_in_width_parameters(panels):
    lines = labelled(panels["profile"])
    # (x - 46 nm)/9 nm; points beyond six are left out
    u = [-4, -1, 0, 2, 3]
    assert lines["engine"].get_xdata() == pytest.approx(u, abs=1e-9)
    assert lines["engine"].get_ydata() == pytest.approx([-0.99, -0.6, 0.01, 0.9, 0.97], abs=1e-12)
    assert lines["tanh u"].get_xdata() == pytest.approx(u, abs=1e-9)
    assert lines["tanh u"].get_ydata() == pytest.approx(
        [-0.9993293, -0.7615942, 0, 0.9640276, 0.9950548], abs=1e-6
    )


def test_reversal_shows_m_y_in_ns_beside_the_reference_of_its_field(panels):
    axes = panels["reversal"]
    lines = labelled(axes)
    assert lines["µMAG 4, field 1"].get_ydata() == pytest.approx([0.1, 0.3], rel=1e-9, abs=0)
    assert lines["µMAG 4, field 1"].get_xdata() == pytest.approx([0, 1], rel=1e-9, abs=0)
    assert lines["µMAG 4, field 2"].get_ydata() == pytest.approx([0.4, 0.5], rel=1e-9, abs=0)
    assert lines["µMAG 4, field 2"].get_xdata() == pytest.approx([0, 2], rel=1e-9, abs=0)
    # mumax3's <m_y> after 1 ns, in the colour of the curve for the same field
    points = [line for line in axes.get_lines() if line.get_linestyle() == "None"]
    for field, value in (("field 1", 0.1260409), ("field 2", -0.120395)):
        colour = lines[f"µMAG 4, {field}"].get_color()
        (point,) = (point for point in points if point.get_color() == colour)
        assert np.atleast_1d(point.get_xdata()) == pytest.approx([1.0], rel=1e-9, abs=0)
        assert np.atleast_1d(point.get_ydata()) == pytest.approx([value], rel=1e-9, abs=0)
    assert axes.get_xlabel() == "time (ns)"
    assert axes.get_ylabel().startswith("<m$_y$>")


def test_cost_of_each_tolerance_is_drawn_over_that_tolerance(panels):
    axes = panels["tolerances"]
    lines = labelled(axes)
    for label, x, y in (
        ("stray field", COST["stray_field_tolerance"], COST["stray_field_error"]),
        ("resting columns", COST["frozen_change"], COST["frozen_error"]),
    ):
        assert lines[label].get_xdata() == pytest.approx(x, rel=1e-9, abs=0)
        assert lines[label].get_ydata() == pytest.approx(y, rel=1e-9, abs=0)
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    (bound,) = (line for line in axes.get_lines() if line.get_linestyle() == ":")
    assert np.unique(bound.get_ydata()) == pytest.approx([5e-4], rel=1e-9, abs=0)
