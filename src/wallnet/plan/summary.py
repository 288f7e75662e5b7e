"""Files from which a campaign is summarised."""

from contextlib import suppress

from wallnet import files
from wallnet.config import Campaign
from wallnet.files.whole import digest_path
from wallnet.jobs.summary import SummaryJob, summary_job
from wallnet.plan.listing import everything
from wallnet.studies import STUDIES


def linked_summary(campaign: Campaign) -> SummaryJob:
    """Return the job of the summary, with links to `all` and the settings of the barriers."""
    shown = (path for path in everything(campaign) if path.endswith((".png", ".html")))
    linked = tuple(path for path in shown if path != files.SUMMARY)
    job = summary_job(campaign)
    study = STUDIES["barriers"]
    asked = job.written if job.written in study.subjects(campaign) else None
    judged = study.plain_settings(campaign, asked) if asked else None
    return job.model_copy(update={"linked": linked, "barriers": judged})


def story_figures(job: SummaryJob) -> dict[str, str]:
    """Return the figures that tell the story of a device, by the part that each tells.

    That of the barriers is left out, since the barriers are a target of their own.
    """
    kind = "measured" if job.measured else "conductance"
    found = {}
    if job.written:
        place = {"device": job.written, "figure": kind, "suffix": ".png"}
        found["written"] = files.DEVICE_FIGURE.format(**place)
    if job.rewritten:
        found["rewritten"] = STUDIES["pulse_trains"].drawing(job.rewritten, ".png")
    if job.networks:
        found["accuracy"] = files.FIGURE.format(figure="accuracy", suffix=".png")
    return found


def summary_sources(job: SummaryJob) -> list[str]:
    """Return all files that the summary of a campaign needs."""
    drawn = story_figures(job).values()
    return [
        *(files.DEVICE.format(device=name) for name in job.devices),
        *(STUDIES["pulse_trains"].path(name) for name in job.pulse_trains),
        *(files.COMPACT_MODEL.format(device=name) for name in job.synapses),
        *drawn,
        *(files.data_of(path) for path in drawn),
        *(
            files.TABLE.format(table=name, suffix=".csv")
            for name in ("accuracy", "accuracy-validation")
            if job.networks
        ),
        files.TABLE.format(table="parameters", suffix=".csv"),
    ]


def barrier_results(device: str) -> list[str]:
    """Return the files of the barriers of a device that its story shows, if they are there."""
    study = STUDIES["barriers"]
    return [study.path(device), *(study.drawing(device, suffix) for suffix in (".png", ".csv"))]


def noted_barriers(job: SummaryJob) -> list[str]:
    """Return the digests of the barriers that the story shows; none if they are not there."""
    found: list[str] = []
    for path in barrier_results(job.written) if job.written else ():
        with suppress(OSError):
            found.append(digest_path(path).read_text(encoding="utf-8"))
    return found
