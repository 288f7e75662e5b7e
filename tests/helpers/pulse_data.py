"""Pulses on devices with known spreads, as a measuring person writes them."""

import numpy as np

NOMINAL = np.array([2.0e-5, 2.9e-5, 4.1e-5, 5.6e-5, 7.0e-5])
SPREADS = {"gain": 0.12, "ratio": 0.05, "level": 0.012, "cycle": 0.016, "read": 0.007}
LANDING = {1: [0, 0.85, 0.1, 0.05, 0], 2: [0.05, 0, 0.0, 0.7, 0.25], 3: [0, 0, 0.6, 0.3, 0.1]}
"""Probability of each level after each kind of pulse, from level 0."""


def simulated(devices=80, cycles=30, seed=3, nominal=NOMINAL, landing=LANDING, **changes):
    """Return the CSV text, and the counts by device, kind and level.

    Each cycle resets the device, reads it twice without a pulse, and writes it with one pulse.
    """
    own, generator = SPREADS | changes, np.random.default_rng(seed)
    share = (nominal - nominal[0]) / np.ptp(nominal)
    lines, counts = ["device,cycle,pulse,before (S),after (S)"], {}

    def normal(name, *shape):
        return 1 + own[name] * generator.standard_normal(shape or None)

    for device in range(1, devices + 1):
        gain, ratio = normal("gain"), normal("ratio")
        levels = gain * (nominal[0] + (ratio * nominal[-1] - nominal[0]) * share)
        levels = levels * normal("level", len(nominal))
        for cycle in range(1, cycles + 1):
            kind = int(generator.choice([*landing]))
            end = int(generator.choice(len(nominal), p=landing[kind]))
            written = levels[0] * normal("cycle")
            reached = written if end == 0 else levels[end] * normal("cycle")
            states = [(0, written, written), (kind, written, reached), (0, reached, reached)]
            for pulse, before, after in states:
                pair = before * normal("read"), after * normal("read")
                lines.append(f"{device},{cycle},{pulse},{pair[0]:.9e},{pair[1]:.9e}")
            counts[device, kind, end] = counts.get((device, kind, end), 0) + 1
    return "\n".join(lines) + "\n", counts
