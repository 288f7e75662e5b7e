"""Tables of values in columns, written as CSV, Markdown and HTML.

The functions import pandas themselves, because the command line imports this module.
"""

import html
import math
import numbers
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from wallnet.files.whole import terminal_text

if TYPE_CHECKING:
    import pandas

Format = str | Mapping[Any, str] | Callable[[Any], str]
"""Format of values as text: a format specification, the text of each value, or a function."""

Columns = dict[str, tuple[Any, Format]]
"""Values of columns and their formats, "" for none, by the titles of the columns."""

_MARKUP = re.compile(r"[\\`*~|\[\]$]|(?<![^\W_])_|_(?![^\W_])|^[#+-](?=[\s#+-])")
"""What Markdown interprets: links, formulas, emphasis (not by _ within a word), and at the
beginning headings, items and lines."""

_MEASURED = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?( ± \d+(\.\d+)?)?( ?%)?")
"""A number, which may have an error and may be in per cent."""

_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
"""The beginning of a numbered item."""


def markdown_text(text: str) -> str:
    r"""Return external text as Markdown that shows it in one line without any markup.

    Examples
    --------
    >>> print(markdown_text("<b> | [a](b)"))
    &lt;b&gt; \| \[a\](b)
    """
    escaped = _MARKUP.sub(r"\\\g<0>", " ".join(terminal_text(text).split()))
    return html.escape(_NUMBERED.sub(r"\1\\\2", escaped), quote=False)


def csv_text(text: str) -> str:
    """Return external text as a cell that no spreadsheet computes.

    Examples
    --------
    >>> csv_text("=1+1"), csv_text("-1.5e-3"), csv_text("-5.2 ± 0.4 %")
    ("'=1+1", '-1.5e-3', '-5.2 ± 0.4 %')
    """
    text = terminal_text(text)
    if _MEASURED.fullmatch(text):
        return text
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


def script_text(json_text: str) -> str:
    r"""Return JSON that ends no script of a page, whatever texts are in it.

    Examples
    --------
    >>> print(script_text('"</script>"'))
    "\u003c/script\u003e"
    """
    return json_text.replace("<", "\\u003c").replace(">", "\\u003e")


def significant(value: float) -> str:
    """Return a number with at least four significant digits, large ones without exponent."""
    return format(value, ".0f" if abs(value) >= 999.5 else "#.4g")


@dataclass(frozen=True)
class Table:
    """Values in columns, each with a format.

    Attributes
    ----------
    title : str
        Title above the table.
    frame : pandas.DataFrame
        The values; the names of its columns contain their units.
    formats : mapping
        From the name of a column to its `Format`. Values of other columns are not formatted.
    missing : str
        Text for None, NaN and infinite numbers.
    set_apart : frozenset of int
        Rows with a grey background on a page, such as published values.
    """

    title: str
    frame: "pandas.DataFrame"
    formats: Mapping[str, Format] = field(default_factory=dict)
    missing: str = "–"
    set_apart: frozenset[int] = frozenset()

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return [*map(str, self.frame.columns)]

    def rows(self) -> list[list[str]]:
        """Return all values as text."""
        return [
            [self._text(name, value) for name, value in zip(self.columns, row, strict=True)]
            for row in self.frame.itertuples(index=False, name=None)
        ]

    def _text(self, name: str, value: Any) -> str:
        form = self.formats.get(name, "")
        if isinstance(form, Mapping) and value in form:
            return form[value]
        if value is None or (isinstance(value, numbers.Real) and not math.isfinite(value)):
            return self.missing
        if callable(form):
            return form(value)
        return format(value, form) if isinstance(form, str) and form else str(value)

    def are_numbers(self) -> list[bool]:
        """Return which columns contain numbers; these are aligned to the right."""
        return [not isinstance(self.formats.get(name, {}), Mapping) for name in self.columns]

    def as_csv(self) -> str:
        """Return comma-separated values with a header."""
        import pandas

        cells = [list(map(csv_text, row)) for row in self.rows()]
        rows = pandas.DataFrame(cells, columns=[*map(csv_text, self.columns)], dtype=str)
        return rows.to_csv(index=False, lineterminator="\n")

    def as_markdown(self) -> str:
        """Return title and values as Markdown, padded so that it is also readable as text."""
        import pandas

        rows = [list(map(markdown_text, row)) for row in self.rows()]
        frame = pandas.DataFrame(rows, columns=[*map(markdown_text, self.columns)], dtype=str)
        sides = ["right" if is_number else "left" for is_number in self.are_numbers()]
        table = frame.to_markdown(index=False, colalign=sides, disable_numparse=True)
        return f"## {markdown_text(self.title)}\n\n{table}\n"


def of_columns(title: str, columns: Columns) -> Table:
    """Return a table of columns."""
    import pandas

    frame = pandas.DataFrame({name: values for name, (values, _) in columns.items()})
    return Table(title, frame, {name: form for name, (_, form) in columns.items() if form})


def rendered(template: str, **values: Any) -> str:
    """Return a page from a template of this folder."""
    import jinja2

    look: dict[str, Any] = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    loader = jinja2.PackageLoader("wallnet", "report")
    pages = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, **look)
    pages.policies["json.dumps_kwargs"] = {"sort_keys": False, "separators": (",", ":")}
    return pages.get_template(template).render(**values)


def texts(
    title: str,
    tables: Sequence[Table],
    first: Sequence[str] = (),
    notes: Sequence[str] = (),
    numbers: Table | None = None,
) -> dict[str, str]:
    """Return tables as CSV, and as Markdown and HTML with paragraphs above and below them.

    Parameters
    ----------
    title : str
        Title of the page.
    tables : sequence of Table
        The tables.
    first : sequence of str
        Plain text above the tables.
    notes : sequence of str
        Markdown below them, without other markup than emphasis.
    numbers : Table, optional
        The table that is written as CSV, if it is not the first.
    """
    parts = [*(f"{markdown_text(text)}\n" for text in first)]
    parts += [*(table.as_markdown() for table in tables), *(f"{note}\n" for note in notes)]
    plain = [note.replace("*", "") for note in notes]
    return {
        "csv": (numbers or tables[0]).as_csv(),
        "markdown": "\n".join(parts),
        "html": rendered("tables.html.j2", title=title, tables=tables, notes=plain, first=first),
    }


@cache
def _notes() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("notes.toml").read_text("utf-8"))


def notes_of(table: str) -> Any:
    """Return the text of `notes.toml` about a table, or its texts."""
    return _notes()[table]


def lines_of(table: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of text as lines, with the first column on the left, the others on the right."""
    widths = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in table
    ]
