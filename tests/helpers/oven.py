"""A calculator in a package of its own, which declares what it can simulate and what it needs."""

from helpers.drift import DRIFT

NAME = "oven.calculators:Oven"

DECLARATION = """\
    temperature = True
    frozen_spins = True
    threads = 3
    memory = 1234
    runtime = 34
    relative_time = 7.0

"""

OVEN = (
    DRIFT.replace("class Drift(", "class Oven(")
    .replace("from typing import Annotated", "import os\nfrom typing import Annotated")
    .replace("    def run(", f"{DECLARATION}    def run(")
    .replace("return {}", 'return {"threads": os.environ["OMP_NUM_THREADS"]}')
)
"""Source of its module."""


def write(folder, declaration=DECLARATION):
    """Write the package into a folder, with another declaration if one is given."""
    (folder / "oven").mkdir(exist_ok=True)
    (folder / "oven/__init__.py").write_text("")
    (folder / "oven/calculators.py").write_text(OVEN.replace(DECLARATION, declaration))
