"""Measure the error and the time saved by the engine's tolerances, against OOMMF's traces.

    PYTHONPATH=tests python benchmarks/tolerances.py

The script runs every reference trace with several settings and reports the largest deviation of
<m> from OOMMF, whether the final state is the same, and processor seconds per nanosecond.
"""

import time

import numpy as np
from helpers import oommf_traces

from wallnet.config.calculators import FilmSettings as Settings

SETTINGS = {
    "2e-5, 1e-4": Settings(stray_field_tolerance=2e-5, frozen_change=1e-4),
    "default: 1e-4, 5e-4": Settings(),
    "default, 0.45 of the time step": Settings(time_step_fraction=0.45),
    "2e-4, 1e-3": Settings(stray_field_tolerance=2e-4, frozen_change=1e-3),
    "5e-4, 2e-3": Settings(stray_field_tolerance=5e-4, frozen_change=2e-3),
    "1e-3, 5e-3": Settings(stray_field_tolerance=1e-3, frozen_change=5e-3),
}
"""Stray-field tolerance and neglected change of a resting column."""


def main() -> None:
    names = oommf_traces.NAMES
    print("| settings | " + " | ".join(names) + " |\n|---|" + "---:|" * len(names), flush=True)
    oommf_traces.simulate(oommf_traces.reference(names[0])[0], [1e-12])
    for label, settings in SETTINGS.items():
        entries = []
        for name in names:
            description, times, expected = oommf_traces.reference(name)
            begin = time.process_time()
            averages, _, state = oommf_traces.simulate(description, times, settings)
            spent = (time.process_time() - begin) / (times[-1] * 1e9)
            entries.append(f"{np.abs(averages - expected).max():.1e}, {spent:.2f} s")
            if state != description["final_state"]:
                entries[-1] += f", **{state}**"
        print(f"| {label} | " + " | ".join(entries) + " |", flush=True)


if __name__ == "__main__":
    main()
