"""Tables and figure of a calibration, from candidates with known misfits."""

import json

import pytest
from helpers.calibration import searched
from helpers.pictures import assert_shows, content_of

from studies.results import shown
from wallnet import files, plan
from wallnet.config import Figures
from wallnet.report import style
from wallnet.studies import STUDIES, gather_job
from wallnet.studies.calibration.show import Show

CALIBRATION = STUDIES["calibration"]
SMALL = Figures(resolution=72)
BLUE, ORANGE, GREEN, *_ = style.COLOURS
NM, NS = 1e-9, 1e-9


@pytest.fixture(scope="module")
def dataset():
    """Return three candidates at two times of reading; the configuration is read at the later."""
    campaign = plan.parse(searched(read_delays=[0.0, 1e-9]))
    job = gather_job(CALIBRATION, campaign, "paper", {}).plain()
    values = {
        "candidate_round": [1, 1, 2],
        "candidate_damping": [0.5, 0.3, 0.4],
        "candidate_notch_diameter": [32 * NM, 21.5 * NM, 22 * NM],
        "candidate_wall_start": [40 * NM, 31 * NM, 49 * NM],
        "candidate_pulse_duration": [0.6 * NS, 0.45 * NS, 0.55 * NS],
        "simulated_value": [
            [["notch 1", "free", "0.40 ns"], ["notch 1", "notch 2", "0.40 ns"]],
            [["notch 1", "notch 2", "never"], ["free", "free", "never"]],
            [["notch 1", "reversed", "0.55 ns"], ["notch 1", "reversed", "0.55 ns"]],
        ],
        "reference_met": [
            [[1, 0, 1], [1, 0, 1]],
            [[1, 0, 0], [0, 0, 0]],
            [[1, 1, 0], [1, 1, 0]],
        ],
        "reference_distance": [
            [[0, 0.5, 0], [0, 0.25, 0]],
            [[0, 1, 1], [0.5, 2, 1]],
            [[0, 0, 0.1], [0, 0, 0.1]],
        ],
        "missed": [[1, 1], [2, 3], [1, 1]],
        "misfit": [[1.5, 1.25], [4.0, 6.5], [1.1, 1.1]],
        "candidate": [0, 1, 2],
        "read_delay": [0.0, 1.0 * NS],
        "reference": ["a", "b", "c"],
    }
    about = {"parameters": json.dumps(job), "subject": "paper", "simulation": "{}"}
    about |= {"revision": 3, "wallnet_version": "0"}
    return files.dataset("calibration", values).assign_attrs(about)


@pytest.fixture
def data(dataset):
    """Return the same, free to be changed."""
    return dataset.copy(deep=True)


@pytest.fixture(scope="module")
def written(dataset, tmp_path_factory):
    """Return the rows of the CSV, and a folder with all tables."""
    folder = tmp_path_factory.mktemp("report")
    rows, _ = shown(CALIBRATION, dataset, folder)
    return rows, folder


def tables_of(path):
    """Return the tables of a page by the words after its title, as lists of rows."""
    tables, rows = {}, []
    for line in path.read_text().splitlines():
        if line.startswith("## "):
            rows = tables.setdefault(line.removeprefix("## paper: "), [])
        elif line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return {title: rows[2:] for title, rows in tables.items()}


def test_candidates_are_in_the_order_of_their_misfit(written):
    rows, _ = written
    assert [row["misfit"] for row in rows] == ["1.10", "1.10", "1.25", "1.50", "4.00", "6.50"]
    assert [row["candidate"] for row in rows] == ["2", "2", "0", "0", "1", "1"]
    assert [row["configured"] for row in rows] == ["no", "no", "yes", "no", "no", "no"]
    assert [row["read after the pulse (ns)"] for row in rows[2:4]] == ["1.00", "0.00"]
    assert rows[4] == {
        "misfit": "4.00",
        "reference data missed": "2",
        "candidate": "1",
        "round": "1",
        "configured": "no",
        "damping": "0.300",
        "notch diameter (nm)": "21.5",
        "wall start (nm)": "31.0",
        "pulse (ns)": "0.45",
        "read after the pulse (ns)": "0.00",
        "a": "notch 1",
        "b": "notch 2",
        "c": "never",
    }


def test_the_best_and_the_configured_candidate_are_beside_each_reference_value(written):
    _, folder = written
    assert tables_of(folder / "table.md")["reference data"] == [
        # one of the three candidates holds it at one of the two times only
        ["a", "notch 1", "yes", "notch 1", "yes", "3"],
        ["b", "reversed", "yes", "notch 2", "no", "1"],
        ["c", "0.55 ns", "no", "0.40 ns", "yes", "1"],
    ]


def parameters_of(folder):
    """Return the title and the rows of the table of the parameters."""
    tables = tables_of(folder / "table.md").items()
    return next((title, rows) for title, rows in tables if title.startswith("parameters"))


def test_a_parameter_is_determined_if_the_good_candidates_agree(data, tmp_path):
    """All are good, up to a misfit of 2.1; the second one only as its pulse ends."""
    data["misfit"].values[1] = [2.1, 2.2]
    data["candidate_damping"].values[1] = 0.35
    shown(CALIBRATION, data, tmp_path)
    title, rows = parameters_of(tmp_path)
    assert title == "parameters of the 5 best, up to 1 above the least misfit"
    # 0.35 to 0.5 of 0.3 to 0.7, 21.5 to 32 of 20 to 40, 31 to 49 of 30 to 50, 0.45 to 0.6 of 0.4 to
    # 0.8, and both times of reading
    shares = [float(row[7]) for row in rows]
    assert shares == pytest.approx([0.375, 0.525, 0.9, 0.375, 1.0], abs=0.006)
    assert [row[8] for row in rows] == ["yes", "no", "no", "yes", "no"]


def test_a_single_time_of_reading_is_determined(data, tmp_path):
    """All three candidates are good; the time has no range of which they take a share."""
    data["misfit"].values[1] = 2.1
    shown(CALIBRATION, data.isel(read_delay=[0]), tmp_path)
    _, rows = parameters_of(tmp_path)
    assert rows[-1][1:] == [*6 * ["0.00"], "0.00", "yes"]


def test_two_good_candidates_say_nothing_about_parameters(written):
    """Good are those up to a misfit of 2.1: candidates 2 and 0, each at both times of reading."""
    title, rows = parameters_of(written[1])
    assert title == "parameters of the 4 best, up to 1 above the least misfit"
    unknown = "not known"
    assert rows == [
        ["damping", "0.300", "0.700", "0.500", "0.400", "0.400", "0.500", "0.25", unknown],
        ["notch diameter (nm)", *("20.0", "40.0", "32.0", "22.0", "22.0", "32.0", "0.50", unknown)],
        ["wall start (nm)", *("30.0", "50.0", "40.0", "49.0", "40.0", "49.0", "0.45", unknown)],
        ["pulse (ns)", *("0.40", "0.80", "0.60", "0.55", "0.55", "0.60", "0.12", unknown)],
        [
            "read after the pulse (ns)",
            *("0.00", "1.00", "1.00", "0.00", "0.00", "1.00", "1.00", unknown),
        ],
    ]


def test_the_figure_has_a_panel_for_each_parameter(data):
    with style.apply(SMALL):
        figure = Show().draw(data, SMALL)
        content = content_of(figure)
    looks = f"o {BLUE}", f"s {GREEN}", f"* {ORANGE}"
    names = ["round 1", "round 2", "configured"]

    def panel(label, misfit, *points):
        lines = zip(names, looks, *zip(*points, strict=True), strict=True)
        return {"x": [label], "y": [misfit], "lines": [list(line) for line in lines]}

    def of_candidates(label, first, second, third, misfit=""):
        points = ([first, second], [1.25, 4]), ([third], [1.1]), ([first], [1.25])
        return panel(label, misfit, *points)

    times = ([0, 1, 0, 1], [1.5, 1.25, 4, 6.5]), ([0, 1], [1.1, 1.1]), ([1], [1.25])
    assert_shows(
        content,
        [
            of_candidates("damping", 0.5, 0.3, 0.4, misfit="misfit"),
            of_candidates("notch diameter (nm)", 32, 21.5, 22),
            of_candidates("wall start (nm)", 40, 31, 49),
            of_candidates("pulse (ns)", 0.6, 0.45, 0.55, misfit="misfit"),
            panel("read after the pulse (ns)", "", *times),
            {"x": [""], "y": [""], "legend": names},
        ],
    )
