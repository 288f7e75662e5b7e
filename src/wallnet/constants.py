"""Physical constants: those of electromagnetism are the values of 2002, which OOMMF uses."""

import math

VACUUM_PERMEABILITY = 4e-7 * math.pi
"""μ0 in N/A²."""
REDUCED_PLANCK = 1.0545717e-34
"""ħ in J s."""
ELEMENTARY_CHARGE = 1.6021765e-19
"""e in C."""
BOLTZMANN = 1.380649e-23
"""k_B in J/K, exact in the SI."""
