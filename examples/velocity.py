"""How fast is a wall, and does the one-dimensional model tell? A picture of velocity against J.

    python examples/velocity.py velocity.png

compares two calculators: the engine, and an equation.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib import pyplot
from numpy.typing import ArrayLike, NDArray
from scipy.constants import e, hbar, mu_0

from wallnet import api

device = api.load_device(Path(__file__).with_name("devices.yaml"), "small-neuron")
film, track = device.material, device.track

# Thiaville et al., EPL 100, 57002 (2012); the demagnetising factor is that of an elliptic section
strip = track.width / (track.width + track.thickness)
k_eff = film.uniaxial_anisotropy - mu_0 * film.saturation_magnetization**2 / 2 * strip
delta = np.sqrt(film.exchange_stiffness / k_eff)
dmi_field = film.dmi_constant / (mu_0 * film.saturation_magnetization * delta)
fastest = film.gyromagnetic_ratio * delta * np.pi / 2 * dmi_field
torque = hbar * film.polarization / (2 * e * mu_0 * film.saturation_magnetization * track.thickness)


def model(density: ArrayLike) -> NDArray[np.float64]:
    """Return the velocity in m/s at a current density in A/m²."""
    return fastest / np.hypot(1, film.damping * dmi_field / (torque * np.asarray(density)))


densities, velocities = np.array([0.1, 0.2, 0.3, 0.4, 0.5]) * 1e12, []
for density in densities:
    trace = api.simulate(device, density, progress=False)
    under_way = trace.wall_position[trace.time > 0.4e-9]
    velocities.append(np.polyfit(under_way.time, under_way, 1)[0])
print(f"velocity at 0.3e12 A/m²: {velocities[2]:.1f} m/s, model {model(0.3e12):.1f} m/s")

figure, axes = pyplot.subplots(figsize=(4.2, 3), layout="constrained")
axes.plot(densities / 1e12, velocities, "o", label="engine")
line = np.linspace(0.01, 0.6, 100)
axes.plot(line, model(line * 1e12), "k-", label="one-dimensional model")
axes.set(xlabel="current density (10¹² A/m²)", xlim=(0, 0.6))
axes.set(ylabel="velocity (m/s)", ylim=(0, None))
axes.legend()
figure.savefig(sys.argv[1] if sys.argv[1:] else "velocity.png", dpi=120)
