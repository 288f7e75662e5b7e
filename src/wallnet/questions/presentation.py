"""What studies show: columns of tables, texts, and parts of the page."""

import csv
import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet.config import Figures
from wallnet.files.schema import SAMPLE
from wallnet.questions.question import AS_CONFIGURED
from wallnet.report import style
from wallnet.report.tables import Format, Table, significant

if TYPE_CHECKING:
    import pandas
    import xarray

YES = {1: "yes", 0: "no"}
"""Text of a flag."""

SETTLED = {**YES, -1: "not asked"}
"""Text of whether a wall came to rest."""


def some(count: int, total: int, what: str) -> str:
    """Return as text how many of all things meet a condition.

    Examples
    --------
    >>> some(0, 3, "pulses"), some(2, 3, "pulses"), some(3, 3, "pulses")
    ('none of 3 pulses', '2 of 3 pulses', 'all 3 pulses')
    >>> some(0, 1, "states of a wall"), some(1, 1, "states of a wall")
    ('no state of a wall', 'the only state of a wall')
    """
    if total == 1:
        return ("the only " if count else "no ") + re.sub(r"s\b", "", what, count=1)
    return f"all {total} {what}" if count == total else f"{count or 'none'} of {total} {what}"


def between(values: Any, unit: float = 1e12, name: str = "× 10¹² A/m²") -> str:
    """Return the smallest and the largest of some values, current densities in A/m², as text."""
    numbers = np.asarray(values) / unit
    ends = (f"{number:.3g}" for number in (numbers.min(), numbers.max()))
    return f"{' to '.join(dict.fromkeys(ends))} {name}"


def of_variant(name: str) -> str:
    """Return the name of a variant in brackets; nothing if there are no variants."""
    return "" if name == AS_CONFIGURED else f" ({name})"


def with_temperature(name: str, data: "xarray.Dataset") -> str:
    """Return a name with the temperature at which a dataset holds, if its pulses have one."""
    kelvin = data.attrs.get("simulation_temperature")
    return f"{name} at {kelvin}" if kelvin else name


def rows_of(data: "xarray.Dataset", *dimensions: str) -> "pandas.DataFrame":
    """Return the variables over the given dimensions alone, with a row for each place."""
    return data.drop_dims({*data.dims} - {*dimensions}).to_dataframe([*dimensions]).reset_index()


def cells(
    axes: "style.Axes",
    colours: NDArray[Any],
    texts: NDArray[Any],
    columns: Sequence[str],
    rows: Sequence[str],
) -> None:
    """Draw coloured cells with text, shape (row, column), the first row at the bottom.

    `columns` and `rows` are their labels. Text is small if lines are long and columns are
    many.
    """
    from matplotlib.patches import Rectangle

    longest = max(len(line) for text in texts.flat for line in str(text).split("\n"))
    # of the width of the figure in points; a character is less wide than 0.6 of its size
    wide = 0.85 * axes.figure.bbox.width / axes.figure.dpi * 72 / len(columns)
    size = min(6.0, wide / (0.6 * max(longest, 1)))
    for row, column in np.ndindex(texts.shape):
        colour, text = colours[row, column], texts[row, column]
        place = (column - 0.5, row - 0.5)
        axes.add_patch(Rectangle(place, 1, 1, facecolor=colour, edgecolor="white"))
        if text:
            axes.text(column, row, str(text), ha="center", va="center", size=size)
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-0.5, len(rows) - 0.5))
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)


@dataclass(frozen=True)
class Headline:
    """A part of the page of a campaign, such as one that a study provides."""

    title: str
    caption: str = ""
    """Caption of the figure of the study; the part has no figure if it is empty."""
    text: Sequence[str] = ()
    """Sentences."""
    tables: Sequence[Table] = ()
    png: str = ""
    data: str = ""
    """The figure and the file with its numbers, relative to the folder of the campaign; these and
    what follows are added by the page."""
    picture: str = ""
    """The figure as a URI."""
    made: str = ""
    """What made its numbers."""


class Presentation(ABC):
    """What a study shows: tables and a figure of its dataset, and parts of the page of a campaign.

    A study has one: the class `Show` of its module `show`. It has `tables` and `draw`; the page
    leaves out what it does not have. Methods get the dataset of the perfect device, unless they say
    more, and the name of its subject.
    """

    of_samples = False
    """Whether `draw` and `finding` take all samples of a dataset, and not the perfect device."""

    @abstractmethod
    def tables(self, data: "xarray.Dataset", name: str) -> list[Table]:
        """Return the tables of a dataset."""

    @abstractmethod
    def draw(self, data: "xarray.Dataset", figures: Figures) -> "style.Figure":
        """Return the figure of a dataset."""

    def tables_of_samples(self, data: "xarray.Dataset", name: str) -> list[Table]:
        """Return further tables, given the dataset with all samples."""
        return []

    def finding(self, data: "xarray.Dataset", name: str) -> str:
        """Return what a dataset says of its device in a few words; "" for nothing."""
        return ""

    def faults(self, data: "xarray.Dataset", name: str) -> list[str]:
        """Return what the user should change, as the page shows it."""
        return []

    def compared(self, data: "xarray.Dataset") -> list[dict[str, str]] | None:
        """Return rows of the table of devices, given the dataset with all samples.

        A row has cells as text by the titles of their columns.
        """
        return None

    def headline(
        self, data: "xarray.Dataset | None", settings: Any, device: "xarray.Dataset"
    ) -> "Headline":
        """Return a part of the page, for a study with `Question.headline`.

        The dataset is None if it is not there, and the settings if the subject is not asked for.
        The device is the one that the page shows.
        """
        raise NotImplementedError

    def probabilities(self, data: "xarray.Dataset") -> "pandas.DataFrame | None":
        """Return rows of `model`, `J`, `state`, `P`, `low` and `high`.

        `J` is the current density in 10¹² A/m². `P` is the probability of the state, and the
        others are the ends of its interval.
        """
        return None

    def level_columns(
        self, data: "xarray.Dataset | None", device: "xarray.Dataset"
    ) -> Mapping[str, tuple[Any, Format]]:
        """Return columns of the table of levels of a synapse, given its dataset or None."""
        return {}

    def writing(self, data: "xarray.Dataset", levels: int) -> NDArray[Any] | None:
        """Return the costs of writing a number of levels, or None if they cannot be written."""
        return None

    @classmethod
    @cache
    def titles(cls) -> dict[str, tuple[str, float, Format]]:
        """Return title, unit and format of the variables in tables, of `variables.csv`."""
        formats = {"yes": YES, "settled": SETTLED}
        table = Path(inspect.getfile(cls)).with_name("variables.csv")
        with open(table, encoding="utf-8", newline="") as stream:
            return {
                row["name"]: (
                    row["title"],
                    float(row["unit"] or 1),
                    formats.get(row["format"], row["format"]),
                )
                for row in csv.DictReader(stream)
            }

    @classmethod
    def columns(cls, rows: Any, *names: str) -> dict[str, tuple[Any, Format]]:
        """Return columns of variables, given a dataset or a frame; of all with a title."""
        shown, labels = {}, cls.titles()
        for name in names or [name for name, (title, *_) in labels.items() if title]:
            title, unit, form = labels[name]
            values = np.asarray(rows[name])
            shown[title] = (values / unit if unit != 1 else values, form)
        return shown


def of_samples(data: "xarray.Dataset") -> "xarray.Dataset":
    """Return the samples of a dataset; without any, the perfect device as the only one."""
    if SAMPLE not in data.dims:
        return data.expand_dims(SAMPLE)
    return data.isel({SAMPLE: slice(1, None)}) if data.sizes[SAMPLE] > 1 else data


def spread(data: "xarray.Dataset", show: Presentation, name: str) -> list[Table]:
    """Return the table of the numbers of a dataset over its samples; none if it has no samples.

    Of flags, the mean is the share of samples for which it is true.
    """
    import pandas
    import xarray

    if SAMPLE not in data.dims:
        return []
    labels, frames = show.titles(), []
    for variable, (title, unit, _) in labels.items():
        if not title or variable not in data.data_vars or data[variable].dtype.kind not in "fiu":
            continue
        values = data[variable].reset_coords(drop=True) / unit
        if data[variable].dtype == np.int8:
            values = values.where(values >= 0)
        samples = values[1:]
        numbers = {
            "perfect device": values[0],
            "mean": samples.mean(SAMPLE),
            # equal samples have exactly 0
            "standard deviation": (samples - samples.min(SAMPLE)).std(SAMPLE, ddof=1),
            "least": samples.min(SAMPLE),
            "greatest": samples.max(SAMPLE),
        }
        axes = [str(axis) for axis in values.dims[1:]]
        data_of = xarray.Dataset(numbers | {"samples": samples.count(SAMPLE)})
        frame = data_of.to_dataframe(dim_order=axes)
        places = [entry if isinstance(entry, tuple) else (entry,) for entry in frame.index]
        where = [_place(labels, dict(zip(axes, place, strict=True))) for place in places]
        frames.append(frame.assign(quantity=title, of=where))
    rows = pandas.concat(frames)[["quantity", "of", *numbers, "samples"]]
    return [Table(f"{name}: spread of samples", rows, dict.fromkeys(numbers, significant))]


def _place(labels: Mapping[str, tuple[str, float, Format]], place: Mapping[Any, Any]) -> str:
    """Return a place along axes as text, with their titles and units in tables."""
    words = []
    for axis, value in place.items():
        title, unit, _ = labels.get(axis, (axis, 1.0, ""))
        words.append(f"{title or axis} {value if isinstance(value, str) else f'{value / unit:g}'}")
    return ", ".join(words)
