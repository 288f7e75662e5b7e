"""Tables and map of transitions, from transitions with known ends."""

import json
import random

import numpy as np
import pandas
import pytest
from helpers.pictures import assert_shows, content_of
from helpers.transitions import led
from matplotlib import colormaps
from matplotlib.colors import to_hex

from studies.results import shown
from wallnet import files, plan
from wallnet.config import Figures
from wallnet.config.heavy_metal import HeavyMetal
from wallnet.devices.write_energy import write_energy_of
from wallnet.jobs.report import write_energy_job
from wallnet.report import style
from wallnet.studies import STUDIES
from wallnet.studies.transitions.show import Show, shortest

ENERGY = write_energy_job(plan.parse(led()).devices["stairs"])
SMALL = Figures(resolution=72)
J = [-0.7e12, -0.6e12, 0.6e12, 0.7e12]
STATES = [
    [["expelled", "free", "notch 1", "between 1 and 2"]] * 2,
    [["notch 1", "notch 2", "notch 2", "reversed"], ["notch 1", "wider", "notch 2", "notch 3"]],
]
TARGET = ["notch 1", "notch 2", "reversed", "expelled"]
TARGETS = [[[3, -1, 0, -1], [3, -1, 0, 1]], [[0, 1, 1, 2], [0, -1, 1, -1]]]


@pytest.fixture(scope="module")
def dataset():
    middle = np.arange(16).reshape(2, 2, 4) * 90e-9
    values = {
        "start_stable": [1, 0],
        "end_state": STATES,
        "end_settled": [[[1, 1, 1, 0], [1, 0, 1, 1]]] * 2,
        "end_bottom": middle + 10e-9,
        "end_top": middle + 25e-9,
        "end_target": TARGETS,
        "reached": [1, 1, 1, 0],
        "left": [1, 0],
        "start": ["notch 1", "notch 2"],
        "target": TARGET,
        "duration": [4e-9, 5e-9],
        "current_density": J,
    }
    about = {"subject": "stairs", "parameters": json.dumps({"about": ENERGY.plain()})}
    about |= {"simulation": "{}", "revision": 4, "wallnet_version": "0"}
    return files.dataset("transitions", values).assign_attrs(**about)


@pytest.fixture
def data(dataset):
    """Return the same, free to be changed."""
    return dataset.copy(deep=True)


@pytest.fixture(scope="module")
def written(dataset, tmp_path_factory):
    """Return the rows of the CSV and of the readable tables."""
    return shown(STUDIES["transitions"], dataset, tmp_path_factory.mktemp("report"))


def cells(written, *first):
    """Return the rows of the readable tables that begin with these cells."""
    return [row for row in written[1] if row[: len(first)] == list(first)]


def test_the_table_has_one_row_a_pulse(written):
    rows, _ = written
    assert len(rows) == 16
    chosen = rows[7]  # from notch 1, 5 ns, +0.7e12
    assert chosen["from"] == "notch 1"
    assert float(chosen["duration (ns)"]) == pytest.approx(5, rel=1e-9, abs=0)
    assert chosen["J (1e12 A/m²)"] == "+0.7000"
    assert chosen["state after the pulse"] == "between 1 and 2"
    assert chosen["settled"] == "yes"
    assert rows[3]["settled"] == "no"
    # place 7 of 16, 90 nm each
    assert float(chosen["wall, lower edge (nm)"]) == pytest.approx(640, rel=1e-9, abs=0)
    assert float(chosen["wall, upper edge (nm)"]) == pytest.approx(655, rel=1e-9, abs=0)
    targets = [row["target"] for row in rows]
    assert targets == [TARGET[t] if t >= 0 else "–" for t in np.ravel(TARGETS)]


PULSE = ("start", "target", "current_density", "duration")


def brute_force(pulses):
    """Return the shortest sequences of pulses, of these those with the least heat, by trying all.

    A pulse has start, target, current density and duration.
    """
    optima = {}
    for start in {pulse[0] for pulse in pulses}:
        reached = {start: [()]}
        for _ in range(6):
            further = {}
            for state, sequences in reached.items():
                for pulse in pulses:
                    if pulse[0] == state:
                        more = [(*sequence, pulse) for sequence in sequences]
                        further.setdefault(pulse[1], []).extend(more)
            reached = further
            for state, sequences in reached.items():
                if state != start and (start, state) not in optima:
                    heats = [sum(j * j * t for *_, j, t in sequence) for sequence in sequences]
                    optima[start, state] = sequences[int(np.argmin(heats))]
    return optima


def sequences(pulses):
    """Return the shortest sequences of pulses between each two states."""
    return {
        (start, target): tuple(sequence[list(PULSE)].itertuples(index=False, name=None))
        for start, targets in shortest(pandas.DataFrame(pulses, columns=PULSE)).items()
        for target, sequence in targets.items()
    }


@pytest.mark.parametrize("seed", range(8))
def test_shortest_sequences_are_those_of_brute_force(seed):
    """Directed graphs of four states and two ends, with several pulses between two states."""
    draw = random.Random(seed)
    pulses = [
        (
            f"notch {draw.randrange(4)}",
            f"notch {draw.randrange(6)}",
            draw.choice([-1, 1]) * draw.randint(300, 900) * 1e9,
            draw.choice([4e-9, 5e-9, 7e-9]),
        )
        for _ in range(draw.randint(5, 11))
    ]
    pulses = [pulse for pulse in pulses if pulse[0] != pulse[1]]
    computed = sequences(pulses)
    assert computed == brute_force(pulses)
    assert computed


def test_of_equally_many_pulses_the_least_heat_is_taken_and_never_more_pulses():
    cold, hot = ("a", "b", 0.5e12, 5e-9), ("a", "b", -0.6e12, 4e-9)
    assert sequences([hot, cold])["a", "b"] == (cold,)
    # 0.6² · 2 < 0.5² · 5 although the density is larger
    assert sequences([cold, ("a", "b", -0.6e12, 2e-9)])["a", "b"][0][3] == 2e-9
    # one hot pulse instead of two that are cold
    direct = ("a", "c", 2e12, 9e-9)
    chain = [("a", "b", 0.1e12, 1e-9), ("b", "c", 0.1e12, 1e-9)]
    assert sequences([*chain, direct])["a", "c"] == (direct,)
    assert sequences([]) == {}


@pytest.fixture(scope="module")
def resting(dataset, tmp_path_factory):
    """Return the same as `written` if walls rest in both states from which pulses start."""
    data = dataset.assign(start_stable=("start", [1, 1], dataset["start_stable"].attrs))
    return shown(STUDIES["transitions"], data, tmp_path_factory.mktemp("resting"))


def test_a_sequence_follows_its_pulses_from_state_to_state(written, resting):
    (sequence,) = cells(resting, "notch 1", "reversed")
    assert sequence[2:4] == ["2", "+0.7000 for 5 ns to notch 2; +0.7000 for 4 ns to reversed"]
    # no pulse leads from notch 2 if no wall rests there
    assert cells(written, "notch 1", "reversed") == [["notch 1", "reversed", *["–"] * 4]]
    # no sequence leads from a state to itself
    targets = [row[1] for row in cells(resting, "notch 1") if len(row) == 6]
    assert targets == ["notch 2", "reversed", "expelled"]


def test_pulses_and_sequences_have_their_write_energy(written, resting):
    """R I² t of the metal, and 2/5 more in the magnet; the rise is that of single pulses."""
    rows, _ = written
    metal = HeavyMetal()
    volume = ENERGY.length * ENERGY.width * metal.thickness
    for row in (rows[1], rows[7], rows[12]):
        density, duration = float(row["J (1e12 A/m²)"]) * 1e12, float(row["duration (ns)"]) * 1e-9
        energy = 1.4 * metal.resistivity * density**2 * volume * duration
        assert float(row["energy (pJ)"]) == pytest.approx(energy * 1e12, rel=0, abs=6e-4)
        peak = write_energy_of(ENERGY, density, duration)["temperature_rise"]
        assert float(row["temperature rise, middle (K)"]) == pytest.approx(peak, rel=0, abs=0.051)
    # +0.7 for 5 ns, then for 4 ns
    (sequence,) = cells(resting, "notch 1", "reversed")
    energy = 1.4 * metal.resistivity * 0.7e12**2 * volume * 9e-9
    assert float(sequence[4]) == pytest.approx(energy * 1e12, rel=0, abs=6e-4)
    peak = write_energy_of(ENERGY, 0.7e12, 5e-9)["temperature_rise"]
    assert float(sequence[5]) == pytest.approx(peak, rel=0, abs=0.051)


def test_a_pulse_that_a_sequence_repeats_has_its_write_energy_each_time(resting):
    """From notch 2 by way of notch 1."""
    (sequence,) = cells(resting, "notch 2", "expelled")
    assert sequence[3] == "-0.7000 for 4 ns to notch 1; -0.7000 for 4 ns to expelled"
    energy = write_energy_of(ENERGY, 0.7e12, 4e-9)["write_energy"]
    assert float(sequence[4]) == pytest.approx(2 * energy / 1e-12, rel=0, abs=6e-4)


def test_the_states_say_what_rests_and_what_is_reached_and_left(written):
    tail = [row for row in cells(written) if len(row) == 4 and row[1] in ("yes", "no", "–")]
    assert tail[-4:] == [
        ["notch 1", "yes", "yes", "yes"],
        ["notch 2", "no", "yes", "no"],
        ["reversed", "–", "yes", "no"],
        ["expelled", "–", "no", "no"],
    ]


def test_the_map_has_the_state_after_each_pulse(data):
    colours = colormaps["viridis"]
    with style.apply(SMALL):
        figure = Show().draw(data, SMALL)
        content = content_of(figure)
    fields = [
        # the middle of the wall: 90 nm for each place before it, as in the table
        [
            [column - 0.5, row - 0.5, 1, 1, to_hex(colours(0.35 + 0.65 * middle / most)).upper()]
            for row, column in np.ndindex(2, 4)
            for middle, most in [[90 * n + 17.5 for n in (8 * row + 4 * panel + column, 15)]]
        ]
        for panel in (0, 1)
    ]
    # column, row: current density and start
    first = [["E", 0, 0], ["(f)", 1, 0], ["1", 2, 0], ["(1-2)", 3, 0]]
    first += [["1", 0, 1], ["2", 1, 1], ["2", 2, 1], ["R", 3, 1]]
    second = [["E", 0, 0], ["(f)", 1, 0], ["1", 2, 0], ["1-2", 3, 0]]
    second += [["1", 0, 1], ["(w)", 1, 1], ["2", 2, 1], ["(3)", 3, 1]]
    start, density = ["from", -0.5, 1.5, ["1", "2"]], r"$\mathit{J}$ ($10^{12}$ A/m²)"
    upper = {"title": "pulses of 4 ns", "x": ["", -0.5, 3.5, []]}
    lower = {"title": "pulses of 5 ns", "x": [density, -0.5, 3.5, ["-0.7", "-0.6", "+0.6", "+0.7"]]}
    assert_shows(
        content,
        [
            upper | {"y": start, "patches": fields[0], "texts": first},
            lower | {"y": start, "patches": fields[1], "texts": second},
        ],
    )
