"""A small program run by Snakemake, and the jobs that a change of it plans."""

import copy

import pytest
from helpers.planned import planned_jobs
from helpers.programs import STAIRCASE, staircase
from helpers.small_campaign import Campaign

from wallnet import config, files, plan

pytestmark = pytest.mark.campaign

ALL = {"pulse_train": 1, "response": 1, "program_report": 1}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return the campaign with its program, run as a user runs it."""
    made = Campaign(tmp_path_factory.mktemp("staircase"))
    made.configure(STAIRCASE)
    made.snakemake("programs")
    return made


@pytest.fixture
def finished(ran, tmp_path):
    """Return a copy of that campaign, which a test may change."""
    return ran.copied(tmp_path / "campaign")


def of_programs(planned):
    return {rule: count for rule, count in planned.items() if rule in ALL}


def test_a_program_has_data_tables_and_a_figure(ran):
    names = ("results/tables/programs/up-down", "results/figures/programs/up-down-response")
    suffixes = (".csv", ".md", ".html", ".png", ".pdf")
    found = {s for name in names for s in suffixes if (ran.folder / f"{name}{s}").is_file()}
    assert found == set(suffixes)
    response = files.read_dataset(ran.folder / "results/responses/up-down.nc", "response")
    states = ["notch 1", "notch 2", "notch 3", "notch 4", "notch 3", "notch 2"]
    assert response["pulse_state"].values.tolist() == states
    conductance = response["pulse_conductance"].sel(reading="parallel").values
    # notch 4 is beyond the detector, and a wall at the same notch has the same conductance
    assert conductance.argmax() == 3
    assert conductance[2] == pytest.approx(conductance[4], rel=2e-3, abs=0)
    assert not list((ran.folder / "results/programs").glob(".*unfinished*"))


def test_programs_belong_to_the_whole_campaign(finished):
    assert finished.planned("programs") == {}
    (finished.folder / "results/programs/up-down.nc").unlink()
    assert of_programs(finished.planned()) == ALL


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("programs.up-down.pulses", [STAIRCASE["programs"]["up-down"]["pulses"][0]], ALL),
        ("devices.stairs.material", {"damping": 0.4}, ALL),
        # the detector reads the same walls
        ("devices.stairs.detector.stop", 280e-9, {"response": 1, "program_report": 1}),
        ("devices.stairs.relaxation.hold", 0.3e-9, ALL),
        # the pauses of the program have their own length
        ("devices.stairs.relaxation.longest", 2e-9, {}),
        # the pulses of the sweep are not those of the program
        ("devices.stairs.pulse.duration", 0.7e-9, {}),
        ("figures", {"font_size": 7.0}, {"program_report": 1}),
    ],
)
def test_a_change_plans_what_depends_on_it(finished, path, value, expected):
    data = copy.deepcopy(STAIRCASE)
    *parents, last = path.split(".")
    block = data
    for key in parents:
        block = block.setdefault(key, {})
    block[last] = value
    finished.configure(data)
    assert of_programs(finished.planned("programs")) == expected


def test_each_pulse_asks_for_memory(tmp_path):
    data = copy.deepcopy(STAIRCASE)
    short = data["programs"]["up-down"]["pulses"][0]
    data["programs"]["long"] = {"device": "stairs", "pulses": [{**short, "repetitions": 200}]}
    Campaign(tmp_path).configure(data)
    trains = [job for job in planned_jobs(tmp_path, ["programs"]) if job["rule"] == "pulse_train"]
    assert {job["wildcards"]["result"]: job["resources"] for job in trains} == {
        "programs/up-down": [950 + 4 * (3 + 2), 60],
        "programs/long": [950 + 4 * 200, 60],
    }


def test_one_more_program_plans_only_its_own_jobs(finished):
    data = staircase()
    data["programs"]["once"] = {
        "device": "stairs",
        "pulses": [{**data["programs"]["up-down"]["pulses"][0]}],
    }
    finished.configure(data)
    assert of_programs(finished.planned("programs")) == ALL


def test_a_removed_program_is_no_longer_asked_for(finished):
    data = staircase()
    (finished.folder / "results/programs/.up-down.unfinished").mkdir()
    (finished.folder / "results/programs/.up-down.unfinished/1.nc").write_bytes(b"")
    left = plan.not_asked_for(config.parse(data), finished.folder)
    assert left == []
    del data["programs"]
    left = plan.not_asked_for(config.parse(data), finished.folder)
    results = {path for path in left if path.split("/")[1] not in ("logs", "benchmarks")}
    folders = {path.rpartition("/")[0] for path in results}
    assert folders == {
        *("results/programs", "results/responses"),
        *("results/tables/programs", "results/figures/programs"),
    }
    plan.remove(left, finished.folder)
    assert not (finished.folder / "results/programs").exists()
