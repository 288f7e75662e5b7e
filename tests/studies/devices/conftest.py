"""A neuron and a synapse, gathered from exactly known walls."""

import pytest
from helpers.walls import NEURON, SYNAPSE, SYNAPSE_ENDS, Bench, campaign, neuron_ends


@pytest.fixture(scope="session")
def written_neuron(tmp_path_factory):
    bench = Bench(tmp_path_factory.mktemp("neuron"), "neuron", campaign(n=NEURON).devices["n"])
    bench.write_all(neuron_ends)
    return bench


@pytest.fixture(scope="session")
def written_synapse(tmp_path_factory):
    device = campaign(s=SYNAPSE).devices["s"]
    bench = Bench(tmp_path_factory.mktemp("synapse"), "synapse-3", device)
    bench.write_all(SYNAPSE_ENDS.__getitem__)
    return bench


@pytest.fixture
def neuron(written_neuron, tmp_path):
    """Return a neuron whose files a test may change."""
    return written_neuron.copied(tmp_path)


@pytest.fixture
def synapse(written_synapse, tmp_path):
    """Return a synapse whose files a test may change."""
    return written_synapse.copied(tmp_path)
