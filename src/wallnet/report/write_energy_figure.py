"""Figure of energy and temperature of pulses: temperature against time, and both against J."""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Figures
from wallnet.config.heavy_metal import Heating
from wallnet.config.waveform import Points
from wallnet.devices.write_energy import heat_flux, rise_over_time, swept_pulse, write_energy_of
from wallnet.jobs.write_energy import WriteEnergyJob
from wallnet.report import style

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NS, UNIT_OF_J = 1e-9, 1e12

J_LABEL = r"$\mathit{J}$ ($10^{12}$ A/m²)"
MEAN, MIDDLE = "mean", "middle"


def draw(data: "xarray.Dataset", write_energy: WriteEnergyJob, figures: Figures) -> "Figure":
    """Draw the temperature during a pulse and after, and temperature and energy of all pulses.

    Parameters
    ----------
    data : xarray.Dataset
        A device file.
    write_energy : WriteEnergyJob
        What the write energy depends on.
    figures : Figures
        Style of all figures.
    """
    from matplotlib import pyplot

    duration, waveform = swept_pulse(data)
    figure, (over_time, rises, energies) = pyplot.subplots(
        1, 3, figsize=style.size(figures, 0.36), width_ratios=[1.4, 1, 1]
    )
    _draw_time(over_time, write_energy, duration, waveform)
    density = np.sort(np.abs(data["current_density"].values))
    found = write_energy_of(write_energy, density, duration, waveform)
    for index, (title, rise) in enumerate({MEAN: found.rise.mean, MIDDLE: found.rise.peak}.items()):
        rises.plot(density / UNIT_OF_J, rise, label=title, **style.look(index, marker=True))
    rises.axhline(write_energy.heating.largest_rise, color="0.4", linestyle=":", label="limit")
    rises.set_ylabel("largest rise (K)")
    rises.set_title("(b) each pulse", loc="left")
    rises.legend(loc="upper left")
    energies.plot(density / UNIT_OF_J, found.energy / 1e-12, **style.look(2, marker=True))
    energies.set_ylabel("energy (pJ)")
    energies.set_title("(c) energy", loc="left")
    for axes in (rises, energies):
        axes.set_xlabel(J_LABEL)
        axes.set_ylim(bottom=0)
    return figure


def _draw_time(
    axes: "Axes", write_energy: WriteEnergyJob, duration: float, waveform: Points
) -> None:
    """Draw the rise during and after a pulse of 1e12 A/m².

    The one-dimensional limits are beside that of a square pulse.
    """
    flux = float(heat_flux(write_energy, np.array(UNIT_OF_J)))
    time, response = rise_over_time(write_energy, duration, waveform)
    axes.axvspan(0, duration / NS, color=style.SHADE, linewidth=0)
    for index, (title, rise) in enumerate({MEAN: response.mean, MIDDLE: response.peak}.items()):
        axes.plot(time / NS, flux * rise, label=title, **style.look(index))
    if not waveform:
        _draw_limits(axes, write_energy.heating, time[time <= duration * (1 + 1e-9)], flux)
    axes.set_xlim(0, 3 * duration / NS)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("time (ns)")
    axes.set_ylabel(r"rise at $\mathit{J}$ = $10^{12}$ A/m² (K)")
    axes.set_title("(a) a pulse and after", loc="left")
    axes.legend(loc="upper right")


def _draw_limits(axes: "Axes", heating: Heating, time: NDArray[np.float64], flux: float) -> None:
    """Draw the one-dimensional limits of the rise at times in s during a square pulse."""
    effusivity = math.sqrt(heating.oxide_conductivity * heating.oxide_heat_capacity)
    thick = 2 * flux * np.sqrt(time / math.pi) / effusivity
    axes.plot(time / NS, thick, label="1-D, thick oxide", color="0.4", linestyle="--")
    full = flux * heating.oxide_thickness / heating.oxide_conductivity
    if full < 1.5 * thick[-1]:
        axes.axhline(full, label="1-D, full oxide", color="0.4", linestyle=":")
