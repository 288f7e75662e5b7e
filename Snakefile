"""The campaign: from config.yaml to traces, devices, networks, tables and figures."""

import os
import sys

# Snakemake searches this folder first for modules, so that Python would execute a json.py here
if sys.path[0] == os.path.dirname(workflow.snakefile):
    del sys.path[0]

import logging
from pathlib import Path

from snakemake.utils import min_version

import wallnet.jobs.networks
import wallnet.jobs.imperfections
import wallnet.plan.foreign
import wallnet.plan.listing
import wallnet.plan.requests
import wallnet.plan.shown
import wallnet.plan.start
import wallnet.plan.summary
import wallnet.plan.work
from wallnet import files, jobs, plan, revisions, server
from wallnet.config import ConfigError, reading

min_version("9.21")

# Snakemake's log is in the folder of the campaign; on a full disk, each line that it cannot write
# would print a traceback
logging.raiseExceptions = False


include: "workflow/rules/snakemake.smk"
include: "workflow/rules/checked.smk"


# Snakemake would merge duplicate keys, execute templates, and name no line of what is not YAML; the
# files of a workflow that uses this one as a module may contain more
elsewhere = {}
if not configured:
    for path in filter(os.path.exists, options_files):
        checked(reading.read_yaml, path)
    if os.path.exists(reading.CONFIGURATION):
        _, elsewhere = checked(reading.read_campaign, reading.CONFIGURATION)

    configfile: reading.CONFIGURATION

    if elsewhere:

        configfile: reading.STUDIES


report: "workflow/report/campaign.rst"


campaign = checked(plan.parse, config, reading.CONFIGURATION, elsewhere)

# Every job reads this file, so these variables are set in its shell and need no quoting. With PATH,
# a snakemake that is called by its path finds the commands of the package. With PYTHONUTF8, jobs
# print UTF-8 in every locale.
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]),
    PYTHONUTF8="1",
    WALLNET_DATA_FOLDER=campaign.networks.data_folder,
    WALLNET_DATA_SOURCES=",".join(campaign.networks.sources),
)


wildcard_constraints:
    device="[a-z0-9][a-z0-9_-]*",
    round=r"\d+",
    subject="[a-z0-9][a-z0-9_-]*",


include: "workflow/rules/start.smk"
include: "workflow/rules/lookups.smk"
include: "workflow/rules/requests.smk"
include: "workflow/rules/devices.smk"
include: "workflow/rules/studies.smk"
include: "workflow/rules/networks.smk"
include: "workflow/rules/mappings.smk"
include: "workflow/rules/as_made.smk"
include: "workflow/rules/shown.smk"
include: "workflow/rules/summary.smk"
include: "workflow/rules/validation.smk"
include: "workflow/rules/failures.smk"


everything = plan.listing.everything(campaign)


rule all:
    """All results, except those of the checks, which are separate targets."""
    default_target: True
    input:
        target(
            "all",
            everything,
            work=lambda again: plan.work.work_of_all(requested, everything),
        ),
    localrule: True


rule traces:
    """All simulations of all devices."""
    input:
        target(
            "traces",
            list(plan.requests.of_study("devices", campaign)),
            work=lambda again: plan.work.study_work(requested, "devices", again),
        ),
    localrule: True


rule devices:
    """Properties of all devices, as data and as tables."""
    input:
        target(
            "devices",
            plan.listing.device_files(campaign),
            work=lambda again: plan.work.study_work(requested, "devices", again),
        ),
    localrule: True


rule levels:
    """The levels of the synapses, with barriers and transitions in one table."""
    input:
        target(
            "levels",
            plan.listing.level_tables(campaign),
            "the target levels has no synapse with barriers or transitions; add one to the devices",
            lambda again: [
                *plan.work.study_work(requested, "barriers", again),
                *plan.work.study_work(requested, "transitions", again),
            ],
        ),
    localrule: True


rule networks:
    """All results of the networks, except the figures."""
    input:
        target("networks", plan.listing.network_files(campaign)),
    localrule: True


rule figures:
    """All figures."""
    input:
        target("figures", plan.shown.figures(campaign)),
    localrule: True


rule mappings:
    """What each mapping of weights to levels costs, as tables and a figure."""
    input:
        target(
            "mappings",
            plan.listing.mapping_files(campaign),
            "the target mappings has no networks to compare; fill networks.recipes,"
            " networks.synapses and networks.compared",
        ),
    localrule: True


rule validation:
    """All checks of the engine, as tables and a figure."""
    input:
        target("validation", plan.listing.validation_files(campaign)),
    localrule: True
