"""Tables of conductance steps: the form of CrossSim 2, in which Liu and others publish theirs.

Such a table describes a device of *continuous* conductance. It has no levels, so networks on levels
refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from wallnet.files.whole import LARGEST_JSON, FileError, regular

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import ArrayLike, NDArray

INCREASING, DECREASING = "dG_increasing.txt", "dG_decreasing.txt"

COMMENT = "1st row: G (S); 2nd row: CDF; then dG (S), a row for each CDF and a column for each G"

NO_LEVELS = (
    "has steps of a continuous conductance and no levels for networks; take a device with levels, "
    "or sample this one with StepTables.sampled"
)
"""Why networks refuse such a device; it follows its name."""


@dataclass(frozen=True, eq=False)
class StepTables:
    """Distributions of the change of a conductance by one pulse up, and by one down.

    Attributes
    ----------
    conductances : numpy.ndarray
        Conductances before the pulse in S, ascending, shape (conductances,). They are no levels;
        networks cannot tell this array from some.
    probabilities : numpy.ndarray
        Cumulative probabilities, ascending from 0 to 1, shape (probabilities,).
    increasing, decreasing : numpy.ndarray
        Changes in S by a pulse up and by one down, shape (probabilities, conductances).
    """

    conductances: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    increasing: NDArray[np.float64]
    decreasing: NDArray[np.float64]

    @classmethod
    def read(cls, increasing: str | Path, decreasing: str | Path) -> Self:
        """Read the two files of a device.

        Raises
        ------
        FileError
            If a file is missing or is no such table, or if the two have different axes.
        """
        *axes, up = _read(Path(increasing))
        *others, down = _read(Path(decreasing))
        if not all(map(np.array_equal, axes, others)):
            raise FileError(
                f"{decreasing} has other conductances or probabilities than {increasing}; give two "
                "files of one device"
            )
        return cls(axes[0], axes[1], up, down)

    def write(self, folder: Path) -> None:
        """Write the two files of a device."""
        for name, changes in ((INCREASING, self.increasing), (DECREASING, self.decreasing)):
            rows = [self.conductances, self.probabilities, *changes]
            lines = [",".join(f"{value:.8e}" for value in row) for row in rows]
            (folder / name).write_text("\n".join([COMMENT, *lines, ""]), encoding="utf-8")

    def sampled(
        self, conductances: ArrayLike, pulses: ArrayLike, generator: Generator
    ) -> NDArray[np.float64]:
        """Return conductances after pulses, each change drawn by the inverse distribution.

        Changes are interpolated between the conductances and probabilities of the table;
        conductances stay within its range.

        Parameters
        ----------
        conductances : array_like
            Conductances before in S, any shape.
        pulses : array_like
            Number of pulses of each: up if above 0, down if below. Broadcasts.
        generator : numpy.random.Generator
            Random numbers.
        """
        from scipy.interpolate import RegularGridInterpolator

        lowest, highest = self.conductances[[0, -1]]
        present, left = np.broadcast_arrays(np.asarray(conductances, float), np.asarray(pulses))
        present, left = np.array(np.clip(present, lowest, highest)), left.copy()
        axes = (self.probabilities, self.conductances)
        tables = {1: self.increasing, -1: self.decreasing}
        changes = {sign: RegularGridInterpolator(axes, own) for sign, own in tables.items()}
        while left.any():
            uniform = generator.random(present.shape)
            for sign, change in changes.items():
                chosen = np.sign(left) == sign
                points = np.stack([uniform[chosen], present[chosen]], axis=-1)
                present[chosen] = np.clip(present[chosen] + change(points), lowest, highest)
            left -= np.sign(left)
        return present


@contextmanager
def levels_expected(path: str | Path) -> Iterator[None]:
    """Refuse a table of conductance steps, where a file was read as one of levels in vain."""
    try:
        yield
    except FileError as error:
        try:
            _read(Path(path))
        except FileError:
            raise error from None
        raise FileError(f"{path} {NO_LEVELS}") from None


def _read(path: Path) -> tuple[NDArray[np.float64], ...]:
    """Return conductances, probabilities and changes of a file."""
    fault = f"{path} is no table of conductance steps"
    try:
        lines = regular(path, LARGEST_JSON).read_text(encoding="utf-8").splitlines()[1:]
        first, second, *rows = (
            [float(v) for v in line.split(",")] for line in lines if line.strip()
        )
        conductances, probabilities, changes = np.array(first), np.array(second), np.array(rows)
    except OSError as error:
        raise FileError(f"{path} cannot be read ({error.strerror}); check it") from None
    except ValueError:
        raise FileError(f"{fault}; write a comment, G, CDF, then rows of numbers") from None
    if changes.shape != (len(probabilities), len(conductances)) or len(conductances) < 2:
        raise FileError(f"{fault}; write a row for each CDF and a column for each G, two or more")
    if not np.isfinite(changes).all():
        raise FileError(f"{fault}: a change is not finite; write a number")
    if not (np.diff(conductances) > 0).all() or conductances[0] < 0:
        raise FileError(f"{fault}: G does not rise from 0 or more; sort its columns")
    if not (np.diff(probabilities) > 0).all() or probabilities[0] != 0 or probabilities[-1] != 1:
        raise FileError(f"{fault}: its CDF does not rise from 0 to 1; write all of it")
    return conductances, probabilities, changes
