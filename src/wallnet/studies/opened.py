"""The results that a study gathers, each checked against the request that asked for it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files
from wallnet.devices.outcomes import Outcome, outcomes
from wallnet.experiment import Simulation
from wallnet.experiment.request import digest_of
from wallnet.files.schema import Content
from wallnet.studies.base import GatherJob, Key

MADE_BY = ("backend", "backend_version", "revision")


class Opened:
    """The results of requests, by their keys; iteration yields the keys in their order.

    Parameters
    ----------
    job : GatherJob
        The requests.
    folder : str or Path
        Folder of the campaign.
    """

    def __init__(self, job: GatherJob, folder: str | Path = "") -> None:
        self._folder = folder
        self._found = {key: (kind, path, digest) for key, kind, path, digest in job.requests}
        self._study = job.study
        self.about = job.about or {}
        """What `wallnet.studies.base.Study.about` returns, as plain data."""
        self.made_by: dict[str, set[str]] = {}
        """Calculators and revisions of all results that were read."""
        self.parameters = ""
        """Parameters of the first result that was read."""

    def __iter__(self) -> Iterator[Key]:
        """Yield the keys in the order of the requests."""
        return iter(self._found)

    def _entry(self, key: Key) -> tuple[str, str, str]:
        """Return kind, path and digest of a result."""
        if key not in self._found:
            raise files.FileError(f"--job has no request {key} of {self._study}; plan it again")
        kind, path, digest = self._found[key]
        return kind, str(Path(self._folder, path)), digest

    def read(self, key: Key, *names: str) -> Content:
        """Read some variables of a result, and all of its attributes.

        Raises
        ------
        wallnet.files.FileError
            If the file is missing or damaged, or is not the result of its request.
        """
        kind, path, digest = self._entry(key)
        content = files.read_content(path, kind, *names)
        parameters = str(content.attrs.get("parameters", ""))
        if digest_of(parameters) != digest:
            raise files.FileError(
                f"{path} is not of the simulation that {self._study} asks for; delete it and run "
                "snakemake"
            )
        self.parameters = self.parameters or parameters
        for name in MADE_BY:
            if name in content.attrs:
                self.made_by.setdefault(name, set()).add(str(content.attrs[name]))
        return content

    def outcomes(self, key: Key) -> list[list[Outcome]]:
        """Return where the wall of each replica was, as `wallnet.devices.outcomes.outcomes`."""
        return outcomes(self._entry(key)[0], lambda *names: self.read(key, *names))

    def simulation(self, key: Key) -> Simulation:
        """Return the simulation of a result."""
        return Simulation.from_json(str(self.read(key).attrs["parameters"]))


def padded(arrays: Sequence[NDArray[Any]], entries: int) -> NDArray[np.float64]:
    """Return arrays as one with so many entries along the last axis, with NaN after their ends."""
    found = np.full((len(arrays), *arrays[0].shape[:-1], entries), np.nan)
    for row, values in zip(found, arrays, strict=True):
        row[..., : values.shape[-1]] = values
    return found


def over(shape: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[Any]]:
    """Return the values in rows as arrays of a shape, by their names."""
    return {name: np.reshape([row[name] for row in rows], shape) for name in rows[0]}
