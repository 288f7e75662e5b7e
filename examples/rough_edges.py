"""What do rough edges change? Maps of the wall after one pulse, perfect and on three samples.

    python examples/rough_edges.py rough_edges.png

prints width and wall of each sample.
"""

import sys
from pathlib import Path

from matplotlib import pyplot

from wallnet import api
from wallnet.report.tracks import draw_map

ROUGH = {
    "disorder": {"edges": {"rms": 1.8e-9, "correlation_length": 25e-9}},
    "track.cell_size": 2e-9,
}
configuration = Path(__file__).with_name("devices.yaml")

figure, panels = pyplot.subplots(4, 1, figsize=(4.2, 3), layout="constrained", sharex=True)
for sample, axes in enumerate(panels):
    device = api.load_device(configuration, "small-neuron", ROUGH | {"sample": sample})
    trace = api.simulate(device, 0.3e12, progress=False)
    width = trace.magnetic_cells * device.track.cell_size / 1e-9
    wall = trace.wall_position[-1].item() / 1e-9
    print(f"sample {sample}: width {width.mean():.1f} ± {width.std():.1f} nm, wall {wall:.1f} nm")
    draw_map(axes, trace, trace.time[-1].item())
    axes.axvline(wall, color="k", linewidth=0.8)
    axes.set(ylim=(-8, 40), yticks=[], ylabel=sample or "perfect")
panels[-1].set_xlabel("position (nm), after 1 ns of 0.3 × 10¹² A/m²")
figure.savefig(sys.argv[1] if sys.argv[1:] else "rough_edges.png", dpi=120)
