"""What the compiled loops and their callers share: the coefficients, and sizes of arrays."""

import numpy as np

PARAMETERS: dict[str, tuple[int, ...]] = {
    "neighbour_x": (3,),  # field in A/m of a neighbour along x per unit of its m, by component
    "neighbour_y": (3,),
    "dmi_x": (),  # field in A/m along z for a difference of m_x of neighbours along x, and back
    "dmi_y": (),
    "local": (3, 3),  # field in A/m linear in the cell's own m
    "precession": (),  # 1, or 0
    "damping": (),  # α
    "noise": (),  # standard deviation of a component of the thermal field in A/m
    "spin_direction": (3,),  # m_p, for a torque that depends on the angle; it has the next three
    "torque": (),  # β P Λ² in A/m
    "lambda_sum": (),  # Λ² + 1
    "lambda_difference": (),  # Λ² - 1
}
"""Coefficients of the inner loops and their shapes: the fields of the record `p` in `loops`."""

RECORD = np.dtype([(name, np.float32, shape) for name, shape in PARAMETERS.items()])
"""Type of the coefficients for the compiled functions."""

BLOCK = 8
"""Edge, in cells, of the blocks over which motion is averaged."""

FIELD_BLOCK = 16
"""Edge, in cells, of the blocks over which the error of the extrapolated field is averaged."""

BAND = 4096
"""Approximate number of cells that pass all stages of a step together."""

ORDERS = 3
"""Largest number of samples in the extrapolation of the slow field."""

WORKSPACE = 19 + 3 * ORDERS
"""Numbers of work space for each packed cell."""

ENTRIES = {
    "stage": "f2 f2 f2 f3 f1 V1 f l",
    "block_speed": "f3 ?2 f3 f1 V1 f f1",
    "advance_ranges": "f3 ?2 l2 f4 l1 f2 f3 f l f1 V1 f1 f1 l l f",
    "extrapolation_error": "f4 l1 f1 f3 f3 l2 l l f1",
    "multiply": "F3 f3",
}
"""Arguments of the compiled functions that Python calls: the character of the type in NumPy (V is
`RECORD`), and of an array the number of its dimensions."""
