"""Tables and figure of intervals, from intervals with known edges."""

import numpy as np
import pytest
from helpers.pictures import assert_shows, content_of

from studies.results import shown
from wallnet import files
from wallnet.config import Figures
from wallnet.report import style
from wallnet.studies import STUDIES
from wallnet.studies.intervals.show import Show

SMALL = Figures(resolution=72)
NAN = np.nan


@pytest.fixture
def data():
    values = {
        "interval_state": ["notch 1", "notch 2", "notch 2", "notch 1"],
        "interval_settled": [1, 0, 1, 1],
        "interval_low": [NAN, 0.60e12, 0.62e12, 0.70e12],
        "interval_high": [0.60e12, 0.62e12, 0.70e12, NAN],
        "interval_error": [0.5e9, 0.5e9, 0.25e9, 0.25e9],
        "interval_swept": [2, 0, 1, 3],
        "state": ["notch 1", "notch 1", "notch 2", "notch 2", "notch 1"],
        "settled": [1, 1, 0, 1, 1],
        "swept": [1, 0, 0, 1, 1],
        "interval": [1, 2, 3, 4],
        "current_density": [0.5e12, 0.59e12, 0.61e12, 0.65e12, 0.8e12],
    }
    about = {"subject": "stairs", "parameters": "{}", "simulation": "{}", "revision": 4}
    return files.dataset("intervals", values).assign_attrs(wallnet_version="0", **about)


def test_the_table_has_edges_width_and_margin(data, tmp_path):
    records, _ = shown(STUDIES["intervals"], data, tmp_path)
    assert {name: [row[name] for row in records] for name in records[0]} == {
        "state after the pulse": ["notch 1", "notch 2", "notch 2", "notch 1"],
        "the wall": ["rests", "still moves", "rests", "rests"],
        "from (1e12 A/m²)": ["–", "0.6000", "0.6200", "0.7000"],
        "to (1e12 A/m²)": ["0.6000", "0.6200", "0.7000", "–"],
        "edges, ± (1e12 A/m²)": ["0.0005", "0.0005", "0.0003", "0.0003"],
        "width (1e12 A/m²)": ["–", "0.0200", "0.0800", "–"],
        # (0.62 - 0.60)/(0.62 + 0.60) and (0.70 - 0.62)/(0.70 + 0.62)
        "half width (%)": ["–", "1.6", "6.1", "–"],
        "pulses of the sweep in it": ["2", "0", "1", "3"],
    }
    states = ["between 2 and 3", "between 1 and 2", "reversed", "initial"]
    data = data.assign(interval_state=data["interval_state"].copy(data=states))
    words = [row[1] for row in Show().tables(data, "stairs")[0].rows()]
    assert words[0] == "rests, lower end at notch 2, upper end at notch 3"
    assert words[1:] == ["still moves", "has left the track", "rests"]


def test_the_half_width_of_negative_currents_is_positive(data, tmp_path):
    data["interval_low"][:] = [NAN, -0.70e12, -0.62e12, -0.60e12]
    data["interval_high"][:] = [-0.70e12, -0.62e12, -0.60e12, NAN]
    rows, _ = shown(STUDIES["intervals"], data, tmp_path)
    assert list(rows[1].values())[2:] == ["-0.7000", "-0.6200", "0.0005", "0.0800", "6.1", "0"]


def test_the_figure_has_a_bar_for_each_interval(data):
    with style.apply(SMALL):
        figure = Show().draw(data, SMALL)
        (panel,) = content_of(figure)
    resting, moving = style.COLOURS[5], "#FFFFFF"
    bars = [(0.5, 0.6, 0, resting), (0.6, 0.62, 1, moving), (0.62, 0.7, 1, resting)]
    bars.append((0.7, 0.8, 0, resting))
    assert_shows(
        panel,
        {
            "x": [r"$\mathit{J}$ ($10^{12}$ A/m²)"],
            "y": ["", ["notch 1", "notch 2"]],
            "lines": [
                ["", "o #000000", [0.5, 0.65, 0.8], [0, 1, 0]],
                ["", "| #000000", [0.59, 0.61], [0, 1]],
            ],
            "patches": [
                [low, row - 0.3, high - low, 0.6, colour] for low, high, row, colour in bars
            ],
        },
    )
