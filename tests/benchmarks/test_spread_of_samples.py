"""How `benchmarks/samples.py` writes numbers of samples, with made-up ones."""

import importlib

import numpy as np
import pytest
from helpers.small_campaign import ROOT


@pytest.fixture
def samples(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("samples")


def test_what_the_first_pulse_reaches_is_an_upper_limit(samples):
    some = np.array([0.3, np.nan, 0.5])
    assert samples.text(some, 0.25) == "0.400 ± 0.141"
    assert samples.text(some, 0.3) == "≤ 0.400"
    assert [samples.text(some[:1], first) for first in (0.25, 0.3)] == ["0.300", "≤ 0.300"]
    assert samples.text(some[:2], 0.25) == samples.text(some[1:2]) == "–"


def test_counts_have_their_interval(samples):
    values = np.where(np.arange(32) < 6, 0.5, np.nan)
    assert samples.known(values) == "6 of 32 (7 to 36 %)"
