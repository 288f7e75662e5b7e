"""Tables and figure of the barriers of a device, from a file with known numbers."""

import json

import numpy as np
import pytest
from helpers.pictures import assert_shows, content_of
from helpers.readable import columns_in

from studies.results import shown
from wallnet import files
from wallnet.config import Figures
from wallnet.report import style
from wallnet.studies import STUDIES
from wallnet.studies.barriers.gather import retained
from wallnet.studies.barriers.show import Show, lifetime_text

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
        "further_temperature": [],
        "further_barrier": np.empty((0, 3)),
        "further_energy": np.empty((0, 3)),
        "further_forward": np.empty((0, 5)),
        "further_backward": np.empty((0, 5)),
        "further_lifetime": np.empty((0, 3, 2)),
        "further_retained": np.empty((0, 3)),
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
    settings = {"temperature": 350.0, "attempt_frequencies": [1e9, 1e12]}
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


def test_the_tables_have_each_state_and_pair_at_the_stated_temperature(data, tmp_path):
    """1.380649e-23 J/K · 350 K is 4.8323e-21 J."""
    rows, _ = shown(STUDIES["barriers"], data, tmp_path)
    shown_tables = columns_in((tmp_path / "table.md").read_text())
    (title, states), pairs, (last, losses) = shown_tables.items()
    assert last == "synapse: loss after 10 years"
    assert losses[1] == ["state", "notch 1", "between 1 and 2", "notch 2"]
    assert losses[-1] == ["retained (loss at most 0.01)", "yes", "no", "yes"]
    assert title.startswith("synapse: states at 350 K; ")
    assert states == [
        ["state", "notch 1", "between 1 and 2", "notch 2"],
        ["wall, lower edge (nm)", "120.0", "135.0", "240.0"],
        ["wall, upper edge (nm)", "121.0", "225.0", "241.0"],
        ["minimum", "yes", "no", "yes"],
        ["energy above the lowest (k_B T)", "5.0", "–", "0.0"],
        ["lowest barrier (J)", "5.799e-19", "4.349e-20", "–"],
        ["lowest barrier (k_B T)", "120.0", "9.0", "–"],
        ["leads to", "notch 2", "notch 2", "–"],
        ["lifetime at 1e12 1/s", "over 1000 years", "8.1 ns", "–"],
        ["lifetime at 1e09 1/s", "over 1000 years", "8.1 µs", "–"],
        ["retained (loss at most 0.01)", "yes", "no", "unknown"],
    ]
    assert [list(row) for row in zip(*states, strict=True)] == [
        list(rows[0]), *(list(row.values()) for row in rows)
    ]  # fmt: skip
    assert pairs[1] == [
        ["from", "expelled", "notch 1", "notch 1", "between 1 and 2", "notch 2"],
        ["to", "notch 1", "notch 2", "between 1 and 2", "notch 2", "reversed"],
        ["barrier (J)", "2.899e-18", "5.799e-19", "–", "4.349e-20", "7.732e-19"],
        ["barrier (k_B T)", "600.0", "120.0", "–", "9.0", "160.0"],
        ["barrier back (J)", "6.282e-19", "6.040e-19", "–", "4.591e-19", "3.093e-18"],
        ["barrier back (k_B T)", "130.0", "125.0", "–", "95.0", "640.0"],
        ["saddle point", "yes", "yes", "no", "yes", "yes"],
        [
            "path",
            *("both ends together", "both ends together"),
            *("'between 1 and 2' is no minimum of the energy", "one end moves", "upper end first"),
        ],
        ["images", "3", "3", "0", "3", "3"],
    ]


def test_only_a_track_that_a_wall_leaves_is_reversed(data):
    inner = data.isel(pair=slice(1, 4))
    assert retained(data)["reversed"] == (pytest.approx(640 * THERMAL, rel=1e-9, abs=0), 1)
    assert sorted(retained(inner)) == ["between 1 and 2", "notch 1", "notch 2"]


def test_the_figure_has_all_paths_and_states(data):
    figures = Figures()
    with style.apply(figures):
        figure = Show().draw(data, figures)
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
