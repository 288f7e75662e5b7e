"""Tables and figure of a program's response, from a response with known values."""

import csv

import numpy as np
import pytest
from helpers.programs import staircase
from matplotlib import pyplot
from PIL import Image

from wallnet import config, files, jobs
from wallnet.config import Figures
from wallnet.report import programs, style

SMALL = Figures(resolution=72)
J = np.array([0.0, 0.7e12, 0.7e12, -0.5e12])
TIME = np.array([0.0, 1e-9, 2e-9, 4e-9, 6e-9, 7e-9, 10e-9])


@pytest.fixture(scope="module")
def known():
    """Return a response in which no two quantities are alike."""
    campaign = config.parse(staircase())
    job = jobs.response_job(campaign.devices["stairs"], campaign.programs["up-down"])
    values = {
        "wall_position": TIME * 20 + 60e-9,
        "wall_bottom": TIME * 18 + 55e-9,
        "wall_top": TIME * 25 + 70e-9,
        "applied_current_density": [0.0, 0.7e12, 0.0, 0.7e12, 0.0, -0.5e12, 0.0],
        "program_conductance": np.stack([TIME * 1e3 + 40e-6, TIME * 2e3 + 50e-6]),
        "program_current_density": J,
        "pulse_start": [0.0, 0.0, 2e-9, 6e-9],
        "pulse_duration": [0.0, 1e-9, 2e-9, 1.5e-9],
        "pause_end": [0.0, 2e-9, 6e-9, 10e-9],
        "pulse_state": ["notch 1", "notch 2", "between 2 and 3", "free"],
        "pulse_settled": [-1, 1, 1, 0],
        "pulse_wall_position": [60e-9, 101e-9, 152e-9, 83e-9],
        "pulse_wall_bottom": [55e-9, 96e-9, 147e-9, 78e-9],
        "pulse_wall_top": [70e-9, 111e-9, 162e-9, 93e-9],
        "pulse_conductance": [[40e-6, 41e-6, 44e-6, 40.5e-6], [50e-6, 53e-6, 60e-6, 51e-6]],
        "normalized_pulse_conductance": [[0, 0.25, 1, 0.125], [0, 0.3, 1, 0.1]],
        "branch_first": [1, 3],
        "branch_last": [2, 3],
        "branch_steps": [2, 1],
        "nonlinearity": [[-1.5, np.nan], [2.5, np.nan]],
        "step_size": [[0.5, -0.875], [0.45, -0.9]],
        "step_slope": [[0.31, np.nan], [-0.62, np.nan]],
        "time": TIME,
        "pulse": [0, 1, 2, 3],
        "branch": [1, 2],
    }
    about = {"program": "up-down", "parameters": job.to_json(), "simulation": "{}", "revision": 4}
    return files.dataset("response", values).assign_attrs(wallnet_version="0", **about)


@pytest.fixture
def data(known):
    """Return the same, free to be changed."""
    return known.copy(deep=True)


def write_report(data, tmp_path):
    """Write the report of these data into a folder, and return the folder."""
    files.write_dataset(data, tmp_path / "response.nc", "response", {})
    tables = tuple(tmp_path / f"table{suffix}" for suffix in (".csv", ".md", ".html"))
    figure = tmp_path / "figure.png", tmp_path / "figure.pdf"
    programs.program_report(tmp_path / "response.nc", tables, SMALL, *figure)
    return tmp_path


@pytest.fixture(scope="module")
def written(known, tmp_path_factory):
    """Return the folder in which the report of the response was written."""
    return write_report(known, tmp_path_factory.mktemp("report"))


def test_the_table_has_state_and_conductance_after_each_pulse(written):
    with open(written / "table.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["pulse"] for row in rows] == ["0", "1", "2", "3"]
    third = rows[2]
    assert float(third["J (1e12 A/m²)"]) == pytest.approx(0.7, rel=1e-9, abs=0)
    assert float(third["duration (ns)"]) == pytest.approx(2, rel=1e-9, abs=0)
    assert third["state after the pause"] == "between 2 and 3"
    assert float(third["wall, lower edge (nm)"]) == pytest.approx(147, rel=1e-9, abs=0)
    assert float(third["wall, upper edge (nm)"]) == pytest.approx(162, rel=1e-9, abs=0)
    assert float(third["G, parallel (µS)"]) == pytest.approx(44, rel=1e-9, abs=0)
    assert float(third["G, series (µS)"]) == pytest.approx(60, rel=1e-9, abs=0)
    assert float(rows[3]["G normalised, parallel"]) == pytest.approx(0.125, rel=1e-9, abs=0)
    assert float(rows[3]["G normalised, series"]) == pytest.approx(0.1, rel=1e-9, abs=0)


def cells(written, first):
    """Return the rows of the readable tables that begin with a text, as lists of cells."""
    lines = (written / "table.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return [row for row in rows if row[0] == first]


def test_potentiation_and_depression_have_their_numbers(written):
    assert cells(written, "1 to 2") == [
        ["1 to 2", "potentiation", "parallel", "2", "+0.5000", "-1.50", "+0.31"],
        ["1 to 2", "potentiation", "series", "2", "+0.4500", "+2.50", "-0.62"],
    ]
    assert cells(written, "3 to 3")[1] == [
        *("3 to 3", "depression", "series", "1", "-0.9000", "–", "–")
    ]


def test_the_asymmetry_is_that_of_potentiation_and_the_depression_after_it(data, tmp_path):
    data["nonlinearity"] = data["nonlinearity"].copy(data=[[-1.5, 0.25], [2.5, 3.0]])
    write_report(data, tmp_path)
    assert cells(tmp_path, "1 to 3") == [
        # (0.5 - 0.875)/(0.5 + 0.875) and (0.45 - 0.9)/(0.45 + 0.9)
        ["1 to 3", "parallel", "1.75", "-0.2727"],
        ["1 to 3", "series", "0.50", "-0.3333"],
    ]


def test_a_depression_and_the_potentiation_after_it_are_no_pair(data, tmp_path):
    data["program_current_density"] = -data["program_current_density"]
    write_report(data, tmp_path)
    assert cells(tmp_path, "1 to 2")[0][1] == "depression"
    assert cells(tmp_path, "1 to 3") == []


def test_whether_a_wall_is_settled_is_a_word(written):
    settled = [cells(written, str(pulse))[0][4] for pulse in range(4)]
    assert settled == ["not asked", "yes", "yes", "no"]


def test_the_figure_shows_conductance_by_pulse_and_the_wall_by_time(data):
    with style.apply(SMALL):
        figure = programs.draw(data, SMALL)
        figure.canvas.draw()
        steps, ends, current = figure.axes
        assert [line.get_label() for line in steps.get_lines()] == [
            "parallel reading",
            "series reading",
        ]
        for line, expected in zip(
            steps.get_lines(), data["normalized_pulse_conductance"].values, strict=True
        ):
            assert line.get_xdata().tolist() == [0, 1, 2, 3]
            np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-12)
        lower, upper = ends.get_lines()
        assert (lower.get_label(), upper.get_label()) == ("lower edge", "upper edge")
        np.testing.assert_allclose(lower.get_xdata(), TIME / 1e-9, rtol=1e-12)
        np.testing.assert_allclose(lower.get_ydata(), data["wall_bottom"].values / 1e-9, rtol=1e-12)
        np.testing.assert_allclose(upper.get_ydata(), data["wall_top"].values / 1e-9, rtol=1e-12)
        (drive,) = current.get_lines()
        np.testing.assert_allclose(
            drive.get_ydata(), data["applied_current_density"].values / 1e12, rtol=1e-12
        )
        # an entry has the current of the interval that it ends
        assert drive.get_drawstyle() == "steps-pre"
        assert steps.get_xlabel() == "pulse number"
        assert current.get_xlabel() == "time (ns)"
        assert "nm" in ends.get_ylabel()
        assert "10^{12}" in current.get_ylabel()
        assert ends.get_xlim() == current.get_xlim() == (0.0, 10.0)


def test_the_figure_says_what_made_it_and_stays_the_same(written, data):
    about = Image.open(written / "figure.png").info
    assert '"revision"' in about["Description"]
    assert "detector" in about["Description"]
    assert (written / "figure.pdf").read_bytes().startswith(b"%PDF")
    pyplot.rcParams["font.size"] = 30  # settings of the caller must have no effect
    try:
        with style.apply(SMALL):
            again = written / "again.png", written / "again.pdf"
            style.save(programs.draw(data, SMALL), *again)
    finally:
        pyplot.rcdefaults()
    first, second = (np.asarray(Image.open(written / f"{n}.png")) for n in ("figure", "again"))
    assert np.array_equal(first, second)
    assert first.std() > 10
