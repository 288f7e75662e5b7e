"""Tables and figure of depinning, from known thresholds and times."""

import numpy as np
import pytest
from helpers.pictures import assert_shows, content_of

from studies.results import shown
from wallnet import files
from wallnet.config import Figures
from wallnet.report import style
from wallnet.studies import STUDIES
from wallnet.studies.depinning.show import Show

SMALL = Figures(resolution=72)
BLUE, ORANGE, GREEN, PURPLE, *_ = style.COLOURS
NAN = np.nan
T, NS = 1e12, 1e-9


@pytest.fixture
def data():
    """Return two notches, on both kinds of track, and two pulses of 0.6 ns."""
    values = {
        "track": ["all notches", "single notch"],
        "threshold_low": np.array([[[0.5, 0.6], [0.55, 0.7]], [[0.51, 0.61], [0.56, 0.71]]]) * T,
        "threshold_high": np.array([[[0.51, 0.61], [0.57, NAN]], [[0.52, 0.62], [0.58, 0.72]]]) * T,
        "reach_time": np.array([[[0.1, 0.2], [NAN, NAN]], [[0.1, 0.1], [0.3, 0.25]]]) * NS,
        "leave_time": np.array([[[NAN, 0.5], [NAN, NAN]], [[0.2, 0.15], [NAN, NAN]]]) * NS,
        "dwell_time": np.array([[[0.5, 0.3], [NAN, NAN]], [[0.1, 0.05], [0.3, 0.35]]]) * NS,
        "ends": [1, 2],
        "notch": [1, 2],
        "current_density": [0.5 * T, 1.5 * T],
    }
    about = {"subject": "synapse", "parameters": "{}", "simulation": "{}", "revision": 3}
    return files.dataset("depinning", values).assign_attrs(wallnet_version="0", **about)


def test_each_wall_has_its_thresholds(data, tmp_path):
    rows, _ = shown(STUDIES["depinning"], data, tmp_path)
    assert list(rows[0]) == [
        *("notch", "track"),
        *("one end leaves, above (1e12 A/m²)", "one end leaves, by (1e12 A/m²)"),
        *("both ends leave, above (1e12 A/m²)", "both ends leave, by (1e12 A/m²)"),
    ]
    assert [list(row.values()) for row in rows] == [
        ["1", "with all notches", "0.5000", "0.5100", "0.6000", "0.6100"],
        ["2", "with all notches", "0.5500", "0.5700", "0.7000", "–"],
        ["1", "with this notch only", "0.5100", "0.5200", "0.6100", "0.6200"],
        ["2", "with this notch only", "0.5600", "0.5800", "0.7100", "0.7200"],
    ]


def test_dwell_times_are_up_to_the_end_of_the_pulse(data, tmp_path):
    _, lines = shown(STUDIES["depinning"], data, tmp_path)
    header, _, *rows = [row for row in lines if len(row) == 8]
    assert header == [
        *("J (1e12 A/m²)", "notch"),
        *("lower end reaches it (ns)", "lower end leaves it (ns)", "lower end is there for (ns)"),
        *("upper end reaches it (ns)", "upper end leaves it (ns)", "upper end is there for (ns)"),
    ]
    assert rows == [
        # the lower end stays from 0.1 to 0.6 ns, the upper one from 0.2 to 0.5 ns
        ["0.5000", "1", "0.10", "–", "≥ 0.50", "0.20", "0.50", "0.30"],
        ["1.5000", "1", "0.10", "0.20", "0.10", "0.10", "0.15", "0.05"],
        ["1.5000", "2", "0.30", "–", "≥ 0.30", "0.25", "–", "≥ 0.35"],
    ]


def test_a_notch_that_one_end_reaches_has_a_row(data, tmp_path):
    for name in ("reach_time", "dwell_time"):
        data[name][1, 1, 1] = NAN
    _, lines = shown(STUDIES["depinning"], data, tmp_path)
    assert lines[-1] == [*("1.5000", "2", "0.30", "–", "≥ 0.30", "–", "–", "–")]


def test_the_figure_has_thresholds_and_dwell_times(data):
    with style.apply(SMALL):
        figure = Show().draw(data, SMALL)
        content = content_of(figure)
    ends, tracks = ("one end leaves", "both ends leave"), ("all notches", "this notch only")
    names = [f"{end}, with {track}" for track in tracks for end in ends]
    looks = [f"o- {BLUE}", f"s-- {ORANGE}", f"^-. {GREEN}", f"D: {PURPLE}"]
    brackets = [[(0.5, 0.51), (0.55, 0.57)], [(0.6, 0.61), (0.7, NAN)]]
    brackets += [[(0.51, 0.52), (0.56, 0.58)], [(0.61, 0.62), (0.71, 0.72)]]
    bars = [
        [name, look, [1, 2], np.mean(pairs, axis=1), [[1, pairs[0][0], 1, pairs[0][1]], second]]
        for name, look, pairs in zip(names, looks, brackets, strict=True)
        for second in ([] if NAN in pairs[1] else [2, pairs[1][0], 2, pairs[1][1]],)
    ]
    left = {
        "x": ["notch", ["1", "2"]],
        "y": [r"threshold from rest, $\mathit{J}$ ($10^{12}$ A/m²)"],
        "bars": bars,
        "legend": names,
    }
    # of the first pulse one end is still at notch 1, so that only the second has a dwell time
    right = {
        "x": [r"$\mathit{J}$ ($10^{12}$ A/m²)"],
        "y": ["longest time of an end at the notch (ns)"],
        "lines": [
            ["notch 1", f"o- {BLUE}", [0.5, 1.5], [NAN, 0.1]],
            ["notch 2", f"s-- {ORANGE}", [0.5, 1.5], [NAN, NAN]],
        ],
        "legend": ["notch 1", "notch 2"],
    }
    assert_shows(content, [left, right])
