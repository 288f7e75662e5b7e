"""Tables and map of a window, from a window with known outcomes."""

import numpy as np
import pytest
from helpers.pictures import assert_shows, content_of

from studies.results import shown
from wallnet import files
from wallnet.config import Figures
from wallnet.report import style
from wallnet.studies import STUDIES
from wallnet.studies.operating_windows.show import Show

SMALL = Figures(resolution=72)
OUTCOMES = [
    [["sticks", "works", "works", "leaves"], ["works", "skips", "leaves", "leaves"]],
    [["sticks", "sticks", "moves", "start"], ["sticks", "sticks", "works", "skips"]],
]
STEPS = [[[2, 0, 0, 5], [0, 1, 3, 4]], [[1, 6, 7, 0], [8, 9, 0, 10]]]
NAN = np.nan


@pytest.fixture(scope="module")
def data():
    states = np.full((2, 2, 4), "notch 2", dtype=object)
    states[0, 1, 2] = "between 2 and 3"
    values = {
        "window_outcome": OUTCOMES,
        "window_step": STEPS,
        "window_state": states,
        "window_first": [[0.68e12, 0.66e12], [NAN, 0.70e12]],
        "window_last": [[0.70e12, 0.66e12], [NAN, 0.70e12]],
        "window_below": [[0.66e12, NAN], [NAN, 0.68e12]],
        "window_above": [[0.76e12, 0.68e12], [NAN, 0.76e12]],
        "variant": ["b", "a"],
        "duration": [4e-9, 5e-9],
        "current_density": [0.66e12, 0.68e12, 0.70e12, 0.76e12],
    }
    about = {"subject": "three", "parameters": "{}", "simulation": "{}", "revision": 4}
    return files.dataset("operating_window", values).assign_attrs(wallnet_version="0", **about)


@pytest.fixture(scope="module")
def tables(data, tmp_path_factory):
    return shown(STUDIES["operating_windows"], data, tmp_path_factory.mktemp("report"))


def test_the_table_has_one_row_a_point(tables):
    rows, _ = tables
    assert len(rows) == 16
    chosen = rows[6]  # the first variant, the second duration, the third density
    assert chosen == {
        "variant": "b",
        "duration (ns)": "5.000",
        "J (1e12 A/m²)": "0.7000",
        "outcome": "leaves",
        "step that failed": "3",
        "last state": "between 2 and 3",
    }
    assert rows[1]["step that failed"] == "–"


def test_the_half_width_lies_between_those_of_two_pairs(tables):
    stretches = [row for row in tables[1] if len(row) == 7][2:]
    # (0.70 - 0.68)/(0.70 + 0.68) and (0.76 - 0.66)/(0.76 + 0.66)
    assert stretches[0] == ["b", "4.000", "2 of 4", "0.6800", "0.7000", "1.4", "7.0"]
    # nothing below it was tried
    assert stretches[1] == ["b", "5.000", "1 of 4", "0.6600", "0.6600", "0.0", "–"]
    assert stretches[2] == ["a", "4.000", "0 of 4", "–", "–", "–", "–"]
    assert stretches[3] == ["a", "5.000", "1 of 4", "0.7000", "0.7000", "0.0", "5.6"]


def test_the_map_has_the_outcome_of_each_point(data):
    with style.apply(SMALL):
        figure = Show().draw(data, SMALL)
        content = content_of(figure)
    colours = {"works": "#009E73", "sticks": "#56B4E9", "skips": "#E69F00", "leaves": "#D55E00"}
    colours |= {"moves": "#CCCCCC", "start": "#FFFFFF"}
    fields = [
        [
            [column - 0.5, row - 0.5, 1, 1, colours[OUTCOMES[panel][row][column]]]
            for row, column in np.ndindex(2, 4)
        ]
        for panel in (0, 1)
    ]
    density = r"$\mathit{J}$ ($10^{12}$ A/m²)", -0.5, 3.5, ["0.66", "0.68", "0.7", "0.76"]
    duration = ["duration (ns)", -0.5, 1.5, ["4", "5"]]
    # sign of the outcome and step that failed, at column and row
    first = [["< 2", 0, 0], ["× 5", 3, 0], ["> 1", 1, 1], ["× 3", 2, 1], ["× 4", 3, 1]]
    second = [["< 1", 0, 0], ["< 6", 1, 0], ["~ 7", 2, 0], ["0 0", 3, 0]]
    second += [["< 8", 0, 1], ["< 9", 1, 1], ["> 10", 3, 1]]
    upper = {"title": "b", "x": ["", -0.5, 3.5, []], "y": duration, "patches": fields[0]}
    lower = {"title": "a", "x": density, "y": duration, "patches": fields[1]}
    legend = ["works ", "sticks <", "skips >", "leaves ×", "moves ~", "start 0"]
    assert_shows(content, [upper | {"texts": first}, lower | {"texts": second}, legend])
