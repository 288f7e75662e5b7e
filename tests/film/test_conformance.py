"""The published conformance suite of ubermag (micromagnetictests).

Tests of features outside a film engine are listed in conformance.json.
"""

import pytest
from micromagnetictests.calculatortests import *  # noqa: F403

import wallnet.film


@pytest.fixture(scope="module")
def calculator():
    return wallnet.film


def test_list_names_tests_of_the_suite():
    """An entry that no longer names a test would have no effect without a notice."""
    import json
    from pathlib import Path

    from micromagnetictests import calculatortests

    listed = json.loads(Path(__file__).with_name("conformance.json").read_text(encoding="utf-8"))
    for module in ("test_conformance", "test_conformance_single_layer"):
        for name in listed[module]:
            found = calculatortests
            for part in name.split("::"):
                found = getattr(found, part)
            assert callable(found)
    used = {
        reason for module in listed if module != "reasons" for reason in listed[module].values()
    }
    assert used == set(listed["reasons"])
