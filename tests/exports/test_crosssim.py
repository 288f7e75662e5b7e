"""The export for CrossSim: with a stub of its device class, and with itself where it is present.

The stub is written after the interface of CrossSim 3.2. The variable `WALLNET_CROSSSIM` names a
copy of sandialabs/cross-sim.
"""

import os
import sys
import types

import numpy as np
import pytest
import torch
from helpers.exported import exported, frequencies, run
from helpers.made import CONDUCTANCES, LEVELS
from torch import nn

from wallnet.networks import imperfect, quantize

SHAPE = (400, 250)
NORMALISED = CONDUCTANCES / 50e-6


class Device:
    """What the constructor of CrossSim's device classes sets."""

    def __init__(self, device_params, weight_error_params):
        self.Gmin_norm = device_params.Rmin / device_params.Rmax
        self.cell_bits = device_params.cell_bits


def parameters(**changes):
    """Return device parameters as `configure` finds them."""
    names = ("programming_error", "drift_error", "read_noise")
    errors = {name: types.SimpleNamespace(enable=False, model="IdealDevice") for name in names}
    values = {"Rmin": 1e3, "Rmax": 1e4, "cell_bits": 4, "time": 0, "clip_conductance": True}
    return types.SimpleNamespace(**values | errors | changes)


class Backend:
    """What the exported file takes of CrossSim's back end, NumPy or CuPy with a seed of its own."""

    asarray = staticmethod(np.asarray)

    def __init__(self):
        self.random = self
        self.seed(3)

    def seed(self, number):
        """Set the seed."""
        self.generator = np.random.default_rng(number)

    def randint(self, most):
        """Return an integer."""
        return self.generator.integers(most)


@pytest.fixture
def module_of(tmp_path, monkeypatch):
    """Return a function that exports a device and runs the file with stubs."""

    def module(**changes):
        folder, _ = exported(tmp_path, "crosssim", **changes)
        stubs = {
            "simulator.backend": {"ComputeBackend": Backend},
            "simulator.devices.idevice": {"EmptyDevice": Device},
        }
        return run(folder, monkeypatch, **stubs)

    return module


def device_of(module, time=0.0):
    """Return the device of a module, with the parameters that it sets."""
    device = parameters()
    module.configure(types.SimpleNamespace(xbar=types.SimpleNamespace(device=device)), time)
    return module.WallDevice(device, None), device


def test_configure_sets_resistances_no_bits_and_all_errors(module_of):
    _, device = device_of(module_of(), time=5.0)
    assert 1 / device.Rmin == pytest.approx(50e-6, abs=1e-12)
    assert 1 / device.Rmax == pytest.approx(20e-6, abs=1e-12)
    assert (device.cell_bits, device.time, device.infinite_on_off_ratio) == (0, 5.0, False)
    for errors in (device.programming_error, device.drift_error, device.read_noise):
        assert (errors.enable, errors.model) == (True, "WallDevice")


@pytest.mark.parametrize(
    ("changes", "named"), [({"cell_bits": 4}, "cell_bits"), ({"Rmax": 1e6}, "Rmax")]
)
def test_parameters_of_another_device_are_refused(module_of, changes, named):
    own = {"Rmin": 1 / 50e-6, "Rmax": 1 / 20e-6, "cell_bits": 0}
    with pytest.raises(ValueError, match=named):
        module_of().WallDevice(parameters(**own | changes), None)


def test_a_new_device_takes_a_conductance_of_zero(module_of):
    """CrossSim calls each method so when it creates a device."""
    device, _ = device_of(module_of())
    zero = np.zeros(1, np.float32)
    for values in (device.programming_error(zero), device.drift_error(zero, 0)):
        assert values == pytest.approx([0.4], abs=1e-6)
        assert values.dtype == np.float32
    assert device.read_noise(zero) == pytest.approx([0.0], abs=1e-9)


def test_programming_snaps_and_lands_as_counted(module_of):
    device, _ = device_of(module_of())
    shares = frequencies(device.programming_error(np.full(SHAPE, 0.63)), NORMALISED)
    assert shares == pytest.approx([0.10, 0.70, 0.15, 0.05, 0.0], abs=0.008)


def test_errors_after_a_time_contain_those_of_programming(module_of):
    barriers = np.full((1, 2, 4, 4), np.nan)
    barriers[0, :, 1, 0] = 1.380649e-23 * 300 * np.log(1e9 * 250)
    device, _ = device_of(module_of(escape_barrier=barriers))
    shares = frequencies(device.drift_error(np.full(SHAPE, 0.63), 100.0), NORMALISED)
    stays = np.exp(-100 / 250)
    expected = [0.10 + 0.70 * (1 - stays), 0.70 * stays, 0.15, 0.05, 0.0]
    assert shares == pytest.approx(expected, abs=0.008)


def test_read_noise_is_relative_and_that_of_the_level(module_of):
    device, _ = device_of(module_of(read_noise=[0.01, 0.04, 0.02, 0.0]))
    for conductance, spread in [(0.4, 0.01), (0.52, 0.025), (1.0, 0.02)]:
        values = device.read_noise(np.full(SHAPE, conductance))
        assert values.std() / conductance == pytest.approx(spread, abs=0.0005)


def test_the_same_seed_of_the_back_end_gives_the_same_conductances(module_of):
    module = module_of(gain_spread=0.1)
    device, _ = device_of(module)
    values = []
    for seed in (5, 5, 6):
        module.xp.random.seed(seed)
        values.append(device.programming_error(np.linspace(0.4, 1, 50)))
    assert np.array_equal(values[0], values[1])
    assert not np.array_equal(values[0], values[2])


def blobs(centres, count):
    """Return points around the centres of classes, and their classes."""
    classes = torch.arange(count) % len(centres)
    return centres[classes] + 0.5 * torch.randn(count, centres.shape[1]), classes


@pytest.fixture
def classifier():
    """Return a network on the levels of the device, and inputs."""
    torch.manual_seed(4)
    centres = torch.rand(10, 48).round()
    inputs, classes = blobs(centres, 1000)
    model = nn.Sequential(nn.Linear(48, 40), nn.ReLU(), nn.Linear(40, 10))
    with torch.no_grad():
        hidden = model[:2](inputs)
        targets = nn.functional.one_hot(classes, 10).float()
        weights = torch.linalg.lstsq(hidden.T @ hidden + 30 * torch.eye(40), hidden.T @ targets)
        model[2].weight.copy_(weights.solution.T)
    tested, _ = blobs(centres, 2000)
    return quantize(model, LEVELS, "signed").eval(), tested


@pytest.fixture
def in_crosssim(tmp_path, monkeypatch):
    """Return a function that converts a network with an export, and what is known of its device."""
    if "WALLNET_CROSSSIM" not in os.environ:
        pytest.skip("WALLNET_CROSSSIM is not the folder of a copy of CrossSim")
    monkeypatch.syspath_prepend(os.environ["WALLNET_CROSSSIM"])
    from simulator import CrossSimParameters
    from simulator.algorithms.dnn.torch.convert import from_torch

    barriers = np.full((1, 2, 4, 4), np.nan)
    barriers[0, :, 1, 0] = 1.380649e-23 * 300 * np.log(1e9 * 250)
    barriers[0, :, 2, 1] = 1.380649e-23 * 300 * np.log(1e9 * 900)
    spreads = {"gain_spread": 0.08, "ratio_spread": 0.05, "read_noise": [0.02, 0.05, 0.03, 0.0]}
    spreads |= {"level_spread": [0.01, 0.04, 0.02, 0.0], "cycle_spread": [0.03, 0.02, 0.05, 0.0]}
    folder, device = exported(tmp_path, "crosssim", escape_barrier=barriers, **spreads)
    module = run(folder, monkeypatch)

    def converted(model, *causes):
        np.random.seed(1)  # noqa: NPY002, the generator of its back end
        params = CrossSimParameters()
        module.configure(params, 0.0)
        for name in {"programming_error", "drift_error", "read_noise"} - {*causes}:
            errors = getattr(params.xbar.device, name)
            errors.enable, errors.model = False, "IdealDevice"
        return from_torch(model, params)

    yield converted, device
    # other tests expect that it is not installed
    for name in [name for name in sys.modules if name.partition(".")[0] == "simulator"]:
        del sys.modules[name]


DIGITAL = dict.fromkeys(("disturb", "stuck", "neurons", "wires"))
WRITTEN = ("programming", "retention", "device_to_device", "cycle_to_cycle")


@torch.no_grad()
def test_a_network_in_crosssim_itself_has_the_outputs_that_it_has_here(in_crosssim, classifier):
    (converted, device), (model, inputs) = in_crosssim, classifier
    expected = model(inputs)
    assert converted(model)(inputs).numpy() == pytest.approx(expected.numpy(), abs=1e-5)
    # CrossSim draws read noise for each input, wallnet for each pass
    noisy = imperfect(model, device, DIGITAL | dict.fromkeys(WRITTEN), seed=1)
    passes = [noisy(inputs) - expected for _ in range(200)]
    noise = converted(model, "read_noise")(inputs) - expected
    # 3 % is three times the deviation from seed to seed
    own = torch.stack(passes).square().mean().sqrt().item()
    assert noise.square().mean().sqrt().item() == pytest.approx(own, abs=0.03 * own)
