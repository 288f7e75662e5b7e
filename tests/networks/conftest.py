import io
from contextlib import redirect_stdout

import pytest
from synthetic import write_images, write_neuron, write_synapse

from wallnet.config import parse, read_yaml
from wallnet.config.networks import DataSet, FreeTraining, Networks, Recipe, Training


@pytest.fixture(scope="session")
def networks():
    """A small campaign of networks on a small data set."""
    training = {"epochs": 2, "batch_size": 16, "learning_rate": 5e-3}
    recipe = Recipe(
        fp32=FreeTraining(**training),
        fine_tuned=Training(**training),
        on_levels=Training(**training),
    )
    return Networks(
        datasets=("blots",),
        own_datasets={"blots": DataSet(folder="Blots/raw", classes=("a", "b", "c", "d"))},
        hidden_neurons=12,
        synapses=("synapse",),
        recipes={"plain": recipe},
        seeds=(3,),
    )


@pytest.fixture(scope="session")
def place(tmp_path_factory, networks):
    """A folder with the images, what `wallnet data` wrote, a neuron and a synapse."""
    from wallnet.jobs import data_job
    from wallnet.networks import data

    folder = tmp_path_factory.mktemp("networks")
    write_images(folder / "data/Blots/raw")
    with redirect_stdout(io.StringIO()):
        data.provide(data_job(networks, "blots"), folder / "data", folder / "blots.json")
    write_neuron(folder / "neuron.json")
    write_synapse(folder / "synapse.json", 6)
    return folder


@pytest.fixture
def images(place):
    from wallnet.networks import data

    return data.load(place / "blots.json", place / "data")


@pytest.fixture(scope="session")
def default_campaign():
    """The configuration of the repository."""
    from pathlib import Path

    path = Path(__file__).parents[2] / "config.yaml"
    return parse(read_yaml(path))
