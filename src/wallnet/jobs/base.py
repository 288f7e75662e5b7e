"""Base class of all jobs: conversion to canonical JSON and back."""

import json
from typing import Any, Self, TypeVar

from pydantic import TypeAdapter, ValidationError

from wallnet.config import ConfigError
from wallnet.config.devices import StaticMaterial
from wallnet.config.disorder import AnyTrack
from wallnet.config.quantities import Section
from wallnet.config.regions import Variation
from wallnet.files.plain import canonical
from wallnet.files.whole import one_line

Data = TypeVar("Data")


def read(text: str, kind: type[Data], option: str, name: str) -> Data:
    """Read the JSON that a rule passes to its job as a section, or a type composed of sections.

    Messages contain the option of the command line and the name of the expected data.

    Raises
    ------
    wallnet.config.ConfigError
        If the text does not describe such an object.
    """
    try:
        return TypeAdapter(kind).validate_python(json.loads(text))
    except ValidationError as invalid:
        fault = invalid.errors(include_url=False, include_context=False)[0]
        reason = f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}"
    except (ValueError, RecursionError) as error:
        reason = str(error)
    raise ConfigError(
        f"{option} is not a valid {name} ({one_line(reason)}); use the JSON that "
        "`snakemake --dry-run --printshellcmds` shows"
    )


class Job(Section):
    """Description of one computation, which a rule passes to its job as canonical JSON.

    A job receives nothing else, so it runs again exactly when this description changes.
    """

    def to_json(self) -> str:
        """Return the canonical JSON of this job."""
        return canonical(self.plain())

    def plain(self) -> dict[str, Any]:
        """Return this job as plain data, without keys that are None."""
        return self.model_dump(mode="json", exclude_none=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a job from its JSON.

        Raises
        ------
        wallnet.config.ConfigError
            If the text does not describe such a job.
        """
        return read(text, cls, "--job", cls.__name__)


class TrackJob(Job):
    """Computation on the film of a track, which it describes; `tracks.layer` makes arrays of it."""

    track: AnyTrack
    material: StaticMaterial
    variation: Variation | None = None
    """What varies from cell to cell; None in a uniform film."""
