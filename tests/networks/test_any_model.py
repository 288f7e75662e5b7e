"""Models with layers that are no synapses, on the levels: what moves and what stays digital."""

import copy

import numpy as np
import pytest
import torch
from helpers.synthetic import one_sentence
from pytorch_lightning import LightningModule, Trainer
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from wallnet.networks.callbacks import LimitWeights, TrainOnLevels
from wallnet.networks.layers import digital_layers, synaptic_layers
from wallnet.networks.quantization import fold_batch_norm, quantize

CONDUCTANCES = [31e-6, 12e-6, 19e-6, 60e-6]
NORMALIZED = np.array([0.0, 7 / 48, 19 / 48, 1.0])


class Convolutional(nn.Module):
    """Two kernels with batch normalisation, the second in a residual branch, and a PReLU."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.act = nn.PReLU(4)
        self.after = nn.BatchNorm2d(4)
        self.head = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3))

    def forward(self, images):
        maps = self.act(self.norm(self.first(images)))
        kernels = self.second(maps)
        # its batch normalisation cannot be folded: the kernels are used beside it
        return self.head((self.after(kernels) + kernels).mean(dim=(2, 3)))


class Attending(nn.Module):
    """The parts of a transformer, with an embedding whose weights the last layer shares."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(7, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.place = nn.Parameter(torch.randn(5, 8))
        self.last = nn.Linear(8, 7, bias=False)
        self.last.weight = self.words.weight


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 5, batch_first=True, bidirectional=True)
        self.last = nn.Linear(10, 2)

    def forward(self, series):
        return self.last(self.lstm(series)[0].mean(dim=1))


def signal():
    return nn.Sequential(
        nn.Conv1d(2, 4, 3), nn.PReLU(), nn.ConvTranspose1d(4, 6, 2, groups=2), nn.GroupNorm(2, 6)
    )


MODELS = {
    "convolutional": (
        Convolutional,
        ["first", "second", "head.0", "head.3"],
        {
            "norm": "BatchNorm2d",
            "act": "PReLU",
            "after": "BatchNorm2d",
            "head.1": "BatchNorm1d",
        },
    ),
    # the embedding shares the weights of `last`, a synapse
    "attending": (
        Attending,
        ["last"],
        {
            "": "Attending",
            "attention": "MultiheadAttention",
            "attention.out_proj": "NonDynamicallyQuantizableLinear",
            "norm": "LayerNorm",
        },
    ),
    "recurrent": (Recurrent, ["last"], {"lstm": "LSTM"}),
    "signal": (signal, ["0", "2"], {"1": "PReLU", "3": "GroupNorm"}),
}


@pytest.fixture
def made():
    def make(name):
        torch.manual_seed(7)
        return MODELS[name][0]()

    return make


def nearest(weight, values):
    return values[np.abs(weight[..., None] - values).argmin(axis=-1)]


@pytest.mark.parametrize("name", MODELS)
def test_weights_of_synapses_are_on_levels_and_other_parameters_are_as_they_were(made, name):
    model = made(name)
    before = copy.deepcopy(model.state_dict())
    placed = quantize(model, CONDUCTANCES, "signed")
    _, synapses, digital = MODELS[name]
    assert list(synaptic_layers(placed)) == synapses
    assert placed.digital_layers == digital_layers(model) == digital
    entries = np.concatenate([-NORMALIZED[:0:-1], NORMALIZED])
    moved = {f"{layer}.weight" for layer in synapses}
    # two names of one tensor
    moved |= {"words.weight"} if name == "attending" else set()
    assert all(torch.equal(t, before[key]) for key, t in model.state_dict().items())
    for key, tensor in placed.state_dict().items():
        if key not in moved:
            assert torch.equal(tensor, before[key])
            continue
        weight = before[key].numpy().astype(float)
        expected = nearest(weight, np.abs(weight).max() * entries)
        np.testing.assert_allclose(tensor.numpy(), expected, rtol=0, atol=3e-7)
        assert not torch.equal(tensor, before[key])


@pytest.mark.parametrize(
    ("make", "rows"),
    [
        # (outputs, all weights of each), from PyTorch's shape (inputs, outputs / groups, kernel)
        (lambda: nn.ConvTranspose1d(4, 6, 2, groups=2), lambda w: [w[:2, k] for k in range(3)]
         + [w[2:, k] for k in range(3)]),
        (lambda: nn.ConvTranspose2d(3, 5, (2, 3)), lambda w: [w[:, k] for k in range(5)]),
        (lambda: nn.Conv1d(4, 6, 2, groups=2), list),
    ],
)  # fmt: skip
def test_the_rows_of_a_transposed_convolution_are_its_outputs(make, rows):
    torch.manual_seed(3)
    layer = make()
    placed = quantize(layer, CONDUCTANCES, "row")
    before, after = (rows(module.weight.detach().numpy()) for module in (layer, placed))
    assert len(before) == len(layer.bias)
    for old, new in zip(before, after, strict=True):
        values = old.min() + np.ptp(old) * NORMALIZED
        np.testing.assert_allclose(new, nearest(old, values), rtol=0, atol=3e-7)
    LimitWeights(0.5).on_train_batch_end(None, placed)
    bound = 0.5 / before[0].size ** 0.5
    assert float(placed.weight.detach().abs().max()) == pytest.approx(bound, rel=1e-6, abs=0)


def test_layers_are_chosen_by_name_by_class_and_by_the_name_of_a_class(made):
    gates = [f"lstm.weight_{part}_l0{way}" for way in ("", "_reverse") for part in ("ih", "hh")]
    model = made("recurrent")
    for chosen in ([nn.LSTM], ["lstm"], "LSTM", [nn.RNNBase]):
        assert list(synaptic_layers(model, chosen)) == gates
        assert digital_layers(model, chosen) == {"last": "Linear"}
    assert list(synaptic_layers(model, ["last", nn.LSTM])) == [*gates, "last"]
    placed = quantize(model, CONDUCTANCES, "layer", layers=[nn.LSTM])
    assert torch.equal(placed.last.weight, model.last.weight)
    weight = model.lstm.weight_hh_l0.detach().numpy()
    expected = nearest(weight, weight.min() + np.ptp(weight) * NORMALIZED)
    computed = placed.lstm.weight_hh_l0.detach().numpy()
    np.testing.assert_allclose(computed, expected, rtol=0, atol=3e-7)
    attending = made("attending")
    assert list(synaptic_layers(attending, ["MultiheadAttention", nn.Linear])) == [
        "attention.in_proj_weight",
        "attention.out_proj",
        "last",
    ]
    # a row is the weights of an output: a component, not a word
    words = synaptic_layers(attending, ["words"])["words"]
    assert torch.equal(words.weight, attending.words.weight.T)


class Training(LightningModule):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def training_step(self, batch, index):
        return functional.cross_entropy(self.model(batch[0]), batch[1])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1, momentum=0.9)


def fit(module, inputs, targets, *callbacks):
    Trainer(
        accelerator="cpu",
        max_epochs=2,
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    ).fit(module, DataLoader(TensorDataset(inputs, targets), batch_size=10))


INPUTS = {
    "convolutional": (lambda: torch.randn(40, 2, 6, 6), lambda: torch.randint(3, (40,))),
    "recurrent": (lambda: torch.randn(40, 4, 3), lambda: torch.randint(2, (40,))),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("name", "layers"),
    [("convolutional", None), ("recurrent", ["LSTM", "model.last"])],
)
def test_a_model_with_digital_layers_is_trained_on_the_levels(made, name, layers):
    module = Training(made(name))
    before = copy.deepcopy(module.state_dict())
    inputs, targets = (make() for make in INPUTS[name])
    callback = TrainOnLevels(CONDUCTANCES, "signed", layers=layers)
    fit(module, inputs, targets, callback)
    synapses = synaptic_layers(module, layers)
    assert callback.circuits.keys() == synapses.keys()
    assert callback.digital_layers == digital_layers(module, layers)
    moved = set()
    for key, layer in synapses.items():
        offset, scale = callback.circuits[key]
        assert torch.isin(layer.weight, offset + scale * callback.mapping.table).all()
        moved.add(id(layer.parameter))
    # digital parameters are trained freely
    digital = {key: p for key, p in module.named_parameters() if id(p) not in moved}
    assert all(not torch.equal(p, before[key]) for key, p in digital.items())


# Folding


def randomized(model):
    """Give batch normalisations other statistics than those of a new one."""
    torch.manual_seed(11)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                module.running_mean.normal_()
                module.running_var.uniform_(0.2, 3.0)
                module.weight.normal_()
                module.bias.normal_()
    return model


def test_batch_normalisation_is_folded_into_the_layer_before_it(made):
    model = randomized(made("convolutional")).double()
    before = copy.deepcopy(model.state_dict())
    folded = fold_batch_norm(model)
    assert type(folded) is Convolutional
    assert folded.training
    assert all(torch.equal(t, before[key]) for key, t in model.state_dict().items())
    # w · γ / √(σ² + ε), and (b - µ) · γ / √(σ² + ε) + β, by hand
    gain = before["norm.weight"] / (before["norm.running_var"] + 1e-5).sqrt()
    weight = before["first.weight"] * gain[:, None, None, None]
    torch.testing.assert_close(folded.first.weight, weight)
    bias = before["norm.bias"] - before["norm.running_mean"] * gain
    torch.testing.assert_close(folded.first.bias, bias)
    assert folded.first.bias.requires_grad  # it was none, and is trained
    gain = before["head.1.weight"] / (before["head.1.running_var"] + 1e-5).sqrt()
    torch.testing.assert_close(folded.head[0].weight, before["head.0.weight"] * gain[:, None])
    # the one that is beside its kernels stays
    assert digital_layers(folded) == {"act": "PReLU", "after": "BatchNorm2d"}
    images = torch.randn(5, 2, 6, 6, dtype=torch.double)
    torch.testing.assert_close(folded.eval()(images), model.eval()(images), rtol=1e-10, atol=1e-10)


class Twice(nn.Module):
    """One layer used twice, with one batch normalisation."""

    def __init__(self):
        super().__init__()
        self.layer, self.norm = nn.Linear(3, 3), nn.BatchNorm1d(3)

    def forward(self, values):
        return self.norm(self.layer(self.layer(values)))


class Deciding(Twice):
    def forward(self, values):
        return self.norm(self.layer(values)) if values.sum() > 0 else values


@pytest.mark.parametrize(
    ("model", "part"),
    [
        (Twice(), "Twice has no batch normalisation that follows a layer of weights alone"),
        (nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3, track_running_stats=False)), "has no"),
        # PyTorch's function does not know groups of a transposed convolution
        (nn.Sequential(nn.ConvTranspose1d(4, 6, 2, groups=2), nn.BatchNorm1d(6)), "has no batch"),
        (Deciding(), "torch.fx cannot follow the model"),
    ],
    ids=["twice", "without statistics", "groups", "deciding"],
)
def test_what_cannot_be_folded_is_refused_in_a_sentence(model, part):
    with pytest.raises(ValueError, match="batch normalisation") as caught:
        fold_batch_norm(model)
    one_sentence(caught, part)
