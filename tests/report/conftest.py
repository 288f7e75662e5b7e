"""Gathered devices with exactly known walls."""

import pytest
from helpers.walls import gathered


@pytest.fixture(scope="session")
def neuron(tmp_path_factory):
    return gathered(tmp_path_factory.mktemp("neuron"), "neuron")


@pytest.fixture(scope="session")
def synapse(tmp_path_factory):
    return gathered(tmp_path_factory.mktemp("synapse"), "synapse")


@pytest.fixture(scope="session")
def track(tmp_path_factory):
    return gathered(tmp_path_factory.mktemp("track"), "track")
