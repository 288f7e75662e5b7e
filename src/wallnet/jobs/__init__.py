"""Jobs: the part of the configuration that each computation needs, as canonical JSON.

Those of figures of devices or networks and of the summary are here.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from wallnet.config import ConfigError
from wallnet.config.messages import misnamed
from wallnet.config.quantities import Section
from wallnet.config.reference import Reference
from wallnet.experiment.base import Job

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
