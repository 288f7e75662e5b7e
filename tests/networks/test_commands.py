import pytest
from helpers.small_campaign import ROOT
from helpers.synthetic import one_sentence

from wallnet import cli, config
from wallnet.config.networks import DataSet
from wallnet.jobs import DataJob, TrainingJob
from wallnet.jobs.networks import (
    interpretation_job,
    mapping_job,
)
from wallnet.networks import commands, fetching, images, studies

JOB = DataJob(name="tiny", dataset=DataSet(folder="Tiny/raw", classes=("a", "b"))).to_json()


@pytest.mark.parametrize(
    ("text", "expected"), [("", ()), ("npm,torchvision", ("npm", "torchvision"))]
)
def test_the_command_takes_a_list_of_sources(monkeypatch, text, expected):
    given = []
    monkeypatch.setattr(fetching, "provide", lambda *arguments: given.append(arguments))
    command = ["data", "--job", JOB, "--data-folder", "data", "--out", "tiny.json"]
    cli.main([*command, "--sources", text])
    cli.main(command)
    assert [arguments[3] for arguments in given] == [expected, ("torchvision",)]


def test_the_command_names_an_unknown_source():
    command = ["data", "--job", JOB, "--data-folder", "data", "--out", "tiny.json"]
    with pytest.raises(SystemExit) as caught:
        cli.main([*command, "--sources", "npm,pip"])
    one_sentence(
        caught, "wallnet: --sources names 'pip', which is unknown; use torchvision, npm or debian"
    )


TRAINING = {
    **{"dataset": "tiny", "recipe": "plain", "seed": 3, "validation_fraction": 0.1, "threads": 1},
    **{"hidden_neurons": 4, "input_range": 10.0, "neuron_reading": "parallel"},
    "fp32": {"epochs": 1, "batch_size": 16, "learning_rate": 1e-3},
}


def test_a_job_on_levels_imports_all_for_a_model_of_the_user(monkeypatch):
    from unittest import mock

    patched = []
    monkeypatch.setattr(mock, "patch", mock.Mock(object=lambda *given: patched.append(given)))
    network = TrainingJob.model_validate({**TRAINING, "model": "own:Model", "model_code": "digest"})
    job = MAPPING.model_copy(update={"networks": (*MAPPING.networks, network)})
    commands._import_lean(job)
    assert patched == []


NETWORKS = config.load(ROOT / "config.yaml").networks
SAMPLES = ["--data", "mnist.json", "--data-folder", "images"]

MAPPING = mapping_job(NETWORKS, "mnist", "synapse-5", "series", 2)
READING = interpretation_job(NETWORKS, "mnist", 2)


@pytest.mark.parametrize(
    ("function", "job", "words", "given"),
    [
        (
            *("compare", MAPPING),
            [
                "compare-mappings",
                *SAMPLES,
                "--networks",
                "networks",
                "--synapse",
                "synapse.json",
                "--out",
                "o.json",
            ],
            ["synapse.json", "networks", "o.json"],
        ),
        (
            *("interpret", READING),
            [
                *("interpret", *SAMPLES, "--neuron", "neuron.json"),
                *("--weights", "w.npz", "--out", "o.json"),
            ],
            ["neuron.json", "o.json", "w.npz"],
        ),
        (
            *("fine_tune", READING),
            [
                *("interpret", *SAMPLES, "--neuron", "neuron.json", "--fine-tune", "chosen.json"),
                *("--weights", "w.npz", "--out", "o.json"),
            ],
            ["neuron.json", "w.npz", "chosen.json", "o.json"],
        ),
    ],
    ids=["compare-mappings", "interpret", "fine-tune"],
)
def test_a_command_of_a_study_hands_its_job_and_files_to_its_function(
    monkeypatch, function, job, words, given
):
    called = []
    monkeypatch.setattr(images, "load", lambda record, folder: ["images of", record, folder])
    monkeypatch.setattr(studies, function, lambda *arguments: called.append(arguments))
    command, *options = words
    cli.main([command, "--job", job.to_json(), *options])
    assert called == [(job, ["images of", "mnist.json", "images"], *given)]
