"""Fixtures for campaigns that are killed, damaged or short of resources."""

import shutil
from pathlib import Path

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--kills",
        type=int,
        default=3,
        help="how often a campaign is killed at random moments (pytest tests/faults --kills 50)",
    )
    parser.addoption(
        "--all-damage",
        action="store_true",
        help="damage files of every kind in every way, which takes a quarter of an hour",
    )
    parser.addoption("--kill-seed", type=int, default=1, help="seed of the random moments")


@pytest.fixture
def finished(finished_devices, tmp_path, campaign):
    """Return a copy of the finished tiny campaign, which a test may change."""
    for part in Path(finished_devices.folder).iterdir():
        target = campaign.folder / part.name
        if part.is_dir():
            shutil.copytree(part, target, copy_function=shutil.copy2)
        else:
            shutil.copy2(part, target)
    return campaign
