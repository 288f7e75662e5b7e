"""Mark the tests of the conformance suite that need features that the engine does not have.

`conformance.json` lists these tests with the reasons. Each of them still runs and must be rejected
as listed. A test that passes, or that fails in another way, counts as failed. On a single layer,
only those run that have several layers otherwise.
"""

import builtins
import json
from pathlib import Path

import pytest

LISTED = json.loads(Path(__file__).with_name("conformance.json").read_text(encoding="utf-8"))


def pytest_collection_modifyitems(config, items):
    here = Path(__file__).parent
    thick = {name for name, key in LISTED["test_conformance"].items() if key == "layers"}
    same = [
        item
        for item in items
        if item.path == here / "test_conformance_single_layer.py"
        and item.nodeid.partition("::")[2] not in thick
    ]
    config.hook.pytest_deselected(items=same)
    items[:] = [item for item in items if item not in {*same}]
    for item in items:
        if item.path.parent != here or item.path.stem not in LISTED:
            continue
        _, _, name = item.nodeid.partition("::")
        key = LISTED[item.path.stem].get(name)
        if key is None:
            continue
        listed = LISTED["reasons"][key]
        item.add_marker(
            pytest.mark.xfail(
                raises=_exception(listed["raises"]), strict=True, reason=listed["reason"]
            )
        )


def _exception(name):
    if name == "Unsupported":
        from wallnet.film import Unsupported

        return Unsupported
    return getattr(builtins, name)


@pytest.fixture(autouse=True)
def own_folder(monkeypatch, tmp_path):
    """Change to a temporary folder, because the suite writes drives, and draws random states."""
    import random

    monkeypatch.chdir(tmp_path)
    random.seed(3)  # from 1 or 2, TestDMI::test_dict takes 70 times as long
