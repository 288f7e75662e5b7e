"""What intervals accept, their rounds, and what they ask for."""

import pytest
from helpers.intervals import bisected
from helpers.messages import one_problem

from wallnet import files, plan
from wallnet.plan.requests import Requested
from wallnet.plan.work import study_work
from wallnet.studies import STUDIES

INTERVALS = STUDIES["intervals"]


@pytest.mark.parametrize(
    ("densities", "resolution", "rounds"),
    [
        # 0.6 to 1.2: halved three times
        ([0.6e12, 1.2e12], 0.1e12, 3),
        ([0.6e12, 1.2e12], 0.6e12, 0),
        ([0.6e12, 1.2e12], 0.3e12, 1),
        # the longest gap counts, 0.05: 500 steps of 1e8, 250, 125, 63, 32, 16, 8
        ([0.6e12, 0.62e12, 0.67e12], 0.001e12, 6),
        ([0.6e12, 0.6003e12], 1e8, 2),
    ],
)
def test_the_rounds_suffice_for_the_longest_gap(densities, resolution, rounds):
    data = bisected(resolution=resolution)
    data["devices"]["stairs"]["pulse"]["current_densities"] = densities
    assert INTERVALS.rounds_of(plan.parse(data), "stairs") == rounds


def test_the_resolution_may_be_left_out():
    data = bisected()
    data["intervals"]["stairs"] = {}
    assert plan.parse(data).studies["intervals"]["stairs"].resolution == 0.001e12


def test_a_relaxation_may_be_as_long_as_the_hold():
    data = bisected()
    relaxation = data["devices"]["stairs"]["relaxation"]
    relaxation["longest"] = relaxation["hold"]
    assert list(plan.parse(data).studies["intervals"]) == ["stairs"]


def test_intervals_that_cannot_be_are_named():
    data = bisected()
    data["devices"]["stairs"]["pulse"]["current_densities"] = [0.6e12]
    problem = one_problem(data)
    assert "intervals.stairs: stairs has one current density" in problem
    data = bisected()
    data["devices"]["stairs"]["relaxation"]["longest"] = 0.0
    problem = one_problem(data)
    assert "intervals.stairs: relaxation.longest 0 s of stairs is shorter than relaxat" in problem


def test_each_round_adds_its_pulses_to_those_of_the_sweep(tmp_path, monkeypatch):
    """From 1.2e12 A/m², two rounds halve 0.6e12 to 0.15e12 A/m²; two gaps make four pulses."""
    monkeypatch.chdir(tmp_path)
    data = bisected(resolution=0.15e12)
    data["devices"]["stairs"]["pulse"]["current_densities"] = [0.6e12, 1.2e12, 1.8e12]
    campaign = plan.parse(data)
    sweep = [(1, f"results/traces/stairs/{j:.4f}.nc", j) for j in (0.6, 1.2, 1.8)]
    first = (1, "results/intervals/stairs/0.9000.nc", 0.9)
    later = "results/intervals/stairs/1.8000.nc"

    def work():
        requests = study_work(Requested(campaign), "intervals")
        # 1.5 ns and a relaxation of 3 ns
        assert {round(request.computes.longest / 1e-9, 6) for _, request in requests} == {4.5}
        assert {request.after for _, request in requests} == {("results/initial/stairs.nc",)}
        return [
            (n, request.path, request.computes.current_density / 1e12) for n, request in requests
        ]

    assert work() == [*sweep, *[(2, later, 1.8)] * 2]
    files.write_json({"asked": [0.9e12]}, INTERVALS.round_path("stairs", 1))
    assert work() == [*sweep, first, (2, later, 1.8)]
    files.write_json({"asked": []}, INTERVALS.round_path("stairs", 2))
    files.write_text("", INTERVALS.path("stairs"))
    assert work() == [*sweep, first]
