"""Any model on levels as a result: levels, conductances and circuits; samples, energy, files."""

import numpy as np
import pytest
import torch
from helpers.synthetic import filled, one_sentence
from torch import nn

from wallnet.files import FileError
from wallnet.networks import ProgrammedNetwork, convert, prepare_qat, quantize, read_levels

USABLE = np.array([40e-6, 46e-6, 55e-6, 70e-6])


class Residual(nn.Module):
    """A convolution with batch normalisation beside a connection, and a last layer."""

    def __init__(self):
        super().__init__()
        self.kernels = nn.Conv2d(2, 2, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(2)
        self.last = nn.Linear(2, 3)

    def forward(self, images):
        return self.last((self.norm(self.kernels(images)) + images).mean(dim=(2, 3)))


def residual(seed=5):
    torch.manual_seed(seed)
    model = Residual()
    model.norm.running_mean.normal_()
    return model.eval()


def images():
    return torch.randn(6, 2, 4, 5, generator=torch.Generator().manual_seed(1))


@pytest.fixture(params=["layer", "signed-row-fitted", "differential"])
def programmed(request):
    return ProgrammedNetwork.of(quantize(residual(), USABLE, request.param))


def weights_of(programmed, conductances):
    """Compute the weights of the last layer, by its rows of the table."""
    data = programmed.data
    of_layer = data["weight_layer"].values == 1
    rows = data["weight_row"].values[of_layer]
    offset, scale = (
        data[key].values[data["output_layer"].values == 1]
        for key in ("weight_offset", "weight_scale")
    )
    normalized = (conductances[of_layer] - 40e-6) / 30e-6
    entry = np.where(np.isnan(normalized[:, 1]), normalized[:, 0], normalized @ [1, -1])
    return (offset[rows] + scale[rows] * entry).reshape(3, 2)


def test_the_conductances_of_a_quantised_model_give_it_back_bit_for_bit(programmed):
    model, made = programmed.template, programmed.model()
    assert type(made) is Residual
    for name, tensor in model.state_dict().items():
        assert torch.equal(made.state_dict()[name], tensor)
    levels = programmed.levels
    assert levels.shape == (2 * 2 * 9 + 2 * 3, 2)
    present = np.where(levels < 0, np.nan, USABLE[levels])
    np.testing.assert_array_equal(programmed.conductances, present)


def test_a_model_follows_from_other_conductances(programmed):
    random = np.random.default_rng(3)
    other = programmed.conductances * random.uniform(0.8, 1.2, programmed.levels.shape)
    made = programmed.with_conductances(other).model()
    expected = weights_of(programmed, other)
    np.testing.assert_allclose(made.last.weight.detach().numpy(), expected, rtol=0, atol=2e-7)
    assert torch.equal(made.norm.running_mean, programmed.template.norm.running_mean)
    assert not torch.equal(made(images()), programmed.template(images()))


def test_a_network_that_is_trained_on_levels_is_programmed_and_read_again(tmp_path):
    model = prepare_qat(residual().train(), USABLE, "signed", learn_scales=True)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(3):
        optimizer.zero_grad()
        model(images()).square().sum().backward()
        optimizer.step()
    programmed = ProgrammedNetwork.of(convert(model).eval())
    programmed = programmed.with_conductances(programmed.conductances + 2e-6)
    device = filled("synapse", level_conductance=[USABLE, USABLE])
    device.attrs |= {"device": "my-synapse", "parameters": '{"damping": 0.3}'}
    programmed.save(tmp_path / "network.nc", device)
    empty = residual(9)
    with pytest.raises(FileError) as caught:
        ProgrammedNetwork.load(tmp_path / "network.nc", empty)
    one_sentence(caught, "network.nc belongs to a model with other parameters of digital layers")
    empty.norm.load_state_dict(model.norm.state_dict())
    read = ProgrammedNetwork.load(tmp_path / "network.nc", empty)
    assert torch.equal(read.model()(images()), programmed.model()(images()))
    assert torch.equal(read.template(images()), model(images()))
    attributes = read.data.attrs
    assert attributes.pop("wallnet_version").startswith("0")
    assert (attributes["device"], attributes["parameters"]) == ("my-synapse", '{"damping": 0.3}')
    assert (attributes["mapping"], attributes["model"]) == ("signed", "Residual")
    with pytest.raises(FileError) as caught:
        ProgrammedNetwork.load(tmp_path / "network.nc", nn.Linear(2, 3))
    one_sentence(caught, "network.nc belongs to another model")


def four(weights, levels=USABLE):
    """Return a layer of four weights on the levels, whose largest is 1."""
    layer = nn.Linear(4, 1, bias=False)
    layer.weight.data = torch.tensor([weights])
    return ProgrammedNetwork.of(quantize(layer, levels, "signed"))


def test_writing_costs_the_energy_of_the_pulses_of_the_device():
    """By hand: levels 1, 2, 0 and 3 of the plus synapses; the last has no pulse."""
    programmed = four([0.2, 0.5, 0.0, -1.0])
    assert programmed.levels.tolist() == [[1, 0], [2, 0], [0, 0], [0, 3]]
    device = filled(
        "synapse",
        # read in series, the levels are others
        level_conductance=[USABLE[::-1] / 3, USABLE],
        reaching_current_density=[0.0, 1.0e12, 1.5e12, np.nan],
        current_density=[0.0, 1.0e12, 1.2e12, 1.5e12],
        write_energy=[0.0, 2e-12, 3e-12, 5e-12],
        outside_model=[0, 0, 0, 1],
    )
    cost = programmed.energy(device)
    assert (cost["synapses"], cost["changed"], cost["not_written"]) == (8, 3, 1)
    assert (cost["pulses"], cost["pulses_outside"]) == (2, 1)
    assert cost["energy"] == pytest.approx(7e-12, rel=1e-12, abs=0)
    again = programmed.energy(device, start=four([0.2, 0.0, 0.5, -1.0]))
    # only the synapse at the lowest level, the initial state, can be written
    assert (again["changed"], again["lowered"], again["pulses"]) == (2, 1, 1)
    # 1 pulse and 1 pJ for each step, as a table
    steps = np.abs(np.arange(4) - np.array([0, *range(4)])[:, None])
    table = np.array([steps, 1e-12 * steps, 0 * steps])
    assert programmed.energy(table)["energy"] == pytest.approx(6e-12, rel=1e-12, abs=0)
    assert programmed.energy(table, four([0.2, 0.0, 0.5, -1.0]))["pulses"] == 4
    for call, part in (
        (lambda: four([0.1, 1.0, 0, 0], USABLE + 1e-6).energy(device), "device has other levels"),
        (lambda: programmed.energy(table[:, :, :3]), "device has other levels than the network"),
        (lambda: programmed.energy(device, ProgrammedNetwork.of(quantize(
            nn.Linear(3, 1), USABLE))), "start has other synapses or levels; give a network of"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"^(device|start) has") as caught:
            call()
        one_sentence(caught, part)


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda p: p.with_conductances([1e-6]), "conductances have the shape (1,); give one of ("),
        (lambda p: p.with_conductances(-p.conductances), "conductances are negative or not finite"),
        (lambda p: ProgrammedNetwork.of(nn.Linear(2, 2)), "Linear is not on levels; call quantize"),
    ],
)
def test_bad_arguments_are_one_sentence(call, part):
    with pytest.raises(ValueError, match=r"^(conductances|Linear) ") as caught:
        call(four([0.2, 0.5, 0.0, -1.0]))
    one_sentence(caught, part)


def test_a_model_that_was_trained_after_it_was_quantised_is_refused():
    model = quantize(nn.Sequential(nn.Linear(4, 2)), USABLE)
    with torch.no_grad():
        model[0].weight[0, 1] += 0.01
    with pytest.raises(ValueError, match="^layer 0 has 1 weights that are not on the levels; put"):
        ProgrammedNetwork.of(model)


# For those who write them


@pytest.mark.parametrize("mapping", ["differential", "row"])
def test_matrices_of_conductances_give_the_weights_of_each_layer(mapping):
    """w = offset + scale · (G⁺ - G⁻)/(G_max - G_min), and of one synapse (G - G_min)/(…)."""
    torch.manual_seed(5)
    levels = [10e-6, 14e-6, 19e-6, 30e-6]
    model = nn.Sequential(nn.Conv2d(2, 3, (2, 1)), nn.Flatten(), nn.Linear(9, 4))
    programmed = ProgrammedNetwork.of(quantize(model, levels, mapping))
    placed, data = programmed.model(), programmed.data
    assert {name: g.shape for name, (g, _) in programmed.matrices.items()} == {
        "0": (3, 4),
        "2": (4, 9),
    }
    for index, (name, (plus, minus)) in enumerate(programmed.matrices.items()):
        own = data["output_layer"].values == index
        offset, scale = (
            data[key].values[own][:, None] for key in ("weight_offset", "weight_scale")
        )
        lowest = 10e-6 if mapping == "row" else minus
        assert np.isnan(minus).all() == (mapping == "row")
        weight = placed.get_submodule(name).weight.detach().flatten(1).numpy()
        np.testing.assert_allclose(
            offset + scale * (plus - lowest) / 20e-6, weight, rtol=0, atol=1e-6
        )


def test_a_network_on_measured_levels_needs_the_measured_energies(tmp_path):
    """Levels 10, 20 and 50 µS cost 1, 2 and 4 pJ, with 3, 1 and 2 pulses, in another order."""
    lines = "conductance (S),energy (J),pulses\n5e-5,4e-12,2\n1e-5,1e-12,3\n2e-5,2e-12,1\n"
    (tmp_path / "levels.csv").write_text(lines)
    table = read_levels(tmp_path / "levels.csv")
    model = nn.Linear(3, 1, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, -0.25, 0.0]]))
    programmed = ProgrammedNetwork.of(quantize(model, table["conductance"], "signed"))
    assert programmed.levels.tolist() == [[2, 0], [0, 1], [0, 0]]
    cost = programmed.energy(table)
    assert cost["energy"] == pytest.approx((4 + 2 + 4 * 1) * 1e-12, rel=1e-9, abs=0)
    assert cost["pulses"] == 2 + 1 + 4 * 3
    # the same network again needs nothing
    assert programmed.energy(table, programmed)["energy"] == 0
    without = table.drop(columns="pulses")
    assert programmed.energy(without)["pulses"] == 6
    with pytest.raises(ValueError, match="device has other levels than the network"):
        programmed.energy(table.assign(conductance=table["conductance"] * 2))


def test_pulses_outside_the_model_come_with_a_sentence():
    programmed = ProgrammedNetwork.of(quantize(nn.Linear(3, 1), [1e-6, 2e-6], "layer"))
    spent = np.ones((3, 3, 2))
    with pytest.warns(UserWarning, match=r"^3 of 3 pulses heat the film beyond the model"):
        assert programmed.energy(spent)["pulses_outside"] == 3
