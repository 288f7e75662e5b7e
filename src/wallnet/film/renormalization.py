"""Parameters of a film at a temperature, and those of its cells.

Parameters that are measured hold for a film at a temperature. The cells of a simulation fluctuate,
which reduces them further: those of a cell, the bare ones, are renormalised (Grinstein and Koch,
2003, doi:10.1103/PhysRevLett.90.207201; Kirschner et al., 2005, doi:10.1063/1.1846411). With the
magnetisation m of a domain of unit moments, Ms is proportional to m, A and D to m², Ku to m³.

m = 1 - n follows from spin waves, n = ⟨|a|²⟩ with m_z = 1 - |a|² and an amplitude a in each cell,
in the self-consistent harmonic (Hartree) approximation. A wave along one of two directions has the
stiffness

    Ku (1 - 2n) - (1 - n) μ0 Ms² (N_z - N)/2 + A (1 - g) Σ 4 sin²(q_i/2)/d_i²,

with N = 0 across the wave vector and 1 - (1 - exp(-k t))/(k t) along it; N_z is that of the strip,
1 in an infinite film. Of two neighbours, g = (1 - ⟨m_i·m_j⟩)/2 is the mean of the last factor, each
wave weighted with its share of n, over 2/d_x² + 2/d_y². DMI is of higher order in a domain.
"""

import math
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wallnet.constants import BOLTZMANN, VACUUM_PERMEABILITY
from wallnet.film.terms import Cell, Terms

_WAVES = 32
"""Wave vectors along each axis from 0 to π: more change m by less than 1e-5."""


CLOSEST = 0.9
"""Share of the Curie temperature where the laws of a film end: by Bloch's law, which is one of low
temperatures, 15 % of the magnetisation is left, and critical fluctuations begin. Our choice."""


def bloch(temperature: float, curie_temperature: float) -> float:
    """Return the magnetisation as a fraction of that at 0 K, by Bloch's law."""
    return float(1 - (temperature / curie_temperature) ** 1.5)


def scaled(
    terms: Terms, ratio: float, anisotropy: float = 3.0, exchange: float = 2.0, dmi: float = 2.0
) -> Terms:
    """Return the terms of a film with another magnetisation, a fraction of theirs.

    Ku, A and D change with these powers of the magnetisation.
    """
    return replace(
        terms,
        saturation_magnetization=terms.saturation_magnetization * ratio,
        exchange_stiffness=terms.exchange_stiffness * ratio**exchange,
        dmi_constant=terms.dmi_constant * ratio**dmi,
        anisotropy=terms.anisotropy * ratio**anisotropy,
    )


class Law(NamedTuple):
    """How a film changes with its temperature: its magnetisation m by Bloch's law, others by m."""

    curie_temperature: float
    """Curie temperature Tc in K."""
    anisotropy_exponent: float
    """Power of m with which Ku changes."""
    exchange_exponent: float
    """Power of m with which A changes."""
    dmi_exponent: float
    """Power of m with which D changes."""
    damping_law: str
    """With `llb`, α ∝ (1 - T/3Tc)/m, the damping across m of the Landau-Lifshitz-Bloch equation."""

    @property
    def last_temperature(self) -> float:
        """Temperature in K where the laws end, `CLOSEST` to the Curie temperature."""
        return CLOSEST * self.curie_temperature

    def _damping(self, temperature: float) -> float:
        share = 1 - temperature / (3 * self.curie_temperature)
        return share / bloch(temperature, self.curie_temperature)

    def at_temperature(self, film: Terms, ambient: float, temperature: float) -> Terms:
        """Return the terms of a film at another temperature than `ambient`, where it has its terms.

        Both are in K and below the Curie temperature. A changed damping has three digits, so that
        few weights of the thermal field are needed.
        """
        curie, *powers, damping_law = self
        ratio = bloch(temperature, curie) / bloch(ambient, curie)
        scaled_film = scaled(film, ratio, *powers)
        if damping_law == "llb":
            damping = film.damping * self._damping(temperature) / self._damping(ambient)
            scaled_film = replace(scaled_film, damping=float(f"{damping:.3g}"))
        return scaled_film

    def limits(self, film: Terms, ambient: float, demagnetization: float) -> tuple[float, float]:
        """Return the temperatures in K where D of a film is critical, and where its model ends.

        The ambient temperature is as for `at_temperature`, the demagnetisation N_z - N_x. From the
        first on, |D| is at least 4 √(A K_eff)/π and walls lower the energy. The second is that of
        K_eff = Ku - μ0 Ms² (N_z - N_x)/2 = 0. Either is `last_temperature` if it is not
        reached below, as with an exponent of Ku up to 2.
        """
        shape = VACUUM_PERMEABILITY * film.saturation_magnetization**2 / 2 * demagnetization
        dmi = (math.pi * film.dmi_constant / 4) ** 2 / film.exchange_stiffness
        m = max(bloch(ambient, self.curie_temperature), 0.0)
        # r = m(T)/m(T_ambient)
        ratio = np.linspace(1, 0, 20_001)[:-1]
        effective = film.anisotropy * ratio ** (self.anisotropy_exponent - 2) - shape
        energy = effective - dmi * ratio ** (2 * self.dmi_exponent - self.exchange_exponent - 2)

        def where(left: NDArray[np.float64]) -> float:
            """Return the temperature up to which an energy is left."""
            if (left > 0).all():
                return self.last_temperature
            first = int(np.argmax(left <= 0))
            pair = slice(max(first - 1, 0), first + 1)
            reached = np.interp(0.0, left[pair][::-1], ratio[pair][::-1])
            return min(
                self.curie_temperature * float(1 - reached * m) ** (2 / 3), self.last_temperature
            )

        return where(energy), where(effective)


@lru_cache(maxsize=64)
def domain_magnetization(
    terms: Terms,
    cell: Cell,
    temperature: float,
    demagnetization: float = 1.0,
    renormalized: bool = False,
) -> float:
    """Return the mean of a cell's moment along a perpendicular domain far from walls.

    The edges of a cell are in m, the temperature in K, the demagnetisation is N_z of the strip. The
    terms are those of a cell, or those of the film (`renormalized`).

    Raises
    ------
    ValueError
        If the domain is not stable; so do the functions below.
    """
    if terms.further:
        names = ", ".join(term.name for term in terms.further)
        raise ValueError(
            f"{names} is not in the spin waves that renormalise a film; leave it out, or set "
            "temperature.values_of: cells"
        )
    q = (np.arange(_WAVES) + 0.5) * math.pi / _WAVES
    x, y = q / cell[0], q[:, np.newaxis] / cell[1]
    waves = 4 * (np.sin(q / 2) / cell[0]) ** 2 + 4 * (np.sin(q / 2) / cell[1])[:, np.newaxis] ** 2
    depth = np.hypot(x, y) * cell[2]
    along = 1 + np.expm1(-depth) / depth
    m, bonds = 1.0, 1.0
    for _ in range(200):
        bare = scaled(terms, 1 / m) if renormalized else terms
        shape = VACUUM_PERMEABILITY * bare.saturation_magnetization**2 / 2 * bare.stray_field
        uniform = bare.anisotropy * (2 * m - 1) - shape * m * demagnetization
        across = uniform + bare.exchange_stiffness * bonds * waves
        if m < 0.5 or across.min() <= 0:
            break
        inverse = (1 / across + 1 / (across + shape * m * along)) / 2
        waves_of = BOLTZMANN * temperature / (2 * math.prod(cell)) * inverse
        bonds = 1 - float((waves_of * waves).mean()) / (2 / cell[0] ** 2 + 2 / cell[1] ** 2)
        before, m = m, 1 - float(waves_of.mean())
        if abs(m - before) < 1e-9:
            return m
    raise ValueError(
        f"uniaxial_anisotropy is too low: at {temperature:g} K the film is not perpendicular; "
        "raise it or lower the temperature"
    )


def of_film(terms: Terms, cell: Cell, temperature: float, demagnetization: float = 1.0) -> Terms:
    """Return the terms that a film of cells has at a temperature in K."""
    return scaled(terms, domain_magnetization(terms, cell, temperature, demagnetization))


def of_cells(terms: Terms, cell: Cell, temperature: float, demagnetization: float = 1.0) -> Terms:
    """Return the terms of cells whose film has given terms at a temperature in K."""
    m = domain_magnetization(terms, cell, temperature, demagnetization, renormalized=True)
    return scaled(terms, 1 / m)
