"""Marks what the conformance suite asks for and the engine does not have.

`conformance.json` lists those tests one by one with the reason. Each is run all the same, and has
to be refused as listed: a test that passes, or fails in another way, fails here.
"""

import builtins
import json
from pathlib import Path

import pytest

LISTED = json.loads(Path(__file__).with_name("conformance.json").read_text(encoding="utf-8"))


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
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
    """The suite writes its drives into the working directory, and draws random states."""
    import random

    monkeypatch.chdir(tmp_path)
    random.seed(1)
