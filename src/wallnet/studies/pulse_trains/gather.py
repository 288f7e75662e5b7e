"""The response of a device to a pulse train: conductance against the number of pulses.

A branch is a sequence of pulses of one sign. With the reference layer along -z, pulses of positive
current raise the conductance (potentiation) and pulses of negative current lower it (depression).
"""

from typing import Any

import numpy as np
import xarray
from numpy.typing import ArrayLike, NDArray

from wallnet.config.devices import Detector
from wallnet.devices.conductance import both_readings, detected_magnetization, normalize
from wallnet.files import FileError
from wallnet.files.schema import COMPONENTS, KINDS, OPTIONAL
from wallnet.jobs import Run
from wallnet.questions.opened import Gathering, Opened, over
from wallnet.studies.pulse_trains import PulseTrain
from wallnet.tracks.domains import domains_of

Array = NDArray[np.float64]

SMALLEST_STEP = 1e-3
"""Share of the conductance's range below which a pulse has not changed the state."""

LABEL = 10.1015
"""Nonlinearity label of NeuroSim per deviation from a straight line."""

STEEPEST = 100.0
"""Largest curvature of a fit; at this one the first pulse does nearly everything."""

OF_RUN = {*KINDS["run"], *OPTIONAL["run"]["trace"]}

KEPT = tuple(name for name in KINDS["response"] if name in OF_RUN)
"""Variables of a run that its response has unchanged."""


def conductances(
    content: xarray.Dataset, detector: Detector, m_z: NDArray[Any], time: Array
) -> Array:
    """Return the conductances in S of profiles of m_z at times in s, in both readings.

    `content` is the dataset of the simulation, with `magnetic_cells`. Column means of m_z over
    magnetic cells have the shape (..., time, x). Times are those since the start of the first
    pulse.
    """
    track = Run.of_dataset(content.attrs).track
    columns, domains = detector.columns(track), domains_of(content, time)
    cells = content["magnetic_cells"].values
    return both_readings(detected_magnetization(m_z, cells, columns, domains), detector)


def saturating(x: ArrayLike, curvature: float) -> Array:
    """Return NeuroSim's curve of conductance against pulse number x, both from 0 to 1.

    y = (1 - exp(-c x))/(1 - exp(-c)), a straight line for c = 0 (Chen, Peng and Yu, IEDM 2017, with
    c = 1/A). The curvature c is negative if the conductance rises late.
    """
    x = np.asarray(x, dtype=float)
    if abs(curvature) < 1e-9:
        return x
    return np.asarray(np.expm1(-curvature * x) / np.expm1(-curvature))


def nonlinearity(share: ArrayLike, conductance: ArrayLike) -> float:
    """Return NeuroSim's nonlinearity label of a branch, between -10.2 and 10.2.

    The curve `saturating` is fitted with least squares to the conductance against the pulse number,
    both from 0 to 1. The label is its largest deviation from a straight line times `LABEL`, with
    the sign of the curvature. With this factor, it is that of NeuroSim's table of labels and A. NaN
    for fewer than three points.
    """
    from scipy.optimize import minimize_scalar

    x, y = np.asarray(share, dtype=float), np.asarray(conductance, dtype=float)
    if x.size < 3:
        return float("nan")

    def misfit(curvature: float) -> float:
        return float(((saturating(x, curvature) - y) ** 2).sum())

    # the misfit may have several minima: start from the best of a grid
    grid = np.linspace(-STEEPEST, STEEPEST, 401)
    best = int(np.argmin([misfit(curvature) for curvature in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    fit = minimize_scalar(misfit, bounds=(low, high), method="bounded", options={"xatol": 1e-9})
    return label(float(fit.x))


def label(curvature: float) -> float:
    """Return NeuroSim's nonlinearity label of a curvature."""
    size = abs(curvature)
    if size < 1e-6:
        return 0.0
    # the slope of the curve is 1 where it is furthest from the line
    x = np.log(size / -np.expm1(-size)) / size
    return float(np.sign(curvature) * LABEL * (saturating(x, size) - x))


def branches(current_density: NDArray[np.floating]) -> list[tuple[int, int]]:
    """Return first and last pulse of each sequence of pulses of one sign; pulses of 0 are in none.

    Index 0 of the current density in A/m², shape (pulse,), is the state before the first pulse.
    """
    changes = np.flatnonzero(np.diff(np.sign(current_density))) + 1
    runs = np.split(np.arange(len(current_density)), changes)
    return [(int(run[0]), int(run[-1])) for run in runs if current_density[run[0]]]


def _of_branch(normalized: Array, steps: int, rising: bool) -> dict[str, float]:
    """Return the quantities of the pulses of one branch in one reading.

    `normalized` has the conductance before the first pulse and after each.
    """
    values = normalized[: steps + 1]
    changes = np.diff(values)
    quantities = dict.fromkeys(("nonlinearity", "step_slope"), float("nan"))
    quantities["step_size"] = float(changes.mean()) if steps else 0.0
    if not steps or values[-1] == values[0]:
        return quantities
    # NeuroSim draws depression backwards, so that its conductance rises, too
    along = values if rising else values[::-1]
    share = np.arange(steps + 1) / steps
    quantities["nonlinearity"] = nonlinearity(share, (along - along[0]) / (along[-1] - along[0]))
    if steps >= 2:
        # aihwkit: step = Δ (1 - γ w) upwards and Δ (1 + γ w) downwards, weight w from -1 to 1
        weight = 2 * values[:-1] - 1
        linear, constant = np.polyfit(weight, changes, 1)
        quantities["step_slope"] = float((-1 if rising else 1) * linear / constant)
    return quantities


def _branch(current_density: Array, normalized: Array, first: int, last: int) -> dict[str, Any]:
    """Return the variables of one branch of a pulse train, in both readings."""
    along = normalized[:, first - 1 : last + 1]
    changed = np.flatnonzero(np.abs(np.diff(along, axis=1)).max(axis=0) > SMALLEST_STEP)
    steps = int(changed[-1]) + 1 if changed.size else 0
    rows = [_of_branch(values, steps, bool(current_density[first] > 0)) for values in along]
    pulses = {"branch_first": first, "branch_last": last, "branch_steps": steps}
    return pulses | over([len(rows)], rows)


class Gather(Gathering[PulseTrain]):
    """Response of a device to a pulse train."""

    def gather(self, settings: PulseTrain, opened: Opened) -> dict[str, Any]:
        """Return the variables of the response of a device to a pulse train.

        A conductance that is equal after all pulses is a `FileError`.
        """
        train = opened.pulses()[0]
        names = ("magnetization_profile", "magnetic_cells", "read_settled", *KEPT)
        content = train.read(*names)
        data = {name: content[name].values for name in names}
        detector = Detector.model_validate(opened.about["detector"])
        m_z = data["magnetization_profile"][..., COMPONENTS.index("z")]
        conductance = conductances(content, detector, m_z, data["time"])
        # the entry at which each pause ends, rounding aside
        ends = [int(np.argmin(np.abs(data["time"] - end))) for end in data["pause_end"]]
        after = conductance[:, ends]
        low, high = after.min(axis=1, keepdims=True), after.max(axis=1, keepdims=True)
        if np.any(low == high):
            raise FileError(
                "the conductance is the same after all pulses; strengthen or lengthen the pulses, "
                "or move the detector"
            )
        normalized = normalize(after, low, high)
        current_density = data["pulse_current_density"]
        rows = [_branch(current_density, normalized, *ends) for ends in branches(current_density)]
        walls = train.outcomes
        return {
            **{name: data[name] for name in KEPT},
            "pulse_state": [str(wall.state) for wall in walls],
            "pulse_settled": data["read_settled"],
            "pulse_wall_position": data["wall_position"][ends],
            "pulse_wall_bottom": [wall.bottom for wall in walls],
            "pulse_wall_top": [wall.top for wall in walls],
            "pulse_train_conductance": conductance,
            "pulse_conductance": after,
            "normalized_pulse_conductance": normalized,
            "branch": np.arange(len(rows)) + 1,
            # a quantity of each reading is over (reading, branch)
            **{name: values.T for name, values in over([len(rows)], rows).items()},
        }
