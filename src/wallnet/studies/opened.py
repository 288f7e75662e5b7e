"""The results that a study gathers, each checked against the request that asked for it."""

from collections.abc import Iterator, Mapping

from wallnet import files
from wallnet.devices.outcomes import Outcome, outcomes
from wallnet.experiment import Simulation, digest_of
from wallnet.files.schema import Content
from wallnet.studies.base import GatherJob, Key

MADE_BY = ("backend", "backend_version", "revision")


class Opened(Mapping[Key, str]):
    """Paths of results by the keys of their requests, and their contents.

    Parameters
    ----------
    job : GatherJob
        The requests.
    """

    def __init__(self, job: GatherJob) -> None:
        self._found = {key: (kind, path, digest) for key, kind, path, digest in job.requests}
        self._study = job.study
        self.made_by: dict[str, set[str]] = {}
        """Calculators and revisions of all results that were read."""
        self.parameters = ""
        """Parameters of the first result that was read."""

    def __getitem__(self, key: Key) -> str:
        """Return the path of a result."""
        return self._found[key][1]

    def __iter__(self) -> Iterator[Key]:
        """Yield the keys in the order of the requests."""
        return iter(self._found)

    def __len__(self) -> int:
        """Return the number of results."""
        return len(self._found)

    def read(self, key: Key, *names: str) -> Content:
        """Read some variables of a result, and all of its attributes.

        Raises
        ------
        wallnet.files.FileError
            If the file is missing or damaged, or is not the result of its request.
        """
        if key not in self._found:
            raise files.FileError(f"--job has no request {key} of {self._study}; plan it again")
        kind, path, digest = self._found[key]
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
        kind = self._found[key][0] if key in self._found else "trace"
        return outcomes(kind, lambda *names: self.read(key, *names))

    def simulation(self, key: Key) -> Simulation:
        """Return the simulation of a result."""
        return Simulation.from_json(str(self.read(key).attrs["parameters"]))
