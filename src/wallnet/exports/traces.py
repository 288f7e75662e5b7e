"""A trace of a device as it is exported: its job, its film, and fields on its cells."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from numpy.typing import NDArray

from wallnet import files
from wallnet.config import ConfigError, Track, current_name
from wallnet.exports import Device, check_name
from wallnet.files import FileError
from wallnet.film.terms import Layer
from wallnet.jobs import Run
from wallnet.tracks import films
from wallnet.tracks.ubermag import field_of, mesh_of

if TYPE_CHECKING:
    import xarray


class Traced(NamedTuple):
    """A trace with its job, and the folder of the campaign."""

    job: Run
    content: "xarray.Dataset"
    folder: Path

    def film(self, job: Run | None = None) -> Layer:
        """Return the film of the job, or of a changed one."""
        with contextlib.chdir(self.folder):  # the job names a map of parameters relative to it
            return films.layer(job or self.job)


def read(device: Device) -> Traced:
    """Return the trace of a device that is exported.

    Raises
    ------
    wallnet.config.ConfigError
        If no trace is named, or the campaign has no such device.
    wallnet.files.FileError
        If the device is measured, or the trace is missing, damaged or without maps.
    """
    if device.name in device.campaign.measured:
        raise FileError(
            f"{device.name} is measured, so that it has no film and no trace; name a simulated one"
        )
    check_name("DEVICE", device.name, device.campaign.simulated, "a simulated device")
    path = _path(device)
    if not path.exists():
        raise FileError(f"{path} is not there; correct --trace, or run snakemake")
    content = files.read_maps(path)
    try:
        job = Run.of_dataset(content.attrs)
    except FileError as error:
        raise FileError(f"{path}: {error}") from None
    return Traced(job, content, device.folder)


def _path(device: Device) -> Path:
    """Return the path of the trace, named by its current density or by itself."""
    if not device.trace:
        raise ConfigError(
            "--trace is missing; give the current density of a pulse in A/m², or the file of a "
            "trace"
        )
    try:
        current = current_name(float(device.trace))
    except (ValueError, OverflowError):
        return Path(device.trace)
    path = files.TRACE.format(device=device.name, current=current)
    return Path(device.folder, files.of_sample(path, device.sample) if device.sample else path)


def save(track: Track, values: NDArray[Any], path: Path, unit: str = "") -> None:
    """Write values of cells, (rows, columns) or (rows, columns, 3), as OVF or VTK in metres."""
    field = field_of(mesh_of(track), values, unit=unit or None)
    field.to_file(str(path), representation="bin4" if path.suffix == ".ovf" else "bin")
