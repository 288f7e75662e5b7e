"""Tables of values in columns, written as CSV, Markdown and HTML.

The functions import pandas themselves, because the command line imports this module.
"""

import math
import numbers
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

Format = str | Mapping[Any, str] | Callable[[Any], str]
"""Format of values as text: a format specification, the text of each value, or a function."""

_MARKUP = str.maketrans({"<": "&lt;", ">": "&gt;", "|": r"\|", "`": r"\`", "[": r"\[", "]": r"\]"})


def markdown_text(text: str) -> str:
    r"""Return external text as Markdown that shows it in one line without any markup.

    Examples
    --------
    >>> print(markdown_text("<b> | [a](b)"))
    &lt;b&gt; \| \[a\](b)
    """
    return " ".join(text.split()).translate(_MARKUP)


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
        return list(map(str, self.frame.columns))

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
        return [
            name in self.formats and not isinstance(self.formats[name], Mapping)
            for name in self.columns
        ]

    def as_csv(self) -> str:
        """Return comma-separated values with a header."""
        import pandas

        rows = pandas.DataFrame(self.rows(), columns=self.columns, dtype=str)
        return rows.to_csv(index=False, lineterminator="\n")

    def as_markdown(self, heading: str = "") -> str:
        """Return Markdown with padded columns, which is also readable as text.

        Parameters
        ----------
        heading : str
            Markdown prefix of a heading for the title, such as "##"; no heading if empty.
        """
        header = list(map(markdown_text, self.columns))
        rows = [list(map(markdown_text, row)) for row in self.rows()]
        widths = [max(3, *map(len, column)) for column in zip(header, *rows, strict=True)]
        to_the_right = self.are_numbers()

        def line(cells: Sequence[str]) -> str:
            padded = (
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(cells, widths, to_the_right, strict=True)
            )
            return f"| {' | '.join(padded)} |\n"

        rule = [
            "-" * (width - right) + ":" * right
            for width, right in zip(widths, to_the_right, strict=True)
        ]
        above = f"{heading} {markdown_text(self.title)}\n\n" if heading else ""
        return above + "".join(map(line, [header, rule, *rows]))


def of_columns(title: str, columns: Mapping[str, tuple[Any, Format]]) -> Table:
    """Return a table of columns, each with its values and their format; "" for none."""
    import pandas

    frame = pandas.DataFrame({name: values for name, (values, _) in columns.items()})
    return Table(title, frame, {name: form for name, (_, form) in columns.items() if form})


def rendered(template: str, **values: Any) -> str:
    """Return a page from a template of this folder."""
    import jinja2

    look: dict[str, Any] = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    loader = jinja2.PackageLoader("wallnet", "report")
    pages = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, **look)
    return pages.get_template(template).render(**values)


def page(
    title: str, tables: Iterable[Table], notes: Iterable[str] = (), first: Iterable[str] = ()
) -> str:
    """Return a page of the report with tables and paragraphs of text above and below them.

    Parameters
    ----------
    title : str
        Title of the page.
    tables : iterable of Table
        The tables.
    notes : iterable of str
        Paragraphs below the tables.
    first : iterable of str
        Paragraphs above the tables.
    """
    told = {"tables": [*tables], "notes": [*notes], "first": [*first]}
    return rendered("tables.html.j2", title=title, **told)


def texts(title: str, tables: Sequence[Table], first: Sequence[str] = ()) -> dict[str, str]:
    """Return the first table as CSV, and all of them as Markdown and HTML.

    Sentences that come first are in the latter two.
    """
    parts = [*(f"{markdown_text(text)}\n" for text in first)]
    parts += [table.as_markdown("##") for table in tables]
    return {
        "csv": tables[0].as_csv(),
        "markdown": "\n".join(parts),
        "html": page(title, tables, first=first),
    }
