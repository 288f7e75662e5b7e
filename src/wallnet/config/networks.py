"""The network half of the configuration: data sets, mappings of weights to levels, training."""

from collections.abc import Mapping

from wallnet.config.devices import Device
from wallnet.config.quantities import Section


class Networks(Section):
    """What is trained, on which data, with which devices."""

    def problems(self, devices: Mapping[str, Device]) -> list[str]:
        """List what does not fit the devices of the campaign, a sentence each."""
        return []
