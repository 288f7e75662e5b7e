"""Checks before the planning of a run and before its first job."""

from snakemake_interface_executor_plugins.settings import DeploymentMethod

from wallnet.jobs.request import KINDS, SIMULATED


def check_named():
    """Refuse a campaign whose user-defined classes cannot be found; execute nothing of them."""
    checked(plan.start.check_named, campaign)
    if dry_run and (named := plan.start.own_classes(campaign)):
        logger.warning(
            f"A dry run does not import {', '.join(named)}; a run checks the classes and settings"
            " of calculators before its first job."
        )


def check_calculators(planned):
    """Refuse a run if a calculator cannot run, unless Snakemake provides its software.

    From here on, code of user-defined classes is executed.
    """
    from wallnet.simulate.registry import check_called, check_settings

    brought = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
    ready = {"film", "oommf"} if brought else {"film"}
    called = [
        part.computes.to_json()
        for job in planned
        if job.rule.name in SIMULATED
        and (request := requested[job.output[0]]).calculator not in ready
        for part in request.parts or (request,)
    ]
    checked(check_settings, plan.start.own_calculators(campaign))
    checked(check_called, called)


def tell(**facts):
    """Tell the display something; Snakemake shows no empty text."""
    logger.info("", extra=facts)


def tell_times(planned):
    """Tell the display about how long each planned job takes."""
    expected = plan.work.expected_times(requested)
    times = {job.jobid: plan.work.time_of_job(job.output, expected) for job in planned}
    tell(expected_times=times)


def set_damaged_aside():
    """Find results that have changed since they were written, and set them aside.

    Return those that were not moved, which are all in a dry run.
    """
    damaged = files.find_damaged(files.RESULTS, memory=own / "wallnet-digests.json")
    if not damaged:
        return {}
    done = "would be" if dry_run else "were"
    lines = [
        *(f"{path} {fault}" for path, fault in damaged.items()),
        f"{len(damaged)} damaged {done} set aside, to be computed again.",
    ]
    logger.warning(files.terminal_text("\n".join(lines)))
    if dry_run:
        return damaged
    checked(files.whole.set_aside, damaged)
    return {}


def foreign_results():
    """Return a function for `judge_results`."""
    origins = files.Remembered(files.origin_of, own / "wallnet-origins.json")
    for place, _, names in os.walk(files.RESULTS):
        for name in names:
            if not name.startswith(".") and name.endswith((".nc", ".json")):
                origins.of(os.path.join(place, name))
    origins.keep()
    others = {*plan.foreign.of_other_files(campaign)}
    named = []

    def fault_of(job, noted):
        planned = {"job": "", **dict(job.params.items())}
        stated = {path: origins.of(path) for path in job.output if os.path.exists(path)}
        complete = any(stated.values()) and '"requests":' not in planned["job"]
        faults = [path for path in job.output if path in others]
        faults += [] if noted or complete else list(stated)
        if planned["job"] and any(stated.values()):
            read = [*planned.get("levels", ()), planned.get("activation", "")]
            # results of earlier versions do not state what they were made from
            read = filter(None, read) if not noted and any(read) else read
            own_origins = files.origins_of(planned["job"], planned["revision"], read)
            faults += [
                path
                for path, text in stated.items()
                if text and text not in own_origins
            ]
        if faults and not named:
            named.append(faults[0])
            logger.warning(
                f"{faults[0]} and similar results are not of this configuration, or nothing says so;"
                " they are computed again (wallnet check lists them)."
            )
        return ", ".join(faults)

    return fault_of


@functools.cache
def stale():
    """Return results that are there and run again."""
    return (
        set()
        if busy
        else {*checked(plan.foreign.foreign, campaign, "."), *left_damaged}
    )


def target(name, paths, missing="", work=None):
    """Return the input function of a named target; a dry run also plans files to be set aside.

    A target without files ends the run with the sentence `missing`, if there is one. `work` is a
    function that returns what the target computes (`plan.work.Work`), given the results that run
    again; the display tells it, and at the end where the results are.
    """
    announced = []

    def listed(wildcards):
        if missing and not paths:
            # with any other exception, Snakemake prints a traceback of this function
            logger.error(missing)
            sys.exit(1)
        # a report and a graph of the jobs have no executor
        if main_process and workflow.executor_plugin and not announced:
            announced.append(paths)
            tell(results=plan.listing.in_short(paths))
            if work:
                networks = plan.work.network_times(campaign)
                networks = {path: networks[path] for path in networks.keys() & {*paths}}
                logger.warning(
                    plan.work.work_ahead(name, work(stale()), networks, stale())
                )
        if left_damaged:
            plan_again(left_damaged)
        return paths

    return listed


# the folder into which Snakemake writes next; if it failed, it would print a traceback
own = Path.cwd() / ".snakemake"
try:
    files.whole.check_writable(own if own.exists() else own.parent)
except files.FileError as error:
    if not (dry_run and plan_elsewhere(own)):
        raise WorkflowError(str(error)) from None

if main_process:
    for place in ("metadata", "incomplete", "locks"):
        checked(files.whole.check_regular, own / place)
    for text in campaign.warnings:
        logger.warning(f"{reading.CONFIGURATION}: {text}")
    check_named()
    checked(plan.start.check_measurements, campaign)

# jobs read this file too, and another run may be active in this folder
busy = not main_process or any(own.glob("locks/*"))
left_damaged = {} if busy else set_damaged_aside()
if not busy:
    judge_results(foreign_results())


# Snakemake uses only one such block of all files
onstart:
    local = workflow.executor_plugin.common_settings.local_exec
    checked(plan.start.check_scheduler, workflow.executor_plugin.name)
    checked(plan.start.check_queue, Path.cwd())
    if not local:
        checked(
            plan.start.check_submittable,
            {
                "the campaign": Path.cwd(),
                "the Snakefile": Path(workflow.main_snakefile).parent,
                "Python": Path(sys.executable).parent,
            },
        )
    planned = planned_jobs()
    check_calculators(planned)
    if Path(files.RESULTS).exists():
        checked(files.whole.check_writable, files.RESULTS)
    tell_times(planned)
    if local:
        lift_job_rate_limit()
        engine = any(
            job.rule.name in KINDS and requested[job.output[0]].calculator == "film"
            for job in planned
        )
        server.start(server.ENGINE if engine else (), logger.warning)
