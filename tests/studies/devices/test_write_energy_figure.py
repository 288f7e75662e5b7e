"""The figure of the write energy, by the data in its axes."""

import numpy as np
import pytest
from PIL import Image

from wallnet import cli, files
from wallnet.config import Figures
from wallnet.config.heavy_metal import Heating, HeavyMetal
from wallnet.jobs.report import write_energy_job
from wallnet.report import style
from wallnet.studies.devices import figures as devices
from wallnet.studies.devices.write_energy import write_energy_of

SMALL = Figures(resolution=72)


METAL = HeavyMetal(resistivity=2e-6, thickness=4e-9, spin_hall_angle=0.2)
HEATING = Heating(largest_rise=120.0, oxide_thickness=60e-9)


def gathered(synapse, folder, **pulse):
    """Return the data and the job of a device with another metal, substrate and waveform."""
    bench = synapse.copied(folder / "bench")
    device = synapse.device.model_copy(update={"heavy_metal": METAL, "heating": HEATING})
    changed = {"heavy_metal": METAL.model_dump(), "heating": HEATING.model_dump()}
    changed["pulse"] = bench.job.settings["pulse"] | pulse
    return bench.gather(**changed), write_energy_job(device)


def lines_of(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def test_the_figure_shows_temperature_and_energy(synapse, tmp_path, monkeypatch):
    """The pulses of the device last 2 ns; its metal carries twice the current density."""
    data, job = gathered(synapse, tmp_path)
    # pulses of both signs are drawn over the magnitude
    data = data.assign_coords(current_density=data["current_density"] * [1, -1, 1, -1, 1])
    path, png = tmp_path / "synapse-3.nc", tmp_path / "energy.png"
    files.write_dataset(data, path, "synapse", {})
    words = ["show", "studies.devices.figures", "--job", '{"figure": "write-energy"}', "--sources"]
    words += [f"synapse={path}", "--figures", SMALL.model_dump_json(), "--to", f"png={png}"]
    kept, save = [], style.save
    monkeypatch.setattr(
        style, "save", lambda drawing, *to, **by: kept.append(drawing) or save(drawing, *to, **by)
    )
    cli.main([*words, f"vector={tmp_path / 'energy.svg'}"])
    assert np.asarray(Image.open(png)).std() > 10
    (figure,) = kept
    over_time, rises, energies = figure.axes
    curves = lines_of(over_time)
    assert set(curves) == {"mean", "middle"}
    time, mean = curves["mean"].get_data()
    assert (time[0], time[-1]) == pytest.approx((0, 6), abs=1e-9)
    at_end = int(np.argmin(abs(time - 2)))
    cost = write_energy_of(job, 1e12, 2e-9)
    unit = {"mean": cost["mean_temperature_rise"], "middle": cost["temperature_rise"]}
    assert mean[at_end] == pytest.approx(float(unit["mean"]), rel=1e-6, abs=0)
    middle = curves["middle"].get_ydata()
    assert middle[at_end] == pytest.approx(float(unit["middle"]), rel=1e-6, abs=0)
    assert mean.argmax() == middle.argmax() == at_end
    # as much heat after 3 ns as that of 3 ns, less that of the last nanosecond
    later = int(np.argmin(abs(time - 3)))
    parts = [float(write_energy_of(job, 1e12, t * 1e-9)["mean_temperature_rise"]) for t in (3, 1)]
    assert mean[later] == pytest.approx(parts[0] - parts[1], rel=1e-6, abs=0)
    assert over_time.get_xlim() == pytest.approx((0, 6), abs=1e-9)
    assert over_time.patches[0].get_width() == pytest.approx(2, rel=1e-9, abs=0)
    curves = lines_of(rises)
    assert curves["limit"].get_ydata()[0] == 120
    density = [0.3, 0.5, 0.6, 0.8, 1.0]
    np.testing.assert_allclose(curves["mean"].get_xdata(), density, rtol=1e-9)
    for name, rise in unit.items():
        expected = np.square(density) * float(rise)
        np.testing.assert_allclose(curves[name].get_ydata(), expected, rtol=1e-6)
    (energy,) = energies.get_lines()
    # ρ J² L w d t, J in the metal being twice that of the device; a square of it has 500 Ω, and one
    # of the magnet 650 Ω
    volume = 900e-9 * 90e-9 * 4e-9
    expected = (1 + 500 / 650) * 2e-6 * np.square(np.array(density) * 2e12) * volume * 2e-9
    np.testing.assert_allclose(energy.get_ydata(), expected / 1e-12, rtol=1e-9)
    assert "(K)" in over_time.get_ylabel()
    assert "(K)" in rises.get_ylabel()
    assert energies.get_ylabel() == "energy (pJ)"
    assert all("10^{12}" in axes.get_xlabel() for axes in (rises, energies))


def test_a_waveform_has_its_own_rise(synapse, tmp_path):
    shape = ((0.0, 1.0), (1e-9, 0.0))
    data, job = gathered(synapse, tmp_path, waveform=shape)
    with style.apply(SMALL):
        figure = devices.DRAWINGS["write-energy"](devices.Sources({"s": data}), SMALL)
    over_time, _, energies = figure.axes
    curves = lines_of(over_time)
    assert set(curves) == {"mean", "middle"}
    cost = write_energy_of(job, 1e12, 2e-9, shape)
    time, mean = curves["mean"].get_data()
    assert (time[0], time[-1]) == pytest.approx((0, 6), abs=1e-9)
    assert mean.max() == pytest.approx(float(cost["mean_temperature_rise"]), rel=1e-4, abs=0)
    # a third of 1 ns, of 2 ns
    density, energy = energies.get_lines()[0].get_data()
    square = write_energy_of(job, density * 1e12, 2e-9)["write_energy"] / 1e-12
    np.testing.assert_allclose(energy, square / 6, rtol=1e-9)
