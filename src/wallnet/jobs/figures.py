"""Job of a figure of devices or networks."""

from collections.abc import Mapping
from typing import TypeVar

from wallnet.config import ConfigError
from wallnet.config.messages import misnamed
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
