"""All files of a campaign, by target."""

from collections.abc import Sequence

from wallnet import files
from wallnet.config import Campaign
from wallnet.files.compact import CONTENTS
from wallnet.plan import paths
from wallnet.plan.figures import figures

TABLE_SUFFIXES = (".csv", ".md", ".html")


def _table(name: str, suffixes: Sequence[str] = TABLE_SUFFIXES) -> list[str]:
    return [files.TABLE.format(table=name, suffix=suffix) for suffix in suffixes]


def simulations(campaign: Campaign) -> list[str]:
    """List the initial states, traces and levels of all devices."""
    return [
        path
        for name, device in campaign.devices.items()
        for path in (
            files.INITIAL.format(device=name),
            *paths.trace_paths(name, device),
            *paths.level_paths(name, device),
        )
    ]


def device_files(campaign: Campaign) -> list[str]:
    """List the device files, compact models and tables of all devices."""
    return [
        path
        for name, device in campaign.devices.items()
        for path in (
            files.DEVICE.format(device=name),
            *([files.COMPACT_MODEL.format(device=name)] if device.kind in CONTENTS else []),
            *(files.DEVICE_TABLE.format(device=name, suffix=s) for s in TABLE_SUFFIXES),
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
            for pattern in (files.METRICS, files.CHECKPOINT)
            for path in paths.network_paths(pattern, networks.run_set())
        ),
        *_table("accuracy"),
    ]


def everything(campaign: Campaign) -> list[str]:
    """List the files of the target `all`: all results except those of separate checks."""
    return [
        *simulations(campaign),
        *device_files(campaign),
        *_table("parameters", (".csv", ".html")),
        *network_files(campaign),
        *figures(campaign),
    ]


def crosscheck_files(campaign: Campaign) -> list[str]:
    """List the traces of the cross-check, its tables and its figure."""
    calculators = campaign.crosscheck.calculators
    traces = [path for name in calculators for path in paths.crosscheck_traces(campaign, name)]
    return [*traces, *_of_check(campaign, "crosscheck")]


def validation_files(campaign: Campaign) -> list[str]:
    """List the results of the engine's checks, their tables and their figure."""
    return [*paths.validation_results(), *_of_check(campaign, "validation")]


def _of_check(campaign: Campaign, name: str) -> list[str]:
    figure = files.FIGURE.format(figure=name, suffix="{suffix}")
    drawn = files.both_formats([figure], campaign.figures.vector_format)
    return [*_table(name, (".csv", ".md")), *drawn]


def checks(campaign: Campaign) -> list[str]:
    """List the results of the targets `crosscheck` and `validation`."""
    return [*crosscheck_files(campaign), *validation_files(campaign)]
