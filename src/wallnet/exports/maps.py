"""Maps of a trace for viewers, as OVF and VTK files.

Each snapshot of the trace, the last one being its end, is the magnetisation in A/m; it is zero
where there is no magnet. Parameters that vary from cell to cell have a file each.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Track
from wallnet.config.maps import QUANTITIES, in_ascii
from wallnet.exports import Device, traces
from wallnet.film.terms import Layer


def write(device: Device, folder: Path) -> None:
    """Write the maps of a trace of a device, and the parameters that vary."""
    traced = traces.read(device)
    track, film = traced.job.track, traced.film()
    snapshots = traced.content["magnetization"].values.astype(np.float64)
    times = traced.content["snapshot_time"].values.tolist()
    series = []
    for number, (time, m) in enumerate(zip(times, snapshots, strict=True)):
        name = f"m{number:0{len(str(len(times) - 1))}}"
        _save(track, folder / name, np.nan_to_num(m) * film.norm[..., None], "A/m")
        series.append({"name": f"{name}.vtk", "time": time})
    # ParaView's list of the files of a series
    text = json.dumps({"file-series-version": "1.0", "files": series}, indent=1)
    (folder / "m.vtk.series").write_text(f"{text}\n", encoding="utf-8")
    for name, values, unit in varying(track, film):
        _save(track, folder / name, values, unit)


def _save(track: Track, path: Path, values: NDArray[Any], unit: str) -> None:
    for suffix in (".ovf", ".vtk"):
        traces.save(track, values, path.with_suffix(suffix), unit)


def varying(track: Track, film: Layer) -> Iterator[tuple[str, NDArray[np.float64], str]]:
    """Yield name, values and unit of the parameters that vary, 0 where there is no magnet.

    Names are those of the configuration; `filled` is the share of a cell that edges leave.
    """
    for name, quantity in QUANTITIES.items():
        own = name.removeprefix("uniaxial_")
        base = track.thickness if own == "thickness" else getattr(film.terms, own)
        values = np.where(film.mask, base * film.cells.of(own), 0.0)
        if np.ptp(values[film.mask]) > 1e-9 * abs(base):
            yield name, values, "" if quantity.unit == "1" else in_ascii(quantity.unit)
    if np.any(film.filled[film.mask] < 1):
        yield "filled", film.filled, ""
