import copy

import numpy as np
import pytest
import torch
from helpers.training import free, with_recipe
from pytorch_lightning import LightningModule, Trainer
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from wallnet.config import ConfigError
from wallnet.networks.callbacks import LimitWeights, TrainOnLevels
from wallnet.networks.layers import synaptic_layers
from wallnet.networks.mappings import WeightMapping


def test_the_inputs_of_a_kernel_are_its_channels_and_pixels():
    network = nn.Sequential(nn.Conv2d(3, 2, (2, 4)), nn.Flatten(), nn.Linear(5, 7))
    with torch.no_grad():
        for layer in (network[0], network[2]):
            layer.weight.copy_(torch.where(torch.rand_like(layer.weight) > 0.5, 9.0, -9.0))
            layer.bias.fill_(9.0)
    LimitWeights(1.5).on_train_batch_end(None, network)
    for layer, inputs in ((network[0], 3 * 2 * 4), (network[2], 5)):
        expected = torch.full_like(layer.weight, 1.5 / inputs**0.5)
        torch.testing.assert_close(layer.weight.abs(), expected)
        assert (layer.weight > 0).any()
        assert (layer.weight < 0).any()
        assert (layer.bias == 9.0).all()


def test_a_diverging_loss_names_the_key(networks, images, place, tmp_path):
    wild = with_recipe(networks, fp32={"learning_rate": 1e37})
    with pytest.raises(ConfigError, match=r"networks\.recipes\.plain\.fp32\.learning_rate"):
        free(wild, images, place, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# A module that knows nothing of levels


class Plain(LightningModule):
    """A small module as a user writes it, with a kernel and an optimiser of its own."""

    def __init__(self, optimizer=None):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AvgPool2d(2))
        self.head = nn.Linear(4 * 9, 4)
        self.optimizer = optimizer or (lambda p: torch.optim.SGD(p, 0.1, momentum=0.9))
        self.losses = []
        self.validated = []

    def forward(self, images):
        return self.head(self.features(images).flatten(1))

    def training_step(self, batch, index):
        loss = functional.cross_entropy(self(batch[0]), batch[1])
        self.losses.append(float(loss))
        return loss

    def validation_step(self, batch, index):
        self.validated.append({k: v.clone() for k, v in self.state_dict().items()})

    def configure_optimizers(self):
        return self.optimizer(self.parameters())


CONDUCTANCES = [22e-6, 10e-6, 13e-6, 18e-6]
NORMALIZED = np.array([0.0, 0.25, 8 / 12, 1.0], dtype=np.float32)


def loader(images, size=20):
    pixels = torch.from_numpy(images.training_images[:, None].copy()).float() / 255
    labels = torch.from_numpy(images.training_labels.astype("int64"))
    return DataLoader(TensorDataset(pixels, labels), batch_size=size)


def fit(module, batches, *callbacks, ckpt_path=None, **more):
    silent = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = Trainer(
        accelerator="cpu", callbacks=list(callbacks), enable_model_summary=False, **silent, **more
    )
    trainer.fit(module, batches, batches, ckpt_path=ckpt_path)
    return trainer


def allowed(mapping, weight):
    """Return the weights that the levels allow, by plain NumPy, for the weights at the start."""
    start = weight.numpy()
    if mapping == "layer":
        return start.min() + np.ptp(start) * NORMALIZED
    spread = np.float32(2 * start.std()) if mapping == "signed-2sd" else np.inf
    largest = min(np.abs(start).max(), spread)
    return largest * np.concatenate([-NORMALIZED[:0:-1], NORMALIZED])


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_training_on_levels_is_the_straight_through_estimator(images):
    """A loop in plain PyTorch gives the same weights: gradient at the levels, step beside them."""
    torch.manual_seed(2)
    module = Plain()
    twin = copy.deepcopy(module)
    fit(module, loader(images), TrainOnLevels(CONDUCTANCES, "signed"), max_epochs=2)
    optimizer = torch.optim.SGD(twin.parameters(), 0.1, momentum=0.9)
    layers = (twin.features[0], twin.head)
    hidden = [layer.weight.detach().clone() for layer in layers]
    values = [torch.from_numpy(allowed("signed", weight)) for weight in hidden]
    losses = []

    def nearest(weight, levels):
        return levels[(weight[..., None] - levels).abs().argmin(dim=-1)]

    for _ in range(2):
        for pixels, labels in loader(images):
            for layer, weight, levels in zip(layers, hidden, values, strict=True):
                layer.weight.data = nearest(weight, levels)
            optimizer.zero_grad()
            loss = functional.cross_entropy(twin(pixels), labels)
            loss.backward()
            for layer, weight in zip(layers, hidden, strict=True):
                layer.weight.data = weight
            optimizer.step()
            hidden = [
                layer.weight.data.clamp(levels[0], levels[-1])
                for layer, levels in zip(layers, values, strict=True)
            ]
            losses.append(float(loss))
    # a weight between two levels may fall to the other side by rounding
    assert module.losses == pytest.approx(losses, rel=1e-3, abs=0)
    for name, weight, levels in zip(("features.0", "head"), hidden, values, strict=True):
        computed = synaptic_layers(module)[name].weight
        agree = (computed - nearest(weight, levels)).abs() < 1e-6
        assert agree.float().mean() > 0.98


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_gradients_of_several_batches_move_the_hidden_weights(images):
    """Batches between the steps of the optimiser do not discard what is between the levels."""
    torch.manual_seed(2)
    small = Plain(lambda p: torch.optim.SGD(p, 0.1))
    whole = copy.deepcopy(small)
    fit(
        small,
        loader(images, 10),
        TrainOnLevels(CONDUCTANCES, "signed"),
        max_epochs=3,
        accumulate_grad_batches=2,
    )
    fit(whole, loader(images, 20), TrainOnLevels(CONDUCTANCES, "signed"), max_epochs=3)
    for name, layer in synaptic_layers(whole).items():
        computed = synaptic_layers(small)[name].weight
        agree = (computed - layer.weight).abs() < 1e-6
        assert agree.float().mean() > 0.98


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_callback_can_train_one_model_after_another(images):
    torch.manual_seed(2)
    callback = TrainOnLevels(CONDUCTANCES, "signed")
    fit(Plain(), loader(images), callback, max_epochs=1)
    torch.manual_seed(3)
    second = Plain()
    twin = copy.deepcopy(second)
    fit(second, loader(images), callback, max_epochs=1)
    fit(twin, loader(images), TrainOnLevels(CONDUCTANCES, "signed"), max_epochs=1)
    for name, tensor in twin.state_dict().items():
        assert torch.equal(second.state_dict()[name], tensor)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("learn_scales", [False, True])
def test_a_training_continues_from_a_checkpoint(images, tmp_path, learn_scales):
    """With the hidden weights and the scales of the training before."""
    torch.manual_seed(2)
    interrupted, whole = Plain(), Plain()
    whole.load_state_dict(interrupted.state_dict())

    def callback():
        return TrainOnLevels(CONDUCTANCES, "signed", learn_scales=learn_scales)

    fit(whole, loader(images), callback(), max_epochs=2)
    fit(interrupted, loader(images), callback(), max_epochs=1).save_checkpoint(tmp_path / "a.ckpt")
    resumed = Plain()
    fit(resumed, loader(images), callback(), max_epochs=2, ckpt_path=tmp_path / "a.ckpt")
    state, expected = resumed.state_dict(), whole.state_dict()
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[name], tensor) for name, tensor in expected.items())
    assert not torch.equal(state["head.weight"], interrupted.head.weight)


def test_the_default_mapping_has_the_least_squared_error():
    mapping, expected = TrainOnLevels(CONDUCTANCES).mapping, WeightMapping("signed", CONDUCTANCES)
    assert type(mapping) is type(expected)
    assert (mapping.scale, mapping.per_row) == ("fitted", False)


def test_what_cannot_be_on_levels_is_refused_before_training():
    with pytest.raises(ValueError, match="not a mapping"):
        TrainOnLevels(CONDUCTANCES, "sined")
    with pytest.raises(ValueError, match="fewer than two levels differ"):
        TrainOnLevels([1e-6, 1e-6])
    network = nn.Sequential(nn.LSTM(2, 2))
    with pytest.raises(ValueError, match="Sequential has no layer whose weights are synapses"):
        TrainOnLevels(CONDUCTANCES).on_fit_start(None, network)
