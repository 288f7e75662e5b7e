"""Studies: questions about devices, each in a folder of its own.

A study is registered by its name in `NAMES`, and nowhere else.
"""

from importlib import import_module
from typing import Any

from wallnet.devices.ask import DEVICES
from wallnet.files import schema
from wallnet.questions.question import GatherJob, Question, gather_job

NAMES = (
    "pulse_trains",
    "sweeps",
    "operating_windows",
    "transitions",
    "thermal",
    "intervals",
    "depinning",
    "sensitivity",
    "calibration",
    "barriers",
    "crosscheck",
)
"""The folders of the studies."""

STUDIES: dict[str, Question[Any]] = {
    name: import_module(f"{__name__}.{name}").Ask() for name in NAMES
}
"""The studies by their names."""

QUESTIONS = {DEVICES.name: DEVICES, **STUDIES}
"""All questions: the sweeps of the devices, and the studies."""

for _study in STUDIES.values():
    schema.add(_study.kind, **_study.variables)

__all__ = ["DEVICES", "NAMES", "QUESTIONS", "STUDIES", "GatherJob", "Question", "gather_job"]
