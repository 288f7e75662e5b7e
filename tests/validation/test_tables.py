"""Tables and figure from the results of the checks."""

import csv

import pytest

from wallnet import files
from wallnet.report import validation as report


@pytest.fixture
def results():
    def row(quantity, ours, tolerance, passed):
        return {
            "quantity": quantity,
            "unit": "1",
            "reference": 1.0,
            "source": "a book",
            "ours": ours,
            "tolerance": tolerance,
            "reason": "|m| is rounded",
            "passed": passed,
        }

    velocity = {
        "current_density": [1e11, 5e11],
        "model, no H_K": [50.0, 180.0],
        "model, film": [48.0, 150.0],
        "single row": [49.0, 178.0],
        "track 150 nm": [47.0, 134.0],
    }
    line = {"x": [0.0, 1e-8, 2e-8], "m_z": [-0.8, 0.0, 0.8], "centre": 1e-8, "width": 9e-9}
    reversal = {"time": [0.0, 1e-9], "m": [[1, 0, 0], [-1, 0.1, 0]]}
    cost = {
        "stray_field_tolerance": [1e-3, 1e-4],
        "stray_field_error": [1e-4, 1e-5],
        "frozen_change": [1e-3, 1e-4],
        "frozen_error": [1e-5, 1e-6],
    }
    return [
        {
            "check": "wall-velocity",
            "seconds": 1.0,
            "rows": [row("good", 1.01, 0.1, True), row("seen", 3.0, None, None)],
            "curves": {"D = 1 mJ/m2": velocity},
        },
        {"check": "neel-wall", "seconds": 1.0, "rows": [], "curves": {"profile": line}},
        {
            "check": "problem-4",
            "seconds": 1.0,
            "rows": [row("bad", 2.0, 0.1, False)],
            "curves": {"field 1": reversal},
        },
        {"check": "tolerances", "seconds": 1.0, "rows": [], "curves": {"tolerances": cost}},
    ]


@pytest.fixture
def written(results, tmp_path):
    paths = [tmp_path / f"{result['check']}.json" for result in results]
    for result, path in zip(results, paths, strict=True):
        files.write_json(result, path)
    return report.tabulate({"results": paths})


def test_failure_stands_in_the_first_line(written):
    lines = written["markdown"].splitlines()
    assert lines[0].startswith("1 of 2 rows passed; FAILED: bad. 1 rows are findings")
    table = next(line for line in lines if line.startswith("| bad"))
    assert "| no " in table
    assert "\\|m\\|" in table


def test_csv_has_every_row(written):
    rows = list(csv.DictReader(written["csv"].splitlines()))
    assert [row["quantity"] for row in rows] == ["good", "seen", "bad"]
    assert [row["passed"] for row in rows] == ["True", "", "False"]
    assert float(rows[0]["deviation"]) == pytest.approx(0.01, rel=1e-6, abs=0)
