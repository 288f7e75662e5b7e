"""Texts of users stay text in every format that the package writes, and in a terminal."""

import csv
import io
import json
from html.parser import HTMLParser
from unicodedata import category

import pandas
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from matplotlib import pyplot

from wallnet import cli
from wallnet.files.whole import digest_path, terminal_text
from wallnet.report import style, tables

HOSTILE = (
    "</script><script>alert(3)</script>",
    '<img src=x onerror="alert(1)">',
    '=HYPERLINK("http://a.b")',
    "@SUM(A1)",
    "-2+3+cmd|' /C calc'!A0",
    "+1",
    "\x1b[2J\x1b]0;title\x07\u202etxt",
    "$\\frac{$",
    "a | b `c` [d](http://e) ![f](g) *h* _i_ ~~j~~",
    "\\[a\\](b) \\*c\\*",
    "# heading",
    "1. item",
    "- item",
    "&lt;b&gt;",
    "{{ 7 * 7 }} {wildcards}",
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def hostile(function):
    """Test with hostile texts, and with any."""
    test = given(text=st.one_of(st.sampled_from(HOSTILE), texts))(function)
    for text in HOSTILE:
        test = example(text=text)(test)
    return test


def in_one_line(text):
    return " ".join(terminal_text(text).split())


class Page(HTMLParser):
    """The tags of a page with a script, and the texts of its cells."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.cells = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag in ("td", "th", "caption"):
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data


def table(text):
    return tables.Table(text, pandas.DataFrame({text: [text]}))


@hostile
def test_html_has_the_same_tags_whatever_a_text_is(text):
    page = Page(tables.texts(text, [table(text)], [text])["html"])
    harmless = Page(tables.texts("a", [table("a")], ["a"])["html"])
    assert page.tags == harmless.tags
    assert [cell.split() for cell in page.cells[:2]] == [text.split()] * 2


@hostile
def test_a_script_of_a_page_ends_where_it_should(text):
    data = json.dumps({text: [text]})
    written = tables.script_text(data)
    assert json.loads(written) == {text: [text]}
    assert Page(f"<script>{written}</script>").tags == ["script"]


@hostile
def test_no_cell_of_a_csv_file_is_a_formula(text):
    rows = list(csv.reader(io.StringIO(table(text).as_csv(), newline="")))
    cells = [cell for row in rows for cell in row]
    for cell in cells:
        assert terminal_text(text) in (cell, cell.removeprefix("'"))
        number = cell.lstrip("+-").replace(".", "").isdigit()
        assert number or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("number", ["-1.5e-3", "0", "+2", "12,000", "–", "±3"])
def test_numbers_in_a_csv_file_are_as_they_are(number):
    assert tables.csv_text(number) == number


@hostile
def test_markdown_shows_a_text_and_interprets_nothing(text):
    written = tables.markdown_text(text)
    shown = in_one_line(text)
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    paragraph = reader.parse(written)
    if shown:
        _, inline, _ = paragraph
        assert {child.type for child in inline.children} == {"text"}
        assert "".join(child.content for child in inline.children) == shown
        assert [token.tag for token in paragraph] == ["p", "", "p"]
    cells = [t for t in reader.parse(table(text).as_markdown()) if t.type == "inline"]
    assert ["".join(c.content for c in t.children) for t in cells] == [shown] * 3
    assert written.count("$") == written.count("\\$")


@hostile
def test_a_label_of_a_figure_is_no_formula(text):
    label = style.plain(text)
    assert not pyplot.matplotlib.cbook.is_math_text(label)


@hostile
def test_a_terminal_executes_nothing(text):
    shown = terminal_text(text)
    assert len(shown) == len(text)
    assert not {category(c) for c in shown if c not in "\n\t"} & {"Cc", "Cf", "Cs"}


def test_what_another_wrote_beside_a_result_is_no_command_of_the_terminal(tmp_path, capsys):
    """The reason of a refused file is in its digest file, which comes with the folder."""
    path = tmp_path / "results/a.csv"
    path.parent.mkdir()
    path.write_text("1")
    digest_path(path).write_text("refused: \x1b[2Jis fine\x07")
    odd = path.with_name("b\x1b[31m.csv")
    odd.write_text("2")
    digest_path(odd).write_text("0  b")
    with pytest.raises(SystemExit):
        cli.main(["check", "--directory", str(tmp_path)])
    said = capsys.readouterr().out
    assert "a.csv �[2Jis fine�" in said
    assert "b�[31m.csv is damaged" in said
    assert "\x1b" not in said
