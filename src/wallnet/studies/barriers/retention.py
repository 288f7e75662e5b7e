"""Loss of states with time: how probably a wall has left its state, over all barriers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.constants import BOLTZMANN
from wallnet.files import WallState, settings_of
from wallnet.questions.presentation import of_samples
from wallnet.studies.barriers import Barriers

if TYPE_CHECKING:
    import xarray

Floats = NDArray[np.float64]


class Loss(NamedTuple):
    """Loss of a state of all samples at a temperature; without samples, of the perfect device.

    Attributes
    ----------
    temperature : float
        In K.
    state : str
        Its name.
    barrier, least : float
        Mean and least of the lowest known barriers of the samples in k_B T.
    low, high : numpy.ndarray
        Mean probability at each attempt frequency, if no wall leaves over an unknown barrier, and
        if each such sample is lost.
    samples, nowhere, unknown : int
        Numbers of samples, of those in which the state is no minimum, and of unknown barriers.
    """

    temperature: float
    state: str
    barrier: float
    least: float
    low: Floats
    high: Floats
    samples: int
    nowhere: int
    unknown: int

    def retained(self, largest: float) -> int:
        """Return whether at most a share is lost at each attempt frequency; -1 if unknown."""
        return 0 if self.low.max() > largest else 1 if self.high.max() <= largest else -1


def loss(barriers: ArrayLike, frequencies: ArrayLike, time: float) -> Floats:
    """Return how probably a wall has left a state after a time in s, by Arrhenius' law.

    The barriers in k_B T are those of its exits along the last axis; an unknown one, NaN, counts
    for nothing. The last axis of the result is that of the attempt frequencies in 1/s.

    Examples
    --------
    >>> loss([[40, np.nan], [40, 40]], [1e9], 3.15576e8).round(2)
    array([[0.74],
           [0.93]])
    """
    rates = np.nansum(np.exp(-np.asarray(barriers, float)), axis=-1)
    return -np.expm1(-np.multiply.outer(rates, time * np.asarray(frequencies)))


def retains(settings: Barriers, barriers: ArrayLike, kelvin: float) -> bool:
    """Return whether barriers in J out of a state at a temperature in K retain a wall."""
    exits = np.atleast_1d(barriers) / (BOLTZMANN * kelvin)
    lost = loss(exits, settings.attempt_frequencies, settings.retention_time)
    return bool(lost.max() <= settings.largest_loss)


def needed(settings: Barriers) -> Floats:
    """Return the barrier in k_B T at each attempt frequency with which the loss is the largest.

    Two equal exits have it.
    """
    escapes = 2 * settings.retention_time * np.array(settings.attempt_frequencies)
    return np.log(escapes / -np.log1p(-settings.largest_loss))


def losses(data: "xarray.Dataset") -> Iterator[Loss]:
    """Yield the losses of the states that were asked for, at all temperatures.

    A sample in which a state is no minimum has lost it. Over each known barrier out of a state a
    wall leaves. To a half state that is no minimum there is none: the path to the next notch
    includes it.
    """
    settings, data = Barriers.model_validate(settings_of(data)), of_samples(data)
    names = data["state_name"].values[0].tolist()
    pairs = list(zip(*(data[f"pair_{end}"].values[0] for end in ("first", "second")), strict=True))
    for number, kelvin in enumerate([settings.temperature, *settings.further_temperatures]):
        energies, *ways = _at(data, number)
        gone = dict(zip(names, np.isnan(energies).T[..., np.newaxis], strict=True))
        for state in (name for name in names if name in (settings.states or names)):
            exits = [
                np.where(
                    gone[pair[1 - end]] if WallState(pair[1 - end]).half else False,
                    np.inf,
                    ways[end][:, [place]] / (BOLTZMANN * kelvin),
                )
                for place, pair in enumerate(pairs)
                for end in (0, 1)
                if pair[end] == state
            ]
            barriers, nowhere = np.hstack(exits), gone[state]
            unknown = np.isnan(barriers) & ~nowhere
            lost = loss(barriers, settings.attempt_frequencies, settings.retention_time)
            low = np.where(nowhere, 1.0, lost)
            high = np.where(unknown.any(axis=-1, keepdims=True), 1.0, low)
            lowest = np.fmin.reduce(barriers, axis=-1)
            lowest = lowest[np.isfinite(lowest)] if np.isfinite(lowest).any() else np.array(np.nan)
            yield Loss(
                temperature=kelvin,
                state=state,
                barrier=float(lowest.mean()),
                least=float(lowest.min()),
                low=low.mean(axis=0),
                high=high.mean(axis=0),
                samples=len(nowhere),
                nowhere=int(nowhere.sum()),
                unknown=int(unknown.sum()),
            )


def _at(data: "xarray.Dataset", number: int) -> tuple[Floats, Floats, Floats]:
    """Return energies of states and barriers there and back in J, (sample, ...), at a temperature.

    The first temperature, 0, is that of the study. What is no minimum or no saddle point is NaN.
    """
    if number:
        later = data.isel(further_temperature=number - 1)
        forward, backward = (later[f"further_{way}"].values for way in ("forward", "backward"))
        return later["further_energy"].values, forward, backward
    sure = data["pair_converged"] == 1
    forward, backward = (data[f"pair_{way}"].where(sure).values for way in ("forward", "backward"))
    return data["state_energy"].values, forward, backward
