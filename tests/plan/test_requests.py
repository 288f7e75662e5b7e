"""The requests of a campaign by their paths: one for each result that is computed of devices."""

import dataclasses
import re
import subprocess
import sys
from functools import partial

import pytest
from helpers.calibration import CANDIDATE, searched
from helpers.depinning import ASKED
from helpers.intervals import bisected
from helpers.small_campaign import ROOT, TINY
from helpers.transitions import led
from helpers.windows import windowed
from studies.results import pulsed

from wallnet import files, jobs, plan
from wallnet.config import ConfigError
from wallnet.jobs.request import KINDS
from wallnet.plan.listing import checks, everything
from wallnet.plan.requests import Requested, of_study, pattern_of
from wallnet.studies import STUDIES, Question


def with_every_kind():
    """Return a campaign with requests of every kind, and with every study."""
    data = bisected() | {"transitions": led()["transitions"]}
    data["operating_windows"] = windowed()["operating_windows"]
    data["depinning"] = {"stairs": ASKED}
    data["barriers"] = {"temperature": 310.0}
    data["thermal"] = {"warm": {"device": "stairs", "current_densities": [0.9e12]}}
    data["devices"] |= {name: {**TINY["devices"][name]} for name in ("neuron", "synapse")}
    pulse = {"current_density": 0.7e12, "duration": 1e-9}
    data["pulse_trains"] = {"once": {"device": "synapse", "pulses": [pulse]}}
    data |= {key: searched()[key] for key in ("reference", "calibration")}
    cases = {"quick": {"device": "neuron"}, "pinned": {"device": "synapse"}}
    cases = {name: case | {"current_density": 0.4e12} for name, case in cases.items()}
    data["crosscheck"] = {"engines": {"cases": cases}}
    return data


def kinds_of(path):
    """Return the kinds of requests, and so the rules, whose pattern matches a path."""
    return [kind for kind in KINDS if re.fullmatch(f"results/({pattern_of(kind)})\\.nc", path)]


@pytest.fixture
def campaign_with_rounds(tmp_path, monkeypatch):
    """Return that campaign in an empty folder, with a finished round of each kind."""
    monkeypatch.chdir(tmp_path)
    for path, content in {
        "calibration/paper": {"asked": [CANDIDATE]},
        "depinning/stairs": {"asked": [["single-notch", 2, 1.75e12], ["notch", 3, 1.125e12]]},
        "intervals/stairs": {"asked": [0.9e12]},
    }.items():
        files.write_json(content, f"results/{path}/round-1.json")
    return plan.parse(with_every_kind())


def test_every_request_has_the_path_and_the_rule_of_its_kind(campaign_with_rounds):
    requested = Requested(campaign_with_rounds)
    assert {request.kind for request in requested.values()} == set(KINDS)
    assert len(requested) == len({*requested})
    for path, request in requested.items():
        assert request.path == path
        assert kinds_of(path) == [request.kind]
    folders = {path.split("/")[1] for path in requested}
    assert {name for name, subjects in campaign_with_rounds.studies.items() if subjects} < folders


def test_every_result_of_a_kind_that_targets_ask_for_has_a_request(campaign_with_rounds):
    """Also where a result starts from one that no device of the target has by itself."""
    requested = Requested(campaign_with_rounds)
    listed = {*everything(campaign_with_rounds), *checks(campaign_with_rounds)}
    assert {*of_study("devices", campaign_with_rounds)} < listed
    computed = [requested[path] for path in listed if kinds_of(path)]
    assert len(computed) > 50
    for source in {path for request in computed for path in request.after}:
        assert requested[source].path == source


@pytest.mark.parametrize(
    "path",
    [
        "results/traces/neuron/0.4500.nc",
        "results/levels/neuron/1.nc",
        "results/operating_windows/three/as-configured/1.500/0.9500.nc",
        "results/other/neuron.nc",
    ],
)
def test_a_path_that_is_not_asked_for_is_a_sentence(campaign_with_rounds, path):
    sentence = f"{path} is not asked for; add its device and its pulse to config.yaml, or name"
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        Requested(campaign_with_rounds)[path]


def test_snakemake_says_it_too(campaign):
    refused = campaign.snakemake("--dry-run", "results/traces/neuron/0.4500.nc", check=False)
    assert refused.returncode
    said = refused.stdout + refused.stderr
    assert "results/traces/neuron/0.4500.nc is not asked for; add its device" in said
    assert "Traceback" not in said


def test_what_a_later_round_asks_for_is_found_once_the_round_is_there(campaign_with_rounds):
    requested = Requested(campaign_with_rounds)
    later = "results/intervals/stairs/0.7500.nc"
    assert "results/intervals/stairs/0.9000.nc" in requested
    assert later not in [*requested]
    files.write_json({"asked": [0.75e12]}, "results/intervals/stairs/round-2.json")
    request = requested[later]
    assert (request.kind, request.after) == ("run", ("results/initial/stairs.nc",))
    assert request.computes.current_density == pytest.approx(0.75e12, rel=1e-9, abs=0)


def test_what_another_study_asks_for_is_found_without_listing_its_owner_again(monkeypatch):
    """A study of 10^5 runs on samples asks for the paths of each sample."""
    data = with_every_kind()
    data["devices"]["stairs"] |= {
        "kind": "synapse",
        "disorder": {"notches": {}},
        "temperature": {"ambient": 300.0},
    }
    pulses = {"device": "stairs", "current_densities": [1e12], "samples": 2}
    pulses["variants"] = {"warm": {"temperature": {"ambient": 300.0}}}
    data["thermal"] = {"warm": pulses}
    data["barriers"] = {"devices": ["stairs"], "attempt_frequencies": [1e9, 1e10]}
    requested = Requested(plan.parse(data))
    paths = [path for path in requested if path.startswith("results/samples/2/barriers")]
    owner, lists = requested.of_study("barriers"), []
    assert paths
    assert not owner.keys() & {*paths}
    monkeypatch.setattr(Requested, "_list", lambda _, study: lists.append(study) or {})
    assert [requested[path].path for path in paths] == paths
    assert not lists


def test_requests_are_made_once_for_each_state_of_the_rounds(campaign_with_rounds, monkeypatch):
    """Snakemake calls the functions of a rule some ten times."""
    calls, requests_of = [], Question.requests_of
    monkeypatch.setattr(Question, "requests_of", lambda *a: calls.append(a) or requests_of(*a))
    requested, study = Requested(campaign_with_rounds), STUDIES["intervals"]
    finished = requested.of_subject(study, "stairs")
    assert requested.of_subject(study, "stairs") is finished
    first = requested.of_subject(study, "stairs", 0)
    pulses, every = ([r.path for r in pulsed(some)] for some in (first, finished))
    assert pulses == every[: len(pulses)] != every
    files.write_json({"asked": [0.75e12]}, "results/intervals/stairs/round-2.json")
    again = requested.of_subject(study, "stairs", 1)
    assert [request.path for request in again] == [request.path for request in finished]
    assert len(requested.of_subject(study, "stairs")) == len(finished) + 1
    assert len(calls) == 3


def test_requests_load_no_package_beyond_those_that_read_the_configuration():
    """Every job of a scheduler makes them."""
    program = (
        "import sys; from wallnet import plan; from wallnet.plan.requests import Requested; "
        "campaign = plan.load('config.yaml'); "
        "before = {*sys.modules}; requests = [*Requested(campaign).values()]; "
        "[(request.starts, request.computes.to_json()) for request in requests[::50]]; "
        "print(len(requests), *{name.split('.')[0] for name in {*sys.modules} - before})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    count, *loaded = done.stdout.split()
    assert int(count) > 500
    assert {*loaded} <= {"wallnet", *sys.stdlib_module_names}


def test_two_requests_of_one_path_have_to_be_the_same(monkeypatch):
    """A study can ask for the pulses of a sweep, but not for others at their paths."""
    campaign = plan.parse(bisected())
    Requested(campaign).check()
    study = STUDIES["intervals"]
    requests = study.requests

    def other(campaign, name, settings, so_far):
        request, *_ = requests(campaign, name, settings, so_far)
        device = campaign.simulated[name]
        made = partial(jobs.pulse_job, device, 0.61e12)
        return [dataclasses.replace(request, make=made)]

    monkeypatch.setattr(study, "requests", other)
    with pytest.raises(ConfigError, match=r"0\.6000\.nc is asked for twice, with other parameters"):
        Requested(campaign).check()
