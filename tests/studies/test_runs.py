"""All studies run by Snakemake on a small track, and the jobs that a change of a key plans."""

import copy

import numpy as np
import pytest
from helpers.intervals import bisected
from helpers.small_campaign import Campaign
from helpers.windows import windowed

from wallnet import files, plan
from wallnet.studies import STUDIES

pytestmark = pytest.mark.campaign

VARIANTS = {"alpha-0.5": {}, "alpha-0.4": {"material": {"damping": 0.4}}}
ASKED = {"current_densities": [0.9e12, 1.05e12], "durations": [1.5e-9], "variants": VARIANTS}
SHORT = {
    "device": "stairs",
    "current_density": 1.3e12,
    "changes": {"pulse": {"duration": 0.1e-9}, "relaxation": {"longest": 0.0}},
}
DEPINNING = {"current_densities": [0.6e12, 1.8e12], "resolution": 0.6e12, "duration": 0.8e-9}
DATA = bisected(resolution=0.15e12) | {
    "windows": windowed(**ASKED)["windows"],
    "depinning": {"stairs": DEPINNING},
    "crosscheck": {
        "engines": {"calculators": ["film", "wallnet.film:TimeDriver"], "cases": {"short": SHORT}}
    },
}
SHOWN = {
    "windows": "three-map",
    "intervals": "stairs-edges",
    "depinning": "stairs-thresholds",
    "crosscheck": "engines-traces",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return the campaign with its studies, run as a user runs it, and what it told."""
    made = Campaign(tmp_path_factory.mktemp("studies"))
    made.configure(DATA)
    made.told = made.snakemake(*STUDIES).stderr
    return made


@pytest.fixture
def finished(ran, tmp_path):
    """Return a copy of that campaign, which a test may change."""
    return ran.copied(tmp_path / "campaign")


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_has_tables_and_a_figure(ran, study):
    figure = SHOWN[study]
    names = (f"tables/{study}/{figure.split('-')[0]}", f"figures/{study}/{figure}")
    suffixes = (".csv", ".md", ".html", ".png", ".pdf")
    paths = [ran.folder / f"results/{name}{suffix}" for name in names for suffix in suffixes]
    assert {path.suffix for path in paths if path.is_file()} == set(suffixes)


def test_walls_do_what_the_engine_computes(ran):
    window = files.read_dataset(ran.folder / "results/windows/three.nc", "window")
    assert window["window_outcome"].values[0].tolist() == [["sticks", "works"]]
    path = "results/windows/three/alpha-0.5/1.500/1.0500.nc"
    train = files.read_dataset(ran.folder / path, "train")
    notches = (1, 2, 3, 3, 2, 1, 1)
    assert train["pulse_state"].values.tolist() == [f"notch {each}" for each in notches]
    places = {1: 40, 2: 180, 3: 320}
    positions = train["pulse_wall_position"].values * 1e9
    # the end notches pull the wall by 2.6 nm to the middle
    np.testing.assert_allclose(positions, [places[each] for each in notches], atol=4)
    data = files.read_dataset(ran.folder / "results/intervals/stairs.nc", "intervals")
    # the sweep has 0.6 and 1.2, the rounds 0.9 and then 1.05e12 A/m²
    np.testing.assert_allclose(data["current_density"].values / 1e12, [0.6, 0.9, 1.05, 1.2])
    assert data["state"].values.tolist() == ["notch 1", "notch 1", "notch 2", "notch 2"]
    assert data["interval_low"].values[1] == pytest.approx(0.975e12, rel=1e-9, abs=0)
    assert window["variant"].values.tolist() == list(VARIANTS)
    found = files.read_dataset(ran.folder / "results/depinning/stairs.nc", "depinning")
    low, high = found["threshold_low"], found["threshold_high"]
    assert np.isfinite(high).sum() >= 4
    assert float((high - low).max()) <= 0.6e12 * (1 + 1e-9)
    both = files.read_dataset(ran.folder / "results/crosscheck/engines.nc", "crosscheck")
    assert 0 < both["m_deviation"].item() < 1e-4
    assert both["wall_top_deviation"].item() < 0.1e-9


def test_a_run_tells_beforehand_how_much_it_simulates_at_most(ran, finished):
    """Four trains of 6 · (1.5 + 2.5) ns and two initial states of 1 ns each.

    Then two pulses of the sweep and one in each of two rounds, of 1.5 + 3 ns each.
    """
    assert "6 simulations of this target are not there yet: at most 98 ns, about " in ran.told
    assert "4 simulations of this target are not there yet: at most 18 ns, about " in ran.told
    shown = finished.snakemake("windows", "--dry-run")
    assert "All simulations of this target are there." in shown.stdout + shown.stderr


def test_a_study_is_a_target_of_its_own(finished):
    assert finished.planned(*STUDIES) == {}
    for study, figure in SHOWN.items():
        (finished.folder / f"results/{study}/{figure.split('-')[0]}.nc").unlink()
    planned = finished.planned()
    assert planned
    assert not {f"gather_{study}" for study in STUDIES} & {*planned}


TRAINS = {"pulse_train": 4, "gather_windows": 1, "show_windows": 1}
BOTH = {"trace": 2, "gather_crosscheck": 1, "show_crosscheck": 1}
WALLS = {"round": 1, "gather_depinning": 1, "show_depinning": 1}
ROUNDS = WALLS | {"round": 2 + 1, "trace": 4, "gather_intervals": 1, "show_intervals": 1}


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("windows/three/pause", 3e-9, TRAINS),
        ("windows/three/tail", {"share": 0.5, "duration": 1e-9}, TRAINS),
        ("windows/three/durations", [1.2e-9, 1.5e-9], TRAINS),
        # one of the two variants
        (
            "windows/three/variants/alpha-0.4/material/damping",
            0.3,
            TRAINS | {"initial": 1, "pulse_train": 2},
        ),
        (
            "devices/stairs/material/dmi_constant",
            0.9e-3,
            # walls rest at three notches of two tracks; four of them have a threshold
            TRAINS | ROUNDS | BOTH | {"initial": 3, "level": 3 + 3, "trace": 4 + 2 * 6 + 4 + 2},
        ),
        ("crosscheck/engines/cases/short/changes/material", {"damping": 0.4}, BOTH),
        # only the pulses of the sweep, and those between them
        ("devices/stairs/pulse/duration", 1.6e-9, ROUNDS),
        ("depinning/stairs/duration", 0.9e-9, WALLS | {"trace": 2 * 6 + 4}),
        # the detector does not see the states
        ("devices/stairs/detector/stop", 280e-9, {}),
        # a coarser one simulates nothing
        (
            "intervals/stairs/resolution",
            0.3e12,
            {"round": 1, "gather_intervals": 1, "show_intervals": 1},
        ),
        ("figures/font_size", 7.0, {f"show_{study}": 1 for study in STUDIES}),
    ],
)
def test_a_change_plans_what_depends_on_it(finished, path, value, expected):
    data = copy.deepcopy(DATA)
    block = data
    *parents, last = path.split("/")
    for key in parents:
        block = block.setdefault(key, {})
    block[last] = value
    finished.configure(data)
    planned = finished.planned(*STUDIES)
    assert {rule: count for rule, count in planned.items() if rule not in STUDIES} == expected


def test_a_bisection_goes_on_after_the_pulses_that_are_there(finished):
    """The later round and its pulse are missing, as after a run that was killed."""
    folder = finished.folder / "results/intervals"
    for path in ("stairs/1.0500.nc", "stairs/round-2.json", "stairs.nc"):
        (folder / path).unlink()
    before = (folder / "stairs/0.9000.nc").stat().st_mtime_ns
    finished.snakemake("intervals")
    assert (folder / "stairs/0.9000.nc").stat().st_mtime_ns == before
    data = files.read_dataset(folder / "stairs.nc", "intervals")
    assert data["state"].values.tolist() == ["notch 1", "notch 1", "notch 2", "notch 2"]


def test_what_is_no_longer_asked_for_is_found(finished):
    data = copy.deepcopy(DATA)
    assert plan.not_asked_for(plan.parse(data), finished.folder) == []
    del data["windows"]["three"]["variants"]["alpha-0.4"]
    data["intervals"]["stairs"]["resolution"] = 0.3e12
    left = plan.not_asked_for(plan.parse(data), finished.folder)
    train, bisection = "windows/three/alpha-0.4", "intervals/stairs"
    names = [f"{bisection}/1.0500", f"{train}/1.500/0.9000", f"{train}/1.500/1.0500"]
    names.append(f"{train}/initial")
    results = {f"results/{name}.nc" for name in names}
    assert {*left} == {
        *results,
        *(of(path) for path in results for of in (files.log_of, files.benchmark_of)),
        f"results/{bisection}/round-2.json",
        f"results/logs/{bisection}/round-2.log",
        f"results/benchmarks/{bisection}/round-2.tsv",
    }


@pytest.mark.parametrize(
    ("study", "subject"),
    [
        ("windows", "an operating window"),
        ("intervals", "a device"),
        ("depinning", "a device"),
        ("crosscheck", "a cross-check"),
    ],
)
def test_a_study_without_subjects_says_so(campaign, study, subject):
    result = campaign.snakemake(study, "--dry-run", check=False)
    assert result.returncode != 0
    sentence = f"the target {study} has nothing to run; add {subject} under {study}"
    assert sentence in result.stdout + result.stderr
