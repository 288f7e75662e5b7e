"""The results of a question, each checked against the request that asked for it.

They make its dataset, and tell what its next round asks for.
"""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic

import numpy as np
from numpy.typing import NDArray

from wallnet import files
from wallnet.files import WallState
from wallnet.files.blocks import row_of
from wallnet.files.origin import digest_of
from wallnet.files.schema import KINDS, OPTIONAL, SAMPLE, VARIABLES
from wallnet.jobs import Run
from wallnet.jobs.request import ANY, NO_PULSE, Conditions, Kind
from wallnet.questions.question import Entry, GatherJob, Settings
from wallnet.tracks.states import OF_OUTCOMES, Outcome, States, outcomes

if TYPE_CHECKING:
    import xarray

MADE_BY = ("backend", "backend_version", "revision")

OF_ENDS = frozenset(KINDS["run"]) | {*OPTIONAL["run"]["moments"]}
"""Variables of a run that do not grow with its time, which are read of all runs of a block."""

OF_STATES = ("minimum_state", "minimum_wall_bottom", "minimum_wall_top", "minimum_converged")
"""Variables of minima that name states."""


class Result:
    """A result that a question asked for.

    Attributes
    ----------
    kind : str
        Kind of its request.
    path : str
        Its file in the folder of the campaign.
    conditions : Conditions
        What tells it from the others.
    subject : str
        Name of the subject of its question.
    """

    def __init__(self, opened: "Opened", entry: Entry) -> None:
        self.kind, self.path, self.conditions = entry.kind, entry.path, entry.conditions
        self.subject = opened.subject
        self._opened, self._entry = opened, entry

    @property
    def state(self) -> WallState:
        """State in which its wall is initialised."""
        assert self.conditions.state, "its question names one"
        return self.conditions.state

    @property
    def current_density(self) -> float:
        """Current density of its pulses in A/m²."""
        assert self.conditions.current_density is not None, "its question names one"
        return self.conditions.current_density

    def read(self, *names: str) -> "xarray.Dataset":
        """Read some variables, optional ones if it has them, and all attributes.

        Raises
        ------
        wallnet.files.FileError
            If the file is missing or damaged.
        """
        content = self._opened.read(self._entry, *names)
        self._opened.parameters = self._opened.parameters or str(content.attrs["parameters"])
        return content

    @property
    def states(self) -> States:
        """The states of its film, by which its walls are named."""
        minima = self.path if self.kind == "minima" else self._entry.states
        if minima:
            return self._opened.states(minima)
        simulated = self.simulation
        if simulated.track.inner_notch_positions:
            raise files.FileError(f"--job has no minima for {self.path}; plan it again")
        return States.without_minima(simulated)

    @property
    def outcomes(self) -> list[Outcome]:
        """Where the wall of a run was before its first pulse, and when it was read after each."""
        return outcomes(self.read(*OF_OUTCOMES), self.states)

    @property
    def beyond_model(self) -> bool:
        """Whether a pulse heats the film beyond what can be simulated; there is no outcome then."""
        return "beyond_model" in self.read().attrs

    @property
    def simulation(self) -> Run:
        """Its simulation."""
        return Run.of_dataset(self.read().attrs)


class Opened:
    """The results of requests, each checked against its request.

    Parameters
    ----------
    job : GatherJob
        The requests.
    folder : str or Path
        Folder of the campaign.
    entries : sequence of Entry, optional
        The results, if not all that the job has.
    blocks : dict, optional
        Blocks that were read, by path, which several samples share.

    Raises
    ------
    wallnet.files.FileError
        If a file is missing or damaged, or is not the result of its request.
    """

    def __init__(
        self,
        job: GatherJob,
        folder: str | Path = "",
        entries: Sequence[Entry] | None = None,
        blocks: "dict[str, xarray.Dataset] | None" = None,
    ) -> None:
        entries = job.entries() if entries is None else entries
        self._blocks = {} if blocks is None else blocks
        self._index: dict[tuple[str, ...], dict[tuple[object, ...], list[Result]]] = {}
        self._folder = folder
        self._states: dict[str, States] = {}
        self._study = job.study
        self.subject = job.subject
        self.about = job.about or {}
        """What `Question.about` returns, as plain data."""
        self.made_by: dict[str, set[str]] = {}
        """Calculators and revisions of all results, and temperatures of pulses."""
        self.attributes: dict[str, str] = {}
        """Further attributes of the dataset, which the gathering adds."""
        self._results = [Result(self, entry) for entry in entries]
        self.parameters = ""
        """Parameters of the first result that was read."""
        for entry in entries:
            self._check(entry)

    def _check(self, entry: Entry) -> None:
        """Check a result, and note what made it."""
        about = self.read(entry).attrs
        block = self._blocks.get(entry.path)
        job = about if block is None else block.attrs
        if digest_of(str(job.get("parameters", ""))) != entry.digest:
            raise files.FileError(
                f"{Path(self._folder, entry.path)} is not of the simulation that {self._study} "
                "asks for; delete it and run snakemake"
            )
        # no calculator makes a state without relaxation
        for name in MADE_BY if about.get("backend") != "none" else ():
            if name in about:
                self.made_by.setdefault(name, set()).add(str(about[name]))
        if entry.kind not in ("initial", "minima", "barrier"):
            kelvin = f"{about.get('temperature', 0.0):g} K"
            self.made_by.setdefault("temperature", set()).add(kelvin)

    def read(self, entry: Entry, *names: str) -> "xarray.Dataset":
        """Read some variables of a result, optional ones if it has them, and all attributes."""
        kind, path = (
            "run" if entry.kind == "initial" else entry.kind,
            Path(self._folder, entry.path),
        )
        if entry.row is None:
            return files.read_dataset(path, kind, only=names)
        if not {*names} <= OF_ENDS:
            return files.read_dataset(path, kind, only=names, row=entry.row)
        if entry.path not in self._blocks:
            self._blocks[entry.path] = files.read_dataset(path, kind, only=OF_ENDS)
        return row_of(self._blocks[entry.path], entry.row, names)

    def states(self, minima: str) -> States:
        """Return the states of a film, given the path of its minima."""
        if minima not in self._states:
            own = next(result for result in self._results if result.path == minima)
            self._states[minima] = States.of(own.read(*OF_STATES))
        return self._states[minima]

    def where(self, kind: Kind, conditions: Conditions = ANY) -> list[Result]:
        """Return the results of a kind under all conditions that are stated, as asked for."""
        stated = conditions.stated()
        names = (kind, *stated)
        if names not in self._index:
            index = self._index[names] = {}
            for result in self._results:
                if result.kind == kind:
                    place = tuple(getattr(result.conditions, name) for name in stated)
                    index.setdefault(place, []).append(result)
        return self._index[names].get(tuple(stated.values()), [])

    def relaxed(self) -> list[Result]:
        """Return the walls that only relaxed, as asked for."""
        return self.where("run", Conditions(duration=NO_PULSE))

    def relaxed_in(self, state: WallState) -> Result:
        """Return the wall that was initialised in a state and only relaxed."""
        return self.one("run", Conditions(state=state, duration=NO_PULSE))

    def pulses(self, conditions: Conditions = ANY) -> list[Result]:
        """Return the runs with pulses under all conditions that are stated, as asked for."""
        runs = self.where("run", conditions)
        return [run for run in runs if run.conditions.duration != NO_PULSE]

    def one(self, kind: Kind, conditions: Conditions = ANY) -> Result:
        """Return the only result of a kind under all conditions that are stated.

        Raises
        ------
        wallnet.files.FileError
            If there is none, or more than one.
        """
        results = self.where(kind, conditions)
        if len(results) != 1:
            stated = ", ".join(f"{name} {value}" for name, value in conditions.stated().items())
            raise files.FileError(
                f"--job has {len(results) or 'no'} results of kind {kind} of {self._study}"
                f"{f' with {stated}' if stated else ''}; plan it again"
            )
        return results[0]


class Gathering(ABC, Generic[Settings]):
    """How the results of a question become its dataset, and what its next round asks for.

    A question has one: the class `Gather` of its module `gather`. Its settings are of the type that
    the class names.
    """

    @abstractmethod
    def gather(self, settings: Settings, opened: Opened) -> dict[str, Any]:
        """Return the values of the dataset of a device, or of one of its samples."""

    def next_round(self, settings: Settings, opened: Opened) -> Sequence[Any]:
        """Return what is simulated in the next round; nothing if there is none."""
        return ()

    def next_round_of_samples(
        self, settings: Settings, results: Sequence[Opened]
    ) -> Sequence[Sequence[Any]]:
        """Return the same for each of several samples, from the results of all."""
        return [self.next_round(settings, opened) for opened in results]


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
