import io
from contextlib import redirect_stdout

import pytest
from helpers.synthetic import write_images, write_neuron, write_synapse


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
