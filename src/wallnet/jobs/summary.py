"""Job of the summary of a campaign."""

from collections.abc import Mapping
from typing import Any

from wallnet.config import Campaign
from wallnet.config.measured import MEASURED
from wallnet.config.reference import Reference
from wallnet.experiment.base import Job


class SummaryJob(Job):
    """Summarise a campaign: what it found, reference data beside it, and one synapse in figures.

    `written` is the synapse that the figures show, `measured` whether it was measured; `barriers`
    has the settings of its barriers. `rewritten` is a pulse train on the synapse `rewritable`.
    `networks` tells whether there are networks, and `synapses` has those on whose levels they are.
    `linked` has the figures and tables that the page links.
    """

    devices: tuple[str, ...]
    pulse_trains: tuple[str, ...]
    written: str | None = None
    measured: bool
    barriers: dict[str, Any] | None = None
    rewritten: str | None = None
    rewritable: str | None = None
    networks: bool
    synapses: tuple[str, ...]
    table_ii: Mapping[str, int]
    reference: Reference
    linked: tuple[str, ...] = ()


def summary_job(campaign: Campaign) -> SummaryJob:
    """Return the job that summarises a campaign, without its optional devices.

    It shows the first simulated synapse; if there is none, the first measured device. It shows the
    first pulse train on a synapse.
    """
    asked = campaign.without_optional
    synapses = asked.of_kind("synapse")
    written = next(iter(synapses or asked.of_kind(MEASURED)), None)
    trains = asked.studies.get("pulse_trains", {})
    rewritten = next((name for name, each in trains.items() if each.device in synapses), None)
    networks = asked.networks
    return SummaryJob(
        devices=tuple(asked.simulated),
        pulse_trains=tuple(trains),
        written=written,
        measured=written is not None and written not in asked.simulated,
        rewritten=rewritten,
        rewritable=rewritten and trains[rewritten].device,
        networks=bool(networks.recipes),
        synapses=networks.synapses if networks.recipes else (),
        table_ii=networks.table_ii if networks.recipes else {},
        reference=asked.reference.of(asked.simulated),
    )
