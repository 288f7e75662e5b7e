"""Job of a figure of devices or networks."""

from wallnet.experiment.base import Job


class FigureJob(Job):
    """Draw a figure of devices or networks.

    `shown` are the current densities in A/m² that figures of single pulses show; chosen if there
    are none. `paper` are the numbers of notches whose rows of the paper's Table II are shown too.
    """

    figure: str
    shown: tuple[float, ...] = ()
    paper: tuple[int, ...] = ()
