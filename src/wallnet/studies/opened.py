"""The results that a study gathers, each checked against the request that asked for it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallnet import files
from wallnet.experiment import Simulation
from wallnet.experiment.request import digest_of
from wallnet.files import WallState
from wallnet.studies.base import GatherJob, Key

if TYPE_CHECKING:
    import xarray

MADE_BY = ("backend", "backend_version", "revision")


class Outcome(NamedTuple):
    """A wall after a pulse.

    Attributes
    ----------
    state : WallState
        Its state, "free" if no notch pins it.
    bottom, top : float
        Positions of its ends at the lower and the upper edge in m; at a temperature, those of the
        quenched wall.
    resting : bool or None
        Whether both ends rest; None if the time after the pulse is too short to tell. At a
        temperature the quenched wall rests.
    """

    state: WallState
    bottom: float
    top: float
    resting: bool | None

    @property
    def position(self) -> float:
        """Mean position of both ends in m."""
        return (self.bottom + self.top) / 2

    def rests_in(self, state: WallState) -> bool:
        """Return whether it rests in a state."""
        return self.resting is True and self.state == state


def quenched_ends(attributes: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the ends of the quenched wall of a trace in m, lower edge first; None at 0 K."""
    if "quenched_bottom" not in attributes:
        return None
    return float(attributes["quenched_bottom"]), float(attributes["quenched_top"])


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
        self.subject = job.subject
        self.about = job.about or {}
        """What `wallnet.studies.base.Study.about` returns, as plain data."""
        self.made_by: dict[str, set[str]] = {}
        """Calculators and revisions of all results that were read."""
        self.attributes: dict[str, str] = {}
        """Further attributes of the dataset, which the gathering adds."""
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

    def read(self, key: Key, *names: str) -> "xarray.Dataset":
        """Read some variables of a result, optional ones if it has them, and all attributes.

        Raises
        ------
        wallnet.files.FileError
            If the file is missing or damaged, or is not the result of its request.
        """
        kind, path, digest = self._entry(key)
        content = files.read_dataset(path, kind, only=names)
        parameters = str(content.attrs.get("parameters", ""))
        if digest_of(parameters) != digest:
            raise files.FileError(
                f"{path} is not of the simulation that {self._study} asks for; delete it and run "
                "snakemake"
            )
        self.parameters = self.parameters or parameters
        # no calculator makes a state without relaxation
        for name in MADE_BY if content.attrs.get("backend") != "none" else ():
            if name in content.attrs:
                self.made_by.setdefault(name, set()).add(str(content.attrs[name]))
        return content

    def outcomes(self, key: Key) -> list[Outcome]:
        """Return where the wall of a trace, or of a train, was after each pulse.

        A train begins with the wall before its first pulse.
        """
        if self._entry(key)[0] == "trace":
            content = self.read(key, "wall_bottom", "wall_top")
            last = (float(content[f"wall_{edge}"].values[-1]) for edge in ("bottom", "top"))
            ends = quenched_ends(content.attrs) or last
            walls = [(content.attrs["state"], *ends, content.attrs["settled"])]
        else:
            names = ("pulse_state", "pulse_wall_bottom", "pulse_wall_top", "pulse_settled")
            content = self.read(key, *names)
            walls = list(zip(*(content[name].values for name in names), strict=True))
        # at a temperature, the wall was quenched
        cold = "temperature" not in content.attrs
        rests = {1: True, 0: False, -1: None} if cold else dict.fromkeys((1, 0, -1), True)
        return [
            Outcome(WallState(str(state)), float(bottom), float(top), rests[int(settled)])
            for state, bottom, top, settled in walls
        ]

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
    """Return the values in rows by their names, as arrays of a shape and that of each value."""
    return {
        name: np.reshape([row[name] for row in rows], (*shape, *np.shape(value)))
        for name, value in rows[0].items()
    }
