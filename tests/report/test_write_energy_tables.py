"""Write energy in the tables of devices, with numbers worked out by hand."""

import csv

import pytest
from helpers.walls import SYNAPSE, campaign

from wallnet.config.heavy_metal import Heating, HeavyMetal
from wallnet.jobs.write_energy import write_energy_job
from wallnet.report.device_tables import tabulate
from wallnet.report.write_energies import BEYOND, OUTSIDE


def tables_of(synapse, job):
    """Return the rows of the CSV file of a synapse, and those of each table by its title."""
    synapse.gather(
        heavy_metal=job.heavy_metal.model_dump(mode="json", exclude_none=True),
        heating=job.heating.model_dump(mode="json"),
    )
    made = tabulate({"device": [synapse.out]})
    found = {}
    for line in made["markdown"].splitlines():
        if line.startswith("## "):
            rows = found.setdefault(line[3:], [])
        elif line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
    tables = {title: rows[2:] for title, rows in found.items()}
    return list(csv.DictReader(made["csv"].splitlines())), tables


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
            "heating": Heating(largest_rise=250.0),
        }
    )


def test_each_pulse_of_a_device_has_its_write_energy(synapse, job):
    rows, tables = tables_of(synapse, job)
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
    assert [row["model"] for row in rows] == ["inside", "inside", *[OUTSIDE] * 2, BEYOND]
    conditions = dict(tables["synapse-3: parameters of energy and temperature"])
    assert conditions == {
        "heavy metal": "no preset",
        "its thickness (nm)": "4",
        "its resistivity (µΩ cm)": "200",
        "its spin Hall angle θ": "0.2",
        "its current density for J = 1": "2",
        "its resistance between the ends of the track (kΩ)": "5",
        "oxide (nm)": "300",
        "its conductivity (W/(m K))": "1.4",
        "its heat capacity (J/(m³ K))": "1.62e+06",
        "conductivity of silicon (W/(m K))": "148",
        "heat capacity of silicon (J/(m³ K))": "1.66e+06",
        f"{OUTSIDE} above a rise of (K)": "250",
        "Curie temperature (K)": "1000",
    }


def test_a_preset_and_the_angle_of_the_device_are_told(synapse, job):
    for metal, name, angle in (
        (HeavyMetal(preset="beta-w"), "beta-w", "0.3"),
        (HeavyMetal(), "no preset", "0.4"),
    ):
        _, tables = tables_of(synapse, job.model_copy(update={"heavy_metal": metal}))
        (rows,) = (rows for title, rows in tables.items() if "parameters of" in title)
        assert dict(rows)["heavy metal"] == name
        assert dict(rows)["its spin Hall angle θ"] == angle
