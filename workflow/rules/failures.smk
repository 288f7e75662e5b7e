"""Report at the end of a failed run: the jobs that failed at every attempt, with their logs."""


def log_of(job):
    """Return the names of a job's logs, with a hint if they are empty."""
    logged = any(Path(path).is_file() and Path(path).stat().st_size for path in job.log)
    hint = "" if logged else " (empty: the disk may be full, or the job was killed)"
    return (", ".join(job.log) + hint) if job.log else "none"


onerror:
    lines = [
        f"  {job.rule.name}: {', '.join(job.output)}; log: {log_of(job)}"
        for job in sorted(failed_jobs(), key=lambda job: str(job.output))
    ]
    if lines:
        logger.error(
            "\n".join([f"Failed at every attempt ({len(lines)}):", *lines])
        )
