"""What results state of their origin: the job that made them, its revision, the device it read."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallnet.files.whole import LARGEST_JSON, regular

if TYPE_CHECKING:
    import xarray

STATED = ("parameters", "revision", "made_from")
"""What a result states of its origin; `made_from` is the digest of levels or of an activation."""


def digest_of(text: str) -> str:
    """Return a short digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def stated(path: str | Path) -> dict[str, Any]:
    """Return what a result states of its origin, with its parameters as plain data.

    It is empty if the file is not there, or states no parameters.
    """
    try:
        if Path(path).suffix == ".nc":
            import netCDF4

            with netCDF4.Dataset(path) as data:
                content = {key: data.getncattr(key) for key in STATED if key in data.ncattrs()}
            content["parameters"] = json.loads(content["parameters"])
        else:
            content = json.loads(regular(path, LARGEST_JSON).read_text(encoding="utf-8"))
        origin = {key: content[key] for key in STATED if key in content}
        return origin if isinstance(origin["parameters"], dict) else {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def settings_of(data: "xarray.Dataset") -> dict[str, Any]:
    """Return the settings, of a device or of a study, that a dataset states."""
    return dict(json.loads(data.attrs["parameters"])["settings"])


def origin_of(path: str | Path) -> str:
    """Return a digest of what a result states of its origin; empty if it states no parameters."""
    origin = stated(path) if Path(path).suffix in (".nc", ".json") else {}
    return _digest(**origin) if origin else ""


def _digest(parameters: Any, revision: Any = None, made_from: str = "") -> str:
    revision = None if revision is None else int(revision)
    return digest_of(json.dumps([parameters, revision, made_from], sort_keys=True))


def parts_of(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the parameters that the results of a job can state, given the plain data of the job.

    A dataset does not state from which files it was gathered. One job maps many networks, and each
    states its own part.
    """
    yield {key: value for key, value in job.items() if key != "requests"}
    yield from job.get("networks", ())


def origins_of(job: str, revision: int, made_from: Iterable[str] = ()) -> set[str]:
    """Return the digests of what the results of a job may state.

    Parameters
    ----------
    job : str
        The job, as JSON.
    revision : int
        Revision of its code.
    made_from : iterable of str
        Levels, or the activation, that it reads; see `wallnet.files.compact.decisive`. Empty if a
        result may leave this out.
    """
    texts = [*made_from]
    digests = [digest_of(text) if text else "" for text in texts] or [""]
    # a comparison of mappings has read all
    digests.append(digest_of("".join(texts)))
    return {_digest(p, revision, d) for p in parts_of(json.loads(job)) for d in digests}
