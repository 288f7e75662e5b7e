"""Tables and map of a window, from a window with known outcomes."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from studies.results import shown
from wallnet import files
from wallnet.config import Figures
from wallnet.report import style
from wallnet.studies import STUDIES
from wallnet.studies.operating_windows.show import LOOKS, draw

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
    assert chosen["variant"] == "b"
    assert float(chosen["duration (ns)"]) == pytest.approx(5, rel=1e-9, abs=0)
    assert float(chosen["J (1e12 A/m²)"]) == pytest.approx(0.7, rel=1e-9, abs=0)
    assert chosen["outcome"] == "leaves"
    assert chosen["step that failed"] == "3"
    assert chosen["last state"] == "between 2 and 3"
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
        figure = draw(data, SMALL)
        figure.draw_without_rendering()
        assert [axes.get_title(loc="left") for axes in figure.axes] == ["b", "a"]
        for panel, axes in enumerate(figure.axes):
            fields = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
            assert len(fields) == 8
            for field in fields:
                column, row = round(field.get_x() + 0.5), round(field.get_y() + 0.5)
                colour, _ = LOOKS[OUTCOMES[panel][row][column]]
                assert field.get_facecolor() == pytest.approx(to_rgba(colour), abs=1e-6)
            signs = {
                (round(t.get_position()[0]), round(t.get_position()[1])): t.get_text()
                for t in axes.texts
            }
            for row, column in np.ndindex(2, 4):
                outcome, step = OUTCOMES[panel][row][column], STEPS[panel][row][column]
                if outcome == "works":
                    assert (column, row) not in signs
                else:
                    sign = LOOKS[outcome][1]
                    assert signs[column, row] == f"{sign} {step}"
            assert [t.get_text() for t in axes.get_yticklabels()] == ["4", "5"]
            assert axes.get_ylabel() == "duration (ns)"
        below = figure.axes[-1]
        assert [t.get_text() for t in below.get_xticklabels()] == ["0.66", "0.68", "0.7", "0.76"]
        assert "10^{12}" in below.get_xlabel()
        (legend,) = figure.legends
        names = [text.get_text().split()[0] for text in legend.get_texts()]
        assert names == ["works", "sticks", "skips", "leaves", "moves", "start"]
