"""Write energy in the tables of devices, with numbers worked out by hand."""

import csv

import pytest
from helpers.walls import SYNAPSE, campaign

from wallnet.config.heavy_metal import Heating, HeavyMetal
from wallnet.jobs import write_energy_job
from wallnet.report.device_tables import BEYOND_MODEL, OUTSIDE, tabulate


def rows_of(synapse, job):
    """Return the rows of the CSV file of a synapse."""
    synapse.gather(
        heavy_metal=job.heavy_metal.model_dump(mode="json", exclude_none=True),
        heating=job.heating.model_dump(mode="json"),
    )
    made = tabulate({"synapse": [synapse.out]})
    return list(csv.DictReader(made["csv"].splitlines()))


@pytest.fixture
def synapse(synapse, tmp_path):
    """Return a synapse whose files a test may change."""
    return synapse.copied(tmp_path)


@pytest.fixture
def job():
    """Return a metal with θ = 0.2, so that it carries twice the current density."""
    device = campaign(d=SYNAPSE).devices["d"]
    return write_energy_job(device).model_copy(
        update={
            "heavy_metal": HeavyMetal(resistivity=2e-6, thickness=4e-9, spin_hall_angle=0.2),
            "heating": Heating(largest_rise=120.0),
        }
    )


def test_each_pulse_of_a_device_has_its_write_energy(synapse, job):
    rows = rows_of(synapse, job)
    assert [row["J in the metal (1e12 A/m²)"] for row in rows] == [
        *("0.6000", "1.0000", "1.2000", "1.6000", "2.0000")
    ]
    third = rows[2]
    # 1.2e12 A/m² · 90 nm · 4 nm; 2e-6 Ω m · 900 nm/(90 nm · 4 nm) = 5 kΩ; 2 ns
    assert float(third["current (mA)"]) == pytest.approx(0.432, rel=1e-9, abs=0)
    assert float(third["voltage (V)"]) == pytest.approx(2.16, rel=1e-9, abs=0)
    assert float(third["energy (pJ)"]) == pytest.approx(0.432 * 2.16 * 2, abs=6e-4)
    mean, middle = (float(third[f"temperature rise, {k} (K)"]) for k in ("mean", "middle"))
    # below the one-dimensional 2 q √(t/(π k c)) = 387 K
    assert 0.5 * 387 < mean < middle < 387
    assert middle - mean > 5
    assert [row["model"] for row in rows] == ["inside", OUTSIDE, *[BEYOND_MODEL] * 3]
