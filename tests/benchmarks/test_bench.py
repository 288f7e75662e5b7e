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


def test_what_cannot_be_compared_is_named_too(bench):
    assert bench.slower({"new": 1.0, "both": 1.0}, {"both": 1.0, "old": 2.0}) == [
        "new has no committed ratio",
        "old was not measured",
    ]


def test_a_ratio_is_that_of_a_time_and_those_of_the_reference_before_and_after(bench):
    """The machine slows down while the second time is taken; the median is the third ratio."""
    order = []

    def taking(name, seconds):
        times = iter(seconds)
        return lambda: order.append(name) or next(times)

    measure = taking("command", [6.0, 20.0, 7.0])
    beside = taking("reference", [1.0, 3.0, 5.0, 2.0])
    # 6/2, 20/4, 7/3.5
    assert bench.alternated(measure, beside, 3) == pytest.approx(3.0, abs=0)
    assert order == ["reference", *("command", "reference") * 3]


@pytest.fixture
def measured(bench, monkeypatch, tmp_path):
    """Return a function that runs the script with made-up times; an epoch takes 1.2."""
    monkeypatch.setattr(bench, "RATIOS", tmp_path / "ratios.json")
    monkeypatch.setattr(bench, "reference", lambda: 0.5)
    monkeypatch.setattr(bench, "trained", lambda repetitions: 1.2)

    def run(*options, **times):
        monkeypatch.setattr(
            bench, "MEASURED", {k: lambda _, v=v: lambda: v for k, v in times.items()}
        )
        monkeypatch.setattr(sys, "argv", ["bench.py", *options])
        bench.main()

    return run


def test_ratios_are_written_and_compared_with_no_failure(bench, measured, capsys):
    measured("--write", trace=1.0, start=0.25)
    written = json.loads(bench.RATIOS.read_text())
    assert written["ratios"] == {"trace": 2.0, "start": 0.5, bench.EPOCH: 1.2}
    assert written["software"] == bench.software()
    capsys.readouterr()
    measured(trace=1.5, start=0.2)
    said = capsys.readouterr().out
    assert "trace became slower by 50%: 3 instead of 2" in said
    assert "start became" not in said
    assert json.loads(bench.RATIOS.read_text()) == written
    measured(trace=1.0, start=0.25)
    assert "Nothing became slower by more than 10%." in capsys.readouterr().out


def test_the_committed_ratios_are_those_that_are_measured(bench):
    committed = json.loads((FOLDER / "ratios.json").read_text())
    assert [*committed["ratios"]] == [*bench.MEASURED, bench.EPOCH]
    assert all(ratio > 0 for ratio in committed["ratios"].values())
