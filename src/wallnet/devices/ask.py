"""The sweep of the current densities of a device, with the levels and minima of a synapse."""

from wallnet.config import Campaign, Device
from wallnet.config.declarations import PACKAGED, is_own_engine
from wallnet.jobs.request import initial, level, minima, pulses
from wallnet.jobs.run import level_states
from wallnet.questions.question import Question, Requests, Rounds

SETTINGS = tuple(name for name in PACKAGED if not is_own_engine(name))
"""Settings of calculators; those of the embedded engine determine the time step of a `Device`."""


class Ask(Question[Device]):
    """The sweep of each device."""

    settings = Device
    title = "sweep of {subject}"
    of_device = True
    left_out = ("calculator", "calculator_settings", *SETTINGS, "optional", "shown")

    def kind_of(self, settings: Device) -> str:
        """Return the kind of a device."""
        return settings.kind

    def requests(self, campaign: Campaign, name: str, device: Device, _: Rounds) -> Requests:
        """Yield the initial state and the pulses, then the levels and minima of a synapse."""
        yield from [initial(name, device), *pulses(name, device).values()]
        if device.kind == "synapse":
            yield from (level(name, device, state) for state in level_states(device.track))
            yield from filter(None, [minima(name, device)])


DEVICES = Ask()
