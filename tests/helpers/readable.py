"""Tables that a command writes, as cells that a test compares with a literal as a whole."""

import re


def tables_in(markdown):
    """Return header and rows of each table of a text in Markdown, by its title."""
    tables = {}
    for text in markdown.splitlines():
        if text.startswith("## "):
            rows = tables.setdefault(text.removeprefix("## "), [])
        elif text.startswith("| "):
            rows.append([cell.strip() for cell in text.strip("|").split("|")])
    return tables


def columns_in(markdown):
    """Return the columns of each table, with the header first, by its title."""
    return {
        title: [list(cells) for cells in zip(*rows, strict=True)]
        for title, rows in tables_in(markdown).items()
    }


def cells_in(page):
    """Return all cells of the tables of a page, with the headers, row by row."""
    return re.findall(r"<t[hd](?: class=number)?>(.*?)</t[hd]>", page)
