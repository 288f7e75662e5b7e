"""Windows in the configuration: what is accepted, and the message for the rest."""

import pytest
from helpers.windows import windowed

from wallnet import config


def problems(data):
    with pytest.raises(config.ConfigError) as caught:
        config.parse(data)
    return str(caught.value).splitlines()


def test_amplitudes_and_durations_are_sorted_and_expanded():
    sweep = [{"start": 0.7e12, "stop": 0.74e12, "step": 0.02e12}, 0.5e12]
    # the second and third duration are the same, but for rounding
    durations = [1.5e-9, 1.2e-9, 1.2e-9 * (1 + 1e-9)]
    data = windowed(current_densities=sweep, durations=durations)
    made = config.parse(data).windows["three"]
    assert made.current_densities == pytest.approx([0.5e12, 0.7e12, 0.72e12, 0.74e12], abs=1)
    assert made.durations == pytest.approx([1.2e-9, 1.5e-9], rel=1e-12, abs=0)
    assert list(made.variants) == ["as-configured"]


def test_a_step_takes_pulse_tail_and_pause():
    made = config.parse(windowed(tail={"share": 0.5, "duration": 0.75e-9})).windows["three"]
    assert made.step_duration == pytest.approx(1.5e-9 + 0.75e-9 + 2.5e-9, rel=1e-12, abs=0)


def test_a_pause_may_be_as_long_as_the_hold():
    """A wall that has rested for the whole pause has rested long enough."""
    hold = config.parse(windowed()).devices["stairs"].relaxation.hold
    assert config.parse(windowed(pause=hold)).windows["three"].pause == hold


def test_a_variant_is_the_device_with_some_keys_changed():
    variants = {"alpha-0.3": {"material": {"damping": 0.3}}, "as-it-is": {}}
    campaign = config.parse(windowed(variants=variants))
    window, device = campaign.windows["three"], campaign.devices["stairs"]
    varied = window.of_variant(campaign.simulated, "alpha-0.3")
    assert varied.material.damping == 0.3
    assert varied.track == device.track
    assert window.of_variant(campaign.simulated, "as-it-is") == device


def test_a_variant_keeps_the_settings_of_a_calculator_of_one_s_own():
    data = windowed(variants={"alpha-0.3": {"material": {"damping": 0.3}}})
    settings = {"drift:Drift": {"velocity": 200.0}}
    data["devices"]["stairs"] |= {"calculator": "drift:Drift", "calculator_settings": settings}
    campaign = config.parse(data)
    varied = campaign.windows["three"].of_variant(campaign.simulated, "alpha-0.3")
    assert (varied.calculator, varied.calculator_settings) == ("drift:Drift", settings)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": "stair"}, "windows.three.device names 'stair', which is not a simulated"),
        (
            {"current_densities": [-0.7e12, 0.7e12]},
            "windows.three.current_densities has -7e+11 A/m²; write densities above 0",
        ),
        ({"durations": []}, "windows.three.durations has no duration; write [5.0e-9]"),
        ({"durations": [1.2005e-9]}, "finer than the 1e-12 s that file names tell apart"),
        ({"durations": [0.4e-12]}, "finer than the 1e-12 s that file names tell apart"),
        ({"durations": [5]}, "windows.three.durations.0 = 5 is outside"),
        ({"durations": [10e-12]}, "windows.three.durations has 1e-11 s, shorter than output.inte"),
        ({"tail": {"share": 0.5, "duration": 10e-12}}, "windows.three.tail.duration has 1e-11 s"),
        ({"tail": {"share": 1.5, "duration": 1e-9}}, "windows.three.tail.share = 1.5 is outside"),
        ({"pause": 0.1e-9}, "windows.three.pause 1e-10 s is shorter than relaxation.hold 2e-10 s"),
        ({"variants": {}}, "windows.three.variants is empty; leave it out, or write"),
        ({"variants": {"Low/Damping": {}}}, "has 'Low/Damping', which cannot name files"),
        (
            {"variants": {"a": {"material": {"damping": 50}}}},
            "windows.three.variants.a.material.damping = 50 is outside",
        ),
        (
            {"variants": {"a": {"track": {"notches": None}}}},
            "windows.three.variants.a has 0 notches inside its track; stepwise switching needs two",
        ),
        (
            # the radius of the notch is 16 nm
            {"variants": {"a": {"wall": {"start": 58e-9}}}},
            "windows.three.variants.a has wall.start 5.8e-08 m, which is not at the first notch; "
            "set wall.start to 4e-08 m",
        ),
        (
            {"variants": {"a": {"wall": {"start": 22e-9}}}},
            "windows.three.variants.a has wall.start 2.2e-08 m, which is not at the first notch; ",
        ),
        (
            {"variants": {"a": {"calculator": "oommf"}}},
            "windows.three.variants.a sets calculator; remove it, and set that of stairs",
        ),
        ({"pause": 1e-4}, "windows.three: output.interval 2e-11 s and output.snapshot_interval"),
    ],
)
def test_a_window_that_cannot_be_is_named(changes, words):
    found = problems(windowed(**changes))
    assert any(words in problem for problem in found), found
    assert len(found) == 1


def test_every_variant_is_looked_at():
    plain, bent = {"track": {"notches": None}}, {"wall": {"start": 58e-9}}
    found = problems(windowed(variants={"a": plain, "b": {}, "c": bent, "d": {}}))
    assert [problem.split()[1] for problem in found] == [
        "windows.three.variants.a",
        "windows.three.variants.c",
    ]


@pytest.mark.parametrize(("pause", "taken"), [(9.06e-6, True), (9.09e-6, False)])
def test_a_staircase_goes_up_and_down_within_the_memory(pause, taken):
    """Three notches make six steps.

    Each second has 1/20e-12 entries of 90 columns and 1/1e-9 maps of 90×18 cells, 12 bytes each.
    The limit of 4e9 bytes is reached after 54.47 µs, or six steps of 9.08 µs.
    """
    data = windowed(pause=pause)
    if taken:
        assert config.parse(data).windows["three"].pause == pause
    else:
        (problem,) = problems(data)
        assert problem.startswith("config.yaml: windows.three: output.interval 2e-11 s and")


def test_the_strongest_pulse_counts_for_the_work():
    """It has steps of 26 fs, the weakest one of more than 1 ps."""
    data = windowed(current_densities=[1e12, 1e14], pause=1e-3)
    device = data["devices"]["stairs"]
    device["track"]["length"] = 1440e-9
    device["pulse"]["duration"] = 1e-5
    data["windows"]["three"]["durations"] = [1e-5]
    data["output"] = {"interval": 1e-5, "snapshot_interval": 1e-4}
    (problem,) = problems(data)
    assert problem.startswith("config.yaml: windows.three: all pulses, 0.00606 s, take")
    data["windows"]["three"]["current_densities"] = [1e12]
    assert config.parse(data).windows["three"].current_densities == (1e12,)


def test_windows_are_named():
    data = windowed()
    data["windows"] = [data["windows"]["three"]]
    (problem,) = problems(data)
    assert "windows is not a list of windows by name; write windows: {name: {...}}" in problem


@pytest.mark.parametrize(
    ("duration", "name"), [(5e-9, "5.000"), (0.25e-9, "0.250"), (12.345e-9, "12.345")]
)
def test_a_duration_and_its_name_in_files_denote_each_other(duration, name):
    assert config.duration_name(duration) == name
    assert config.parse_duration(name) == pytest.approx(duration, rel=1e-12, abs=0)


def test_every_duration_in_picoseconds_has_its_own_name():
    """Most of them are no binary fraction of a picosecond: 15e-9/1e-12 is below 15000."""
    for picoseconds in range(1, 30001):
        assert config.duration_name(float(f"{picoseconds}e-12")) == f"{picoseconds / 1000:.3f}"
