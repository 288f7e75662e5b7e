"""The typed campaign: every key of `config.yaml`, its unit and its bounds.

Only `load` and `parse` create a campaign. They raise a `ConfigError` that states each problem in
one sentence, with the key and the fix.
"""

from wallnet.config.calculators import (
    FilmSettings,
    OommfSettings,
    file_name,
    from_file_name,
)
from wallnet.config.campaign import Campaign, load, load_device, parse
from wallnet.config.devices import (
    VACUUM_PERMEABILITY,
    Detector,
    Device,
    Material,
    Output,
    Relaxation,
    SimulatedMaterial,
    Wall,
)
from wallnet.config.figures import Figures
from wallnet.config.heavy_metal import Heating, HeavyMetal
from wallnet.config.measured import MEASURED, MeasuredDevice
from wallnet.config.messages import ConfigError
from wallnet.config.networks import Networks
from wallnet.config.programs import ProgramPulse, repeated
from wallnet.config.pulse import (
    CURRENT_DENSITY_STEP,
    Pulse,
    current_name,
    duration_name,
    parse_current,
    parse_current_density,
    parse_duration,
)
from wallnet.config.reading import (
    CONFIGURATION,
    LARGEST_FILE,
    STUDIES,
    read_campaign,
    read_yaml,
)
from wallnet.config.reference import ArrivalTime, FinalState, Reference, TransferCurve
from wallnet.config.track import Notches, Track

__all__ = [
    "CONFIGURATION",
    "CURRENT_DENSITY_STEP",
    "LARGEST_FILE",
    "MEASURED",
    "STUDIES",
    "VACUUM_PERMEABILITY",
    "ArrivalTime",
    "Campaign",
    "ConfigError",
    "Detector",
    "Device",
    "Figures",
    "FilmSettings",
    "FinalState",
    "Heating",
    "HeavyMetal",
    "Material",
    "MeasuredDevice",
    "Networks",
    "Notches",
    "OommfSettings",
    "Output",
    "ProgramPulse",
    "Pulse",
    "Reference",
    "Relaxation",
    "SimulatedMaterial",
    "Track",
    "TransferCurve",
    "Wall",
    "current_name",
    "duration_name",
    "file_name",
    "from_file_name",
    "load",
    "load_device",
    "parse",
    "parse_current",
    "parse_current_density",
    "parse_duration",
    "read_campaign",
    "read_yaml",
    "repeated",
]
