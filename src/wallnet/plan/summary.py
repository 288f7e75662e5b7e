"""What the summary of a campaign shows, and the files from which it is made."""

from collections.abc import Iterator
from os.path import exists, getmtime

from wallnet import files
from wallnet.config import Campaign
from wallnet.config.measured import MEASURED
from wallnet.jobs.report import Studied, SummaryJob
from wallnet.plan.listing import everything
from wallnet.plan.shown import evaluations
from wallnet.studies import STUDIES


def summary_job(campaign: Campaign) -> SummaryJob:
    """Return the job that summarises a campaign, with its optional devices only in studies.

    It shows the first simulated synapse; if there is none, the first measured device. Of a study
    it shows that synapse, or the first subject on a synapse.
    """
    required = campaign.without_optional
    synapses = required.of_kind("synapse")
    written = next(iter(synapses or required.of_kind(MEASURED)), None)
    networks = required.networks
    studied = [*_studied(required)]
    shown = {(one.study, one.subject) for one in studied}
    further = (one for one in _studied(campaign) if (one.study, one.subject) not in shown)
    # of optional devices, results are shown if they are there
    studied += [one.model_copy(update={"needed": False, "headline": False}) for one in further]
    return SummaryJob(
        devices=tuple(required.simulated),
        studied=tuple(studied),
        written=written,
        networks=bool(networks.recipes),
        as_made=bool(evaluations(required)),
        synapses=networks.synapses if networks.recipes else (),
        table_ii=networks.table_ii if networks.recipes else {},
        reference=required.reference.of(required.simulated),
        warnings=required.warnings,
    )


def _studied(campaign: Campaign) -> Iterator[Studied]:
    """Yield all subjects of studies, and that of each headline even if the campaign lacks it."""
    synapses = campaign.of_kind("synapse")
    for study in STUDIES.values():
        subjects = study.subjects(campaign)
        shown = []
        if study.headline:
            named = (name for name, subject in subjects.items() if subject.device in synapses)
            shown = [*(synapses if study.of_device else named)][:1]
        for name in dict.fromkeys([*subjects, *shown]):
            settings = study.plain_settings(campaign, name) if name in subjects else None
            device = name if study.of_device else (settings or {}).get("device")
            flags = {"needed": study.usual and name in subjects, "headline": name in shown}
            yield Studied(study=study.name, subject=name, device=device, settings=settings, **flags)


def linked_summary(campaign: Campaign) -> SummaryJob:
    """Return the job of the summary, with links to the results of `all`."""
    shown = (path for path in everything(campaign) if path.endswith((".png", ".html")))
    linked = tuple(path for path in shown if path != files.SUMMARY)
    return summary_job(campaign).model_copy(update={"linked": linked})


def device_figure(job: SummaryJob) -> str:
    """Return the figure of the synapse that the page shows."""
    kind = "conductance" if job.written in job.devices else "measured"
    return files.DEVICE_FIGURE.format(device=job.written, figure=kind, suffix=".png")


ACCURACY_FIGURE = files.FIGURE.format(figure="accuracy", suffix=".png")
"""The figure of the networks."""

AS_MADE_FIGURE = files.FIGURE.format(figure="as-made", suffix=".png")
"""The figure of the networks as made."""

AS_MADE_TABLE = files.TABLE.format(table="as-made", suffix=".csv")
"""Accuracies of the networks as made; the page does not wait for them."""

ACCURACY_TABLE = files.TABLE.format(table="accuracy", suffix=".csv")
"""Accuracies of the networks."""


def studied_files(studied: Studied) -> list[str]:
    """Return the dataset of a subject of a study, and its figure."""
    study = STUDIES[studied.study]
    return [study.path(studied.subject), study.drawing(studied.subject, ".png")]


def summary_sources(job: SummaryJob) -> list[str]:
    """Return all files that the summary of a campaign needs."""
    return [
        *(files.DEVICE.format(device=name) for name in job.devices),
        *(path for studied in job.studied if studied.needed for path in studied_files(studied)),
        *(files.COMPACT_MODEL.format(device=name) for name in job.synapses),
        *([device_figure(job)] if job.written else []),
        *([ACCURACY_FIGURE, ACCURACY_TABLE] if job.networks else []),
    ]


def is_outdated(job: SummaryJob) -> bool:
    """Return whether the page can be made, and is older than a result that it shows."""
    shown = [path for studied in job.studied for path in studied_files(studied)]
    shown += [AS_MADE_TABLE, AS_MADE_FIGURE] * job.as_made
    sources = summary_sources(job)
    if not all(map(exists, sources)):
        return False
    latest = max(map(getmtime, [*sources, *filter(exists, shown)]), default=0.0)
    return not exists(files.SUMMARY) or latest > getmtime(files.SUMMARY)
