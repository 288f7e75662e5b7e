"""Write energy and temperature of pulses, as columns and tables of devices and pulse trains."""

from typing import TYPE_CHECKING, Any

import numpy as np

from wallnet.report.tables import Format, Table

if TYPE_CHECKING:
    import pandas

OUTSIDE = "outside the constant-parameter model"
"""Mark of pulses that heat the track so much that its material changes."""

BEYOND = "beyond the Curie temperature"
"""Mark of pulses that heat the track so much that the film is no magnet."""

MODEL = {0: "inside", 1: OUTSIDE, 2: BEYOND}

FORMATS: dict[str, Format] = {
    "J in the metal (1e12 A/m²)": ".4f",
    "current (mA)": ".4f",
    "voltage (V)": ".4f",
    "energy (pJ)": ".3f",
    "temperature rise, mean (K)": ".1f",
    "temperature rise, middle (K)": ".1f",
    "model": MODEL,
}
"""Columns of energy and temperature, with their formats."""

VARIABLES = {
    "metal_current_density": 1e12,
    "metal_current": 1e-3,
    "metal_voltage": 1.0,
    "write_energy": 1e-12,
    "mean_temperature_rise": 1.0,
    "temperature_rise": 1.0,
}
"""Variables of a device file in these columns, with the units in which they are shown."""


def columns(pulses: Any) -> "pandas.DataFrame":
    """Return energy and temperature of pulses as columns of a table.

    Parameters
    ----------
    pulses : Dataset or mapping
        The variables, shape (pulses,), by their names.
    """
    import pandas

    numbers = [np.asarray(pulses[name]) / unit for name, unit in VARIABLES.items()]
    outside, beyond = (np.asarray(pulses[f"{name}_model"]) for name in ("outside", "beyond"))
    model = (outside.astype(int) + beyond).tolist()
    return pandas.DataFrame(dict(zip(FORMATS, (*numbers, model), strict=True)))


def joined(table: Table, columns: "pandas.DataFrame") -> Table:
    """Return a table of pulses with the columns of energy and temperature on its right."""
    return table.beside(Table("", columns, FORMATS))
