"""The engine at a temperature: the stochastic Landau-Lifshitz-Gilbert equation.

A thermal field acts on each cell (Brown, 1963, doi:10.1103/PhysRev.130.1677): white noise, in the
sense of Stratonovich, with the standard deviation

    σ = √(2 α k_B T/(γ0 μ0 Ms V h))

of each component over a time step h, for a cell of volume V. The step is fixed, and all columns are
integrated: nothing is at rest. The chains and the weights of the noise are those of
`fluctuations`. The far stray field is constant for some steps, at the value that is extrapolated
to their middle; kept at its last value, it would cool the slow modes by several per cent.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wallnet.constants import BOLTZMANN
from wallnet.film import coefficients, fluctuations, newell
from wallnet.film.cells import shifted
from wallnet.film.core import Engine, EngineError
from wallnet.film.terms import Layer, Mask, Terms
from wallnet.film.terms.energies import LOCAL, SIDES

_FIELD_INTERVAL = 2.4e-12
"""Longest time in s between two evaluations of the far stray field."""


class ThermalEngine(Engine):
    """A single layer of equal cells at a temperature.

    Parameters
    ----------
    layer : Layer
        The film.
    temperature : float
        Temperature in K, above zero; it may change between two calls of `advance`.
    key : int
        Key of the random numbers, 0 to 2**64 - 1. Two keys give independent thermal fields. That of
        a cell at a step depends on nothing else; `loops` states the counter of the generator.

    Raises
    ------
    EngineError
        If the key is out of its range, or there is no thermal field for the film.
    """

    def __init__(self, layer: Layer, temperature: float, key: int) -> None:
        if not layer.terms.precession or layer.terms.damping == 0:
            raise EngineError("a film at a temperature needs precession and damping")
        self.temperature = temperature
        if not 0 <= key < 2**64:
            raise EngineError(f"key is {key}; use a whole number from 0 to 2**64 - 1")
        self._key = np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32)
        super().__init__(layer)

    def _choose_steps(self) -> None:
        try:
            chain, weights, _ = fluctuations.choose(*self.layer.dampings)
        except ValueError as error:
            raise EngineError(str(error)) from None
        self._chain = np.array(chain, dtype=np.float32)
        self._shares = np.array(weights, dtype=np.float32) / self._chain

    def set_material(self, terms: Terms, temperature: float) -> None:
        """Change energy, dynamics and temperature between two calls of `advance`.

        The magnetisation, the time, the torque's current and the counters, with the sequence of
        the thermal field, remain. The stray field is computed anew. Afterwards, the film is as
        one that was made with these terms and this temperature in K, above zero.
        """
        self.layer, self.temperature = replace(self.layer, terms=terms), temperature
        self._stray.set_magnetization(terms.saturation_magnetization)
        self._pack()
        self.set_torque(*self._driven)

    def _advance(self, duration: float) -> None:
        # the number of steps depends on the duration alone, so equal calls give equal bits
        start = self.time
        longest = fluctuations.longest_step(self.layer, self.temperature, self._strongest)
        steps = max(1, math.ceil(duration / longest - 1e-9))
        step = duration / steps
        noise = fluctuations.deviation(self.layer, self.temperature, step)
        stray_field = self.layer.terms.stray_field
        together = max(1, int(_FIELD_INTERVAL / step + 1e-9)) if stray_field else steps
        columns = np.array([[0, self.mask.shape[1]]])
        done = 0
        while done < steps:
            count, weights = 1, [1.0]
            if len(self._stored) > 1:
                # constant in the interval: the straight line through the fields at its middle
                count = min(steps - done, together)
                ahead = count * step / 2 / (self._stored[-1][0] - self._stored[-2][0])
                weights = [1 + ahead, -ahead]
            order = np.array([slot for _, slot in reversed(self._stored)])
            extrapolation = order, np.array([weights], dtype=np.float32)
            self._integrate(step, count, columns, extrapolation, noise)
            done += count
            self.time = start + done * step
            self._stored = [self._stored[-1], (self.time, self._store_field())]

    def spin_temperature(self, cells: Mask | None = None) -> float:
        """Return the temperature in K that the magnetisation shows: that of `slope_and_curvature`.

        Of six cells, the average over many states is 5 % too high, since both sums fluctuate.
        """
        slope, curvature = self.slope_and_curvature(cells)
        return float(slope / curvature / BOLTZMANN)

    def slope_and_curvature(self, cells: Mask | None = None) -> NDArray[np.float64]:
        """Return the sums of |∇E|² in J² and of ∇²E in J of a mask, by default of all free cells.

        In equilibrium, ⟨|∇E|²⟩ = k_B T ⟨∇²E⟩ on the sphere of each moment (Nurdin and Schotte,
        2000, doi:10.1103/PhysRevE.61.3579). The torque of the current is no gradient and is left
        out.
        """
        chosen = self.free if cells is None else self.free & cells
        layer, moment, m = self.layer, self.layer.cells.moment, self._m.astype(np.float64)
        slow = np.empty_like(self._m)
        self._far_field(self._m, slow)
        # fields are times the moment of a cell
        values, field = coefficients.linear(layer), slow * moment
        padded = np.pad(m, ((0, 0), (1, 1), (1, 1)))
        inner = slice(1, -1)
        sides = (
            ((inner, slice(-2)), (inner, slice(2, None))),
            ((slice(-2), inner), (slice(2, None), inner)),
        )
        for along, (side, places) in enumerate(zip(SIDES, sides, strict=True)):
            before, after = (padded[:, *place] for place in places)
            bonds = [values[f"{side}_{name}"] for name in (*"xyz", "dmi")]
            *lower, back = (shifted(bond, 1 - along) for bond in bonds)
            *upper, ahead = bonds
            for axis in range(3):
                field[axis] += lower[axis] * before[axis] + upper[axis] * after[axis]
            field[along] += back * before[2] - ahead * after[2]
            field[2] += ahead * after[along] - back * before[along]
        tensor = np.zeros((3, 3, *moment.shape))
        for name in LOCAL:
            i, j = ("xyz".index(axis) for axis in name)
            tensor[i, j] = tensor[j, i] = values[name]
        field += np.einsum("ij...,j...->i...", tensor, m)
        if layer.terms.stray_field:
            # the far field contains the rest of a cell's own field
            rest = newell.own(layer.cell) - newell.stencil(layer.cell)[:, 0]
            rest *= layer.terms.saturation_magnetization
            tensor -= np.diag(rest)[..., None, None] * moment**2
        for term in coefficients.local_terms(layer):
            vectors = np.moveaxis(m, 0, -1)
            field += np.moveaxis(term.field(vectors, layer), -1, 0) * moment
            tensor += term.derivative(vectors, layer) * moment
        slope = np.sum(np.cross(m, field, axis=0) ** 2, axis=0)
        curvature = 2 * np.sum(m * field, axis=0) - np.trace(tensor)
        curvature += np.einsum("i...,ij...,j...->...", m, tensor, m)
        slope, curvature = slope[chosen].sum(), curvature[chosen].sum()
        return np.array([layer.moment**2 * slope, layer.moment * curvature])
