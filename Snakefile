"""The campaign: config.yaml to traces, devices, networks, tables and figures."""

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

from wallnet import config as configuration
from wallnet import files, revisions
from wallnet.config import jobs

min_version("9.10")


configfile: "config.yaml"


try:
    for path in workflow.configfiles:
        configuration.read_yaml(path)  # finds what merging would hide: a key given twice
    campaign = configuration.parse(config, source="config.yaml")
except configuration.ConfigError as error:
    raise WorkflowError(str(error))

# so that a snakemake called by its path finds the package's commands in its jobs
shell.prefix(f"set -euo pipefail; export PATH={str(Path(sys.executable).parent)!r}:$PATH; ")


wildcard_constraints:
    device="[a-z0-9][a-z0-9_-]*",
    current=r"-?\d+\.\d{4}",
    state=r"\d+(-\d+)?",


localrules:
    all,
    traces,
    devices,
    networks,
    figures,


include: "workflow/rules/simulation.smk"
include: "workflow/rules/devices.smk"
include: "workflow/rules/networks.smk"
include: "workflow/rules/figures.smk"
