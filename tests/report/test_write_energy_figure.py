"""The figure of the write energy, by the data in its axes."""

import json
import math

import numpy as np
import pytest
from PIL import Image

from wallnet import cli, files
from wallnet.config import Figures
from wallnet.config.heavy_metal import Heating, HeavyMetal
from wallnet.devices.write_energy import write_energy_of
from wallnet.jobs.write_energy import write_energy_job
from wallnet.report import devices, style

SMALL = Figures(resolution=72)


@pytest.fixture
def job(synapse):
    return write_energy_job(synapse.device).model_copy(
        update={
            "heavy_metal": HeavyMetal(resistivity=2e-6, thickness=4e-9, spin_hall_angle=0.2),
            "heating": Heating(largest_rise=120.0, oxide_thickness=60e-9),
        }
    )


def of_job(data, job):
    """Return data of a device whose write energy depends on another metal and substrate."""
    about = json.loads(data.attrs["parameters"])
    about["settings"] |= {
        "heavy_metal": job.heavy_metal.model_dump(),
        "heating": job.heating.model_dump(),
    }
    return data.assign_attrs(parameters=json.dumps(about))


def lines_of(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def test_the_figure_shows_temperature_and_energy(synapse, job, tmp_path, monkeypatch):
    """The pulses of the device last 2 ns; its metal carries twice the current density."""
    data = files.read_dataset(synapse.out, "synapse")
    # pulses of both signs are drawn over the magnitude
    data = data.assign_coords(current_density=np.array([-0.9, -0.4, 0.3, 0.6, 1.0]) * 1e12)
    path, png = tmp_path / "synapse-3.nc", tmp_path / "energy.png"
    files.write_dataset(of_job(data, job), path, "synapse", {})
    words = ["figure", "write-energy", "--of", "synapse", "--sources", str(path)]
    words += ["--figures", SMALL.model_dump_json(), "--png", str(png)]
    kept, save = [], style.save
    monkeypatch.setattr(
        style, "save", lambda each, *to, **by: kept.append(each) or save(each, *to, **by)
    )
    cli.main([*words, "--vector", str(tmp_path / "energy.pdf")])
    assert np.asarray(Image.open(png)).std() > 10
    (figure,) = kept
    over_time, rises, energies = figure.axes
    curves = lines_of(over_time)
    assert set(curves) == {"mean", "middle", "1-D, thick oxide", "1-D, full oxide"}
    time, mean = curves["mean"].get_data()
    assert (time[0], time[-1]) == pytest.approx((0, 6), abs=1e-9)
    at_end = int(np.argmin(abs(time - 2)))
    unit = write_energy_of(job, 1e12, 2e-9).rise
    assert mean[at_end] == pytest.approx(float(unit.mean), rel=1e-6, abs=0)
    middle = curves["middle"].get_ydata()
    assert middle[at_end] == pytest.approx(float(unit.peak), rel=1e-6, abs=0)
    assert mean.argmax() == middle.argmax() == at_end
    # as much heat after 3 ns as that of 3 ns, less that of the last nanosecond
    later = int(np.argmin(abs(time - 3)))
    parts = [float(write_energy_of(job, 1e12, t * 1e-9).rise.mean) for t in (3, 1)]
    assert mean[later] == pytest.approx(parts[0] - parts[1], rel=1e-6, abs=0)
    # 2 q √(t/(π k c)) and q d/k
    flux = 2e-6 * 4e-9 * 4e24
    heated, thick = curves["1-D, thick oxide"].get_data()
    assert (heated[0], heated[-1]) == pytest.approx((0, 2), abs=1e-9)
    assert over_time.get_xlim() == pytest.approx((0, 6), abs=1e-9)
    assert over_time.patches[0].get_width() == pytest.approx(2, rel=1e-9, abs=0)
    expected = 2 * flux * math.sqrt(2e-9 / (math.pi * 1.4 * 1.62e6))
    assert thick[-1] == pytest.approx(expected, rel=1e-9, abs=0)
    full = curves["1-D, full oxide"].get_ydata()[0]
    assert full == pytest.approx(flux * 60e-9 / 1.4, rel=1e-9, abs=0)
    curves = lines_of(rises)
    assert curves["limit"].get_ydata()[0] == 120
    density = [0.3, 0.4, 0.6, 0.9, 1.0]
    np.testing.assert_allclose(curves["mean"].get_xdata(), density, rtol=1e-9)
    for name, rise in (("mean", unit.mean), ("middle", unit.peak)):
        expected = np.square(density) * float(rise)
        np.testing.assert_allclose(curves[name].get_ydata(), expected, rtol=1e-6)
    (energy,) = energies.get_lines()
    # ρ J² L w d t, J in the metal being twice that of the device
    volume = 900e-9 * 90e-9 * 4e-9
    expected = 2e-6 * np.square(np.array(density) * 2e12) * volume * 2e-9
    np.testing.assert_allclose(energy.get_ydata(), expected / 1e-12, rtol=1e-9)
    assert "(K)" in over_time.get_ylabel()
    assert "(K)" in rises.get_ylabel()
    assert energies.get_ylabel() == "energy (pJ)"
    assert all("10^{12}" in axes.get_xlabel() for axes in (rises, energies))


def test_a_waveform_has_its_own_rise_and_no_limits_of_a_square_pulse(synapse, job):
    data = of_job(files.read_dataset(synapse.out, "synapse"), job)
    about = json.loads(data.attrs["parameters"])
    about["settings"]["pulse"]["waveform"] = [[0.0, 1.0], [1e-9, 0.0]]
    with style.apply(SMALL):
        shaped = data.assign_attrs(parameters=json.dumps(about))
        figure = devices.DRAWINGS["write-energy"](devices.Sources({"s": shaped}), SMALL)
    over_time, _, energies = figure.axes
    curves = lines_of(over_time)
    assert set(curves) == {"mean", "middle"}
    found = write_energy_of(job, 1e12, 2e-9, ((0.0, 1.0), (1e-9, 0.0)))
    time, mean = curves["mean"].get_data()
    assert (time[0], time[-1]) == pytest.approx((0, 6), abs=1e-9)
    assert mean.max() == pytest.approx(float(found.rise.mean), rel=1e-4, abs=0)
    # a third of 1 ns, of 2 ns
    density, energy = energies.get_lines()[0].get_data()
    square = write_energy_of(job, density * 1e12, 2e-9).energy / 1e-12
    np.testing.assert_allclose(energy, square / 6, rtol=1e-9)
