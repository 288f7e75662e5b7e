"""Groups of coefficients of a film, as `stage` takes them."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wallnet.film.cells import Value
from wallnet.film.stage import Bond, Directions, Dynamics, Local
from wallnet.film.terms import Layer, LocalTerm, SpinTorque
from wallnet.film.terms.energies import SIDES

BONDS = tuple(f"{side}_{name}" for side in SIDES for name in Bond._fields)
"""Names of the group of bonds, in its order."""


def _group(values: Sequence[Value], layer: Layer) -> NDArray[np.float32]:
    """Return a group of coefficients, with a frame of zeros if they are arrays."""
    if all(np.ndim(value) == 0 for value in values):
        return np.array(values, dtype=np.float32)
    rows, columns = layer.mask.shape
    group = np.zeros((len(values), rows + 2, columns + 2), dtype=np.float32)
    for cells, value in zip(group, values, strict=True):
        cells[1:-1, 1:-1] = value
    return group


def groups(layer: Layer, torque: SpinTorque | None) -> tuple[NDArray[np.float32], ...]:
    """Return the groups of coefficients of `stage`.

    Numbers and arrays of a film are the same with and without a torque.
    """
    cells, values = layer.cells, linear(layer)
    for name in ("yy", "zz"):
        values[name] = values[name] - values["xx"]
    damping, filled = layer.terms.damping * cells.value("damping"), cells.value("filled")
    spins = cells.spins(torque.direction if torque else (0.0, 0.0, 0.0))
    # arrays of the spins have their size
    varies = cells.polarized is not None or np.ndim(values["xz"]) or np.ndim(values["yz"])
    spins = spins * filled if varies else spins[:, 0, 0]
    moment, inverse = cells.value("moment"), cells.value("inverse_moment")
    chosen: list[Sequence[Value]] = [
        [values[name] for name in BONDS],
        Local(*(values[name] for name in Local._fields)),
        Directions(values["xz"], values["yz"], *spins),
        Dynamics(
            damping=damping,
            rate=(1 + layer.terms.damping**2) / (1 + damping**2) * inverse,
            moment=moment,
            spin=filled,
            noise=cells.value("noise") * moment,
        ),
    ]
    # fields are times the moment
    weight = filled * cells.value("thickness") / layer.saturation_induction
    own = [(weight, *term.constants(layer)) for term in local_terms(layer)]
    return tuple(_group(group, layer) for group in [*chosen, *own])


def linear(layer: Layer) -> defaultdict[str, Value]:
    """Return the sum of `Term.coefficients`: what is linear in m of the fields of all terms."""
    values: defaultdict[str, Value] = defaultdict(float)
    for term in layer.terms.energy:
        for name, value in term.coefficients(layer).items():
            values[name] = values[name] + value
    return values


def local_terms(layer: Layer) -> list[LocalTerm]:
    """Return the terms of a film whose fields the engine compiles."""
    return [term for term in layer.terms.energy if isinstance(term, LocalTerm)]


def driven(layer: Layer, torque: SpinTorque | None) -> tuple[float, NDArray[np.float64]]:
    """Return the torque and the applied field of a film, both in A/m.

    The torque is β P Λ²/2, or β P Λ² if it depends on the angle. The field has the shape (3, 1, 1),
    or (3, rows, columns) if it differs between cells.
    """
    uniform = sum(term.uniform_field(layer) for term in layer.terms.energy)
    field = np.asarray(uniform)[:, None, None]
    if torque is None:
        return 0.0, field
    if torque.field_like:
        spins = layer.cells.torque(torque.direction)
        field = field + torque.beta(layer) * torque.field_like * spins
    if layer.current_field is not None:
        field = field + torque.current_density * layer.current_field
    return torque.strength(layer) / (1 if torque.angle else 2), field
