"""Table and figure of the readings of the paper's Table II."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from wallnet.config import Figures
from wallnet.report.networks import made_by
from wallnet.report.studies import draw_interpretations, interpretation_tables, read_numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def tabulate(sources: Mapping[str, Sequence[str]], _: str = "") -> dict[str, str]:
    """Return the texts of the CSV and Markdown files, from `results` and `fine_tuned` ones."""
    found = (read_numbers(sources.get(name, ())) for name in ("results", "fine_tuned"))
    numbers, readable, verdict = interpretation_tables(*found)
    text = f"{verdict}\n\n{readable.as_markdown()}\n{made_by()}"
    return {"csv": numbers.as_csv(), "markdown": text}


def draw(sources: Mapping[str, Sequence[str]], figures: Figures) -> "Figure":
    """Draw the quantised accuracies."""
    return draw_interpretations(read_numbers(sources["results"]), figures)
