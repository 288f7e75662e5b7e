"""Parts of Snakemake that belong to no interface of it, tried with Snakemake 9.27.1.

Snakemake documents the language of the Snakefile; its packages `snakemake_interface_*` define what
plugins use. All else is here. Where a release has a part no more, the run goes on without it and
says so in one line.
"""

import contextlib
import functools
import json
import operator
import tempfile
from types import SimpleNamespace

import snakemake
from snakemake.logging import logger

from wallnet.report.tables import script_text


@functools.cache
def part(name, loss, default=None):
    """Return an attribute of the workflow; if there is none, a default, with a line on the loss."""
    try:
        return operator.attrgetter(name)(workflow)
    except AttributeError:
        logger.warning(
            f"Snakemake {snakemake.__version__} has no workflow.{name}: {loss}."
        )
        return default


# whether another workflow has given the configuration: as a module, or `wallnet.api`
configured = part("modifier.skip_configfile", "config.yaml is read in any case")

# files of the option --configfile
options_files = part("configfiles", "files of --configfile are not checked", ())

# whether this process plans and starts the jobs, and is not that of a job
main_process = part("is_main_process", "jobs repeat the checks of the campaign", True)

# nothing is moved if in doubt
dry_run = part("output_settings.dryrun", "damaged results are not set aside", True)


def planned_jobs():
    """Return the jobs that are to run."""
    loss = (
        "calculators are not checked before the first job, and the time left is unknown"
    )
    return list(part("dag.needrun_jobs", loss, tuple)())


def failed_jobs():
    """Return the single jobs that failed at every attempt.

    In the events for loggers, those that an interruption ended have failed too.
    """
    failed = part("scheduler.failed", "failed jobs are not listed at the end", ())
    return [
        single for job in failed for single in (job.jobs if job.is_group() else [job])
    ]


def plan_again(paths):
    """Plan jobs though their results are there."""
    forced = part("dag.forcefiles", "results that would be set aside are not planned")
    if forced is not None:
        forced.update(paths)


def lift_job_rate_limit():
    """Remove the limit of started jobs per second.

    With the limit, each pass of the scheduler starts a timer for a further pass, and each job adds
    such a chain (Snakemake 9.27, its issue 3955): a third of a core, for a limit that local jobs
    never reach. No option removes it.
    """
    if part("scheduler.job_rate_limiter", "it may take a third of a core"):
        workflow.scheduler.job_rate_limiter = None


def plan_elsewhere(own):
    """Let Snakemake write what a dry run notes into a temporary folder, and not into `own`.

    Return whether it can.
    """
    prepare = part("_prepare_dag", "a dry run needs a folder in which it can write")
    if prepare is None:
        return False
    # the functions refer to the folder, which is removed at the end of the process
    planned = tempfile.TemporaryDirectory()
    place = Path(planned.name, own.name)
    place.mkdir()
    for name in ("metadata", "incomplete", "locks"):
        if (own / name).is_dir():
            (place / name).symlink_to(own / name)

    def prepare_elsewhere(**options):
        with contextlib.chdir(planned.name):
            prepare(**options)

    workflow._prepare_dag = prepare_elsewhere
    return True


def show_texts_as_texts():
    """Let the page of Snakemake contain texts of users as text, if it writes one.

    It writes JSON into scripts as it is, so that "</script>" in a label would end one.
    """

    def dumps(*data, **options):
        return script_text(json.dumps(*data, **options))

    for name, written in [*sys.modules.items()]:
        if name.startswith("snakemake.report.html_reporter") and hasattr(
            written, "json"
        ):
            written.json = SimpleNamespace(dumps=dumps)


show_texts_as_texts()


def judge_results(fault_of):
    """Let Snakemake compute results again that are not those of their jobs.

    Snakemake compares jobs with what it noted of the last ones in its own folder, and believes a
    result of which it noted nothing. `fault_of` returns why the results of a job are not its own,
    empty if they are, given the job and whether Snakemake noted something of each.
    """
    prepare = part(
        "_prepare_dag", "results of another configuration may not be noticed"
    )
    if prepare is None:
        return

    def prepare_to_judge(**options):
        prepare(**options)
        notes = workflow.persistence
        is_noted, changes = notes.has_metadata, notes.params_changed

        def changed(job, file=None):
            return changes(job, file) or (not file and fault_of(job, is_noted(job)))

        notes.has_metadata, notes.params_changed = lambda job: True, changed

    workflow._prepare_dag = prepare_to_judge
