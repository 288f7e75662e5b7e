"""The programming of a network: level and conductance of each synapse, for those who write them.

The dataset lists all weights of all layers one after the other, so that
``xarray.open_dataset(path).to_dataframe()`` is a table of synapses.
"""

from __future__ import annotations

import copy
import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self

import numpy as np
import pandas
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from wallnet import files
from wallnet.files import FileError, writing
from wallnet.networks.arguments import checked_arguments
from wallnet.networks.inference import CONVERSION_ENERGY, CONVERSION_TIME, reads_of
from wallnet.networks.layers import Layers, SynapticLayer, called, synaptic_layers
from wallnet.networks.mappings import Placement, WeightMapping
from wallnet.networks.schemes import NO_SYNAPSE
from wallnet.networks.training import Model, convert, parametrised, placement_of

if TYPE_CHECKING:
    import xarray


def described(
    layers: Mapping[str, SynapticLayer], placement: Placement, attributes: Mapping[str, Any]
) -> xarray.Dataset:
    """Return level and conductance of each synapse of a network, a dataset of `programming`.

    Raises
    ------
    ValueError
        If a weight is not on the levels.
    """
    entries, conductances = placement.entries(layers), placement.mapping.conductances
    parts: dict[str, list[np.ndarray]] = {}
    for index, (name, layer) in enumerate(layers.items()):
        entry = entries[name].flatten(1).cpu()
        rows, columns = np.indices(entry.shape)
        levels = placement.mapping.synapses[entry].reshape(-1, 2).numpy()
        offset, scale = (
            _numbers(part.expand(len(entry)))
            for part in map(torch.flatten, placement.circuits[name])
        )
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
            "bias": np.full(len(entry), np.nan) if layer.bias is None else _numbers(layer.bias),
        }.items():
            parts.setdefault(key, []).append(values)
    values = {key: np.concatenate(arrays) for key, arrays in parts.items()}
    values |= {"usable_conductance": conductances, "layer": np.array(list(entries))}
    return files.dataset("programming", values, attributes)


def _numbers(tensor: Tensor) -> np.ndarray:
    """Return a tensor of any device and dtype as numbers of single precision."""
    return tensor.detach().float().cpu().numpy()


@checked_arguments
def restore(
    path: str | Path, model: nn.Module, from_conductance: bool = False, layers: Layers = None
) -> None:
    """Set weights and biases of a model to those of a programmed network.

    Layers that stay digital are not in the file; a model that has some must be that of the
    checkpoint next to it.

    Parameters
    ----------
    path : str or Path
        Dataset of kind ``programming``, as each stage on levels writes it.
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
    _set(data, synaptic_layers(model, layers), from_conductance, path)


@torch.no_grad()
def _set(
    data: xarray.Dataset,
    synapses: Mapping[str, SynapticLayer],
    from_conductance: bool,
    path: str | Path,
) -> None:
    """Set the weights and biases of layers to those of a programmed network, from a file."""
    try:
        entries = _entries(data, from_conductance)
    except ValueError as error:
        raise files.damaged(path, f"is damaged ({error})") from None
    if list(synapses) != data["layer"].values.tolist():
        raise FileError(f"{path} belongs to a model with other layers; use that of its network")
    parameters = {}
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
                f"{path} has another size or other biases of {called(name)}; use the model of its "
                "network"
            )
        rows = (-1, *[1] * (layer.weight.dim() - 1))
        weights = scale.reshape(rows) * weights.reshape(layer.weight.shape)
        parameters[name] = offset.reshape(rows) + weights, bias
        if not torch.isfinite(parameters[name][0]).all():
            raise files.damaged(
                path, f"is damaged ({called(name)} has weights that are not finite)"
            )
    for name, (weight, bias) in parameters.items():
        synapses[name].set(weight)
        if (free := synapses[name].bias) is not None:
            free.copy_(bias)


def _entries(data: xarray.Dataset, from_conductance: bool) -> torch.Tensor:
    """Return the normalised difference of each weight's two synapses; refuse unknown levels."""
    usable = data["usable_conductance"].values
    mapping = WeightMapping("layer", usable)
    if not np.array_equal(mapping.conductances, usable):
        raise ValueError("its levels are not in ascending order")
    level = torch.from_numpy(data["programmed_level"].values.astype(np.int64))
    if not ((level >= torch.tensor([0, NO_SYNAPSE])) & (level < len(usable))).all():
        raise ValueError("it has synapses at levels that do not exist")
    if from_conductance:
        normalized = (data["programmed_conductance"].values - usable[0]) / np.ptp(usable)
        present = torch.from_numpy(normalized.astype(np.float32))
    else:
        present = mapping.levels[level]
    plus, minus = torch.where(level == NO_SYNAPSE, 0.0, present).unbind(1)
    return plus - minus


@dataclass(frozen=True, eq=False)
class ProgrammedNetwork(Generic[Model]):
    """A model on levels with the level, the conductance and the circuit of each of its synapses.

    Attributes
    ----------
    template : torch.nn.Module
        The model with its weights on the levels.
    data : xarray.Dataset
        The table of synapses and outputs, kind ``programming``: ``data.to_dataframe()``.

    Examples
    --------
    >>> model = quantize(torch.nn.Linear(3, 2), [10e-6, 14e-6, 30e-6])
    >>> programmed = ProgrammedNetwork.of(model)
    >>> programmed.levels.shape  # weights, plus and minus synapse
    (6, 2)
    >>> torch.equal(programmed.model().weight, model.weight)
    True
    """

    template: Model
    data: xarray.Dataset

    @classmethod
    @checked_arguments
    def of(cls, model: Model) -> Self:
        """Return the programming of a model that `quantize` or a training put on levels.

        During a training with `prepare_qat`, it is that of the present weights.

        Raises
        ------
        ValueError
            If the model was not put on levels, or a weight is no longer on them.
        """
        placement, template = placement_of(model), copy.deepcopy(model)
        if parametrised(template):
            convert(template)
        layers = synaptic_layers(template, list(placement.circuits))
        origin = {
            "model": type(model).__name__,
            "mapping": placement.mapping.name,
            "torch_version": str(torch.__version__),
            "digital_sha256": _digest(template, layers),
        }
        return cls(template, described(layers, placement, origin))

    @property
    def levels(self) -> NDArray[np.int64]:
        """Level of the plus and the minus synapse of each weight, shape (weights, 2); -1 if none.

        They are indices of ``data["usable_conductance"]``. Weights are in the order of the layers.
        """
        return self.data["programmed_level"].values.astype(np.int64)

    @property
    def conductances(self) -> NDArray[np.float64]:
        """Conductance in S of each synapse, in the shape of `levels`; NaN if there is none."""
        return self.data["programmed_conductance"].values

    @property
    def matrices(self) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Conductances G⁺ and G⁻ in S by layer, each of shape (outputs, inputs).

        Inputs of a convolution are those of its kernel. Where a weight is one synapse, G⁻ is NaN.
        """
        matrices = {}
        for index, name in enumerate(map(str, self.data["layer"].values)):
            pairs = self.conductances[self.data["weight_layer"].values == index]
            outputs = int((self.data["output_layer"].values == index).sum())
            plus, minus = pairs.T.reshape(2, outputs, -1)
            matrices[name] = plus, minus
        return matrices

    def model(self) -> Model:
        """Return a copy of the model with the weights that the conductances give."""
        model = copy.deepcopy(self.template)
        layers = synaptic_layers(model, self.data["layer"].values.tolist())
        _set(self.data, layers, from_conductance=True, path="the programmed network")
        return model

    @checked_arguments
    def with_conductances(self, conductances: ArrayLike) -> Self:
        """Return the same network with other conductances in S, in the shape of `levels`.

        Raises
        ------
        ValueError
            If these are not conductances of the same synapses.
        """
        values = np.asarray(conductances, dtype=float)
        if values.shape != self.levels.shape:
            expected = self.levels.shape
            raise ValueError(f"conductances have the shape {values.shape}; give one of {expected}")
        present = self.levels != NO_SYNAPSE
        if not (np.isfinite(values) & (values >= 0))[present].all():
            raise ValueError("conductances are negative or not finite; give those of all synapses")
        data = self.data.copy()
        data["programmed_conductance"] = data["programmed_conductance"].copy(
            data=np.where(present, values, np.nan)
        )
        return replace(self, data=data)

    @checked_arguments
    def energy(
        self,
        device: xarray.Dataset | pandas.DataFrame | NDArray[np.float64],
        start: Self | None = None,
    ) -> dict[str, float]:
        """Return pulses and energy in J of writing the network.

        Parameters
        ----------
        device : xarray.Dataset, pandas.DataFrame or numpy.ndarray
            The swept synapse, as of `wallnet.api.sweep`: each level is written by the smallest
            pulse that reaches it from the initial state, and a written synapse cannot change. Or
            measured levels, as `wallnet.networks.read_levels` reads them, with a column `energy` in
            J and, if not 1, `pulses`: each level is written from any other. Or pulses, energy in J,
            and pulses outside the model, each from a level (row) to another (column), in the shape
            (3, 1 + levels, levels); the first row is the state before any pulse.
        start : ProgrammedNetwork, optional
            The network of the same model that the synapses have before; if not given, they were
            never written.

        Returns
        -------
        dict
            `pulses`, `energy` and others; see docs/write-energy.md. A warning tells how many pulses
            are outside the model.

        Raises
        ------
        ValueError
            If the network has other levels than the device, or other synapses or levels than
            `start`.
        """
        usable = self.data["usable_conductance"].values
        if isinstance(device, np.ndarray):
            spent = device if device.shape == (3, 1 + len(usable), len(usable)) else None
        elif isinstance(device, pandas.DataFrame):
            spent = writing.by_levels(device, usable)
        else:
            readings = map(str, device["reading"].values)
            costs = (writing.by_single_pulses(device, usable, reading) for reading in readings)
            spent = next((cost for cost in costs if cost is not None), None)
        if spent is None:
            raise ValueError("device has other levels than the network; give that of its levels")
        present = self.levels != NO_SYNAPSE
        if start is not None and not (
            np.array_equal(start.levels != NO_SYNAPSE, present)
            and np.array_equal(start.data["usable_conductance"].values, usable)
        ):
            raise ValueError(
                "start has other synapses or levels; give a network of the same model on the same"
            )
        before = None if start is None else start.levels[present]
        cost = writing.cost(spent, before, self.levels[present])
        if outside := cost["pulses_outside"]:
            warnings.warn(
                f"{outside} of {cost['pulses']} pulses heat the film beyond the model of constant "
                "parameters, so that their levels and energies are estimates",
                stacklevel=3,
            )
        return cost

    @checked_arguments
    def inference_energy(
        self,
        inputs: Tensor | float = 1.0,
        read_voltage: float = 0.1,
        read_time: float = 10e-9,
        conversion_energy: float = CONVERSION_ENERGY,
        conversion_time: float = CONVERSION_TIME,
        outputs_per_converter: int = 1,
    ) -> dict[str, float]:
        """Return energy in J and time in s of an inference, by synapses and by converters.

        A read of a layer needs G V² t in each synapse. Each input is converted to a voltage, and
        each output, of a pair the difference of both currents, to a number. Layers and their reads
        follow one another. Wires, amplifiers, reference columns and digital layers are left out.

        Parameters
        ----------
        inputs : torch.Tensor or float
            Inputs of the model, one after another in the first dimension, over which energies are
            means; the largest input of each layer has the read voltage. Or the mean square of the
            inputs relative to it, for a model whose layers are all read once; 1 is the upper bound.
        read_voltage : float
            Voltage in V of the largest input.
        read_time : float
            Time in s of a read.
        conversion_energy, conversion_time : float
            Energy in J and time in s of a conversion, of inputs and outputs alike. By default those
            of a converter of 8 bits; see `wallnet.networks.inference`.
        outputs_per_converter : int
            Outputs that share a converter, and are converted one after another.

        Returns
        -------
        dict
            `energy`, `synapse_energy` and `converter_energy` in J, `time` in s, and the numbers of
            `reads`, `input_conversions` and `output_conversions`.

        Raises
        ------
        ValueError
            If an argument is bad, or how often a layer is read does not follow from the inputs.
        """
        model = self.model().eval()
        layers = synaptic_layers(model, self.data["layer"].values.tolist())
        totals = {
            name: torch.from_numpy(np.nansum(pair, axis=0)).reshape(layers[name].weight.shape)
            for name, pair in self.matrices.items()
        }
        reads = reads_of(model, layers, totals, inputs).values()
        heat = read_voltage**2 * read_time * sum(read.conductance for read in reads)
        conversions = {
            "input_conversions": sum(read.number * read.inputs for read in reads),
            "output_conversions": sum(read.number * read.outputs for read in reads),
        }
        converters = conversion_energy * sum(conversions.values())
        rounds = (1 + min(outputs_per_converter, read.outputs) for read in reads)
        times = [read_time + conversion_time * count for count in rounds]
        return {
            "energy": heat + converters,
            "synapse_energy": heat,
            "converter_energy": converters,
            "time": sum(read.number * time for read, time in zip(reads, times, strict=True)),
            "reads": sum(read.number for read in reads),
            **conversions,
        }

    @checked_arguments
    def save(self, path: str | Path, device: xarray.Dataset | None = None) -> None:
        """Write the network to a netCDF file of kind ``programming``.

        Parameters of digital layers are not in it: save these with the `state_dict` of the model.

        Parameters
        ----------
        path : str or Path
            The file.
        device : xarray.Dataset, optional
            The device of the levels, whose name and parameters are stored, too.

        Raises
        ------
        wallnet.files.FileError
            If the file cannot be written.
        """
        about = {} if device is None else device.attrs
        origin = {key: about[key] for key in ("device", "parameters", "revision") if key in about}
        files.write_dataset(self.data, path, "programming", origin)

    @classmethod
    @checked_arguments
    def load(cls, path: str | Path, model: Model) -> Self:
        """Read a network that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.
        model : torch.nn.Module
            A model with the layers of the network, and with its parameters of digital layers.

        Raises
        ------
        wallnet.files.FileError
            If the file is missing or damaged, or belongs to another model.
        """
        if not Path(path).exists():
            raise FileError(f"{path} is not there; name a file that save wrote")
        data, template = files.read_dataset(path, "programming"), copy.deepcopy(model)
        try:
            layers = synaptic_layers(template, data["layer"].values.tolist())
        except ValueError as error:
            raise FileError(f"{path} belongs to another model: {error}") from None
        _set(data, layers, from_conductance=False, path=path)
        if data.attrs.get("digital_sha256", digest := _digest(template, layers)) != digest:
            raise FileError(
                f"{path} belongs to a model with other parameters of digital layers; load the "
                "state_dict of its model first"
            )
        return cls(template, data)


def _digest(model: nn.Module, layers: Mapping[str, SynapticLayer]) -> str:
    """Return the SHA-256 of all tensors of a model that are not programmed."""
    placed = {id(tensor) for layer in layers.values() for tensor in (layer.parameter, layer.bias)}
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict(keep_vars=True).items()):
        if isinstance(tensor, Tensor) and id(tensor) not in placed:
            digest.update(name.encode())
            numbers = tensor.detach().cpu().flatten().contiguous().view(torch.uint8)
            digest.update(numbers.numpy().tobytes())
    return digest.hexdigest()
