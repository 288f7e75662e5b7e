"""Functions that kill a campaign."""

import os
import signal

import psutil

from wallnet import server


def customised(folder):
    """Return the environment in which Python first runs the sitecustomize.py of a folder.

    The tested code stays the one next to the tests. Each job of a campaign is then a process that
    starts as usual.
    """
    path = os.pathsep.join([str(folder), os.environ["PYTHONPATH"]])
    return {"PYTHONPATH": path, server.SHARED: ""}


def with_command(folder, script):
    """Return the environment of a campaign whose command `wallnet` is a script of a shell."""
    folder.mkdir()
    (folder / "wallnet").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "wallnet").chmod(0o700)
    return {server.SHARED: str(folder)}


def kill_tree(process):
    """Send SIGKILL to a process and its descendants before any can react to the end of another."""
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
