"""Write energy in the tables of devices, with numbers worked out by hand."""

import csv

import pytest
from helpers.walls import SYNAPSE, campaign

from wallnet import cli
from wallnet.config.heavy_metal import Heating, HeavyMetal
from wallnet.jobs.write_energy import write_energy_job
from wallnet.report.device_tables import device_tables
from wallnet.report.write_energies import BEYOND, OUTSIDE


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def tables_below(path):
    """Return the rows of each table of a Markdown file, by title."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            rows = found.setdefault(line[3:], [])
        elif line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return {title: rows[2:] for title, rows in found.items()}


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


def test_each_pulse_of_a_device_has_its_write_energy(synapse, job, tmp_path):
    paths = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    device_tables(synapse.out, *paths, job)
    rows = rows_of(paths[0])
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
    conditions = dict(tables_below(paths[1])["synapse-3: parameters of energy and temperature"])
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


def test_without_a_write_energy_job_a_device_table_has_none(synapse, tmp_path):
    paths = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    device_tables(synapse.out, *paths)
    assert not any("energy" in column for column in rows_of(paths[0])[0])
    assert "temperature rise" not in paths[1].read_text(encoding="utf-8")


def test_a_preset_and_the_angle_of_the_device_are_told(synapse, job, tmp_path):
    paths = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    for metal, name, angle in (
        (HeavyMetal(preset="beta-w"), "beta-w", "0.3"),
        (HeavyMetal(), "no preset", "0.4"),
    ):
        device_tables(synapse.out, *paths, job.model_copy(update={"heavy_metal": metal}))
        (rows,) = (
            rows for title, rows in tables_below(paths[1]).items() if "parameters of" in title
        )
        assert dict(rows)["heavy metal"] == name
        assert dict(rows)["its spin Hall angle θ"] == angle


def test_a_wrong_write_energy_job_is_one_sentence(synapse, tmp_path):
    paths = {option: str(tmp_path / option) for option in ("csv", "markdown", "html")}
    words = [word for option, path in paths.items() for word in (f"--{option}", path)]
    with pytest.raises(SystemExit, match="--write-energy is not a valid WriteEnergyJob"):
        cli.main(["device-table", "--device", str(synapse.out), "--write-energy", "{}", *words])
    assert not any(tmp_path.iterdir())
