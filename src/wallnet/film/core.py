"""The embedded engine on plain arrays: one thin film, spin-orbit torque, Landau-Lifshitz-Gilbert.

Exchange, interfacial DMI, anisotropy and the near stray field are evaluated at every stage of a
Runge-Kutta step of second order. The stability limit of exchange determines the length of the step,
and the stages are chosen to raise that limit (see `stability`). Three shortcuts save work, each
with an error bound:

- The far stray field is extrapolated in time. It is computed again when the error of the
  extrapolation requires it, and the next interval compensates the error of the last one. Over
  equal intervals this is the Adams-Bashforth method of fourth order.
- Columns that would not move by more than a stated change are not integrated until they would.
- While few columns are driven, the far stray field is renewed in a window about them, and outside
  of it more rarely. The window is widened where the field outside changed too much meanwhile.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numba import typeof
from numpy.typing import NDArray

from wallnet.film import coefficients, loops
from wallnet.film.strayfield import StrayField
from wallnet.film.terms import Layer, SpinTorque


class EngineError(RuntimeError):
    """The film cannot be simulated, or its simulation failed; the message states the reason."""


@dataclass(frozen=True)
class Tolerances:
    """Error bounds of the shortcuts.

    Attributes
    ----------
    stray_field_tolerance : float
        Largest error of the extrapolated far stray field, averaged over blocks of
        `loops.FIELD_BLOCK` × `loops.FIELD_BLOCK` cells, in units of Ms; outside the window,
        largest change in any cell between two renewals.
    frozen_change : float
        Largest change of any component of m that is neglected in a resting column; with zero, all
        columns are integrated, and the far stray field is computed in all.
    time_step_fraction : float
        Time step as a fraction of the stability limit.
    """

    stray_field_tolerance: float = 1e-4
    frozen_change: float = 5e-4
    time_step_fraction: float = 0.9


@dataclass
class Counters:
    """Amount of work so far."""

    steps: int = 0
    field_evaluations: int = 0
    stray_field_renewals: int = 0
    window_renewals: int = 0
    rejected_intervals: int = 0
    column_steps: int = 0


_EVOLVING = (
    *("time", "_m", "_missed", "_interval", "_impulse", "_watched", "_renewed"),
    *("_moving_until", "_driven_until", "_debt"),
)
"""Numbers and arrays of an engine that change in time."""

Film = NDArray[np.float32]
"""Numbers in single precision, of cells mostly: vectors are (3, rows, columns)."""

Extrapolation = tuple[NDArray[np.int64], Film]
"""Slots of stored slow fields, and the polynomial of time through them."""

BLOCK = 8
"""Edge, in cells, of the blocks over which motion is averaged."""

_LONGEST_INTERVAL = 64
"""Largest number of steps between two evaluations of the far stray field."""

_FROZEN_FOR = 60e-12
"""Shortest time in s for which a moving column is integrated."""

_WATCH_EVERY = 10e-12
"""Shortest time in s between two checks of the resting columns."""

_MARGIN = 4
"""Number of columns next to the moving ones that are integrated too."""

_RENEW_ALL_EVERY = 100e-12
"""Shortest time in s between two renewals of the stray field outside the window."""

_WINDOW_MARGIN = 16
"""Number of columns between the driven ones and the edge of a new window."""

_WINDOW_STEP = 32
"""Windows have a multiple of this number of columns, so that few kernels are transformed."""

_WIDEST_WINDOW = 0.7
"""Largest part of the columns for which a window saves time."""


@dataclass(frozen=True)
class _Window:
    """A range of columns with all driven ones."""

    inside: slice
    others: Film
    """External field plus far field of all other columns, (3, rows, columns of the window), A/m."""

    def encloses(self, first: int, last: int, columns: int) -> bool:
        """Return whether a range of columns is inside, not at an edge within the film."""
        begin, end = self.inside.start, self.inside.stop
        left = begin == 0 or begin <= first - _MARGIN
        return left and (end == columns or last + _MARGIN <= end)


@dataclass(frozen=True)
class _Ramp:
    """A linear change of the torque between two times in s."""

    begin: float
    end: float
    torque: float
    """Torque at the end in A/m."""
    uniform_field: NDArray[np.float64]
    """Applied field at the end in A/m, (3, 1, 1) or (3, rows, columns)."""

    def passed(self, time: float | NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the share of the change at a time, from 0 to 1."""
        return np.clip((time - self.begin) / (self.end - self.begin), 0.0, 1.0)


def share(past: list[float]) -> float:
    """Return the integral from 0 to 1 of a polynomial that is 0 at times `past` and 1 at time 1.

    If the slow field of an interval of this length was extrapolated from its values at these times,
    the integral of the polynomial that also contains the value at its end differs by this multiple
    of the error at its end. The next interval compensates the difference.
    """
    # two points integrate a polynomial of third order exactly
    points = (0.5 - 0.5 / math.sqrt(3), 0.5 + 0.5 / math.sqrt(3))
    return sum(math.prod((point - t) / (1 - t) for t in past) for point in points) / 2


def moving_ranges(moving_until: NDArray[np.float64], time: float, margin: int) -> NDArray[np.int64]:
    """Return the ranges of columns that move until after a time in s, with a margin of columns.

    Ranges that touch are one. Each has its first column and the first column after it, (n, 2).
    """
    near = np.convolve(moving_until > time, np.ones(2 * margin + 1))[margin:-margin] > 0
    return np.flatnonzero(np.diff(near, prepend=False, append=False)).reshape(-1, 2)


def block_sums(values: Film) -> Film:
    """Return the sums over blocks of `BLOCK` × `BLOCK` cells, shape (..., rows, columns)."""
    *outer, rows, columns = values.shape
    # half the time of np.pad
    padded = np.zeros((*outer, rows + -rows % BLOCK, columns + -columns % BLOCK), values.dtype)
    padded[..., :rows, :columns] = values
    # one after the other: the order in which NumPy would sum depends on the shape
    of_rows = reduce(np.add, (padded[..., k::BLOCK, :] for k in range(BLOCK)))
    return reduce(np.add, (of_rows[..., k::BLOCK] for k in range(BLOCK)))


def lagrange_matrix(past: list[float]) -> Film:
    """Return the matrix that converts values to coefficients of the polynomial through them.

    The n times `past` are all different. Coefficient k is the sum over j of entry (k, j) times the
    j-th value, (n, n).
    """
    columns = []
    for j, own in enumerate(past):
        # the product of (t - other) / (own - other) over the other values
        factors = [1.0]
        for other in past[:j] + past[j + 1 :]:
            scale = 1.0 / (own - other)
            higher = zip(factors, [*factors[1:], 0.0], strict=True)
            factors = [
                factors[0] * (-scale * other),
                *(scale * (low - other * high) for low, high in higher),
            ]
        columns.append(factors)
    return np.ascontiguousarray(np.array(columns, dtype=np.float32).T)


class Engine:
    """A single layer of equal cells, with its state and its time.

    Parameters
    ----------
    layer : Layer
        The film.
    tolerances : Tolerances
        Error bounds of the shortcuts.

    Attributes
    ----------
    mask, free : bool array (rows, columns)
        Masks of magnetic cells, and of those that are not frozen.
    time : float
        Simulated time in s.
    counters : Counters
        Amount of work so far.
    """

    _key = np.uint32(0), np.uint32(0)

    def __init__(self, layer: Layer, tolerances: Tolerances | None = None) -> None:
        self.layer, self.mask, self.free = layer, layer.mask, layer.free
        if self.mask.ndim != 2 or not self.mask.any():
            raise EngineError("the film has no magnetic cell")
        self.tolerances = tolerances or Tolerances()
        self.time = 0.0
        self.counters = Counters()
        rows, columns = self.mask.shape
        self._stray = StrayField(self.mask.shape, layer.cell, layer.terms.saturation_magnetization)
        self._m, self._saved, self._missed, self._latest_missed = (
            np.zeros((3, rows, columns), dtype=np.float32) for _ in range(4)
        )
        self._stored_fields = np.zeros((loops.ORDERS + 1, 3, rows, columns), dtype=np.float32)
        self._block_cells = np.maximum(block_sums(self.free.astype(np.float32)), 1)
        self._pack()
        self._forget()
        self.set_torque(None)

    def _pack(self) -> None:
        """Take the moments and further terms of the film."""
        moment = self.layer.cells.value("moment")
        # m of empty cells is 0
        weights = np.broadcast_to(np.asarray(moment, dtype=np.float32), self.mask.shape)
        self._moment = None if np.all(moment == 1) else weights
        self._fields = tuple(
            type(term).negative_gradient for term in coefficients.local_terms(self.layer)
        )

    @property
    def magnetization(self) -> Film:
        """Copy of m, shape (rows, columns, 3); zero in empty cells."""
        return np.ascontiguousarray(np.moveaxis(self._m, 0, -1))

    @magnetization.setter
    def magnetization(self, value: NDArray[np.floating]) -> None:
        value = np.where(self.mask[..., None], value, 0.0)
        length = np.linalg.norm(value, axis=-1)
        if not np.all(np.isfinite(value)) or np.any(length[self.mask] == 0):
            raise EngineError(
                "the initial magnetisation is not a unit vector in every magnetic cell"
            )
        length[~self.mask] = 1.0
        self._m[:] = np.moveaxis(value / length[..., None], -1, 0)
        self._restart()

    def average(self) -> NDArray[np.float64]:
        """Average of m over the magnetic cells, shape (3,)."""
        filled = self.layer.filled
        return np.asarray((self._m * filled).sum(axis=(1, 2)) / filled.sum())

    def set_torque(
        self,
        torque: SpinTorque | None,
        to: SpinTorque | None = None,
        during: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Switch the current on, off or to another value at the present time.

        Parameters
        ----------
        torque : SpinTorque or None
            Torque from now on.
        to : SpinTorque, optional
            Torque to which it changes linearly in time; another current density of the same kind.
        during : tuple of float
            Begin and end of this change in s. The torque is constant after it. A step has the
            torque at its middle, so `advance` must not go beyond the end in one call.
        """
        self._driven = (torque, to, during)
        self._groups = coefficients.groups(self.layer, torque)
        self._angle = torque.angle if torque else ()
        self._kind = typeof(self._groups), typeof(self._angle), self._fields
        size = sum(len(group) for group in self._groups if group.ndim == 3)
        rows, columns = self.mask.shape
        self._space = np.zeros((loops.WORKSPACE + size) * (rows + 2) * (columns + 2), np.float32)
        self._torque, self._uniform_field = coefficients.driven(self.layer, torque)
        self._ramp = _Ramp(*during, *coefficients.driven(self.layer, to)) if to else None
        torques = [acting for acting in (torque, to) if acting]
        self._strongest = max(torques, key=lambda acting: abs(acting.current_density), default=None)
        self._choose_steps()
        # a field that changes moves columns at rest, and those outside a window
        moving = self._ramp and np.any(self._ramp.uniform_field != self._uniform_field)
        self._resting = self.tolerances.frozen_change > 0 and not moving
        if self._stored:
            self._restart()

    def _choose_steps(self) -> None:
        """Choose the stages of a step, the shares of the thermal field in them, and the length."""
        chain, longest = self.layer.time_step(self._strongest)
        self._chain = np.array(chain, dtype=np.float32)
        self._shares = np.ones_like(self._chain)
        self._longest_step = self.tolerances.time_step_fraction * longest

    def _torques_at(self, time: NDArray[np.floating]) -> Film:
        """Return the torque in A/m at each time, or one for all times."""
        torque = np.array([self._torque])
        if self._ramp:
            torque = torque + self._ramp.passed(time) * (self._ramp.torque - torque)
        return torque.astype(np.float32)

    def _forget(self) -> None:
        """Discard earlier fields, and follow all columns from now on."""
        self._window: _Window | None = None
        self._stored: list[tuple[float, int]] = []
        self._interval = 1.0
        self._impulse = 0.0
        self._watched = self._renewed = self.time
        ends = np.full((2, self.mask.shape[1]), self.time + _FROZEN_FOR)
        self._moving_until, self._driven_until = ends
        self._debt = np.zeros(self.mask.shape[1])

    def _restart(self) -> None:
        """Begin with a new field, since extrapolation across a jump would be wrong."""
        self._forget()
        self._stored = [(self.time, self._store_field())]

    def state(self) -> dict[str, NDArray]:
        """Return the complete state of the film as named arrays; see `restore`."""
        arrays = {f"film_{name.strip('_')}": np.array(getattr(self, name)) for name in _EVOLVING}
        window = self._window
        return arrays | {
            "film_samples": self._stored_fields.copy(),
            "film_sampled": np.array(self._stored).reshape(-1, 2),
            "film_window_first": np.array(window.inside.start if window else 0),
            "film_window_others": window.others.copy() if window else np.empty((3, 0, 0)),
            "film_counters": np.array(list(vars(self.counters).values())),
        }

    def restore(self, state: Mapping[str, NDArray]) -> None:
        """Restore a state of an equal film under the same torque, bit for bit.

        Parameters
        ----------
        state : Mapping
            Arrays returned by `state`. They do not contain the torque, which has to be set before.
        """
        for name in _EVOLVING:
            value = state[f"film_{name.strip('_')}"]
            setattr(self, name, value.copy() if value.ndim else value.item())
        self._stored_fields = state["film_samples"].copy()
        self._stored = [(time, int(slot)) for time, slot in state["film_sampled"].tolist()]
        first, others = int(state["film_window_first"]), state["film_window_others"].copy()
        width = others.shape[2]
        self._window = _Window(slice(first, first + width), others) if width else None
        self.counters = Counters(*map(int, state["film_counters"]))

    def _store_field(self) -> int:
        """Evaluate the slow field and store it in a free slot; return the slot.

        Outside a window the latest field is kept until all columns are due.
        """
        taken = {slot for _, slot in self._stored}
        slot = next(i for i in range(len(self._stored_fields)) if i not in taken)
        if self._window is None or self._renews_all():
            self._far_field(self._m, self._stored_fields[slot])
        else:
            self._stored_fields[slot] = self._stored_fields[self._stored[-1][1]]
            self._field_in_window(self._window, self._window.others, self._stored_fields[slot])
        return slot

    def _renews_all(self) -> bool:
        """Return whether the slow field outside the window is due."""
        return self.time - self._renewed > _RENEW_ALL_EVERY * (1 - 1e-9)

    def _field_in_window(self, window: _Window, others: NDArray[np.floating], out: Film) -> None:
        """Write the far field of the window's columns, plus others, into its columns of `out`."""
        self.counters.window_renewals += 1
        self._far_of(self._m, others, out, window.inside)

    def _place_window(self) -> None:
        """Move, begin or end the window if the driven columns require it.

        The latest field belongs to the present time.
        """
        columns = self.mask.shape[1]
        driven = np.flatnonzero(self._driven_until > self.time)
        first, last = (int(driven[0]), int(driven[-1]) + 1) if driven.size else (0, columns)
        lower = max(first - _WINDOW_MARGIN, 0)
        width = -(-(last + _WINDOW_MARGIN - lower) // _WINDOW_STEP) * _WINDOW_STEP
        lower = max(0, min(lower, columns - width))
        if width > _WIDEST_WINDOW * columns:
            self._window = None
        elif not (
            self._window
            and self._window.encloses(first, last, columns)
            and self._window.others.shape[2] <= width + 2 * _WINDOW_STEP
        ):
            slot = self._stored[-1][1]
            if self._renewed != self.time:
                self._far_field(self._m, self._stored_fields[slot])
            others = np.empty((3, self.mask.shape[0], width), dtype=np.float32)
            self._window = _Window(slice(lower, lower + width), others)
            self._renew_outside(self._window)

    def _outside(self, window: _Window) -> NDArray[np.int64]:
        """Return the columns before and after a window."""
        return np.delete(np.arange(self.mask.shape[1]), window.inside)

    def _widen(self, window: _Window, tolerance: float) -> None:
        """Include columns outside the window in which the field changed since its last renewal."""
        latest, held = (
            self._stored_fields[slot] for _, slot in (self._stored[-1], self._stored[-2])
        )
        outside = self._outside(window)
        change = np.abs(latest - held)[..., outside].max(axis=(0, 1))
        self._driven_until[outside[change > tolerance]] = self.time + _FROZEN_FOR

    def _renew_outside(self, window: _Window) -> None:
        """Keep the field outside the window, and from outside, as in the latest field."""
        latest = self._stored_fields[self._stored[-1][1]]
        field = np.zeros_like(latest)
        self._field_in_window(window, np.zeros(3), field)
        np.subtract(latest[..., window.inside], field[..., window.inside], out=window.others)
        outside = self._outside(window)
        for _, slot in self._stored[:-1]:
            self._stored_fields[slot][..., outside] = latest[..., outside]
        self._missed[..., outside] = 0
        self._renewed = self.time

    def _far_field(self, m: Film, out: Film) -> None:
        """Write the present external field plus the far stray field of m into `out`, in A/m."""
        uniform_field = self._uniform_field
        if self._ramp:
            change = self._ramp.uniform_field - uniform_field
            uniform_field = uniform_field + self._ramp.passed(self.time) * change
        if self.layer.terms.stray_field:
            self.counters.stray_field_renewals += 1
            self._far_of(m, uniform_field, out, slice(0, m.shape[2]))
        else:
            out[:] = uniform_field

    def _far_of(self, m: Film, others: NDArray[np.floating], out: Film, inside: slice) -> None:
        """Write the far stray field of the columns `inside`, plus others, into those of `out`."""
        moments, stray = m[..., inside], self._stray
        if moments.shape[2] < m.shape[2]:
            stray = stray.of_columns(moments.shape[2])
        weighed = moments if self._moment is None else moments * self._moment[:, inside]
        stray.far(weighed, others, out[..., inside])
        near = self.layer.cells.near(self.layer.cell)
        near.add(moments, out[..., inside], self.layer.terms.saturation_magnetization, inside)

    def _rate(self, m: Film, field: Film, factor: float) -> Film:
        """Return a factor times dm/dt / γ under the present torque, with a given slow field."""
        rate = np.empty_like(field)
        (torque,) = self._torques_at(np.array([self.time]))
        rates = np.float32(self.layer.terms.precession), np.float32(factor)
        arrays = m, self.free, self._groups, self._angle, field, self._space
        loops.rate_of(*self._kind)(*arrays, torque, rates, rate)
        return rate

    def torque(self, m: Film) -> Film:
        """Return dm/dt / γ of unit vectors, (3, rows, columns), in A/m under the present torque."""
        m = np.ascontiguousarray(m, dtype=np.float32)
        field = np.empty_like(m)
        self._far_field(m, field)
        return self._rate(m, field, 1.0)

    def _block_speeds(self) -> Film:
        """Return the largest |dm/dt| component of each range of `BLOCK` columns, in 1/s.

        It is that of averages over blocks of `BLOCK` × `BLOCK` cells. The average removes the
        rounding errors of single precision, which exchange amplifies from cell to cell. Motion on
        such a short scale is damped within picoseconds.
        """
        rate = self._rate(self._m, self._stored_fields[self._stored[-1][1]], self.layer.terms.rate)
        return (np.abs(block_sums(rate)) / self._block_cells).max(axis=(0, 1))

    def _watch(self, ranges: NDArray[np.int64]) -> None:
        """Determine the moving columns from dm/dt with the latest field."""
        elapsed = self.time - self._watched
        self._watched = self.time
        self.counters.field_evaluations += 1
        speed = np.repeat(self._block_speeds(), BLOCK)[: self.mask.shape[1]]
        self._debt += speed * elapsed
        for first, last in ranges:
            self._debt[first:last] = 0.0
        bound = self.tolerances.frozen_change
        due = speed * _FROZEN_FOR > bound
        self._driven_until[due] = self.time + _FROZEN_FOR
        if np.any(self._debt > bound):
            # columns that would soon be due are included, rather than added one by one
            due |= self._debt > bound / 4
        self._moving_until[due] = self.time + _FROZEN_FOR

    def advance(self, duration: float) -> None:
        """Advance the film.

        Parameters
        ----------
        duration : float
            Duration in s.

        Raises
        ------
        EngineError
            If the simulation becomes unstable.
        """
        if duration <= 0:
            return
        end = self.time + duration
        self._advance(duration)
        self.time = end
        self._stored[-1] = (end, self._stored[-1][1])
        lengths = np.einsum("cij,cij->ij", self._m, self._m)
        if not np.all(np.abs(lengths[self.mask] - 1) < 1e-3):
            raise EngineError(
                f"the simulation became unstable at {self.time:.4g} s: the magnetisation is not "
                "finite or not of unit length; at 0 K, lower film.time_step_fraction"
            )

    def _advance(self, duration: float) -> None:
        """Run the steps of `advance`."""
        steps_left = max(1, math.ceil(duration / self._longest_step - 1e-9))
        step = duration / steps_left
        magnetization = self.layer.terms.saturation_magnetization
        tolerance = self.tolerances.stray_field_tolerance * magnetization
        while steps_left:
            # a remainder is distributed over the other intervals
            intervals = math.ceil(steps_left / int(self._interval))
            count = min(steps_left, math.ceil(steps_left / intervals))
            begin = self.time
            # a column is integrated while it moves and for some time afterwards, and while it
            # rests only if its neglected change would exceed the bound
            follow = np.array([[0, self.mask.shape[1]]])
            if self._resting:
                follow = moving_ranges(self._moving_until, begin, _MARGIN)
            # times in units of the interval keep the matrix well conditioned
            past = [(time - begin) / (count * step) for time, _ in self._stored]
            extrapolation = np.array([slot for _, slot in self._stored]), lagrange_matrix(past)
            if follow.size:
                followed = slice(follow[0, 0], follow[-1, 1])
                self._saved[..., followed] = self._m[..., followed]
                self._integrate(step, count, follow, extrapolation)
            else:
                self._window = None
            self.time = begin + count * step
            if follow.size or len(self._stored) > 1:
                error, slot = self._renew(follow, extrapolation)
                impulse = count * step * share(past)
            else:
                # nothing has moved since the only field was stored, so it is still the field of m
                error, slot, impulse = 0.0, self._stored[0][1], 0.0
            stored = len(self._stored)
            growth = (0.7 * tolerance / max(error, 1e-6 * tolerance)) ** (1 / stored)
            if follow.size and error > tolerance and count > 1:
                self.counters.rejected_intervals += 1
                self._m[..., followed] = self._saved[..., followed]
                self.time = begin
                self._interval = max(1.0, min(count * growth, count - 1.0))
                continue
            steps_left -= count
            self._missed, self._latest_missed = self._latest_missed, self._missed
            self._impulse = impulse
            if not follow.size:
                # nothing moved, so the field did not change and earlier ones are not valid
                self._stored = []
            self._stored = [*self._stored[1 - loops.ORDERS :], (self.time, slot)]
            # an interval that ends with this call gives little information
            longest = count * min(2.0, growth)
            if count < self._interval and growth > 1:
                longest = max(longest, self._interval)
            self._interval = min(max(longest, 1.0), float(_LONGEST_INTERVAL))
            due = self.time - self._watched > _WATCH_EVERY * (1 - 1e-9)
            if due and self._resting:
                self._watch(follow)
            if self._window is None:
                self._renewed = self.time
            elif self._renews_all():
                self._widen(self._window, tolerance)
                self._renew_outside(self._window)
                due = True
            if due and self._resting and self.layer.terms.stray_field:
                self._place_window()

    def _integrate(
        self,
        step: float,
        count: int,
        ranges: NDArray[np.int64],
        extrapolation: Extrapolation,
        noise: float = 0.0,
    ) -> None:
        """Run Runge-Kutta steps over the selected columns; the others do not change.

        The slow field is extrapolated to the middle of each step.
        """
        torques = self._torques_at(self.time + step * (np.arange(count) + 0.5))
        per_step = np.float32(self._impulse / (count * step))
        extrapolated = (self._stored_fields, *extrapolation, self._missed, per_step)
        stages = self._chain, self._shares
        draws = (self._key, self.counters.steps, np.float32(noise)) if noise else ()
        terms = self.layer.terms
        rates = np.float32(terms.precession), np.float32(step * terms.rate)
        loops.advance_ranges_of(*self._kind, thermal=bool(draws))(
            *(self._m, self.free, self._groups, self._angle, ranges, extrapolated, self._space),
            *(stages, draws, torques, count, rates),
        )
        self.counters.steps += count
        self.counters.field_evaluations += len(self._chain) * count
        self.counters.column_steps += count * int((ranges[:, 1] - ranges[:, 0]).sum())

    def _renew(self, ranges: NDArray[np.int64], extrapolation: Extrapolation) -> tuple[float, int]:
        """Compute the slow field and store its difference from the extrapolated one.

        Return the size of this error of the extrapolation, and the slot of the new field.
        """
        slot, (order, matrix) = self._store_field(), extrapolation
        inside = self._window.inside if self._window else slice(0, self.mask.shape[1])
        error = loops.extrapolation_error(
            self._stored_fields,
            order,
            matrix.sum(axis=0),
            self._stored_fields[slot],
            self._latest_missed,
            ranges,
            inside.start,
            inside.stop,
            self._space,
        )
        return error, slot
