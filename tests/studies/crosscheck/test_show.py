"""The cross-check's tables and figure: the places of the calculators and the units."""

import html

import numpy as np
import pytest

from studies.results import shown
from wallnet import files
from wallnet.config import Figures
from wallnet.report import style
from wallnet.studies import STUDIES
from wallnet.studies.crosscheck.show import Show

SMALL = Figures(resolution=72)
NAN = np.nan
STEP = 0.05e-9
ENTRIES = (60, 61)
"""Number of entries in the trace of each calculator; one wall rests slightly later."""


def curve(velocity, start):
    """Return a wall end at a constant velocity in m/s, once for each calculator."""
    time = np.arange(61) * STEP
    return [np.where(np.arange(61) < entries, start + velocity * time, NAN) for entries in ENTRIES]


@pytest.fixture
def data():
    """Return two cases; the current of the second one flows backwards."""
    deviation = np.where(np.arange(61) < 60, 0.0, NAN)
    deviation[7] = 4e-3
    pulse = np.where(np.arange(61) * STEP < 1.975e-9, 0.3e12, 0.0)
    time = np.arange(61) * STEP
    values = {
        "case": ["near", "far"],
        "calculator": ["film", "oommf"],
        "case_damping": [0.3, 0.5],
        "case_current_density": [-0.65e12, 0.3e12],
        "compared_until": [6.25e-9, 2.95e-9],
        "m_deviation": [4.4e-3, 1e-5],
        "wall_bottom_deviation": [1.25e-9, 0.0],
        "wall_top_deviation": [2.5e-9, 0.0],
        "final_position_deviation": [0.75e-9, 0.0],
        "final_state": [["notch 1", "still moving"], ["notch 2", "notch 2"]],
        "final_settled": [[1, 0], [-1, -1]],
        "wall_time": [[8.5, 1275.0], [2.0, 30.0]],
        "trace_time": [time, time],
        "trace_current_density": [pulse, -pulse],
        "trace_m_deviation": [deviation, deviation],
        "trace_wall_bottom": [curve(40.0, 60e-9)] * 2,
        "trace_wall_top": [curve(90.0, 80e-9)] * 2,
    }
    about = {"subject": "engines", "parameters": "{}", "simulation": "{}", "revision": 4}
    return files.dataset("crosscheck", values).assign_attrs(wallnet_version="0", **about)


def test_the_table_is_in_the_units_of_its_head(data, tmp_path):
    (first, second), lines = shown(STUDIES["crosscheck"], data, tmp_path)
    assert first == {
        "case": "near",
        "α": "0.3",
        "J (1e12 A/m²)": "-0.65",
        "compared up to (ns)": "6.25",
        "max. deviation of <m>": "4.4e-03",
        "of the lower wall end (nm)": "1.250",
        "of the upper wall end (nm)": "2.500",
        "of the final mean position (nm)": "0.750",
        "final state, engine": "notch 1, settled",
        "final state, OOMMF": "still moving",
        "engine (s)": "8.5",
        "OOMMF (s)": "1275",
        "ratio": "150",
    }
    # neither settled nor moving, since it was not asked to rest
    assert second["final state, OOMMF"] == "notch 2"
    assert list(map(html.unescape, lines[2])) == list(first)


def test_other_calculators_go_by_their_names(data, tmp_path):
    """The second one is the reference."""
    data["calculator"] = ["drift:Drift", "film"]
    (row, _), _ = shown(STUDIES["crosscheck"], data, tmp_path)
    assert row["final state, drift:Drift"] == "notch 1, settled"
    assert row["final state, engine"] == "still moving"
    assert (row["drift:Drift (s)"], row["engine (s)"], row["ratio"]) == ("8.5", "1275", "150")


def test_the_figure_tells_calculators_and_ends_apart(data):
    with style.apply(SMALL):
        upper, second, lower, _ = Show().draw(data, SMALL).axes
    lines = {line.get_label(): line for line in upper.get_lines()}
    for label, velocity, start in (("lower end", 40.0, 60.0), ("upper end", 90.0, 80.0)):
        line, points = lines[f"{label}, engine"], lines[f"{label}, OOMMF"]
        assert line.get_linestyle() == "-"
        assert points.get_linestyle() == "None"
        assert line.get_color() == points.get_color()
        # ns and nm
        for drawn, entries in ((line, np.arange(60)), (points, np.arange(0, 61, 2))):
            assert drawn.get_xdata() == pytest.approx(entries * 0.05, abs=1e-9)
            expected = start + velocity * entries * 0.05
            assert drawn.get_ydata() == pytest.approx(expected, rel=1e-6, abs=0)
    for axes in (upper, second):  # also while one flows backwards
        (shade,) = axes.patches
        assert shade.get_x() == 0
        # ns: while a current flows
        assert shade.get_width() == pytest.approx(1.95, rel=1e-6, abs=0)
    # no deviation at the start, where both are the same by definition; a lower limit elsewhere
    (deviation,) = lower.get_lines()
    assert deviation.get_xdata() == pytest.approx(np.arange(1, 60) * 0.05, rel=1e-9, abs=0)
    expected = np.full(59, 1e-8)
    expected[6] = 4e-3
    assert deviation.get_ydata() == pytest.approx(expected, rel=1e-9, abs=0)
    assert lower.get_yscale() == "log"
    assert lower.get_xlabel() == "time (ns)"
    assert upper.get_ylabel() == "wall ends (nm)"
    assert lower.get_ylabel() == "deviation of <m>"
    assert [axes.get_title() for axes in (upper, second)] == ["near", "far"]


def test_a_case_without_current_has_no_shade(data):
    data["trace_current_density"][:] = 0.0
    with style.apply(SMALL):
        upper, *_ = Show().draw(data, SMALL).axes
    assert upper.patches[0].get_width() == 0
