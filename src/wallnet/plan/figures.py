"""All figures of devices and networks, with their sources and their labels in the report."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from wallnet import files
from wallnet.config import Campaign
from wallnet.config.measured import MEASURED
from wallnet.config.stages import FIRST_STAGE, PAPER_STAGES, STAGES
from wallnet.files.paths import DATASET_FIGURE
from wallnet.jobs.paths import folder, trace_paths
from wallnet.jobs.write_energy import write_energy_job
from wallnet.plan import paths


@dataclass(frozen=True)
class Figure:
    """A kind of figure.

    Attributes
    ----------
    name : str
        Name of the figure in the command line and in the names of its files.
    label : str
        Name of the figure in the report, with wildcards.
    pattern : str
        Pattern of its files, one of those of `wallnet.files`. There is one figure for each value of
        the wildcards.
    sources : callable
        Returns the source files of the figure, given the campaign and the pattern's wildcards.
    half : str
        `device` or `network`: the part of the campaign to which the figure belongs.
    kind : str or None
        Kind of the devices in the figure; None for networks.
    options : tuple of str
        Further options of the command that draws it, keys of `OPTIONS`.
    usual : bool
        Whether it is part of the target `all`; `figures` has every figure.
    """

    name: str
    label: str
    pattern: str
    sources: Callable[..., list[str]]
    half: Literal["device", "network"]
    kind: str | None = None
    options: tuple[str, ...] = ()
    usual: bool = True

    def places(self, campaign: Campaign) -> list[dict[str, str]]:
        """List the wildcards of all figures of this kind in a campaign."""
        networks = campaign.networks
        # a figure of all devices is part of the target `all`
        shown = campaign if "{device}" in self.pattern else campaign.without_optional
        devices = shown.of_kind(self.kind) if self.kind else networks.synapses
        if not (devices if self.kind else networks.recipes):
            return []
        choices = {"dataset": networks.datasets, "device": devices}
        names = [name for name in choices if f"{{{name}}}" in self.pattern]
        chosen = itertools.product(*(choices[name] for name in names))
        return [dict(zip(names, values, strict=True)) for values in chosen]

    def values(self, campaign: Campaign, wildcard: str) -> list[str]:
        """List the values of a wildcard of its files; none if the pattern lacks this wildcard."""
        found = (place[wildcard] for place in self.places(campaign) if wildcard in place)
        return list(dict.fromkeys(found))

    def traces(self, campaign: Campaign, device: str = "", **_: str) -> list[str]:
        """List the traces in the folder that the command receives."""
        if "traces" not in self.options:
            return []
        return trace_paths(device, campaign.simulated[device])

    def command(self, campaign: Campaign, **wildcards: str) -> list[str]:
        """Return the subcommand that draws it, with the options that only this figure has."""
        words = [f"{self.half}-figure", self.name, *(["--of", self.kind] if self.kind else [])]
        for option in self.options:
            words += [f"--{option}", *OPTIONS[option](campaign, **wildcards)]
        return words


def _shown(campaign: Campaign, device: str) -> list[str]:
    """Return the current densities to show in a device's figures of single pulses."""
    return [f"{density:.10g}" for density in campaign.simulated[device].shown or ()]


def _paper(campaign: Campaign) -> list[str]:
    """Return the numbers of notches whose rows of the paper's Table II are shown."""
    return [str(notches) for notches in sorted(set(campaign.networks.table_ii.values()))]


def _write_energy(campaign: Campaign, device: str) -> list[str]:
    """Return what the write energy of pulses on a device depends on."""
    return [write_energy_job(campaign.simulated[device]).to_json()]


OPTIONS: dict[str, Callable[..., list[str]]] = {
    "traces": lambda campaign, device: [folder(files.TRACE, device)],
    "shown": _shown,
    "paper": _paper,
    "write-energy": _write_energy,
}
"""Options of the commands that draw figures, with functions that return their values."""


def _device(campaign: Campaign, device: str) -> list[str]:
    return [files.DEVICE.format(device=device)]


def _measured(campaign: Campaign, device: str) -> list[str]:
    return [files.COMPACT_MODEL.format(device=device)]


def _synapses(campaign: Campaign) -> list[str]:
    synapses = campaign.without_optional.of_kind("synapse")
    return [files.DEVICE.format(device=device) for device in synapses]


def _accuracy(campaign: Campaign) -> list[str]:
    return [files.TABLE.format(table="accuracy", suffix=".csv")]


def _training_curves(campaign: Campaign) -> list[str]:
    return paths.training_curve_metrics(campaign.networks)


def _misread(campaign: Campaign, dataset: str) -> list[str]:
    return paths.example_metrics(campaign.networks, [FIRST_STAGE], dataset)


def _confusion(campaign: Campaign, dataset: str, device: str) -> list[str]:
    return paths.example_metrics(campaign.networks, PAPER_STAGES, dataset, device)


def _weights(campaign: Campaign, dataset: str, device: str) -> list[str]:
    return paths.example_metrics(campaign.networks, STAGES, dataset, device, recipes=None)


_of_device = partial(Figure, pattern=files.DEVICE_FIGURE, sources=_device, half="device")
_of_network = partial(Figure, half="network")

FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        _of_device("transfer-curve", "{device}: transfer curve", kind="neuron"),
        _of_device(
            "magnetization",
            "{device}: maps of m_z",
            kind="neuron",
            options=("traces", "shown"),
        ),
        _of_device(
            "dynamics",
            "{device}: maps of m_z, wall against time",
            kind="synapse",
            options=("traces", "shown"),
        ),
        _of_device("conductance", "{device}: conductance and levels", kind="synapse"),
        _of_device(
            "write-energy", "{device}: write energy", kind="synapse", options=("write-energy",)
        ),
        _of_device(
            "wall-position",
            "{device}: wall against time, velocity",
            kind="track",
            options=("shown",),
        ),
        _of_device(
            "measured", "{device}: levels and transfer curve", sources=_measured, kind=MEASURED
        ),
        Figure(
            "synapses-compared",
            "conductance compared",
            files.FIGURE,
            _synapses,
            half="device",
            kind="synapse",
        ),
        _of_network(
            "training-curves",
            "training curves",
            files.FIGURE,
            _training_curves,
            options=("paper",),
        ),
        _of_network(
            "accuracy", "test error at every stage", files.FIGURE, _accuracy, options=("paper",)
        ),
        _of_network("misread", "{dataset}: misread images", DATASET_FIGURE, _misread),
        _of_network(
            "weights",
            "{dataset}: weights on {device}",
            files.NETWORK_FIGURE,
            _weights,
            usual=False,
        ),
        _of_network(
            "confusion",
            "{dataset}: confusion matrices on {device}",
            files.NETWORK_FIGURE,
            _confusion,
        ),
    )
}
"""All kinds of figure by name, those of devices first."""


def figures(campaign: Campaign, usual: bool = False) -> list[str]:
    """List the files of the figures of devices and networks; all, or those of the target `all`."""
    drawn = [
        figure.pattern.format(figure=figure.name, suffix="{suffix}", **place)
        for figure in FIGURES.values()
        if figure.usual or not usual
        for place in figure.places(campaign)
    ]
    return files.figure_files(drawn, campaign.figures.vector_format)
