"""Studies: questions about devices, each in a folder of its own.

A study is registered by its name in `NAMES`, and nowhere else. The sweep of each device is gathered
like the studies, but its settings are those of the device itself.
"""

from importlib import import_module
from typing import Any, Literal

from wallnet.files import schema
from wallnet.studies.base import GatherJob, Study, gather_job

NAMES = (
    "pulse_trains",
    "sweeps",
    "operating_windows",
    "transitions",
    "disturb",
    "thermal",
    "intervals",
    "depinning",
    "sensitivity",
    "calibration",
    "barriers",
    "crosscheck",
)
"""The folders of the studies."""


def module_of(study: str, name: Literal["ask", "gather", "show"]) -> Any:
    """Return a module of a study, which is imported when it is needed."""
    return import_module(f"{__name__}.{study}.{name}")


DEVICES: Study = module_of("devices", "ask").STUDY
"""The sweeps of the devices."""

STUDIES: dict[str, Study] = {name: module_of(name, "ask").STUDY for name in NAMES}
"""The studies by their names."""

ALL_STUDIES = {"devices": DEVICES, **STUDIES}
"""The sweeps of the devices, and the studies."""

for _study in STUDIES.values():
    schema.add(_study.kind, **_study.variables)

__all__ = ["ALL_STUDIES", "DEVICES", "NAMES", "STUDIES", "GatherJob", "Study", "gather_job"]
