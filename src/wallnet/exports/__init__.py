"""Exports to the tools of others: one module a target, registered by its name in `TARGETS`.

A module has a docstring whose first line is the help of its target, and a function ``write``, which
writes the files of a device into a new folder.
"""

import argparse
import shutil
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from wallnet import files
from wallnet.config import ConfigError
from wallnet.config.messages import misnamed
from wallnet.files import FileError
from wallnet.files.imperfections import Imperfections

TARGETS: tuple[str, ...] = ("aihwkit", "crosssim", "maps", "mumax3", "neurosim", "tables")
"""Modules of this package, each a target."""


@dataclass(frozen=True)
class Device:
    """A device of a campaign, whose files are read when they are needed.

    Attributes
    ----------
    name : str
        Name of the device.
    folder : Path
        Folder of the campaign.
    readout : str
        How it is read: `parallel`, `series` or `measured`; empty for the first.
    trace : str
        A trace of it: the current density of a pulse in A/m², or a file.
    sample : int
        Number of the sample of which a current density names the trace; 0 is the perfect device.
    """

    name: str
    folder: Path = Path()
    readout: str = ""
    trace: str = ""
    sample: int = 0

    @cached_property
    def imperfections(self) -> Imperfections:
        """What is known of the device, with its levels.

        Raises
        ------
        wallnet.files.FileError
            If the file is missing or damaged.
        """
        path = Path(self.folder, files.IMPERFECTIONS.format(device=self.name))
        if not path.exists():
            raise FileError(f"{path} is not there; run snakemake {path.relative_to(self.folder)}")
        return Imperfections.read(path)


class Target(Protocol):
    """A module of a target."""

    __doc__: str | None

    def write(self, device: Device, folder: Path, /) -> None:
        """Write the files of a device into an empty folder."""


def target_of(name: str) -> Any:
    """Return the module of a target.

    Raises
    ------
    wallnet.config.ConfigError
        If there is none of this name.
    """
    for fault in misnamed("--to", name, TARGETS, "a target"):
        raise ConfigError(fault)
    return import_module(f"{__name__}.{name}")


def export(device: Device, to: str, out: str | Path) -> Path:
    """Write a device for another tool.

    Parameters
    ----------
    device : Device
        The device.
    to : str
        Name of the target, one of `TARGETS`.
    out : str or Path
        Folder to write, which must not exist.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    wallnet.files.FileError
        If the folder exists or cannot be written, or the device lacks what the target needs.
    wallnet.config.ConfigError
        If there is no such target.
    """
    target, folder = target_of(to), Path(out)
    if folder.exists():
        raise FileError(f"{folder} exists; name a new folder")
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        target.write(device, partial)
        partial.rename(folder)
    except OSError as error:
        raise FileError(f"{folder} cannot be written ({error.strerror}); check it") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `export` to the command line."""
    command = subparsers.add_parser("export")
    command.add_argument("device", help="name of the device")
    helps = (f"{name}: {str(target_of(name).__doc__).partition('.')[0]}" for name in TARGETS)
    command.add_argument("--to", required=True, help="; ".join(helps))
    command.add_argument("--out", required=True, help="folder to write")
    command.add_argument("--readout", default="", help="parallel or series; the first by default")
    command.add_argument("--trace", default="", help="current density in A/m², or file of a trace")
    command.add_argument("--sample", type=int, default=0, help="number of a sample of that trace")
    command.add_argument("--directory", default=".", help="folder of the campaign; here by default")
    command.set_defaults(handler=_export)


def _export(arguments: argparse.Namespace) -> None:
    names = ("readout", "trace", "sample")
    options = {name: getattr(arguments, name) for name in names}
    device = Device(arguments.device, Path(arguments.directory), **options)
    print(export(device, arguments.to, arguments.out))
