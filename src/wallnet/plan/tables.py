"""All tables beside those of the studies, with their sources and their labels in the report."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wallnet import files
from wallnet.config import Campaign
from wallnet.experiment.base import canonical
from wallnet.jobs.networks import accuracy_job
from wallnet.jobs.paths import folder
from wallnet.jobs.write_energy import programming_energy_job, write_energy_job
from wallnet.plan import paths
from wallnet.plan.levels import level_sources
from wallnet.studies import STUDIES


def _nothing(*_: Any, **__: Any) -> Any:
    return {}


@dataclass(frozen=True)
class ResultTable:
    """A kind of table, with its figure if it has one.

    Attributes
    ----------
    name : str
        Name of the rule and, with dashes, of the command that writes it.
    path : str
        Pattern of its files, one of those of `wallnet.files`.
    label, caption, category : str
        Name in the report, with wildcards, file of the caption, and part of the report.
    sources : callable
        Source files by name, given the campaign and the wildcards.
    read : bool
        Whether the command receives the source files, each kind in an option of its name.
    options : callable
        Values of further options, given the same.
    job : callable, optional
        JSON on the standard input of the command, given the same.
    suffixes : tuple of str
        Its files.
    further : Mapping
        Further files, by the name of their option.
    figure : str
        Name of the figure of the whole campaign that is drawn with it.
    devices : callable
        Devices with such a table, given the campaign.
    """

    name: str
    path: str
    label: str
    caption: str
    category: str
    sources: Callable[..., Mapping[str, list[str]]]
    read: bool = True
    options: Callable[..., Mapping[str, str]] = _nothing
    job: Callable[..., str] | None = None
    suffixes: tuple[str, ...] = files.TABLE_SUFFIXES
    further: Mapping[str, str] = field(default_factory=dict)
    figure: str = ""
    devices: Callable[[Campaign], Any] = _nothing

    def outputs(self) -> dict[str, str]:
        """Return its files by the name of their option."""
        names = {".csv": "csv", ".md": "markdown", ".html": "html"}
        found = {names[each]: self.path.replace("{suffix}", each) for each in self.suffixes}
        return {**found, **self.further}

    def given(self, campaign: Campaign, **wildcards: str) -> list[str]:
        """Return the options of the command, without its files."""
        words = ["--job", "-"] if self.job else []
        if self.figure:
            words += ["--figures", campaign.figures.model_dump_json()]
        for name, value in self.options(campaign, **wildcards).items():
            words += [f"--{name}", value]
        if self.read:
            for name, found in self.sources(campaign, **wildcards).items():
                words += [f"--{name.replace('_', '-')}", *found]
        return words


def _whole(table: str) -> str:
    return files.TABLE.format(table=table, suffix="{suffix}")


def _devices(campaign: Campaign) -> str:
    return canonical({name: d.model_dump(mode="json") for name, d in campaign.devices.items()})


TABLES = (
    ResultTable(
        "device_table",
        files.DEVICE_TABLE,
        "{device}: table",
        "device-table.rst",
        "Devices",
        lambda campaign, device: {"device": [files.DEVICE.format(device=device)]},
        options=lambda campaign, device: {
            "write-energy": write_energy_job(campaign.simulated[device]).to_json()
        },
        devices=lambda campaign: campaign.simulated,
    ),
    ResultTable(
        "measured_table",
        files.DEVICE_TABLE,
        "{device}: table",
        "measured-table.rst",
        "Devices",
        lambda campaign, device: {"model": [files.COMPACT_MODEL.format(device=device)]},
        devices=lambda campaign: campaign.measured,
    ),
    ResultTable(
        "level_report",
        files.LEVELS_TABLE,
        "{device}: levels with their barriers and transitions",
        "levels-table.rst",
        "Devices",
        lambda campaign, device: {
            name: [path] for name, path in level_sources(campaign, device).items()
        },
        devices=lambda campaign: campaign.of_kind("synapse"),
    ),
    ResultTable(
        "parameters",
        _whole("parameters"),
        "parameters of all devices",
        "parameters.rst",
        "Parameters",
        _nothing,
        job=_devices,
        suffixes=(".csv", ".html"),
    ),
    ResultTable(
        "accuracy",
        _whole("accuracy"),
        "test accuracy",
        "network-accuracy-table.rst",
        "Networks",
        lambda campaign: {
            "networks": campaign.networks.run_set().paths(files.METRICS),
            "models": paths.network_models(campaign.networks),
        },
        read=False,
        options=lambda campaign: {
            "networks": files.NETWORKS,
            "models": folder(files.COMPACT_MODEL, ""),
        },
        job=lambda campaign: accuracy_job(campaign.networks).to_json(),
        further={
            name: files.TABLE.format(table=f"accuracy-{name}", suffix=".csv")
            for name in ("validation", "gaps")
        },
    ),
    ResultTable(
        "programming_table",
        _whole("programming"),
        "write energy of a network",
        "programming.rst",
        "Networks",
        paths.programming_sources,
        read=False,
        options=lambda campaign: {
            "networks": files.NETWORKS,
            "devices": folder(files.DEVICE, ""),
            "responses": folder(STUDIES["pulse_trains"].path("train"), ""),
        },
        job=lambda campaign: programming_energy_job(campaign).to_json(),
    ),
    ResultTable(
        "mapping_table",
        _whole("mappings"),
        "loss of accuracy by mapping",
        "mappings.rst",
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
        _whole("validation"),
        "engine compared with published values",
        "validation.rst",
        "Checks",
        lambda campaign: {"results": paths.validation_results()},
        suffixes=(".csv", ".md"),
        figure="validation",
    ),
)
"""All kinds of table."""
