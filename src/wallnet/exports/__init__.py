"""Exports to the tools of others: one module a target, registered by its name in `TARGETS`.

A module has a docstring whose first line is the help of its target, and a function ``write``, which
writes the files of a device into a new folder.
"""

import argparse
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files, plan
from wallnet.config import Campaign, ConfigError
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
    def campaign(self) -> Campaign:
        """The campaign in the folder."""
        return plan.load(self.folder / "config.yaml")

    @cached_property
    def imperfections(self) -> Imperfections:
        """What is known of the device.

        Raises
        ------
        wallnet.files.FileError
            If the file is missing or damaged.
        wallnet.config.ConfigError
            If it is missing, and the campaign has no such device with levels.
        """
        path = Path(self.folder, files.IMPERFECTIONS.format(device=self.name))
        if not path.exists():
            devices = self.campaign.devices.items()
            own = [n for n, d in devices if d.kind == "synapse" or getattr(d, "levels", None)]
            check_name("DEVICE", self.name, own, "a device with levels")
            raise FileError(f"{path} is not there; run snakemake {path.relative_to(self.folder)}")
        return Imperfections.read(path)

    @cached_property
    def reading(self) -> str:
        """How it is read: as asked for, or the first way of its file."""
        return self.readout or str(self.imperfections.data["readout"].values[0])

    @cached_property
    def conductances(self) -> NDArray[np.float64]:
        """Conductance of each state in S, shape (states,)."""
        return self.imperfections.conductances(self.reading)

    @cached_property
    def levels(self) -> NDArray[np.int64]:
        """Indices of the states that are levels, ascending in conductance."""
        levels = np.flatnonzero(self.imperfections.data["is_level"].values == 1)
        return levels[np.argsort(self.conductances[levels], kind="stable")]

    @cached_property
    def spreads(self) -> tuple[float, float]:
        """Relative spreads of the gain, and of the ratio of the highest to the lowest level."""
        data = self.imperfections.data
        return float(data["gain_spread"]), float(data["ratio_spread"])


def check_name(key: str, name: str, names: Iterable[str], what: str) -> None:
    """Refuse a name that is none of the names, those of `what`."""
    for fault in misnamed(key, name, names, what):
        raise ConfigError(fault)


def target_of(name: str) -> Any:
    """Return the module of a target.

    Raises
    ------
    wallnet.config.ConfigError
        If there is none of this name.
    """
    check_name("--to", name, TARGETS, "a target")
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
    helps = (f"{name}: {str(target_of(name).__doc__).splitlines()[0][:-1]}" for name in TARGETS)
    command.add_argument("--to", required=True, help="; ".join(helps))
    command.add_argument("--out", required=True, help="folder to write")
    command.add_argument("--readout", default="", help="parallel or series; the first by default")
    command.add_argument("--trace", default="", help="current density in A/m², or file of a trace")
    command.add_argument("--sample", type=int, default=0, help="number of a sample of that trace")
    command.add_argument("--directory", default=".", help="folder of the campaign; here by default")
    command.set_defaults(handler=_export)


def _export(arguments: argparse.Namespace) -> None:
    options = arguments.readout, arguments.trace, arguments.sample
    device = Device(arguments.device, Path(arguments.directory), *options)
    print(export(device, arguments.to, arguments.out))
