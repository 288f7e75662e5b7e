"""A killed training continues from its checkpoint and gives the same results."""

from collections import Counter

import pytest
import torch
from helpers.synthetic import write_images, write_neuron, write_synapse
from helpers.training import free as train
from helpers.training import outputs, programming, start_from, with_recipe

from wallnet import files
from wallnet.config.stages import LEVEL_STAGES
from wallnet.jobs.networks import data_job, mapping_job
from wallnet.networks import callbacks, fetching, stages, storage
from wallnet.networks import images as image_files

EPOCHS = 6
TRAINED = ("fp32", "fine_tuned", "on_levels")


class Killed(BaseException):
    """Substitute for SIGKILL within a process; no code catches it."""


@pytest.fixture(scope="module")
def longer(networks):
    """Return six epochs per training, with all state that a training must save."""
    more = {"epochs": EPOCHS, "schedule": "cosine", "learning_rate": 2e-3}
    random = {"dropout": 0.2, "shift": {"blots": 1}}
    return with_recipe(
        networks,
        fp32=more | random | {"weight_limit": 1.5},
        fine_tuned=more,
        on_levels=more | random | {"scales": "learned", "distillation": 0.5},
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


def first(folder):
    """Return the checkpoint of the first training."""
    return outputs(folder, "fp32")[1]


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


@pytest.fixture
def eager(monkeypatch):
    """Write a checkpoint after every epoch."""
    monkeypatch.setattr(callbacks, "INTERVAL", 0.0)


@pytest.fixture
def kill(monkeypatch):
    """Return a function that ends the trainings within an epoch, after a number of epochs."""

    def arm(after):
        left, steps = iter(range(after)), Counter()

        def before(self, trainer, pl_module, optimizer):
            epoch = trainer, trainer.current_epoch
            steps[epoch] += 1
            if steps[epoch] == 3 and next(left, None) is None:
                raise Killed

        hook = "on_before_optimizer_step"
        monkeypatch.setattr(callbacks.FollowEpochs, hook, before, raising=False)

    return arm


def same(folder, undisturbed, *stages):
    for stage in stages:
        (metrics, checkpoint), (their_metrics, theirs) = (
            outputs(place, stage) for place in (folder, undisturbed)
        )
        made, expected = files.read_json(metrics), files.read_json(their_metrics)
        assert made.pop("wall_seconds") > 0
        expected.pop("wall_seconds")
        assert made == expected
        assert checkpoint.read_bytes() == theirs.read_bytes()
        assert programming(checkpoint).exists() == programming(theirs).exists()
        if programming(theirs).exists():
            made, expected = (
                files.read_dataset(programming(path), "programming")
                for path in (checkpoint, theirs)
            )
            assert made.identical(expected)
    hidden = [path.name for path in folder.rglob(".*")]
    assert [name for name in hidden if not name.endswith(".sha256")] == []


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("kills", [[0], [5], [1, 0, 3]], ids=str)
def test_a_killed_training_goes_on_to_the_same_network(
    longer, images, place, tmp_path, undisturbed, kill, kills, capsys
):
    for after in kills:
        kill(after)
        with pytest.raises(Killed):
            train(longer, images, place, tmp_path)
    capsys.readouterr()
    kill(EPOCHS)
    train(longer, images, place, tmp_path)
    # each epoch runs once, except the one of the kill
    assert capsys.readouterr().out.count("epoch") == EPOCHS - sum(kills)
    same(tmp_path, undisturbed, "fp32")


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("kills", [[6], [2, 3, 4]], ids=str)
def test_a_killed_job_on_levels_goes_on_to_the_same_networks(
    longer, images, place, tmp_path, undisturbed, kill, kills, capsys
):
    """It is killed in the fine-tuning and, after that is done, in the training on the levels."""
    for after in kills:
        kill(after)
        with pytest.raises(Killed):
            put_on_levels(longer, images, place, first(undisturbed), tmp_path)
        for path in tmp_path.glob("blots/synapse/**/[!.]*"):
            if path.is_file():  # as Snakemake does with an incomplete job's outputs
                path.unlink()
    capsys.readouterr()
    kill(2 * EPOCHS)
    put_on_levels(longer, images, place, first(undisturbed), tmp_path)
    assert capsys.readouterr().out.count("epoch") == 2 * EPOCHS - sum(kills)
    same(tmp_path, undisturbed, *LEVEL_STAGES)


def interrupted(longer, images, place, folder, kill, seed=3):
    kill(3)
    with pytest.raises(Killed):
        train(longer, images, place, folder, seed)
    kill(EPOCHS)
    return storage.unfinished_path(outputs(folder, "fp32", seed=seed)[1])


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("other", ["seed", "images", "revision"])
def test_a_checkpoint_of_another_training_is_not_used(
    longer, images, place, tmp_path, undisturbed, kill, other, monkeypatch, caplog
):
    changed = images._replace(training_images=255 - images.training_images)
    theirs = changed if other == "images" else images
    with monkeypatch.context() as patch:
        if other == "revision":
            patch.setattr(storage.revisions, "of", lambda stage: 1000)
        seed = 4 if other == "seed" else 3
        left = interrupted(longer, theirs, place, tmp_path, kill, seed)
        here = storage.unfinished_path(first(tmp_path))
        here.parent.mkdir(parents=True, exist_ok=True)
        left.rename(here)
    train(longer, images, place, tmp_path)
    assert "going on" not in caplog.text
    same(tmp_path, undisturbed, "fp32")


@pytest.fixture
def unfinished(longer, images, place, tmp_path, undisturbed, kill, eager):
    """Return the checkpoints of a job on levels that was killed in its last training."""
    kill(EPOCHS + 3)
    with pytest.raises(Killed):
        put_on_levels(longer, images, place, first(undisturbed), tmp_path)
    kill(2 * EPOCHS)
    return tmp_path


def test_a_checkpoint_of_other_levels_is_not_used(
    longer, images, place, unfinished, undisturbed, tmp_path_factory, caplog
):
    other = tmp_path_factory.mktemp("other")
    write_synapse(other / "synapse.json", 4)
    put_on_levels(longer, images, other, first(undisturbed), unfinished)
    assert "going on" not in caplog.text
    assert len(files.read_json(outputs(unfinished, "on_levels")[0])["levels"]) == 4


def test_a_checkpoint_of_another_start_is_not_used(
    longer, images, place, unfinished, undisturbed, tmp_path_factory, caplog
):
    other = storage.load_network(first(undisturbed), "dense")
    with torch.no_grad():
        other.model.output.bias += 0.1
    start = tmp_path_factory.mktemp("other") / "best.ckpt"
    storage.save_network(other, start, {})
    put_on_levels(longer, images, place, start, unfinished)
    assert "going on" not in caplog.text


def test_the_wall_time_of_earlier_attempts_counts(longer, images, place, tmp_path, kill, eager):
    path = interrupted(longer, images, place, tmp_path, kill)
    kept = storage.read_checkpoint(path)
    kept["wallnet"]["elapsed"] = 5000.0
    storage.write_checkpoint(kept, path)
    train(longer, images, place, tmp_path)
    assert 5000.0 < files.read_json(outputs(tmp_path, "fp32")[0])["wall_seconds"] < 6000.0


@pytest.mark.parametrize("without", [{"dropout": 0.0}, {"shift": {}}], ids=str)
def test_dropout_and_shifts_change_a_training(longer, images, place, tmp_path, without):
    """Otherwise nothing random within an epoch would be left to repeat."""
    losses = []
    for number, settings in enumerate(({}, {}, without)):
        campaign = with_recipe(longer, fp32=settings | {"epochs": 1})
        metrics, _ = train(campaign, images, place, tmp_path / str(number))
        losses.append(files.read_json(metrics)["training_curve"][0]["training_loss"])
    assert losses[0] == losses[1]
    assert losses[0] != pytest.approx(losses[2], rel=1e-5, abs=0)


class Executed:
    """Object that touches a file when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return (open, (str(self.marker), "w"))


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("harm", ["flipped", "pickled", "folder"])
def test_a_damaged_checkpoint_costs_time_and_nothing_else(
    longer, images, place, tmp_path, undisturbed, kill, harm, caplog
):
    path = interrupted(longer, images, place, tmp_path, kill)
    content = bytearray(path.read_bytes())
    marker = tmp_path / "executed"
    if harm == "pickled":
        torch.save({"wallnet": Executed(marker)}, path)
    elif harm == "folder":
        path.unlink()
        (path / "of the user").mkdir(parents=True)
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    caplog.clear()
    train(longer, images, place, tmp_path)
    assert f"{path} cannot be used" in caplog.text
    assert not marker.exists()
    if harm == "folder":
        assert f"no checkpoint: {path} cannot be written" in caplog.text
        (path / "of the user").rmdir()
        path.rmdir()
    same(tmp_path, undisturbed, "fp32")


def test_a_short_training_writes_no_checkpoint(longer, images, place, tmp_path, undisturbed, kill):
    assert not interrupted(longer, images, place, tmp_path, kill).exists()
