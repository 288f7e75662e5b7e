"""The energy terms of a film, and the torque of a current."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wallnet.film import newell
from wallnet.film.constants import ELEMENTARY_CHARGE, REDUCED_PLANCK, VACUUM_PERMEABILITY
from wallnet.film.newell import Cell
from wallnet.film.terms.base import Layer, Stiffness, Term, Torque


@dataclass(frozen=True)
class Exchange(Term):
    """Exchange with stiffness A in J/m: w = A Σ (∂m)².

    H = 2A/(μ0 Ms) Σ (m_j - m)/d² over the neighbours j that exist.
    """

    name = "exchange"

    def coefficients(self, layer: Layer) -> dict[str, float]:  # noqa: D102
        # the part of the cell itself is parallel to its m and exerts no torque
        exchange, (x, y, _) = 2 * layer.exchange_stiffness / layer.saturation_induction, layer.cell
        return {"neighbour_x": exchange / x**2, "neighbour_y": exchange / y**2}

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        return Stiffness(symmetric=np.array(list(self.coefficients(layer).values())))

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        field = np.zeros_like(m)
        for axis, edge, (bond, _) in zip((1, 0), layer.cell, layer.bonds, strict=False):
            of_m, of_field = np.moveaxis(m, axis, 0), np.moveaxis(field, axis, 0)
            # no bond to an empty cell
            step = np.diff(of_m, axis=0) / edge**2 * np.moveaxis(bond, axis, 0)[..., None]
            of_field[:-1] += step
            of_field[1:] -= step
        return layer.per_moment(2 * layer.exchange_stiffness / layer.saturation_induction * field)


@dataclass(frozen=True)
class InterfacialDMI(Term):
    """Interfacial DMI with constant D in J/m²: w = D [m·∇m_z - m_z ∇·m].

    H = 2D/(μ0 Ms) [(∇·m) ẑ - ∇m_z]. Differences are central; a missing neighbour contributes
    nothing to them (OOMMF's convention).
    """

    name = "dmi"

    def coefficients(self, layer: Layer) -> dict[str, float]:  # noqa: D102
        dmi = layer.dmi_constant / layer.saturation_induction
        return {"dmi_x": dmi / layer.cell[0], "dmi_y": dmi / layer.cell[1]}

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        return Stiffness(antisymmetric=np.array(list(self.coefficients(layer).values())))

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        field = np.zeros_like(m)
        (_, x), (_, y) = layer.bonds
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
        return layer.per_moment(2 * layer.dmi_constant / layer.saturation_induction * field)


@dataclass(frozen=True)
class UniaxialAnisotropy(Term):
    """Uniaxial anisotropy with constant Ku in J/m³ and a unit vector u as axis.

    w = Ku [1 - (m·u)²] (for Ku < 0: -Ku (m·u)²), H = 2 Ku/(μ0 Ms) (m·u) u.
    """

    name = "anisotropy"

    def coefficients(self, layer: Layer) -> dict[str, NDArray[np.float64]]:  # noqa: D102
        axis = layer.anisotropy_axis
        return {"local": 2 * layer.anisotropy / layer.saturation_induction * np.outer(axis, axis)}

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        strength = 2 * layer.anisotropy / layer.saturation_induction
        local = self.coefficients(layer)["local"]
        return Stiffness(lowest=min(strength, 0.0), highest=max(strength, 0.0), uniform=local)

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        axis = layer.axes
        if layer.cells is None:
            return 2 * layer.anisotropy / layer.saturation_induction * (m @ axis)[..., None] * axis
        along = (m * axis).sum(axis=-1) * layer.cells.local_anisotropy
        return 2 * layer.anisotropy / layer.saturation_induction * along[..., None] * axis

    def density(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        # zero along the easy axis or in the easy plane
        constant: float | NDArray[np.float64] = layer.anisotropy
        if layer.cells is not None:
            constant = constant * layer.cells.local_anisotropy * layer.cells.moment
        return super().density(m, layer) + np.maximum(constant, 0.0)


@dataclass(frozen=True)
class Demagnetization(Term):
    """Stray field of the film, if it is included: w = -μ0 Ms/2 m·H.

    H = -N·M with Newell's tensor between all cells. The engine evaluates a near part
    (`newell.stencil`) at every stage, and the rest (`strayfield.StrayField`) less often.
    """

    present: bool
    name = "demag"

    def coefficients(self, layer: Layer) -> dict[str, NDArray[np.float64]]:  # noqa: D102
        if not self.present:
            return {}
        own, beside, above = -layer.saturation_magnetization * newell.stencil(layer.cell).T
        return {"neighbour_x": beside, "neighbour_y": above, "local": np.diag(own)}

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        magnetization = layer.saturation_magnetization if self.present else 0.0
        # uniform: value of a film between its middle and an edge
        return Stiffness(lowest=-magnetization, uniform=np.diag([0.0, 0.0, -magnetization / 2]))

    def field(self, m: NDArray[np.float64], layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        if not self.present:
            return np.zeros_like(m)
        from scipy import fft

        rows, columns = layer.mask.shape
        cells, moments = layer.cells, m
        if cells is not None:
            moments = m * cells.moment[..., None]
        shape = (fft.next_fast_len(2 * rows), fft.next_fast_len(2 * columns, real=True))
        xx, yy, zz, xy = _transformed_tensor(rows, columns, layer.cell, shape)
        x, y, z = (fft.rfft2(moments[..., i], shape) for i in range(3))
        fields = (xx * x + xy * y, xy * x + yy * y, zz * z)
        field = np.array([-fft.irfft2(f, shape)[:rows, :columns] for f in fields])
        if cells is not None:
            near, vectors = cells.near(layer.cell), np.moveaxis(m, -1, 0)
            near.add(vectors, field, 1.0, slice(0, columns))
            field += near.of_own(vectors)
        return layer.saturation_magnetization * np.moveaxis(field, 0, -1)


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
            / (layer.cell[2] * layer.saturation_magnetization)
        )

    def strength(self, layer: Layer) -> float:
        """Return β P Λ² in A/m, twice the largest β ε."""
        return self.beta(layer) * self.polarization * self.slonczewski_lambda**2

    def coefficients(self, layer: Layer) -> dict[str, ArrayLike]:  # noqa: D102
        strength, squared = self.strength(layer), self.slonczewski_lambda**2
        if squared != 1:
            return {
                "spin_direction": self.direction,
                "torque": strength,
                "lambda_sum": squared + 1,
                "lambda_difference": squared - 1,
            }
        px, py, pz = self.direction
        return {"local": strength / 2 * np.array([[0, pz, -py], [-pz, 0, px], [py, -px, 0]])}

    def uniform_field(self, layer: Layer) -> NDArray[np.float64]:  # noqa: D102
        return self.beta(layer) * self.field_like * np.array(self.direction)

    def stiffness(self, layer: Layer) -> Stiffness:  # noqa: D102
        return Stiffness(torque=abs(self.strength(layer)))
