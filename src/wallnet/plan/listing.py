"""All files of a campaign, by target."""

from collections.abc import Sequence

from wallnet import files
from wallnet.config import Campaign
from wallnet.config.measured import MEASURED
from wallnet.files.compact import CONTENTS
from wallnet.plan import paths
from wallnet.plan.figures import figures
from wallnet.plan.levels import level_tables
from wallnet.plan.requests import of_study
from wallnet.studies import STUDIES


def _table(name: str, suffixes: Sequence[str] = files.TABLE_SUFFIXES) -> list[str]:
    return [files.TABLE.format(table=name, suffix=suffix) for suffix in suffixes]


def simulations(campaign: Campaign) -> list[str]:
    """List the initial states, traces, levels and minima of all simulated devices."""
    return list(of_study("devices", campaign))


def device_files(campaign: Campaign) -> list[str]:
    """List the device files, compact models and tables of all devices.

    Measured devices have no device file.
    """
    with_model = (*CONTENTS, MEASURED)
    return [
        path
        for name, device in campaign.devices.items()
        for path in (
            *([] if device.kind == MEASURED else [files.DEVICE.format(device=name)]),
            *([files.COMPACT_MODEL.format(device=name)] if device.kind in with_model else []),
            *(files.DEVICE_TABLE.format(device=name, suffix=s) for s in files.TABLE_SUFFIXES),
        )
    ]


def network_files(campaign: Campaign) -> list[str]:
    """List the records of the data sets, all networks and the tables of their accuracies."""
    networks = campaign.networks
    if not networks.recipes:
        return []
    return [
        *(files.DATA.format(dataset=dataset) for dataset in networks.datasets),
        *(
            path
            for pattern in (files.METRICS, files.CHECKPOINT, files.PROGRAMMING)
            for path in networks.run_set().paths(pattern)
        ),
        *_table("accuracy"),
        *_table("accuracy-gaps", (".csv",)),
        *_table("accuracy-validation", (".csv",)),
        *(_table("programming") if paths.programming_sources(campaign)["networks"] else []),
    ]


def everything(campaign: Campaign) -> list[str]:
    """List the files of the target `all`: all except those of checks and of optional devices."""
    asked = campaign.without_optional
    return [
        *simulations(asked),
        *device_files(asked),
        *(path for each in STUDIES.values() if each.usual for path in each.results(asked)),
        *_table("parameters", (".csv", ".html")),
        *network_files(campaign),
        *figures(asked, usual=True),
        files.SUMMARY,
    ]


def validation_files(campaign: Campaign) -> list[str]:
    """List the results of the engine's checks, their tables and their figure."""
    return [*paths.validation_results(), *_of_check(campaign, "validation")]


def _of_check(campaign: Campaign, name: str) -> list[str]:
    figure = files.FIGURE.format(figure=name, suffix="{suffix}")
    drawn = files.figure_files([figure], campaign.figures.vector_format)
    return [*_table(name, (".csv", ".md")), *drawn]


def mapping_files(campaign: Campaign) -> list[str]:
    """List the results of the target `mappings`, their tables and their figure."""
    networks = campaign.networks
    if not (networks.recipes and networks.synapses and networks.compared):
        return []
    return [*paths.comparison_paths(networks), *_of_check(campaign, "mappings")]


def beyond_all(campaign: Campaign, folder: str = "") -> dict[str, list[str]]:
    """List the files of the other targets that are not those of `all`, by target.

    Those of a study include what its finished rounds in the campaign's folder asked for.
    """
    of = {
        "traces": simulations(campaign),
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
