"""All barriers of a device: which states are retained, and for how long.

By Arrhenius' law, the mean lifetime of a state with a lowest barrier E is exp(E/(k_B T))/f with an
attempt frequency f, which is uncertain by some orders of magnitude. A state is retained if the loss
over all its barriers is small at each attempt frequency.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.constants import BOLTZMANN
from wallnet.files import settings_of
from wallnet.files.schema.states import REVERSED
from wallnet.jobs.request import ANY, Conditions
from wallnet.questions.opened import Gathering, Opened, padded
from wallnet.studies.barriers import Barriers
from wallnet.studies.barriers.retention import retains

if TYPE_CHECKING:
    import pandas
    import xarray

LONGEST = 1e300
"""Largest lifetime in s; the exponential of a larger one would overflow."""

OF_MINIMUM = (
    *("minimum_energy", "minimum_wall_bottom", "minimum_wall_top", "minimum_converged"),
    *("minimum_state", "placed"),
)

ALONG = ("path_energy", "path_wall_bottom", "path_wall_top")

OF_PATH = (*ALONG, "barrier_forward", "barrier_backward", "barrier_converged")


def lifetime(barrier: ArrayLike, temperature: float, frequency: ArrayLike) -> NDArray[np.float64]:
    """Return the mean lifetime in s of states by Arrhenius' law.

    Lowest barriers in J, at a temperature in K, broadcast against attempt frequencies in 1/s.
    """
    exponent = np.asarray(barrier) / (BOLTZMANN * temperature) - np.log(frequency)
    with np.errstate(over="ignore"):
        return np.minimum(np.exp(exponent), LONGEST)


def lowest_barriers(paths: Mapping[tuple[str, str], "xarray.Dataset"]) -> "pandas.DataFrame":
    """Return the lowest known barrier out of each state, from the paths between neighbours.

    The frame has by state: `barrier` in J, the neighbour behind it (`exit`), the known `barriers`
    out of the state, and whether it is `certain`, as no other barrier is unknown.
    """
    import pandas

    # of neighbours that are minima
    rows = [
        (state, other, data[f"barrier_{way}"].item() if data["barrier_converged"] else None)
        for (first, second), data in paths.items()
        if data["path_energy"].size
        for state, other, way in ((first, second, "forward"), (second, first, "backward"))
    ]
    exits = pandas.DataFrame(rows, columns=["state", "exit", "barrier"]).astype({"barrier": float})
    unknown = exits.loc[exits["barrier"].isna(), "state"]
    lowest = exits.sort_values("barrier", kind="stable").drop_duplicates("state")
    lowest = lowest.set_index("state")
    barriers = exits.groupby("state")["barrier"].agg(list)
    return lowest.assign(certain=~lowest.index.isin(unknown), barriers=barriers)


def paths_of(
    opened: Opened, conditions: Conditions = ANY
) -> dict[tuple[str, str], "xarray.Dataset"]:
    """Return the paths under some conditions by their two states."""
    return {
        (str(path.conditions.state), str(path.conditions.neighbour)): path.read(*OF_PATH)
        for path in opened.where("barrier", conditions)
    }


def _energies(minima: "xarray.Dataset", states: list[str]) -> NDArray[np.float64]:
    """Return the energies of states in J; NaN where the minimisation ended elsewhere."""
    minima = minima.sel(placed=states)
    held = (minima["minimum_converged"] == 1) & (minima["minimum_state"] == minima["placed"])
    return np.asarray(minima["minimum_energy"].where(held).values)


def _of_states(
    settings: Barriers, paths: Mapping[tuple[str, str], "xarray.Dataset"], states: list[str]
) -> "pandas.DataFrame":
    """Return the lowest barrier out of each of the states; see `lowest_barriers`."""
    lowest = lowest_barriers(paths)
    if settings.states:
        # of others, not all barriers are known
        lowest = lowest[lowest.index.isin(settings.states)]
    return lowest.reindex(states)


def _lasting(settings: Barriers, kelvin: float, lowest: "pandas.DataFrame") -> dict[str, Any]:
    """Return whether states are retained at a temperature in K, and their lifetimes."""
    barrier = lowest["barrier"].to_numpy()
    kept = np.where(lowest["certain"].eq(True), 1, -1)
    small = [retains(settings, barriers, kelvin) for barriers in lowest["barriers"]]
    return {
        # an unknown barrier could decide only if none is too low
        "state_retained": np.where(small, kept, 0),
        "state_lifetime": lifetime(barrier[:, None], kelvin, settings.attempt_frequencies[::-1]),
    }


def _further(
    settings: Barriers,
    later: Mapping[float, Mapping[tuple[str, str], "xarray.Dataset"]],
    states: list[str],
    pairs: int,
) -> dict[str, Any]:
    """Return the variables at further temperatures, given the paths at each."""
    lowest = [_of_states(settings, paths, states) for paths in later.values()]
    lasting = [_lasting(settings, *row) for row in zip(later, lowest, strict=True)]
    shape = (len(later), len(states))
    ways = {
        way: [
            path[f"barrier_{way}"].where(path["barrier_converged"] == 1)
            for paths in later.values()
            for path in paths.values()
        ]
        for way in ("forward", "backward")
    }
    return {
        "further_temperature": [*later],
        **{f"further_{way}": np.reshape(rows, (len(later), pairs)) for way, rows in ways.items()},
        "further_barrier": np.reshape([row["barrier"] for row in lowest], shape),
        "further_retained": np.reshape([row["state_retained"] for row in lasting], shape),
        "further_lifetime": np.reshape([row["state_lifetime"] for row in lasting], (*shape, 2)),
    }


def thermal_energy(data: "xarray.Dataset") -> float:
    """Return k_B T in J at the temperature of the barriers of a device."""
    return BOLTZMANN * float(settings_of(data)["temperature"])


def retained(data: "xarray.Dataset") -> dict[str, tuple[float, int]]:
    """Return the lowest barrier in J and whether it is retained (-1: unknown) of each state.

    A track leaves the reversed state over the barrier of nucleation, since a wall has to come in
    again. A track with fixed ends is never reversed.
    """
    columns = ("name", "barrier", "retained")
    names, *values = (data[f"state_{key}"].values.tolist() for key in columns)
    states = dict(zip(names, zip(*values, strict=True), strict=True))
    if data["pair_second"].values[-1] != REVERSED:
        return states
    if not data["pair_converged"].values[-1]:
        return states | {REVERSED: (math.nan, -1)}
    nucleation = float(data["pair_backward"].values[-1])
    settings = Barriers.model_validate(settings_of(data))
    kept = retains(settings, nucleation, settings.temperature)
    return states | {REVERSED: (nucleation, int(kept))}


class Gather(Gathering[Barriers]):
    """Barriers from minima and paths."""

    def gather(self, settings: Barriers, opened: Opened) -> dict[str, Any]:
        """Return the variables of the barriers of a device from its minima and paths."""
        usual = Conditions(temperature=settings.temperature)
        minima, paths = opened.one("minima", usual).read(*OF_MINIMUM), paths_of(opened, usual)
        ends = {state for pair in paths for state in pair}
        names = [name for name in minima["placed"].values.tolist() if name in ends - {REVERSED}]
        minima, lowest = minima.sel(placed=names), _of_states(settings, paths, names)
        later = {
            kelvin: paths_of(opened, Conditions(temperature=kelvin))
            for kelvin in settings.further_temperatures
        }
        energies = [
            _energies(opened.one("minima", Conditions(temperature=kelvin)).read(*OF_MINIMUM), names)
            for kelvin in later
        ]
        along = {name: [data[name].values for data in paths.values()] for name in OF_PATH}
        images = [energy.size for energy in along["path_energy"]]
        return {
            "state_name": names,
            "state_energy": _energies(minima, names),
            "state_wall_bottom": minima["minimum_wall_bottom"].values,
            "state_wall_top": minima["minimum_wall_top"].values,
            "state_barrier": lowest["barrier"].to_numpy(),
            "state_exit": lowest["exit"].fillna("").tolist(),
            **_lasting(settings, settings.temperature, lowest),
            **_further(settings, later, names, len(paths)),
            "further_energy": np.reshape(energies, (len(later), len(names))),
            "pair_first": [first for first, _ in paths],
            "pair_second": [second for _, second in paths],
            **{name.replace("barrier", "pair"): along[name] for name in OF_PATH[len(ALONG) :]},
            "pair_route": [data.attrs["route"] or data.attrs["reason"] for data in paths.values()],
            "pair_images": images,
            **{name.replace("path", "pair"): padded(along[name], max(images)) for name in ALONG},
        }
