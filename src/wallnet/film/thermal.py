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

from wallnet.film import fluctuations, newell
from wallnet.film.constants import BOLTZMANN
from wallnet.film.core import Engine, EngineError
from wallnet.film.energy import Energy
from wallnet.film.terms import Layer, Mask, Terms
from wallnet.film.terms.energies import Exchange

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
        cells = self.layer.cells
        if cells is not None and np.ptp(cells.of("damping")) > 0:
            raise EngineError(
                "a film at a temperature has one damping; leave out its variation, or the "
                "temperature"
            )
        try:
            chain, weights, _ = fluctuations.choose(self.layer.damping)
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
            if len(self._sampled) > 1:
                # constant in the interval: the straight line through the samples at its middle
                count = min(steps - done, together)
                ahead = count * step / 2 / (self._sampled[-1][0] - self._sampled[-2][0])
                weights = [1 + ahead, -ahead]
            order = np.array([slot for _, slot in reversed(self._sampled)])
            extrapolation = order, np.array([weights], dtype=np.float32)
            self._integrate(step, count, columns, extrapolation, noise)
            done += count
            self.time = start + done * step
            self._sampled = [self._sampled[-1], (self.time, self._sample())]

    def spin_temperature(self, cells: Mask | None = None) -> float:
        """Return the temperature in K that the magnetisation shows.

        In equilibrium, ⟨|∇E|²⟩ = k_B T ⟨∇²E⟩ on the sphere of each moment (Nurdin and Schotte,
        2000, doi:10.1103/PhysRevE.61.3579). The torque of the current is no gradient and is left
        out. Both sides are summed over the mask `cells`, by default over all that may move.
        """
        chosen = self.free if cells is None else self.free & cells
        if self.layer.cells is not None:
            return self._varying_temperature(chosen)
        p = self._coefficients(None)[0][0]
        field = np.empty_like(self._m)
        self._far_field(self._m, field)
        field = field.astype(np.float64)
        own = np.array(p["local"], dtype=np.float64)
        m = np.pad(self._m.astype(np.float64), ((0, 0), (1, 1), (1, 1)))
        west, east = m[:, 1:-1, :-2], m[:, 1:-1, 2:]
        south, north = m[:, :-2, 1:-1], m[:, 2:, 1:-1]
        m = m[:, 1:-1, 1:-1]
        field += p["neighbour_x"][:, None, None] * (west + east)
        field += p["neighbour_y"][:, None, None] * (south + north)
        field[0] += p["dmi_x"] * (west - east)[2]
        field[1] += p["dmi_y"] * (south - north)[2]
        field[2] += p["dmi_x"] * (east - west)[0] + p["dmi_y"] * (north - south)[1]
        field += np.einsum("ij,jrc->irc", own, m)
        if self.layer.terms.stray_field:
            # the far field contains the rest of a cell's own field
            rest = newell.own(self.layer.cell) - newell.stencil(self.layer.cell)[:, 0]
            own -= self.layer.saturation_magnetization * np.diag(rest)
        slope = np.sum(np.cross(m, field, axis=0) ** 2, axis=0)
        curvature = 2 * np.sum(m * field, axis=0) - np.trace(own)
        curvature += np.einsum("irc,ij,jrc->rc", m, own, m)
        return float(self.layer.moment * slope[chosen].sum() / curvature[chosen].sum() / BOLTZMANN)

    def _varying_temperature(self, chosen: Mask) -> float:
        """Return `spin_temperature` of a film whose cells differ."""
        cells, layer = self.layer.cells, self.layer
        assert cells is not None
        m = np.moveaxis(self._m, 0, -1).astype(np.float64)
        field = Energy(layer).field(m)
        # the own part of each bond is parallel to m: it adds as much to the field as it takes away
        own = np.zeros((*m.shape, 3))
        axis = layer.axes
        easy = 2 * layer.anisotropy / layer.polarization * cells.local_anisotropy
        own += easy[..., None, None] * (axis[..., :, None] * axis[..., None, :])
        if layer.terms.stray_field:
            xx, yy, zz, xy = layer.saturation_magnetization * cells.near(layer.cell).own
            whole = newell.own(layer.cell)
            shape = layer.saturation_magnetization * cells.moment[..., None] * whole
            own[..., range(3), range(3)] += np.stack([xx, yy, zz], axis=-1) - shape
            own[..., 0, 1] += xy
            own[..., 1, 0] += xy
        exchange = Exchange().own(layer)
        own[..., range(3), range(3)] -= exchange[..., None]
        slope = np.sum(np.cross(m, field) ** 2, axis=-1)
        curvature = 2 * np.sum(m * field, axis=-1) - np.trace(own, axis1=-2, axis2=-1)
        curvature += np.einsum("rci,rcij,rcj->rc", m, own, m)
        weight = layer.moment * cells.moment
        gradient = (weight**2 * slope)[chosen].sum()
        return float(gradient / (weight * curvature)[chosen].sum() / BOLTZMANN)
