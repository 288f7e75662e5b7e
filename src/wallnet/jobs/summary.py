"""Job of the summary of a campaign."""

from collections.abc import Mapping
from typing import Any

from wallnet.config.quantities import Section
from wallnet.config.reference import Reference
from wallnet.experiment.base import Job


class Studied(Section):
    """A subject of a study, which the summary reads.

    `settings` are None if the campaign does not ask for it. `needed` tells whether the summary
    waits for its results, and not only shows them if they are there; `headline` whether they have
    a part of the page.
    """

    study: str
    subject: str
    settings: dict[str, Any] | None = None
    needed: bool
    headline: bool


class SummaryJob(Job):
    """Summarise a campaign: what it found, reference data beside it, and one synapse in figures.

    `written` is the synapse that the figures show; if it is none of `devices`, it was measured.
    `studied` has what the page shows of the studies. `networks` tells whether there are networks,
    and `synapses` has those on whose levels they are. `linked` has the figures and tables that the
    page links.
    """

    devices: tuple[str, ...]
    studied: tuple[Studied, ...]
    written: str | None = None
    networks: bool
    synapses: tuple[str, ...]
    table_ii: Mapping[str, int]
    reference: Reference
    linked: tuple[str, ...] = ()
