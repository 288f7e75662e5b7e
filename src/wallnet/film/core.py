"""The embedded engine on plain arrays: one thin film, spin-orbit torque, Landau-Lifshitz-Gilbert.

Exchange, interfacial DMI, anisotropy and the near stray field are evaluated at every stage of a
classical Runge-Kutta step of fourth order, whose length is set by the stability limit of
exchange. Two things are spared, each with a bound:

- the far stray field is renewed when the error of its extrapolation in time asks for it;
- columns that would not move by more than a stated change are left out until they would.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wallnet.film import kernels
from wallnet.film.strayfield import StrayField

VACUUM_PERMEABILITY = 4e-7 * math.pi
"""μ0 in N/A²."""
REDUCED_PLANCK = 1.0545717e-34
"""ħ in J s, OOMMF's value."""
ELEMENTARY_CHARGE = 1.6021765e-19
"""e in C, OOMMF's value."""

REVISION_NAME = "wallnet.film"


class FilmError(RuntimeError):
    """The film cannot be simulated, or its simulation failed; the message says why."""


@dataclass(frozen=True)
class Terms:
    """Energy terms and dynamics of a film; a term at zero is absent.

    Attributes
    ----------
    saturation_magnetization : float
        Ms in A/m.
    exchange_stiffness : float
        A in J/m.
    dmi_constant : float
        Interfacial D in J/m², energy density D [m·∇m_z - m_z ∇·m].
    anisotropy : float
        Ku in J/m³.
    anisotropy_axis : tuple of float
        Unit vector.
    stray_field : bool
        Whether the film feels its own stray field.
    external_field : tuple of float
        Uniform H in A/m.
    damping : float
        Gilbert α.
    gyromagnetic_ratio : float
        γ0 in m/(A s).
    precession : bool
        False leaves damping alone, for relaxing.
    """

    saturation_magnetization: float
    exchange_stiffness: float = 0.0
    dmi_constant: float = 0.0
    anisotropy: float = 0.0
    anisotropy_axis: tuple[float, float, float] = (0.0, 0.0, 1.0)
    stray_field: bool = True
    external_field: tuple[float, float, float] = (0.0, 0.0, 0.0)
    damping: float = 0.5
    gyromagnetic_ratio: float = 2.211e5
    precession: bool = True


@dataclass(frozen=True)
class SpinTorque:
    """Slonczewski torque (paper, Eq. 1, in OOMMF's convention).

    Attributes
    ----------
    current_density : float
        J in A/m², signed.
    polarization : float
        P, of the spin current.
    direction : tuple of float
        m_p, unit vector.
    slonczewski_lambda : float
        Λ; 1 makes the efficiency ε = P/2 independent of m.
    field_like : float
        ε', times β the field along m_p.
    """

    current_density: float
    polarization: float
    direction: tuple[float, float, float] = (0.0, 1.0, 0.0)
    slonczewski_lambda: float = 1.0
    field_like: float = 0.0


@dataclass(frozen=True)
class Accuracy:
    """What may be left out.

    Attributes
    ----------
    stray_field_tolerance : float
        Largest error of the extrapolated far stray field at any cell, in units of Ms.
    frozen_change : float
        Largest change of any component of m that is left out of a resting column; zero keeps
        all columns moving.
    time_step_fraction : float
        Time step as a fraction of the stability limit.
    """

    stray_field_tolerance: float = 2e-4
    frozen_change: float = 1e-4
    time_step_fraction: float = 0.9


@dataclass
class Counters:
    """Work done so far."""

    steps: int = 0
    field_evaluations: int = 0
    stray_field_renewals: int = 0
    rejected_intervals: int = 0
    column_steps: int = 0


_LONGEST_INTERVAL = 64
"""Steps between two renewals of the stray field, at the most."""

_FROZEN_FOR = 60e-12
"""A column that was set moving is followed for at least this time in s."""

_MARGIN = 4
"""Columns beyond the last moving one that are followed too."""

_LARGEST_TURN = 0.18
"""Largest angle in rad by which a moment may turn in a step about its own local field."""


def stability_radius(damping: float, precession: bool) -> float:
    """Largest |λ|·step for which classical Runge-Kutta is stable along the modes' direction.

    The modes of the Landau-Lifshitz equation have λ = ω (-α ± i)/(1 + α²).

    Parameters
    ----------
    damping : float
        Gilbert α.
    precession : bool
        Whether the equation precesses.

    Returns
    -------
    float
        The radius, between 2.5 and 3.1.
    """
    direction = complex(-damping, 1.0 if precession else 0.0)
    direction /= abs(direction)
    radii = np.linspace(0.01, 3.5, 1400)
    z = radii * direction
    growth = np.abs(1 + z + z**2 / 2 + z**3 / 6 + z**4 / 24)
    return float(radii[np.argmax(growth > 1 + 1e-12)])


class Film:
    """A single layer of equal cells, its state and its clock.

    Parameters
    ----------
    mask : bool array (rows, columns)
        Which cells are magnetic; row 0 is the lower edge, column 0 the left one.
    cell : tuple of float
        Edges of a cell along x, y, z in m.
    terms : Terms
        Energy and dynamics.
    accuracy : Accuracy
        What may be left out.

    Attributes
    ----------
    time : float
        In s.
    counters : Counters
        Work done so far.
    """

    def __init__(
        self,
        mask: NDArray[np.bool_],
        cell: tuple[float, float, float],
        terms: Terms,
        accuracy: Accuracy | None = None,
    ) -> None:
        if mask.ndim != 2 or not mask.any():
            raise FilmError("the film has no magnetic cell")
        self.mask = mask
        self.cell = cell
        self.terms = terms
        self.accuracy = accuracy or Accuracy()
        self.time = 0.0
        self.counters = Counters()
        rows, columns = mask.shape
        self._stray = StrayField(mask.shape, cell, terms.saturation_magnetization)
        blocks = -(-columns // kernels.BLOCK)
        shape = (3, rows + 2, -(-(blocks * kernels.BLOCK + 2) // 16) * 16)
        self._inner = (slice(None), slice(1, rows + 1), slice(1, columns + 1))
        self._m, self._a, self._b, self._total, self._slow = (
            np.zeros(shape, dtype=np.float32) for _ in range(5)
        )
        self._saved = np.zeros(shape, dtype=np.float32)
        self._buffer = np.zeros((3, shape[2]), dtype=np.float32)
        self._sums = np.zeros((4, blocks), dtype=np.float32)
        self._block_speed = np.zeros(blocks, dtype=np.float32)
        self._polynomial = np.zeros((3, *shape), dtype=np.float32)
        self._samples: list[tuple[float, NDArray[np.float32]]] = []
        self._interval = 1
        self._set_torque(None)
        self._moving_until = np.full(columns, np.inf)
        self._debt = np.zeros(columns)

    @property
    def magnetization(self) -> NDArray[np.float32]:
        """A copy of m, shape (rows, columns, 3); zero in empty cells."""
        return np.ascontiguousarray(np.moveaxis(self._m[self._inner], 0, -1))

    @magnetization.setter
    def magnetization(self, value: NDArray[np.floating]) -> None:
        value = np.where(self.mask[..., None], value, 0.0)
        length = np.linalg.norm(value, axis=-1)
        if not np.all(np.isfinite(value)) or np.any(length[self.mask] == 0):
            raise FilmError("the initial magnetisation is not a unit vector in every magnetic cell")
        length[~self.mask] = 1.0
        self._m[self._inner] = np.moveaxis(value / length[..., None], -1, 0)
        self._restart()

    def average(self) -> NDArray[np.float64]:
        """Average of m over the magnetic cells, shape (3,)."""
        return self._m[self._inner].sum(axis=(1, 2), dtype=np.float64) / self.mask.sum()

    def _set_torque(self, torque: SpinTorque | None) -> None:
        """Work out the coefficients of the inner loops."""
        t = self.terms
        p = np.zeros(kernels.PARAMETERS)
        exchange = 2 * t.exchange_stiffness / (VACUUM_PERMEABILITY * t.saturation_magnetization)
        p[kernels.EXCHANGE_X : kernels.EXCHANGE_X + 3] = exchange / self.cell[0] ** 2
        p[kernels.EXCHANGE_Y : kernels.EXCHANGE_Y + 3] = exchange / self.cell[1] ** 2
        if t.stray_field:
            p[kernels.EXCHANGE_X : kernels.EXCHANGE_X + 3] += self._stray.neighbour_x
            p[kernels.EXCHANGE_Y : kernels.EXCHANGE_Y + 3] += self._stray.neighbour_y
            p[kernels.SELF : kernels.SELF + 3] = self._stray.self_field
        dmi = t.dmi_constant / (VACUUM_PERMEABILITY * t.saturation_magnetization)
        p[kernels.DMI_X], p[kernels.DMI_Y] = dmi / self.cell[0], dmi / self.cell[1]
        p[kernels.ANISOTROPY] = (
            2 * t.anisotropy / (VACUUM_PERMEABILITY * t.saturation_magnetization)
        )
        p[kernels.AXIS : kernels.AXIS + 3] = t.anisotropy_axis
        p[kernels.LAMBDA_SUM] = 2.0
        if torque is not None:
            beta = (
                REDUCED_PLANCK
                / (VACUUM_PERMEABILITY * ELEMENTARY_CHARGE)
                * torque.current_density
                / (self.cell[2] * t.saturation_magnetization)
            )
            squared = torque.slonczewski_lambda**2
            p[kernels.SPIN : kernels.SPIN + 3] = torque.direction
            p[kernels.TORQUE] = beta * torque.polarization * squared
            p[kernels.LAMBDA_SUM] = squared + 1
            p[kernels.LAMBDA_DIFFERENCE] = squared - 1
            p[kernels.FIELD_LIKE] = beta * torque.field_like
        gamma = t.gyromagnetic_ratio / (1 + t.damping**2)
        p[kernels.PRECESSION] = gamma if t.precession else 0.0
        p[kernels.DAMPING] = gamma * t.damping
        self._parameters = p.astype(np.float32)
        self.torque = torque
        # the stiffest mode is nearly alternating from cell to cell; DMI bends it a little, and
        # anisotropy and stray field, which oppose each other, add at most the larger of the two
        stiffest = sum(
            2 * exchange / edge**2 + 2 * math.hypot(exchange / edge**2, dmi / edge)
            for edge in self.cell[:2]
        )
        stiffest += max(
            abs(p[kernels.ANISOTROPY]), t.saturation_magnetization if t.stray_field else 0.0
        )
        stiffest += float(np.linalg.norm(t.external_field))
        stiffest += abs(p[kernels.TORQUE]) / 2 + abs(p[kernels.FIELD_LIKE])
        rate = gamma * math.hypot(1.0 if t.precession else 0.0, t.damping) * stiffest
        # where exchange is soft, accuracy and not stability is what limits the step
        turning = max(
            abs(p[kernels.ANISOTROPY]), t.saturation_magnetization if t.stray_field else 0.0
        )
        turning += float(np.linalg.norm(t.external_field))
        turning += abs(p[kernels.TORQUE]) / 2 + abs(p[kernels.FIELD_LIKE])
        turning *= gamma * math.hypot(1.0 if t.precession else 0.0, t.damping)
        limits = [1e-12]
        if rate > 0:
            limits = [stability_radius(t.damping, t.precession) / rate]
        if turning > 0:
            limits.append(_LARGEST_TURN / turning)
        self._longest_step = self.accuracy.time_step_fraction * min(limits)

    def set_torque(self, torque: SpinTorque | None) -> None:
        """Switch the current on, off or to another value, at the present time."""
        self._set_torque(torque)
        self._restart()

    def _restart(self) -> None:
        """Forget the past: after a jump, extrapolation from it would be wrong."""
        for work in (self._a, self._b, self._total):
            work[:] = self._m
        self._samples = [(self.time, self._slow_field())]
        self._interval = 1
        self._fit()
        self._moving_until = np.full(self.mask.shape[1], self.time + _FROZEN_FOR)
        self._debt[:] = 0.0

    def state(self) -> dict[str, NDArray]:
        """Return all that decides how the film goes on, as named arrays; see `restore`."""
        return {
            "film_magnetization": self._m.copy(),
            "film_polynomial": self._polynomial.copy(),
            "film_sample_times": np.array([time for time, _ in self._samples]),
            "film_sample_fields": np.array([field for _, field in self._samples]),
            "film_interval": np.array(self._interval),
            "film_moving_until": self._moving_until.copy(),
            "film_debt": self._debt.copy(),
            "film_time": np.array(self.time),
            "film_counters": np.array(list(vars(self.counters).values())),
        }

    def restore(self, state: Mapping[str, NDArray]) -> None:
        """Go back to a state of an equal film under the same torque, bit for bit.

        Parameters
        ----------
        state : Mapping
            What `state` returned; the torque, which it leaves out, is set before.
        """
        self._m[:] = state["film_magnetization"]
        for work in (self._a, self._b, self._total):
            work[:] = self._m
        self._polynomial[:] = state["film_polynomial"]
        fields = state["film_sample_fields"]
        self._samples = list(zip(state["film_sample_times"].tolist(), fields, strict=True))
        self._interval = int(state["film_interval"])
        self._moving_until[:] = state["film_moving_until"]
        self._debt[:] = state["film_debt"]
        self.time = float(state["film_time"])
        self.counters = Counters(*map(int, state["film_counters"]))

    def _slow_field(self) -> NDArray[np.float32]:
        """External field and far stray field, (3, rows, columns), in A/m."""
        external = np.array(self.terms.external_field, dtype=np.float32)[:, None, None]
        if not self.terms.stray_field:
            return np.broadcast_to(external, (3, *self.mask.shape)).copy()
        self.counters.stray_field_renewals += 1
        return self._stray.far(self._m[self._inner]) + external

    def _fit(self) -> None:
        """Pass a polynomial in time since the last sample through the last one to three."""
        times = [t - self._samples[-1][0] for t, _ in self._samples]
        fields = [f for _, f in self._samples]
        target = [self._polynomial[i][self._inner] for i in range(3)]
        target[0][:] = fields[-1]
        if len(fields) == 2:
            target[1][:] = (fields[1] - fields[0]) * np.float32(-1 / times[0])
        elif len(fields) == 3:
            # Newton's divided differences, then ordered by powers; what overflows is found as
            # an instability at the next renewal
            with np.errstate(over="ignore", invalid="ignore"):
                older = (fields[1] - fields[0]) * np.float32(1 / (times[1] - times[0]))
                newer = (fields[2] - fields[1]) * np.float32(-1 / times[1])
                target[2][:] = (newer - older) * np.float32(-1 / times[0])
                target[1][:] = newer - np.float32(times[1]) * target[2]

    def _select(self) -> NDArray[np.int64]:
        """Return the stretches of columns to follow, counted in the frame, shape (n, 2).

        A column is followed while it moves, and for a while after; a resting one is left out as
        long as what it would have moved by since stays below the bound.
        """
        columns = self.mask.shape[1]
        if self.accuracy.frozen_change == 0:
            return np.array([[1, columns + 1]])
        moving = np.flatnonzero(self._moving_until > self.time)
        if not moving.size:
            return np.empty((0, 2), dtype=np.int64)
        breaks = np.flatnonzero(np.diff(moving) > 2 * _MARGIN + 1)
        first = moving[np.concatenate([[0], breaks + 1])] + 1 - _MARGIN
        last = moving[np.concatenate([breaks, [moving.size - 1]])] + 2 + _MARGIN
        return np.stack([np.maximum(first, 1), np.minimum(last, columns + 1)], axis=1)

    def _watch(self, elapsed: float, stretches: NDArray[np.int64]) -> None:
        """Note which columns move, from dm/dt with the field just renewed."""
        if self.accuracy.frozen_change == 0:
            return
        kernels.block_speed(
            self._m,
            self._polynomial[0],
            self._buffer,
            self._parameters,
            self._sums,
            self._block_speed,
        )
        self.counters.field_evaluations += 1
        speed = np.repeat(self._block_speed, kernels.BLOCK)[: self.mask.shape[1]]
        self._debt += speed * elapsed
        for first, last in stretches:
            self._debt[first - 1 : last - 1] = 0.0
        bound = self.accuracy.frozen_change
        due = speed * _FROZEN_FOR > bound
        if np.any(self._debt > bound):
            # those that would soon be due go along, rather than one by one
            due |= self._debt > bound / 4
        self._moving_until[due] = self.time + _FROZEN_FOR

    def advance(self, duration: float) -> None:
        """Advance the film.

        Parameters
        ----------
        duration : float
            In s.

        Raises
        ------
        FilmError
            If the simulation becomes unstable.
        """
        if duration <= 0:
            return
        start = self.time
        steps_left = max(1, math.ceil(duration / self._longest_step - 1e-9))
        step = duration / steps_left
        tolerance = self.accuracy.stray_field_tolerance * self.terms.saturation_magnetization
        while steps_left:
            intervals = math.ceil(steps_left / self._interval)
            count = math.ceil(steps_left / intervals)
            begin = self.time
            follow = self._select()
            if follow.size:
                self._saved[:] = self._m
                self._integrate(step, count, follow)
            self.time = begin + count * step
            renewed = self._slow_field() if self.terms.stray_field else self._samples[-1][1]
            error = self._extrapolation_error(renewed, count * step)
            if not math.isfinite(error):
                raise FilmError(
                    f"the simulation became unstable at {self.time:.4g} s: the magnetisation is "
                    "not finite; lower film.time_step_fraction"
                )
            if not follow.size:
                # nothing moved, so the field did not change: what was extrapolated is void
                self._samples = []
            elif error > tolerance and count > 1:
                self.counters.rejected_intervals += 1
                self._m[:] = self._saved
                self.time = begin
                shrink = 0.8 * (tolerance / error) ** (1 / len(self._samples))
                self._interval = max(1, min(count - 1, int(count * shrink)))
                continue
            steps_left -= count
            self._samples = [*self._samples[-2:], (self.time, renewed)]
            growth = 0.8 * (tolerance / max(error, 1e-6 * tolerance)) ** (1 / len(self._samples))
            longest = int(count * min(2.0, growth)) if count >= self._interval else self._interval
            self._interval = max(1, min(_LONGEST_INTERVAL, max(longest, 1)))
            if growth >= 2 and self._interval == 1:
                self._interval = 2
            self._fit()
            self._watch(count * step, follow)
        self.time = start + duration
        self._samples[-1] = (self.time, self._samples[-1][1])
        lengths = np.einsum("cij,cij->ij", self._m[self._inner], self._m[self._inner])
        if not np.all(np.abs(lengths[self.mask] - 1) < 1e-3):
            raise FilmError(
                f"the simulation became unstable at {self.time:.4g} s: |m| is not 1; "
                "lower film.time_step_fraction"
            )

    def _integrate(self, step: float, count: int, stretches: NDArray[np.int64]) -> None:
        """Run Runge-Kutta steps over the followed columns, the rest standing still."""
        edges = np.concatenate([stretches[:, 0] - 1, stretches[:, 1]])
        for work in (self._a, self._b):
            work[:, :, edges] = self._m[:, :, edges]
        orders = len(self._samples)
        middle = (np.arange(count) + 0.5) * step
        powers = (middle[:, None] ** np.arange(orders)).astype(np.float32)
        kernels.advance(
            self._m,
            self._a,
            self._b,
            self._total,
            self._slow,
            self._polynomial[:orders],
            powers,
            self._buffer,
            self._parameters,
            np.float32(step),
            stretches,
        )
        self.counters.steps += count
        self.counters.field_evaluations += 4 * count
        self.counters.column_steps += count * int((stretches[:, 1] - stretches[:, 0]).sum())

    def _extrapolation_error(self, renewed: NDArray[np.float32], elapsed: float) -> float:
        """Largest deviation in A/m of the extrapolated slow field from the renewed one."""
        if not self.terms.stray_field:
            return 0.0 if np.isfinite(self._m).all() else math.nan
        predicted = self._polynomial[0][self._inner].copy()
        for power in range(1, len(self._samples)):
            predicted += self._polynomial[power][self._inner] * np.float32(elapsed**power)
        return float(np.max(np.abs(predicted - renewed)))
