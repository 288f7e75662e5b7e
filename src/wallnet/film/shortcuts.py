"""Names of the engine's shortcuts. Importing them loads nothing else."""

from typing import Literal, get_args

Shortcut = Literal["stray_field_extrapolation", "resting_columns", "stray_field_window"]

SHORTCUTS: tuple[Shortcut, ...] = get_args(Shortcut)
"""What the engine saves: the far stray field at every stage, columns that hardly move, and the far
stray field where no column moves.
"""
