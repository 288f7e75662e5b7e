"""Tolerances of the tests say what they mean."""

import ast
from pathlib import Path

TESTS = Path(__file__).parent


def approximations(tree):
    """Return every call of `approx` and the names of its keywords."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", None))
            if name == "approx":
                yield node, {keyword.arg for keyword in node.keywords}


def test_no_tolerance_is_wider_than_the_quantity():
    """`pytest.approx` keeps abs=1e-12 beside rel, which passes any length in nm or time in ps."""
    silent = [
        f"{path.relative_to(TESTS)}:{call.lineno}"
        for path in sorted(TESTS.rglob("*.py"))
        for call, keywords in approximations(ast.parse(path.read_text(encoding="utf-8")))
        if "abs" not in keywords
    ]
    assert not silent, f"give abs=0 with rel, or abs in the unit of the quantity: {silent}"
