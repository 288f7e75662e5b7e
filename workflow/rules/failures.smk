"""At the end of a run that failed, the jobs that failed at every attempt, each with its log."""

from snakemake.logging import logger


onerror:
    failed = [
        single
        for job in workflow.scheduler.failed
        for single in (job.jobs if job.is_group() else [job])
    ]
    lines = [
        f"  {job.rule.name}: {', '.join(job.output)}; log: {', '.join(job.log) or 'none'}"
        for job in sorted(failed, key=lambda job: str(job.output))
    ]
    if lines:
        logger.error(
            "\n".join([f"Failed at every attempt ({len(lines)}):", *lines])
        )
