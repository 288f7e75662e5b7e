"""Results in the folder of a campaign that are not those of its configuration."""

import contextlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from wallnet import files, revisions
from wallnet.config import Campaign
from wallnet.config.mappings import split_mapping
from wallnet.config.stages import FIRST_STAGE, NO_DEVICE
from wallnet.files.compact import decisive
from wallnet.jobs.networks import continuing_job, mapping_job, training_job
from wallnet.plan.requests import Requested
from wallnet.studies import ALL_STUDIES, gather_job

FOREIGN = "is not of this configuration, or of other measurements"

MEMORY = ".snakemake/wallnet-origins.json"
"""File with what the results state of their origin, in the folder of a campaign."""

Planned = Iterator[tuple[str, str, int, Iterable[str]]]
"""Results with their jobs, revisions, and levels or activations; see `files.origins_of`."""


def foreign(campaign: Campaign, folder: str | Path) -> list[str]:
    """List the results in a campaign's folder that state another origin than its configuration.

    Simulations, minima, paths, datasets, compact models of measured devices and networks state it;
    tables and figures do not.
    """
    with contextlib.chdir(folder):
        origins = files.Remembered(files.origin_of, MEMORY)
        paths = [
            path
            for path, job, revision, made_from in _planned(campaign)
            if (text := origins.of(path)) and text not in files.origins_of(job, revision, made_from)
        ]
        return sorted([*paths, *_measured(campaign)])


def _planned(campaign: Campaign) -> Planned:
    """Yield what the results that are there should state."""
    for path, request in Requested(campaign).items():
        if Path(path).is_file():
            yield path, request.computes.to_json(), request.revision, ()
    for study in ALL_STUDIES.values():
        for subject in study.subjects(campaign):
            if Path(path := study.path(subject)).is_file():
                gathering = gather_job(study, campaign, subject, {})
                yield path, gathering.to_json(), revisions.of(study.name), ()
    networks, revision = campaign.networks, revisions.of("networks")
    mapped = cache(lambda *place: mapping_job(networks, *place).to_json())
    for run in networks.runs():
        if not Path(path := run.path(files.METRICS)).is_file():
            continue
        if run.device != NO_DEVICE:
            model = files.COMPACT_MODEL.format(device=run.device)
            levels = decisive(model, run.reading, split_mapping(run.mapping).level_set)
            job = mapped(run.dataset, run.device, run.reading, run.seed)
            # results of earlier versions do not state the levels
            yield path, job, revision, [levels, ""]
        elif run.stage == FIRST_STAGE:
            model = files.COMPACT_MODEL.format(device=networks.neuron)
            activation = decisive(model, networks.reading_of_neuron)
            trained = training_job(networks, run.dataset, run.recipe, run.seed)
            yield path, trained.to_json(), revision, [activation, ""]
        else:
            further = continuing_job(networks, run.dataset, run.recipe, run.seed)
            yield path, further.to_json(), revision, ()


def _measured(campaign: Campaign) -> Iterator[str]:
    """Yield the compact models that were made of other files of measurements."""
    for name, device in campaign.measured.items():
        if Path(path := files.COMPACT_MODEL.format(device=name)).is_file():
            sources = files.read_json(path, ["made_by"])["made_by"]["sources"]
            read = {key: source["sha256"] for key, source in sources.items()}
            measured = device.files().items()
            if read != {key: files.whole.sha256_of(csv) for key, csv in measured}:
                yield path
