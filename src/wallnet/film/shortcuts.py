"""Names of the engine's shortcuts. Importing them loads nothing else."""

from typing import Literal, get_args

Shortcut = Literal["stray_field_extrapolation", "resting_columns"]

SHORTCUTS: tuple[Shortcut, ...] = get_args(Shortcut)
"""What the engine saves: the far stray field at every stage, and columns that hardly move."""
