"""Barriers of a synapse, from minima and paths with known energies."""

import math
import re

import numpy as np
import pytest
from helpers.small_campaign import MATERIAL
from helpers.walls import SYNAPSE

from studies.results import gather, one, write_minima, write_path
from wallnet import plan
from wallnet.jobs.film import film_of
from wallnet.plan.requests import pattern_of
from wallnet.studies import STUDIES
from wallnet.studies.barriers.gather import LONGEST, lifetime, retained
from wallnet.studies.barriers.show import Show

BARRIERS = STUDIES["barriers"]
THERMAL = 1.380649e-23 * 300
STATES = ["notch 1", "between 1 and 2", "notch 2"]
ENERGY = {"notch 1": 0.0, "between 1 and 2": 90.0, "notch 2": -3.0}
"""Energies in k_B T above 1e-17 J."""
EMPTY = {"expelled": -400.0, "reversed": -380.0}
"""Energies of tracks without a wall, in the same unit."""
TOPS = {
    ("expelled", "notch 1"): 210.0,
    ("notch 1", "notch 2"): 121.0,
    ("notch 1", "between 1 and 2"): 131.5,
    ("between 1 and 2", "notch 2"): 128.0,
    ("notch 2", "reversed"): 230.0,
}
"""Highest energy on the path of each pair, in the same unit."""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def gathered(broken=None, images=3, faults=None, device=None, **settings):
    """Gather the barriers; one path is broken, and some minima have other values."""
    campaign = plan.parse(
        {"material": MATERIAL, "devices": {"synapse": device or SYNAPSE}, "barriers": settings}
    )
    requests = BARRIERS.requests_of(campaign, "synapse")
    base = EMPTY | ENERGY
    for request in requests:
        if request.kind == "minima":
            energies = {state: {"energy": 1e-17 + ENERGY[state] * THERMAL} for state in ENERGY}
            faulty = {state: energies[state] | fault for state, fault in (faults or {}).items()}
            write_minima(request, **energies | faulty)
            continue
        pair = request.conditions.state, request.conditions.neighbour
        energy = 1e-17 + np.array([base[pair[0]], TOPS[pair], base[pair[1]]]) * THERMAL
        write_path(request, energy[: images if pair == broken else 3], int(pair != broken))
    return gather(BARRIERS, campaign, "synapse", requests)


def lasting(data):
    """Return the states that are known to be retained."""
    return [state for state, (_, verdict) in retained(data).items() if verdict == 1]


def test_a_state_is_left_over_its_lowest_barrier():
    data = gathered()
    assert list(data["state_name"].values) == STATES
    # 121 - 0; 128 - 90; 121 + 3
    expected = np.array([121.0, 38.0, 124.0]) * THERMAL
    assert data["state_barrier"].values == pytest.approx(expected, rel=1e-9, abs=0)
    assert list(data["state_exit"].values) == ["notch 2", "notch 2", "notch 1"]
    assert data["state_retained"].values.tolist() == [1, 0, 1]
    assert data["state_energy"].values[2] == pytest.approx(1e-17 - 3 * THERMAL, rel=1e-9, abs=0)


def test_each_pair_has_a_barrier_there_and_one_back():
    data = gathered()
    base = EMPTY | ENERGY
    pairs = list(zip(*(data[f"pair_{end}"].values for end in ("first", "second")), strict=True))
    assert pairs == list(TOPS)
    for index, way in enumerate(("forward", "backward")):
        expected = [(TOPS[pair] - base[pair[index]]) * THERMAL for pair in pairs]
        np.testing.assert_allclose(data[f"pair_{way}"].values, expected, rtol=1e-9, atol=0)


def test_only_a_state_that_is_a_minimum_has_an_energy():
    """The descent of one did not converge, and that of another ended in another state."""
    faults = {"notch 1": {"converged": 0}, "between 1 and 2": {"state": "gap 1"}}
    data = gathered(faults=faults)
    assert np.isfinite(data["state_energy"].values).tolist() == [False, False, True]


def test_both_ends_of_the_wall_are_those_of_the_minima_and_of_the_paths():
    data = gathered()
    for end, position, last in (("bottom", 300e-9, 1e-7), ("top", 310e-9, 1.1e-7)):
        positions = data[f"state_wall_{end}"].values
        assert positions == pytest.approx([position] * 3, rel=1e-9, abs=0)
        positions = data[f"pair_wall_{end}"].values
        assert positions == pytest.approx(np.tile([0, last / 2, last], (5, 1)), rel=1e-6, abs=1e-20)


def test_a_state_is_retained_if_it_is_lost_rarely_enough_over_all_its_barriers():
    """From the half state there are 38 and 41.5 k_B T of 300 K; 45.6 and 49.8 of 250 K.

    At 1 GHz, 3.15576e17 (exp(-45.6) + exp(-49.8)) are 0.00496 and 0.00007 in ten years.
    """

    def half(**settings):
        return gathered(**settings)["state_retained"].values.tolist()[1]

    slow = {"attempt_frequencies": (1e8, 1e9)}
    assert half(temperature=250.0, **slow) == 1
    assert half(temperature=250.0) == 0
    assert half(temperature=250.0, largest_loss=0.0050, **slow) == 0
    assert half(temperature=250.0, largest_loss=0.0051, **slow) == 1
    assert half(**slow) == 0
    # 20 s, in which exp(-38) 1e9 · 20 = 6e-7 are lost
    assert half(retention_time=20.0, **slow) == 1


def test_the_lifetime_is_a_bracket_of_the_attempt_frequencies():
    data = gathered(attempt_frequencies=(2e9, 5e11))
    expected = [math.exp(38) / 5e11, math.exp(38) / 2e9]
    assert data["state_lifetime"].values[1] == pytest.approx(expected, rel=1e-6, abs=0)


def test_forty_k_b_t_are_years_at_1e9_and_days_at_1e12_per_second():
    years = lifetime(40 * THERMAL, 300.0, 1e9) / (365.25 * 86400)
    assert years == pytest.approx(7.46, rel=0.01, abs=0)  # exp(40)/1e9 s
    days = lifetime(40 * THERMAL, 300.0, 1e12) / 86400
    assert days == pytest.approx(2.72, rel=0.01, abs=0)
    assert lifetime(1e5 * THERMAL, 300.0, 1e9) == LONGEST
    assert math.isnan(lifetime(math.nan, 300.0, 1e9))


def test_a_barrier_that_is_not_known_makes_no_state_retained():
    """It could be the lowest; a state with a known barrier that is too low is not kept anyway."""
    data = gathered(broken=("notch 1", "notch 2"))
    assert data["state_retained"].values.tolist() == [-1, 0, -1]
    assert lasting(data) == ["reversed"]


def test_the_lowest_of_the_known_barriers_is_told():
    """The first path from notch 1, out of the track, has no barrier."""
    whole = gathered()
    data = gathered(broken=("expelled", "notch 1"))
    assert data["state_barrier"].values == pytest.approx(
        whole["state_barrier"].values, rel=1e-9, abs=0
    )
    assert list(data["state_exit"].values) == list(whole["state_exit"].values)
    assert data["state_retained"].values[0] == -1


def test_two_states_without_a_path_are_no_neighbours():
    """One of them is no minimum, so that the wall does not stay there."""
    data = gathered(broken=("notch 1", "between 1 and 2"), images=0)
    assert data["state_retained"].values.tolist() == [1, 0, 1]
    # where there is no route, the reason is told
    routes = ["together", "together", "no minimum: it moved", "together", "together"]
    assert data["pair_route"].values.tolist() == routes
    assert data["pair_images"].values.tolist() == [3, 3, 0, 3, 3]
    assert np.isnan(data["pair_energy"].values[2]).all()


def test_a_path_with_fewer_images_ends_with_gaps():
    data = gathered(broken=("notch 1", "notch 2"), images=2)
    assert data["pair_images"].values.tolist() == [3, 2, 3, 3, 3]
    above = (data["pair_energy"].values - 1e-17) / THERMAL
    assert above[1] == pytest.approx([0, 121, math.nan], abs=1e-6, nan_ok=True)
    assert above[3] == pytest.approx([90, 128, -3], abs=1e-6)
    for end, last in (("bottom", 1e-7), ("top", 1.1e-7)):
        positions = data[f"pair_wall_{end}"].values[1]
        assert positions == pytest.approx([0, last, math.nan], rel=1e-6, abs=1e-20, nan_ok=True)


def test_a_reversed_track_is_retained_by_the_barrier_of_nucleation(monkeypatch):
    data = gathered()
    assert lasting(data) == ["notch 1", "notch 2", "reversed"]
    # nucleation takes 230 + 380 = 610, twice as much as the way out
    assert retained(data)["reversed"][0] == pytest.approx(610 * THERMAL, rel=1e-9, abs=0)
    # a single barrier: 3.15576e20 exp(-52) are 0.0082, and 0.0009 after a tenth of the time
    monkeypatch.setitem(EMPTY, "reversed", 230.0 - 52.0)
    assert "reversed" in lasting(gathered())
    assert "reversed" not in lasting(gathered(largest_loss=0.008))
    assert "reversed" in lasting(gathered(largest_loss=0.008, retention_time=3.15576e7))
    # 52 k_B T at 300 K are 50.3 at 310 K
    assert "reversed" not in lasting(gathered(temperature=310.0))


def test_a_reversed_track_is_not_retained_if_the_barrier_of_nucleation_is_unknown():
    barrier, verdict = retained(gathered(broken=("notch 2", "reversed")))["reversed"]
    assert math.isnan(barrier)
    assert verdict == -1


def test_a_track_with_fixed_ends_is_never_reversed():
    """Its barriers have no pair with a track without a wall; the last pair is another one."""
    notches = {"positions": [300e-9, 600e-9], "diameter": 36e-9}
    track = SYNAPSE["track"] | {"fixed_ends": 20e-9, "notches": notches}
    data = gathered(device=SYNAPSE | {"track": track, "wall": {"start": 300e-9}})
    assert data["pair_second"].values.tolist() == ["notch 2", "between 1 and 2", "notch 2"]
    assert {state: verdict for state, (_, verdict) in retained(data).items()} == {
        **{"notch 1": 1, "between 1 and 2": 0, "notch 2": 1}
    }


def test_further_temperatures_have_minima_paths_and_lifetimes_of_their_own():
    """Each path is 10 k_B · 300 K lower than the one before it, from 80 at 250 K, 40 at 375 K."""
    settings = {"further_temperatures": [375.0, 250.0], "retention_time": 1e-6}
    campaign = plan.parse(
        {"material": MATERIAL, "devices": {"synapse": SYNAPSE}, "barriers": settings}
    )
    requests = BARRIERS.requests_of(campaign, "synapse")
    alone = BARRIERS.requests_of(
        plan.parse({"material": MATERIAL, "devices": {"synapse": SYNAPSE}}), "synapse"
    )
    assert [r.digest for r in requests if r.conditions.temperature == 300.0] == [
        request.digest for request in alone
    ]
    place = {"state": "notch 1", "neighbour": "notch 2", "temperature": 375.0}
    path = one(requests, "barrier", **place)
    assert path.path == "results/barriers/synapse/375K/1_2.nc"
    assert path.after == ("results/barriers/synapse/375K/minima.nc",)
    assert path.computes.material == film_of(campaign.simulated["synapse"], 375.0)
    assert re.fullmatch(f"results/({pattern_of('barrier')})\\.nc", path.path)
    assert re.fullmatch(f"results/({pattern_of('minima')})\\.nc", path.after[0])
    height = {300.0: 60.0, 375.0: 40.0, 250.0: 80.0}
    for request in requests:
        conditions = request.conditions
        kelvin, pair = conditions.temperature, (conditions.state, conditions.neighbour)
        if request.kind == "minima":
            # at 375 K, one descent ends elsewhere
            hot = {"notch 1": {"state": "gap 1"}} if kelvin == 375.0 else {}
            write_minima(request, **hot, **{"notch 2": {"energy": 1e-20 * kelvin}})
        else:
            less = 10.0 * [*TOPS].index(pair)
            write_path(request, 1e-17 + np.array([0.0, height[kelvin] - less, 0.0]) * THERMAL)
    data = gather(BARRIERS, campaign, "synapse", requests)
    assert data["further_temperature"].values.tolist() == [250.0, 375.0]
    # the lowest of three, two and three paths; the last has 40 less
    expected = np.array([[60.0, 50.0, 40.0], [20.0, 10.0, 0.0]]) * THERMAL
    np.testing.assert_allclose(data["further_barrier"].values, expected, rtol=1e-9, atol=1e-27)
    assert data["further_retained"].values.tolist() == [[1, 1, 1], [0, 0, 0]]
    minima = np.isfinite(data["further_energy"].values).tolist()
    assert minima == [[True, True, True], [False, True, True]]
    energies = data["further_energy"].values[:, 2]
    assert energies == pytest.approx([2.5e-18, 3.75e-18], rel=1e-9, abs=0)
    pairs = np.array([[80.0, 70.0, 60.0, 50.0, 40.0], [40.0, 30.0, 20.0, 10.0, 0.0]]) * THERMAL
    for way in ("forward", "backward"):
        np.testing.assert_allclose(data[f"further_{way}"], pairs, rtol=1e-9, atol=1e-27)
    hours = data["further_lifetime"].values[1, 0] * [1e12, 1e9]
    assert hours == pytest.approx([math.exp(20 * 300 / 375)] * 2, rel=1e-6, abs=0)
    assert data["state_barrier"].values == pytest.approx(
        np.array([40.0, 30.0, 20.0]) * THERMAL, rel=1e-9, abs=0
    )
    (table,) = [t for t in Show().tables(data, "synapse") if "further" in t.title]
    rows = table.frame.to_dict("records")
    assert [(row["temperature (K)"], row["state"]) for row in rows[2:4]] == [
        (250.0, "notch 2"),
        (375.0, "notch 1"),
    ]
    assert rows[3]["lowest barrier (k_B T)"] == pytest.approx(20 * 300 / 375, rel=1e-9, abs=0)
    assert rows[3]["retained (loss at most 0.01)"] == 0
