"""The sweep of the current densities of a device, with the levels and minima of a synapse."""

from wallnet.config import Campaign, Device
from wallnet.config.declarations import PACKAGED, is_own_engine
from wallnet.jobs.request import initial, level, minima, pulses
from wallnet.jobs.run import level_states
from wallnet.questions.question import Requests, Rounds, question


def requests(campaign: Campaign, name: str, device: Device, _: Rounds) -> Requests:
    """Return the initial state and the pulses, then the levels and minima of a synapse."""
    computations = [initial(name, device), *pulses(name, device).values()]
    if device.kind == "synapse":
        computations += [level(name, device, state) for state in level_states(device.track)]
        if least := minima(name, device):
            computations.append(least)
    return computations


SETTINGS = tuple(name for name in PACKAGED if not is_own_engine(name))
"""Settings of calculators; those of the embedded engine determine the time step of a `Device`."""

DEVICES = question(
    __name__,
    Device,
    title="sweep of {subject}",
    kind="",
    of_device=True,
    # what only the simulations depend on, and what only figures and targets do
    left_out=("calculator", "calculator_settings", *SETTINGS, "optional", "shown"),
)
