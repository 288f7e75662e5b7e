import subprocess
import sys

import pytest
from helpers.small_campaign import ROOT
from helpers.synthetic import one_sentence

from wallnet import cli, config
from wallnet.config.networks import DataSet
from wallnet.jobs import DataJob, TrainingJob
from wallnet.jobs.networks import (
    continuing_job,
    interpretation_job,
    mapping_job,
    training_job,
)
from wallnet.networks import commands, fetching, images, stages, studies

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


@pytest.mark.parametrize(
    ("model", "imported"),
    [
        ({"model": "dense"}, []),
        ({"model": "own:Model", "model_code": "digest"}, ["matplotlib", "scipy", "torchvision"]),
    ],
)
def test_a_job_imports_what_its_metrics_need_and_all_for_a_model_of_the_user(model, imported):
    """What Lightning and torchmetrics import for images and sounds is a third of a job's start."""
    job = TrainingJob.model_validate({**TRAINING, **model}).to_json()
    program = (
        "import sys; from wallnet.networks import commands; from wallnet.jobs import TrainingJob;"
        f"commands._import_lean(TrainingJob.from_json({job!r}));"
        "from wallnet.networks import stages; from torchmetrics import Accuracy;"
        "print(*[name for name in ('matplotlib', 'scipy', 'torchvision') if name in sys.modules]);"
        "from lightning_utilities.core.imports import RequirementCache, package_available;"
        "print(bool(RequirementCache('scipy')), package_available('scipy'))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout.splitlines() == [" ".join(imported), "True True"], told.stderr


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
RESULTS = ["--networks", "networks"]
MAPPING = mapping_job(NETWORKS, "mnist", "synapse-5", "series", 2)
READING = interpretation_job(NETWORKS, "mnist", 2)


@pytest.mark.parametrize(
    ("module", "function", "job", "words", "given"),
    [
        (
            *(stages, "train", training_job(NETWORKS, "mnist", "plain", 2)),
            ["train", *SAMPLES, *RESULTS, "--neuron", "neuron.json"],
            ["neuron.json", "networks"],
        ),
        (
            *(stages, "train_on", continuing_job(NETWORKS, "mnist", "tuned", 2)),
            ["continue", *SAMPLES, *RESULTS, "--start", "best.ckpt"],
            ["best.ckpt", "networks"],
        ),
        (
            *(stages, "put_on_levels", MAPPING),
            ["map", *SAMPLES, *RESULTS, "--synapse", "synapse.json"],
            ["synapse.json", "networks"],
        ),
        (
            *(studies, "compare", MAPPING),
            [
                "compare-mappings",
                *SAMPLES,
                *RESULTS,
                "--synapse",
                "synapse.json",
                "--out",
                "o.json",
            ],
            ["synapse.json", "networks", "o.json"],
        ),
        (
            *(studies, "interpret", READING),
            [
                *("interpret", *SAMPLES, "--neuron", "neuron.json"),
                *("--weights", "w.npz", "--out", "o.json"),
            ],
            ["neuron.json", "o.json", "w.npz"],
        ),
        (
            *(studies, "fine_tune", READING),
            [
                *("interpret", *SAMPLES, "--neuron", "neuron.json", "--fine-tune", "chosen.json"),
                *("--weights", "w.npz", "--out", "o.json"),
            ],
            ["neuron.json", "w.npz", "chosen.json", "o.json"],
        ),
    ],
    ids=["train", "continue", "map", "compare-mappings", "interpret", "fine-tune"],
)
def test_a_command_hands_its_job_and_files_to_its_function(
    monkeypatch, module, function, job, words, given
):
    called = []
    monkeypatch.setattr(images, "load", lambda record, folder: ["images of", record, folder])
    monkeypatch.setattr(module, function, lambda *arguments: called.append(arguments))
    command, *options = words
    cli.main([command, "--job", job.to_json(), *options])
    assert called == [(job, ["images of", "mnist.json", "images"], *given)]
    for needed in ("--job", "--data", "--data-folder"):
        place = options.index(needed) if needed in options else None
        left = options if place is None else options[:place] + options[place + 2 :]
        start = [command] if needed == "--job" else [command, "--job", job.to_json()]
        with pytest.raises(SystemExit) as caught:
            cli.main([*start, *left])
        assert caught.value.code == 2
