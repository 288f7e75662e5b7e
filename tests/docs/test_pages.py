"""Pages stay short, use the field's terms, and have all times in one place."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    path.relative_to(ROOT).as_posix()
    for pattern in (
        "README.md",
        "CONTRIBUTING.md",
        "docs/*.md",
        "docs/[!_]*/*.md",
        "benchmarks/*.md",
    )
    for path in sorted(ROOT.glob(pattern))
]
LONGEST = 2_000
TOGETHER = 29_000
"""Largest numbers of words written by hand of any page, and of all."""

PRIVATE = (
    "prices?|kept levels?|rewritable levels?|staircases?|held cells?|placed walls?|freeing"
    "|train(?:ed|ing) on the levels|quantised without training"
)
"""Terms that readers of the literature do not know; names of keys and files remain."""


def text(page):
    return (ROOT / page).read_text(encoding="utf-8")


def by_hand(page):
    return re.sub(r"<!-- table ([\w-]+) -->.*?<!-- end \1 -->", "", text(page), flags=re.S)


def test_every_page_can_be_read_at_once_and_all_in_a_day():
    words = {page: len(by_hand(page).split()) for page in PAGES}
    assert {page: count for page, count in words.items() if count > LONGEST} == {}
    assert sum(words.values()) <= TOGETHER


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_no_long_table(page):
    """Longer ones are linked as CSV files."""
    if page != "docs/configuration.md":
        tables = re.findall(r"^\|[-:| ]+\|\n((?:\|.*\n)*)", text(page), re.M)
        assert max((table.count("\n") for table in tables), default=0) <= 20


@pytest.mark.parametrize("page", [page for page in PAGES if "tutorials" not in page])
def test_prose_has_the_terms_of_the_field(page):
    prose = re.sub(
        r"```.*?```|`[^`]*`|\[[\w./-]+\.md\]\(.*?\)|\]\(.*?\)|^    .*?$",
        "",
        by_hand(page),
        flags=re.S | re.M,
    )
    assert re.findall(rf"\b(?:{PRIVATE})\b", prose, re.I) == []
