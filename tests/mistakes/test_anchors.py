"""Every mistake can be applied to the current code, and the tests that must notice it exist."""

import ast
from collections import Counter
from functools import cache

import pytest
from mistakes import ROOT, AnchorError, Mistake, copy_tree, locate, mistaken, read_mistakes

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


def test_a_copy_has_the_published_results_and_none_of_a_campaign(tmp_path):
    for path in ("results/a.csv", "data/a.csv", "docs/results/a.csv", "src/a.py"):
        (tmp_path / "root" / path).parent.mkdir(parents=True)
        (tmp_path / "root" / path).touch()
    copy_tree(tmp_path / "copy", tmp_path / "root")
    copied = {str(path.relative_to(tmp_path / "copy")) for path in tmp_path.glob("copy/**/*.*")}
    assert copied == {"docs/results/a.csv", "src/a.py"}


def small(root, **files):
    (root / "src").mkdir()
    (root / "Snakefile").touch()
    for name, text in files.items():
        (root / "src" / f"{name}.py").write_text(text)


def change(find, replace, within=""):
    return Mistake("an example", "example", find, replace, ("tests/x.py::test_x",), within)


def test_code_that_moved_keeps_its_mistake(tmp_path):
    small(tmp_path, deep="class A:\n    def f(self):\n        x = g(\n            1, 2)\n")
    path, text = mistaken(change("x = g( 1, 2)", "x = 3\ny = 4"), tmp_path)
    assert path.name == "deep.py"
    assert text == "class A:\n    def f(self):\n        x = 3\n        y = 4\n"


def test_a_name_tells_equal_texts_apart(tmp_path):
    small(tmp_path, one="def f():\n    return 1\n", two="def g():\n    return 1\n")
    with pytest.raises(AnchorError, match="is at 2 places"):
        locate(change("return 1", "return 2"), tmp_path)
    assert locate(change("return 1", "return 2", "g"), tmp_path)[0].name == "two.py"
    with pytest.raises(AnchorError, match="is at 0 places"):
        locate(change("return 3", "return 2"), tmp_path)


def test_the_name_of_a_rule_tells_equal_texts_apart(tmp_path):
    small(tmp_path)
    rule = "rule {}:\n    input:\n        a,\n\n    output:\n        b,\n"
    text = "\n\n".join([rule.format("one"), "def one_of():\n    return b,\n", rule.format("two")])
    (tmp_path / "Snakefile").write_text(text)
    for name, place in (("one", text.index("b,")), ("two", text.rindex("b,"))):
        assert locate(change("b,", "c,", name), tmp_path)[1] == place
    with pytest.raises(AnchorError, match="is at 0 places"):
        locate(change("b,", "c,", "on"), tmp_path)
