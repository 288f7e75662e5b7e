"""Write energy in the tables of devices, with numbers worked out by hand."""

import csv

import pytest
from helpers.walls import SYNAPSE, campaign

from wallnet.config.heavy_metal import Heating, HeavyMetal
from wallnet.jobs.report import write_energy_job
from wallnet.studies.devices.tables import BEYOND_MODEL, OUTSIDE, tabulate


def rows_of(synapse, job):
    """Return the rows of the CSV file of a synapse."""
    synapse.gather(
        heavy_metal=job.heavy_metal.model_dump(mode="json", exclude_none=True),
        heating=job.heating.model_dump(mode="json"),
    )
    made = tabulate({"synapse": [synapse.out]})
    return list(csv.DictReader(made["csv"].splitlines()))


@pytest.fixture
def job():
    """Return a metal with θ = 0.2, so that it carries twice the current density."""
    device = campaign(d=SYNAPSE).devices["d"]
    return write_energy_job(device).model_copy(
        update={
            "heavy_metal": HeavyMetal(resistivity=2e-6, thickness=4e-9, spin_hall_angle=0.2),
            "heating": Heating(largest_rise=120.0, encapsulation_conductivity=2.5),
        }
    )


def test_each_pulse_of_a_device_has_its_write_energy(synapse, job):
    rows = rows_of(synapse, job)
    assert [row["J in the metal (1e12 A/m²)"] for row in rows] == [
        *("0.6000", "1.0000", "1.2000", "1.6000", "2.0000")
    ]
    third = rows[2]
    # 1.2e12 A/m² · 90 nm · 4 nm; 2e-6 Ω m · 900 nm/(90 nm · 4 nm) = 5 kΩ; 2 ns; 10/13 of the
    # current is in the magnet
    current = 0.432 * 23 / 13
    assert float(third["current (mA)"]) == pytest.approx(current, rel=1e-3, abs=0)
    assert float(third["voltage (V)"]) == pytest.approx(2.16, rel=1e-9, abs=0)
    assert float(third["energy (pJ)"]) == pytest.approx(current * 2.16 * 2, rel=1e-3, abs=0)
    mean, middle = (float(third[f"temperature rise, {k} (K)"]) for k in ("mean", "middle"))
    # below the one-dimensional q √(t/(π k c)) + q R/2 = 342 + 102 K
    assert 0.4 * 444 < mean < middle < 444
    assert middle - mean > 5
    assert [row["model"] for row in rows] == ["inside", OUTSIDE, *[BEYOND_MODEL] * 3]
