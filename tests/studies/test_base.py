"""What all studies have in common: requests by path, rounds, datasets, tables and messages."""

import contextlib
import json
import shutil
from pathlib import Path

import pytest
from helpers.calibration import CANDIDATE
from helpers.messages import one_problem
from helpers.studies import DATA
from helpers.windows import WINDOW
from PIL import Image

from studies.results import (
    gather,
    shown,
    write_block,
    write_blocks,
    write_mapped_train,
    write_minima,
    write_path,
    write_starts,
    write_trace,
    write_train,
)
from wallnet import files, plan, revisions
from wallnet.cli import main
from wallnet.files import schema
from wallnet.files.plain import canonical
from wallnet.jobs.request import runs_of, where
from wallnet.plan.listing import finished_targets
from wallnet.plan.requests import Requested
from wallnet.studies import QUESTIONS, STUDIES, gather_job

TRAIN = DATA["pulse_trains"]["climb"]
SUBJECTS = {name: next(iter(subjects)) for name, subjects in plan.parse(DATA).studies.items()}

each_study = pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)


@pytest.fixture
def campaign(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    candidates = [CANDIDATE, CANDIDATE | {"damping": 0.3}]
    files.write_json({"asked": candidates}, STUDIES["calibration"].round_path("paper", 1))
    return plan.parse(DATA)


def requested(study, campaign):
    return study.requests_of(campaign, SUBJECTS[study.name])


@each_study
def test_pulses_of_all_studies_have_what_comes_with_their_current(study, tmp_path, monkeypatch):
    """Of a metal with notches and an Oersted field; a wall that relaxes has no current."""
    monkeypatch.chdir(tmp_path)
    data = DATA | {"heavy_metal": {"cut": True, "oersted": True}}
    # OOMMF has no metal with notches
    calculators = ["film", "wallnet.simulate.embedded:Embedded"]
    data["crosscheck"] = {"engines": DATA["crosscheck"]["engines"] | {"calculators": calculators}}
    campaign = plan.parse(data)
    for request in requested(study, campaign):
        job = request.computes.plain()
        if any("current_density" in step for step in job.get("steps", ())):
            notched = "notches" in job["track"]
            assert ("oersted" in job, "crowding" in job) == (True, notched), request.path


def simulated(study, campaign):
    """Write what the study gathers: walls that stay where they are, and the energies of paths."""
    gathered = []
    for request in requested(study, campaign):
        if request.kind == "run":
            if study.name == "pulse_trains":
                write_mapped_train(request, [40e-9, 100e-9, 180e-9, 180e-9])
            elif request.parts and request.parts[0].conditions.replica:
                write_block(request, [("notch 1", 40.0, "")] * 8)
            else:
                for part in request.parts or (request,):
                    if part.computes.recorded != "ends":
                        write_trace(part, 40e-9, 40e-9, wall_time=2.0)
                    else:
                        write_train(part, [("notch 1", 40, 40, -1), ("notch 1", 40, 40, 1)])
                write_blocks([request])
        elif request.kind == "minima":
            # trains may have written some that name their states
            if not Path(request.path).exists():
                write_minima(request)
        elif request.kind == "barrier":
            write_path(request, [0.0, 2e-19, 1e-19])
        else:
            continue
        gathered.append(request)
    return gathered


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """Return a function that puts what a study gathers, written once, into this folder."""
    written = {}

    def copied(study, campaign):
        if study.name not in written:
            folder = tmp_path_factory.mktemp(study.name)
            shutil.copytree(".", folder, dirs_exist_ok=True)
            with contextlib.chdir(folder):
                written[study.name] = folder, simulated(study, campaign)
        folder, gathered = written[study.name]
        shutil.copytree(folder, ".", dirs_exist_ok=True)
        return gathered

    return copied


def stored(request):
    """Return the kind of the file of a request."""
    return "run" if request.kind == "initial" else request.kind


def change(request, make):
    """Apply a function to the dataset of a result."""
    kind = stored(request)
    files.write_dataset(make(files.read_dataset(request.path, kind)), request.path, kind, {})


@each_study
def test_each_path_is_that_of_its_own_request(study, campaign):
    all_requests, requests = Requested(campaign), requested(study, campaign)
    assert len({request.path for request in requests}) == len(requests)
    digests = [all_requests[request.path].digest for request in requests]
    assert digests == [request.digest for request in requests]
    # paths of another study bring its minima, which can be those of this study's runs
    inside = [r.kind == "minima" and r.path.split("/")[1] == study.name for r in requests]
    assert len({*zip(digests, inside, strict=True)}) == len(digests)


@each_study
def test_a_dataset_names_its_parameters_and_all_that_simulated_it(study, campaign, examples):
    gathered = examples(study, campaign)
    change(gathered[-1], lambda data: data.assign_attrs(revision=9))
    kinds = {request.path: stored(request) for request in gathered}
    origins = [files.read_dataset(path, kind).attrs for path, kind in kinds.items()]
    subject = SUBJECTS[study.name]
    attrs = gather(study, campaign, subject, requested(study, campaign)).attrs
    settings = study.subjects(campaign)[subject]
    expected = {
        "study": study.name,
        "subject": subject,
        "settings": json.loads(settings.model_dump_json(exclude_none=True)),
    }
    if about := study.about(campaign, subject, settings):
        expected["about"] = about.plain()
    assert json.loads(attrs["parameters"]) == expected
    assert attrs["subject"] == subject
    assert attrs.get("device") == (subject if study.of_device else None)
    # a sensitivity only checks the walls at rest, which are the first
    first = next(
        run
        for run in runs_of(gathered)
        if study.name != "sensitivity" or run.conditions.duration != 0
    )
    assert attrs["simulation"] == first.computes.to_json()
    for key in ("backend", "revision"):
        assert attrs[f"simulation_{key}"] == ", ".join(
            sorted({str(source[key]) for source in origins})
        )
    assert attrs["revision"] == revisions.of(study.name)
    # minima and paths have no pulses
    pulses = [files.read_dataset(path, kind) for path, kind in kinds.items() if kind == "run"]
    kelvin = {f"{dataset.attrs.get('temperature', 0):g} K" for dataset in pulses}
    assert attrs.get("simulation_temperature", "") == ", ".join(sorted(kelvin))


def of_another_pulse(own):
    own.get("steps", [own])[-1]["current_density"] = 1e10


def of_another_material(own):
    own.get("shared", own)["material"]["exchange_stiffness"] *= 1 + 1e-4


@each_study
@pytest.mark.parametrize(
    ("foreign", "minima"),
    [(of_another_pulse, False), (of_another_material, False), (of_another_material, True)],
)
def test_a_result_of_another_simulation_is_refused(study, campaign, examples, foreign, minima):
    """Also if they are the minima by which states are named."""
    gathered = examples(study, campaign)
    *_, last = (request for request in gathered if (request.kind == "minima") is minima)
    own = json.loads(last.computes.to_json())
    foreign(own)
    change(last, lambda data: data.assign_attrs(parameters=canonical(own)))
    wrong = f"wallnet: {last.path} is not of the simulation that {study.name} asks for; delete it "
    with pytest.raises(SystemExit, match=f"^{wrong}and run snakemake$"):
        gather(study, campaign, SUBJECTS[study.name], requested(study, campaign))
    assert not Path(study.path(SUBJECTS[study.name])).exists()


@pytest.mark.parametrize("name", ["thermal", "operating_windows"])
def test_a_result_that_is_not_read_is_checked_and_named(name, campaign, examples):
    """Initial states are starts of pulses alone; one of another revision made the dataset, too."""
    study = STUDIES[name]
    examples(study, campaign)
    requests, subject = requested(study, campaign), SUBJECTS[name]
    write_starts(requests)
    start, *_ = where(requests, "initial")
    change(start, lambda data: data.assign_attrs(revision=8))
    attrs = gather(study, campaign, subject, requests).attrs
    assert "8" in attrs["simulation_revision"].split(", ")
    change(start, lambda data: data.assign_attrs(parameters=requests[1].computes.to_json()))
    with pytest.raises(SystemExit, match=f"{start.path} is not of the simulation that {name} asks"):
        gather(study, campaign, subject, requests)


@each_study
def test_no_two_requests_have_the_same_conditions(study, campaign, examples):
    """By these their results are found; initial states and minima are not looked for so."""
    examples(study, campaign)
    seen = [
        (request.kind, request.conditions.stated())
        for request in runs_of(requested(study, campaign))
        if request.kind not in ("initial", "minima")
    ]
    assert [one for index, one in enumerate(seen) if one in seen[:index]] == []


@each_study
def test_a_dataset_is_shown_as_tables_and_as_a_figure(study, campaign, examples, tmp_path):
    examples(study, campaign)
    subject = SUBJECTS[study.name]
    data = gather(study, campaign, subject, requested(study, campaign))
    rows, _ = shown(study, data, tmp_path)
    assert rows
    title = study.title.format(subject=subject)
    assert f"<title>{title}</title>" in (tmp_path / "table.html").read_text()
    kelvin = {"barriers": "", "thermal": " at 0 K, 300 K"}.get(study.name, " at 0 K")
    assert (tmp_path / "table.md").read_text().startswith(f"## {subject}{kelvin}: ")
    with Image.open(tmp_path / "figure.png") as picture:
        assert picture.text["Title"] == title
        made_by = json.loads(picture.text["Description"])
    for key in ("parameters", "simulation", "revision"):
        assert made_by[key] == str(data.attrs[key])
    assert "<svg" in (tmp_path / "figure.svg").read_text()


@pytest.mark.parametrize(
    ("key", "block"),
    [
        ("pulse_trains.climb.device", {"pulse_trains": {"climb": TRAIN | {"device": "stair"}}}),
        (
            "operating_windows.three.device",
            {"operating_windows": {"three": WINDOW | {"device": "stair"}}},
        ),
        ("intervals.stair", {"intervals": {"stair": {}}}),
        ("transitions.stair", {"transitions": {"stair": DATA["transitions"]["stairs"]}}),
        ("depinning.stair", {"depinning": {"stair": {}}}),
        (
            "crosscheck.b.cases.a.device",
            {"crosscheck": {"b": {"cases": {"a": {"device": "stair", "current_density": 1e12}}}}},
        ),
    ],
)
def test_a_missing_device_is_named(key, block):
    hint = "not a simulated device (did you mean stairs?); use one of stairs, cut, rough"
    assert one_problem(DATA | block) == f"config.yaml: {key} names 'stair', which is {hint}"


@pytest.mark.parametrize("key", [name for name, study in STUDIES.items() if not study.shared])
def test_subjects_have_names(key):
    sentence = f"{key} is a list, not a block of keys; indent its keys below it"
    assert one_problem(DATA | {key: [{}]}) == f"config.yaml: {sentence}"


def test_what_a_finished_round_asked_for_belongs_to_its_study(campaign):
    study = STUDIES["intervals"]
    pulses = ["results/intervals/stairs/0.9000.nc", "results/intervals/stairs/1.0500.nc"]
    for number, density in enumerate((0.9e12, 1.05e12), start=1):
        files.write_json({"asked": [density]}, study.round_path("stairs", number))
    for path in study.results(campaign):
        if not Path(path).exists():
            files.write_text("", path)
    assert set(pulses) < set(finished_targets(campaign, "")["intervals"])
    Path(pulses[0]).unlink()
    assert "intervals" not in finished_targets(campaign, "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"study": "widnows"},
            f"--job names the study 'widnows'; use one of {', '.join(QUESTIONS)}",
        ),
        ({"settings": {"resolution": 0.1}}, "--job is not a valid set of settings of intervals"),
        ({"requests": []}, "--job has no requests of intervals; plan it again"),
    ],
)
def test_a_job_that_no_study_made_is_one_sentence(campaign, tmp_path, changes, words):
    study = STUDIES["intervals"]
    job = gather_job(study, campaign, "stairs", requested(study, campaign)).model_dump(mode="json")
    text = json.dumps(job | changes)
    with pytest.raises(SystemExit, match=words):
        main(["gather", "--job", text, "--out", str(tmp_path / "out.nc")])
    assert not (tmp_path / "out.nc").exists()


def test_states_of_a_track_with_notches_need_its_minima(campaign, examples):
    study = STUDIES["intervals"]
    examples(study, campaign)
    job = gather_job(study, campaign, "stairs", requested(study, campaign)).model_dump(mode="json")
    for request in job["requests"]:
        request["shared"]["states"] = ""
    words = "--job has no minima for results/traces/stairs/0.6000.nc; plan it again"
    with pytest.raises(SystemExit, match=words):
        main(["gather", "--job", json.dumps(job), "--out", "out.nc"])


def test_a_study_changes_no_variable_of_other_files():
    """Its variables take the place of those of the same name; `bound` had two meanings once."""
    table = Path(schema.__file__).with_name("variables.csv")
    own = schema.variables_of(table)
    for variables in own.values():
        for name, variable in variables.items():
            present = schema.VARIABLES[name]
            assert (name, present.values) == (name, variable.values)
            assert (name, present.dimensions) == (name, variable.dimensions)
