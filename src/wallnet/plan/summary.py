"""What the summary of a campaign shows, and the files from which it is made."""

from collections.abc import Iterator
from pathlib import Path

from wallnet import files
from wallnet.config import Campaign
from wallnet.config.measured import MEASURED
from wallnet.jobs.report import Studied, SummaryJob
from wallnet.plan.listing import everything
from wallnet.studies import STUDIES


def summary_job(campaign: Campaign) -> SummaryJob:
    """Return the job that summarises a campaign, without its optional devices.

    It shows the first simulated synapse; if there is none, the first measured device. Of a study
    it shows that synapse, or the first subject on a synapse.
    """
    asked = campaign.without_optional
    synapses = asked.of_kind("synapse")
    written = next(iter(synapses or asked.of_kind(MEASURED)), None)
    networks = asked.networks
    return SummaryJob(
        devices=tuple(asked.simulated),
        shown={name: each.shown for name, each in asked.simulated.items() if each.shown},
        studied=tuple(_studied(asked)),
        written=written,
        networks=bool(networks.recipes),
        synapses=networks.synapses if networks.recipes else (),
        table_ii=networks.table_ii if networks.recipes else {},
        reference=asked.reference.of(asked.simulated),
        warnings=asked.warnings,
    )


def _studied(asked: Campaign) -> Iterator[Studied]:
    """Yield all subjects of studies, and that of each headline, whether it is asked for or not."""
    synapses = asked.of_kind("synapse")
    for study in STUDIES.values():
        subjects = study.subjects(asked)
        shown = []
        if study.headline:
            named = (name for name, each in subjects.items() if each.device in synapses)
            shown = [*(synapses if study.of_device else named)][:1]
        for name in dict.fromkeys([*subjects, *shown]):
            settings = study.plain_settings(asked, name) if name in subjects else None
            device = name if study.of_device else (settings or {}).get("device")
            told = {"needed": study.usual and name in subjects, "headline": name in shown}
            yield Studied(study=study.name, subject=name, device=device, settings=settings, **told)


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

ACCURACY_TABLE = files.TABLE.format(table="accuracy", suffix=".csv")
"""Accuracies of the networks."""


def studied_files(each: Studied) -> list[str]:
    """Return the dataset of a subject of a study, and its figure if the page shows it."""
    study = STUDIES[each.study]
    drawn = [study.drawing(each.subject, ".png")] if each.headline else []
    return [study.path(each.subject), *drawn]


def summary_sources(job: SummaryJob) -> list[str]:
    """Return all files that the summary of a campaign needs."""
    drawn = [device_figure(job)] if job.written else []
    drawn += [ACCURACY_FIGURE] if job.networks else []
    return [
        *(files.DEVICE.format(device=name) for name in job.devices),
        *(path for each in job.studied if each.needed for path in studied_files(each)),
        *(files.COMPACT_MODEL.format(device=name) for name in job.synapses),
        *drawn,
        *([ACCURACY_TABLE] if job.networks else []),
    ]


def is_outdated(job: SummaryJob) -> bool:
    """Return whether the page can be made, and is older than a result that it shows."""
    studied = [path for each in job.studied for path in studied_files(each)]
    times = [Path(path).stat().st_mtime for path in studied if Path(path).exists()]
    sources = [*map(Path, summary_sources(job))]
    if not all(path.exists() for path in sources):
        return False
    times += [path.stat().st_mtime for path in sources]
    page = Path(files.SUMMARY)
    return not page.exists() or max(times, default=0.0) > page.stat().st_mtime
