"""Jobs of figures, of the summary, and of the energy of pulses and of writing networks."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from wallnet.config import Campaign, ConfigError, Device
from wallnet.config.devices import StaticMaterial, Temperature
from wallnet.config.messages import misnamed
from wallnet.config.networks import RunSet
from wallnet.config.quantities import Section, silent
from wallnet.config.reference import Reference
from wallnet.config.stages import PROGRAMMED_STAGES
from wallnet.config.track import Track
from wallnet.jobs.base import Job
from wallnet.jobs.bilayer import Crowding, Heat, NotchedTrack, crowding_of, heat_of
from wallnet.jobs.film import Law, film_of, strip_demagnetization, terms_of

Drawing = TypeVar("Drawing")


class FigureJob(Job):
    """Draw a figure of devices or networks.

    `shown` are the current densities in A/m² that figures of single pulses show; chosen if there
    are none. `paper` are the numbers of notches whose rows of the paper's Table II are shown too.
    """

    figure: str
    shown: tuple[float, ...] = ()
    paper: tuple[int, ...] = ()

    def drawing(self, drawings: Mapping[str, Drawing]) -> Drawing:
        """Return the function that draws it, of those of a module by their names.

        Raises
        ------
        wallnet.config.ConfigError
            If there is none.
        """
        for fault in misnamed("figure in --job", self.figure, drawings, "a figure of the module"):
            raise ConfigError(fault)
        return drawings[self.figure]


class Studied(Section):
    """A subject of a study, which the summary reads.

    `settings` are None if the campaign does not have it. The summary waits for its results if it is
    `needed`, and otherwise shows them if they exist. With a `headline`, they have a part of the
    page even if they do not.
    """

    study: str
    subject: str
    device: str | None = None
    """Its device, if it has one."""
    settings: dict[str, Any] | None = None
    needed: bool
    headline: bool


class SummaryJob(Job):
    """Summarise a campaign: its findings, reference data, and one synapse in figures.

    `written` is the synapse that the figures show; if it is none of `devices`, it was measured.
    `studied` has what the page shows of the studies. `networks` tells whether there are networks,
    `as_made` whether they are evaluated as made, and `synapses` has those on whose levels they are.
    `linked` has the figures and tables that the page links, and `warnings` are those about the
    configuration.
    """

    devices: tuple[str, ...]
    studied: tuple[Studied, ...]
    written: str | None = None
    networks: bool
    as_made: bool = silent(False)
    synapses: tuple[str, ...]
    table_ii: Mapping[str, int]
    reference: Reference
    linked: tuple[str, ...] = ()
    warnings: tuple[str, ...] = silent(())


class WriteEnergyJob(Job):
    """Computation of energy and temperature of pulses on one track.

    It is a parameter of devices and tables: no simulation depends on it. Of a track, its length,
    width and thickness matter, and all of it where current and heat vary along it.
    """

    length: float
    width: float
    thickness: float
    track: Track | None = None
    crowding: Crowding | None = None
    heat: Heat
    largest_rise: float
    """Temperature rise in K above which pulses are marked."""
    film: StaticMaterial
    """The film before the pulses."""
    temperature: Temperature
    """That of the film before the pulses, and how the film changes with it."""

    @property
    def notched(self) -> NotchedTrack | None:
        """The track, if current and heat vary along it."""
        return self.heat.bilayer.notched(self.track, self.crowding)

    @property
    def law(self) -> Law:
        """How the film changes with its temperature."""
        return self.heat.law(self.temperature)

    @property
    def limits(self) -> tuple[float, float]:
        """Temperatures in K where D of the film is critical, and where the model ends."""
        demagnetization = float(strip_demagnetization(self.width, self.thickness))
        film = terms_of(self.film)
        return self.law.limits(film, self.temperature.ambient, demagnetization)

    @classmethod
    def of_dataset(cls, attributes: Mapping[str, Any]) -> "WriteEnergyJob":
        """Return the job that a device file or the dataset of a study states in its attributes."""
        parameters = json.loads(attributes["parameters"])
        if "about" in parameters:
            return cls.model_validate(parameters["about"].get("write_energy", parameters["about"]))
        return write_energy_job(Device.model_validate(parameters["settings"]))


def write_energy_job(device: Device) -> WriteEnergyJob:
    """Return the job for pulses on a device."""
    track, crowding = device.track, crowding_of(device)
    return WriteEnergyJob(
        length=track.length,
        width=track.width,
        thickness=track.thickness,
        track=track if crowding else None,
        crowding=crowding,
        heat=heat_of(device),
        largest_rise=device.heating.largest_rise,
        film=film_of(device),
        temperature=device.temperature.of_film(),
    )


class ProgrammingEnergyJob(Job):
    """Computation of the energy of writing networks on the levels of simulated synapses.

    `written_by` has the pulse train that writes a synapse.
    """

    run_set: RunSet
    written_by: dict[str, str]


def programming_energy_job(campaign: Campaign) -> ProgrammingEnergyJob:
    """Return the job that computes the energy of writing the networks of the first two seeds.

    Its set of networks has only those with all weights on levels. Of a measured synapse, neither
    pulses nor track are known.
    """
    networks = campaign.networks
    run_set = networks.run_set()
    places = tuple(place for place in run_set.places if place[0] in campaign.simulated)
    synapses = {name for name, _ in places}
    return ProgrammingEnergyJob(
        run_set=run_set.limited(PROGRAMMED_STAGES, places=places, seeds=run_set.seeds[:2]),
        written_by={name: train for name, train in networks.written_by.items() if name in synapses},
    )
