"""Processor time of commands of wallnet, for the scripts in this folder."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "DUCC0_NUM_THREADS")

ENTRY = "from wallnet.cli import main; main()"
"""What the installed command `wallnet` does."""


def environment(source=ROOT / "src"):
    """Return the environment of a process of one thread that uses the code in a folder."""
    variables = {**os.environ, **dict.fromkeys(THREADS, "1"), "PYTHONPATH": str(source)}
    # a user's Python stores the compiled modules
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    return variables


def seconds(*command, source=ROOT / "src", text="", allowed=(0,), program=None):
    """Run a command of wallnet and return the user and system time of its process in s.

    Parameters
    ----------
    command : sequence
        Arguments of the command.
    source : Path
        Folder with the code of the package.
    text : str
        Standard input.
    allowed : tuple of int
        Exit codes that are no failure.
    program : list, optional
        What is run instead of wallnet.
    """
    child = subprocess.Popen(
        [*(program or (sys.executable, "-c", ENTRY)), *map(str, command)],
        env=environment(source),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    child.stdin.write(text.encode())
    child.stdin.close()
    said = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in allowed:
        sys.exit(f"{' '.join(map(str, command))[:80]} failed: {said.strip()[-300:]}")
    return usage.ru_utime + usage.ru_stime
