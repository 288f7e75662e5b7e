"""Checks before the planning of a run and before its first job."""

import contextlib

from snakemake.logging import logger
from snakemake.settings.types import DeploymentMethod

from wallnet.experiment.request import SIMULATED


def check_named():
    """Refuse a campaign whose user-defined classes cannot be found; execute nothing of them."""
    checked(plan.start.check_named, campaign)
    if workflow.output_settings.dryrun and (named := plan.start.own_classes(campaign)):
        logger.warning(
            f"A dry run does not import {', '.join(named)}; a run checks the classes and settings"
            " of calculators before its first job."
        )


def check_calculators():
    """Refuse a run if a calculator cannot run, unless Snakemake provides its software.

    From here on, code of user-defined classes is executed.
    """
    from wallnet.simulate.registry import check_called, check_settings

    brought = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
    called = [
        job.params.job
        for job in workflow.dag.needrun_jobs()
        if job.rule.name in SIMULATED and not (brought and job.conda_env_spec)
    ]
    checked(check_settings, plan.start.own_calculators(campaign))
    checked(check_called, called)


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
    expected = plan.work.expected_times(requested)
    times = {
        job.jobid: plan.work.time_of_job(job.output, expected)
        for job in workflow.dag.needrun_jobs()
    }
    logger.info("", extra={"expected_times": times})


def set_damaged_aside():
    """Find results that have changed since they were written, and set them aside.

    Return those that were not moved, which are all in a dry run.
    """
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
    checked(files.whole.set_aside, damaged)
    return {}


def target(paths, missing="", work=None):
    """Return the input function of a target; a dry run also plans files to be set aside.

    A target without files ends the run with the sentence `missing`, if there is one. `work` is a
    function that returns a sentence: how much the target computes, and about how long this takes.
    """
    told = []

    def listed(wildcards):
        if missing and not paths:
            # with any other exception, Snakemake prints a traceback of this function
            logger.error(missing)
            sys.exit(1)
        # a report and a graph of the jobs have no executor
        if workflow.is_main_process and workflow.executor_plugin and work and not told:
            told.append(work())
            logger.warning(told[0])
        workflow.dag.forcefiles.update(left_damaged)
        return paths

    return listed


def plan_elsewhere():
    """Let Snakemake write what a dry run notes into a temporary folder."""
    place = Path(workflow.snakemake_tmp_dir, "planned")
    (place / own.name).mkdir(parents=True)
    for name in ("metadata", "incomplete", "locks"):
        if (own / name).is_dir():
            (place / own.name / name).symlink_to(own / name)
    prepare = workflow._prepare_dag

    def prepare_elsewhere(**options):
        with contextlib.chdir(place):
            prepare(**options)

    workflow._prepare_dag = prepare_elsewhere


# the folder into which Snakemake writes next; if it failed, it would print a traceback
own = Path.cwd() / ".snakemake"
try:
    files.whole.check_writable(own if own.exists() else own.parent)
except files.FileError as error:
    if not workflow.output_settings.dryrun:
        raise WorkflowError(str(error)) from None
    plan_elsewhere()

if workflow.is_main_process:
    for text in campaign.warnings:
        logger.warning(f"{reading.CONFIGURATION}: {text}")
    check_named()
    checked(plan.start.check_measurements, campaign)

# jobs read this file too, and another run may be active in this folder
busy = not workflow.is_main_process or any(own.glob("locks/*"))
left_damaged = {} if busy else set_damaged_aside()


# Snakemake uses only one such block of all files
onstart:
    lift_job_rate_limit()
    checked(plan.start.check_scheduler, workflow.executor_plugin.name)
    if not workflow.local_exec:
        checked(
            plan.start.check_submittable,
            {
                "the campaign": Path.cwd(),
                "the Snakefile": Path(workflow.main_snakefile).parent,
                "Python": Path(sys.executable).parent,
            },
        )
    check_calculators()
    if Path(files.RESULTS).exists():
        checked(files.whole.check_writable, files.RESULTS)
    tell_times()
    if workflow.local_exec:
        server.start()
