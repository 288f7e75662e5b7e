"""A change of code requires a decision on its revision."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wallnet import revisions

PACKAGE = Path(revisions.__file__).parent


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


@pytest.fixture
def copied(tmp_path):
    """Return a copy of the package and a function that runs its revisions."""
    shutil.copytree(PACKAGE, tmp_path / "wallnet")

    def run(*words, program=("-c", "from wallnet.revisions import main; main()")):
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        command = [sys.executable, *program, *words]
        subprocess.run(command, check=True, env=environment, cwd=tmp_path)
        return json.loads((tmp_path / "wallnet/revisions.json").read_text())

    return tmp_path / "wallnet", run


def test_noting_raises_the_stages_that_are_named_by_one_and_no_others(copied):
    package, run = copied
    before = run()
    kept = json.loads((PACKAGE / "revisions.json").read_text())
    assert {stage: entry["revision"] for stage, entry in before.items()} == {
        stage: entry["revision"] for stage, entry in kept.items()
    }
    assert len({entry["digest"] for entry in before.values()}) == len(before)
    engine = package / "film/core.py"
    engine.write_text(engine.read_text() + "\n# a comment\n")
    assert run() == before
    engine.write_text(engine.read_text() + "\nnew = 1\n")
    noted = run()
    changed = {stage for stage in before if noted[stage]["digest"] != before[stage]["digest"]}
    assert changed == {"film"}
    raised = run("film", "report")
    numbers = {stage: raised[stage]["revision"] - before[stage]["revision"] for stage in before}
    assert numbers == dict.fromkeys(before, 0) | {"film": 1, "report": 1}
    assert raised["film"]["digest"] == noted["film"]["digest"]
    # a stage that is not listed yet begins with revision 1
    listed = package / "revisions.json"
    listed.write_text(json.dumps({s: e for s, e in raised.items() if s != "devices"}))
    again = run()
    # a line for each number, as in the committed file
    assert listed.read_text().count("\n") == 4 * len(before) + 2
    # the form in the docs
    assert run(program=("-m", "wallnet.revisions")) == again
    assert again["devices"] == {"revision": 1, "digest": before["devices"]["digest"]}


@pytest.mark.parametrize(
    ("changed", "stages"),
    [
        ("film/loops.py", {"film"}),
        ("film/strayfield.py", {"film"}),
        ("tracks/__init__.py", {"film", "oommf", "simulate"}),
        ("simulate/recorder.py", {"film", "oommf", "simulate"}),
        ("simulate/embedded/__init__.py", {"film"}),
        ("simulate/oommf/run.py", {"oommf"}),
        ("simulate/ubermag/__init__.py", {"simulate"}),
        ("files/schema/states.py", {"film", "oommf", "simulate", "devices"}),
        ("devices/levels.py", {"devices"}),
        ("networks/mappings.py", {"networks"}),
        ("film/terms/exchange.py", {"film"}),
        ("film/minimize.py", {"film"}),
        ("validation/walls.py", {"validation"}),
        ("report/style.py", {"report"}),
    ],
)
def test_code_that_makes_a_result_belongs_to_the_stage_that_makes_it(changed, stages):
    """Each file that computes belongs to one; raising its number runs the stage again."""
    assert (PACKAGE / changed).is_file()
    belongs = {stage for stage in revisions.STAGES if PACKAGE / changed in revisions.code_of(stage)}
    assert belongs == stages


def test_no_code_lies_outside_a_stage_or_the_foundations():
    """Code without a revision determines jobs, packs results, or is for users of Python."""
    foundations = {"config", "files", "jobs", "plan", "provenance"}
    foundations |= {"api.py", "cli.py", "errors.py", "revisions.py", "__init__.py"}
    staged = {path for stage in revisions.STAGES for path in revisions.code_of(stage)}
    staged |= set((PACKAGE / "film/ubermag").glob("*.py"))
    outside = {path.relative_to(PACKAGE).parts[0] for path in set(PACKAGE.rglob("*.py")) - staged}
    assert outside == foundations


def test_a_moved_or_renamed_function_counts():
    text = revisions._text
    plain = text(ast.parse("def f(x):\n    return x\n"))
    assert text(ast.parse("def g(x):\n    return x\n")) != plain
    assert text(ast.parse("def f(y):\n    return y\n")) != plain
    assert text(ast.parse("def f(x):\n    'a'\n    return 'a'\n")) != text(
        ast.parse("def f(x):\n    'a'\n    return 'b'\n")
    )
    # a text without effect is not code, in any place
    assert text(ast.parse("def f(x):\n    return x\n    'after'\n")) == plain


def test_each_stage_has_the_number_and_the_digest_that_are_noted():
    table = json.loads((PACKAGE / "revisions.json").read_text())
    assert set(table) == set(revisions.STAGES)
    for stage, entry in table.items():
        assert revisions.of(stage) == entry["revision"]
        assert revisions.noted_digest(stage) == entry["digest"]
    assert revisions.digest("film") != revisions.digest("oommf")
