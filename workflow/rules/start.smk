"""Before a run is planned, and before its first job: what it needs, asked for once."""

import re
import shutil

from snakemake.settings.types import DeploymentMethod


def check_folder(folder):
    """Refuse a run that could write nothing into a folder."""
    try:
        files.check_writable(folder)
    except files.FileError as error:
        raise WorkflowError(str(error)) from None


def check_scheduler():
    """Refuse a run through SLURM where there is none, before its first job is refused."""
    if workflow.executor_plugin.name == "slurm" and shutil.which("sbatch") is None:
        raise WorkflowError(
            "SLURM is not there: sbatch is not on PATH; start snakemake on a login node of the"
            " cluster (where SLURM is a module, load it first), or without --workflow-profile on"
            " the cores of this machine"
        )


def check_names():
    """Refuse folders that the submission of a job would put into a shell without quotes."""
    if workflow.local_exec:
        return
    for what, path in {
        "the campaign": Path.cwd(),
        "the checkout": Path(workflow.main_snakefile).parent,
        "Python": Path(sys.executable).parent,
    }.items():
        unsafe = re.search(r"[^\w./+@%=,:~-]", str(path))
        if unsafe:
            raise WorkflowError(
                f"the folder of {what}, {path}, has {unsafe[0]!r} in its name, which Snakemake"
                " cannot submit to a cluster; rename it, or run on the cores of this machine"
            )


def check_calculators():
    """Refuse a run that calls a calculator which cannot run, unless Snakemake brings its software."""
    from wallnet.simulate.calculator import SimulationError, check_called

    brought = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
    called = [
        job.params.job
        for job in workflow.dag.needrun_jobs()
        if job.rule.name in ("initial", "trace", "level", "crosscheck_trace")
        and not (brought and job.conda_env_spec)
    ]
    try:
        check_called(called)
    except SimulationError as error:
        raise WorkflowError(str(error)) from None


def set_damaged_aside():
    """Find results that no longer are what was written, and have them planned again.

    Return those that are still in their place: a dry run moves nothing.
    """
    from snakemake.logging import logger

    damaged = files.find_damaged(files.RESULTS, memory=own / "wallnet-digests.json")
    if not damaged:
        return {}
    dry = workflow.output_settings.dryrun
    done = "would be" if dry else "were"
    logger.warning(
        "\n".join(
            [
                *(f"{path} {fault}" for path, fault in damaged.items()),
                f"{len(damaged)} damaged {done} set aside, to be made again.",
            ]
        )
    )
    if dry:
        return damaged
    try:
        files.set_aside(damaged)
    except files.FileError as error:
        raise WorkflowError(str(error)) from None
    return {}


def target(paths):
    """Return the input function of a target; a dry run also plans what a run would set aside."""

    def listed(wildcards):
        workflow.dag.forcefiles.update(left_damaged)
        return paths

    return listed


# where Snakemake itself writes next, and would end in a traceback
own = Path.cwd() / ".snakemake"
check_folder(own if own.exists() else own.parent)

# jobs read this file too, and another campaign may be at work in this folder
busy = not workflow.is_main_process or any(own.glob("locks/*"))
left_damaged = {} if busy else set_damaged_aside()


# Snakemake heeds one such block in all files
onstart:
    check_scheduler()
    check_names()
    check_calculators()
    if Path(files.RESULTS).exists():
        check_folder(files.RESULTS)
