"""All files of a campaign, by target, which targets are finished, and files for rules."""

import itertools
from collections.abc import Iterable
from pathlib import Path

from wallnet import files
from wallnet.config import Campaign
from wallnet.config.imperfections import DeviceImperfections
from wallnet.config.measured import MEASURED
from wallnet.config.networks import Networks
from wallnet.config.stages import FIRST_STAGE, LEVEL_STAGES, NO_DEVICE, Network
from wallnet.files.compact import CONTENTS
from wallnet.plan.requests import of_study
from wallnet.plan.shown import TABLES, evaluations, figures, level_sources, programming_sources
from wallnet.studies import STUDIES


def device_files(campaign: Campaign) -> list[str]:
    """List the device files, compact models and tables of all devices.

    Measured devices have no device file.
    """
    paths = [files.DEVICE.format(device=name) for name in campaign.simulated]
    for name, device in campaign.devices.items():
        if device.kind in (*CONTENTS, MEASURED):
            paths.append(files.COMPACT_MODEL.format(device=name))
        paths += TABLES["device_table"].written(campaign, device=name).values()
    return paths


def level_tables(campaign: Campaign) -> list[str]:
    """List the tables of the levels of all synapses with such sources beside the device."""
    return [
        path
        for name in campaign.of_kind("synapse")
        if len(level_sources(campaign, name)) > 1
        for path in TABLES["level_report"].written(campaign, device=name).values()
    ]


def network_files(campaign: Campaign) -> list[str]:
    """List the records of the data sets, all networks and the tables of their accuracies."""
    networks = campaign.networks
    if not networks.recipes:
        return []
    programmed = programming_sources(campaign)["networks"]
    kinds = map(networks.run_set().paths, (files.METRICS, files.CHECKPOINT, files.PROGRAMMING))
    return [
        *(files.DATA.format(dataset=dataset) for dataset in networks.datasets),
        *itertools.chain.from_iterable(kinds),
        *TABLES["accuracy"].written(campaign).values(),
        *(TABLES["programming_table"].written(campaign).values() if programmed else []),
    ]


def _job_names(campaign: Campaign, results: Iterable[str]) -> dict[str, str]:
    """Return the files after which the records of the jobs of some results are named, by result."""
    # one job maps many networks
    runs = (run for run in campaign.networks.runs() if run.device != NO_DEVICE)
    mapped = {run.path(files.METRICS): files.ON_SYNAPSE.format(**run) for run in runs}
    return {path: mapped.get(path, path) for path in results}


def records(campaign: Campaign, results: Iterable[str]) -> set[str]:
    """Return the logs and the benchmarks of the jobs that make some results."""
    named = _job_names(campaign, results).values()
    return {path_of(path) for path in named for path_of in (files.log_of, files.benchmark_of)}


def unmade(campaign: Campaign, folder: Path) -> dict[str, str]:
    """Return logs of jobs that did not make their results in a campaign's folder, by result."""
    results = (*everything(campaign), *checks(campaign, str(folder)))
    missing = (path for path in results if not Path(folder, path).exists())
    logs = {path: files.log_of(job) for path, job in _job_names(campaign, missing).items()}
    return {path: log for path, log in logs.items() if Path(folder, log).is_file()}


def everything(campaign: Campaign) -> list[str]:
    """List the files of the target `all`: all except those of checks and of optional devices."""
    required = campaign.without_optional
    return [
        *of_study("devices", required),
        *device_files(required),
        *(path for study in STUDIES.values() if study.usual for path in study.results(required)),
        *TABLES["parameters"].written(campaign).values(),
        *network_files(campaign),
        *figures(required, usual=True),
        files.SUMMARY,
        files.SUMMARY_TABLE,
    ]


def validation_files(campaign: Campaign) -> list[str]:
    """List the results of the engine's checks, their tables and their figure."""
    table = TABLES["validation_table"]
    return [*table.sources(campaign)["results"], *table.written(campaign).values()]


def mapping_files(campaign: Campaign) -> list[str]:
    """List the results of the target `mappings`, their tables and their figure."""
    networks, table = campaign.networks, TABLES["mapping_table"]
    if not (networks.recipes and networks.synapses and networks.compared):
        return []
    return [*table.sources(campaign)["comparisons"], *table.written(campaign).values()]


def as_made_files(campaign: Campaign) -> list[str]:
    """List the results of the target `as-made`: evaluations, their devices, tables and figure.

    The networks themselves are among them.
    """
    if not (evaluated := evaluations(campaign)):
        return []
    shown = [run for _, run in evaluated.values()]
    free = [
        Network(dataset=run.dataset, recipe=run.recipe, stage=FIRST_STAGE, seed=run.seed)
        for run in shown
    ]
    networks = dict.fromkeys(run.path(files.METRICS) for run in (*free, *shown))
    devices = dict.fromkeys(run.device for run in shown)
    described = [files.IMPERFECTIONS.format(device=device) for device in devices]
    written = TABLES["as_made_table"].written(campaign)
    return [*networks, *evaluated, *described, *written.values()]


def imperfection_sources(campaign: Campaign, device: str) -> dict[str, str]:
    """Return the files from which the imperfections of a device are known, by kind."""
    settings = campaign.imperfections.get(device, DeviceImperfections())
    sources = {"levels": files.COMPACT_MODEL.format(device=device)}
    sources |= {"thermal": STUDIES["thermal"].path(settings.thermal)} if settings.thermal else {}
    sources |= {"barriers": STUDIES["barriers"].path(device)} if settings.barriers else {}
    measured = getattr(campaign.devices[device], "levels", None)
    sources |= {"measured": measured} if measured else {}
    return sources | ({"file": settings.file} if settings.file else {})


MOST_SHOWN = 6
"""Largest number of files, and else their folders, that a run names at its end."""


def in_short(paths: Iterable[str]) -> list[str]:
    """Return the tables and figures among the results of a target, and the page of the campaign.

    Without any it is the results themselves; of many, their folders.
    """
    results = [*dict.fromkeys(paths)]
    shown = [path for path in results if path.endswith((".csv", ".png"))] or results
    if len(shown) > MOST_SHOWN:
        shown = sorted({str(Path(path).parent) for path in shown})
    return [*shown, files.SUMMARY]


def beyond_all(campaign: Campaign, folder: str = "") -> dict[str, list[str]]:
    """List the files of the other targets that are not those of `all`, by target.

    Those of a study include the requests of its finished rounds in the campaign's folder.
    """
    named = {
        "traces": list(of_study("devices", campaign)),
        "devices": device_files(campaign),
        "figures": figures(campaign),
        **{name: study.results(campaign, folder) for name, study in STUDIES.items()},
        "levels": level_tables(campaign),
        "validation": validation_files(campaign),
        "mappings": mapping_files(campaign),
        "as-made": as_made_files(campaign),
    }
    usual = {*everything(campaign)}
    beyond = {
        target: [path for path in paths if path not in usual] for target, paths in named.items()
    }
    return {target: paths for target, paths in beyond.items() if paths}


def checks(campaign: Campaign, folder: str = "") -> list[str]:
    """List the results of the targets that are not part of `all`."""
    return [path for paths in beyond_all(campaign, folder).values() for path in paths]


def finished_targets(campaign: Campaign, folder: str | Path) -> dict[str, list[str]]:
    """Return the targets beyond `all` whose results are all in a campaign's folder, with these."""
    return {
        target: list(dict.fromkeys(paths))
        for target, paths in beyond_all(campaign, str(folder)).items()
        if all(Path(folder, path).is_file() for path in paths)
    }


def free_path(pattern: str, stage: str, recipe: str = "{recipe}") -> str:
    """Return a file of a network with FP32 weights, with wildcards."""
    return Network(dataset="{dataset}", recipe=recipe, stage=stage, seed="{seed}").path(pattern)


def first_checkpoints(networks: Networks) -> list[str]:
    """Return the checkpoints of all recipes after their first stage, with wildcards."""
    return [free_path(files.CHECKPOINT, FIRST_STAGE, recipe) for recipe in networks.recipes]


def mapped_paths(pattern: str, networks: Networks) -> list[str]:
    """Return the files of one kind of the networks on a synapse that one job makes.

    They are patterns with the wildcards of the job: data set, synapse, reading and seed.
    """
    place = ("{device}", "{reading}")
    of_a_job = {"datasets": ("{dataset}",), "places": (place,), "seeds": ("{seed}",)}
    return networks.run_set().limited(LEVEL_STAGES, **of_a_job).paths(pattern)


def level_set_sources(campaign: Campaign, name: str) -> dict[str, str]:
    """Return the files that determine the levels of a device in the level sets of the networks.

    They are its results of the studies that determine a level set in use, by the name of the study.
    """
    networks = campaign.networks
    simulated = name in networks.synapses and name in campaign.simulated
    used = networks.level_sets if simulated else frozenset()
    studies = (study for study in STUDIES.values() if used & {*study.level_sets})
    return {study.name: study.path(name) for study in studies}
