"""All files of a campaign, by target, and which targets are finished."""

from pathlib import Path

from wallnet import files
from wallnet.config import Campaign
from wallnet.config.measured import MEASURED
from wallnet.files.compact import CONTENTS
from wallnet.plan import paths
from wallnet.plan.requests import of_study
from wallnet.plan.shown import TABLES, figures
from wallnet.studies import STUDIES


def device_files(campaign: Campaign) -> list[str]:
    """List the device files, compact models and tables of all devices.

    Measured devices have no device file.
    """
    found = [files.DEVICE.format(device=name) for name in campaign.simulated]
    for name, device in campaign.devices.items():
        if device.kind in (*CONTENTS, MEASURED):
            found.append(files.COMPACT_MODEL.format(device=name))
        found += TABLES["device_table"].written(campaign, device=name).values()
    return found


def level_tables(campaign: Campaign) -> list[str]:
    """List the tables of the levels of all synapses with such sources beside the device."""
    return [
        path
        for name in campaign.of_kind("synapse")
        if len(paths.level_sources(campaign, name)) > 1
        for path in TABLES["level_report"].written(campaign, device=name).values()
    ]


def network_files(campaign: Campaign) -> list[str]:
    """List the records of the data sets, all networks and the tables of their accuracies."""
    networks = campaign.networks
    if not networks.recipes:
        return []
    programmed = paths.programming_sources(campaign)["networks"]
    return [
        *(files.DATA.format(dataset=dataset) for dataset in networks.datasets),
        *(
            path
            for pattern in (files.METRICS, files.CHECKPOINT, files.PROGRAMMING)
            for path in networks.run_set().paths(pattern)
        ),
        *TABLES["accuracy"].written(campaign).values(),
        *(TABLES["programming_table"].written(campaign).values() if programmed else []),
    ]


def everything(campaign: Campaign) -> list[str]:
    """List the files of the target `all`: all except those of checks and of optional devices."""
    asked = campaign.without_optional
    return [
        *of_study("devices", asked),
        *device_files(asked),
        *(path for each in STUDIES.values() if each.usual for path in each.results(asked)),
        *TABLES["parameters"].written(campaign).values(),
        *network_files(campaign),
        *figures(asked, usual=True),
        files.SUMMARY,
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


def beyond_all(campaign: Campaign, folder: str = "") -> dict[str, list[str]]:
    """List the files of the other targets that are not those of `all`, by target.

    Those of a study include what its finished rounds in the campaign's folder asked for.
    """
    of = {
        "traces": list(of_study("devices", campaign)),
        "devices": device_files(campaign),
        "figures": figures(campaign),
        **{name: study.results(campaign, folder) for name, study in STUDIES.items()},
        "levels": level_tables(campaign),
        "validation": validation_files(campaign),
        "mappings": mapping_files(campaign),
    }
    usual = {*everything(campaign)}
    found = {target: [path for path in paths if path not in usual] for target, paths in of.items()}
    return {target: paths for target, paths in found.items() if paths}


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
