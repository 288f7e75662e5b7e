"""From device to network: a row for each synapse, with what its results say."""

import itertools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallnet import files
from wallnet.devices.figures import reached_in_model
from wallnet.devices.motion import track_of
from wallnet.report.as_made import Cost
from wallnet.report.networks import dataset_title
from wallnet.report.tables import Table

if TYPE_CHECKING:
    import xarray

Row = dict[str, str]
"""Cells as text by the titles of their columns."""


class Accuracy(NamedTuple):
    """Accuracies in per cent, as text, of the best networks of a data set on a synapse.

    Attributes
    ----------
    dataset, device, reading : str
        The data set, the synapse and its reading.
    free, levels : str
        In FP32, and on the levels.
    made : mapping of str to Cost
        On devices as they are made, with what costs most, by set of causes.
    """

    dataset: str
    device: str
    reading: str
    free: str
    levels: str
    made: Mapping[str, Cost] = MappingProxyType({})


def stable_levels(device: "xarray.Dataset") -> NDArray[np.bool_]:
    """Return which levels of a synapse are minima of the energy, where this was examined.

    Half levels do not count.
    """
    finite = np.isfinite(device["level_conductance"].sel(reading=files.READINGS[0]).values)
    whole = device["half"].values == 0
    return np.asarray(whole & (device["level_minimum"].values != 0) & finite, dtype=bool)


def valid_levels(device: "xarray.Dataset") -> NDArray[np.bool_]:
    """Return which levels are stable, and reached by pulses of the sweep within the model."""
    return stable_levels(device) & reached_in_model(device)


def comparison(
    devices: Mapping[str, "xarray.Dataset"],
    studied: Mapping[str, Sequence[Sequence[Row]]],
    accuracies: Sequence[Accuracy] = (),
) -> Table | None:
    """Return the table that goes from devices to networks; none without studies and networks.

    A synapse has a row for each combination of the rows of its studies. Networks without a device
    have the last row.

    Parameters
    ----------
    devices : mapping of str to xarray.Dataset
        Files of simulated devices by name.
    studied : mapping
        Rows of each study of a device, by the name of the device.
    accuracies : sequence of Accuracy
        Accuracies of networks.
    """
    import pandas

    if not studied and not accuracies:
        return None
    synapses = [name for name, data in devices.items() if "level_state" in data]
    rows: list[Row] = []
    for name in dict.fromkeys([*synapses, *studied, *(one.device for one in accuracies)]):
        networks = [one for one in accuracies if one.device == name]
        reading = networks[0].reading if networks else files.READINGS[0]
        own = _of_device(devices[name], reading) if name in synapses else {}
        last = {f"{dataset_title(one.dataset)} (%)": one.levels for one in networks}
        last |= {
            f"{dataset_title(one.dataset)}, as made: {causes} (%)": cost.accuracy
            for one in networks
            for causes, cost in one.made.items()
        }
        for parts in itertools.product(*studied.get(name, ())):
            cells = {title: cell for part in parts for title, cell in part.items()}
            rows.append({"device": name} | cells | own | last)
    free = {f"{dataset_title(one.dataset)} (%)": one.free for one in accuracies}
    rows += [{"device": "none (FP32)", **free}] if free else []
    # also of devices without studies, numbers of networks are the last
    titles = sorted({title: None for row in rows for title in row}, key=lambda t: t.endswith("(%)"))
    frame = pandas.DataFrame(rows, columns=titles).replace("", None)
    return Table("From device to network", frame.astype(object).where(frame.notna(), None))


def _of_device(data: "xarray.Dataset", reading: str) -> Row:
    """Return the cells of a simulated synapse in a reading."""
    track, stable = track_of(data), stable_levels(data)
    values = data["level_conductance"].sel(reading=reading).values[stable]
    cells = {
        "area (µm²)": f"{track.length * track.width / 1e-12:.3f}",
        "stable levels": str(stable.sum()),
    }
    if values.size and values.min() > 0:
        cells["ratio of G"] = f"{values.max() / values.min():.2f} ({reading})"
    return cells
