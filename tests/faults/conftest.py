"""Campaigns that are killed, damaged and starved."""

import os
import shutil
import signal
from pathlib import Path

import psutil
import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--kills",
        type=int,
        default=3,
        help="how often a campaign is killed at random moments (pytest tests/faults --kills 50)",
    )
    parser.addoption("--kill-seed", type=int, default=1, help="seed of the random moments")


def kill_tree(process):
    """Send SIGKILL to a process and all below it, none of which gets to react to another's end."""
    root = psutil.Process(process.pid)
    root.suspend()
    tree = [root, *root.children(recursive=True)]
    for member in tree[1:]:
        try:
            member.suspend()
            tree += [child for child in member.children(recursive=True) if child not in tree]
        except psutil.NoSuchProcess:
            continue
    for member in tree:
        try:
            os.kill(member.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


@pytest.fixture
def finished(finished_devices, tmp_path, campaign):
    """A copy of the finished tiny campaign, free to be changed."""
    for part in Path(finished_devices.folder).iterdir():
        target = campaign.folder / part.name
        if part.is_dir():
            shutil.copytree(part, target, copy_function=shutil.copy2)
        else:
            shutil.copy2(part, target)
    return campaign
