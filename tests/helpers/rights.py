"""Programs of an ordinary user, also where root runs the tests."""

import os
import shutil
import subprocess

import pytest


def without_rights(command, environment=None, folder=None):
    """Run as an ordinary user in a folder, without the superuser's right to write anywhere."""
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("needs setpriv, or another user than root")
        rights = "-dac_override,-dac_read_search"
        command = ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}", *command]
    whole = {**os.environ, **(environment or {})}
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, env=whole, cwd=folder
    )
