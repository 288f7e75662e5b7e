"""Fixtures for campaigns that are killed, damaged or short of resources."""

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--kills",
        type=int,
        default=1,
        help="how often a campaign is killed at random moments (pytest tests/faults --kills 50)",
    )
    parser.addoption(
        "--all-damage",
        action="store_true",
        help="damage files of every kind in every way, which takes a quarter of an hour",
    )
    parser.addoption("--kill-seed", type=int, default=1, help="seed of the random moments")


@pytest.fixture
def finished(finished_devices, tmp_path):
    """Return a copy of the finished tiny campaign, which a test may change."""
    return finished_devices.copied(tmp_path / "campaign")
