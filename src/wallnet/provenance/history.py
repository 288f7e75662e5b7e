"""When the results of a campaign were computed, and by which software."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from wallnet import files
from wallnet.experiment.code import stage_of

METADATA = Path(".snakemake", "metadata")
"""Folder in which Snakemake records each output of a job."""


@dataclass(frozen=True, order=True)
class Software:
    """A program that computed results, as these state.

    Attributes
    ----------
    name : str
        Its name.
    version : str
        Its version.
    url : str
        Its home page; empty if it has none.
    """

    name: str
    version: str
    url: str = ""


HOME_PAGES = {
    "OOMMF": "https://math.nist.gov/oommf/",
    "PyTorch": "https://pytorch.org/",
    "PyTorch Lightning": "https://lightning.ai/docs/pytorch/stable/",
}


def run_times(directory: Path, results: Collection[str]) -> tuple[str | None, str]:
    """Return when the first job of some results began, and when the last one ended.

    Snakemake's records state this. Without them, the end is the time of the newest result, and the
    beginning is not known.

    Returns
    -------
    tuple of str or None
        Beginning and end in UTC, by ISO 8601.
    """
    began, ended = [], []
    for path in (directory / METADATA).rglob("*"):
        if not path.is_file() or _output(path.relative_to(directory / METADATA)) not in results:
            continue
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            times = float(record["starttime"]), float(record["endtime"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # written incompletely, or by another version of Snakemake
        began.append(times[0])
        ended.append(times[1])
    if not ended:
        return None, _iso(max((directory / path).stat().st_mtime for path in results))
    return _iso(min(began)), _iso(max(ended))


def _output(record: Path) -> str:
    """Return the output that a record of Snakemake describes.

    Its path is the output's, in base64; long ones are split into folders that begin with ``@``.
    """
    try:
        encoded = "".join(part.removeprefix("@") for part in record.parts)
        return urlsafe_b64decode(encoded).decode("utf-8")
    except ValueError:
        return ""


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=0).isoformat()


def software(directory: Path, results: Iterable[str]) -> tuple[set[Software], dict[str, set[int]]]:
    """Return the software that computed some results, and the revisions of the stages' code.

    Returns
    -------
    tuple of set and dict
        Programs with their versions; revisions (`wallnet.revisions`) by stage.
    """
    programs: set[Software] = set()
    revisions: dict[str, set[int]] = {}
    for path in results:
        stated = _stated(directory / path)
        for key, name in (
            ("wallnet_version", "wallnet"),
            ("torch_version", "PyTorch"),
            ("lightning_version", "PyTorch Lightning"),
        ):
            if key in stated:
                programs.add(Software(name, str(stated[key]), HOME_PAGES.get(name, "")))
        calculator = str(stated.get("backend", "none"))
        if calculator not in ("none", "film") and "backend_version" in stated:
            name = {"oommf": "OOMMF"}.get(calculator, calculator)
            version = str(stated["backend_version"])
            programs.add(Software(name, version, HOME_PAGES.get(name, "")))
        if "revision" in stated and (stage := _stage(stated)):
            revisions.setdefault(stage, set()).add(int(str(stated["revision"])))
    return programs, dict(sorted(revisions.items()))


def _stage(stated: dict[str, object]) -> str | None:
    """Return the stage that computed a result; None for a state that was only set up."""
    if stated.get("kind") == "network":
        return "networks"
    if "backend" not in stated:
        return "devices"
    calculator = str(stated["backend"])
    return None if calculator == "none" else stage_of(calculator)


def _stated(path: Path) -> dict[str, object]:
    """Return what a dataset, or the metrics of a network, state about their origin."""
    if path.suffix == ".nc":
        import netCDF4

        with netCDF4.Dataset(path) as data:
            return {name: data.getncattr(name) for name in data.ncattrs()}
    if path.name == Path(files.METRICS).name:
        return json.loads(path.read_text(encoding="utf-8"))
    return {}
