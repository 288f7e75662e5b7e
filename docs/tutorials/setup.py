"""What the tutorials need of their notebooks; the build hides the cell that calls `prepare`."""

import os
import subprocess
from pathlib import Path

from IPython import get_ipython

CHECKOUT = Path(__file__).parents[2]


def prepare(*names: str) -> None:
    """Give a notebook the files of the checkout, and a magic `%%sh` whose output is whole.

    IPython's own `%%sh` passes output on in pieces of 100 bytes, each of which myst-nb would end
    with a line break, and separates messages from results.

    Parameters
    ----------
    *names : str
        Files and folders of the checkout that the folder of the notebook shall have.
    """
    for name in names:
        os.symlink(CHECKOUT / name, name)
    get_ipython().register_magic_function(run, "cell", "sh")


def run(line: str, cell: str) -> None:
    """Run commands and print all that they print; raise an error if they fail."""
    done = subprocess.run(
        ["sh", "-c", cell], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print(done.stdout, end="")
    done.check_returncode()
