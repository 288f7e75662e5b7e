"""Pulses on several states: what is asked for, the matrix, and what follows from known rates."""

import numpy as np
import pytest
from helpers.programs import STAIRCASE

from studies.results import gather, pulsed, shown, write_block, write_train
from wallnet import plan
from wallnet.config import ConfigError, Figures
from wallnet.jobs.request import NO_PULSE, Conditions, where
from wallnet.jobs.run import placed_at
from wallnet.report import style
from wallnet.studies import STUDIES
from wallnet.studies.proportions import beta_binomial, interval
from wallnet.studies.thermal.schemes import compared, schemes, verified_writes, write_and_verify
from wallnet.studies.thermal.show import Show
from wallnet.studies.thermal.statistics import conductances

STUDY = STUDIES["thermal"]
ASKED = {
    "device": "stairs",
    "starts": ["notch 1", "notch 2"],
    "current_densities": [-0.9e12, 1.1e12],
    "replicas": 8,
    "variants": {"warm": {"temperature": {"ambient": 300.0}}},
    "attempts": 3,
    "read_noise": 0.02,
    "write_current": 1.1e12,
}
AT = {"notch 1": 40.0, "notch 2": 140.0, "expelled": 4.0}
LANDED = {
    # start, sign: number of replicas by state
    ("notch 1", 1): {"notch 1": 2, "notch 2": 6},
    ("notch 1", -1): {"notch 1": 5, "expelled": 3},
    ("notch 2", 1): {"notch 2": 8},
    ("notch 2", -1): {"notch 1": 4, "notch 2": 4},
}


def parsed(**changes):
    return plan.parse(STAIRCASE | {"thermal": {"warm": ASKED | changes}})


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    campaign = parsed()
    requests = STUDY.requests_of(campaign, "warm")
    for cold in pulsed(requests, Conditions(temperature=0.0)):
        start, right = str(cold.conditions.state), cold.conditions.current_density > 0
        end = "notch 2" if right else "notch 1"
        places = [(state, AT[state] - 4, AT[state] + 4, 1) for state in (start, end)]
        write_train(cold, places)
    for start in where(requests, "run", Conditions(duration=NO_PULSE)):
        state = str(start.conditions.state)
        write_train(start, [(state, AT[state] - 4, AT[state] + 4, 1)])
    for request in requests:
        if request.parts and request.parts[0].conditions.variant:
            place = request.parts[0].conditions
            counts = LANDED[str(place.state), int(np.sign(place.current_density))]
            final = [(state, AT[state], "") for state, n in counts.items() for _ in range(n)]
            write_block(request, final)
    return gather(STUDY, campaign, "warm", requests)


def test_pulses_start_from_walls_that_relax_without_a_thermal_field():
    campaign = parsed()
    requests = STUDY.requests_of(campaign, "warm")
    starts = where(requests, "run", Conditions(duration=NO_PULSE))
    # the film of the model is that at 0 K, so that both have the same
    assert [request.path for request in starts] == [
        "results/thermal/warm/1/start.nc",
        "results/thermal/warm/2/start.nc",
    ]
    assert {request.computes.field for request in starts} == {0.0}
    replicas = [request for request in requests if request.replicas or request.parts]
    for block in replicas:
        for part in block.parts:
            state = part.conditions.state
            assert part.computes.placement == placed_at(campaign.simulated["stairs"], state)
            assert part.after[0] == f"results/thermal/warm/{state.file_name}/start.nc"
    # another start changes no run of these
    more = STUDY.requests_of(parsed(starts=["notch 1", "notch 2", "notch 3"]), "warm")
    warm = {r.digest for r in replicas if r.parts[0].conditions.variant}
    assert warm < {request.digest for request in more}


def test_a_state_that_the_device_does_not_have_is_refused():
    with pytest.raises(ConfigError, match=r"thermal.warm.starts has 'notch 9'"):
        parsed(starts=["initial", "notch 9"])


def test_the_matrix_has_what_was_written(data):
    for (start, sign), counts in LANDED.items():
        density = 1.1e12 if sign > 0 else -0.9e12
        row = data.sel(model="warm", start_state=start, current_density=density)
        for state in data["outcome"].values:
            count = counts.get(str(state), 0)
            point = row.sel(outcome=state)
            assert point["outcome_probability"].item() == count / 8
            limits = point["outcome_low"].item(), point["outcome_high"].item()
            assert limits == pytest.approx(interval(count, count, 8), rel=1e-12, abs=0)
        own = row["replica_state"].values.tolist()
        assert {state: own.count(state) for state in own} == counts


def test_a_write_verifies_with_the_pulses_that_help():
    """From 0 to 1: 0.6 a pulse. Back: 0.5, but the wall is lost with 0.2."""
    matrix = np.array([[[0.4, 0.6], [0.0, 1.0]], [[1.0, 0.0], [0.5, 0.3]]])
    energy, lost = np.array([2.0, 3.0]), np.array([[0.0, 0.0], [0.0, 0.2]])
    writing = write_and_verify(matrix, energy, lost, 3)
    assert writing.success[0, 1] == pytest.approx(1 - 0.4**3, rel=1e-12, abs=0)
    assert writing.success[1, 0] == pytest.approx(0.5 * (1 + 0.3 + 0.09), rel=1e-12, abs=0)
    assert writing.lost[1, 0] == pytest.approx(0.2 * (1 + 0.3 + 0.09), rel=1e-12, abs=0)
    assert writing.pulses[0, 1] == pytest.approx(1 + 0.4 + 0.16, rel=1e-12, abs=0)
    assert writing.energy[1, 0] == pytest.approx(3 * (1 + 0.3 + 0.09), rel=1e-12, abs=0)
    assert np.diag(writing.energy).tolist() == [0.0, 0.0]


def test_a_pulse_that_fails_may_be_better_with_more_attempts():
    """The sure way takes two pulses over a state between; one alone takes the risk."""
    matrix = np.zeros((2, 3, 3))
    matrix[0] = [[0.5, 0.0, 0.5], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    matrix[0, 0, 0] = 0.0  # the risk: half of the walls are lost
    matrix[1] = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
    lost = np.array([[0.5, 0.0, 0.0], [0.0, 0.0, 0.0]])
    for attempts, success in ((1, 0.5), (2, 1.0), (3, 1.0)):
        writing = write_and_verify(matrix, np.ones(2), lost, attempts)
        assert writing.success[0, 2] == success
        assert writing.lost[0, 2] == 1 - success


def test_tables_have_writes_and_conductances(data, tmp_path):
    (table,) = verified_writes(data, "warm")
    single, verified = table.frame.to_dict("records")
    # 6 of 8 up and 4 of 8 down
    assert float(single["right state"]) == pytest.approx(0.625, rel=1e-12, abs=0)
    up, down = 1 - 0.25**3, 1 - 0.5**3
    assert float(verified["right state"]) == pytest.approx((up + down) / 2, rel=1e-12, abs=0)
    assert float(verified["wall lost"]) == 0.0
    # each of 8 runs, as binomial distributions of 10 with the prior and one more
    width = 2 * 1.96 * np.sqrt((0.75 * 0.25 + 0.5 * 0.5) / 10) / 2
    ends = float(single["at least"]), float(single["at most"])
    assert ends[1] - ends[0] == pytest.approx(width, rel=0.1, abs=0)
    assert float(verified["at least"]) < (up + down) / 2 < float(verified["at most"])
    (states,) = conductances(data, "warm")
    runs = states.frame.groupby("state")["runs"].first().to_dict()
    assert runs == {"notch 1": 2 + 5 + 4, "notch 2": 6 + 8 + 4}
    rows, lines = shown(STUDY, data, tmp_path)
    assert {row["from"] for row in rows} == {"notch 1", "notch 2"}
    assert "2 of 2" in str(lines)
    assert "not enough losses" in str(lines)


def test_the_table_of_devices_has_the_scheme_with_most_right_states(data):
    (row,) = compared(data)
    assert row["temperature"] == "warm"
    assert row["samples"] == "perfect"
    assert row["written by"] == "up to 3 pulses, each read"
    up, down = 1 - 0.25**3, 1 - 0.5**3
    assert row["right state (95 %)"].startswith(f"{(up + down) / 2:.3f} (")
    assert (row["pairs written"], row["runs"]) == ("2 of 2", "32")
    (single,) = compared(data.isel(start_state=[0]))
    assert single["written by"] == "one pulse from notch 1"


def test_from_one_state_each_state_that_is_written_at_0_k_has_its_best_pulse(data):
    (scheme,) = schemes(data.isel(start_state=[0]))
    assert (scheme.starts, scheme.attempts, scheme.pairs, scheme.written) == (1, 1, 1, 1)
    assert (scheme.right, scheme.pulses, scheme.runs) == (0.75, 1.0, 16)
    # no pulse leads from notch 2 to another one that is known
    (back,) = schemes(data.isel(start_state=[1], current_density=[1]))
    assert (back.pairs, back.written) == (0, 0)
    assert np.isnan([back.right, back.low, back.high, back.energy]).all()
    assert verified_writes(data.isel(start_state=[1], current_density=[1]), "warm") == []


def test_a_state_that_no_run_reached_is_not_written(data):
    """Half of the runs of the pulse to the right are of unknown state."""
    known_half = data.assign(outcome_certain=data["outcome_certain"] // 2)
    fewer = known_half.sel(outcome=["expelled", "notch 1"])
    single, _ = schemes(fewer)
    assert (single.pairs, single.written) == (2, 1)
    assert single.right == pytest.approx(2 / 8 / 2, rel=1e-12, abs=0)


def test_the_map_of_several_starts_has_the_most_probable_states(data):
    with style.apply(Figures()):
        figure = Show().draw(data, Figures())
    (axes,) = figure.axes
    texts = {text.get_position(): text.get_text().split("\n") for text in axes.texts}
    assert texts[1, 0][:2] == ["notch 2", "0.75"]
    assert texts[0, 0][:2] == ["notch 1", "0.62"]
    assert axes.get_ylabel() == "state before the pulse"


def test_devices_that_differ_are_told_from_trials_that_do():
    random = np.random.default_rng(3)
    # mean 0.8; correlation 1/(1 + 4) of trials of one device
    own = random.beta(3.2, 0.8, size=300)
    law = beta_binomial(random.binomial(16, own), np.full(300, 16))
    assert law.mean == pytest.approx(0.8, rel=0, abs=0.03)
    assert law.correlation == pytest.approx(0.2, rel=0, abs=0.04)
    assert law.low < 0.8 < law.high < law.low + 0.06
    assert law.between == pytest.approx(own.std(), rel=0, abs=0.03)
    assert law.share_above(0.9) == pytest.approx((own > 0.9).mean(), rel=0, abs=0.05)
    alike = beta_binomial(random.binomial(16, 0.8, 300), np.full(300, 16))
    assert alike.correlation < 0.01


def test_without_failures_devices_count_and_not_their_trials():
    law = beta_binomial([8, 8, 8, 8], [8, 8, 8, 8])
    assert (law.mean, law.high) == (1.0, 1.0)
    assert law.low == interval(4, 4, 4)[0]
    assert np.isnan(law.correlation)
    assert np.isnan(law.share_above(0.99))
    single = beta_binomial([1, 0, 1], [1, 1, 1])
    assert (single.low, single.high) == interval(2, 2, 3)
