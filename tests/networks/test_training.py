"""What a training keeps, and what is random in it."""

import pytest
from helpers.synthetic import write_images, write_neuron, write_synapse
from helpers.training import free as train
from helpers.training import outputs, start_from, with_recipe

from wallnet import files
from wallnet.jobs.networks import data_job, mapping_job
from wallnet.networks import fetching, stages
from wallnet.networks import images as image_files

EPOCHS = 6
TRAINED = ("fp32", "fine_tuned", "on_levels")


@pytest.fixture(scope="module")
def longer(networks):
    """Return six epochs per training, with all that is random in one."""
    more = {"epochs": EPOCHS, "schedule": "cosine", "learning_rate": 2e-3}
    random = {"dropout": 0.2, "shift": {"blots": 1}}
    return with_recipe(
        networks,
        fp32=more | random | {"weight_limit": 1.5},
        fine_tuned=more,
        on_levels=more | random | {"scales": "learned"},
    )


@pytest.fixture(scope="module")
def place(longer, tmp_path_factory):
    """Return a folder with a neuron, a synapse and images so noisy that the last epochs count."""
    folder = tmp_path_factory.mktemp("noisy")
    write_images(folder / "data/Blots/raw", noise=250)
    fetching.provide(data_job(longer, "blots"), folder / "data", folder / "blots.json")
    write_neuron(folder / "neuron.json")
    write_synapse(folder / "synapse.json", 6)
    return folder


def put_on_levels(networks, images, place, start, folder):
    start_from(start, folder)
    job = mapping_job(networks, "blots", "synapse", "series", 3)
    stages.put_on_levels(job, images, place / "synapse.json", folder)


@pytest.fixture(scope="module")
def undisturbed(longer, place, tmp_path_factory):
    """Return the results of undisturbed trainings."""
    folder = tmp_path_factory.mktemp("undisturbed")
    images = image_files.load(place / "blots.json", place / "data")
    _, start = train(longer, images, place, folder)
    put_on_levels(longer, images, place, start, folder)
    return folder


def test_the_kept_epoch_is_the_best_on_the_images_held_out(undisturbed):
    """It agrees with the evaluation of the kept network, which is independent of the training."""
    for stage in TRAINED:
        record = files.read_json(outputs(undisturbed, stage)[0])
        accuracies = [point["validation_accuracy"] for point in record["training_curve"]]
        assert record["best_epoch"] == accuracies.index(max(accuracies)) + 1
        assert record["validation_accuracy"] == pytest.approx(max(accuracies), abs=1e-3)
        assert 0 < max(accuracies) < 100


@pytest.mark.parametrize("without", [{"dropout": 0.0}, {"shift": {}}], ids=str)
def test_dropout_and_shifts_change_a_training(longer, images, place, tmp_path, without):
    losses = []
    for number, settings in enumerate(({}, {}, without)):
        campaign = with_recipe(longer, fp32=settings | {"epochs": 1})
        metrics, _ = train(campaign, images, place, tmp_path / str(number))
        losses.append(files.read_json(metrics)["training_curve"][0]["training_loss"])
    assert losses[0] == losses[1]
    assert losses[0] != pytest.approx(losses[2], rel=1e-5, abs=0)
