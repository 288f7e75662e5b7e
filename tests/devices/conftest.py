"""A neuron and a synapse of exactly known walls."""

import pytest
from helpers.walls import written


@pytest.fixture(scope="session")
def written_neuron(tmp_path_factory):
    return written(tmp_path_factory.mktemp("neuron"), "neuron")


@pytest.fixture(scope="session")
def written_synapse(tmp_path_factory):
    return written(tmp_path_factory.mktemp("synapse"), "synapse")


@pytest.fixture
def neuron(written_neuron, tmp_path):
    """Return a neuron whose files a test may change."""
    return written_neuron.copied(tmp_path)


@pytest.fixture
def synapse(written_synapse, tmp_path):
    """Return a synapse whose files a test may change."""
    return written_synapse.copied(tmp_path)
