"""Results in the folder of a campaign that are not those of its configuration."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from wallnet import files, revisions
from wallnet.config import Campaign
from wallnet.config.mappings import split_mapping
from wallnet.config.networks import DATA_FILES
from wallnet.config.stages import FIRST_STAGE, NO_DEVICE
from wallnet.files.compact import decisive
from wallnet.jobs.networks import continuing_job, mapping_job, training_job
from wallnet.plan.requests import Requested
from wallnet.studies import QUESTIONS, gather_job

FOREIGN = "is not of this configuration, or not of these measurements or images"

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
        return sorted([*paths, *of_other_files(campaign)])


def _planned(campaign: Campaign) -> Planned:
    """Yield what the results that are there should state."""
    for path, request in Requested(campaign).items():
        if Path(path).is_file():
            yield path, request.computes.to_json(), request.revision, ()
    for study in QUESTIONS.values():
        for subject in study.subjects(campaign):
            if Path(path := study.path(subject)).is_file():
                gathering = gather_job(study, campaign, subject, [])
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
            # without the levels nothing can be said; results of earlier versions do not state them
            if levels:
                yield path, job, revision, [levels, ""]
        elif run.stage == FIRST_STAGE:
            model = files.COMPACT_MODEL.format(device=networks.neuron)
            activation = decisive(model, networks.reading_of_neuron)
            trained = training_job(networks, run.dataset, run.recipe, run.seed)
            if activation:
                yield path, trained.to_json(), revision, [activation, ""]
        else:
            further = continuing_job(networks, run.dataset, run.recipe, run.seed)
            yield path, further.to_json(), revision, ()


def of_other_files(campaign: Campaign) -> Iterator[str]:
    """Yield the results that were made of other measurements or images than are there now."""
    for name, device in campaign.measured.items():
        yield from _differing(files.COMPACT_MODEL.format(device=name), device.files(), "made_by")
    networks = campaign.networks
    for name in networks.datasets:
        # with checksums, no other images are used
        if not (dataset := networks.known_datasets[name]).checksums:
            folder = Path(networks.data_folder, dataset.folder)
            images = {file: folder / file for file in DATA_FILES}
            yield from _differing(files.DATA.format(dataset=name), images)


def _differing(path: str, present: Mapping[str, str | Path], *block: str) -> Iterator[str]:
    """Yield a result if it states another SHA-256 than that of a file that is there now."""
    # missing and damaged results are named as such
    with contextlib.suppress(files.FileError, OSError, KeyError, TypeError, AttributeError):
        content = files.read_json(path)
        sources = content[block[0]]["sources"] if block else content["files"]
        read = {key: source["sha256"] for key, source in sources.items()}
        now = {
            key: files.whole.sha256_of(file) if Path(file).is_file() else read.get(key)
            for key, file in present.items()
        }
        if read != now:
            yield path
