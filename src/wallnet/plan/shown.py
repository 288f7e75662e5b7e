"""All tables and figures beside those of the studies, with their sources and their labels."""

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from wallnet import files
from wallnet.config import Campaign
from wallnet.config.measured import MEASURED
from wallnet.config.stages import FIRST_STAGE, NO_DEVICE, PAPER_STAGES, STAGES, Network
from wallnet.files.paths import DATASET_FIGURE, DEVICE_FIGURE, FIGURE, NETWORK_FIGURE, folder_of
from wallnet.files.plain import canonical
from wallnet.jobs.networks import accuracy_job
from wallnet.jobs.report import FigureJob, programming_energy_job
from wallnet.jobs.request import pulses
from wallnet.studies import STUDIES
from wallnet.validation import CHECKS

Sources = Mapping[str, list[str]]
"""Source files by name."""


def evaluations(campaign: Campaign) -> dict[str, tuple[str, Network]]:
    """Return the set of causes and the network of each evaluation of networks as made, by path."""
    return {
        files.AS_MADE_NETWORK.format(causes=causes, **network): (causes, network)
        for causes, settings in campaign.as_made.items()
        for network in campaign.networks.shown_as_made(settings.reading, settings.recipe)
    }


@dataclass(frozen=True)
class Shown:
    """A kind of table, a kind of figure, or both of the same data."""

    name: str
    module: str
    """Module below `wallnet` that makes it: an argument of `wallnet show`."""
    label: str
    """Name in the report, with wildcards."""
    category: str
    """Part of the report."""
    outputs: Mapping[str, str]
    """Patterns of its files by name, one of each for each value of the wildcards. The suffix of a
    vector file is open."""
    sources: Callable[..., Sources]
    """Its sources, given the campaign and the wildcards."""
    folders: Mapping[str, str] = field(default_factory=dict)
    """Patterns of folders by the name of the sources that are in them. The command receives these
    in place of the sources, which are too many."""
    job: Callable[..., str] = lambda *_, **__: "{}"
    """JSON on the standard input of the command, of the same arguments as `sources`."""
    kind: str = ""
    """Kind of the devices that it shows; all if it is not given."""

    @property
    def rule(self) -> str:
        """Name of its rule, and of the file with its caption in the report."""
        return self.name if "csv" in self.outputs else f"figure_{self.name.replace('-', '_')}"

    def written(self, campaign: Campaign, **wildcards: str) -> dict[str, str]:
        """Return its files by name."""
        suffix = f".{campaign.figures.vector_format}"
        patterns = self.outputs.items()
        return {name: path.format(suffix=suffix, **wildcards) for name, path in patterns}

    def places(self, campaign: Campaign) -> list[dict[str, str]]:
        """List the wildcards of all its files in a campaign; none of a comparison of one device."""
        networks, pattern = campaign.networks, next(iter(self.outputs.values()))
        of_networks = self.category == "Networks"
        # a figure of all devices is part of the target `all`
        scope = campaign if "{device}" in pattern else campaign.without_optional
        devices = scope.of_kind(self.kind) if self.kind else [*scope.devices]
        least = 2 if self.kind and "{device}" not in pattern else 1
        if len(networks.recipes if of_networks else devices) < least:
            return []
        devices = [*networks.synapses] if of_networks else devices
        choices = {"dataset": networks.datasets, "device": devices}
        names = [name for name in choices if f"{{{name}}}" in pattern]
        chosen = itertools.product(*(choices[name] for name in names))
        return [dict(zip(names, values, strict=True)) for values in chosen]

    def arguments(self, campaign: Campaign, **wildcards: str) -> list[str]:
        """Return the arguments of the command, without the job and the files to write."""
        style = ["--figures", campaign.figures.model_dump_json()] if "png" in self.outputs else []
        folders = {name: [path.format(**wildcards)] for name, path in self.folders.items()}
        read = folders or self.sources(campaign, **wildcards)
        named = [f"{name}={path}" for name, paths in read.items() for path in paths]
        return [self.module, *style, "--sources", *named]


def _table(name: str, *kinds: str, pattern: str = files.TABLE) -> dict[str, str]:
    """Return the files of a table by their kinds; all if none is named."""
    suffixes = dict(zip(("csv", "markdown", "html"), files.TABLE_SUFFIXES, strict=True))
    place = pattern.replace("{table}", name)
    return {kind: place.replace("{suffix}", suffixes[kind]) for kind in kinds or suffixes}


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
    return {**_own(campaign, device), "traces": [request.path for request in swept.values()]}


def accuracy_sources(campaign: Campaign) -> dict[str, list[str]]:
    """Return the metrics of all networks, and the compact models of their synapses."""
    run_set = campaign.networks.run_set()
    devices = dict.fromkeys(device for device, _ in run_set.places)
    models = [files.COMPACT_MODEL.format(device=device) for device in devices]
    return {"networks": run_set.paths(files.METRICS), "models": models}


def programming_sources(campaign: Campaign) -> dict[str, list[str]]:
    """Return the files from which the energy of writing networks is computed, by kind.

    They are the programmings of the networks, the devices and the responses; all are empty if no
    network is on the levels of a simulated synapse. The compact models are not read. Only once they
    are finished it is known whether the networks have to be mapped again.
    """
    job = programming_energy_job(campaign)
    synapses = dict.fromkeys(name for name, _ in job.run_set.places)
    return {
        "networks": job.run_set.paths(files.PROGRAMMING),
        "devices": [files.DEVICE.format(device=name) for name in synapses],
        "pulse_trains": [
            STUDIES["pulse_trains"].path(name) for name in dict.fromkeys(job.written_by.values())
        ],
        "models": [files.COMPACT_MODEL.format(device=name) for name in synapses],
    }


def mapping_sources(campaign: Campaign) -> dict[str, list[str]]:
    """Return the comparisons of mappings, and the metrics of all networks with FP32 weights."""
    networks = campaign.networks
    comparisons = [
        files.COMPARISON.format(dataset=dataset, device=device, reading=reading, seed=seed)
        for dataset in networks.datasets
        for device, reading in networks.run_set().places
        for seed in networks.seeds
    ]
    free = [run.path(files.METRICS) for run in networks.runs() if run.device == NO_DEVICE]
    return {"comparisons": comparisons, "references": free}


def level_sources(campaign: Campaign, device: str) -> dict[str, list[str]]:
    """Return the `device` of the levels of a synapse, and its results of the studies of levels."""
    studies = [study for study in STUDIES.values() if study.level_sets]
    results = {
        study.name: [study.path(device)] for study in studies if device in study.subjects(campaign)
    }
    return {"device": [files.DEVICE.format(device=device)], **results}


def _plain_devices(campaign: Campaign) -> str:
    return canonical({name: d.model_dump(mode="json") for name, d in campaign.devices.items()})


TABLES = {
    table.name: table
    for table in (
        Shown(
            "device_table",
            "devices.tables",
            "{device}: table",
            "Devices",
            _table("device_table", pattern=files.DEVICE_TABLE),
            _own,
        ),
        Shown(
            "level_report",
            "page.levels",
            "{device}: levels with their barriers and transitions",
            "Devices",
            _table("level_report", pattern=files.LEVELS_TABLE),
            level_sources,
            kind="synapse",
        ),
        Shown(
            "parameters",
            "report.parameters",
            "parameters of all devices",
            "Parameters",
            _table("parameters", "csv", "html"),
            lambda campaign: {},
            job=_plain_devices,
        ),
        Shown(
            "accuracy",
            "report.networks",
            "test accuracy",
            "Networks",
            {**_table("accuracy"), "gaps": _table("accuracy-gaps")["csv"]},
            accuracy_sources,
            {"networks": files.NETWORKS, "models": folder_of(files.COMPACT_MODEL, "")},
            lambda campaign: accuracy_job(campaign.networks).to_json(),
        ),
        Shown(
            "programming_table",
            "page.programming",
            "write energy of a network",
            "Networks",
            _table("programming"),
            programming_sources,
            {
                "networks": files.NETWORKS,
                "devices": folder_of(files.DEVICE, ""),
                "pulse_trains": folder_of(STUDIES["pulse_trains"].path("train"), ""),
            },
            lambda campaign: programming_energy_job(campaign).to_json(),
        ),
        Shown(
            "mapping_table",
            "report.mappings",
            "loss of accuracy by mapping",
            "Networks",
            _table("mappings", "csv", "markdown") | _drawn("mappings"),
            mapping_sources,
        ),
        Shown(
            "as_made_table",
            "report.as_made",
            "networks as made",
            "Networks",
            _table("as-made") | _drawn("as-made"),
            lambda campaign: {"evaluations": [*evaluations(campaign)]},
        ),
        Shown(
            "validation_table",
            "report.validation",
            "engine compared with published values",
            "Checks",
            _table("validation", "csv", "markdown") | _drawn("validation"),
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
        metrics = []
        for recipe, stages_of in list(run_set.stages.items())[:recipes]:
            counts = Counter(mapping for mappings in stages_of.values() for mapping in mappings)
            mapping = max(networks.mappings, key=counts.__getitem__)
            chosen = run_set.limited(stages, **here, recipes=(recipe,), mappings=(mapping,))
            metrics += chosen.paths(files.METRICS)
        return {"metrics": metrics}

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
        options: dict[str, Any] = {"shown": shown} if kind else {"paper": paper}
        return FigureJob(figure=name, **options).to_json()

    module = "devices.figures" if kind else "report.networks"
    category = "Devices" if kind else "Networks"
    maps = {kind: files.DEVICE, "traces": folder_of(files.TRACE, "{device}")}
    folders = maps if sources == _traces else {}
    return Shown(name, module, label, category, _drawn(name, pattern), sources, folders, job, kind)


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
