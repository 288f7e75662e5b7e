"""A change of code cannot pass without a decision on its revision."""

import ast

import pytest

from wallnet import revisions


@pytest.mark.parametrize("stage", revisions.STAGES)
def test_the_noted_digest_is_that_of_the_code(stage):
    assert revisions.noted_digest(stage) == revisions.digest(stage), (
        f"the code of {stage} has changed: run `python -m wallnet.revisions {stage}` if its "
        "results do too, and `python -m wallnet.revisions` if they do not"
    )


def test_comments_and_docstrings_do_not_count_and_code_does():
    text = revisions._text
    plain = text(ast.parse("def f(x):\n    return x + 1\n"))
    assert text(ast.parse('def f(x):\n    """Say."""\n    return x + 1  # why\n')) == plain
    assert text(ast.parse("def f(x):\n    return x + 2\n")) != plain
