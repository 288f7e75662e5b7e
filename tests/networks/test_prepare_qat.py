"""Quantisation-aware training in loops of users: several optimisers, dtypes, shared weights."""

import copy
import warnings

import numpy as np
import pytest
import torch
from helpers.synthetic import one_sentence
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from wallnet.networks import ProgrammedNetwork, TrainOnLevels, convert, prepare_qat, quantize
from wallnet.networks.callbacks import LimitWeights
from wallnet.networks.layers import digital_layers, synaptic_layers

CONDUCTANCES = [22e-6, 10e-6, 13e-6, 18e-6]
ENTRIES = np.array([0.0, 0.25, 8 / 12, 1.0])
RATES = (0.5, 0.3)


def batches(count=3):
    generator = torch.Generator().manual_seed(6)
    inputs = torch.randn(count * 20, 5, generator=generator)
    return DataLoader(TensorDataset(inputs, inputs[:, :3].argmax(dim=1)), batch_size=20)


def network():
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, 3))


def two_optimisers(model):
    """An optimiser of the first layer with the normalisation, and one of the last layer."""
    first = [*model[0].parameters(), *model[1].parameters()]
    return [
        torch.optim.SGD(first, RATES[0], momentum=0.9),
        torch.optim.SGD(model[3].parameters(), RATES[1]),
    ]


def nearest(weight, values):
    return values[(weight[..., None] - values).abs().argmin(dim=-1)]


def expected(epochs=2):
    """Both optimisers with the straight-through estimator, by plain PyTorch and `signed`."""
    model = network()
    optimizers, layers = two_optimisers(model), (model[0], model[3])
    hidden = [layer.weight.detach().clone() for layer in layers]
    signed = torch.tensor(np.concatenate([-ENTRIES[:0:-1], ENTRIES]), dtype=torch.float32)
    values = [signed * weight.abs().max() for weight in hidden]
    for _ in range(epochs):
        for inputs, labels in batches():
            for layer, weight, levels in zip(layers, hidden, values, strict=True):
                layer.weight.data = nearest(weight, levels)
            for optimizer in optimizers:
                optimizer.zero_grad()
            functional.cross_entropy(model(inputs), labels).backward()
            for layer, weight in zip(layers, hidden, strict=True):
                layer.weight.data = weight
            for optimizer in optimizers:
                optimizer.step()
            for weight, levels in zip(hidden, values, strict=True):
                weight.clamp_(levels[0], levels[-1])
    return [nearest(*pair) for pair in zip(hidden, values, strict=True)]


class TwoOptimisers(LightningModule):
    def __init__(self):
        super().__init__()
        self.model, self.automatic_optimization = network(), False

    def training_step(self, batch, index):
        for optimizer in self.optimizers():
            optimizer.zero_grad()
        self.manual_backward(functional.cross_entropy(self.model(batch[0]), batch[1]))
        for optimizer in self.optimizers():
            optimizer.step()

    def configure_optimizers(self):
        return two_optimisers(self.model)


def fit(module, *callbacks, epochs=2, **more):
    silent = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    if not any(isinstance(callback, ModelCheckpoint) for callback in callbacks):
        silent["enable_checkpointing"] = False
    Trainer(accelerator="cpu", max_epochs=epochs, callbacks=list(callbacks), **silent, **more).fit(
        module, batches()
    )


def learn(model, optimizers, epochs=2):
    for _ in range(epochs):
        for inputs, labels in batches():
            for optimizer in optimizers:
                optimizer.zero_grad()
            functional.cross_entropy(model(inputs), labels).backward()
            for optimizer in optimizers:
                optimizer.step()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", ["lightning", "made before", "made after"])
def test_two_optimisers_move_their_own_hidden_weights(way):
    if way == "lightning":
        module = TwoOptimisers()
        fit(module, TrainOnLevels(CONDUCTANCES, "signed"))
        model = module.model
    else:
        model = network()
        before = two_optimisers(model)
        prepare_qat(model, CONDUCTANCES, "signed")
        learn(model, before if way == "made before" else two_optimisers(model))
        convert(model)
    for layer, weight in zip((model[0], model[3]), expected(), strict=True):
        assert type(layer) is nn.Linear
        # a weight between two levels may fall to the other side by rounding
        assert ((layer.weight - weight).abs() < 1e-6).float().mean() > 0.95
        start = network()[0 if len(weight) == 7 else 3].weight
        assert (nearest(start, weight.unique()) != weight).float().mean() > 0.1


def test_hidden_weights_stay_between_the_outermost_levels():
    model, largest = prepare_qat(network(), CONDUCTANCES, "signed"), network()[0].weight.abs().max()
    hidden = model[0].parametrizations.weight.original
    with torch.no_grad():
        hidden[2, 1], hidden[0, 3] = 9.0, -7.0
    model(torch.ones(2, 5))
    assert (hidden[2, 1], hidden[0, 3]) == (largest, -largest)


def test_a_training_goes_on_from_the_state_of_a_prepared_model():
    whole, parts = (prepare_qat(network(), CONDUCTANCES) for _ in range(2))
    learn(whole, [torch.optim.SGD(whole.parameters(), 0.1)], epochs=4)
    learn(parts, [torch.optim.SGD(parts.parameters(), 0.1)])
    torch.manual_seed(9)
    resumed = nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, 3))
    prepare_qat(resumed, CONDUCTANCES).load_state_dict(parts.state_dict())
    learn(resumed, [torch.optim.SGD(resumed.parameters(), 0.1)])
    resumed_state, whole_state = convert(resumed).state_dict(), convert(whole).state_dict()
    assert resumed_state.keys() == network().state_dict().keys()
    assert all(torch.equal(resumed_state[name], value) for name, value in whole_state.items())


def test_weights_that_layers_share_are_on_the_levels_in_each():
    torch.manual_seed(4)
    model = nn.Sequential(nn.Embedding(6, 4), nn.Linear(4, 6, bias=False))
    model[1].weight = model[0].weight
    prepare_qat(model, CONDUCTANCES, "signed", layers=["1"])
    assert torch.equal(model[0].weight, model[1].weight)
    assert len(model[1].weight.unique()) <= 7
    assert [*model.parameters()] == [model[1].parametrizations.weight.original]
    model(torch.arange(6)).square().sum().backward()
    assert convert(model)[0].weight is model[1].weight


@pytest.mark.parametrize(
    ("dtype", "mapping"),
    [(torch.bfloat16, "layer"), (torch.float64, "signed-row-fitted")],
)
def test_weights_of_any_dtype_are_trained_and_described(dtype, mapping):
    model = network().to(dtype)
    model[0].weight.requires_grad_(False)
    prepare_qat(model, CONDUCTANCES, mapping, learn_scales=True)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    inputs = next(iter(batches()))[0].to(dtype)
    model(inputs).square().sum().backward()
    optimizer.step()
    during = ProgrammedNetwork.of(model)
    factors = [model[index].parametrizations.weight[0].factor for index in (0, 3)]
    assert (factors[0] == 1, factors[1] == 1) == (True, False)
    convert(model)
    assert model[0].weight.dtype == model[3].weight.dtype == dtype
    programmed = ProgrammedNetwork.of(model)
    assert during.data.equals(programmed.data)
    assert torch.equal(programmed.model()[3].weight, model[3].weight)
    assert (model[0].weight.requires_grad, model[3].weight.requires_grad) == (False, True)


def test_a_model_computes_in_bfloat16_beside_hidden_weights_in_single_precision():
    model = prepare_qat(network(), CONDUCTANCES, "signed")
    with torch.autocast("cpu", torch.bfloat16):
        loss = functional.cross_entropy(model(next(iter(batches()))[0]), torch.zeros(20).long())
    loss.backward()
    gradient = model[0].parametrizations.weight.original.grad
    assert gradient.dtype == torch.float32
    assert gradient.abs().max() > 0


@pytest.mark.parametrize("groups", [1, 2])
def test_the_outputs_of_a_transposed_convolution_have_their_scales(groups):
    """PyTorch has its inputs first; the derivative by the factor is that of LSQ, by hand."""

    def rows(weight):
        return weight.detach().clone().unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1)

    torch.manual_seed(3)
    model = nn.ConvTranspose1d(4, 6, 7, groups=groups)
    inputs, hidden = torch.randn(3, 4, 5), rows(model.weight)
    middle, side = hidden.mean((1, 2), True), hidden.std((1, 2), correction=0, keepdim=True)
    values = (middle - side) + 2 * side * torch.tensor(ENTRIES, dtype=torch.float32)
    prepare_qat(model, CONDUCTANCES, "row-1sd", learn_scales=True)
    placed = rows(model.weight)
    torch.testing.assert_close(placed, torch.stack([*map(nearest, hidden, values.flatten(1))]))
    twin = nn.ConvTranspose1d(4, 6, 7, groups=groups)
    twin.load_state_dict({"weight": model.weight.detach(), "bias": model.bias.detach()})
    for layer in (model, twin):
        layer(inputs).square().sum().backward()
    original, step = model.parametrizations.weight.original, model.parametrizations.weight[0]
    torch.testing.assert_close(original.grad, twin.weight.grad)
    inside = (hidden - middle).abs() < side
    by_factor = rows(twin.weight.grad) * torch.where(inside, placed - hidden, placed)
    slope = by_factor.sum().item() / (hidden.numel() * 4 / 2) ** 0.5
    assert step.factor.grad.item() == pytest.approx(slope, rel=1e-4, abs=0)


def test_the_weight_limit_is_that_of_the_hidden_weights():
    model = network()
    digital = digital_layers(model)
    prepare_qat(model, CONDUCTANCES)
    assert [*synaptic_layers(model)] == ["0", "3"]
    assert digital_layers(model) == digital == {"1": "BatchNorm1d"}
    LimitWeights(0.5).on_train_batch_end(None, model)
    largest = model[3].parametrizations.weight.original.abs().max().item()
    assert largest == pytest.approx(0.5 / 7**0.5, rel=1e-6, abs=0)


@pytest.mark.filterwarnings("ignore")
def test_checkpoints_of_lightning_have_weights_on_the_levels_by_their_usual_names(tmp_path):
    module, names = TwoOptimisers(), [*network().state_dict()]
    kept = ModelCheckpoint(tmp_path, "{epoch}", save_top_k=-1, save_weights_only=True)
    callback = TrainOnLevels(CONDUCTANCES, "signed")
    fit(module, callback, kept)
    for epoch in (0, 1):
        state = torch.load(tmp_path / f"epoch={epoch}.ckpt", weights_only=True)["state_dict"]
        assert {*state} == {f"model.{name}" for name in names}
        assert state["model.0.weight"].unique().numel() <= 7
    assert torch.equal(state["model.3.weight"], module.model[3].weight)
    assert (callback.state_dict()["hidden"]["model.3"] != module.model[3].weight).any()


@pytest.mark.filterwarnings("ignore")
def test_scales_that_no_optimiser_would_learn_are_refused():
    with pytest.raises(
        ValueError, match="^learn_scales needs an optimiser of the factors; make one of"
    ):
        fit(TwoOptimisers(), TrainOnLevels(CONDUCTANCES, "signed", learn_scales=True))


class Interrupted(TwoOptimisers):
    def on_train_epoch_end(self):
        raise RuntimeError("the disk is full")


@pytest.mark.filterwarnings("ignore")
def test_an_interrupted_training_leaves_a_usual_model():
    module = Interrupted()
    with pytest.raises(RuntimeError, match="disk"):
        fit(module, TrainOnLevels(CONDUCTANCES, "signed"))
    assert [*module.model.state_dict()] == [*network().state_dict()]
    assert module.model[0].weight.unique().numel() <= 7


def test_copies_of_a_prepared_model_are_independent():
    model = prepare_qat(network(), CONDUCTANCES)
    other = convert(copy.deepcopy(model))
    assert torch.equal(model[0].weight, other[0].weight)
    assert type(convert(model)[0]) is type(other[0]) is nn.Linear


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: prepare_qat(prepare_qat(network(), CONDUCTANCES), CONDUCTANCES), "is prepared al"),
        (lambda: quantize(prepare_qat(network(), CONDUCTANCES), CONDUCTANCES), "is prepared alrea"),
        (lambda: convert(network()), "Sequential is not prepared; call prepare_qat first"),
    ],
)
def test_bad_calls_are_one_sentence(call, part):
    with pytest.raises(ValueError, match=r"^Sequential is ") as caught:
        call()
    one_sentence(caught, part)


def trained_accuracy(head):
    """Return the share of examples that a head classifies after a short training."""
    torch.manual_seed(1)
    inputs = torch.randn(300, 6)
    classes = (inputs @ torch.randn(6, 4)).argmax(dim=1)
    optimizer = torch.optim.Adam(head.parameters(), 1e-3)
    for _ in range(150):
        optimizer.zero_grad()
        functional.cross_entropy(head(inputs), classes).backward()
        optimizer.step()
    return (head(inputs).argmax(dim=1) == classes).float().mean().item()


def test_a_head_that_begins_with_zeros_is_trained_on_levels():
    head = nn.Linear(6, 4)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    free = trained_accuracy(copy.deepcopy(head))
    assert free > 0.7
    prepared = prepare_qat(head, [10e-6, 18e-6, 30e-6])
    assert trained_accuracy(prepared) > free - 0.1


@pytest.mark.parametrize("late", [True, False])
def test_factors_that_no_optimiser_moves_are_a_warning(late):
    model = nn.Linear(5, 3)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    prepare_qat(model, [10e-6, 14e-6, 30e-6], learn_scales=True)
    if late:
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(4):
            optimizer.zero_grad()
            model(torch.ones(2, 5)).square().sum().backward()
            optimizer.step()
    texts = [str(warning.message) for warning in said]
    expected = "learn_scales learns nothing, since no optimiser has the factors; make optimisers"
    assert [text[: len(expected)] for text in texts] == ([] if late else [expected])


def test_matrices_that_stay_digital_are_named_once():
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.words, self.rnn = nn.Embedding(9, 4), nn.LSTM(4, 4)
            self.attention, self.norm = nn.MultiheadAttention(4, 2), nn.LayerNorm((3, 4))
            self.head = nn.Linear(4, 2)

    with pytest.warns(UserWarning, match="stay digital") as said:
        quantize(Reader(), [1e-6, 2e-6, 3e-6])
    assert [str(warning.message) for warning in said] == [
        "layer rnn (LSTM), layer attention (MultiheadAttention) stay digital, with matrices of "
        "weights; name layers in layers, to have theirs on the levels"
    ]
    assert said[0].filename == __file__  # the line of the user
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quantize(Reader(), [1e-6, 2e-6, 3e-6], layers=["rnn", "head"])
