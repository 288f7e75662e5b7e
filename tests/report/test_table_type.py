"""The type of tables and its three writers."""

import csv
import io

import pandas
import pytest

from wallnet.report.tables import Table, markdown_text, texts


@pytest.fixture
def table():
    frame = pandas.DataFrame(
        {
            "name": ["a, b", '"c"', "d\ne"],
            "G (µS)": [1.23456, float("nan"), float("inf")],
            "count": [3, 20, -1],
            "rests": [1, 0, -1],
            "seeds": [(1.0, 2.0), (), (4.0,)],
        }
    )
    formats = {
        "G (µS)": ".2f",
        "count": "d",
        "rests": {1: "yes", 0: "no", -1: "not asked"},
        "seeds": lambda values: "/".join(f"{value:.1f}" for value in values) or "none",
    }
    return Table("A title", frame, formats, set_apart=frozenset({1}))


def test_each_column_is_written_in_its_format(table):
    assert table.columns == ["name", "G (µS)", "count", "rests", "seeds"]
    assert table.rows() == [
        ["a, b", "1.23", "3", "yes", "1.0/2.0"],
        ['"c"', "–", "20", "no", "none"],
        ["d\ne", "–", "-1", "not asked", "4.0"],
    ]


def test_csv_holds_every_cell_as_it_is(table):
    header, *rows = csv.reader(io.StringIO(table.as_csv()))
    assert header == table.columns
    assert rows == table.rows()
    assert "\r" not in table.as_csv()


def test_what_is_missing_stands_as_the_table_says():
    frame = pandas.DataFrame({"a": [None, 0.1 + 0.2, 7, True]}, dtype=object)
    assert Table("t", frame, missing="").as_csv() == 'a\n""\n0.30000000000000004\n7\nTrue\n'
    verdicts = Table("t", frame.iloc[[0, 3]], {"a": {None: "finding", True: "yes"}})
    assert verdicts.rows() == [["finding"], ["yes"]]


def test_markdown_reads_as_text_and_aligns_numbers_to_the_right(table):
    assert table.as_markdown().splitlines() == [
        "## A title",
        "",
        "| name   |   G (µS) |   count | rests     |   seeds |",
        "|:-------|---------:|--------:|:----------|--------:|",
        "| a, b   |     1.23 |       3 | yes       | 1.0/2.0 |",
        '| "c"    |        – |      20 | no        |    none |',
        "| d e    |        – |      -1 | not asked |     4.0 |",
    ]


def test_a_page_sets_rows_apart_and_shows_text_from_outside_to_the_letter(table):
    frame = table.frame.rename(columns={"name": "<i>"})
    above = Table("A & B", frame, table.formats, set_apart=table.set_apart)
    text = texts("<t>", [above], notes=["1 < *2*"])["html"]
    assert text.startswith("<!DOCTYPE html>")
    assert "<title>&lt;t&gt;</title>" in text
    assert "<caption>A &amp; B</caption>" in text
    assert "<th>&lt;i&gt;</th><th class=number>G (µS)</th>" in text
    assert "<tr><td>a, b</td><td class=number>1.23</td>" in text
    assert "<tr class=apart><td>&#34;c&#34;</td>" in text
    assert text.count("class=apart") == 1
    assert text.index("</table>") < text.index("<p>1 &lt; 2</p>")


def test_a_table_without_rows_keeps_its_header():
    empty = Table("t", pandas.DataFrame([], columns=["one", "a `b`"]))
    assert empty.as_csv() == "one,a `b`\n"
    assert empty.as_markdown() == "## t\n\n| one   | a \\`b\\`   |\n|-------|-----------|\n"


def test_columns_may_share_a_name():
    """A device may have the name of the first column of the table of parameters."""
    table = Table("t", pandas.DataFrame([["length", "m", "1e-6"]], columns=["key", "unit", "key"]))
    assert table.as_csv() == "key,unit,key\nlength,m,1e-6\n"


def test_text_from_outside_stays_in_its_cell():
    assert markdown_text("<b>\n | [a](b) `c`") == r"&lt;b&gt; \| \[a\](b) \`c\`"
