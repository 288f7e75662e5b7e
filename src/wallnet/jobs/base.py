"""What all jobs share: their way to canonical JSON and back."""

import json
from typing import Any, Self, TypeVar

from pydantic import TypeAdapter, ValidationError

from wallnet.config import ConfigError
from wallnet.config.quantities import Section
from wallnet.files import one_line

LARGEST = 10_000_000
"""JSON above this many characters is refused unread."""

Data = TypeVar("Data")


def canonical(data: Any) -> str:
    """Write plain data as JSON with sorted keys and no spaces."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def read(text: str, kind: type[Data], option: str, name: str) -> Data:
    """Read what a rule hands to its job as JSON.

    Parameters
    ----------
    text : str
        The JSON.
    kind : type
        A section, or a type that is made of some.
    option : str
        The option of the command line, for messages.
    name : str
        What it should be, for messages.

    Returns
    -------
    object
        Of that type.

    Raises
    ------
    wallnet.config.ConfigError
        If the text is none.
    """
    try:
        if len(text) > LARGEST:
            raise ValueError(f"it has more than {LARGEST} characters")
        return TypeAdapter(kind).validate_python(json.loads(text))
    except (ValueError, RecursionError) as error:
        reason = first_finding(error) if isinstance(error, ValidationError) else error
    raise ConfigError(
        f"{option} is no {name} ({one_line(reason)}); take the JSON that "
        "`snakemake --dry-run --printshellcmds` shows"
    )


def first_finding(invalid: ValidationError) -> str:
    """Return the first of pydantic's findings, with the key that it is about."""
    error = invalid.errors(include_url=False, include_context=False)[0]
    key = ".".join(map(str, error["loc"])) or "the whole"
    return f"{key}: {error['msg']}"


class Job(Section):
    """What one job computes. A rule hands it this as canonical JSON and nothing else.

    So a job runs again exactly when what it computes has changed.
    """

    def to_json(self) -> str:
        """Return the canonical JSON of this job."""
        return canonical(self.plain())

    def plain(self) -> dict[str, Any]:
        """Return this job as plain data, without what it does not set."""
        return self.model_dump(mode="json", exclude_none=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a job from its JSON.

        Raises
        ------
        wallnet.config.ConfigError
            If it is none.
        """
        return read(text, cls, "--job", cls.__name__)
