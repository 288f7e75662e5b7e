"""All figures of devices and networks, with their sources and their labels in the report."""

import itertools
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from wallnet import files
from wallnet.config import Campaign
from wallnet.config.measured import MEASURED
from wallnet.config.stages import FIRST_STAGE, NO_DEVICE, PAPER_STAGES, STAGES
from wallnet.files.paths import DATASET_FIGURE, folder_of
from wallnet.jobs.requests import pulses
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
    kind: str | None = None
    options: tuple[str, ...] = ()
    usual: bool = True

    @property
    def half(self) -> str:
        """The part of the campaign to which it belongs: `device` or `network`."""
        return "device" if self.kind else "network"

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
        return [each.path for each in pulses(device, campaign.simulated[device]).values()]

    def command(self, campaign: Campaign, **wildcards: str) -> list[str]:
        """Return the subcommand that draws it, with the options that only this figure has."""
        words = ["figure", self.name, *(["--of", self.kind] if self.kind else [])]
        for option in self.options:
            words += [f"--{option}", *OPTIONS[option](campaign, **wildcards)]
        return words


OPTIONS: dict[str, Callable[..., list[str]]] = {
    "traces": lambda campaign, device: [folder_of(files.TRACE, device)],
    # current densities in figures of single pulses
    "shown": lambda campaign, device: [f"{j:.10g}" for j in campaign.simulated[device].shown or ()],
    # numbers of notches whose rows of the paper's Table II are shown
    "paper": lambda campaign: list(map(str, sorted({*campaign.networks.table_ii.values()}))),
}
"""Options of the command that draws figures, with functions that return their values."""

_of_device = partial(
    Figure,
    pattern=files.DEVICE_FIGURE,
    sources=lambda campaign, device: [files.DEVICE.format(device=device)],
)


def _examples(stages: Collection[str], recipes: int | None = 1) -> Callable[..., list[str]]:
    """Return a function that lists the metrics of networks on a data set; see `example_metrics`."""
    return lambda campaign, dataset, device=NO_DEVICE: paths.example_metrics(
        campaign.networks, stages, dataset, device, recipes
    )


FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        _of_device("transfer-curve", "{device}: transfer curve", kind="neuron"),
        _of_device(
            "magnetization", "{device}: maps of m_z", kind="neuron", options=("traces", "shown")
        ),
        _of_device(
            "dynamics",
            "{device}: maps of m_z, wall against time",
            kind="synapse",
            options=("traces", "shown"),
        ),
        _of_device("conductance", "{device}: conductance and levels", kind="synapse"),
        _of_device("write-energy", "{device}: write energy", kind="synapse"),
        _of_device(
            "wall-position",
            "{device}: wall against time, velocity",
            kind="track",
            options=("shown",),
        ),
        _of_device(
            "measured",
            "{device}: levels and transfer curve",
            sources=lambda campaign, device: [files.COMPACT_MODEL.format(device=device)],
            kind=MEASURED,
        ),
        Figure(
            "synapses-compared",
            "conductance compared",
            files.FIGURE,
            lambda campaign: [
                files.DEVICE.format(device=name)
                for name in campaign.without_optional.of_kind("synapse")
            ],
            kind="synapse",
        ),
        Figure(
            "training-curves",
            "training curves",
            files.FIGURE,
            lambda campaign: paths.training_curve_metrics(campaign.networks),
            options=("paper",),
        ),
        Figure(
            "accuracy",
            "test error at every stage",
            files.FIGURE,
            lambda campaign: [files.TABLE.format(table="accuracy", suffix=".csv")],
            options=("paper",),
        ),
        Figure("misread", "{dataset}: misread images", DATASET_FIGURE, _examples([FIRST_STAGE])),
        Figure(
            "weights",
            "{dataset}: weights on {device}",
            files.NETWORK_FIGURE,
            _examples(STAGES, recipes=None),
            usual=False,
        ),
        Figure(
            "confusion",
            "{dataset}: confusion matrices on {device}",
            files.NETWORK_FIGURE,
            _examples(PAPER_STAGES),
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
