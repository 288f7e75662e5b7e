"""Sweeps: where each pulse leaves the wall of a sample, and its levels at the notches."""

from typing import Any

import numpy as np

from wallnet.config import Device
from wallnet.devices.conductance import both_readings
from wallnet.devices.traces import read_at, read_trace
from wallnet.files import WallState
from wallnet.questions.opened import Gathering, Opened, over
from wallnet.studies.sweeps import Sweeps


class Gather(Gathering[Sweeps]):
    """Sweep of one sample."""

    def gather(self, settings: Sweeps, opened: Opened) -> dict[str, Any]:
        """Return the variables of the sweep of one sample."""
        device = Device.model_validate(opened.about["device"])
        densities = device.pulse.current_densities
        pulses = []
        for pulse in opened.pulses():
            time, recorded, end = read_trace(pulse, device)
            when = min(read_at(device), time[-1])
            final = {
                f"final_{name}": np.interp(when, time, recorded[name])
                for name in ("wall_position", "detected")
            }
            rests_in = str(end.state) if end.rests else ""
            final |= {"state": end.state, "settled": end.settled, "rests_in": rests_in}
            pulses.append(final)
        swept = over([len(densities)], pulses)
        notches = range(1, len(device.track.inner_notch_positions) + 1)
        names = [WallState.at(number, number) for number in notches]
        reached = [swept["rests_in"] == name for name in names]
        detected = np.full(len(names), np.nan)
        for index, name in enumerate(names if device.kind == "synapse" else ()):
            rest = read_trace(opened.relaxed_in(name), device)[2]
            if rest.rests and rest.state == name:
                detected[index] = rest.detected
        strength = np.abs(densities)
        return {
            "notch_current_density": [
                np.nan if not there.any() else densities[np.where(there, strength, np.inf).argmin()]
                for there in reached
            ],
            "notch_conductance": both_readings(detected, device.junction),
            "final_conductance": both_readings(swept["final_detected"], device.junction),
            "final_wall_position": swept["final_wall_position"],
            "state": swept["state"],
            "settled": swept["settled"],
            "notch": [*notches],
            "current_density": densities,
        }
