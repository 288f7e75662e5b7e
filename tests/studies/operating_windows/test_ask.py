"""What an operating window accepts, and what it asks for."""

import pytest
from helpers.messages import one_problem, problems
from helpers.windows import windowed

from studies.results import one, pulsed
from wallnet import plan
from wallnet.plan.requests import Requested
from wallnet.plan.work import study_work
from wallnet.studies import STUDIES
from wallnet.studies.operating_windows import expected_notches

KEY = "operating_windows.three"
WINDOWS = STUDIES["operating_windows"]


def parsed(data):
    campaign = plan.parse(data)
    return campaign, campaign.studies["operating_windows"]["three"]


def test_amplitudes_and_durations_are_sorted_and_expanded():
    sweep = [{"start": 0.7e12, "stop": 0.74e12, "step": 0.02e12}, 0.5e12]
    # the second and third duration are the same, but for rounding
    durations = [1.5e-9, 1.2e-9, 1.2e-9 * (1 + 1e-9)]
    data = windowed(current_densities=sweep, durations=durations)
    _, made = parsed(data)
    assert made.current_densities == pytest.approx([0.5e12, 0.7e12, 0.72e12, 0.74e12], abs=1)
    assert made.durations == pytest.approx([1.2e-9, 1.5e-9], rel=1e-12, abs=0)
    assert list(made.variants) == ["as-configured"]


def test_a_pause_may_be_as_long_as_the_hold():
    """A wall that has rested for the whole pause has rested long enough."""
    hold = parsed(windowed())[0].devices["stairs"].relaxation.hold
    assert parsed(windowed(pause=hold))[1].pause == hold


def test_a_variant_is_the_device_with_some_keys_changed():
    variants = {"alpha-0.3": {"material": {"damping": 0.3}}, "as-it-is": {}}
    campaign, window = parsed(windowed(variants=variants))
    device = campaign.devices["stairs"]
    varied = window.of_variant(campaign.simulated, "alpha-0.3")
    assert varied.material.damping == 0.3
    assert varied.track == device.track
    assert window.of_variant(campaign.simulated, "as-it-is") == device


def test_a_variant_keeps_the_settings_of_a_calculator_of_one_s_own():
    data = windowed(variants={"alpha-0.3": {"material": {"damping": 0.3}}})
    settings = {"drift:Drift": {"velocity": 200.0}}
    data["devices"]["stairs"] |= {"calculator": "drift:Drift", "calculator_settings": settings}
    campaign, window = parsed(data)
    varied = window.of_variant(campaign.simulated, "alpha-0.3")
    assert (varied.calculator, varied.calculator_settings) == ("drift:Drift", settings)


def test_every_variant_is_looked_at():
    plain, bent = {"track": {"notches": None}}, {"wall": {"start": 58e-9}}
    messages = problems(windowed(variants={"a": plain, "b": {}, "c": bent, "d": {}}))
    assert [problem.split()[1] for problem in messages] == [
        f"{KEY}.variants.a",
        f"{KEY}.variants.c",
    ]


TAIL = {"share": 0.5, "duration": 0.02e-6}


@pytest.mark.parametrize(
    ("pause", "tail", "taken"),
    [(9.06e-6, None, True), (9.09e-6, None, False), (9.04e-6, TAIL, True), (9.07e-6, TAIL, False)],
)
def test_a_train_goes_up_and_down_within_the_memory(pause, tail, taken):
    """Three notches make six steps.

    Each second has 1/20e-12 entries of 90 columns and 1/1e-9 maps of 90×18 cells, 12 bytes each.
    The limit of 4e9 bytes is reached after 54.47 µs, or six steps of 9.08 µs.
    """
    data = windowed(pause=pause, tail=tail)
    if taken:
        assert parsed(data)[1].pause == pause
    else:
        problem = one_problem(data)
        assert problem.startswith(f"config.yaml: {KEY}: output.interval 2e-11 s and")


def test_the_strongest_pulse_counts_for_the_work():
    """It has steps of 26 fs, the weakest one of more than 1 ps."""
    data = windowed(current_densities=[1e12, 1e14], pause=1e-3)
    device = data["devices"]["stairs"]
    device["track"]["length"] = 1440e-9
    device["pulse"]["duration"] = 1e-5
    data["operating_windows"]["three"]["durations"] = [1e-5]
    data["output"] = {"interval": 1e-5, "snapshot_interval": 1e-4}
    problem = one_problem(data)
    assert problem.startswith("config.yaml: operating_windows.three: all pulses, 0.00606 s, take")
    data["operating_windows"]["three"]["current_densities"] = [1e12]
    assert parsed(data)[1].current_densities == (1e12,)


def test_each_step_has_its_notch():
    """Three steps up from notch 1 of three, the last against the end, and three steps down."""
    assert expected_notches(3) == [1, 2, 3, 3, 2, 1, 1]
    assert expected_notches(2) == [1, 2, 2, 1, 1]


UP_AND_DOWN = [f"notch {notch}" for notch in (1, 2, 3, 3, 2, 1, 1)]


def only_train(duration, **changes):
    """Return the train of a window with one current density, and what its pulses are."""
    settings = {"current_densities": [1.05e12], "durations": [duration]} | changes
    requests = WINDOWS.requests_of(plan.parse(windowed(**settings)), "three")
    train = one(requests, "run").computes
    return train, [(pulse.current_density, pulse.duration, pulse.pause) for pulse in train.steps]


def test_a_train_climbs_with_positive_current_and_descends_with_negative():
    train, pulses = only_train(1.5e-9)
    assert pulses == [(sign * 1.05e12, 1.5e-9, 2.5e-9) for sign in (1, 1, 1, -1, -1, -1)]
    assert list(train.expected) == UP_AND_DOWN
    assert train.recorded == "ends"


def test_a_tail_is_the_end_of_the_waveform_of_each_pulse():
    train, pulses = only_train(1.2e-9, tail={"share": 0.6, "duration": 0.5e-9})
    for parameters, sign in zip(pulses, (1, 1, 1, -1, -1, -1), strict=True):
        assert parameters == pytest.approx((sign * 1.05e12, 1.7e-9, 2.5e-9), rel=1e-12, abs=0)
    for pulse in train.steps:
        times, shares = zip(*pulse.waveform, strict=True)
        assert times == pytest.approx((0, 1.2e-9, 1.2e-9, 1.7e-9), rel=1e-12, abs=0)
        assert shares == (1, 1, 0.6, 0.6)
    assert list(train.expected) == UP_AND_DOWN


def test_each_variant_has_its_initial_state_and_a_train_for_each_pulse(tmp_path, monkeypatch):
    """Three up and three down, each with its pause of 2.5 ns and its tail of 1 ns.

    Damping changes no minimum, by which states are named.
    """
    monkeypatch.chdir(tmp_path)
    variants = {"alpha-0.5": {}, "alpha-0.4": {"material": {"damping": 0.4}}}
    minima = "results/operating_windows/three/alpha-0.5/minima.nc"
    tail = {"share": 0.5, "duration": 1e-9}
    campaign, _ = parsed(windowed(durations=[1.5e-9, 1.2e-9], variants=variants, tail=tail))
    expected = {}
    for damping in (0.5, 0.4):
        place = f"results/operating_windows/three/alpha-{damping}"
        initial = f"{place}/initial.nc"
        expected[initial] = ("initial", damping, 1.0, 0.0, ())
        for name, longest in (("1.200", 28.2), ("1.500", 30.0)):
            path = f"{place}/{name}/runs.nc"
            expected[path] = ("run", damping, 2 * longest, 1.05, (initial, minima))
    work = study_work(Requested(campaign), "operating_windows")
    assert [number for number, _ in work] == [1] * 6
    assert expected == {
        request.path: (
            *(request.kind, last.material.damping),
            *(round(request.computes.longest / 1e-9, 6), last.strongest / 1e12),
            request.after,
        )
        for _, request in work
        for last in [(request.parts or (request,))[-1].computes]
    }


def test_a_variant_with_another_film_or_track_has_minima_of_its_own():
    variants = {
        "a": {"material": {"damping": 0.4}},
        "b": {"material": {"uniaxial_anisotropy": 1.02e6}},
        "c": {},
        "d": {"track": {"notches": {"diameter": 30e-9}}},
    }
    requests = WINDOWS.requests_of(plan.parse(windowed(variants=variants)), "three")
    trains = pulsed(requests)
    films = {(train.conditions.variant, train.states.path.split("/")[-2]) for train in trains}
    assert films == {("a", "a"), ("b", "b"), ("c", "a"), ("d", "d")}
    for request in trains:
        assert request.after[1] == request.states.path
        assert request.states.computes.track == request.computes.track
