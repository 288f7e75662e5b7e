"""What exports take from the imperfections of a device: numbers of cells, steps of pulses."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet.exports import Device

Floats = NDArray[np.float64]

ATTEMPTS = (1, 2, 4, 8)
"""Numbers of pulses, each after a reading, for which exports state where a device lands."""


def landing(device: Device, attempts: int) -> Floats:
    """Return the probability of each state after writing a level, shape (levels, states).

    The device begins in the first state of the file, as in
    `wallnet.networks.imperfections.Programming`.

    Raises
    ------
    wallnet.files.FileError
        If no pulse that writes was counted from this state.
    """
    from wallnet.networks.imperfections import written

    imperfections, start = device.imperfections, device.imperfections.starts[0]
    if not np.isfinite(imperfections.landing()[:, :, start]).any():
        raise imperfections.fault(
            f"counts no pulse from {imperfections.states[start]}; add landing_count"
        )
    return written(imperfections, device.reading, device.levels, attempts).mean(axis=0)


def numbers(device: Device) -> dict[str, Any]:
    """Return the numbers of a device as plain data for `wallnet.exports.cells.Cells`."""
    imperfections, data = device.imperfections, device.imperfections.data
    barriers, (gain, ratio) = imperfections.barriers, device.spreads
    stored = ("level_spread", "cycle_spread", "barrier_temperature", "attempt_frequency")
    return {
        "device": device.name,
        "readout": device.reading,
        "sources": imperfections.sources,
        "device_state": imperfections.states,
        "level": device.levels.tolist(),
        "state_conductance": plain(device.conductances),
        "gain_spread": gain,
        "ratio_spread": ratio,
        "read_noise": plain(data["read_noise"].values[device.levels]),
        "landing": {number: plain(landing(device, number)) for number in ATTEMPTS},
        "escape_barrier": plain(barriers) if np.isfinite(barriers).any() else [],
        **{name: plain(data[name].values) for name in stored},
    }


def plain(values: NDArray[Any]) -> Any:
    """Return an array as nested lists, with None for NaN."""
    whole = values.astype(object)
    whole[np.isnan(values)] = None
    return whole.tolist()


@dataclass(frozen=True)
class Steps:
    """Changes of the conductance by one pulse, which was counted from several states.

    Attributes
    ----------
    pulse : int
        Number of the pulse in the file.
    conductances : numpy.ndarray
        Conductances before in S, ascending, shape (starts,).
    changes, shares : sequence of numpy.ndarray
        Changes in S, ascending, and their probabilities, of each conductance before.
    """

    pulse: int
    conductances: Floats
    changes: Sequence[Floats]
    shares: Sequence[Floats]

    @property
    def means(self) -> Floats:
        """Mean change from each conductance, in S."""
        pairs = zip(self.changes, self.shares, strict=True)
        return np.array([changes @ shares for changes, shares in pairs])

    @property
    def variances(self) -> Floats:
        """Variance of the change from each conductance, in S²."""
        pairs = zip(self.changes, self.shares, strict=True)
        return np.array([changes**2 @ shares for changes, shares in pairs]) - self.means**2


def steps(device: Device) -> tuple[Steps, Steps]:
    """Return the steps of a pulse that raises the conductance, and of one that lowers it.

    Of several, each is the pulse that was counted from most states, then most often. States of the
    same conductance are one here: their history is lost.

    Raises
    ------
    wallnet.files.FileError
        If there is none that was counted from two conductances.
    """
    rising, falling = (_steps(device, sign) for sign in (1, -1))
    if rising is None or falling is None:
        raise device.imperfections.fault(
            "lacks a pulse that raises the conductance and one that lowers it, each counted from "
            "two levels or more; add landing_count"
        )
    return rising, falling


def _steps(device: Device, sign: int) -> Steps | None:
    """Return the steps of the best pulse of a sign, None if there is none."""
    imperfections, conductances = device.imperfections, device.conductances
    counts = imperfections.data["landing_count"].values.astype(float)
    best, largest = None, (0, 0.0)
    for pulse in np.flatnonzero(imperfections.data["half_select"].values == 0):
        own = counts[:, :, pulse].sum(axis=0)
        before = np.where(own.any(axis=1), conductances[imperfections.starts], np.nan)
        axis = np.unique(before[np.isfinite(before)])
        changes, shares = [], []
        for value in axis:
            totals = own[before == value].sum(axis=0)
            reached = np.flatnonzero(totals)
            order = reached[np.argsort(conductances[reached], kind="stable")]
            changes.append(conductances[order] - value)
            shares.append(totals[order] / totals.sum())
        number = int(imperfections.data["write_pulse"].values[pulse])
        steps_of_pulse = Steps(number, axis, changes, shares)
        size = len(axis), float(own.sum())
        if len(axis) > 1 and sign * steps_of_pulse.means.mean() > 0 and size > largest:
            best, largest = steps_of_pulse, size
    return best


def texts_of(target: str) -> Any:
    """Return the texts of a target in `readme.toml`."""
    return tomllib.loads(Path(__file__).with_name("readme.toml").read_text("utf-8"))[target]


def readme(device: Device, target: str, folder: Path, **numbers: Any) -> None:
    """Write what an export holds, how it is used, what the tool cannot hold, and its sources.

    The texts are those of the target in `readme.toml`, with numbers of the device.
    """
    texts = texts_of(target)
    sources = [f"  {name}: {text}" for name, text in device.imperfections.sources.items()]
    parts = [
        fill(f"{device.name} ({device.reading}) for {texts['tool']}, written by wallnet.", 90),
        fill(texts["holds"].format(**numbers).strip(), 90),
        texts["use"].format(**numbers),
        fill(f"What it cannot hold: {texts['lacks'].format(**numbers).strip()}", 90),
        "Where each number comes from:\n"
        + "\n".join(sources or ["  The file of imperfections states none."]),
    ]
    (folder / "README.txt").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
