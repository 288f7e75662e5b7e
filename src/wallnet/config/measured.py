"""A measured device: networks are computed from files of measurements, without any simulation."""

import os
import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from wallnet.config.quantities import Section

MEASURED: Literal["measured"] = "measured"
"""Kind of a measured device, and the only reading of its conductances."""


def _of_a_user(path: str) -> str:
    # Snakemake reads braces as wildcards, and a word in <> as one of its path variables
    if not path.isprintable() or re.search(r"[{}]|<[a-z][a-z0-9_]*>", path):
        raise ValueError(
            "has a brace, a <word> or a character that is not printable; rename the file"
        )
    return os.path.expanduser(path)


FilePath = Annotated[str, Field(min_length=1), AfterValidator(_of_a_user)]
"""File, relative to the folder of the campaign."""


class MeasuredDevice(Section):
    """A measured device; files contain what networks need from it."""

    kind: Literal["measured"]
    """Marks the device as measured instead of simulated."""
    levels: FilePath | None = None
    """CSV file of the conductance levels; with it the device can be a synapse."""
    activation: FilePath | None = None
    """CSV file of the transfer curve; with it the device can be a neuron."""

    def files(self) -> dict[str, str]:
        """Return the CSV files by the key that names them."""
        return self.model_dump(include={"levels", "activation"}, exclude_none=True)

    def _faults(self) -> Iterator[str]:
        if self.levels is None and self.activation is None:
            yield "levels and activation are both missing; name a CSV file"
