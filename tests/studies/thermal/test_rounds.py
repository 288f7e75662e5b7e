"""Rounds of replicas until intervals are narrow: from known rates, through the whole pipeline."""

import functools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from helpers.programs import STAIRCASE
from scipy.stats import binom

from studies.results import gather, pulsed, write_block, write_blocks, write_train
from wallnet import files, plan
from wallnet.cli import main
from wallnet.config import ConfigError
from wallnet.jobs.request import NO_PULSE, Conditions, runs_of, where
from wallnet.studies import STUDIES, gather_job
from wallnet.studies.proportions import interval

STUDY = STUDIES["thermal"]
AT = {"notch 1": 40.0, "notch 2": 140.0}
RATES = {("notch 1", 1): 0.4, ("notch 1", -1): 0.0, ("notch 2", 1): 0.0, ("notch 2", -1): 0.8}
"""Probability that a pulse leads to the other state, by start and sign of the current."""

THERMAL = {
    "device": "stairs",
    "starts": ["notch 1", "notch 2"],
    "current_densities": [-0.9e12, 1.1e12],
    "replicas": 4,
    "interval": 0.4,
    "most_replicas": 30,
    "variants": {"warm": {"temperature": {"ambient": 300.0}}},
}


def parsed(samples=0, **changes):
    data = STAIRCASE | {"thermal": {"warm": THERMAL | changes | {"samples": samples}}}
    if samples:
        stairs = {**data["devices"]["stairs"], "disorder": {"edges": {}}}
        data["devices"] = {**data["devices"], "stairs": stairs}
    return plan.parse(data)


def moves(start, sign, replica, sample=0):
    """Return whether the wall of a run moves: other runs are independent, each always the same."""
    seed = [replica, sample, int(start[-1]), sign > 0]
    return np.random.default_rng(seed).random() < RATES[start, sign]


def end_of(part):
    """Return the state after a run."""
    start, sign = str(part.conditions.state), int(np.sign(part.conditions.current_density))
    other = "notch 2" if start == "notch 1" else "notch 1"
    moved = moves(start, sign, part.conditions.replica, part.conditions.sample or 0)
    return other if moved else start


def replicas_needed(pulse, samples=(0,)):
    """Return the number of replicas after which the interval is narrow, or the largest one."""
    for number in (4, 8, 16, 30):
        ends = [moves(*pulse, replica + 1, s) for replica in range(number) for s in samples]
        low, high = interval(sum(ends), sum(ends), len(ends))
        if high - low <= THERMAL["interval"]:
            break
    return number


def simulate(requests):
    """Write all results that are not there, and return the number of replicas written."""
    written = 0
    for start in where(requests, "run", Conditions(duration=NO_PULSE)):
        state = str(start.conditions.state)
        write_train(start, [(state, AT[state] - 4, AT[state] + 4, 1)])
    cold = [run for run in runs_of(requests) if run.conditions.temperature == 0.0]
    for run in cold:
        state = str(run.conditions.state)
        write_train(run, [(state, AT[state] - 4, AT[state] + 4, 1)] * 2)
    write_blocks(requests)
    for request in requests:
        if not request.parts or not request.parts[0].conditions.variant:
            continue
        if not Path(request.path).exists():
            ends = [end_of(part) for part in request.parts]
            write_block(request, [(state, AT[state], "") for state in ends])
            written += len(ends)
    return written


def run_rounds(campaign):
    """Return what each round asks for, and the number of replicas before and after each."""
    rounds, written = [], []
    for number in range(1, STUDY.rounds_of(campaign, "warm") + 1):
        requests = STUDY.requests_of(campaign, "warm", last=number - 1)
        written.append(simulate(requests))
        job = gather_job(STUDY, campaign, "warm", requests).to_json()
        out = STUDY.round_path("warm", number)
        main(["round", "--job", job, "--out", out])
        rounds.append(files.read_json(out, ["asked"]))
    requests = STUDY.requests_of(campaign, "warm")
    written.append(simulate(requests))
    return rounds, written, gather(STUDY, campaign, "warm", requests)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_replicas_are_doubled_where_an_interval_is_wide(folder):
    campaign = parsed()
    rounds, written, data = run_rounds(campaign)
    needed = {pulse: replicas_needed(pulse) for pulse in RATES}
    assert {*needed.values()} >= {8, 30}
    # 4 replicas of 4 pulses, then of those that need more
    assert written[0] == 16
    limits = [4, 8, 16, 30]
    assert [len(one["asked"]) for one in rounds] == [
        sum(number > limit for number in needed.values()) for limit in limits[:-1]
    ]
    assert sum(written) == sum(needed.values())
    for (start, sign), rate in RATES.items():
        density = 1.1e12 if sign > 0 else -0.9e12
        point = data.sel(model="warm", start_state=start, current_density=density)
        number = point["simulated_replicas"]
        assert number == needed[start, sign]
        width = (point["outcome_high"] - point["outcome_low"]).max()
        assert width <= 0.4
        moved = point["outcome_certain"].sel(outcome=[s for s in AT if s != start]).item()
        low, high = interval(moved, moved, number.item())
        assert low <= rate <= high
        # each replica counts once, those of a round that was not needed are empty
        own = Counter(point["replica_state"].values.tolist())
        assert own[""] == 30 - number.item()


def test_a_narrower_interval_repeats_no_run(folder):
    first = sum(run_rounds(parsed(interval=0.7))[1])
    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*replicas*.nc")}
    _, written, data = run_rounds(parsed())
    assert written[0] == 0
    assert (
        before.items() <= {p: p.stat().st_mtime_ns for p in Path().rglob("*replicas*.nc")}.items()
    )
    assert data["simulated_replicas"].sum() == first + sum(written)


def test_runs_of_all_samples_count_together(folder):
    rounds, *_ = run_rounds(parsed(samples=3))
    data = files.read_dataset(STUDY.path("warm"), STUDY.kind, samples=True)
    for one in rounds:
        first, *others = one["samples"]
        assert all(other == first for other in others)
    for start, sign in RATES:
        density = 1.1e12 if sign > 0 else -0.9e12
        place = {"model": "warm", "start_state": start, "current_density": density}
        perfect, *samples = data["simulated_replicas"].sel(place).values.tolist()
        assert perfect == replicas_needed((start, sign))
        assert samples == [replicas_needed((start, sign), (1, 2, 3))] * 3


LIMITS = functools.cache(lambda count, total: interval(count, count, total))


def coverage(rate, numbers, width=0.0):
    """Return the probability that an interval contains the rate, once narrow or of all runs."""
    counts, held, before = np.ones(1), 0.0, 0
    for number in numbers:
        # of the runs that are added
        counts, before = (
            np.convolve(counts, binom.pmf(np.arange(number - before + 1), number - before, rate)),
            number,
        )
        ends = np.array([LIMITS(count, number) for count in range(number + 1)])
        stops = (ends[:, 1] - ends[:, 0] <= width) | (number == numbers[-1])
        held += counts[stops & (ends[:, 0] <= rate) & (rate <= ends[:, 1])].sum()
        counts = np.where(stops, 0.0, counts)
    return held


def test_intervals_contain_the_rate_also_with_the_rule_of_ending():
    assert coverage(0.01, [64]) == pytest.approx(0.996, abs=5e-4)
    for rate in (0.01, 0.05, 0.1, 0.3, 0.5):
        assert coverage(rate, [64]) >= 0.95
        # doubled until they are narrow: at most one point less
        assert coverage(rate, [8, 16, 32, 64, 128, 256], 0.25) > 0.94


def test_without_an_interval_there_are_no_rounds_and_the_same_files(folder):
    plain = THERMAL | {"interval": None}
    fixed = plan.parse(STAIRCASE | {"thermal": {"warm": plain}})
    assert STUDY.rounds_of(fixed, "warm") == 0
    first = {request.path: request.digest for request in STUDY.requests_of(fixed, "warm")}
    start = {request.path: request.digest for request in STUDY.requests_of(parsed(), "warm")}
    assert first == start
    assert pulsed(STUDY.requests_of(fixed, "warm"), Conditions(variant="warm"))


def test_an_interval_without_room_for_replicas_is_refused():
    with pytest.raises(ConfigError, match=r"thermal.warm.most_replicas 4 is not above replicas 4"):
        parsed(most_replicas=4)
