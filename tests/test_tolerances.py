"""Tolerances of the tests are explicit."""

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


def test_no_comparison_of_arrays_keeps_a_tolerance_in_the_unit_of_one():
    """`isclose` and `allclose` keep atol=1e-8, which passes any length in nm or time in ns."""
    silent = [
        f"{path.relative_to(TESTS)}:{node.lineno}"
        for path in sorted(TESTS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", None) in ("isclose", "allclose")
        and not {keyword.arg for keyword in node.keywords} & {"atol", "abs_tol"}
    ]
    assert not silent, f"give atol=0 with rtol, or atol in the unit of the quantity: {silent}"


def test_no_tolerance_is_wider_than_the_quantity():
    """`pytest.approx` keeps abs=1e-12 with rel, which passes any length in nm or time in ps."""
    silent = [
        f"{path.relative_to(TESTS)}:{call.lineno}"
        for path in sorted(TESTS.rglob("*.py"))
        for call, keywords in approximations(ast.parse(path.read_text(encoding="utf-8")))
        if "abs" not in keywords
    ]
    assert not silent, f"give abs=0 with rel, or abs in the unit of the quantity: {silent}"
