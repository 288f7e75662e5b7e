"""All tables and figures beside those of the studies, with their sources and their labels."""

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from wallnet import files
from wallnet.config import Campaign
from wallnet.config.measured import MEASURED
from wallnet.config.stages import FIRST_STAGE, NO_DEVICE, PAPER_STAGES, STAGES
from wallnet.experiment.base import canonical
from wallnet.experiment.request import pulses
from wallnet.files.paths import DATASET_FIGURE, DEVICE_FIGURE, FIGURE, NETWORK_FIGURE, folder_of
from wallnet.jobs import FigureJob, programming_energy_job
from wallnet.jobs.networks import accuracy_job
from wallnet.plan import paths
from wallnet.studies import STUDIES
from wallnet.validation import CHECKS

Sources = Mapping[str, list[str]]
"""Source files by name."""


@dataclass(frozen=True)
class Shown:
    """A kind of table, a kind of figure, or both of the same data.

    Attributes
    ----------
    name : str
        Name of the table or of the figure.
    module : str
        Module below `wallnet` that makes it, as the command `wallnet show` is told.
    label, category : str
        Name in the report, with wildcards, and part of the report.
    outputs : mapping
        Patterns of its files by name; the suffix of a vector file is open. There is one of each for
        each value of the wildcards.
    sources : callable
        Its `Sources`, given the campaign and the wildcards.
    folders : mapping
        Patterns of folders by the name of the sources that are in them. The command receives these
        in place of the sources, which are too many.
    job : callable
        JSON on the standard input of the command, given the same as `sources`.
    kind : str
        Kind of the devices that it shows; all if it is not given.
    """

    name: str
    module: str
    label: str
    category: str
    outputs: Mapping[str, str]
    sources: Callable[..., Sources]
    folders: Mapping[str, str] = field(default_factory=dict)
    job: Callable[..., str] = lambda *_, **__: "{}"
    kind: str = ""

    @property
    def rule(self) -> str:
        """Name of its rule, and of the file with its caption in the report."""
        return self.name if "csv" in self.outputs else f"figure_{self.name.replace('-', '_')}"

    def written(self, campaign: Campaign, **wildcards: str) -> dict[str, str]:
        """Return its files by name."""
        suffix = f".{campaign.figures.vector_format}"
        found = self.outputs.items()
        return {name: path.format(suffix=suffix, **wildcards) for name, path in found}

    def places(self, campaign: Campaign) -> list[dict[str, str]]:
        """List the wildcards of all its files in a campaign."""
        networks, pattern = campaign.networks, next(iter(self.outputs.values()))
        of_networks = self.category == "Networks"
        # a figure of all devices is part of the target `all`
        asked = campaign if "{device}" in pattern else campaign.without_optional
        devices = asked.of_kind(self.kind) if self.kind else [*asked.devices]
        if not (networks.recipes if of_networks else devices):
            return []
        choices = {
            "dataset": networks.datasets,
            "device": networks.synapses if of_networks else devices,
        }
        names = [name for name in choices if f"{{{name}}}" in pattern]
        chosen = itertools.product(*(choices[name] for name in names))
        return [dict(zip(names, values, strict=True)) for values in chosen]

    def given(self, campaign: Campaign, **wildcards: str) -> list[str]:
        """Return the arguments of the command, without the job and the files to write."""
        style = ["--figures", campaign.figures.model_dump_json()] if "png" in self.outputs else []
        folders = {name: [path.format(**wildcards)] for name, path in self.folders.items()}
        read = folders or self.sources(campaign, **wildcards)
        named = [f"{name}={path}" for name, paths in read.items() for path in paths]
        return [self.module, *style, "--sources", *named]


SUFFIXES = dict(zip(("csv", "markdown", "html"), files.TABLE_SUFFIXES, strict=True))
"""Endings of the files of a table."""


def _table(pattern: str, *names: str) -> dict[str, str]:
    """Return the files of a table; all if none is named."""
    return {name: pattern.replace("{suffix}", SUFFIXES[name]) for name in names or SUFFIXES}


def _whole(table: str, *names: str) -> dict[str, str]:
    """Return the files of a table of the whole campaign."""
    return _table(files.TABLE.replace("{table}", table), *names)


def _drawn(name: str, pattern: str = FIGURE) -> dict[str, str]:
    """Return the files of a figure."""
    vector = pattern.replace("{figure}", name)
    return {"png": vector.replace("{suffix}", ".png"), "vector": vector}


def _own(campaign: Campaign, device: str) -> Sources:
    """Return the file of a device, by its kind."""
    kind = campaign.devices[device].kind
    pattern = files.COMPACT_MODEL if kind == MEASURED else files.DEVICE
    return {kind: [pattern.format(device=device)]}


def _traces(campaign: Campaign, device: str) -> Sources:
    """Return the file of a device with those of all pulses."""
    swept = pulses(device, campaign.simulated[device])
    return {**_own(campaign, device), "traces": [each.path for each in swept.values()]}


def _plain_devices(campaign: Campaign) -> str:
    return canonical({name: d.model_dump(mode="json") for name, d in campaign.devices.items()})


TABLES = {
    table.name: table
    for table in (
        Shown(
            "device_table",
            "report.device_tables",
            "{device}: table",
            "Devices",
            _table(files.DEVICE_TABLE),
            _own,
        ),
        Shown(
            "level_report",
            "page.levels",
            "{device}: levels with their barriers and transitions",
            "Devices",
            _table(files.LEVELS_TABLE),
            paths.level_sources,
            kind="synapse",
        ),
        Shown(
            "parameters",
            "report.parameters",
            "parameters of all devices",
            "Parameters",
            _whole("parameters", "csv", "html"),
            lambda campaign: {},
            job=_plain_devices,
        ),
        Shown(
            "accuracy",
            "report.networks",
            "test accuracy",
            "Networks",
            {**_whole("accuracy"), "gaps": _whole("accuracy-gaps")["csv"]},
            paths.accuracy_sources,
            {"networks": files.NETWORKS, "models": folder_of(files.COMPACT_MODEL, "")},
            lambda campaign: accuracy_job(campaign.networks).to_json(),
        ),
        Shown(
            "programming_table",
            "page.programming",
            "write energy of a network",
            "Networks",
            _whole("programming"),
            paths.programming_sources,
            {
                "networks": files.NETWORKS,
                "devices": folder_of(files.DEVICE, ""),
                "pulse_trains": folder_of(STUDIES["pulse_trains"].path("train"), ""),
            },
            lambda campaign: programming_energy_job(campaign).to_json(),
        ),
        Shown(
            "mapping_table",
            "report.studies",
            "loss of accuracy by mapping",
            "Networks",
            _whole("mappings", "csv", "markdown") | _drawn("mappings"),
            paths.mapping_sources,
        ),
        Shown(
            "validation_table",
            "report.validation",
            "engine compared with published values",
            "Checks",
            _whole("validation", "csv", "markdown") | _drawn("validation"),
            lambda campaign: {"results": [files.VALIDATION.format(check=name) for name in CHECKS]},
        ),
    )
}
"""All kinds of table by name."""


def _synapses(campaign: Campaign) -> Sources:
    names = campaign.without_optional.of_kind("synapse")
    return {"synapse": [files.DEVICE.format(device=name) for name in names]}


def _curves(campaign: Campaign) -> Sources:
    """Return the metrics of the networks with FP32 weights, all recipes, the first seed."""
    networks = campaign.networks
    first = networks.run_set().limited([FIRST_STAGE], seeds=networks.seeds[:1])
    return {"metrics": first.paths(files.METRICS)}


def _accuracies(campaign: Campaign) -> Sources:
    return {"table": [TABLES["accuracy"].outputs["csv"]]}


def _examples(stages: Collection[str], recipes: int | None = 1) -> Callable[..., Sources]:
    """Return a function that lists the metrics of the first seed at some stages, in all readings.

    Without a device, they are those of the network with FP32 weights. `recipes` is the number of
    recipes, from the first on; None for all. Of each, the mapping with the most stages is used.
    """

    def sources(campaign: Campaign, dataset: str, device: str = NO_DEVICE) -> Sources:
        networks, run_set = campaign.networks, campaign.networks.run_set()
        places = tuple(place for place in run_set.places if place[0] == device)
        here = {"datasets": (dataset,), "places": places, "seeds": networks.seeds[:1]}
        found = []
        for recipe, stages_of in list(run_set.stages.items())[:recipes]:
            counts = Counter(mapping for each in stages_of.values() for mapping in each)
            mapping = max(networks.mappings, key=counts.__getitem__)
            chosen = run_set.limited(stages, **here, recipes=(recipe,), mappings=(mapping,))
            found += chosen.paths(files.METRICS)
        return {"metrics": found}

    return sources


_of_paper = _examples(PAPER_STAGES)
"""Metrics of the stages that the paper has."""


def _figure(
    name: str, kind: str, label: str, pattern: str, sources: Callable[..., Sources]
) -> Shown:
    """Return a figure of devices of a kind, or of networks without a kind."""

    def job(campaign: Campaign, device: str = "", **_: str) -> str:
        shown = getattr(campaign.devices.get(device), "shown", None) or ()
        paper = sorted({*campaign.networks.table_ii.values()})
        told: dict[str, Any] = {"shown": shown} if kind else {"paper": paper}
        return FigureJob(figure=name, **told).to_json()

    module, category = ("devices", "Devices") if kind else ("networks", "Networks")
    maps = {kind: files.DEVICE, "traces": folder_of(files.TRACE, "{device}")}
    folders = maps if sources == _traces else {}
    made = (label, category, _drawn(name, pattern), sources, folders, job, kind)
    return Shown(name, f"report.{module}", *made)


_ROWS: tuple[tuple[str, str, str, str, Callable[..., Sources]], ...] = (
    ("transfer-curve", "neuron", "{device}: transfer curve", DEVICE_FIGURE, _own),
    ("magnetization", "neuron", "{device}: maps of m_z", DEVICE_FIGURE, _traces),
    ("dynamics", "synapse", "{device}: maps of m_z, wall against time", DEVICE_FIGURE, _traces),
    ("conductance", "synapse", "{device}: conductance and levels", DEVICE_FIGURE, _own),
    ("write-energy", "synapse", "{device}: write energy", DEVICE_FIGURE, _own),
    ("wall-position", "track", "{device}: wall against time, velocity", DEVICE_FIGURE, _own),
    ("measured", MEASURED, "{device}: levels and transfer curve", DEVICE_FIGURE, _own),
    ("synapses-compared", "synapse", "conductance compared", FIGURE, _synapses),
    ("training-curves", "", "training curves", FIGURE, _curves),
    ("accuracy", "", "test error at every stage", FIGURE, _accuracies),
    ("misread", "", "{dataset}: misread images", DATASET_FIGURE, _examples([FIRST_STAGE])),
    ("weights", "", "{dataset}: weights on {device}", NETWORK_FIGURE, _examples(STAGES, None)),
    ("confusion", "", "{dataset}: confusion matrices on {device}", NETWORK_FIGURE, _of_paper),
)

FIGURES = {row[0]: _figure(*row) for row in _ROWS}
"""All kinds of figure by name, those of devices first."""

ON_DEMAND = {"weights"}
"""Figures of the target `figures` that are not part of the target `all`."""


def figures(campaign: Campaign, usual: bool = False) -> list[str]:
    """List the files of the figures of devices and networks; all, or those of the target `all`."""
    return [
        path
        for figure in FIGURES.values()
        if not (usual and figure.name in ON_DEMAND)
        for place in figure.places(campaign)
        for path in figure.written(campaign, **place).values()
    ]
