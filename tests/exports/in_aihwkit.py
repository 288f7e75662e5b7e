"""What `test_aihwkit` runs in a Python of its own: it prints numbers of exported files."""

import importlib.util
import sys

import torch
from aihwkit.nn import AnalogLinear
from aihwkit.nn.conversion import convert_to_analog
from aihwkit.simulator.configs import SingleRPUConfig, TorchInferenceRPUConfig
from aihwkit.simulator.parameters.training import UpdateParameters
from torch import nn


def loaded(folder):
    """Return the module of an export."""
    spec = importlib.util.spec_from_file_location("wall_device", f"{folder}/wall_device.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def weights_of(analog):
    """Return the weights of a layer."""
    return analog.get_weights()[0]


@torch.no_grad()
def inference(module):
    """Print what programming and 700 s do to weights on levels."""
    torch.manual_seed(1)
    layer = nn.Linear(300, 100, bias=False)
    layer.weight.copy_(torch.tensor([0.0, 0.4, 1.0])[torch.randint(3, (100, 300))])
    config = module.inference_config(read_noise=False)
    analog = convert_to_analog(nn.Sequential(layer), config).eval()
    inputs = torch.rand(5, 300)
    print("exact", float((analog(inputs) - layer(inputs)).abs().max()) / 100)
    analog.program_analog_weights()
    programmed = weights_of(analog[0]).clone()
    chosen = layer.weight == 0.4
    print("mean-0.4", float(programmed[chosen].mean()))
    print("deviation-0.4", float(programmed[chosen].std()))
    analog.drift_analog_weights(700.0)
    change = weights_of(analog[0]) - programmed
    print("jumped", float((change[chosen].abs() > 1e-5).float().mean()))


@torch.no_grad()
def torch_tile(module):
    """Print how far outputs of tiles written in PyTorch are from those of compiled ones."""
    compiled = module.inference_config(read_noise=False)
    own = TorchInferenceRPUConfig(noise_model=compiled.noise_model, drift_compensation=None)
    own.mapping, own.forward = compiled.mapping, compiled.forward
    layer, inputs, outputs = nn.Linear(30, 20), torch.rand(5, 30), []
    for config in (compiled, own):
        torch.manual_seed(3)
        analog = convert_to_analog(nn.Sequential(layer), config).eval()
        analog.program_analog_weights()
        outputs.append(analog(inputs))
    print("torch-tile", float((outputs[0] - outputs[1]).abs().max()))


@torch.no_grad()
def training(module):
    """Print the mean change of weights by one pulse up from 32 µS, and down from 50 µS."""
    for name, weight, sign in (("up", 2 * (32 - 20) / 30 - 1, -1.0), ("down", 1.0, 1.0)):
        update = UpdateParameters(desired_bl=1, update_bl_management=False, update_management=False)
        config = SingleRPUConfig(device=module.training_device(), update=update)
        # else a bound cuts the noise of so large steps, and their mean
        config.device.w_min_dtod = config.device.w_max_dtod = config.device.dw_min_std = 0.0
        analog = AnalogLinear(100, 100, bias=False, rpu_config=config)
        analog.set_weights(torch.full((100, 100), weight))
        tile = next(analog.analog_tiles())
        before = weights_of(analog).clone()
        tile.tile.set_learning_rate(1.0)
        tile.update(torch.ones(1, 100), sign * torch.ones(1, 100))
        print(name, float((weights_of(analog) - before).mean()))


inference(loaded(sys.argv[1]))
torch_tile(loaded(sys.argv[1]))
training(loaded(sys.argv[2]))
