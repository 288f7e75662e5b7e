"""Thresholds and effects, from walls whose ends are known."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from helpers.sensitivity import HEATED, sensed

from studies.results import NM, T, gather, write_block, write_trace, write_train
from wallnet import files, plan
from wallnet.cli import main
from wallnet.studies import STUDIES, gather_job

SENSITIVITY = STUDIES["sensitivity"]

ASKED = {"resolution": 0.65 * T, "assumptions": ["damping", "anisotropy"]}
"""Two rounds between 0.5 and 3.0e12 A/m²: 1.75, then 1.125 or 2.375."""

STAYS, LEAVES = 20, 32
"""How far an end in nm is then from its notch, which reaches 16 nm; Δ is 9.1 nm."""

THRESHOLDS = {
    "reference": (1.3, 2.0),
    "damping-lower": (0.9, 1.3),
    # by a second wall
    "anisotropy-lower": (1.2, 1.2),
    "anisotropy-upper": (1.9, 9.0),
}
"""Current densities in 1e12 A/m² above which one end and both ends leave."""

LIMITS = {
    "reference": ((1.125, 1.75), (1.75, 2.375)),
    "damping-lower": ((0.5, 1.125), (1.125, 1.75)),
    "anisotropy-lower": ((1.125, 1.75), (1.125, 1.75)),
    "anisotropy-upper": ((1.75, 2.375), (3.0, np.nan)),
}
"""The pulses on both sides of these, by the bisection."""


def after_pulse(device, density):
    """Return a wall at the second notch, 240 nm, whose lower end is the last to leave."""
    lower, upper = (LEAVES if density > least * T else STAYS for least in THRESHOLDS[device][::-1])
    if device == "anisotropy-lower":
        return "notch 2", 240, 240, 1, 2 if upper == LEAVES else 1
    return "free", 240 + lower, 240 - upper, -1


def simulate(requests):
    for request in requests:
        conditions = request.conditions
        if Path(request.path).exists():
            continue
        if request.conditions.duration == 0:
            write_trace(request, 240 * NM, 240 * NM)
        elif request.conditions.current_density is not None:
            wall = after_pulse(conditions.variant, conditions.current_density)
            write_train(request, [("notch 2", 240, 240, -1), wall])


def bisected(campaign, simulated):
    """Simulate and ask in rounds, and return the dataset."""
    for number in range(1, SENSITIVITY.rounds_of(campaign, "small") + 1):
        requests = SENSITIVITY.requests_of(campaign, "small")
        simulated(requests)
        job = gather_job(SENSITIVITY, campaign, "small", requests).to_json()
        main(["round", "--job", job, "--out", SENSITIVITY.round_path("small", number)])
    requests = SENSITIVITY.requests_of(campaign, "small")
    simulated(requests)
    return gather(SENSITIVITY, campaign, "small", requests)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with contextlib.chdir(tmp_path_factory.mktemp("sensitivity")):
        return bisected(plan.parse(sensed(notch=2, **ASKED)), simulate)


def limits(data, kind):
    """Return the limits in 1e12 A/m² of one end and of both ends, the lower one first."""
    edges = [data[f"{kind}_{edge}"].transpose(..., "ends").values / T for edge in ("low", "high")]
    return np.stack(edges, axis=-1)


def test_thresholds_lie_between_two_pulses(data):
    np.testing.assert_allclose(limits(data, "reference"), LIMITS["reference"])
    assert data["assumption"].values.tolist() == ["damping", "anisotropy"]
    assert data["bound"].values.tolist() == ["lower", "upper"]
    devices = [["damping-lower", "reference"], ["anisotropy-lower", "anisotropy-upper"]]
    expected = [[LIMITS[device] for device in row] for row in devices]
    np.testing.assert_allclose(limits(data, "assumed"), expected)


def test_effects_are_relative_to_the_reference(data):
    """The middles: 1.4375 and 2.0625 as configured, 0.8125 and 1.4375 with a low damping."""
    effect, error = (
        data[name].transpose("assumption", "bound", "ends").values
        for name in ("effect", "effect_error")
    )
    np.testing.assert_allclose(effect[0, 0], [0.8125 / 1.4375 - 1, 1.4375 / 2.0625 - 1])
    # half of both steps of 0.625
    np.testing.assert_allclose(error[0, 0], [0.625 / 1.4375, 0.625 / 2.0625])
    # as configured at its upper end
    assert effect[0, 1].tolist() == error[0, 1].tolist() == [0.0, 0.0]
    assert effect[1, 1, 0] == pytest.approx(2.0625 / 1.4375 - 1, abs=0)
    # no pulse drives both ends away, so that the effect is that of the strongest or more
    assert effect[1, 1, 1] == pytest.approx(3 / 2.0625 - 1, abs=0)
    assert np.isnan(error[1, 1, 1])
    limit = data["effect_limit"].transpose("assumption", "bound", "ends").values
    assert limit.tolist() == [[[0, 0], [0, 0]], [[0, 0], [0, 1]]]


def test_values_and_labels_are_told(data):
    assert data["assumption_label"].values.tolist() == ["damping", "Ku"]
    assert data["assumed_value"].values.tolist() == [["0.1", "0.5"], ["-5 %", "+5 %"]]


def test_half_of_the_replicas_have_to_leave(tmp_path, monkeypatch):
    """3e12 A/m² heats the film beyond the model; 3 stands for a second wall."""
    monkeypatch.chdir(tmp_path)
    campaign = plan.parse(sensed(notch=2, changes=HEATED, **ASKED | {"assumptions": ["shunt"]}))
    leaving = {0.5: [0] * 8, 1.125: [2, 0, 2, 0, 1, 0, 0, 0], 1.75: [0, 3, 2, 0, 1, 0, 0, 3]}
    leaving[2.375] = [3, 1, 1, 0, 2, 0, 1, 3]

    def simulated(requests):
        for request in requests:
            if request.kind == "minima" or Path(request.path).exists():
                continue
            if request.conditions.duration == 0:
                write_trace(request, 240 * NM, 240 * NM)
                continue
            density = request.parts[0].conditions.current_density
            if density > 2.9 * T:
                write_block(request, [], "too hot")
                continue
            ends = np.array(leaving[round(density / T, 4)])
            # a wall that the quench pulls back has not left: replica, pulse, moment
            away = {f"moment_wall_{end}": np.full((8, 2, 2), 330 * NM) for end in ("top", "bottom")}
            top, bottom = np.full((2, 8, 2), 240 * NM)
            top[np.isin(ends, (1, 2)), 1] = bottom[ends == 2, 1] = 272 * NM
            quenched = {"read_wall_top": top, "read_wall_bottom": bottom}
            profile = np.tile(np.repeat([-0.9, 0.9], 45), (8, 2, 2, 1))
            profile[ends == 3, 1, 1, 70:] = -0.8
            # a second wall that is gone at the end of the pause
            profile[ends == 0, 1, 0, 70:] = -0.8
            write_block(
                request,
                [("notch 2", 240.0, "")] * 8,
                moment_profile=profile,
                **quenched,
                **away,
            )

    data = bisected(campaign, simulated)
    pulses = files.read_json(SENSITIVITY.round_path("small", 2))["asked"]
    devices = ("reference", "shunt-lower")
    assert pulses == [[device, density * T] for device in devices for density in (1.125, 2.375)]
    np.testing.assert_allclose(limits(data, "reference"), [(1.125, 1.75), (2.375, np.nan)])
    assert np.isfinite(data["effect"].sel(ends=1).values).all()
    assert np.isnan(data["effect"].sel(ends=2).values).all()
