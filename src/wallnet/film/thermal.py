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
from typing import Any

import numpy as np

from wallnet.film import fluctuations, newell
from wallnet.film.constants import BOLTZMANN
from wallnet.film.core import Engine, EngineError
from wallnet.film.terms import Layer, Mask, Terms

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
    seed : int
        Seed of the thermal field, 0 to 2**32 - 1. Two seeds give independent fields. The field of a
        cell at a step depends on nothing else.
    """

    def __init__(self, layer: Layer, temperature: float, seed: int) -> None:
        if not layer.terms.precession or layer.damping == 0:
            raise EngineError("a film at a temperature needs precession and damping")
        self.temperature = temperature
        self._seed = seed
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
        """Return the temperature in K that the magnetisation shows.

        In equilibrium, ⟨|∇E|²⟩ = k_B T ⟨∇²E⟩ on the sphere of each moment (Nurdin and Schotte,
        2000, doi:10.1103/PhysRevE.61.3579). The torque of the current is no gradient and is left
        out. Both sides are summed over the mask `cells`, by default over all that may move.
        """
        chosen = self.free if cells is None else self.free & cells
        # with cells that differ, fields and the tensor of a cell's own field are times its moment
        slow, moment = np.empty_like(self._m), np.ones_like(self.mask, dtype=np.float64)
        self._far_field(self._m, slow)
        m = np.pad(self._m.astype(np.float64), ((0, 0), (1, 1), (1, 1)))
        west, east = m[:, 1:-1, :-2], m[:, 1:-1, 2:]
        south, north = m[:, :-2, 1:-1], m[:, 2:, 1:-1]
        m = m[:, 1:-1, 1:-1]
        if self.layer.cells is None:
            p = self._coefficients(None)[0][0]
            own = np.array(p["local"], dtype=np.float64)[..., None, None]
            right, above = (*p["neighbour_x"], p["dmi_x"]), (*p["neighbour_y"], p["dmi_y"])
            bonds: tuple[tuple[Any, ...], ...] = (right, right, above, above)
        else:
            from wallnet.film.packing import unpacked

            moment = self.layer.cells.moment
            own, bonds = unpacked(self._cells[0])
        field = slow * moment
        for (*strengths, _), beside in zip(bonds, (east, west, north, south), strict=True):
            for component, strength in enumerate(strengths):
                field[component] += strength * beside[component]
        to_east, to_west, to_north, to_south = (dmi for *_, dmi in bonds)
        field[0] += to_west * west[2] - to_east * east[2]
        field[1] += to_south * south[2] - to_north * north[2]
        field[2] += to_east * east[0] - to_west * west[0]
        field[2] += to_north * north[1] - to_south * south[1]
        field += np.einsum("ij...,j...->i...", own, m)
        if self.layer.terms.stray_field:
            # the far field contains the rest of a cell's own field
            rest = newell.own(self.layer.cell) - newell.stencil(self.layer.cell)[:, 0]
            rest *= self.layer.saturation_magnetization
            own = own - np.diag(rest)[..., None, None] * moment**2
        slope = np.sum(np.cross(m, field, axis=0) ** 2, axis=0)
        curvature = 2 * np.sum(m * field, axis=0) - np.trace(own)
        curvature += np.einsum("i...,ij...,j...->...", m, own, m)
        return float(self.layer.moment * slope[chosen].sum() / curvature[chosen].sum() / BOLTZMANN)
