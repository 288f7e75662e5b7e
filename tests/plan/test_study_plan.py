"""Planned jobs of the studies of mappings, `mappings` and `table-ii`; nothing is computed."""

import json
from collections import Counter

import pytest
from helpers.planned import planned_jobs
from helpers.small_campaign import Campaign, with_networks
from helpers.synthetic import write_neuron, write_synapse

from wallnet import config, files
from wallnet.jobs.networks import InterpretationJob, comparison_job, interpretation_job
from wallnet.plan.clean import not_asked_for
from wallnet.plan.listing import (
    checks,
    everything,
    interpretation_files,
    mapping_files,
    validation_files,
)

pytestmark = pytest.mark.campaign

TARGETS = ("all", "mappings", "table-ii")
STUDIES = {
    "mappings": {"compare_mappings", "mapping_table"},
    "table-ii": {
        *("interpret", "choose_interpretations", "fine_tune_interpretations"),
        "interpretation_table",
    },
}


def campaign(**changes):
    """Return a campaign with the paper's data sets and one of its own."""
    data = with_networks()
    data["networks"] |= {
        "datasets": ["mnist", "blots", "fashion-mnist"],
        "compared": ["layer", "signed-extended"],
        "interpretations": {"epochs": [1, 2], "levels": [4, 6], "seeds": [5, 9], "fine_tuned": 3},
        "threads": 2,
    }
    data["networks"]["interpretations"] |= changes.pop("interpretations", {})
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
    """Return the jobs after more was asked for: a seed, a mapping and combinations to fine-tune."""
    data = campaign(
        compared=["layer", "signed-extended", "row"],
        interpretations={"seeds": [5, 9, 11], "fine_tuned": 4},
    )
    return planned(tmp_path_factory.mktemp("after"), data)


def of_rule(planned, name):
    return [job for job in planned if job["rule"] == name]


def test_each_study_has_a_job_for_every_data_set_and_seed_that_it_needs(before):
    """`table-ii` has the paper's data sets alone, and seeds of its own."""
    counts = Counter(job["rule"] for job in before)
    rules = set().union(*STUDIES.values())
    assert {rule: counts[rule] for rule in rules} == {
        "compare_mappings": 3 * 2,  # one synapse in two readings, one seed
        "mapping_table": 1,
        "interpret": 2 * 2,
        "choose_interpretations": 1,
        "fine_tune_interpretations": 2 * 2,
        "interpretation_table": 1,
    }
    places = [
        (job["wildcards"]["dataset"], job["wildcards"]["seed"])
        for job in before
        if job["rule"] == "interpret"
    ]
    assert sorted(places) == [(d, s) for d in ("fashion-mnist", "mnist") for s in ("5", "9")]


def test_neither_study_is_part_of_all_and_each_target_has_its_own_files(before):
    asked = {job["rule"]: set(job["input"]) for job in before if job["rule"] in TARGETS}
    made = {
        name: {path for job in before if job["rule"] in rules for path in job["output"]}
        for name, rules in STUDIES.items()
    }
    assert {name: asked[name] for name in STUDIES} == made
    assert not asked["all"] & set().union(*made.values())


def test_the_plan_has_the_files_of_the_rules(before):
    """`wallnet clean` keeps what the plan has."""
    found = config.parse(campaign())
    made = {path for job in before for path in job["output"]}
    beside = {*validation_files(found)}
    assert {*everything(found), *checks(found)} - beside == made


def expected_input(job):
    wildcards = job["wildcards"]
    data = "results/data/{dataset}.json"
    neuron, result = "results/compact_models/neuron.json", "results/table-ii/{dataset}/seed-{seed}"
    every = [(d, s) for d in ("mnist", "fashion-mnist") for s in (5, 9)]
    results = [f"results/table-ii/{d}/seed-{s}.json" for d, s in every]
    return {
        "interpret": [data.format(**wildcards), neuron],
        "choose_interpretations": results,
        "fine_tune_interpretations": [
            *(data.format(**wildcards), neuron, f"{result.format(**wildcards)}.ckpt"),
            "results/table-ii/chosen.json",
        ],
        "interpretation_table": [
            *results,
            *(path.replace(".json", "-fine-tuned.json") for path in results),
        ],
    }[job["rule"]]


def test_a_reading_of_table_ii_waits_for_all_that_it_is_made_of(before):
    """Only the age of the neuron's model does not count; its activation is a parameter."""
    for name in STUDIES["table-ii"]:
        for job in of_rule(before, name):
            # a format cannot fill places that a job does not have
            job["wildcards"] = {"dataset": "", "seed": "", **job["wildcards"]}
            assert job["input"] == expected_input(job), job["output"]
            neuron = "results/compact_models/neuron.json"
            assert job["ancient"] == [path for path in job["input"] if path == neuron]
            if neuron in job["input"]:
                curve = [[0.0, 1.0], [[0.0, 1.3, -0.4, 0.2, -0.1]]]
                assert json.loads(job["params"]["activation"]) == [curve, ""]
                assert (job["threads"], job["resources"]) == (2, [1500, 60])


def behind(option, job):
    """Return the words after an option in a job's command."""
    words = job["command"].split()
    first = words.index(option) + 1
    last = next(k for k in range(first, len(words)) if words[k].startswith(("--", ">")))
    return words[first:last]


def test_files_stand_behind_the_options_that_they_belong_to(before):
    for job in of_rule(before, "interpret"):
        stem = "results/table-ii/{dataset}/seed-{seed}".format(**job["wildcards"])
        assert behind("--out", job) == [f"{stem}.json"]
        assert behind("--weights", job) == [f"{stem}.ckpt"]
        assert "--fine-tune" not in job["command"]
    for job in of_rule(before, "fine_tune_interpretations"):
        stem = "results/table-ii/{dataset}/seed-{seed}".format(**job["wildcards"])
        assert behind("--out", job) == [f"{stem}-fine-tuned.json"]
        assert behind("--weights", job) == [f"{stem}.ckpt"]
        assert behind("--fine-tune", job) == ["results/table-ii/chosen.json"]
    (chosen,) = of_rule(before, "choose_interpretations")
    assert behind("--most", chosen) == ["3"]
    (table,) = of_rule(before, "interpretation_table")
    assert table["input"] == behind("--results", table) + behind("--fine-tuned", table)
    assert all(path.endswith("-fine-tuned.json") for path in behind("--fine-tuned", table))
    assert behind("--csv", table) == ["results/tables/table-ii.csv"]


def test_jobs_have_the_revision_of_their_code(before):
    from wallnet import revisions

    trained = {"compare_mappings", "interpret", "fine_tune_interpretations"}
    for name in set().union(*STUDIES.values()):
        stage = "networks" if name in trained else "report"
        assert {job["params"]["revision"] for job in of_rule(before, name)} == {revisions.of(stage)}


def identity(job):
    """Return what decides whether Snakemake runs a finished job again."""
    keys = ("rule", "wildcards", "params", "input", "output", "template")
    return json.dumps({key: job[key] for key in keys}, sort_keys=True)


def test_more_of_a_study_plans_only_what_is_new(before, after):
    """Another seed and more to fine-tune leave finished trainings as they are.

    Another mapping compares anew, and trains no network again.
    """
    known = set(map(identity, before))
    new = [job for job in after if identity(job) not in known]
    counts = Counter(job["rule"] for job in new if job["rule"] not in TARGETS)
    assert counts == {
        "interpret": 2,
        "fine_tune_interpretations": 2,
        "choose_interpretations": 1,
        "interpretation_table": 1,
        "compare_mappings": 6,
    }
    assert {job["wildcards"]["seed"] for job in new if job["rule"] == "interpret"} == {"11"}


def test_a_campaign_that_lacks_what_a_study_needs_says_so_in_one_sentence(tmp_path):
    """Otherwise Snakemake would have nothing to do, and say nothing."""
    here = Campaign(tmp_path)
    here.configure(campaign(datasets=["mnist"], compared=[]))
    for name, told in {
        "table-ii": "name mnist and fashion-mnist in networks.datasets, and a neuron",
        "mappings": "fill networks.recipes, networks.synapses and networks.compared",
    }.items():
        refused = here.snakemake("--dry-run", name, check=False)
        assert refused.returncode == 1
        said = refused.stdout + refused.stderr
        assert said.count(told) == 1
        assert f"the target {name} " in said
        assert "Traceback" not in said


# Without Snakemake


def test_a_study_without_what_it_needs_has_no_files():
    full = config.parse(campaign())
    assert mapping_files(full)
    assert interpretation_files(full)
    for changes in ({"compared": []}, {"synapses": []}):
        assert mapping_files(config.parse(campaign(**changes))) == []
    for changes in ({"datasets": ["blots", "mnist"]}, {"datasets": ["fashion-mnist"]}):
        assert interpretation_files(config.parse(campaign(**changes))) == []
    # a measured neuron will do
    bought = campaign(neuron="bought")
    bought["devices"]["bought"] = {"kind": "measured", "activation": "curve.csv"}
    assert interpretation_files(config.parse(bought)) == interpretation_files(full)
    without = campaign(recipes={})
    assert mapping_files(config.parse(without)) == []
    without["devices"].pop("neuron")
    assert interpretation_files(config.parse(without)) == []


def test_clean_keeps_the_files_of_the_studies_and_lists_those_of_others(tmp_path):
    found = config.parse(campaign())
    kept = [*mapping_files(found), *interpretation_files(found)]
    kept += [of(path) for path in kept for of in (files.log_of, files.benchmark_of)]
    gone = [
        "results/logs/table-ii/mnist/seed-4.log",
        "results/mappings/mnist/synapse/series/seed-4.json",
        "results/table-ii/blots/seed-5.json",
        "results/table-ii/mnist/seed-4.ckpt",
    ]
    for name in {*kept, *gone, "results/mappings/mnist/synapse/series/.seed-3/notes"}:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert "results/logs/table-ii/chosen.log" in kept
    listed = not_asked_for(found, tmp_path)
    assert [path for path in listed if "/.seed-3/" not in path] == gone


def test_one_reading_job_has_only_what_concerns_it():
    """A job knows its own seed and no other, and no shift of other data sets."""
    training = {"epochs": 2, "learning_rate": 1e-3, "shift": {"mnist": 1, "blots": 2}}
    networks = config.parse(campaign(interpretations={"training": training})).networks
    told = interpretation_job(networks, "mnist", "9")
    assert (told.dataset, told.seed, told.threads) == ("mnist", 9, 2)
    assert told.interpretations.seeds == (9,)
    assert told.interpretations.training.shift == {"mnist": 1}
    assert told.interpretations.epochs == (1, 2)
    assert InterpretationJob.from_json(told.to_json()) == told


def test_a_comparison_ignores_the_mappings_of_the_campaign():
    data = campaign(mappings=["row", "layer"])
    data["networks"]["recipes"]["plain"]["on_levels"]["mappings"] = ["row"]
    networks = config.parse(data).networks
    told = comparison_job(networks, "mnist", "synapse", "series", "3")
    stages = {one.mapping: one.stages for one in told.networks}
    assert stages == dict.fromkeys(("layer", "signed-extended"), ("quantized", "on_levels"))
    assert all(one.fine_tuned is None for one in told.networks)
    # without training on levels only the quantised networks are compared
    del data["networks"]["recipes"]["plain"]["on_levels"]
    networks = config.parse(data).networks
    told = comparison_job(networks, "mnist", "synapse", "series", "3")
    assert {one.stages for one in told.networks} == {("quantized",)}
