"""The results that a study gathers, each checked against the request that asked for it.

They make its dataset, and tell what its next round asks for.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallnet import files
from wallnet.files import WallState
from wallnet.files.origin import digest_of
from wallnet.files.schema import SAMPLE, VARIABLES
from wallnet.jobs import Simulation
from wallnet.questions.question import STATES, GatherJob, Key
from wallnet.tracks.states import States

if TYPE_CHECKING:
    import xarray

MADE_BY = ("backend", "backend_version", "revision")

OF_STATES = ("minimum_state", "minimum_wall_bottom", "minimum_wall_top", "minimum_converged")
"""Variables of minima that name states."""


class Outcome(NamedTuple):
    """A wall after a pulse."""

    state: WallState
    """Its state (`wallnet.tracks.states`)."""
    bottom: float
    top: float
    """Positions of its ends at the lower and the upper edge in m; at a temperature, those of the
    quenched wall."""
    resting: bool | None
    """Whether both ends rest; None if the time after the pulse is too short to tell. At a
    temperature the quenched wall rests."""
    walls: int = 1
    """Number of walls on the track."""

    @property
    def position(self) -> float:
        """Mean position of both ends in m."""
        return (self.bottom + self.top) / 2

    def rests_in(self, state: WallState) -> bool:
        """Return whether it rests in a state."""
        return self.resting is True and self.state == state


OF_OUTCOMES = {
    "trace": ("wall_bottom", "wall_top", "walls"),
    "train": ("pulse_wall_bottom", "pulse_wall_top", "pulse_walls", "pulse_settled"),
}
"""Variables of a trace and of a train that tell where the wall was."""


def outcomes(content: "xarray.Dataset", states: States) -> list[Outcome]:
    """Return where the wall of a trace, or of a train, was after each pulse.

    A train begins with the wall before its first pulse.
    """
    walls: Iterable[tuple[float, float, int, int]]
    if "walls" in content:
        count, settled = int(content["walls"][-1]), int(content.attrs["settled"])
        walls = [(*files.last_ends(content), count, settled)]
    else:
        columns = (content[name].values.tolist() for name in OF_OUTCOMES["train"])
        walls = zip(*columns, strict=True)
    rows = []
    for bottom, top, count, settled in walls:
        rests = files.is_resting(content.attrs, settled)
        state = states.state((bottom, top), count, rests)
        rows.append(Outcome(state, bottom, top, rests, count))
    return rows


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
        self._results = {key: (kind, path, d) for key, kind, path, d, _ in job.requests}
        self._folder = folder
        self._named_by = {key: minima for key, *_, minima in job.requests}
        self._minima: dict[str, States] = {}
        self._study = job.study
        self.subject = job.subject
        self.about = job.about or {}
        """What `Question.about` returns, as plain data."""
        self.made_by: dict[str, set[str]] = {}
        """Calculators and revisions of all results that were read, and temperatures of pulses."""
        self.attributes: dict[str, str] = {}
        """Further attributes of the dataset, which the gathering adds."""
        self.parameters = ""
        """Parameters of the first result that was read."""

    def __iter__(self) -> Iterator[Key]:
        """Yield the keys in the order of the requests, without those of minima that name states."""
        return (key for key in self._results if key[:1] != (STATES,))

    def _entry(self, key: Key) -> tuple[str, str, str]:
        """Return kind, path and digest of a result."""
        if key not in self._results:
            raise files.FileError(f"--job has no request {key} of {self._study}; plan it again")
        return self._results[key]

    def read(self, key: Key, *names: str) -> "xarray.Dataset":
        """Read some variables of a result, optional ones if it has them, and all attributes.

        Raises
        ------
        wallnet.files.FileError
            If the file is missing or damaged, or is not the result of its request.
        """
        kind, path, digest = self._entry(key)
        path = str(Path(self._folder, path))
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
        if kind in ("trace", "train", "ensemble"):
            kelvin = f"{content.attrs.get('temperature', 0.0):g} K"
            self.made_by.setdefault("temperature", set()).add(kelvin)
        return content

    def states(self, key: Key) -> States:
        """Return the states of the film of a result, by which its walls are named."""
        kind, path, _ = self._entry(key)
        minima = path if kind == "minima" else self._named_by[key]
        if not minima:
            simulated = self.simulation(key)
            if simulated.track.inner_notch_positions:
                raise files.FileError(
                    f"--job has no minima for {key} of {self._study}; plan it again"
                )
            return States.without_minima(simulated)
        if minima not in self._minima:
            own = next(key for key, (_, path, _) in self._results.items() if path == minima)
            self._minima[minima] = States.of(self.read(own, *OF_STATES))
        return self._minima[minima]

    def outcomes(self, key: Key) -> list[Outcome]:
        """Return where the wall of a trace, or of a train, was after each pulse.

        A train begins with the wall before its first pulse.
        """
        kind = self._entry(key)[0]
        return outcomes(self.read(key, *OF_OUTCOMES[kind]), self.states(key))

    def simulation(self, key: Key) -> Simulation:
        """Return the simulation of a result."""
        return Simulation.from_json(str(self.read(key).attrs["parameters"]))


def padded(arrays: Sequence[NDArray[Any]], entries: int) -> NDArray[np.float64]:
    """Return arrays as one with so many entries along the last axis, with NaN after their ends."""
    filled = np.full((len(arrays), *arrays[0].shape[:-1], entries), np.nan)
    for row, values in zip(filled, arrays, strict=True):
        row[..., : values.shape[-1]] = values
    return filled


def over(shape: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[Any]]:
    """Return the values in rows by their names, as arrays of a shape, then of that of a value."""
    return {
        name: np.reshape([row[name] for row in rows], (*shape, *np.shape(value)))
        for name, value in rows[0].items()
    }


def stacked(kind: str, samples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the values of a kind of dataset along `sample`, given those of each sample.

    Coordinates are the union of those of all samples, in the order in which they appear. What a
    sample lacks is NaN, 0 for a count, -1 or 0 for a flag, and empty for text.
    """
    parts = [files.dataset(kind, values) for values in samples]
    numbers = [name for name in samples[0] if not parts[0][name].dims]
    # axes without a coordinate are as long as the longest
    parts = [
        part.reset_coords(numbers).assign_coords(
            {name: range(n) for name, n in part.sizes.items() if name not in part}
        )
        for part in parts
    ]
    union = {
        name: list(dict.fromkeys(itertools.chain(*(part[name].values.tolist() for part in parts))))
        for name in parts[0].sizes
    }
    missing = {str(name): VARIABLES[str(name)].missing for name in parts[0].data_vars}
    whole = [part.reindex(union, fill_value=missing) for part in parts]
    values: dict[str, Any] = {SAMPLE: np.arange(len(parts))}
    for name in samples[0]:
        of_samples = [part[name].values for part in whole]
        values[name] = of_samples[0] if whole[0][name].dims == (name,) else np.stack(of_samples)
    return values
