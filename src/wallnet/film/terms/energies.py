"""The energy terms of a film, and the torque of a current."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wallnet.constants import ELEMENTARY_CHARGE, REDUCED_PLANCK, VACUUM_PERMEABILITY
from wallnet.film import newell
from wallnet.film.cells import Value
from wallnet.film.newell import Cell
from wallnet.film.terms.base import Layer, Stiffness, Term, Torque

SIDES = ("right", "above")
"""The neighbours whose bonds with a cell are its own, by the names of their coefficients."""

LOCAL = ("xx", "yy", "zz", "xy", "xz", "yz")
"""Components of the field that is linear in the own m of a cell."""


@dataclass(frozen=True)
class Exchange(Term):
    """Exchange with stiffness A in J/m: w = A Σ (∂m)².

    H = 2A/(μ0 Ms) Σ (m_j - m)/d² over the neighbours j that exist.
    """

    name = "exchange"

    def coefficients(self, layer: Layer) -> dict[str, Value]:  # noqa: D102
        # the part of the cell itself is parallel to its m and exerts no torque
        sides = zip(SIDES, self._couplings(layer), layer.cells.pairs, strict=True)
        return {
            f"{side}_{component}": coupling * pair.exchange
            for side, coupling, pair in sides
            for component in "xyz"
        }

    def _couplings(self, layer: Layer) -> NDArray[np.float64]:
        exchange = 2 * layer.terms.exchange_stiffness / layer.saturation_induction
        return exchange / np.array(layer.cell[:2]) ** 2

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        return Stiffness(symmetric=self._couplings(layer))

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        field = np.zeros_like(m)
        for axis, edge, (bond, _) in zip((1, 0), layer.cell, layer.cells.bonds, strict=False):
            of_m, of_field = np.moveaxis(m, axis, 0), np.moveaxis(field, axis, 0)
            # no bond to an empty cell
            step = np.diff(of_m, axis=0) / edge**2 * np.moveaxis(bond, axis, 0)[..., None]
            of_field[:-1] += step
            of_field[1:] -= step
        exchange = 2 * layer.terms.exchange_stiffness / layer.saturation_induction
        return layer.per_moment(exchange * field)


@dataclass(frozen=True)
class InterfacialDMI(Term):
    """Interfacial DMI with constant D in J/m²: w = D [m·∇m_z - m_z ∇·m].

    H = 2D/(μ0 Ms) [(∇·m) ẑ - ∇m_z]. Differences are central; a missing neighbour contributes
    nothing to them (OOMMF's convention).
    """

    name = "dmi"

    def coefficients(self, layer: Layer) -> dict[str, Value]:  # noqa: D102
        sides = zip(SIDES, self._couplings(layer), layer.cells.pairs, strict=True)
        return {f"{side}_dmi": coupling * pair.dmi for side, coupling, pair in sides}

    def _couplings(self, layer: Layer) -> NDArray[np.float64]:
        return layer.terms.dmi_constant / layer.saturation_induction / np.array(layer.cell[:2])

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        return Stiffness(antisymmetric=self._couplings(layer))

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        field = np.zeros_like(m)
        (_, x), (_, y) = layer.cells.bonds
        # a missing neighbour contributes nothing
        forward, back = np.zeros_like(m), np.zeros_like(m)
        forward[:, :-1], back[:, 1:] = x[..., None] * m[:, 1:], x[..., None] * m[:, :-1]
        along_x = (forward - back) / (2 * layer.cell[0])
        forward, back = np.zeros_like(m), np.zeros_like(m)
        forward[:-1], back[1:] = y[..., None] * m[1:], y[..., None] * m[:-1]
        along_y = (forward - back) / (2 * layer.cell[1])
        field[..., 0] = -along_x[..., 2]
        field[..., 1] = -along_y[..., 2]
        field[..., 2] = along_x[..., 0] + along_y[..., 1]
        return layer.per_moment(2 * layer.terms.dmi_constant / layer.saturation_induction * field)


@dataclass(frozen=True)
class UniaxialAnisotropy(Term):
    """Uniaxial anisotropy with constant Ku in J/m³ and a unit vector u as axis.

    w = Ku [1 - (m·u)²] (for Ku < 0: -Ku (m·u)²), H = 2 Ku/(μ0 Ms) (m·u) u.
    """

    name = "anisotropy"

    def coefficients(self, layer: Layer) -> dict[str, Value]:  # noqa: D102
        strength = self._strength(layer) * layer.cells.value("moment")
        axis = dict(zip("xyz", np.moveaxis(layer.axes, -1, 0), strict=True))
        products = {name: axis[name[0]] * axis[name[1]] for name in LOCAL}
        return {name: strength * value for name, value in products.items() if np.any(value)}

    def _strength(self, layer: Layer) -> Value:
        strength = 2 * layer.terms.anisotropy / layer.saturation_induction
        return strength * layer.cells.value("local_anisotropy")

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        strength, axis = np.asarray(self._strength(layer)), layer.axes
        tensor = axis[..., :, None] * axis[..., None, :]
        return Stiffness(
            lowest=np.minimum(strength, 0.0),
            highest=np.maximum(strength, 0.0),
            uniform=strength[..., None, None] * tensor,
        )

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        along = (m * layer.axes).sum(axis=-1) * self._strength(layer)
        return along[..., None] * layer.axes

    def density(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        # zero along the easy axis or in the easy plane
        constant = layer.terms.anisotropy * layer.cells.local_anisotropy * layer.cells.moment
        return super().density(m, layer) + np.maximum(constant, 0.0)


@dataclass(frozen=True)
class Demagnetization(Term):
    """Stray field of the film, if it is included: w = -μ0 Ms/2 m·H.

    H = -N·M with Newell's tensor between all cells. The engine evaluates a near part
    (`newell.stencil`) at every stage, and the rest (`strayfield.StrayField`) less often.
    """

    present: bool
    name = "demag"

    def coefficients(self, layer: Layer) -> dict[str, Value]:  # noqa: D102
        if not self.present:
            return {}
        cells, magnetization = layer.cells, layer.terms.saturation_magnetization
        own, beside, above = -magnetization * newell.stencil(layer.cell).T
        values: dict[str, Value] = {}
        for side, strengths, pair in zip(SIDES, (beside, above), cells.pairs, strict=True):
            for component, strength in zip("xyz", strengths, strict=True):
                values[f"{side}_{component}"] = strength * pair.moments
        moment = cells.value("moment")
        for name, strength in zip(("xx", "yy", "zz"), own, strict=True):
            values[name] = strength * moment * moment
        for name, part in zip(("xx", "yy", "zz", "xy"), cells.near(layer.cell).own, strict=True):
            if part.any():
                values[name] = values.get(name, 0.0) + magnetization * moment * part
        return values

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        if not self.present:
            return Stiffness()
        cells, magnetization = layer.cells, layer.terms.saturation_magnetization
        stray = magnetization * np.asarray(cells.value("saturation_magnetization"))
        # uniform: value of a film between its middle and an edge
        return Stiffness(
            lowest=-float(stray.max()),
            uniform=stray[..., None, None] * np.diag([0.0, 0.0, -0.5]),
            others=magnetization * float(np.abs(cells.near(layer.cell).own).sum(axis=0).max()),
        )

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        if not self.present:
            return np.zeros_like(m)
        from scipy import fft

        rows, columns = layer.mask.shape
        cells = layer.cells
        moments = m * cells.moment[..., None]
        shape = (fft.next_fast_len(2 * rows), fft.next_fast_len(2 * columns, real=True))
        xx, yy, zz, xy = _transformed_tensor(rows, columns, layer.cell, shape)
        x, y, z = (fft.rfft2(moments[..., i], shape) for i in range(3))
        fields = (xx * x + xy * y, xy * x + yy * y, zz * z)
        field = np.array([-fft.irfft2(f, shape)[:rows, :columns] for f in fields])
        near, vectors = cells.near(layer.cell), np.moveaxis(m, -1, 0)
        near.add(vectors, field, 1.0, slice(0, columns))
        field += near.of_own(vectors)
        return layer.terms.saturation_magnetization * np.moveaxis(field, 0, -1)


@lru_cache(maxsize=1)
def _transformed_tensor(
    rows: int, columns: int, cell: Cell, shape: tuple[int, int]
) -> list[NDArray[np.complex128]]:
    """Return the transform of the tensor for a convolution of a given shape."""
    from scipy import fft

    parts = newell.tensor(columns, rows, cell)
    return [
        fft.rfft2(newell.for_convolution(part, shape, odd=index == 3))
        for index, part in enumerate(parts)
    ]


@dataclass(frozen=True)
class Zeeman(Term):
    """A uniform external field H in A/m: w = -μ0 Ms m·H."""

    external_field: tuple[float, float, float]
    name = "zeeman"

    def uniform_field(self, layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        return np.array(self.external_field, dtype=np.float64)

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        return np.broadcast_to(self.uniform_field(layer), m.shape)

    def density(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        return 2 * super().density(m, layer)  # linear in m


@dataclass(frozen=True)
class SpinTorque(Torque):
    """Slonczewski torque (paper, Eq. 1, in OOMMF's convention).

    It is a field β ε (m × m_p) + β ε' m_p, β = ħJ/(μ0 e t Ms).

    Attributes
    ----------
    current_density : float
        J in A/m², signed.
    polarization : float
        P of the spin current.
    direction : tuple of float
        m_p, unit vector.
    slonczewski_lambda : float
        Λ; 1 makes the efficiency ε = P/2 independent of m.
    field_like : float
        ε'; β ε' is the field along m_p.
    """

    current_density: float
    polarization: float
    direction: tuple[float, float, float] = (0.0, 1.0, 0.0)
    slonczewski_lambda: float = 1.0
    field_like: float = 0.0

    def beta(self, layer: Layer) -> float:
        """Return β in A/m."""
        return (
            REDUCED_PLANCK
            / (VACUUM_PERMEABILITY * ELEMENTARY_CHARGE)
            * self.current_density
            / (layer.cell[2] * layer.terms.saturation_magnetization)
        )

    def strength(self, layer: Layer) -> float:
        """Return β P Λ² in A/m, twice the largest β ε."""
        return self.beta(layer) * self.polarization * self.slonczewski_lambda**2

    @property
    def angle(self) -> tuple[np.float32, ...]:
        """Λ² + 1 and Λ² - 1, or nothing if ε does not depend on m."""
        squared = self.slonczewski_lambda**2
        return () if squared == 1 else (np.float32(squared + 1), np.float32(squared - 1))

    def uniform_field(self, layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        return self.beta(layer) * self.field_like * np.array(self.direction)

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        return Stiffness(others=abs(self.strength(layer)) * layer.cells.strongest_torque)
