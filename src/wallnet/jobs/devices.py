"""Jobs that compute the properties of a device from its traces."""

from collections.abc import Sequence
from typing import Any, Literal

from wallnet.config.devices import Detector, Device, DeviceKind, Wall
from wallnet.config.pulse import CURRENT_DENSITY_STEP, Pulse
from wallnet.config.quantities import Duration
from wallnet.config.track import Track
from wallnet.experiment.base import Job
from wallnet.jobs.write_energy import WriteEnergyJob, write_energy_job


class DeviceJob(Job):
    """Computation of a device's conductance, levels or activation from its traces.

    Material and calculator are not included, since they affect the traces but not their reading.
    `write_energy` has what the heating by the pulses depends on.
    """

    kind: DeviceKind
    track: Track
    wall: Wall
    pulse: Pulse
    detector: Detector
    read_at: Literal["pulse_end", "rest"] | Duration
    interval: Duration
    write_energy: WriteEnergyJob

    def plain(self) -> dict[str, Any]:
        """Return this job as plain data, with each regular part of the sweep as one entry.

        A command line of 128 KiB can therefore contain sweeps of any length with regular parts.
        """
        data = super().plain()
        data["pulse"]["current_densities"] = _stretches(self.pulse.current_densities)
        return data


def device_job(device: Device) -> DeviceJob:
    """Return the job that gathers a device's traces."""
    return DeviceJob(
        kind=device.kind,
        track=device.track,
        wall=device.wall,
        pulse=device.pulse,
        detector=device.detector,
        read_at=device.read_at,
        interval=device.output.interval,
        write_energy=write_energy_job(device),
    )


def _stretches(current_densities: Sequence[float]) -> list[Any]:
    """Return ascending densities with {start, stop, step} for three or more equidistant ones."""
    steps = [round(density / CURRENT_DENSITY_STEP) for density in current_densities]
    stretches: list[Any] = []
    first = 0
    while first < len(steps):
        last = first
        if first + 1 < len(steps):
            step = steps[first + 1] - steps[first]
            while last + 1 < len(steps) and steps[last + 1] - steps[last] == step:
                last += 1
        if last - first >= 2:
            stretches.append(
                {
                    "start": steps[first] * CURRENT_DENSITY_STEP,
                    "stop": steps[last] * CURRENT_DENSITY_STEP,
                    "step": step * CURRENT_DENSITY_STEP,
                }
            )
            first = last + 1
        else:
            stretches.append(steps[first] * CURRENT_DENSITY_STEP)
            first += 1
    return stretches
