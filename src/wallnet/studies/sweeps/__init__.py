"""Sweeps: the sweep of the current densities of a device, on samples as they are made."""

from typing import Annotated, Any

from pydantic import Field

from wallnet.config import Campaign, Device
from wallnet.config.pulse import Sweep
from wallnet.config.quantities import CurrentDensity, silent
from wallnet.devices.ask import DEVICES
from wallnet.jobs import Job
from wallnet.jobs.run import level_states
from wallnet.questions.question import Requests, Rounds
from wallnet.studies import base


class Sweeps(base.Sampled, Sweep):
    """The sweep of a device on samples: where each pulse leaves the wall, and the levels."""

    samples: Annotated[int, Field(ge=1, le=10_000)] = 32
    """Number of samples beside the perfect device, drawn from its `disorder`. Source: our
    choice."""
    current_densities: tuple[CurrentDensity, ...] = silent(())
    """Current densities J, single or as sweeps; those of the device's sweep if not given."""

    def swept(self, device: Device) -> Device:
        """Return a device with the current densities of these sweeps."""
        densities = self.current_densities or device.pulse.current_densities
        pulse = device.pulse.model_copy(update={"current_densities": densities})
        return device.model_copy(update={"pulse": pulse})


class SweptDevice(Job):
    """The perfect device of samples."""

    device: dict[str, Any]


class Ask(base.OnDevice[Sweeps]):
    """The sweep of a device, on samples."""

    settings = Sweeps
    figure = "samples"
    of_device = True

    def requests(self, campaign: Campaign, name: str, settings: Sweeps, _: Rounds) -> Requests:
        """Return the initial state and the pulses, then the levels of a synapse at its notches."""
        device = settings.swept(campaign.simulated[name])
        half = {state for state in level_states(device.track) if state.half}
        computations = DEVICES.requests(campaign, name, device, ())
        return [request for request in computations if request.conditions.state not in half]

    def about(self, campaign: Campaign, name: str, settings: Sweeps) -> Job:
        """Return what the device tells of its detector, and of when it is read."""
        device = settings.swept(campaign.simulated[name])
        form: dict[str, Any] = {"mode": "json", "exclude_none": True}
        return SweptDevice(device=device.model_dump(**form, exclude={*DEVICES.left_out}))
