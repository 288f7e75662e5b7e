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

VARIABLES: dict[str, tuple[str, float, str]] = {
    "J in the metal (1e12 A/m²)": ("metal_current_density", 1e12, ".4f"),
    "current (mA)": ("metal_current", 1e-3, ".4f"),
    "voltage (V)": ("metal_voltage", 1.0, ".4f"),
    "energy (pJ)": ("write_energy", 1e-12, ".3f"),
    "temperature rise, mean (K)": ("mean_temperature_rise", 1.0, ".1f"),
    "temperature rise, middle (K)": ("temperature_rise", 1.0, ".1f"),
}
"""Columns of energy and temperature: variable of a device file, unit and format."""

FORMATS: dict[str, Format] = {name: form for name, (*_, form) in VARIABLES.items()}
FORMATS["model"] = {0: "inside", 1: OUTSIDE, 2: BEYOND}


def columns(pulses: Any) -> "pandas.DataFrame":
    """Return energy and temperature of pulses as columns of a table.

    Parameters
    ----------
    pulses : Dataset or mapping
        The variables, shape (pulses,), by their names.
    """
    import pandas

    numbers = {
        title: np.asarray(pulses[name]) / unit for title, (name, unit, _) in VARIABLES.items()
    }
    outside, beyond = (np.asarray(pulses[f"{name}_model"]) for name in ("outside", "beyond"))
    model = (outside.astype(int) + beyond).tolist()
    return pandas.DataFrame(numbers | {"model": model})


def joined(table: Table, columns: "pandas.DataFrame") -> Table:
    """Return a table of pulses with the columns of energy and temperature on its right."""
    return table.beside(Table("", columns, FORMATS))
