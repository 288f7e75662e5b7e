"""Loss of states by weak pulses: laws with known barriers are fitted again and extrapolated."""

import json
import math

import numpy as np
import pytest
import xarray
from helpers.messages import one_problem
from helpers.programs import STAIRCASE

from wallnet import plan
from wallnet.studies import STUDIES
from wallnet.studies.proportions import interval
from wallnet.studies.thermal.disturb import Law, Pulses, extrapolated, fitted, weak_pulses

ASKED = {
    "device": "stairs",
    "starts": ["notch 1"],
    "current_densities": [0.7e12, 0.8e12],
    "variants": {"warm": {"temperature": {"ambient": 300.0}}},
    "write_current": 1.2e12,
}
DURATION, RUNS = 2e-9, 20_000
RIGHT = Law(1.5, 1e10, 9000.0, 1.1e12)
LEFT = Law(1.5, 1e10, 5000.0, 0.8e12)
DENSITIES = np.array([-0.6, -0.55, -0.5, -0.45, 0.0, 0.5, 0.75, 0.8, 0.85, 0.9, 1.0]) * 1e12


def heated(rise):
    """Return the temperatures in K of a film that 1e12 A/m² heats by so much."""
    return 300.0 + rise * (DENSITIES / 1e12) ** 2


def chance_of(law, pulses):
    """Return the probability that a pulse displaces a wall."""
    height = law.barrier / pulses.temperature * (1 - pulses.density / law.critical) ** law.exponent
    return 1 - np.exp(-law.frequency * DURATION * np.exp(-height))


def pulses_of(law, temperature=300.0):
    """Return the pulses of a fit whose runs leave as often as expected."""
    density = np.array([0.75, 0.8, 0.85, 0.9]) * 1e12
    runs = np.full(4, RUNS)
    pulses = Pulses(density, np.full(4, temperature), runs, runs, DURATION)
    return pulses._replace(left=np.rint(runs * chance_of(law, pulses)).astype(int))


def dataset(rise=0.0, runs=RUNS, beyond=(), frequencies=(1e10, 1e10), densities=DENSITIES):
    """Return a dataset of `thermal` of pulses on one state, whose runs follow the two laws."""
    random, temperature = np.random.default_rng(5), heated(rise)
    laws = [RIGHT if density > 0 else LEFT for density in DENSITIES]
    runs_of = np.full(len(DENSITIES), runs)
    left = np.empty_like(runs_of)
    for row, law in enumerate(laws):
        one = Pulses(abs(DENSITIES[[row]]), temperature[[row]], runs_of, left, DURATION)
        left[row] = random.binomial(runs, chance_of(law, one)[0])
    places = ("model", "start_state", "current_density")
    hot = np.isin(DENSITIES, beyond).astype(int)
    counts = np.stack([runs - left, left], axis=-1) * (1 - hot)[:, np.newaxis]
    variables = {
        "simulated_replicas": (places, (runs_of * (1 - hot))[np.newaxis, np.newaxis]),
        "outcome_certain": ((*places, "outcome"), counts[np.newaxis, np.newaxis]),
        "highest_temperature": (places, temperature[np.newaxis, np.newaxis]),
        "heated_beyond_model": (places, hot[np.newaxis, np.newaxis]),
    }
    campaign = plan.parse(STAIRCASE | {"thermal": {"warm": ASKED | {"duration": DURATION}}})
    runs_asked = (r for r in STUDIES["thermal"].requests_of(campaign, "warm") if r.kind == "run")
    pulse = [run for request in runs_asked for run in request.runs or (request,)][-1]
    about = {
        "settings": STUDIES["thermal"].plain_settings(campaign, "warm"),
        "about": {"attempt_frequencies": {"warm": frequencies}},
    }
    coordinates = {
        "model": ["warm"],
        "start_state": ["notch 1"],
        "current_density": DENSITIES,
        "outcome": ["notch 1", "notch 2"],
    }
    attributes = {"parameters": json.dumps(about), "simulation": pulse.computes.to_json()}
    data = xarray.Dataset(variables, coordinates, attributes)
    return data.sel(current_density=list(densities))


def shown(data):
    """Return the rows of both tables as plain data."""
    rates, losses = weak_pulses(data, "warm")
    assert "extrapolated" in losses.title
    return rates.frame.to_dict("records"), losses.frame.to_dict("records")


def ends(text):
    return tuple(map(float, text.split(" to ")))


@pytest.mark.parametrize("law", [RIGHT, Law(1.0, 1e9, 4000.0, 1.3e12), Law(2.0, 1e12, 3e4, 1.1e12)])
def test_a_fit_returns_barrier_and_threshold(law):
    best = fitted(pulses_of(law), law.exponent, law.frequency)
    assert best.barrier == pytest.approx(law.barrier, rel=0.02, abs=0)
    assert best.critical == pytest.approx(law.critical, rel=0.02, abs=0)


def test_errors_of_counting_are_those_of_many_fits():
    """The logarithm of a loss far below the pulses of the fit scatters as much as it says."""
    random, pulses = np.random.default_rng(7), pulses_of(RIGHT)
    # of these, 2 to 40 % leave
    pulses = pulses._replace(runs=np.full(4, 1000), density=pulses.density - 0.07e12)
    chance, middles, widths = chance_of(RIGHT, pulses), [], []
    for _ in range(100):
        counted = pulses._replace(left=random.binomial(pulses.runs, chance))
        law = fitted(counted, RIGHT.exponent, RIGHT.frequency)
        low, high = extrapolated(law, counted, 0.3e12, 300.0)
        middles.append((low + high) / 2)
        widths.append((high - low) / 2 / 1.96)
    assert np.std(middles) == pytest.approx(np.mean(widths), rel=0.25, abs=0)


def test_each_sign_of_the_current_has_its_law():
    rates, losses = shown(dataset())
    assert [row["J (1e12 A/m²)"] for row in rates] == pytest.approx(
        [-0.45, -0.5, -0.55, -0.6, 0.5, 0.75, 0.8, 0.85, 0.9, 1.0], rel=1e-12, abs=0
    )
    for row in rates:
        low, high = interval(row["left"], row["left"], row["runs"])
        assert row["at least"] == pytest.approx(-math.log1p(-low) / DURATION, rel=1e-9, abs=0)
        assert row["at most"] == pytest.approx(-math.log1p(-high) / DURATION, rel=1e-9, abs=0)
        assert row["at least"] < row["rate (1/s)"] < row["at most"]
    assert [row["sign of J"] for row in losses] == ["-", "+"]
    for law, row in zip((LEFT, RIGHT), losses, strict=True):
        low, high = ends(row["E/k_B (1000 K)"])
        assert low < law.barrier / 1e3 < high
        low, high = ends(row["J_c (1e12 A/m²)"])
        assert low < law.critical / 1e12 < high
        assert row["note"] == ""


def test_faster_losses_than_the_least_attempt_frequency_are_above_the_threshold():
    rates, _ = shown(dataset(frequencies=(1e9, 1e12)))
    # 0.86 of the runs at most, in 2 ns
    assert {row["J (1e12 A/m²)"] for row in rates} == {
        -0.45,
        -0.5,
        -0.55,
        0.5,
        0.75,
        0.8,
        0.85,
        0.9,
    }


def test_the_bracket_has_the_loss_of_the_law():
    data = dataset()
    _, (_, row) = shown(data)
    for target, density in (("half of the write current", 0.6e12), ("read current", 0.012e12)):
        rate = RIGHT.frequency * math.exp(-RIGHT.height(density, 300.0))
        low, high = ends(row[f"loss a pulse, {target}"])
        assert low < rate * DURATION < high
        least, most = ends(row[f"pulses until 1% lost, {target}"])
        assert least < 0.01 / (rate * DURATION) < most
    # a wider range of attempt frequencies widens it
    (_, (_, wider)) = shown(dataset(frequencies=(5e9, 1e10)))
    key = "loss a pulse, read current"
    assert ends(wider[key])[0] < ends(row[key])[0]
    assert ends(wider[key])[1] >= ends(row[key])[1]


def test_a_weaker_pulse_loses_no_more_than_a_stronger_one():
    """So few runs say little of the law."""
    rates, (row,) = shown(dataset(runs=12, densities=[0.5e12, 0.75e12, 0.8e12]))
    (weakest, *others), (_, high) = rates, ends(row["loss a pulse, read current"])
    assert weakest["left"] == 0
    assert weakest["at most"] < min(one["at most"] for one in others)
    assert high == pytest.approx(-math.expm1(-weakest["at most"] * DURATION), rel=0.2, abs=0)


def test_the_heat_of_a_pulse_rises_with_the_square_of_its_current():
    """A fit with the temperature of a cold film would find another barrier."""
    data = dataset(rise=150.0)
    _, (_, row) = shown(data)
    hot = data["highest_temperature"].values.ravel()
    chosen = DENSITIES >= 0.5e12
    runs, left = np.full(chosen.sum(), RUNS), data["outcome_certain"].sel(outcome="notch 2")
    pulses = Pulses(DENSITIES[chosen], hot[chosen], runs, left.values.ravel()[chosen], DURATION)
    best = fitted(pulses, 1.5, 1e10)
    assert best.barrier == pytest.approx(RIGHT.barrier, rel=0.03, abs=0)
    assert best.critical == pytest.approx(RIGHT.critical, rel=0.02, abs=0)
    cold = fitted(pulses._replace(temperature=np.full(len(runs), 300.0)), 1.5, 1e10)
    assert abs(cold.barrier / RIGHT.barrier - 1) > 0.1
    # a reading heats the film by 0.02 K
    low, high = ends(row["loss a pulse, read current"])
    assert low < RIGHT.frequency * DURATION * math.exp(-RIGHT.height(0.012e12, 300.0)) < high
    warm = 300.0 + 150.0 * 0.6**2
    low, high = ends(row["loss a pulse, half of the write current"])
    assert low < RIGHT.frequency * DURATION * math.exp(-RIGHT.height(0.6e12, warm)) < high


@pytest.mark.parametrize(
    ("densities", "more", "note"),
    [
        ([0.75e12, 1.0e12], {"frequencies": (1e9, 1e9)}, "add J of 0 to 1e12 A/m²"),
        ([0.5e12, 0.75e12, 0.9e12], {"runs": 8, "beyond": [0.9e12]}, "add J above 0.75e12 A/m²"),
        ([0.5e12], {"runs": 8}, "add J above 0.5e12 A/m²"),
    ],
)
def test_too_few_current_densities_give_no_number(densities, more, note):
    _, (row,) = shown(dataset(densities=densities, **more))
    assert row["note"] == f"not enough losses: {note}"
    assert row["loss a pulse, read current"] == row["E/k_B (1000 K)"] == ""


def test_a_table_needs_a_write_current_and_a_state():
    data = dataset()
    about = json.loads(data.attrs["parameters"])
    del about["settings"]["write_current"]
    assert weak_pulses(data.assign_attrs(parameters=json.dumps(about)), "warm") == []
    problem = one_problem(STAIRCASE | {"thermal": {"warm": ASKED | {"starts": ["initial"]}}})
    assert "thermal.warm.write_current needs a state to lose" in problem
