"""A change of code requires a decision on its revision."""

import ast
import json
from functools import cache
from pathlib import Path

import digests
import pytest

from wallnet import revisions

PACKAGE = Path(revisions.__file__).parent
SIMULATING = {"film", "oommf", "simulate", "devices", "report"}
OF_STUDIES = {*digests.STUDIES, *(f"show {name}" for name in digests.STUDIES)}
"""Stages that use the description of a device."""

AS_MADE = {"imperfections", "as_made"}
"""Stages of networks as made."""


@pytest.mark.parametrize("stage", digests.STAGES)
def test_the_noted_digest_is_that_of_the_code(stage):
    assert revisions._noted[stage]["digest"] == digests.digest(stage), (
        f"the code of {stage} has changed: run `python tests/digests.py {stage}` if its "
        "results do too, and `python tests/digests.py` if they do not"
    )


def test_comments_and_docstrings_do_not_count_and_code_does():
    text = revisions.text_of
    plain = text(ast.parse("def f(x):\n    return x + 1\n"))
    assert text(ast.parse('def f(x):\n    """Say."""\n    return x + 1  # why\n')) == plain
    assert text(ast.parse("def f(x):\n    return x + 2\n")) != plain


@pytest.fixture(scope="module")
def noted():
    return {stage: digests.digest(stage) for stage in digests.STAGES}


@pytest.fixture
def edited():
    """Return a function that replaces the text of a module, whose names have to stay.

    What is known of other modules, which depends on these names only, is kept.
    """

    def edit(file, text):
        patch.undo()
        place, tree = digests._module(PACKAGE / file), ast.parse(text)
        for name in ("_tree", "_statements", "_imported", "_used", "_text_of"):
            function = getattr(digests, name)
            read = (lambda _: tree) if name == "_tree" else function.__wrapped__
            both = {True: cache(read), False: function}
            patch.setattr(digests, name, lambda m, *n, both=both: both[m == place](m, *n))

    with pytest.MonkeyPatch.context() as patch:
        yield edit


def test_noting_raises_the_stages_that_are_named_by_one_and_no_others(
    edited, noted, monkeypatch, tmp_path
):
    kept = json.loads(digests.NOTED.read_text())
    listed = tmp_path / "revisions.json"
    monkeypatch.setattr(digests, "NOTED", listed)

    def run(table, *words):
        listed.write_text(json.dumps(table))
        monkeypatch.setattr("sys.argv", ["digests.py", *words])
        digests.main()
        return json.loads(listed.read_text())

    engine = (PACKAGE / "film/core.py").read_text()
    edited("film/core.py", engine + "\n# a comment\n")
    before = run(kept)
    assert before == {s: entry | {"digest": noted[s]} for s, entry in kept.items()}
    assert len(set(noted.values())) == len(before)
    edited("film/core.py", engine + "\nnew = 1\n")
    # a stage that is not listed yet begins with revision 1
    after = run({s: entry for s, entry in before.items() if s != "devices"}, "film", "report")
    assert {s for s in before if after[s]["digest"] != before[s]["digest"]} == {"film"}
    numbers = {s: entry["revision"] for s, entry in before.items()}
    raised = {name: numbers[name] + 1 for name in ("film", "report")}
    assert {s: entry["revision"] for s, entry in after.items()} == (
        numbers | raised | {"devices": 1}
    )
    # a line for each number, as in the committed file
    assert listed.read_text().count("\n") == 4 * len(before) + 2


@pytest.mark.parametrize(
    ("file", "old", "new", "stages"),
    [
        ("film/stage.py", "fma(before, low - high, h)", "fma(before, low + high, h)", {"film"}),
        # the next ones are computed outside the folders of the stages that use them
        (
            "config/track.py",
            "k * self.length",
            "k / self.length",
            SIMULATING | OF_STUDIES | {"validation"},
        ),
        (
            "jobs/film.py",
            "(self.material.exchange_stiffness",
            "(2 * self.material.exchange_stiffness",
            SIMULATING | OF_STUDIES | {"validation"},
        ),
        (
            "tracks/walls.py",
            "def at_rest(",
            "def at_rest(faster, ",
            SIMULATING - {"report"} | {"sweeps"},
        ),
        (
            "files/schema/states.py",
            "FREE = ",
            "FREE = '' + ",
            SIMULATING | OF_STUDIES | AS_MADE | {"networks"},
        ),
        ("jobs/networks.py", "class _Network(", "class _Network(object, ", {"networks", "as_made"}),
        (
            "devices/write_energy.py",
            "def write_energy_of(",
            "def write_energy_of(more, ",
            {"devices", "show pulse_trains", "show thermal", "show transitions"},
        ),
        ("simulate/oommf/__init__.py", "def ", "async def ", {"oommf"}),
        ("validation/walls.py", "def ", "async def ", {"validation"}),
        # nothing of a result
        ("files/whole.py", "def ", "async def ", set()),
    ],
)
def test_a_change_counts_for_the_stages_that_use_it(noted, edited, file, old, new, stages):
    text = (PACKAGE / file).read_text()
    assert old in text
    edited(file, text.replace(old, new, 1))
    assert {stage for stage in noted if digests.digest(stage) != noted[stage]} == stages


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("rows.toml", {"validation"}),
        ("tables.html.j2", {"report"}),
        ("variables.csv", SIMULATING | OF_STUDIES | AS_MADE | {"networks"}),
    ],
)
def test_a_change_of_a_table_or_a_template_counts_for_its_stages(monkeypatch, noted, name, stages):
    read = Path.read_text
    changed = {name: "one more word"}
    monkeypatch.setattr(Path, "read_text", lambda p, *a: read(p, *a) + changed.get(p.name, ""))
    after = {stage: digests.digest(stage) for stage in noted}
    assert {stage for stage in noted if noted[stage] != after[stage]} == stages


def test_no_folder_that_computes_lies_outside_the_stages():
    """Their files belong to a stage as a whole, also what nothing names yet."""
    for stage, folders in digests.STAGES.items():
        reached = {module for module, _ in digests.code_of(stage)}
        for folder in folders:
            for path in (PACKAGE / folder).glob("*.py"):
                if [node for node in ast.parse(path.read_text()).body if not _silent(node)]:
                    name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
                    assert name.removesuffix(".__init__") in reached
    listed = {folder for folders in digests.STAGES.values() for folder in folders}
    code = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")}
    # foundations, of which what a stage uses belongs to it, and what computes no result
    foundations = {"config", "files", "files/schema", "jobs", "tracks"}
    studies = {"studies", *(f"studies/{name}" for name in digests.STUDIES)}
    # those of devices, networks and questions are listed one by one
    rest = {".", "api", "devices", "exports", "exports/templates", "networks", "plan", "questions"}
    assert code - listed == foundations | studies | rest


def _silent(node):
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return text or isinstance(node, ast.Import | ast.ImportFrom)


def test_a_moved_or_renamed_function_counts():
    text = revisions.text_of
    plain = text(ast.parse("def f(x):\n    return x\n"))
    assert text(ast.parse("def g(x):\n    return x\n")) != plain
    assert text(ast.parse("def f(y):\n    return y\n")) != plain
    assert text(ast.parse("def f(x):\n    'a'\n    return 'a'\n")) != text(
        ast.parse("def f(x):\n    'a'\n    return 'b'\n")
    )
    # a text without effect is not code, in any place
    assert text(ast.parse("def f(x):\n    return x\n    'after'\n")) == plain
