"""Pages stay short, use the field's terms, and have all times in one place."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORDS = {"benchmarks/README.md": 2000, "docs/testing.md": 1000, "CONTRIBUTING.md": 500}
"""Largest number of words of a page."""

PRIVATE = (
    "price|kept|rewritable|staircase|held cells|placed wall|freeing|statements"
    "|train(?:ed|ing) on the levels|quantised without training"
)
"""Terms that readers of the literature do not know."""


def text(page):
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", WORDS)
def test_a_page_is_short(page):
    assert len(text(page).split()) <= WORDS[page]


@pytest.mark.parametrize("page", WORDS)
def test_prose_has_the_terms_of_the_field(page):
    prose = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", text(page), flags=re.S)
    assert re.findall(rf"\b(?:{PRIVATE})\b", prose, re.I) == []


def test_times_are_on_one_page():
    folder = ROOT / "benchmarks"
    assert [path.name for path in folder.glob("*.md")] == ["README.md"]
    scripts = [path for path in folder.glob("*.py") if "__main__" in path.read_text("utf-8")]
    page = text("benchmarks/README.md")
    assert [path.name for path in scripts if f"benchmarks/{path.name}" not in page] == []
