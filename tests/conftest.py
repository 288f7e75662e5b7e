"""Fixtures that the whole test-suite shares."""

import copy
import os
import shutil
import sys

import pytest
from small_campaign import ROOT, TINY, Campaign, with_networks

# what a test starts runs the code beside the tests, wherever the package is installed from
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")])
)


@pytest.fixture
def tiny():
    """The tiny campaign as plain data, free to be changed."""
    return copy.deepcopy(TINY)


@pytest.fixture
def campaign(tmp_path, tiny):
    """The tiny campaign in a folder, nothing run yet."""
    made = Campaign(tmp_path)
    made.configure(tiny)
    return made


@pytest.fixture(scope="session")
def finished_devices(tmp_path_factory):
    """The tiny campaign, run up to its devices; not to be changed."""
    made = Campaign(tmp_path_factory.mktemp("finished"))
    made.configure(TINY)
    made.snakemake("devices")
    return made


@pytest.fixture(scope="session")
def finished_campaign(tmp_path_factory):
    """The whole tiny campaign, run from nothing; not to be changed."""
    sys.path.insert(0, str(ROOT / "tests/networks"))
    from synthetic import write_images

    made = Campaign(tmp_path_factory.mktemp("whole"))
    made.configure(with_networks())
    write_images(made.folder / "data/Blots/raw")
    made.snakemake()
    return made


@pytest.fixture
def whole(finished_campaign, tmp_path):
    """A copy of the whole finished campaign, free to be changed."""
    folder = tmp_path / "campaign"
    shutil.copytree(finished_campaign.folder, folder, copy_function=shutil.copy2)
    return Campaign(folder)
