"""A Snakemake without one of the parts that belong to no interface of it: the run goes on."""

import re
import sys

import pytest
from helpers import forked
from helpers.rights import without_rights
from helpers.small_campaign import ROOT, jobs_in, with_networks
from snakemake_interface_executor_plugins.workflow import WorkflowExecutorInterface

from wallnet import files

PARTS_FILE = ROOT / "workflow/rules/snakemake.smk"

PARTS = re.findall(r'\bpart\("([\w.]+)"', PARTS_FILE.read_text("utf-8"))

DOCUMENTED = {"cores", "snakefile", "source_path"}
"""Attributes of `workflow` in the documentation of Snakemake."""

WITHOUT = """
import os, sys

from snakemake import cli, dag, modules, workflow
from snakemake.scheduling import job_scheduler
from snakemake.settings import types

*owner, hidden = os.environ["HIDDEN"].split(".")
kind = {
    "": workflow.Workflow,
    "dag": dag.DAG,
    "modifier": modules.WorkflowModifier,
    "output_settings": types.OutputSettings,
    "scheduler": job_scheduler.JobScheduler,
}["".join(owner)]
look = kind.__getattribute__


def hide(self, name):
    file = sys._getframe(1).f_code.co_filename
    if name == hidden and file.endswith((".smk", "Snakefile")):
        raise AttributeError(name)
    return look(self, name)


kind.__getattribute__ = hide
cli.main(sys.argv[1:])
"""
"""Snakemake without the part HIDDEN, which only Snakemake itself still finds."""


def run_without(part, folder, *arguments, run=forked.run):
    """Return the output of a run, its exit code and the number of its lines on the part."""
    command = [sys.executable, "-c", WITHOUT, "--snakefile", ROOT / "Snakefile", "--cores", "1"]
    command += ["--directory", folder, *arguments]
    environment = {"HIDDEN": part} | (forked.shared() if run is forked.run else {})
    done = run(list(map(str, command)), environment, folder)
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    return said, done.returncode, said.count(f" has no workflow.{part}: ")


def test_only_one_file_uses_parts_that_belong_to_no_interface():
    # the interface of the scheduler has only the callback of an executor
    public = {*DOCUMENTED, *vars(WorkflowExecutorInterface)} - {"scheduler"}
    rules = [ROOT / "Snakefile", ROOT / "src/wallnet/config/example.smk"]
    rules += [path for path in ROOT.glob("workflow/rules/*.smk") if path != PARTS_FILE]
    for path in rules:
        text = re.sub(r'"[^"\n]*"', "", path.read_text("utf-8"))
        assert {*re.findall(r"\bworkflow\.(\w+)", text)} <= public, path
        imported = {*re.findall(r"^(?:from|import) (snakemake\S*)", text, re.MULTILINE)}
        interfaces = {name for name in imported if name.startswith("snakemake_interface_")}
        assert imported - interfaces <= {"snakemake.utils"}, path


def test_the_parts_were_tried_with_the_pinned_snakemake():
    pinned = re.search(r"^snakemake==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert f", tried with Snakemake {pinned[1]}." in PARTS_FILE.read_text("utf-8").splitlines()[0]


@pytest.mark.campaign
@pytest.mark.parametrize("part", sorted({*PARTS} - {"_prepare_dag", "scheduler.failed"}))
def test_without_a_part_a_campaign_is_planned_and_run(part, campaign, tiny):
    """One line says what is lost; a damaged result is computed again."""
    wire = tiny["devices"]["neuron"] | {"kind": "track"}
    wire["pulse"]["current_densities"] = [0.4e12]
    campaign.configure(tiny | {"devices": {"wire": wire}})
    name = "results/initial/wire.nc"
    files.write_text("as it was written", campaign.folder / name)
    (campaign.folder / name).write_text("as it was changed")
    # of the parts, only this one is for dry runs alone
    options = ["--dry-run"] if part == "dag.forcefiles" else []
    said, code, lines = run_without(part, campaign.folder, *options, "traces")
    assert code == 0, said
    assert lines == 1
    # a damaged result states no origin, which alone has it planned
    assert jobs_in(said) == {"initial": 1, "run": 1, "traces": 1}
    if not options:
        files.read_dataset(campaign.folder / name, "run")


@pytest.mark.campaign
def test_without_the_failed_jobs_a_run_ends_without_their_list(campaign):
    campaign.configure(with_networks())
    said, code, lines = run_without("scheduler.failed", campaign.folder, "results/data/blots.json")
    assert code, said
    assert lines == 1
    assert "Failed at every attempt" not in said
    assert "data/Blots/raw lacks train-images-idx3-ubyte" in said


@pytest.mark.campaign
def test_without_another_place_for_notes_a_dry_run_needs_a_folder_to_write_in(campaign):
    campaign.folder.chmod(0o555)
    run = without_rights
    said, code, lines = run_without("_prepare_dag", campaign.folder, "--dry-run", "traces", run=run)
    campaign.folder.chmod(0o755)
    assert code, said
    assert lines == 1
    assert f"{campaign.folder} cannot be written (Permission denied)" in said
