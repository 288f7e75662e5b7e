"""What `make bench` says of ratios, with made-up times."""

import importlib.util
import json
import sys

import pytest
from helpers.small_campaign import ROOT

FOLDER = ROOT / "benchmarks"


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    specification = importlib.util.spec_from_file_location("bench", FOLDER / "bench.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    yield module
    sys.modules.pop("processes", None)


def test_what_became_slower_by_more_than_a_tenth_is_named_the_worst_first(bench):
    committed = {"trace": 2.0, "epoch": 1.0, "start": 4.0, "plan": 3.0}
    ratios = {"trace": 2.3, "epoch": 1.5, "start": 4.39, "plan": 1.0}
    assert bench.slower(ratios, committed) == [
        "epoch became slower by 50%: 1.5 instead of 1",
        "trace became slower by 15%: 2.3 instead of 2",
    ]
    assert bench.slower(committed, committed) == []
    assert len(bench.slower(ratios, committed, factor=1.09)) == 3


def test_the_committed_ratios_are_those_that_are_measured(bench):
    committed = json.loads((FOLDER / "ratios.json").read_text())
    assert [*committed["ratios"]] == [*bench.MEASURED, bench.EPOCH]
    assert all(ratio > 0 for ratio in committed["ratios"].values())
