"""The figure of the write energy, by all that it shows."""

import numpy as np
import pytest
from helpers.pictures import assert_shows, content_of, line
from PIL import Image

from wallnet import cli, files
from wallnet.config import Figures
from wallnet.config.heavy_metal import Heating, HeavyMetal
from wallnet.devices.write_energy import write_energy_of
from wallnet.jobs.report import write_energy_job
from wallnet.report import style

SMALL = Figures(resolution=72)
BLUE, ORANGE, GREEN, *_ = style.COLOURS


METAL = HeavyMetal(resistivity=2e-6, thickness=4e-9, spin_hall_angle=0.2)
HEATING = Heating(largest_rise=120.0, oxide_thickness=60e-9)


@pytest.mark.parametrize("shape", [None, ((0.0, 1.0), (1e-9, 0.0))], ids=["square", "waveform"])
def test_the_figure_shows_temperature_and_energy(synapse, tmp_path, monkeypatch, shape):
    """Pulses of 2 ns, or of a fall to 0 in 1 ns; the metal carries twice the current density."""
    device = synapse.device.model_copy(update={"heavy_metal": METAL, "heating": HEATING})
    changed = {"heavy_metal": METAL.model_dump(), "heating": HEATING.model_dump()}
    changed["pulse"] = synapse.job.settings["pulse"] | ({"waveform": shape} if shape else {})
    data = synapse.gather(**changed)
    # pulses of both signs are drawn over the magnitude
    data = data.assign_coords(current_density=data["current_density"] * [1, -1, 1, -1, 1])
    files.write_dataset(data, synapse.out, "synapse", {})
    words = ["show", "devices.figures", "--job", '{"figure": "write-energy"}', "--sources"]
    words += [f"synapse={synapse.out}", "--figures", SMALL.model_dump_json()]
    words += ["--to", f"png={tmp_path}/energy.png", f"vector={tmp_path}/energy.svg"]
    kept, save = [], style.save
    monkeypatch.setattr(
        style, "save", lambda drawing, *to, **how: kept.append(drawing) or save(drawing, *to, **how)
    )
    cli.main(words)
    assert np.asarray(Image.open(tmp_path / "energy.png")).std() > 10

    def cost(name, duration=2.0):
        pulse = 1e12, duration * 1e-9, *filter(None, [shape])
        return float(write_energy_of(write_energy_job(device), *pulse)[name])

    def above(values):
        """Return the upper limit of an axis: 5 % above the values."""
        return max(values) + 0.05 * (max(values) - min(values))

    _, _, time, _ = line("", "", *[data["heating_time"].values / 1e-9] * 2)
    over_time, rises, energies = content_of(kept[0])
    curves = dict(zip(("mean", "middle"), over_time.pop("lines"), strict=True))
    density = np.array([0.3, 0.5, 0.6, 0.8, 1.0])
    names = {"mean": "mean_temperature_rise", "middle": "temperature_rise"}
    of_pulses = {title: density**2 * cost(name) for title, name in names.items()}
    for (title, name), look in zip(names.items(), (f"- {BLUE}", f"-- {ORANGE}"), strict=True):
        rise = data[f"heating_{title}"].values[:]
        if not shape:
            # as much heat after t as that of t, less that of the time since the pulse
            later = [cost(name, t) - (cost(name, t - 2) if t > 2 else 0) for t in time[1:]]
            assert_shows(curves[title], [title, look, time, [0, *later]])
            assert data["heating_time"].values[rise.argmax()] == pytest.approx(2e-9, abs=1e-15)
        assert rise.max() == pytest.approx(cost(name), rel=1e-4, abs=0)
    # ρ J² L w d t, J in the metal being twice that of the device; a square of it has 500 Ω, and one
    # of the magnet 650 Ω; of a fall to 0 within 1 ns, a third of that time counts
    volume = 900e-9 * 90e-9 * 4e-9
    energy = (1 + 500 / 650) * 2e-6 * np.square(density * 2e12) * volume * 2e-9 / 1e-12
    energy = energy / 6 if shape else energy
    highest = max(data[f"heating_{title}"].values.max() for title in names)

    def beyond(values):
        """Return the points of pulses beyond the model."""
        hot = data["beyond_model"].values == 1
        return density[hot], values[hot]

    assert_shows(
        [over_time, rises, energies],
        [
            {
                "title": "(a) a pulse and after",
                "x": ["time (ns)", 0, 6],
                "y": [r"rise at $\mathit{J}$ = $10^{12}$ A/m² (K)", 0, 1.05 * highest],
                "patches": [[0, 0, 2, 1, style.SHADE]],
                "legend": ["mean", "middle"],
            },
            {
                "title": "(b) each pulse",
                "x": [style.J_LABEL],
                "y": [
                    "largest rise (K)",
                    0,
                    above([*of_pulses["mean"], *of_pulses["middle"], 120]),
                ],
                "lines": [
                    line("mean", f"o- {BLUE}", density, of_pulses["mean"]),
                    line("hollow: not valid", f"open o {BLUE}", *beyond(of_pulses["mean"])),
                    line("middle", f"s-- {ORANGE}", density, of_pulses["middle"]),
                    line("", f"open s {ORANGE}", *beyond(of_pulses["middle"])),
                    line("limit", ": #666666", [0, 1], [120, 120]),
                ],
                "legend": ["mean", "hollow: not valid", "middle", "limit"],
            },
            {
                "title": "(c) energy",
                "x": [style.J_LABEL],
                "y": ["energy (pJ)", 0, above(energy)],
                "lines": [
                    line("", f"^-. {GREEN}", density, energy),
                    line("hollow: not valid", f"open ^ {GREEN}", *beyond(energy)),
                ],
            },
        ],
    )
