"""The programming of a network: level and conductance of each synapse, for those who write them.

The dataset lists all weights of all layers one after the other, so that
``xarray.open_dataset(path).to_dataframe()`` is a table of synapses.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from wallnet import files
from wallnet.config.mappings import NO_SYNAPSE
from wallnet.files import FileError
from wallnet.networks.layers import Layers, SynapticLayer, synaptic_layers
from wallnet.networks.mappings import Placement, WeightMapping

if TYPE_CHECKING:
    import xarray


def write(
    layers: Mapping[str, SynapticLayer],
    placement: Placement,
    path: str | Path,
    attributes: Mapping[str, Any],
) -> None:
    """Write level and conductance in S of each synapse of a network, a dataset of `programming`.

    `attributes` is the origin of the network.

    Raises
    ------
    ValueError
        If a weight is not on the levels.
    FileError
        If the file cannot be written.
    """
    entries, conductances = placement.entries(layers), placement.mapping.conductances
    parts: dict[str, list[np.ndarray]] = {}
    for index, (name, layer) in enumerate(layers.items()):
        entry = entries[name].flatten(1)
        rows, columns = np.indices(entry.shape)
        levels = placement.mapping.synapses[entry].reshape(-1, 2).numpy()
        circuit = (part.flatten().expand(len(entry)).numpy() for part in placement.circuits[name])
        offset, scale = circuit
        bias = np.full(len(entry), np.nan) if layer.bias is None else layer.bias.detach().numpy()
        for key, values in {
            "weight_layer": np.full(entry.numel(), index),
            "weight_row": rows.ravel(),
            "weight_column": columns.ravel(),
            "programmed_level": levels,
            "programmed_conductance": np.where(levels == NO_SYNAPSE, np.nan, conductances[levels]),
            "output_layer": np.full(len(entry), index),
            "output_row": np.arange(len(entry)),
            "weight_offset": offset,
            "weight_scale": scale,
            "bias": bias,
        }.items():
            parts.setdefault(key, []).append(values)
    values = {key: np.concatenate(each) for key, each in parts.items()}
    values |= {"usable_conductance": conductances, "layer": np.array(list(entries))}
    files.write_dataset(files.dataset("programming", values), path, "programming", attributes)


@torch.no_grad()
def restore(
    path: str | Path, model: nn.Module, from_conductance: bool = False, layers: Layers = None
) -> None:
    """Set weights and biases of a model to those of a programmed network.

    Layers that stay digital are not in the file; a model that has some is to be that of the
    checkpoint next to it.

    Parameters
    ----------
    path : str or Path
        Dataset that `write` wrote.
    model : torch.nn.Module
        A model with the layers of the network.
    from_conductance : bool
        Whether the weights are computed from the conductances in S, as measured ones would be,
        instead of from the levels. From the levels, each weight is that of the network bit for
        bit. From the conductances it agrees within 1e-6 of the scale.
    layers : iterable of str or type, optional
        Layers that were chosen for synapses; see `wallnet.networks.layers.chosen_layers`.

    Raises
    ------
    ValueError
        If the model has no such layers.
    FileError
        If the file is missing or damaged, or belongs to another model. The model is then not
        changed.
    """
    data = files.read_dataset(path, "programming")
    try:
        entries = _entries(data, from_conductance)
    except ValueError as error:
        raise files.damaged(path, f"is damaged ({error})") from None
    synapses = synaptic_layers(model, layers)
    if list(synapses) != data["layer"].values.tolist():
        raise FileError(f"{path} belongs to a model with other layers; use that of its network")
    found = {}
    for index, (name, layer) in enumerate(synapses.items()):
        weights = entries[data["weight_layer"].values == index]
        of_outputs = data["output_layer"].values == index
        offset, scale, bias = (
            torch.from_numpy(data[key].values[of_outputs].astype(np.float32))
            for key in ("weight_offset", "weight_scale", "bias")
        )
        same = len(weights) == layer.weight.numel() and len(bias) == len(layer.weight)
        if not same or bool(bias.isnan().any()) != (layer.bias is None):
            raise FileError(
                f"{path} has another size or other biases of layer {name}; use the model of its "
                "network"
            )
        rows = (-1, *[1] * (layer.weight.dim() - 1))
        weights = scale.reshape(rows) * weights.reshape(layer.weight.shape)
        found[name] = offset.reshape(rows) + weights, bias
        if not torch.isfinite(found[name][0]).all():
            raise files.damaged(path, f"is damaged (layer {name} has weights that are not finite)")
    for name, (weight, bias) in found.items():
        synapses[name].set(weight)
        if (free := synapses[name].bias) is not None:
            free.copy_(bias)


def _entries(data: "xarray.Dataset", from_conductance: bool) -> torch.Tensor:
    """Return plus minus minus of each weight, normalised; refuse what no mapping can have."""
    usable = data["usable_conductance"].values
    mapping = WeightMapping("layer", usable)
    if not np.array_equal(mapping.conductances, usable):
        raise ValueError("its levels are not in ascending order")
    level = torch.from_numpy(data["programmed_level"].values.astype(np.int64))
    least = torch.tensor([0, NO_SYNAPSE])
    if not ((level >= least) & (level < len(usable))).all():
        raise ValueError("it has synapses at levels that do not exist")
    if from_conductance:
        normalized = (data["programmed_conductance"].values - usable[0]) / np.ptp(usable)
        present = torch.from_numpy(normalized.astype(np.float32))
    else:
        present = mapping.levels[level]
    plus, minus = torch.where(level == NO_SYNAPSE, 0.0, present).unbind(1)
    return plus - minus
