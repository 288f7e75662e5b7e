"""Every mistake can be applied to the current code, and the tests that must notice it exist."""

import ast
from collections import Counter
from functools import cache

import pytest
from mistakes import ROOT, AnchorError, mistaken, read_mistakes

MISTAKES = read_mistakes()


@pytest.mark.parametrize("group", sorted({mistake.group for mistake in MISTAKES}))
def test_every_mistake_stands_at_one_place_and_is_code(group):
    faults = []
    for mistake in MISTAKES:
        if mistake.group != group:
            continue
        try:
            path, text = mistaken(mistake)
            assert text != path.read_text(encoding="utf-8")
            if path.suffix == ".py":
                ast.parse(text)
        except (AnchorError, AssertionError, SyntaxError) as error:
            faults.append(f"{mistake.name}: {error!r}")
    assert faults == []


@cache
def functions_of(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_tests_of_every_mistake_exist():
    for mistake in MISTAKES:
        assert mistake.tests, mistake.name
        for test in mistake.tests:
            path, *names = test.split("::")
            assert names[-1].split("[")[0] in functions_of(path), (mistake.name, test)


def test_every_mistake_has_a_name_of_its_own():
    names = Counter((mistake.group, mistake.name) for mistake in MISTAKES)
    assert [name for name, count in names.items() if count > 1] == []
