import io
from contextlib import redirect_stdout

import pytest
from helpers.synthetic import write_images, write_neuron, write_synapse


@pytest.fixture(scope="session")
def place(tmp_path_factory, networks):
    """Return a folder with the images, the record of `wallnet data`, a neuron and a synapse."""
    from wallnet.jobs.networks import data_job
    from wallnet.networks import fetching

    folder = tmp_path_factory.mktemp("networks")
    write_images(folder / "data/Blots/raw")
    with redirect_stdout(io.StringIO()):
        fetching.provide(data_job(networks, "blots"), folder / "data", folder / "blots.json")
    write_neuron(folder / "neuron.json")
    write_synapse(folder / "synapse.json", 6)
    return folder


@pytest.fixture
def images(place):
    from wallnet.networks import images

    return images.load(place / "blots.json", place / "data")


@pytest.fixture(scope="session")
def results(networks, place, tmp_path_factory):
    """Return all stages of a network as (metrics, checkpoint path); tests must not change them."""
    from helpers.training import every_stage

    from wallnet import files
    from wallnet.networks import images

    folder = tmp_path_factory.mktemp("stages")
    images = images.load(place / "blots.json", place / "data")
    written = every_stage(networks, images, place, folder)
    return {stage: (files.read_json(m), c) for stage, (m, c) in written.items()}


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a data set of 20 and 10 images."""
    write_images(tmp_path / "Tiny/raw", training=20, test=10)
    return tmp_path
