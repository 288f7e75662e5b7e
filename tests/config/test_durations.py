"""Durations in the names of files."""

import pytest

from wallnet.config.pulse import duration_name, whole_duration


@pytest.mark.parametrize(
    ("duration", "name"), [(5e-9, "5.000"), (0.25e-9, "0.250"), (12.345e-9, "12.345")]
)
def test_a_duration_and_its_name_in_files_denote_each_other(duration, name):
    assert duration_name(duration) == name
    assert whole_duration(duration) == pytest.approx(duration, rel=1e-12, abs=0)


def test_every_duration_in_picoseconds_has_its_own_name():
    """Most of them are no binary fraction of a picosecond: 15e-9/1e-12 is below 15000."""
    for picoseconds in range(1, 30001):
        assert duration_name(float(f"{picoseconds}e-12")) == f"{picoseconds / 1000:.3f}"
