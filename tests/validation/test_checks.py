"""The engine beside published and analytic values, and that the rows can fail.

The check `tolerances` takes a minute and is left to `snakemake validation`: it judges one row, the
campaign's settings against none left out, which the reference traces judge here against OOMMF.
"""

import math

import pytest

from wallnet import validation
from wallnet.files import FileError
from wallnet.validation import macrospin, material, standard_problems, stray_field
from wallnet.validation.rows import Check, Row

QUICK = [name for name in validation.CHECKS if name != "tolerances"]


@pytest.mark.parametrize("check", QUICK)
def test_every_judged_row_passes(check):
    result = validation.run(check)
    assert any(row["passed"] is not None for row in result["rows"])
    failed = [
        f"{row['quantity']}: {row['ours']:.7g} instead of {row['reference']:.7g}"
        for row in result["rows"]
        if row["passed"] is False
    ]
    assert not failed
    for row in result["rows"]:
        assert row["source"]
        assert row["reason"]
        assert math.isfinite(row["ours"])


def failures(check):
    return [row for row in check.rows if row.passed is False]


def test_one_per_cent_of_torque_is_noticed(monkeypatch):
    original = material.torque
    monkeypatch.setattr(material, "torque", lambda density: original(1.01 * density))
    # tilts and both thresholds
    assert len(failures(macrospin.macrospin())) == 6


def test_sign_of_the_torque_is_noticed(monkeypatch):
    original = material.torque
    monkeypatch.setattr(material, "torque", lambda density: original(-density))
    assert failures(macrospin.macrospin())


def test_one_per_mille_of_dmi_is_noticed(monkeypatch):
    from dataclasses import replace

    changed = replace(standard_problems._DMI, dmi_constant=3.003e-3)
    monkeypatch.setattr(standard_problems, "_DMI", changed)
    assert len(failures(standard_problems.dmi_edge())) >= 2


def test_a_ten_thousandth_in_the_tensor_is_noticed(monkeypatch):
    from wallnet.film import newell

    original = newell.exact
    monkeypatch.setattr(
        newell, "exact", lambda x, y, cell: [1.0001 * n for n in original(x, y, cell)]
    )
    assert len(failures(stray_field.stray_field())) == 10


def test_finding_is_not_judged():
    row = Row("a", "1", 1.0, "s", 2.0, math.inf, "a finding")
    assert row.passed is None
    assert Check([row]).to_data()["rows"][0]["tolerance"] is None


def test_not_a_number_fails():
    assert Row("a", "1", 1.0, "s", math.nan, 1e9, "r").passed is False


def test_unknown_check_is_named():
    with pytest.raises(FileError, match="no-such is no check; use one of stray-field"):
        validation.run("no-such")
