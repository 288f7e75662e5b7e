"""Can pulses of both signs rewrite a synapse? A picture of its conductance after each pulse.

    python examples/pulse_train.py pulse_train.png

prints state and conductance after each pulse.
"""

import sys
from pathlib import Path

from matplotlib import pyplot

from wallnet import api

device = api.load_device(Path(__file__).with_name("devices.yaml"), "small-synapse")
pulses = tuple(
    api.ProgramPulse(current_density=sign * 1.6e12, duration=0.8e-9, pause=3e-9, repetitions=3)
    for sign in (1, -1)
)
settings = api.PulseTrain(device="small-synapse", pulses=pulses)
response = api.study(settings, device, processes=1, progress=False)
conductance = response.pulse_conductance.sel(reading="parallel") / 1e-6
print(*response.pulse_state.values, sep=", ")
print(f"conductance: {', '.join(f'{value:.2f}' for value in conductance.values)} µS")

figure, axes = pyplot.subplots(figsize=(4.2, 3), layout="constrained")
axes.step(response.pulse, conductance, "o-", where="mid")
for value, state in zip(conductance[:4], response.pulse_state[:4], strict=True):
    axes.axhline(value, color="0.8", linewidth=0.8, zorder=0)
    axes.text(7.5, value, state.item(), ha="right", va="bottom")
axes.set(xlabel="pulses: 3 × +1.6, 3 × -1.6 (10¹² A/m²)", ylabel="conductance (µS)")
axes.set(xlim=(-0.4, 7.6), ylim=(73, 100))
figure.savefig(sys.argv[1] if sys.argv[1:] else "pulse_train.png", dpi=120)
