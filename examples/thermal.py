"""Does a pulse write the same state each time at 300 K? A picture of probabilities.

    python examples/thermal.py thermal.png

Lines are intervals of 95 %; more replicas narrow them.
"""

import sys
from pathlib import Path

from matplotlib import pyplot

from wallnet import api

# a wall at a notch forgets its position within 0.5 ns
room = {"temperature": {"ambient": 300.0, "equilibration": 0.5e-9}}
short = {"track.length": 180e-9, "track.notches.positions": [40e-9, 140e-9]}
device = api.load_device(Path(__file__).with_name("devices.yaml"), "small-synapse", room | short)
settings = api.Thermal(
    device="small-synapse",
    variants={"isothermal": room},
    current_densities=(1.1e12, 1.3e12, 1.5e12),
    replicas=8,
    pause=0.4e-9,
    free_time=0.4e-9,
)
result = api.study(settings, device, processes=1, progress=False)
result = result.squeeze(["model", "start_state"])

figure, axes = pyplot.subplots(figsize=(4.2, 3), layout="constrained")
for number, outcome in enumerate(result.outcome.values):
    state = result.sel(outcome=outcome)
    if not state.outcome_count.any():
        continue
    place = result.current_density / 1e12 + 0.008 * number
    low, high = state.outcome_low, state.outcome_high
    axes.vlines(place, low, high, color=f"C{number}")
    axes.plot(place, state.outcome_probability, "o", color=f"C{number}", label=outcome)
    shares = (f"{value:.2f}" for value in state.outcome_probability.values)
    print(f"{outcome}, probability:", *shares)
axes.set(xlabel="current density (10¹² A/m²)", ylabel="probability at 300 K", ylim=(-0.05, 1.05))
figure.legend(loc="outside upper center", ncols=3)
figure.savefig(sys.argv[1] if sys.argv[1:] else "thermal.png", dpi=120)
