"""Which notches hold a wall against which current? A picture of thresholds and barriers.

    python examples/notches.py notches.png

A rigid wall takes milliseconds; simulate what you choose from it.
"""

import sys
from pathlib import Path

from matplotlib import pyplot
from scipy.constants import k

from wallnet import api

CONFIGURATION = Path(__file__).with_name("devices.yaml")
diameters = [8, 12, 16, 20, 24, 28]  # nm
thresholds, barriers = [], []
for diameter in diameters:
    changes = {"track.notches.diameter": diameter * 1e-9}
    wall = api.rigid_wall(api.load_device(CONFIGURATION, "small-synapse", changes))
    thresholds.append(min(wall.forward) / 1e12)
    barriers.append(wall.barriers.min() / (k * 300))
print("thresholds:", ", ".join(f"{value:.2f}" for value in thresholds), "e12 A/m²")

figure, (left, right) = pyplot.subplots(1, 2, figsize=(5.6, 2.8), layout="constrained")
left.plot(diameters, thresholds, "o-")
left.set(xlabel="diameter of the notches (nm)", ylabel="threshold (10¹² A/m²)", ylim=(0, None))
right.plot(diameters, barriers, "o-")
right.axhline(40, color="k", linestyle=":", label="retained above")
right.set(xlabel="diameter of the notches (nm)", ylabel="barrier (k$_B$T at 300 K)", ylim=(0, None))
right.legend(loc="upper left")
figure.savefig(sys.argv[1] if sys.argv[1:] else "notches.png", dpi=120)
