"""Fixtures that the whole test suite shares."""

import os

# before NumPy is imported: its threads would compete with the other processes of the tests
os.environ.setdefault("OMP_NUM_THREADS", "1")
# trio's would be imported, and all objects searched for those that refer to its numbers
os.environ.setdefault("HYPOTHESIS_NO_PLUGINS", "1")

import copy
import gc
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
from filelock import FileLock
from helpers import forked
from helpers.slow import LONGEST, SLOW
from helpers.small_campaign import ROOT, TINY, Campaign, with_networks
from helpers.synthetic import write_images

import wallnet.networks  # noqa: F401  chooses PyTorch's kernels before a test imports PyTorch
from wallnet.config.networks import (
    Compensation,
    DataSet,
    FreeTraining,
    LevelTraining,
    Networks,
    OnLevelsTraining,
    Recipe,
)
from wallnet.devices import write_energy
from wallnet.plan import load
from wallnet.tracks import heat_flow

# processes that a test starts run the code next to the tests, not the installed package
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(ROOT / "src"), str(ROOT / "tests"), os.environ.get("PYTHONPATH")])
)


# collections of garbage find nothing among what is imported, and look at all of it each time
gc.disable()


def pytest_collection_finish():
    """Leave what is there now out of later collections of garbage."""
    gc.freeze()
    gc.enable()


def is_slow(path):
    """Return whether a file, or a folder, is one of slow tests."""
    return not SLOW.isdisjoint(path.relative_to(ROOT).parts)


def pytest_ignore_collect(collection_path, config):
    """Spare `make quick` the import of the files that it leaves out."""
    return True if config.option.markexpr == "not slow" and is_slow(collection_path) else None


def pytest_collection_modifyitems(items):
    """Mark the slow tests, and put their files first, so that no process ends long after others."""
    for item in items:
        if is_slow(item.path):
            item.add_marker(pytest.mark.slow)
    order = {ROOT / file: number for number, file in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path, len(order) + (not is_slow(item.path))))


@pytest.fixture(scope="session", autouse=True)
def unsynchronised():
    """Leave files in the cache of the operating system, without waiting for the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def responses_known():
    """Compute what a track's temperature does after a step once for the same step.

    Many tests gather one device, and it is the larger part of that. The tests of `tracks.heat_flow`
    call the function itself.
    """
    responses = {}

    def step_response(time, width, heating, heat_capacity, notched=None):
        time = np.asarray(time, dtype=float)
        key = time.shape, time.tobytes(), width, heating.model_dump_json(), heat_capacity, notched
        if key not in responses:
            responses[key] = heat_flow.step_response(time, width, heating, heat_capacity, notched)
            responses[key].flags.writeable = False
        return responses[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write_energy, "step_response", step_response)
        yield


@pytest.fixture(scope="module")
def forked_calls():
    """Let functions of studies call Snakemake as `Campaign` does."""
    from wallnet.api import studies

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studies, "_failure_text", forked.output)
        yield


@pytest.fixture
def tiny():
    """Return the tiny campaign as plain data, which a test may change."""
    return copy.deepcopy(TINY)


@pytest.fixture
def campaign(tmp_path, tiny):
    """Return the tiny campaign in a folder, without results."""
    made = Campaign(tmp_path)
    made.configure(tiny)
    return made


@contextmanager
def made_once(tmp_path_factory, name):
    """Yield the folder of a campaign, and whether it has to be run.

    The processes of pytest-xdist wait for the first one, which runs it for all of them.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{folder}.lock"):
        new = not folder.exists()
        folder.mkdir(exist_ok=True)
        try:
            yield Campaign(folder), new
        except BaseException:
            shutil.rmtree(folder)
            raise


@pytest.fixture(scope="session")
def finished_devices(tmp_path_factory):
    """Return the tiny campaign, run up to its devices; tests must not change it."""
    with made_once(tmp_path_factory, "finished") as (made, new):
        if new:
            made.configure(TINY)
            made.snakemake("devices")
    return made


@pytest.fixture(scope="session")
def finished_campaign(finished_devices, tmp_path_factory):
    """Return the whole tiny campaign, run on from its devices; tests must not change it."""
    with made_once(tmp_path_factory, "whole") as (made, new):
        if new:
            shutil.copytree(finished_devices.folder, made.folder, dirs_exist_ok=True)
            made.configure(with_networks())
            write_images(made.folder / "data/Blots/raw")
            made.snakemake()
    return made


@pytest.fixture
def whole(finished_campaign, tmp_path):
    """Return a copy of the whole finished campaign, which a test may change."""
    return finished_campaign.copied(tmp_path / "campaign")


@pytest.fixture(scope="session")
def default_campaign():
    """Return the configuration of the repository."""
    return load(ROOT / "config.yaml")


@pytest.fixture(scope="session")
def networks():
    """Return a small campaign of networks on a small data set."""
    training = {"epochs": 2, "batch_size": 16, "learning_rate": 5e-3}
    recipe = Recipe(
        fp32=FreeTraining(**training),
        compensated=Compensation(images=40),
        fine_tuned=LevelTraining(**training),
        on_levels=OnLevelsTraining(**training),
    )
    return Networks(
        datasets=("blots",),
        own_datasets={"blots": DataSet(folder="Blots/raw", classes=("a", "b", "c", "d"))},
        hidden_neurons=12,
        synapses=("synapse",),
        mappings=("layer",),
        recipes={"plain": recipe},
        seeds=(3,),
    )
