"""Studies: questions about devices, each in a folder of its own.

A study is registered by its name in `NAMES`, and nowhere else.
"""

from importlib import import_module

from wallnet.files import schema
from wallnet.studies.base import GatherJob, Study, gather_job

NAMES = (
    "pulse_trains",
    "operating_windows",
    "transitions",
    "disturb",
    "intervals",
    "depinning",
    "calibration",
    "barriers",
    "crosscheck",
)
"""The folders of the studies."""

STUDIES: dict[str, Study] = {
    name: import_module(f"wallnet.studies.{name}.ask").STUDY for name in NAMES
}
"""The studies by their names."""

for _study in STUDIES.values():
    schema.add(_study.kind, (), _study.others, **_study.variables)

__all__ = ["NAMES", "STUDIES", "GatherJob", "Study", "gather_job"]
