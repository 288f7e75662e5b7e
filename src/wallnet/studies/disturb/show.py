"""Tables and map of a write disturb, made from its file only."""

from typing import Any

import numpy as np
import xarray

from wallnet.config import Figures
from wallnet.devices.tables import sign_of
from wallnet.questions.presentation import cells, columns
from wallnet.report import style
from wallnet.report.tables import Format, Table, of_columns
from wallnet.studies.disturb.ask import STUDY

KEPT, LOST, UNSTABLE = "#009E73", "#E69F00", "#FFFFFF"
"""Colours of states that survive all pulses, that do not, and in which no wall rests."""


def tables(data: xarray.Dataset, name: str) -> list[Table]:
    """Return the table of all trains, and that of what all states survive."""
    rows = data.to_dataframe(["disturbed", "write_share"]).reset_index()
    stable = data["disturbed_stable"] == 1
    kept, count = data["state_kept"].sum("disturbed").values, int(stable.sum())
    least = data["survived_pulses"].where(stable).min("disturbed").values
    shares: dict[str, tuple[Any, Format]] = {
        **columns(STUDY, data, "write_share", "disturb_current_density"),
        "states that survive all pulses": ([f"{number} of {count}" for number in kept], ""),
        "least pulses survived": (least, ".0f"),
    }
    return [
        of_columns(f"{name}: pulses until a state is lost", columns(STUDY, rows)),
        of_columns(f"{name}: shares of the write amplitude", shares),
    ]


def finding(data: xarray.Dataset, name: str) -> str:
    """Return up to which share of the write amplitude all states survive pulses of both signs."""
    stable = data["disturbed_stable"] == 1
    kept = (data["state_kept"] == 1).where(stable, True).all("disturbed")
    shares = np.abs(data["write_share"].values)
    lost = shares[~kept.values].min(initial=np.inf)
    if (shares < lost).any():
        return f"all states survive {shares[shares < lost].max():.3g} of the write amplitude"
    return f"states are lost at {lost:.3g} of the write amplitude"


def draw(data: xarray.Dataset, figures: Figures) -> "style.Figure":
    """Draw the number of pulses that each state survives, over the share and the state."""
    starts, shares = map(str, data["disturbed"].values), data["write_share"].values
    counts, kept = data["survived_pulses"].values, data["state_kept"].values == 1
    stable = np.broadcast_to(data["disturbed_stable"].values[:, None] == 1, kept.shape)
    colours = np.where(stable, np.where(kept, KEPT, LOST), UNSTABLE)
    signs = [sign_of(state) for state in starts]
    figure, ((axes,),) = style.panels(figures, 1, 1, 0.2 + 0.045 * len(signs))
    texts = np.where(stable, np.char.add(np.where(kept, "≥ ", ""), counts.astype(str)), "")
    cells(axes, colours, texts, [f"{share:+.3g}" for share in shares], signs)
    axes.set(xlabel="current density as a share of the write amplitude", ylabel="state")
    return figure
