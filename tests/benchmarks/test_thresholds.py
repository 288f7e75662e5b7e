"""`benchmarks/thresholds.py` on a small track."""

import copy
import importlib

import yaml
from helpers.small_campaign import ROOT, TINY


def test_thresholds_lie_between_states_by_their_names(monkeypatch, tmp_path, capsys):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    thresholds = importlib.import_module("thresholds")
    campaign = copy.deepcopy(TINY)
    campaign["devices"] = {"synapse-5": campaign["devices"]["synapse"]}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(campaign), encoding="utf-8")
    monkeypatch.setattr(thresholds, "ROOT", tmp_path)
    monkeypatch.setattr(thresholds, "RANGES", {0.4: ((2.0e12, 4.0e12),)})
    monkeypatch.setattr(thresholds, "WIDTH", 0.5e12)
    thresholds.main()
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    below, above, _, same = rows
    assert below[:-1] == ["| 0.4", "2.500", "notch 1", "notch 1"]
    assert above[:-1] == ["| 0.4", "3.000", "free", "free"]
    assert same == ["The same state in 2 of 2."]
