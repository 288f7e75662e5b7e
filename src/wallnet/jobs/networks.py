"""Jobs for data sets, networks and their accuracies."""

from collections.abc import Mapping

from wallnet.config.networks import (
    DataSet,
    FreeTraining,
    LevelTrainings,
    Networks,
    RunSet,
    split_mapping,
)
from wallnet.jobs.base import Job


class DataJob(Job):
    """Find and check one data set."""

    name: str
    dataset: DataSet


class TrainingJob(Job):
    """Train one network with free weights (stage `fp32`)."""

    dataset: str
    recipe: str
    seed: int
    fp32: FreeTraining
    hidden_neurons: int
    input_range: float
    neuron_reading: str
    allow_unsuitable_neuron: bool = False
    validation_fraction: float
    threads: int


class _NetworkOnSynapse(Job):
    dataset: str
    device: str
    reading: str
    mapping: str
    recipe: str
    seed: int


class MappingJob(LevelTrainings, _NetworkOnSynapse):
    """Put one trained network on a synapse's levels and train it further from there."""

    validation_fraction: float
    threads: int

    @property
    def scheme(self) -> str:
        """Scheme that maps weights to conductances, of `wallnet.config.networks.SCHEMES`."""
        return split_mapping(self.mapping)[0]

    @property
    def level_set(self) -> str:
        """Set of levels that is used, of `wallnet.config.networks.LEVEL_SETS`."""
        return split_mapping(self.mapping)[1]


class AccuracyJob(Job):
    """Tabulate the test accuracy of these networks."""

    run_set: RunSet
    table_ii: Mapping[str, int] = {}


def data_job(networks: Networks, dataset: str) -> DataJob:
    """Return the job that finds and checks a data set."""
    return DataJob(name=dataset, dataset=networks.dataset(dataset))


def training_job(networks: Networks, dataset: str, recipe: str, seed: str | int) -> TrainingJob:
    """Return the job that trains one network with free weights."""
    return TrainingJob(
        dataset=dataset,
        recipe=recipe,
        seed=int(seed),
        fp32=networks.recipes[recipe].fp32,
        hidden_neurons=networks.hidden_neurons,
        input_range=networks.input_range,
        neuron_reading=networks.neuron_reading,
        allow_unsuitable_neuron=networks.allow_unsuitable_neuron,
        validation_fraction=networks.validation_fraction,
        threads=networks.threads,
    )


def mapping_job(
    networks: Networks,
    dataset: str,
    device: str,
    reading: str,
    mapping: str,
    recipe: str,
    seed: str | int,
) -> MappingJob:
    """Return the job that puts one trained network on a synapse's levels."""
    return MappingJob(
        dataset=dataset,
        device=device,
        reading=reading,
        mapping=mapping,
        recipe=recipe,
        seed=int(seed),
        **{name: getattr(networks.recipes[recipe], name) for name in LevelTrainings.model_fields},
        validation_fraction=networks.validation_fraction,
        threads=networks.threads,
    )


def accuracy_job(networks: Networks) -> AccuracyJob:
    """Return the job that tabulates the test accuracy of all networks."""
    return AccuracyJob(run_set=networks.run_set(), table_ii=networks.table_ii)
