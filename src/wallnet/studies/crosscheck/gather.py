"""Cross-check: the deviations between the traces of two calculators.

A trace ends when the wall has come to rest. This may happen an output interval earlier in one trace
than in the other. The traces are compared up to the end of the shorter one, and the final states at
the end of each trace.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallnet.files import FileError
from wallnet.jobs.request import Conditions
from wallnet.questions.opened import Gathering, Opened, Result, padded
from wallnet.studies.crosscheck import Crosscheck

EDGES = ("wall_bottom", "wall_top")


def _compared(case: str, results: Sequence[Result]) -> dict[str, Any]:
    """Return the variables of a case, given its results with both calculators."""
    names = ("time", "m", *EDGES, "wall_position", "applied_current_density", "read_settled")
    traces = [result.read(*names) for result in results]
    shared = min(trace["time"].size for trace in traces)
    times = [trace["time"].values for trace in traces]
    if not np.allclose(times[0][:shared], times[1][:shared], rtol=1e-6, atol=1e-16):
        raise FileError(
            f"the two traces of {case} are not recorded at the same times; delete them and run "
            "snakemake crosscheck"
        )

    deviations: dict[str, NDArray[Any]] = {
        name: np.abs(np.subtract(*(trace[name].values[:shared] for trace in traces)))
        for name in ("m", *EDGES)
    }
    longer = max(times, key=len)
    simulated = results[0].simulation
    ends = [float(trace["wall_position"].values[-1]) for trace in traces]
    return {
        "case_damping": simulated.material.damping,
        "case_current_density": simulated.current_density,
        "compared_until": times[0][shared - 1],
        **{f"{name}_deviation": deviation.max() for name, deviation in deviations.items()},
        "final_position_deviation": abs(ends[0] - ends[1]),
        "final_state": [str(result.outcomes[-1].state) for result in results],
        "final_settled": [trace["read_settled"].values[-1] for trace in traces],
        "wall_time": [trace.attrs["wall_time"] for trace in traces],
        "trace_time": longer,
        "trace_current_density": traces[1]["applied_current_density"].values,
        "trace_m_deviation": deviations["m"].max(axis=1),
        **{
            f"trace_{edge}": padded([trace[edge].values for trace in traces], longer.size)
            for edge in EDGES
        },
    }


class Gather(Gathering[Crosscheck]):
    """Deviations between two calculators."""

    def gather(self, settings: Crosscheck, opened: Opened) -> dict[str, Any]:
        """Return the variables; a case with traces at different times is a `FileError`."""
        # in the order of the configuration, which JSON does not keep
        cases = list(dict.fromkeys(str(trace.conditions.variant) for trace in opened.pulses()))
        rows = [_compared(case, opened.pulses(Conditions(variant=case))) for case in cases]
        columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
        entries = max(map(len, columns["trace_time"]))
        columns |= {
            name: padded(columns[name], entries) for name in columns if name.startswith("trace_")
        }
        return columns | {"case": cases, "calculator": settings.calculators}
