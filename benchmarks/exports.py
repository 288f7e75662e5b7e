"""Tabulate the accuracy of one network on devices as made, here and in tools with an export.

    python benchmarks/exports.py plain CAMPAIGN network.pt     write the network for other Pythons
    python benchmarks/exports.py wallnet CAMPAIGN network.pt   print its accuracies here
    python benchmarks/exports.py aihwkit FOLDER network.pt     print those with the export in a
    python benchmarks/exports.py CrossSim FOLDER network.pt    folder, by a Python with the tool

They are the rows of docs/results/exports.csv. The network is `NETWORK` of a finished default
campaign with `snakemake as-made`. A run takes two minutes.
"""

import sys
from collections import OrderedDict
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import nn

DEVICE, READOUT = "synapse-5", "parallel"
NETWORK = f"mnist/{DEVICE}/{READOUT}/signed-fitted/tuned/on_levels/seed-1"
DRAWS = 100
TIME, TEMPERATURE = 3.156e8, 390.0
"""Retention: ten years in s, at a temperature in K at which many walls have escaped."""

CAUSES = {
    "none": (),
    "programming": ("landing",),
    "device to device": ("gain_spread", "ratio_spread", "level_spread"),
    "cycle to cycle": ("cycle_spread",),
    "retention, 10 years at 390 K": (),
}
"""Numbers of an export that belong to each cause."""


class Curve(nn.Module):
    """The activation of the neuron, a polynomial: `wallnet.networks.model.MeasuredActivation`."""

    def __init__(self, coefficients, input_range):
        super().__init__()
        self.coefficients, self.input_range = coefficients, input_range

    def forward(self, values):
        """Return outputs of the unit slope."""
        current, conductance = (values / self.input_range).clamp(0, 1), torch.zeros_like(values)
        for coefficient in self.coefficients.flip(0):
            conductance = conductance * current + coefficient
        return conductance * self.input_range * (values > 0)


def plain(campaign, path):
    """Write weights, activation and test images of the network of a campaign."""
    from wallnet.networks import images
    from wallnet.networks.storage import load_network

    model = load_network(campaign / "results/networks" / NETWORK / "best.ckpt", "dense").model
    data = images.load(campaign / "results/data/mnist.json", campaign / "data")
    curve = model.activation
    assert len(curve.pieces) == 1
    content = {
        "weights": {name: weight for name, weight in model.state_dict().items() if "." in name},
        "curve": (curve.pieces[0], curve.input_range),
        "images": torch.from_numpy(data.test_images / np.float32(255)).flatten(1),
        "classes": torch.from_numpy(data.test_labels.astype(np.int64)),
    }
    torch.save(content, path)


def of_wallnet(campaign, model, accuracy):
    """Return a function of the causes' name and a draw that returns the accuracy here."""
    from wallnet import files
    from wallnet.config.imperfections import CAUSES as CLASSES
    from wallnet.files.imperfections import Imperfections
    from wallnet.networks.imperfections import made
    from wallnet.networks.programming import ProgrammedNetwork

    folder = campaign / "results/networks" / NETWORK
    network = ProgrammedNetwork.load(folder / "programming.nc", model)
    device = Imperfections.read(campaign / files.IMPERFECTIONS.format(device=DEVICE))
    # exports have one attempt frequency
    device.data["attempt_frequency"].values[:] = 10**10.5
    changes = {"retention": {"temperature": TEMPERATURE}}

    def accuracy_of(cause, draw):
        name = cause.partition(",")[0].replace(" ", "_")
        keys = {name: CLASSES[name](**changes.get(name, {}))} if name != "none" else {}
        return accuracy(made(network, device, READOUT, keys, 1, draw))

    return accuracy_of, version("wallnet")


def of_aihwkit(folder, model, accuracy):
    """Return the same of aihwkit."""
    from aihwkit.nn.conversion import convert_to_analog

    exported = loaded(folder)

    def accuracy_of(cause, draw):
        torch.manual_seed(draw)
        with_only(exported, cause)
        config = exported.inference_config(read_noise=False, temperature=TEMPERATURE)
        analog = convert_to_analog(model, config).eval()
        analog.program_analog_weights()
        if cause.startswith("retention"):
            analog.drift_analog_weights(TIME)
        return accuracy(analog)

    return accuracy_of, version("aihwkit")


def of_crosssim(folder, model, accuracy):
    """Return the same of CrossSim, which is not packaged."""
    from simulator import CrossSimParameters
    from simulator.algorithms.dnn.torch.convert import from_torch

    exported = loaded(folder)
    exported.WallDevice.temperature = TEMPERATURE

    def accuracy_of(cause, draw):
        np.random.seed(draw)  # noqa: NPY002, the generator of its back end
        with_only(exported, cause)
        params = CrossSimParameters()
        exported.configure(params, time=TIME if cause.startswith("retention") else 0.0)
        params.xbar.device.read_noise.enable = False
        return accuracy(from_torch(model, params))

    return accuracy_of, "3.2"


def loaded(folder):
    """Return the module of an export, with a copy of its numbers."""
    sys.path.insert(0, str(folder))
    import wall_device

    wall_device.whole = dict(wall_device.DATA)
    return wall_device


def with_only(exported, cause):
    """Let only the numbers of a cause differ from those of a perfect device."""
    data = exported.DATA
    data |= exported.whole
    states = np.eye(len(data["device_state"]))
    perfect = {"landing": {count: states[data["level"]].tolist() for count in data["landing"]}}
    for names in CAUSES.values():
        for name in set(names) - {"landing"}:
            perfect[name] = (np.array(data[name], float) * 0).tolist()
    data |= {name: value for name, value in perfect.items() if name not in CAUSES[cause]}


def main(tool, source, path):
    """Print a row for each cause."""
    source = Path(source)
    if tool == "plain":
        return plain(source, path)
    torch.set_num_threads(1)
    stored = torch.load(path, weights_only=True)
    weights = stored["weights"]
    layers = {"hidden": nn.Linear(*weights["hidden.weight"].T.shape)}
    layers |= {"curve": Curve(*stored["curve"])}
    layers |= {"output": nn.Linear(*weights["output.weight"].T.shape)}
    model = nn.Sequential(OrderedDict(layers))
    model.load_state_dict(weights)
    model.eval()

    def accuracy(network):
        blocks = zip(stored["images"].split(500), stored["classes"].split(500), strict=True)
        right = sum(int((network(x).argmax(1) == y).sum()) for x, y in blocks)
        return 100 * right / len(stored["classes"])

    functions = {"wallnet": of_wallnet, "aihwkit": of_aihwkit, "CrossSim": of_crosssim}
    with torch.no_grad():
        accuracy_of, number = functions[tool](source, model, accuracy)
        for cause in CAUSES:
            draws = [accuracy_of(cause, draw) for draw in range(DRAWS if cause != "none" else 2)]
            statistics = f"{np.mean(draws):.3f},{np.std(draws, ddof=1):.3f}"
            about = f"{tool} {number},{torch.__version__.partition('+')[0]},{NETWORK}"
            print(
                f'{about},"{cause}",{len(draws)},{len(stored["classes"])},{statistics}', flush=True
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
