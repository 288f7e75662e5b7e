"""A film, its energy terms and the torque of a current, and the resulting time step.

Each term is one object; `Terms.energy` lists them. This package contains no
compiled code, so that a campaign can be planned without loading the engine.
"""

from dataclasses import dataclass

from wallnet.film.cells import Cells
from wallnet.film.newell import Cell
from wallnet.film.terms.base import Contribution, Layer, LocalTerm, Mask, Stiffness, Term
from wallnet.film.terms.energies import (
    Demagnetization,
    Exchange,
    InterfacialDMI,
    SpinTorque,
    UniaxialAnisotropy,
    Zeeman,
)


@dataclass(frozen=True)
class Terms:
    """Energy terms and dynamics of a film; a term with a zero constant has no effect.

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
        Whether the stray field of the film is included.
    external_field : tuple of float
        Uniform H in A/m.
    damping : float
        Gilbert α.
    gyromagnetic_ratio : float
        γ0 in m/(A s).
    precession : bool
        Whether m precesses; False for relaxation by damping alone.
    further : tuple of Term
        Further terms.
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
    further: tuple[Term, ...] = ()

    @property
    def energy(self) -> tuple[Term, ...]:
        """The energy terms, in the order of their sum."""
        return (
            Exchange(),
            InterfacialDMI(),
            UniaxialAnisotropy(),
            Demagnetization(self.stray_field),
            Zeeman(self.external_field),
            *self.further,
        )

    @property
    def rate(self) -> float:
        """γ0/(1 + α²) in m/(A s)."""
        return self.gyromagnetic_ratio / (1 + self.damping**2)
