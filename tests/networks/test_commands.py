import subprocess
import sys

import pytest
from helpers.synthetic import one_sentence

from wallnet import cli
from wallnet.config.networks import DataSet
from wallnet.jobs import DataJob, TrainingJob
from wallnet.networks import fetching

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
