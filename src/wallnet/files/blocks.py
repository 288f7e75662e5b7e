"""Blocks of runs: one dataset of the runs of a job, and each of them from it.

Variables of a block are those of a run with a first axis `run`. Runs that ended earlier are padded.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from wallnet.files import schema
from wallnet.files.plain import canonical, differing, laid_over, shared
from wallnet.files.schema import OF_BLOCK, RUN, VARIABLES
from wallnet.files.whole import FileError

if TYPE_CHECKING:
    import xarray
    from numpy.typing import NDArray

TIME_DIGITS = 18
"""Decimals of times in s in a block."""

PARAMETERS = "parameters"
"""Attribute with the job that made a file, as JSON."""


def block_of(
    runs: "Sequence[xarray.Dataset]", numbers: Sequence[tuple[int, int]], parameters: str
) -> "xarray.Dataset":
    """Return runs as a block.

    Parameters
    ----------
    runs : sequence of xarray.Dataset
        The runs (kind 'run'). Those with a trace have the same times, as long as they last.
    numbers : sequence of tuple of int
        Numbers of the sample and of the replica of each; 0 where it has none.
    parameters : str
        JSON of the block: what all runs share, and the rows with what each has beside it.
    """
    import numpy as np

    attributes = [_plain(run.attrs) for run in runs]
    same = shared(attributes)
    about = [
        differing(own, same) | {"sizes": dict(run.sizes)}
        for run, own in zip(runs, attributes, strict=True)
    ]
    values: dict[str, Any] = {
        RUN: np.arange(len(runs)) + 1,
        "run_sample": [sample for sample, _ in numbers],
        "run_replica": [replica for _, replica in numbers],
        "run_attributes": [canonical(own) for own in about],
    }
    for name in dict.fromkeys(str(name) for run in runs for name in run.variables):
        arrays = {row: run[name].values for row, run in enumerate(runs) if name in run}
        if name == "time":  # sums of time steps, which differ from sample to sample
            arrays = {row: array.round(TIME_DIGITS) for row, array in arrays.items()}
        longest = max(arrays.values(), key=np.size)
        if VARIABLES[name].dimensions == (name,):
            values[name] = longest
            if not all(np.array_equal(own, longest[: own.size]) for own in arrays.values()):
                raise FileError(f"runs of a block differ in {name}; report this as a bug")
            continue
        shape: Any = np.max([array.shape for array in arrays.values()], axis=0).astype(int)
        missing = VARIABLES[name].missing
        dtype = np.result_type(longest, np.float32) if missing != missing else longest.dtype
        padded = np.full((len(runs), *shape), missing, dtype)
        for row, array in arrays.items():
            place: Any = (row, *map(slice, array.shape))
            padded[place] = array
        values[name] = padded
    return schema.dataset("run", values, same | {PARAMETERS: parameters})


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes of a run as JSON has them, without those of a file."""
    return {
        name: value.item() if hasattr(value, "item") else value
        for name, value in attributes.items()
        if name not in (PARAMETERS, "kind", "wallnet_version")
    }


# the rows of a block are read one after the other
_job = lru_cache(maxsize=1)(json.loads)


def row_of(
    block: "xarray.Dataset", row: int, only: Collection[str] | None = None
) -> "xarray.Dataset":
    """Return one run of a block, counted from 0 in it, as it was before.

    If `only` is given, it has these variables alone, as far as it recorded them.
    """
    attrs = {**block.attrs, **json.loads(str(block["run_attributes"].values[row]))}
    job = _job(attrs[PARAMETERS])
    changes = job["rows"][int(block[RUN].values[row]) - 1]
    attrs[PARAMETERS] = canonical(laid_over(job["shared"], changes))
    sizes = attrs.pop("sizes")
    values: dict[str, NDArray[Any]] = {}
    for name in map(str, block.variables):
        axes = VARIABLES[name].dimensions
        # it lacks axes of what it did not record
        if name not in OF_BLOCK and (only is None or name in only) and sizes.keys() >= {*axes}:
            array = block[name].values if axes == (name,) else block[name].values[row]
            values[name] = array[tuple(slice(sizes[axis]) for axis in axes)]
    return schema.assembled(values, attrs)
