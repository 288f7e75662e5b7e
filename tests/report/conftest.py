"""Gathered devices for the figures, with the walls of the tests of `wallnet.studies.devices`."""

import pytest
from helpers.walls import NEURON, SYNAPSE, SYNAPSE_ENDS, Bench, campaign, neuron_ends


def _bench(root, name, section, ends):
    bench = Bench(root, name, campaign(d=section).devices["d"])
    bench.write_all(ends)
    bench.gather()
    return bench


@pytest.fixture(scope="session")
def neuron(tmp_path_factory):
    return _bench(tmp_path_factory.mktemp("neuron"), "neuron", NEURON, neuron_ends)


@pytest.fixture(scope="session")
def synapse(tmp_path_factory):
    ends = SYNAPSE_ENDS.__getitem__
    return _bench(tmp_path_factory.mktemp("synapse"), "synapse-3", SYNAPSE, ends)


@pytest.fixture(scope="session")
def track(tmp_path_factory):
    section = NEURON | {"kind": "track"}
    return _bench(tmp_path_factory.mktemp("track"), "track", section, neuron_ends)
