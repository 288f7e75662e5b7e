"""What intervals accept, their rounds, and what they ask for."""

import pytest
from helpers.intervals import bisected

from wallnet import config, files, plan
from wallnet.studies import STUDIES

INTERVALS = STUDIES["intervals"]


def problems(data):
    with pytest.raises(config.ConfigError) as caught:
        plan.parse(data)
    return str(caught.value).splitlines()


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
    (problem,) = problems(bisected(resolution=0.1))
    assert "intervals.stairs.resolution = 0.1 is outside" in problem
    (problem,) = problems(bisected(resolution=1.5e8))
    assert "intervals.stairs.resolution 1.5e+08 A/m² is no multiple of the 1e8 A/m²" in problem
    data = bisected()
    data["devices"]["stairs"]["pulse"]["current_densities"] = [0.6e12]
    (problem,) = problems(data)
    assert "intervals.stairs: stairs has one current density" in problem
    data = bisected()
    data["devices"]["stairs"]["relaxation"]["longest"] = 0.0
    (problem,) = problems(data)
    assert "intervals.stairs: relaxation.longest 0 s of stairs is shorter than relaxat" in problem


def test_each_round_adds_its_pulses_to_those_of_the_sweep(tmp_path, monkeypatch):
    """From 1.2e12 A/m², two rounds halve 0.6e12 to 0.15e12 A/m²; two gaps make four pulses."""
    monkeypatch.chdir(tmp_path)
    data = bisected(resolution=0.15e12)
    data["devices"]["stairs"]["pulse"]["current_densities"] = [0.6e12, 1.2e12, 1.8e12]
    campaign = plan.parse(data)
    swept = {
        (density, 0): (f"results/traces/stairs/{density / 1e12:.4f}.nc", density)
        for density in (0.6e12, 1.2e12, 1.8e12)
    }

    def asked():
        found = INTERVALS.requests_of(campaign, "stairs")
        for each in found.values():
            assert each.kind == "trace"
            assert each.after == ("results/initial/stairs.nc",)
            # 1.5 ns and a relaxation of 3 ns
            assert each.longest == pytest.approx(4.5e-9, rel=1e-9, abs=0)
        return {key: (each.path, each.computes.current_density) for key, each in found.items()}

    def work():
        return plan.study_work(campaign, "intervals")

    assert asked() == swept
    assert [number for number, _ in work()] == [1, 1, 1, 4]
    assert work()[-1][1].computes.current_density == 1.8e12
    first = {(0.9e12, 1): ("results/intervals/stairs/0.9000.nc", 0.9e12)}
    files.write_json({"asked": [0.9e12]}, INTERVALS.round_path("stairs", 1))
    assert asked() == swept | first
    assert [number for number, _ in work()] == [1, 1, 1, 1, 2]
    files.write_json({"asked": []}, INTERVALS.round_path("stairs", 2))
    assert asked() == swept | first
    files.write_text("", INTERVALS.path("stairs"))
    assert [(number, each.path) for number, each in work()] == [
        (1, path) for path, _ in (swept | first).values()
    ]
