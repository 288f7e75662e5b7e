"""Checks before the planning of a run and before its first job."""

import re
import shlex
import shutil

from snakemake.settings.types import DeploymentMethod

from wallnet.experiment import SIMULATED


def check_folder(folder):
    """Refuse a run if a folder is not writable."""
    try:
        files.check_writable(folder)
    except files.FileError as error:
        raise WorkflowError(str(error)) from None


def check_scheduler():
    """Refuse a run with SLURM if SLURM is not available, before the first job fails."""
    if workflow.executor_plugin.name == "slurm" and shutil.which("sbatch") is None:
        raise WorkflowError(
            "SLURM is not there: sbatch is not on PATH; start snakemake on a login node of the"
            " cluster (where SLURM is a module, load it first), or without --workflow-profile on"
            " the cores of this machine"
        )


def check_names():
    """Refuse folders that cannot be used without quotes in the submission of a job."""
    if workflow.local_exec:
        return
    for what, path in {
        "the campaign": Path.cwd(),
        "the Snakefile": Path(workflow.main_snakefile).parent,
        "Python": Path(sys.executable).parent,
    }.items():
        unsafe = re.search(r"[^\w./+@%=,:~-]", str(path))
        if unsafe:
            raise WorkflowError(
                f"the folder of {what}, {path}, has {unsafe[0]!r} in its name, which Snakemake"
                " cannot submit to a cluster; rename it, or run on the cores of this machine"
            )


def check_measurements():
    """Refuse a run if a file of a measured device is missing, also one whose results are there.

    Snakemake names only files that a job of the plan needs.
    """
    for name, device in campaign.measured.items():
        for key, path in device.files().items():
            if not Path(path).exists():
                raise WorkflowError(
                    f"devices.{name}.{key}: {path} is not there; put it there, or name another file"
                )


def check_named():
    """Refuse a campaign whose user-defined classes cannot be found; execute nothing of them."""
    from snakemake.logging import logger

    try:
        plan.check_named(campaign)
    except configuration.ConfigError as error:
        raise WorkflowError(str(error)) from None
    if workflow.output_settings.dryrun and (named := plan.own_classes(campaign)):
        logger.info(
            f"A dry run does not import {', '.join(named)}; a run checks the classes and settings"
            " of calculators before its first job."
        )


def check_calculators():
    """Refuse a run if a calculator cannot run, unless Snakemake provides its software.

    From here on, code of user-defined classes is executed.
    """
    from wallnet.simulate.calculator import (
        SimulationError,
        check_called,
        check_settings,
    )

    brought = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
    called = [
        job.params.job
        for job in workflow.dag.needrun_jobs()
        if job.rule.name in SIMULATED and not (brought and job.conda_env_spec)
    ]
    try:
        check_settings(plan.own_calculators(campaign))
        check_called(called)
    except (configuration.ConfigError, SimulationError) as error:
        raise WorkflowError(str(error)) from None


def lift_job_rate_limit():
    """Remove the limit of started jobs per second from a run on the cores of this machine.

    With the limit, each pass of the scheduler starts a timer for a further pass, and each job adds
    such a chain (Snakemake 9.27, its issue 3955): a third of a core, for a limit that local jobs
    never reach. No option removes it.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


def tell_times():
    """Tell the display about how long each planned job takes; Snakemake shows no empty text."""
    from snakemake.logging import logger

    expected = plan.expected_times(requested)
    times = {
        job.jobid: (job.rule.name, plan.time_of_job(job.output, expected))
        for job in workflow.dag.needrun_jobs()
    }
    logger.info("", extra={"expected_times": times})


def say_unlock():
    """Say how to remove the lock of a killed run; Snakemake only names the option."""
    from snakemake.logging import logger

    given = [Path(path).absolute() for path in workflow.config_settings.configfiles]
    command = [
        Path(sys.executable).with_name("snakemake"),
        *("--snakefile", workflow.main_snakefile, "--directory", Path.cwd()),
        *(["--configfile", *given] if given else []),
        "--unlock",
    ]
    logger.warning(
        "The folder of the campaign is locked. If no other Snakemake is running in it, unlock it"
        f" with\n{shlex.join(map(str, command))}"
    )


def set_damaged_aside():
    """Find results that have changed since they were written, and set them aside.

    Return those that were not moved, which are all in a dry run.
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
                f"{len(damaged)} damaged {done} set aside, to be computed again.",
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


def target(paths, missing="", work=None):
    """Return the input function of a target; a dry run also plans files to be set aside.

    A target without files ends the run with the sentence `missing`, if there is one. `work` is a
    function that returns a sentence: how much the target computes, and about how long this takes.
    """
    told = []

    def listed(wildcards):
        if missing and not paths:
            from snakemake.logging import logger

            # with any other exception, Snakemake prints a traceback of this function
            logger.error(missing)
            sys.exit(1)
        if workflow.is_main_process:
            planning.begin(len(paths))
        if work and not told and workflow.is_main_process:
            told.append(work())
            say(told[0])
        workflow.dag.forcefiles.update(left_damaged)
        return paths

    return listed


def say(text):
    """Show a sentence among Snakemake's messages."""
    from snakemake.logging import logger

    logger.warning(text)


planning = plan.Planning(say)

# the folder into which Snakemake writes next; if it failed, it would print a traceback
own = Path.cwd() / ".snakemake"
check_folder(own if own.exists() else own.parent)

if workflow.is_main_process:
    check_named()
    check_measurements()

# jobs read this file too, and another run may be active in this folder
locked = any(own.glob("locks/*"))
busy = not workflow.is_main_process or locked
left_damaged = {} if busy else set_damaged_aside()
idle = workflow.output_settings.dryrun or "--unlock" in sys.argv
if locked and workflow.is_main_process and not idle:
    say_unlock()


# Snakemake uses only one such block of all files
onstart:
    planning.end()
    lift_job_rate_limit()
    check_scheduler()
    check_names()
    check_calculators()
    if Path(files.RESULTS).exists():
        check_folder(files.RESULTS)
    tell_times()
