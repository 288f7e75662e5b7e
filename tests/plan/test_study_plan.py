"""Planned jobs of the comparison of mappings; nothing is computed."""

import json
from collections import Counter

import pytest
from helpers.planned import planned_jobs
from helpers.small_campaign import Campaign, with_networks
from helpers.synthetic import write_neuron, write_synapse

from wallnet import config, files
from wallnet.jobs.film import check
from wallnet.plan.commands import not_asked_for
from wallnet.plan.listing import checks, everything, mapping_files, validation_files

pytestmark = pytest.mark.campaign

TARGETS = ("all", "figures", "mappings")
RULES = {"compare_mappings": "networks", "mapping_table": "report"}
"""Rules of the target, with the stage of their code."""


def campaign(**changes):
    """Return a campaign with the paper's data sets and one of its own."""
    data = with_networks()
    data["networks"] |= {
        "datasets": ["mnist", "blots", "fashion-mnist"],
        "compared": ["layer", "signed-extended"],
        "threads": 2,
    }
    data["networks"] |= changes
    return data


def planned(folder, data):
    Campaign(folder).configure(data)
    write_neuron(folder / "results/compact_models/neuron.json")
    write_synapse(folder / "results/compact_models/synapse.json", 4)
    return planned_jobs(folder, TARGETS)


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    return planned(tmp_path_factory.mktemp("before"), campaign())


@pytest.fixture(scope="module")
def after(tmp_path_factory):
    """Return the jobs after another mapping was asked for."""
    data = campaign(compared=["layer", "signed-extended", "row"])
    return planned(tmp_path_factory.mktemp("after"), data)


def of_rule(planned, name):
    return [job for job in planned if job["rule"] == name]


def test_there_is_a_job_for_every_data_set_synapse_and_seed(before):
    counts = Counter(job["rule"] for job in before)
    # one synapse in two readings, one seed
    assert {rule: counts[rule] for rule in RULES} == {"compare_mappings": 3 * 2, "mapping_table": 1}


def test_the_target_has_its_own_files_and_all_has_none_of_them(before):
    inputs = {job["rule"]: set(job["input"]) for job in before if job["rule"] in TARGETS}
    made = {path for job in before if job["rule"] in RULES for path in job["output"]}
    assert inputs["mappings"] == made
    assert not inputs["all"] & made


def test_the_plan_has_the_files_of_the_rules(before):
    """`wallnet clean` keeps what the plan has."""
    parsed = config.parse(campaign(), check)
    made = {path for job in before for path in job["output"]}
    beside = {*validation_files(parsed)}
    assert {*everything(parsed), *checks(parsed)} - beside == made


def test_jobs_have_the_revision_of_their_code(before):
    from wallnet import revisions

    for name, stage in RULES.items():
        for job in of_rule(before, name):
            assert job["params"]["revision"] in (revisions.of(stage), [revisions.of(stage)])


def identity(job):
    """Return what decides whether Snakemake runs a finished job again."""
    keys = ("rule", "wildcards", "params", "input", "output", "template")
    return json.dumps({key: job[key] for key in keys}, sort_keys=True)


def test_another_mapping_compares_anew_and_trains_no_network_again(before, after):
    identities = set(map(identity, before))
    new = [job for job in after if identity(job) not in identities]
    counts = Counter(job["rule"] for job in new if job["rule"] not in TARGETS)
    assert counts == {"compare_mappings": 6}


def test_a_campaign_without_what_is_compared_says_so_in_one_sentence(tmp_path):
    """Otherwise Snakemake would have nothing to do, and say nothing."""
    here = Campaign(tmp_path)
    here.configure(campaign(datasets=["mnist"], compared=[]))
    refused = here.snakemake("--dry-run", "mappings", check=False)
    assert refused.returncode == 1
    said = refused.stdout + refused.stderr
    assert said.count("fill networks.recipes, networks.synapses and networks.compared") == 1
    assert "the target mappings " in said
    assert "Traceback" not in said


# Without Snakemake


def test_nothing_is_compared_without_what_it_needs():
    assert mapping_files(config.parse(campaign(), check))
    for changes in ({"compared": []}, {"synapses": []}, {"recipes": {}}):
        assert mapping_files(config.parse(campaign(**changes), check)) == []


def test_clean_keeps_the_files_of_the_comparison_and_lists_those_of_others(tmp_path):
    parsed = config.parse(campaign(), check)
    kept = mapping_files(parsed)
    kept += [path_of(path) for path in kept for path_of in (files.log_of, files.benchmark_of)]
    gone = [
        "results/logs/table-ii/mnist/seed-4.log",
        "results/mappings/mnist/synapse/series/seed-4.json",
        # of earlier versions
        "results/table-ii/mnist/seed-4.ckpt",
    ]
    for name in {*kept, *gone, "results/mappings/mnist/synapse/series/.seed-3/notes"}:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    listed = not_asked_for(parsed, tmp_path)
    assert [path for path in listed if "/.seed-3/" not in path] == gone
