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


report: "workflow/report/campaign.rst"


try:
    for path in workflow.configfiles:
        configuration.read_yaml(
            path
        )  # finds what merging would hide: a key given twice
    campaign = configuration.parse(config, source="config.yaml")
except configuration.ConfigError as error:
    raise WorkflowError(str(error))

# so that a snakemake called by its path finds the package's commands in its jobs
shell.prefix(
    f"set -euo pipefail; export PATH={str(Path(sys.executable).parent)!r}:$PATH"
    f" WALLNET_DATA_FOLDER={campaign.networks.data_folder!r}; "
)


wildcard_constraints:
    device="[a-z0-9][a-z0-9_-]*",
    current=r"-?\d+\.\d{4}",
    state=r"\d+(-\d+)?",


include: "workflow/rules/start.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/simulation.smk"
include: "workflow/rules/oommf.smk"
include: "workflow/rules/devices.smk"
include: "workflow/rules/networks.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/crosscheck.smk"
include: "workflow/rules/validation.smk"
include: "workflow/rules/failures.smk"


rule all:
    """All tables and figures, and what they stand on."""
    default_target: True
    input:
        [files.TABLE.format(table=f"{name}.csv") for name in campaign.devices],
        rules.parameters.output,
        rules.networks.input,
        device_report.targets(campaign),
        network_report.targets(campaign.networks, campaign.figures.vector_format),
    localrule: True


rule traces:
    """All simulations of all devices."""
    input:
        [files.trace_paths(name, d) for name, d in campaign.devices.items()],
        [files.level_paths(name, d) for name, d in campaign.devices.items()],
    localrule: True


rule devices:
    """What all devices do, as data and as tables."""
    input:
        [files.DEVICE.format(device=name) for name in campaign.devices],
        [files.TABLE.format(table=f"{name}.csv") for name in campaign.devices],
    localrule: True


rule figures:
    """All figures."""
    input:
        device_report.targets(campaign),
        network_report.targets(campaign.networks, campaign.figures.vector_format),
    localrule: True
