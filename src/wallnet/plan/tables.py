"""All tables beside those of the studies, with their sources and their labels in the report."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wallnet import files
from wallnet.config import Campaign
from wallnet.experiment.base import canonical
from wallnet.files.paths import folder_of
from wallnet.jobs.networks import accuracy_job
from wallnet.jobs.write_energy import programming_energy_job
from wallnet.plan import paths
from wallnet.studies import STUDIES


def _nothing(*_: Any, **__: Any) -> Any:
    return {}


@dataclass(frozen=True)
class ResultTable:
    """A kind of table, with its figure if it has one.

    Attributes
    ----------
    name : str
        Name of the rule, and of the file with its caption in the report.
    module : str
        Module below `wallnet` that makes it, as the command `wallnet table` is told.
    path : str
        Pattern of its files, one of those of `wallnet.files`.
    label, category : str
        Name in the report, with wildcards, and part of the report.
    sources : callable
        Source files by name, given the campaign and the wildcards.
    folders : mapping
        Folders by the name of the sources that are in them. The command receives these folders in
        place of the files, which are too many.
    job : callable, optional
        JSON on the standard input of the command, given the same.
    suffixes : tuple of str
        Its files.
    further : Mapping
        Further files by name.
    figure : str
        Name of the figure of the whole campaign that is drawn with it.
    devices : callable
        Devices with such a table, given the campaign.
    """

    name: str
    module: str
    path: str
    label: str
    category: str
    sources: Callable[..., Mapping[str, list[str]]]
    folders: Mapping[str, str] = field(default_factory=dict)
    job: Callable[..., str] | None = None
    suffixes: tuple[str, ...] = files.TABLE_SUFFIXES
    further: Mapping[str, str] = field(default_factory=dict)
    figure: str = ""
    devices: Callable[[Campaign], Any] = _nothing

    def outputs(self) -> dict[str, str]:
        """Return its files by name."""
        names = {".csv": "csv", ".md": "markdown", ".html": "html"}
        found = {names[each]: self.path.replace("{suffix}", each) for each in self.suffixes}
        return {**found, **self.further}

    def written(self, **wildcards: str) -> list[str]:
        """Return its files."""
        return [path.format(**wildcards) for path in self.outputs().values()]

    def given(self, campaign: Campaign, **wildcards: str) -> list[str]:
        """Return the arguments of the command, without the files to write."""
        words = [self.module, *(["--job", "-"] if self.job else [])]
        if self.figure:
            words += ["--figures", campaign.figures.model_dump_json()]
        sources = self.sources(campaign, **wildcards)
        read = {name: [path] for name, path in self.folders.items()} or sources
        found = [f"{name}={path}" for name, paths in read.items() for path in paths]
        return [*words, "--sources", *found] if found else words


def _whole(table: str) -> str:
    return files.TABLE.format(table=table, suffix="{suffix}")


def _devices(campaign: Campaign) -> str:
    return canonical({name: d.model_dump(mode="json") for name, d in campaign.devices.items()})


TABLES = {
    table.name: table
    for table in (
        ResultTable(
            "device_table",
            "report.device_tables",
            files.DEVICE_TABLE,
            "{device}: table",
            "Devices",
            lambda campaign, device: {"device": [files.DEVICE.format(device=device)]},
            devices=lambda campaign: campaign.simulated,
        ),
        ResultTable(
            "measured_table",
            "report.measured",
            files.DEVICE_TABLE,
            "{device}: table",
            "Devices",
            lambda campaign, device: {"model": [files.COMPACT_MODEL.format(device=device)]},
            devices=lambda campaign: campaign.measured,
        ),
        ResultTable(
            "level_report",
            "page.levels",
            files.LEVELS_TABLE,
            "{device}: levels with their barriers and transitions",
            "Devices",
            lambda campaign, device: {
                name: [path] for name, path in paths.level_sources(campaign, device).items()
            },
            devices=lambda campaign: campaign.of_kind("synapse"),
        ),
        ResultTable(
            "parameters",
            "report.parameters",
            _whole("parameters"),
            "parameters of all devices",
            "Parameters",
            _nothing,
            job=_devices,
            suffixes=(".csv", ".html"),
        ),
        ResultTable(
            "accuracy",
            "report.networks",
            _whole("accuracy"),
            "test accuracy",
            "Networks",
            lambda campaign: {
                "networks": campaign.networks.run_set().paths(files.METRICS),
                "models": paths.network_models(campaign.networks),
            },
            folders={"networks": files.NETWORKS, "models": folder_of(files.COMPACT_MODEL, "")},
            job=lambda campaign: accuracy_job(campaign.networks).to_json(),
            further={"gaps": files.TABLE.format(table="accuracy-gaps", suffix=".csv")},
        ),
        ResultTable(
            "programming_table",
            "page.programming",
            _whole("programming"),
            "write energy of a network",
            "Networks",
            paths.programming_sources,
            folders={
                "networks": files.NETWORKS,
                "devices": folder_of(files.DEVICE, ""),
                "pulse_trains": folder_of(STUDIES["pulse_trains"].path("train"), ""),
            },
            job=lambda campaign: programming_energy_job(campaign).to_json(),
        ),
        ResultTable(
            "mapping_table",
            "report.studies",
            _whole("mappings"),
            "loss of accuracy by mapping",
            "Networks",
            lambda campaign: {
                "comparisons": paths.comparison_paths(campaign.networks),
                "references": paths.reference_metrics(campaign.networks),
            },
            suffixes=(".csv", ".md"),
            figure="mappings",
        ),
        ResultTable(
            "validation_table",
            "report.validation",
            _whole("validation"),
            "engine compared with published values",
            "Checks",
            lambda campaign: {"results": paths.validation_results()},
            suffixes=(".csv", ".md"),
            figure="validation",
        ),
    )
}
"""All kinds of table."""
