"""The table of docs/extending.md gives the numbers of steps below it."""

import re

from helpers.extending import PAGE, steps


def test_the_table_counts_the_steps_of_every_section():
    text = PAGE.read_text(encoding="utf-8")
    counted = dict(re.findall(r"^\| (An? [\w ]+) \| (\d+) \|", text, re.MULTILINE))
    assert list(counted) == re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert {name: len(steps(name)) for name in counted} == {
        name: int(count) for name, count in counted.items()
    }
