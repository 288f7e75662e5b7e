"""Which kind of device each figure of devices shows. The plan and the drawings use it."""

from wallnet.config import MEASURED

KIND_OF = {
    "transfer-curve": "neuron",
    "magnetization": "neuron",
    "dynamics": "synapse",
    "conductance": "synapse",
    "price": "synapse",
    "wall-position": "track",
    "measured": MEASURED,
    "synapses-compared": "synapse",
}
