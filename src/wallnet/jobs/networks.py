"""Jobs for data sets, networks and their accuracies."""

from collections.abc import Mapping
from typing import Any

from wallnet.config import Campaign
from wallnet.config.imperfections import AsMade
from wallnet.config.networks import (
    MODELS,
    DataSet,
    FreeTraining,
    LevelTrainings,
    Networks,
    RunSet,
    Training,
)
from wallnet.config.stages import LEVEL_STAGES, STAGES
from wallnet.jobs.base import Job
from wallnet.jobs.code import code_of


class DataJob(Job):
    """Find and check one data set."""

    name: str
    dataset: DataSet


class _Network(Job):
    dataset: str
    recipe: str
    seed: int
    model: str
    # identity of the code of a user-defined model; the package's models have a revision
    model_code: str | None = None
    validation_fraction: float
    threads: int


class TrainingJob(_Network):
    """Train one network in FP32 (stage `fp32`)."""

    hidden_neurons: int
    input_range: float
    neuron_reading: str
    allow_unsuitable_neuron: bool = False
    layers: tuple[str, ...] | None = None
    fold_batch_norm: bool | None = None
    fp32: FreeTraining


class ContinuingJob(_Network):
    """Train one network further in FP32 (stage `continued`)."""

    continued: FreeTraining


class LevelJob(LevelTrainings, _Network):
    """Put one trained network on a synapse's levels with one mapping and train it further."""

    device: str
    reading: str
    mapping: str
    stages: tuple[str, ...]


class MappingJob(Job):
    """Put the trained networks of one data set and seed on the levels of one synapse."""

    dataset: str
    device: str
    reading: str
    seed: int
    threads: int
    networks: tuple[LevelJob, ...]


class AsMadeJob(_Network):
    """Evaluate one network on devices as they are made."""

    device: str
    reading: str
    mapping: str
    stage: str
    causes: AsMade

    def plain(self) -> dict[str, Any]:
        """Return this job as plain data; a cause that is None is left out of the evaluation."""
        return super().plain() | {"causes": self.causes.model_dump(mode="json")}


class AccuracyJob(Job):
    """Tabulate the test accuracy of these networks."""

    run_set: RunSet
    table_ii: Mapping[str, int] = {}


def data_job(networks: Networks, dataset: str) -> DataJob:
    """Return the job that finds and checks a data set."""
    return DataJob(name=dataset, dataset=networks.known_datasets[dataset])


def _network(networks: Networks, dataset: str, recipe: str, seed: str | int) -> dict[str, Any]:
    """Return the parameters of a network that all of its jobs have."""
    model = networks.recipes[recipe].model
    return {
        "dataset": dataset,
        "recipe": recipe,
        "seed": int(seed),
        "model": model,
        "model_code": None if model in MODELS else code_of(model, "model"),
        "validation_fraction": networks.validation_fraction,
        "threads": networks.threads,
    }


def training_job(networks: Networks, dataset: str, recipe: str, seed: str | int) -> TrainingJob:
    """Return the job that trains one network in FP32."""
    chosen = networks.recipes[recipe]
    return TrainingJob(
        **_network(networks, dataset, recipe, seed),
        layers=chosen.layers,
        # None keeps the JSON of jobs without it unchanged
        fold_batch_norm=chosen.fold_batch_norm or None,
        fp32=chosen.fp32.for_dataset(dataset),
        hidden_neurons=networks.hidden_neurons,
        input_range=networks.input_range,
        neuron_reading=networks.reading_of_neuron,
        allow_unsuitable_neuron=networks.allow_unsuitable_neuron,
    )


def continuing_job(networks: Networks, dataset: str, recipe: str, seed: str | int) -> ContinuingJob:
    """Return the job that trains one network further in FP32.

    Its training is that on the levels, within the weight limit of the first training.
    """
    chosen = networks.recipes[recipe]
    assert chosen.on_levels is not None
    settings = chosen.on_levels.for_dataset(dataset).model_dump(include=set(Training.model_fields))
    return ContinuingJob(
        **_network(networks, dataset, recipe, seed),
        continued=FreeTraining(**settings, weight_limit=chosen.fp32.weight_limit),
    )


def mapping_job(
    networks: Networks,
    dataset: str,
    device: str,
    reading: str,
    seed: str | int,
    compared: bool = False,
) -> MappingJob:
    """Return the job that puts the trained networks of a seed on the levels of one synapse.

    A comparison has all stages but those of fine-tuning, with each of the compared mappings.
    """
    jobs = []
    mappings = networks.compared if compared else networks.mappings
    for name, recipe in networks.recipes.items():
        computed = recipe.stages(mappings)
        if compared:
            kept = [stage for stage in computed if STAGES[stage].needs != "fine_tuned"]
            computed = dict.fromkeys(kept, mappings)
        for mapping in mappings:
            stages = tuple(stage for stage in LEVEL_STAGES if mapping in computed.get(stage, ()))
            trained = {STAGES[stage].needs for stage in stages}
            jobs.append(
                LevelJob(
                    **_network(networks, dataset, name, seed),
                    device=device,
                    reading=reading,
                    mapping=mapping,
                    stages=stages,
                    **{
                        key: getattr(recipe, key)
                        .for_dataset(dataset)
                        .model_dump(exclude={"mappings"})
                        for key in LevelTrainings.model_fields
                        if key in trained
                    },
                )
            )
    return MappingJob(
        dataset=dataset,
        device=device,
        reading=reading,
        seed=int(seed),
        threads=networks.threads,
        networks=tuple(jobs),
    )


def as_made_job(campaign: Campaign, causes: str, **network: str) -> AsMadeJob:
    """Return the job that evaluates a network with a named set of causes."""
    place: dict[str, Any] = {**network, "causes": campaign.as_made[causes]}
    own = (network[name] for name in ("dataset", "recipe", "seed"))
    return AsMadeJob(**place | _network(campaign.networks, *own))


def accuracy_job(networks: Networks) -> AccuracyJob:
    """Return the job that tabulates the test accuracy of all networks."""
    return AccuracyJob(run_set=networks.run_set(), table_ii=networks.table_ii)
