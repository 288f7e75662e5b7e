"""All studies run by Snakemake on a small track, and the jobs that a change of a key plans."""

import ast
import copy
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from helpers import studies as examples
from helpers.planned import planned_jobs
from helpers.small_campaign import Campaign, jobs_in
from helpers.transitions import led
from helpers.windows import windowed

from studies.results import gather
from wallnet import api, files, plan
from wallnet.api import studies
from wallnet.plan.commands import not_asked_for
from wallnet.plan.requests import Requested
from wallnet.studies import STUDIES

pytestmark = [pytest.mark.campaign, pytest.mark.usefixtures("forked_calls")]

VARIANTS = {"alpha-0.5": {}, "alpha-0.4": {"material": {"damping": 0.4}}}
ASKED = {"current_densities": [0.9e12, 1.05e12], "durations": [1.5e-9], "variants": VARIANTS}
PULSE = {"current_density": 1.05e12, "duration": 1.5e-9, "pause": 2.5e-9}
CLIMB = [PULSE | {"repetitions": 2}, PULSE | {"current_density": -1.05e12}]
SHORT = {
    "device": "stairs",
    "current_density": 1.3e12,
    "changes": {"pulse": {"duration": 0.1e-9}, "relaxation": {"longest": 0.0}},
}
DEPINNING = {"current_densities": [0.6e12, 1.8e12], "resolution": 0.6e12, "duration": 0.8e-9}
DATA = examples.DATA | {
    "pulse_trains": {"climb": {"device": "stairs", "pulses": CLIMB}},
    "operating_windows": windowed(**ASKED)["operating_windows"],
    "transitions": led(current_densities=[1.05e12])["transitions"],
    "depinning": {"stairs": DEPINNING},
    "crosscheck": {
        "engines": {"calculators": ["film", "helpers.fine:Fine"], "cases": {"short": SHORT}}
    },
    # fonts make a PDF slower than an SVG
    "figures": {"resolution": 72, "vector_format": "svg"},
}
SHOWN = {
    "pulse_trains": "climb-response",
    "sweeps": "rough-samples",
    "operating_windows": "three-map",
    "transitions": "stairs-map",
    "thermal": "cut-map",
    "intervals": "stairs-edges",
    "depinning": "stairs-thresholds",
    "sensitivity": "cut-tornado",
    "calibration": "paper-misfit",
    "barriers": "cut-energy",
    "crosscheck": "engines-traces",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return the campaign with its studies, run as a user runs it, and what it told."""
    made = Campaign(tmp_path_factory.mktemp("studies"))
    made.configure(DATA)
    made.told = made.snakemake(*STUDIES).stderr
    return made


@pytest.fixture(scope="module")
def again(ran):
    """Return what a dry run of that campaign prints."""
    return ran.snakemake("--dry-run", *STUDIES).stdout


@pytest.fixture
def finished(ran, tmp_path):
    """Return a copy of that campaign, which a test may change."""
    return ran.copied(tmp_path / "campaign")


@pytest.fixture(scope="module")
def planning(ran, tmp_path_factory):
    """Return a copy of which tests change the configuration alone."""
    return ran.copied(tmp_path_factory.mktemp("planning") / "campaign")


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_has_tables_and_a_figure(ran, study):
    figure = SHOWN[study]
    names = (f"tables/{study}/{figure.split('-')[0]}", f"figures/{study}/{figure}")
    suffixes = (".csv", ".md", ".html", ".png", ".svg")
    paths = [ran.folder / f"results/{name}{suffix}" for name in names for suffix in suffixes]
    assert {path.suffix for path in paths if path.is_file()} == set(suffixes)


def test_walls_do_what_the_engine_computes(ran):
    path = ran.folder / "results/operating_windows/three.nc"
    window = files.read_dataset(path, "operating_window")
    assert window["window_outcome"].values[0].tolist() == [["sticks", "works"]]
    place = ran.folder / "results/operating_windows/three/alpha-0.5"
    train = files.read_dataset(place / "1.500/runs.nc", "run", row=1)
    minima = files.read_dataset(place / "minima.nc", "minima")
    notches = (1, 2, 3, 3, 2, 1, 1)
    assert api.states(train, minima) == [f"notch {notch}" for notch in notches]
    places = {1: 40, 2: 180, 3: 320}
    positions = (train["read_wall_bottom"] + train["read_wall_top"]).values / 2 * 1e9
    # the end notches pull the wall by 2.6 nm to the middle
    np.testing.assert_allclose(positions, [places[notch] for notch in notches], atol=4)
    data = files.read_dataset(ran.folder / "results/intervals/stairs.nc", "intervals")
    # the sweep has 0.6 and 1.2, the rounds 0.9 and then 1.05e12 A/m²
    np.testing.assert_allclose(data["current_density"].values / 1e12, [0.6, 0.9, 1.05, 1.2])
    assert data["state"].values.tolist() == ["notch 1", "notch 1", "notch 2", "notch 2"]
    assert data["interval_low"].values[1] == pytest.approx(0.975e12, rel=1e-9, abs=0)
    assert window["variant"].values.tolist() == list(VARIANTS)
    climb = files.read_dataset(ran.folder / "results/pulse_trains/climb.nc", "response")
    assert climb["pulse_state"].values.tolist() == [f"notch {notch}" for notch in (1, 2, 3, 2)]
    conductance = climb["pulse_conductance"].sel(reading="parallel").values
    # notch 3 is beyond the detector, and a wall at the same notch has the same conductance
    assert conductance.argmax() == 2
    assert conductance[1] == pytest.approx(conductance[3], rel=2e-3, abs=0)
    led_to = files.read_dataset(ran.folder / "results/transitions/stairs.nc", "transitions")
    assert led_to["end_state"].values[:, 0].tolist() == [
        ["notch 1", "notch 2"],
        ["notch 1", "notch 3"],
        ["notch 2", "notch 3"],
    ]
    assert led_to["end_target"].values[0, 0].tolist() == [0, 1]
    barriers = files.read_dataset(ran.folder / "results/barriers/cut.nc", "barriers")
    assert barriers["pair_converged"].values.tolist() == [1, 1]
    # the notch is in the middle of the track, so that both ways out of it are equally high
    back, forward = barriers["pair_backward"].values[0], barriers["pair_forward"].values[1]
    assert back == pytest.approx(forward, rel=1e-3, abs=0)
    depinning = files.read_dataset(ran.folder / "results/depinning/stairs.nc", "depinning")
    low, high = depinning["threshold_low"], depinning["threshold_high"]
    assert np.isfinite(high).sum() >= 4
    assert float((high - low).max()) <= 0.6e12 * (1 + 1e-9)
    both = files.read_dataset(ran.folder / "results/crosscheck/engines.nc", "crosscheck")
    assert 0 < both["m_deviation"].item() < 1e-4
    assert both["wall_top_deviation"].item() < 0.1e-9


def test_samples_of_a_sweep_stand_beside_the_perfect_device(ran):
    results = ran.folder / "results"
    swept = files.read_dataset(results / "sweeps/rough.nc", "sweeps", samples=True)
    perfect, sample = swept["final_wall_position"].values[:, 0]
    assert perfect != sample
    for number, (folder, sample) in enumerate(((".", "."), ("samples/1-8", "samples/1"))):
        trace = files.read_dataset(results / folder / "traces/rough/0.8000.nc", "run", row=0)
        minima = files.read_dataset(results / sample / "minima/rough.nc", "minima")
        assert [swept["state"].values[number, 0]] == api.states(trace, minima)[1:]
    assert len((results / "tables/sweeps/rough.csv").read_text().splitlines()) == 1 + 1
    assert "spread of samples" in (results / "tables/sweeps/rough.md").read_text()


def test_a_pulse_starts_from_the_last_state_of_its_level(ran):
    level = files.read_dataset(ran.folder / "results/levels/stairs/3.nc", "run")
    path = ran.folder / "results/transitions/stairs/3/1.500/1.0500.nc"
    trace = files.read_dataset(path, "run")
    placed, last = (level["magnetization"].values[index] for index in (0, -1))
    assert np.nanmax(np.abs(last - placed)) > 0.1  # it relaxed
    assert np.nanmax(np.abs(trace["magnetization"].values[0] - last)) < 1e-6


def test_a_run_tells_beforehand_how_much_it_simulates_at_most(ran, again):
    """Four trains of 6 · (1.5 + 2.5) ns and two initial states of 1 ns each.

    Two pulses of the sweep and one in each of two rounds, of 1.5 + 3 ns each. Three levels of
    3 ns, and six pulses of 1.5 + 3 ns. Three candidates of at most 0.8 + 1 ns. The wall of the
    other track leaves its notch in two ways.
    """
    assert re.search(r"6 simulations of the target \w+ will run: at most 98 ns, about ", ran.told)
    assert re.search(r"4 simulations of the target \w+ will run: at most 18 ns, about ", ran.told)
    assert re.search(r"3 simulations of the target \w+ will run: at most 5 ns, about ", ran.told)
    assert re.search(r"9 simulations of the target \w+ will run: at most 36 ns, about ", ran.told)
    assert re.search(r"2 paths between minima of the target \w+ will run: about ", ran.told)
    assert len(re.findall(r"All simulations of the target \w+ are there\.", again)) == len(STUDIES)


def test_a_study_is_a_target_of_its_own(again, finished):
    assert jobs_in(again) == {}
    for study, figure in SHOWN.items():
        (finished.folder / f"results/{study}/{figure.split('-')[0]}.nc").unlink()
    usual = {name for name, study in STUDIES.items() if study.usual}
    planned = {*finished.planned()}
    assert {f"gather_{study}" for study in STUDIES} & planned == {f"gather_{n}" for n in usual}


RESPONSE = Counter(gather_pulse_trains=1, show_pulse_trains=1)
CLIMBS = RESPONSE + Counter(run=1)
TRAINS = Counter(gather_operating_windows=1, show_operating_windows=1, run=2)
ROUNDS = Counter(round=2, gather_intervals=1, show_intervals=1, run=4)
TOLD = Counter(gather_transitions=1, show_transitions=1)
MISFITS = Counter(gather_calibration=1, show_calibration=1)
PATHS = Counter(barrier=2, gather_barriers=1, show_barriers=1)
BOTH = Counter(gather_crosscheck=1, show_crosscheck=1, run=2)
HEATED = Counter(gather_thermal=1, show_thermal=1, run=1)
THERMAL = HEATED + Counter(initial=2, run=1 + 1)
WALLS = Counter(round=1, gather_depinning=1, show_depinning=1)
SENSED = Counter(round=1, gather_sensitivity=1, show_sensitivity=1)
SWEPT = Counter(gather_sweeps=1, show_sweeps=1)
SAMPLES = SWEPT + Counter(initial=2, run=2)
"""One pulse on the perfect device and on one sample."""


# keys of studies that share no job are changed together
OF_STUDIES = {
    "pulse_trains/climb/pulses": (CLIMB[:1], CLIMBS),
    "operating_windows/three/pause": (3e-9, TRAINS),
    "transitions/stairs/starts": (
        ["notch 1", "between 1 and 2", "notch 2", "notch 3"],
        TOLD + Counter(run=1 + 2),
    ),
    # the weakest and the strongest pulse on six walls, and those between them
    "depinning/stairs/duration": (0.9e-9, WALLS + Counter(run=2 * 6 + 6)),
    "crosscheck/engines/cases/short/changes/material": ({"damping": 0.4}, BOTH),
    # a coarser one simulates nothing
    "intervals/stairs/resolution": (
        0.3e12,
        Counter(round=1, gather_intervals=1, show_intervals=1),
    ),
    # so do other times at which candidates are read
    "calibration/paper/read_delays": ([0.0, 0.3e-9], MISFITS + Counter(round=2)),
    # another sample leaves those that are there
    "sweeps/rough/samples": (2, SWEPT + Counter(initial=1, minima=1, run=1)),
    # further replicas are a block of their own in each model
    "thermal/cut/replicas": (16, HEATED + Counter(run=1)),
}
FURTHER = {
    # pulses of the durations that are there, of one of the two variants
    "operating_windows/three/variants/alpha-0.4/material/damping": (
        0.3,
        Counter(initial=1, run=1),
    ),
    "operating_windows/three/durations": ([1.2e-9, 1.5e-9], TRAINS),
    "transitions/stairs/durations": ([0.8e-9, 1.5e-9], TOLD + Counter(run=6)),
    "thermal/cut/current_densities": (
        [0.8e12, 0.9e12],
        HEATED + Counter(run=1 + 1),
    ),
}
SHOWS = Counter(f"show_{study}" for study in STUDIES)
READ = {
    # the film at this temperature has minima of its own; thermal loses its lifetimes
    "barriers/temperature": (
        350.0,
        PATHS + Counter(minima=1, gather_thermal=1) - SHOWS,
    ),
    # the detector does not see the states
    "devices/stairs/detector/stop": (280e-9, RESPONSE - SHOWS),
    "figures/font_size": (7.0, SHOWS),
}
# all but the paths
SIMULATED = CLIMBS + TRAINS + ROUNDS + TOLD + THERMAL + MISFITS + BOTH + WALLS
SIMULATED += SENSED + SAMPLES
FILM = {
    "devices/stairs/material/dmi_constant": (
        0.9e-3,
        SIMULATED
        + PATHS
        + Counter(run=2 + 4 + 2)
        # walls rest at three notches of two tracks, each has a threshold; then those of the other
        # study, two pulses on each and those of its round
        + Counter(initial=3, round=1, run=3 + 3 + 9 + 2 * 6 + 6)
        # three devices and a sample, three single notches, three candidates, four other studies
        + Counter(minima=4 + 3 + 3 + 4),
    ),
}
# neither minima nor paths depend on it; a variant and the candidates have their own
DAMPING = {
    "devices/stairs/material/damping": (
        0.45,
        # the sensitivity as configured, which is no longer the upper end of the damping
        SIMULATED
        + Counter(run=2 + 4 + 1)
        + Counter(initial=2, round=2, run=-1 + 3 + 3 + 6 + 2 * 6 + 6),
    ),
}
# other studies have pulses of their own; the first candidate is the configuration
DURATION = {
    "devices/stairs/pulse/duration": (
        1.6e-9,
        ROUNDS + MISFITS + WALLS + SWEPT + Counter(round=2, run=2),
    ),
}
WRITE_ENERGY = {"heavy_metal": ({"preset": "pt"}, RESPONSE + TOLD + HEATED + SWEPT)}


@pytest.mark.parametrize(
    "changes", [OF_STUDIES, FURTHER, READ, FILM, DAMPING, DURATION, WRITE_ENERGY]
)
def test_a_change_plans_what_depends_on_it(planning, changes):
    data = copy.deepcopy(DATA)
    for path, (value, _) in changes.items():
        block = data
        *parents, last = path.split("/")
        for key in parents:
            block = block.setdefault(key, {})
        block[last] = value
    planning.configure(data)
    planned = planning.planned(*STUDIES)
    expected = sum((counts for _, counts in changes.values()), Counter())
    assert {rule: count for rule, count in planned.items() if rule not in STUDIES} == expected


def test_what_is_no_longer_asked_for_is_found(finished):
    data = copy.deepcopy(DATA)
    assert not_asked_for(plan.parse(data), finished.folder) == []
    del data["operating_windows"]["three"]["variants"]["alpha-0.4"]
    data["intervals"]["stairs"]["resolution"] = 0.3e12
    data["calibration"]["paper"]["local_candidates"] = 0
    data["transitions"]["stairs"]["starts"] = ["notch 1", "notch 2"]
    left = not_asked_for(plan.parse(data), finished.folder)
    train, bisection = "operating_windows/three/alpha-0.4", "intervals/stairs"
    names = [f"{bisection}/1.0500", f"{train}/1.500/runs"]
    pulses = [f"transitions/stairs/3/1.500/{sign}1.0500" for sign in ("", "-")]
    candidate = "calibration/paper/2/stairs"
    names += [f"{train}/initial", *pulses, f"{candidate}/1.5000", f"{candidate}/minima"]
    results = {f"results/{name}.nc" for name in names}
    assert {*left} == {
        *results,
        *(path_of(path) for path in results for path_of in (files.log_of, files.benchmark_of)),
        *(
            path.format(f"{study}/round-2")
            for study in (bisection, "calibration/paper")
            for path in ("results/{}.json", "results/logs/{}.log", "results/benchmarks/{}.tsv")
        ),
    }


def test_a_study_without_subjects_says_so(campaign, tiny):
    data = tiny | {"barriers": {"devices": []}}
    assert [name for name, study in STUDIES.items() if study.results(plan.parse(data))] == []
    campaign.configure(data)
    result = campaign.snakemake("barriers", "--dry-run", check=False)
    assert result.returncode != 0
    sentence = "the target barriers has nothing to run; add a synapse to the devices, or to those"
    assert f"{sentence} named under barriers" in result.stdout + result.stderr


def asked(study, folder):
    """Ask a study from Python what the campaign asks, in a folder."""
    definition = STUDIES[study]
    block, subject = DATA[study], SHOWN[study].split("-")[0]
    settings = definition.settings(**(block if definition.shared else block[subject]))
    classes = {"reference": api.Reference, "barriers": api.Barriers}
    sections = [classes[key](**DATA[key]) for key in definition.sections]
    name = subject if subject in DATA["devices"] else getattr(settings, "device", "stairs")
    device, named = plan.parse(DATA).simulated[name], {"name": name, "subject": subject}
    return api.study(settings, device, *sections, **named, folder=folder, progress=False)


def results(folder, study):
    """Return the results in the folder of a study, and when they were made."""
    paths = [path for path in (folder / "results" / study).rglob("[!.]*.*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in paths}


def digests(campaign):
    """Return the digests of all requests of a campaign in this folder, by path."""
    return {path: request.digest for path, request in Requested(campaign).items()}


def test_the_functions_of_the_studies_make_the_files_of_the_workflow(finished, monkeypatch):
    """Each asks Snakemake for its dataset, with a campaign that simulates the same for it."""
    monkeypatch.chdir(finished.folder)
    monkeypatch.setattr(studies, "WORKFLOW", "{data!r}, {targets}")
    snakefiles = []

    def output(command, *_):
        snakefiles.append(Path(command[command.index("--snakefile") + 1]).read_text("utf-8"))

    monkeypatch.setattr(studies, "_failure_text", output)
    campaign = plan.parse(DATA)
    all_digests = digests(campaign)
    for study, definition in STUDIES.items():
        subject = SHOWN[study].split("-")[0]
        path = definition.path(subject)
        theirs = files.read_dataset(path, definition.kind, samples=True)
        assert asked(study, finished.folder).equals(theirs), study
        data, targets = ast.literal_eval(snakefiles.pop())
        own = plan.parse(json.loads(data))
        assert digests(own).items() <= all_digests.items(), study
        first = definition.requests_of(campaign, subject, last=0)
        assert targets == [*(request.path for request in first), path], study
        requests = definition.requests_of(own, subject)
        theirs_asked = definition.requests_of(campaign, subject)
        assert [r.path for r in requests] == [r.path for r in theirs_asked], study
        gather(definition, own, subject, requests)
        made = files.read_dataset(path, definition.kind, samples=True)
        assert made.equals(theirs), study
        assert made.attrs == theirs.attrs, study


def test_a_function_goes_on_after_an_interruption(finished):
    """A round and its pulse are missing, another round and a train are damaged."""
    folder = finished.folder
    before = {study: results(folder, study) for study in STUDIES}
    for path in ("stairs/1.0500.nc", "stairs/round-2.json", "stairs.nc"):
        (folder / "results/intervals" / path).unlink()
    (folder / "results/intervals/stairs/round-1.json").write_text('{"asked": [0.7e12]}')
    train = "results/operating_windows/three/alpha-0.4/1.500/runs.nc"
    (folder / train).write_bytes(b"")
    made = {}
    for study in ("operating_windows", "intervals"):
        asked(study, folder)
        after = results(folder, study)
        assert after.keys() == before[study].keys()
        made[study] = {path for path in after if after[path] != before[study][path]}
    assert made["operating_windows"] == {train, "results/operating_windows/three.nc"}
    names = ("stairs.nc", "stairs/1.0500.nc", "stairs/round-1.json", "stairs/round-2.json")
    assert made["intervals"] == {f"results/intervals/{name}" for name in names}


def test_each_pulse_of_a_train_asks_for_memory(tmp_path):
    data = copy.deepcopy(DATA)
    data["pulse_trains"]["long"] = {"device": "stairs", "pulses": [PULSE | {"repetitions": 200}]}
    Campaign(tmp_path).configure(data)
    jobs = planned_jobs(tmp_path, ["pulse_trains"])
    trains = [job for job in jobs if job["rule"] == "run"]
    assert {job["wildcards"]["result"]: job["resources"] for job in trains} == {
        "pulse_trains/climb/train": [900 + 4 * 3, 45],
        "pulse_trains/long/train": [900 + 4 * 200, 240],
    }
