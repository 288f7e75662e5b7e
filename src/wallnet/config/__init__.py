"""The typed campaign: every key of `config.yaml`, its unit and its bounds.

Only `load` and `parse` create a campaign. They raise a `ConfigError` that states each problem in
one sentence, with the key and the fix.
"""

from wallnet.config.campaign import Campaign, Figures, load, load_device, parse
from wallnet.config.devices import Device, Material
from wallnet.config.messages import ConfigError
from wallnet.config.pulse import ProgramPulse, current_name
from wallnet.config.track import Track
