"""Simulation of neural networks of domain-wall devices driven by spin-orbit torque.

Each stage is a module and passes files in common formats to the next one:
`wallnet.config` → `wallnet.tracks` → `wallnet.simulate` → `wallnet.studies` →
`wallnet.networks` → `wallnet.report`. The embedded engine is `wallnet.film`; paths and
schemas are in `wallnet.files`. The Snakemake workflow is at `wallnet.workflow_path()`.
"""

from importlib import metadata
from pathlib import Path

__version__ = metadata.version("wallnet")


def workflow_path() -> str:
    """Return the path of the Snakefile, to include it in another one or to use it as a module.

    It is in the package, or, if the package is installed as editable, in the checkout.
    """
    package = Path(__file__).resolve().parent
    installed = package / "workflow" / "Snakefile"
    return str(installed if installed.is_file() else package.parents[1] / "Snakefile")
