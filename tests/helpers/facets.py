"""The identity of a network with one more facet."""

from dataclasses import dataclass

from wallnet.config.stages import Network


@dataclass(frozen=True, kw_only=True, eq=False)
class Further(Network):
    """The identity with the imperfections of the synapses."""

    imperfections: str = "none"
