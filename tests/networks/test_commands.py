import pytest
from helpers.synthetic import one_sentence

from wallnet import cli
from wallnet.config.networks import DataSet
from wallnet.jobs import DataJob
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
