"""Tables and figure of the barriers of a device, from a file with known numbers."""

import json

import numpy as np
import pytest
from helpers.pictures import assert_shows, content_of

from studies.results import shown
from wallnet import files
from wallnet.config import Figures
from wallnet.report import style
from wallnet.studies import STUDIES
from wallnet.studies.barriers.gather import retained
from wallnet.studies.barriers.show import (
    draw,
    lifetime_text,
    pairs_table,
    states_table,
)

THERMAL = 1.380649e-23 * 350
NAN = float("nan")
BLUE, ORANGE, GREEN, *_ = style.COLOURS


@pytest.fixture
def data():
    """Two notches and the half state between them, at 350 K; energies in k_B T above 1e-17 J."""
    pairs = [
        ("expelled", "notch 1", 600.0, 130.0, "both ends together"),
        ("notch 1", "notch 2", 120.0, 125.0, "both ends together"),
        ("notch 1", "between 1 and 2", NAN, NAN, "'between 1 and 2' is no minimum of the energy"),
        ("between 1 and 2", "notch 2", 9.0, 95.0, "one end moves"),
        ("notch 2", "reversed", 160.0, 640.0, "upper end first"),
    ]
    tops = [130.0, 120.0, NAN, 95.0, 155.0]
    energy = np.array([[top - 10, top, 0.0] for top in tops])
    values = {
        "state_name": ["notch 1", "between 1 and 2", "notch 2"],
        "state_energy": 1e-17 + np.array([0.0, NAN, -5.0]) * THERMAL,
        "state_wall_bottom": [120e-9, 135e-9, 240e-9],
        "state_wall_top": [121e-9, 225e-9, 241e-9],
        "state_barrier": np.array([120.0, 9.0, NAN]) * THERMAL,
        "state_exit": ["notch 2", "notch 2", ""],
        "state_lifetime": [[1e40, 1e43], [8.1e-9, 8.1e-6], [NAN, NAN]],
        "state_retained": [1, 0, -1],
        "pair_first": [pair[0] for pair in pairs],
        "pair_second": [pair[1] for pair in pairs],
        "pair_forward": np.array([pair[2] for pair in pairs]) * THERMAL,
        "pair_backward": np.array([pair[3] for pair in pairs]) * THERMAL,
        "pair_converged": [1, 1, 0, 1, 1],
        "pair_route": [pair[4] for pair in pairs],
        "pair_images": [3, 3, 0, 3, 3],
        "pair_energy": 1e-17 + energy * THERMAL,
        "pair_wall_bottom": [[0, 60e-9, 120e-9]] * 5,
        "pair_wall_top": [[0, 70e-9, 140e-9]] * 5,
    }
    settings = {"temperature": 350.0, "retained": 45.0, "attempt_frequencies": [1e9, 1e12]}
    about = {"subject": "synapse", "parameters": json.dumps({"settings": settings})}
    about |= {"simulation": "{}", "revision": 3, "wallnet_version": "0"}
    return files.dataset("barriers", values).assign_attrs(about)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1e-12, "below 1 ns"),
        (1e-9, "1 ns"),
        (3.24e-7, "320 ns"),
        (8.1e-6, "8.1 µs"),
        (0.015, "15 ms"),
        (1.0, "1 s"),
        (20.0, "20 s"),
        (86400 * 40.0, "40 days"),
        (365.25 * 86400 * 130.0, "130 years"),
        (365.25 * 86400 * 1001.0, "over 1000 years"),
        (1e300, "over 1000 years"),
        (float("nan"), "–"),
    ],
)
def test_a_lifetime_is_capped_and_has_two_digits(seconds, text):
    assert lifetime_text(seconds) == text


def test_the_states_have_energies_in_units_of_the_stated_temperature(data):
    table = states_table(data, "synapse")
    assert "350 K" in table.title
    rows = {row[0]: row for row in table.rows()}
    # state, lower, upper, minimum, energy, barrier (J), barrier, leads to, lifetimes, retained
    assert rows["notch 1"][1:] == [
        *("120.0", "121.0", "yes", "5.0", "5.799e-19", "120.0", "notch 2"),
        *("over 1000 years", "over 1000 years", "yes"),
    ]
    assert rows["between 1 and 2"][3:] == [
        *("no", "–", "4.349e-20", "9.0", "notch 2", "8.1 ns", "8.1 µs", "no")
    ]
    assert rows["notch 2"][4:] == ["0.0", "–", "–", "–", "–", "–", "unknown"]
    assert table.columns == [
        *("state", "wall, lower edge (nm)", "wall, upper edge (nm)", "minimum"),
        *("energy above the lowest (k_B T)", "lowest barrier (J)", "lowest barrier (k_B T)"),
        *("leads to", "lifetime at 1e12 1/s", "lifetime at 1e09 1/s"),
        "retained (at least 45 k_B T)",
    ]


def test_pairs_have_a_barrier_there_and_one_back(data):
    table = pairs_table(data, "synapse")
    assert table.columns[2:6] == [
        *("barrier (J)", "barrier (k_B T)", "barrier back (J)", "barrier back (k_B T)")
    ]
    pairs = table.rows()
    assert [row[:2] for row in pairs] == [
        ["expelled", "notch 1"],
        ["notch 1", "notch 2"],
        ["notch 1", "between 1 and 2"],
        ["between 1 and 2", "notch 2"],
        ["notch 2", "reversed"],
    ]
    # 1.380649e-23 J/K · 350 K is 4.8323e-21 J
    assert pairs[1][2:] == [
        *("5.799e-19", "120.0", "6.040e-19", "125.0", "yes", "both ends together", "3")
    ]
    assert pairs[2][2:7] == ["–", "–", "–", "–", "no"]
    assert pairs[4][2:6] == ["7.732e-19", "160.0", "3.093e-18", "640.0"]


def test_only_a_track_that_a_wall_leaves_is_reversed(data):
    inner = data.isel(pair=slice(1, 4))
    assert retained(data)["reversed"] == (pytest.approx(640 * THERMAL, rel=1e-9, abs=0), 1)
    assert sorted(retained(inner)) == ["between 1 and 2", "notch 1", "notch 2"]


def test_the_figure_has_all_paths_and_states(data):
    figures = Figures()
    with style.apply(figures):
        figure = draw(data, figures)
        content = content_of(figure)
    # mean of both ends in nm, energy above the lowest state in k_B T; the last image is that state
    looks = {
        "the wall leaves the track": f"-. {GREEN}",
        "both ends together": f"- {BLUE}",
        "one end moves": f"-- {ORANGE}",
    }
    out, together, one = looks.items()
    tops = (out, 135), (together, 125), (one, NAN), (("", one[1]), 100), (("", out[1]), 160)
    paths = [[*name, [0, 65, 130], [top - 10, top, 5]] for name, top in tops]
    states = [
        ["state, retained", f"o {BLUE}", [120.5], [5]],
        ["state, not retained", f"open o {ORANGE}", [180], [NAN]],
        ["state, ?", f"o {GREEN}", [240.5], [0]],
    ]
    high = {
        "title": "(a) all paths",
        "x": [""],
        "y": [r"energy ($\mathit{k}_B \mathit{T}$)"],
        "lines": [*paths, *states],
        "legend": [*looks, *(state[0] for state in states)],
    }
    low = {
        "title": "(b) the lowest energies",
        "x": [r"mean position of both ends of the wall, $\mathit{x}$ (nm)"],
        # below and above the highest of the inner paths, 125
        "y": [*high["y"], -0.06 * 125, 1.25 * 125],
        "lines": high["lines"],
    }
    assert_shows(content, [high, low])


def test_the_states_are_written_as_csv_and_all_tables_as_markdown(data, tmp_path):
    rows, lines = shown(STUDIES["barriers"], data, tmp_path)
    assert [row["state"] for row in rows] == ["notch 1", "between 1 and 2", "notch 2"]
    assert any("barrier back (J)" in line for line in lines)
