"""Tables and map of a write disturb, made from its file only."""

import numpy as np
import xarray

from wallnet.config import Figures
from wallnet.report import style
from wallnet.report.device_tables import sign_of
from wallnet.report.tables import Table, of_columns
from wallnet.studies.showing import YES, cells

KEPT, LOST, UNSTABLE = "#009E73", "#E69F00", "#FFFFFF"
"""Colours of states that survive all pulses, that do not, and in which no wall rests."""


def tables(data: xarray.Dataset, name: str) -> list[Table]:
    """Return the table of all trains, and that of what all states survive."""
    rows = data.to_dataframe(["disturbed", "write_share"]).reset_index()
    stable = data["disturbed_stable"] == 1
    kept, count = data["state_kept"].sum("disturbed").values, int(stable.sum())
    least = data["survived_pulses"].where(stable).min("disturbed").values
    return [
        of_columns(
            f"{name}: pulses until a state is lost",
            {
                "state": (rows["disturbed"], ""),
                "a wall initialised there rests": (rows["disturbed_stable"], YES),
                "share": (rows["write_share"], "+.4g"),
                "J (1e12 A/m²)": (rows["disturb_current_density"] / 1e12, "+.4f"),
                "pulses survived": (rows["survived_pulses"], ".0f"),
                "all": (rows["state_kept"], YES),
                "state after the last pulse": (rows["disturb_state"], ""),
                "settled": (rows["disturb_settled"], YES),
                "drift (nm)": (rows["disturb_drift"] / 1e-9, "z.2f"),
                "drift in the last pulse (nm)": (rows["disturb_last_drift"] / 1e-9, "z.3f"),
            },
        ),
        of_columns(
            f"{name}: shares of the write amplitude",
            {
                "share": (data["write_share"].values, "+.4g"),
                "J (1e12 A/m²)": (data["disturb_current_density"].values / 1e12, "+.4f"),
                "states that survive all pulses": ([f"{each} of {count}" for each in kept], ""),
                "least pulses survived": (least, ".0f"),
            },
        ),
    ]


def draw(data: xarray.Dataset, figures: Figures) -> "style.Figure":
    """Draw the number of pulses that each state survives, over the share and the state."""
    starts, shares = map(str, data["disturbed"].values), data["write_share"].values
    counts, kept = data["survived_pulses"].values, data["state_kept"].values == 1
    stable = np.broadcast_to(data["disturbed_stable"].values[:, None] == 1, kept.shape)
    colours = np.where(stable, np.where(kept, KEPT, LOST), UNSTABLE)
    signs = [sign_of(each) for each in starts]
    figure, ((axes,),) = style.panels(figures, 1, 1, 0.2 + 0.045 * len(signs))
    texts = np.where(stable, np.char.add(np.where(kept, "≥ ", ""), counts.astype(str)), "")
    cells(axes, colours, texts, [f"{share:+.3g}" for share in shares], signs)
    axes.set(xlabel="current density as a share of the write amplitude", ylabel="state")
    return figure
