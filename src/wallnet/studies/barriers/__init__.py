"""Barriers between neighbouring states of a synapse, and the largest loss of a retained state."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Annotated

from wallnet.config import Campaign, Device, Track
from wallnet.config.quantities import ASCENDING, Quantity, silent
from wallnet.jobs import Request, barrier_job, minima_job
from wallnet.jobs.energy_path import Pair, neighbours
from wallnet.jobs.film import film_of
from wallnet.jobs.request import Conditions, minima
from wallnet.jobs.run import level_states
from wallnet.questions.question import Devices, Question, Requests, Rounds, Validate
from wallnet.studies.base import Sampled, without_disorder

Frequency = Annotated[
    float, Quantity("1/s", 1e6, 1e15, fix="frequencies are in 1/s: 1 GHz is 1.0e+9")
]

Temperature = Annotated[float, Quantity("K", 1.0, 2000.0, fix="temperatures are in kelvin: 300")]

SPACING = Quantity("1", 0.05, 1.0, fix="0.5 moves a wall by half a width parameter an image")
"""Bounds of the distance by which a wall end moves from image to image, in units of Δ."""


LEAST_LOSS = 1e-9
"""Loss of a state below which no number is stated: a device fails earlier for other reasons."""


class Barriers(Sampled):
    """Barriers between neighbouring states of synapses."""

    devices: tuple[str, ...] | None = None
    """Synapses whose barriers are computed; all that are simulated if not given."""
    temperature: Temperature = 300.0
    """Temperature at which a state has to be retained. The film is that at this temperature, by
    Bloch's law from `temperature.measured_at`, with `temperature.anisotropy_exponent`. Source: our
    choice."""
    further_temperatures: Annotated[tuple[Temperature, ...], ASCENDING] = silent(())
    """Further temperatures at which lowest barriers and lifetimes are computed; levels and networks
    have those at `temperature`."""
    attempt_frequencies: tuple[Frequency, Frequency] = (1e9, 1e12)
    """Least and greatest attempt frequency, at which lifetimes and losses are stated. Source: our
    choice."""
    retention_time: Annotated[
        float, Quantity("s", 1e-9, 3.15576e10, fix="ten years are 3.15576e+8 s")
    ] = silent(3.15576e8)
    """Time for which a level has to be retained. Source: ten years, usual for memories."""
    largest_loss: Annotated[
        float, Quantity("1", LEAST_LOSS, 0.5, fix="it is a probability, such as 0.01")
    ] = silent(0.01)
    """Largest probability that a retained level is lost by then, at each attempt frequency. Source:
    our choice."""
    states: tuple[str, ...] | None = silent(None)
    """States whose barriers are computed, such as "notch 2"; all if not given."""
    spacing: Annotated[float, SPACING] = 0.5
    """Distance by which a wall end moves from image to image of a path, in units of Δ. Source: our
    choice."""

    def _faults(self) -> Iterator[str]:
        low, high = self.attempt_frequencies
        if low > high:
            yield "attempt_frequencies is not ascending; write [1.0e+9, 1.0e+12]"

    def pairs(self, track: Track) -> list[Pair]:
        """Return the neighbouring states of a track between which barriers are computed."""
        return [pair for pair in neighbours(track) if not self.states or {*self.states} & {*pair}]


class Ask(Question[Barriers]):
    """Barriers between neighbouring states of synapses."""

    settings = Barriers
    missing = "a synapse to the devices, or to those named"
    figure = "energy"
    kinds = ("barrier", "minima")
    of_device = True
    shared = True
    headline = True
    level_sets = ("kept", "mutually-reachable")

    def subjects_in(self, settings: Barriers, devices: Devices) -> list[str]:
        """Return the names of the synapses whose barriers are computed."""
        names = [name for name, device in devices.items() if device.kind == "synapse"]
        return [name for name in names if settings.devices is None or name in settings.devices]

    def problems(
        self, key: str, _: str, settings: Barriers, campaign: Campaign, __: Validate
    ) -> list[str]:
        """List the conflicts with the devices of the campaign, one sentence each."""
        devices = campaign.simulated
        synapses = self.subjects_in(Barriers(), devices)
        conflicts = [
            f"{key}.devices names {name!r}, which is not a simulated synapse; use some of "
            f"{', '.join(synapses) or 'none yet'}"
            for name in settings.devices or ()
            if name not in synapses
        ]
        for name in self.subjects_in(settings, devices):
            for kelvin in (settings.temperature, *settings.further_temperatures):
                try:
                    film_of(devices[name], kelvin)
                except ValueError as error:
                    usual = kelvin == settings.temperature
                    field = "temperature" if usual else "further_temperatures"
                    conflicts.append(f"{key}.{field} of {name}: material.{error}")
            states = [str(state) for state in level_states(devices[name].track)]
            conflicts += [
                f"{key}.states has {state!r}, which is no state of {name}; use some of "
                f"{', '.join(states)}"
                for state in settings.states or ()
                if state not in states
            ]
            conflicts += without_disorder(key, name, settings, devices[name])
        return conflicts

    def requests(self, campaign: Campaign, name: str, settings: Barriers, _: Rounds) -> Requests:
        """Yield the minima, then the path between each pair of neighbours.

        Those at further temperatures follow. At the temperature of the film of the sweep, the
        minima are those of the sweep.
        """
        device = campaign.simulated[name]
        yield from self._at_temperature(name, device, settings, settings.temperature)
        for kelvin in settings.further_temperatures:
            yield from self._at_temperature(name, device, settings, kelvin, f"{kelvin:g}K")

    def _at_temperature(
        self, name: str, device: Device, settings: Barriers, kelvin: float, *folder: str
    ) -> Requests:
        """Yield the minima and the paths of a device at a temperature in K, in a folder."""
        path = self.path(name, *folder, "minima")
        own = Request("minima", path, partial(minima_job, device, kelvin))
        least = minima(name, device) if kelvin == device.temperature.ambient else own
        assert least, "a synapse has notches"
        yield replace(least, conditions=Conditions(temperature=kelvin))
        for pair in settings.pairs(device.track):
            first, second = (state.file_name for state in pair)
            yield Request(
                "barrier",
                self.path(name, *folder, f"{first}_{second}"),
                partial(barrier_job, device, first, second, settings.spacing, kelvin),
                (least.path,),
                conditions=Conditions(state=pair[0], neighbour=pair[1], temperature=kelvin),
            )
