"""Transitions of a small track run by Snakemake, and the jobs that a change of them plans."""

import copy

import numpy as np
import pytest
from helpers.small_campaign import Campaign
from helpers.transitions import led

from wallnet import config, files, plan
from wallnet.jobs import requests

pytestmark = pytest.mark.campaign

DATA = led()
GATHERED = {"device_transitions": 1, "transition_report": 1}
PULSES = {"trace": 12, **GATHERED}
ALL = {"level": 3, **PULSES}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return the campaign with its transitions, run as a user runs it, and what it told."""
    made = Campaign(tmp_path_factory.mktemp("transitions"))
    made.configure(DATA)
    made.told = made.snakemake("transitions").stderr
    return made


@pytest.fixture
def finished(ran, tmp_path):
    """Return a copy of that campaign, which a test may change."""
    return ran.copied(tmp_path / "campaign")


def of_transitions(planned):
    return {rule: count for rule, count in planned.items() if rule in ALL}


def test_transitions_have_data_tables_and_a_map(ran):
    names = ("results/tables/transitions/stairs", "results/figures/transitions/stairs-map")
    suffixes = (".csv", ".md", ".html", ".png", ".pdf")
    found = {s for name in names for s in suffixes if (ran.folder / f"{name}{s}").is_file()}
    assert found == set(suffixes)
    data = files.read_dataset(ran.folder / "results/transitions/stairs.nc", "transitions")
    # pulses of 1.05e12 A/m² move by one notch and stay at the ends, weaker ones do not move it
    assert data["end_state"].values[:, 0].tolist() == [
        ["notch 1", "notch 1", "notch 1", "notch 2"],
        ["notch 1", "notch 2", "notch 2", "notch 3"],
        ["notch 2", "notch 3", "notch 3", "notch 3"],
    ]
    assert data["sequence_length"].values.tolist() == [
        [0, 1, 2, -1, -1],
        [1, 0, 1, -1, -1],
        [2, 1, 0, -1, -1],
    ]
    assert data["reached"].values.tolist() == [1, 1, 1, 0, 0]
    text = (ran.folder / f"{names[0]}.md").read_text(encoding="utf-8")
    assert "energy (pJ)" in text
    assert "largest rise, middle (K)" in text


def test_a_pulse_starts_from_the_last_state_of_its_level(ran):
    level = files.read_dataset(ran.folder / "results/levels/stairs/3.nc", "trace")
    path = ran.folder / "results/transitions/stairs/3/1.500/0.6000.nc"
    trace = files.read_dataset(path, "trace")
    last, first = level["magnetization"].values[-1], trace["magnetization"].values[0]
    placed = level["magnetization"].values[0]
    assert np.nanmax(np.abs(last - placed)) > 0.1  # it relaxed
    assert np.nanmax(np.abs(first - last)) < 1e-6
    assert trace["wall_bottom"].values[0] == pytest.approx(
        level["wall_bottom"].values[-1], rel=1e-6, abs=0
    )
    assert trace.attrs["pulse_end"] == pytest.approx(1.5e-9, rel=1e-9, abs=0)


def test_a_run_tells_beforehand_how_much_it_simulates(ran):
    """Three levels of 3 ns, and 12 pulses of 1.5 ns with as much relaxation."""
    assert "15 simulations of this target are not there yet: at most 63 ns, about " in ran.told


def test_each_pulse_counts_with_its_own_duration_and_current():
    """Each start relaxes for up to 3 ns, as does the wall after each pulse."""
    work = plan.transition_work(plan.Requested(config.parse(led(durations=[0.8e-9, 1.5e-9]))))
    assert {count for count, _ in work} == {1}
    starts, pulses = ([each for _, each in part] for part in (work[:3], work[3:]))
    assert [each.path for each in starts] == [f"results/levels/stairs/{k}.nc" for k in (1, 2, 3)]
    assert [each.longest for each in starts] == [3e-9] * 3
    assert len(pulses) == 3 * 2 * 4
    for each in pulses:
        *_, duration, name = each.path.split("/")
        assert each.longest == pytest.approx(float(duration) * 1e-9 + 3e-9, rel=1e-9, abs=0)
        density = float(name.removesuffix(".nc")) * 1e12
        assert each.computes.strongest == pytest.approx(density, rel=1e-9, abs=0)


def test_transitions_are_a_target_of_their_own(finished):
    assert finished.planned("transitions") == {}
    assert "device_transitions" not in finished.planned()


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("transitions.stairs.durations", [0.8e-9, 1.5e-9], PULSES),
        (
            "transitions.stairs.current_densities",
            [0.6e12, 1.05e12, 1.6e12],
            PULSES | {"trace": 6},
        ),
        (
            "transitions.stairs.starts",
            ["notch 1", "between 1 and 2", "notch 2", "notch 3"],
            {"level": 1, "trace": 4, **GATHERED},
        ),
        ("devices.stairs.relaxation.longest", 4e-9, ALL),
        # the sweep has other pulses, and the detector sees no states
        ("devices.stairs.pulse.duration", 0.7e-9, {}),
        ("devices.stairs.detector.stop", 280e-9, {}),
        ("figures", {"font_size": 7.0}, {"transition_report": 1}),
        ("heavy_metal", {"preset": "pt"}, {"transition_report": 1}),
    ],
)
def test_a_change_plans_what_depends_on_it(finished, path, value, expected):
    data = copy.deepcopy(DATA)
    *parents, last = path.split(".")
    block = data
    for key in parents:
        block = block.setdefault(key, {})
    block[last] = value
    finished.configure(data)
    assert of_transitions(finished.planned("transitions")) == expected


def test_a_removed_duration_is_no_longer_asked_for(finished):
    data = copy.deepcopy(DATA)
    assert plan.not_asked_for(config.parse(data), finished.folder) == []
    data["transitions"]["stairs"]["starts"] = ["notch 1", "notch 2"]
    left = plan.not_asked_for(config.parse(data), finished.folder)
    results = [path for path in left if path.split("/")[1] not in ("logs", "benchmarks")]
    pulses = [f"results/transitions/stairs/3/1.500/{j}0.nc" for j in ("0.600", "1.050")]
    pulses += [path.replace("0/", "0/-") for path in pulses]
    assert results == sorted(["results/levels/stairs/3.nc", *pulses])


def test_each_device_has_its_own_pulses():
    data = copy.deepcopy(DATA)
    data["transitions"]["stairs"] |= {"durations": [0.25e-9, 1.5e-9], "starts": None}
    data["devices"]["steps"] = {"like": "stairs", "material": {"damping": 0.4}}
    data["transitions"]["steps"] = {
        "durations": [0.8e-9],
        "current_densities": [0.9e12],
        "starts": ["notch 2"],
    }
    campaign = config.parse(data)
    place = "results/transitions/steps/2/0.800"
    assert {*requests.transitions(campaign, "steps")} == {
        f"{place}/{current}.nc" for current in ("-0.9000", "0.9000")
    }
    found = requests.of_transitions(campaign)
    assert len(found) == 2 + 7 * 2 * 4
    notches = {"1": 40e-9, "2": 180e-9, "3": 320e-9}
    for path, request in found.items():
        _, _, device, state, duration, current = path.removesuffix(".nc").split("/")
        lower, _, upper = state.partition("-")
        told = request.computes
        assert told.material.damping == {"stairs": 0.5, "steps": 0.4}[device]
        placed = (told.placement.bottom, told.placement.top)
        pulse = (told.pulse_duration, told.current_density)
        assert placed == pytest.approx((notches[lower], notches[upper or lower]), rel=1e-9, abs=0)
        given = (float(duration) * 1e-9, float(current) * 1e12)
        assert pulse == pytest.approx(given, rel=1e-9, abs=0)
        assert request.after == (f"results/levels/{device}/{state}.nc",)
