"""A campaign with a measured device and nothing else, as a user writes it."""

import yaml

CAMPAIGN = """\
devices:
  my-device:
    kind: measured
    levels: levels.csv
    activation: activation.csv
networks:
  neuron: my-device
  synapses: [my-device]
  recipes: {plain: {fp32: {epochs: 5, learning_rate: 1.0e-3}}}
"""

LEVELS = "conductance,spread\n1e-5,1e-6\n2.2e-5,1e-6\n3.1e-5,2e-6\n5e-5,1e-6\n"
CURVE = "input (V),output (A)\n0,0\n0.1,1e-7\n0.2,5e-7\n0.3,1e-6\n0.4,1.2e-6\n"


def measured_campaign():
    """Return the campaign as plain data."""
    return yaml.safe_load(CAMPAIGN)


def with_small_images():
    """Return the campaign with a small network on small images."""
    data = measured_campaign()
    data["networks"] |= {
        "datasets": ["blots"],
        "own_datasets": {"blots": {"folder": "Blots/raw", "classes": ["a", "b", "c", "d"]}},
        "hidden_neurons": 12,
    }
    data["networks"]["recipes"]["plain"]["fp32"] = {
        "epochs": 2,
        "batch_size": 16,
        "learning_rate": 5e-3,
    }
    return data


def write_measurements(folder, levels=LEVELS, curve=CURVE):
    """Write the files of the device next to its campaign."""
    (folder / "levels.csv").write_text(levels)
    (folder / "activation.csv").write_text(curve)
