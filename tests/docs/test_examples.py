"""Each script of `examples` that draws a picture: one number that it prints, and the picture."""

import math
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from wallnet import api

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_calls")]

ROOT = Path(__file__).parents[2]
P, ALPHA, MS, THICKNESS = 0.4, 0.5, 1.1e6, 2e-9
HBAR, CHARGE, MU_0, K_B = 1.054571817e-34, 1.602176634e-19, 1.25663706212e-6, 1.380649e-23
K_EFF = 1e6 - MU_0 * MS**2 / 2 * 32 / 34
"""Of a strip 32 nm wide and 2 nm thick, with the demagnetising factor of an ellipse."""


def velocity(values, numbers):
    """The one-dimensional model in its closed form; walls tilt, and have a stray field."""
    engine, model = numbers["velocity at 0.3e12 A/m²"]
    width = math.sqrt(2e-11 / K_EFF)
    torque = HBAR * P * 0.3e12 / (2 * CHARGE * MU_0 * MS * THICKNESS)  # A/m
    dmi = 1e-3 / (MU_0 * MS * width)
    angle = math.atan2(torque, ALPHA * dmi)  # of the wall to the field of the DMI
    expected = 2.211e5 * width * math.pi / 2 * dmi * math.sin(angle)
    assert model == pytest.approx(expected, rel=1e-3, abs=0)
    assert engine == pytest.approx(expected, rel=0.15, abs=0)


def regions(values, numbers):
    """A sharp step of Ku holds a wall up to J = 2 e t ΔKu/(π ħ P)."""
    (threshold,) = numbers["threshold of a rigid wall"]
    expected = 2 * CHARGE * THICKNESS * 1e5 / (math.pi * HBAR * P)
    assert threshold == pytest.approx(expected / 1e12, rel=0.01, abs=0)
    assert 110 < numbers["wall after 0.3e12 A/m²"][0] < 120 < numbers["wall after 0.6e12 A/m²"][0]


def neuron(values, numbers):
    """Two domains below the detector, from 64 to 192 nm, conduct in parallel (paper, Eq. 2)."""
    swept, detector = values["swept"], values["device"].detector
    reversed_share = np.clip((swept.final_wall_position.values / 1e-9 - 64) / 128, 0, 1)
    square = detector.polarization**2
    last = (1 - square + 2 * square * reversed_share[-1]) / (1 + square)
    expected = detector.parallel_conductance * last * 1e6
    assert numbers["conductance at the end"][-1] == pytest.approx(expected, rel=2e-3, abs=0)


def pulse_train(values, numbers):
    """A step has the area between two notches, of all of the track."""
    up = np.diff(numbers["conductance"])[:3]
    notch = math.pi * 12**2
    area = (100 * 48 - notch) / (380 * 48 - 4 * notch)
    detector = values["device"].detector
    square = detector.polarization**2
    step = detector.parallel_conductance * 1e6 * 2 * square / (1 + square) * area
    assert up == pytest.approx([step] * 3, rel=0.01, abs=0)
    states = [state.item() for state in values["response"].pulse_state]
    assert states == [f"notch {number}" for number in (1, 2, 3, 4, 3, 2, 1)]


def barriers(values, numbers):
    """σ t ΔW, with the wall's energy per area σ and the depth ΔW of both cuts."""
    (barrier,) = numbers["barrier"]
    k_eff = 1e6 - MU_0 * MS**2 / 2 * 48 / 50
    sigma = 4 * math.sqrt(2e-11 * k_eff) - math.pi * 1e-3
    assert barrier == pytest.approx(sigma * THICKNESS * 24e-9 / (K_B * 300), rel=0.15, abs=0)
    (years,) = numbers["lifetime"]
    assert math.log10(years) == pytest.approx(barrier / math.log(10) - 9 - 7.5, abs=0.1)


def thermal(values, numbers):
    """Of four replicas, all stay far below the threshold, and none far above it."""
    assert numbers["notch 1, probability"][0] == 1
    assert numbers["notch 1, probability"][-1] == 0
    low = values["result"].outcome_low.sel(outcome="notch 1")[0].item()
    assert low == pytest.approx(0.025 ** (1 / 4), rel=1e-6, abs=0)  # Clopper and Pearson


def rough_edges(values, numbers):
    """The width has the variance of two edges, less what a cell averages out."""
    assert numbers["sample 0"][:2] == (32.0, 0.0)
    spread = np.mean([numbers[f"sample {number}"][1] for number in (1, 2, 3)])
    assert spread == pytest.approx(math.sqrt(2) * 1.8, rel=0.25, abs=0)
    maps = [image for axes in values["panels"] for image in axes.images]
    assert [image.get_cmap().name for image in maps] == ["magnetization"] * 4


def notches(values, numbers):
    """Thresholds of wide notches grow as their diameter; the largest has its barrier, σ t ΔW."""
    thresholds = numbers["thresholds"]
    assert np.all(np.diff(thresholds) > 0)
    k_eff = 1e6 - MU_0 * MS**2 / 2 * 48 / 50
    sigma = 4 * math.sqrt(2e-11 * k_eff) - math.pi * 1e-3
    expected = sigma * THICKNESS * 28e-9 / (K_B * 300)
    assert values["barriers"][-1] == pytest.approx(expected, rel=0.1, abs=0)


def write_energy(values, numbers):
    """docs/write-energy.md has 101 K; the magnet, as resistive as the metal, adds 2/5 of it."""
    assert numbers["largest rise"] == (pytest.approx(101, abs=0.5),)
    energy, current = numbers["write energy"]
    assert current == pytest.approx(1e12 * 72e-9 * 5e-9 * 1.4 / 1e-3, abs=1e-3)
    assert energy == pytest.approx(1e12 * 1.3e-6 * 256e-9 * current * 1e-3 * 1e-9 / 1e-12, abs=1e-3)


def digits_on_levels(values, numbers):
    """Nearest of four equal steps from the least to the largest weight of a layer, in NumPy."""
    x = values["test_images"].numpy().reshape(1000, -1)
    for number in (1, 3):
        layer = values["model"][number]
        weight = layer.weight.detach().numpy()
        steps = np.linspace(weight.min(), weight.max(), 4)
        weight = steps[np.abs(weight[..., None] - steps).argmin(-1)]
        x = np.maximum(x, 0) @ weight.T + layer.bias.detach().numpy()
    share = 100 * (x.argmax(1) == values["test_labels"].numpy()).mean()
    assert numbers["layer"][values["counts"].index(4)] == pytest.approx(share, abs=0.15)
    assert numbers["32 bit"][0] > 90


CHECKS = {
    check.__name__: check
    for check in (
        *(velocity, regions, neuron, pulse_train, barriers, thermal),
        *(rough_edges, notches, write_energy, digits_on_levels),
    )
}


FEWER = {"current_densities": [1.1e12, 1.5e12], "replicas": 4}
"""Settings with which the study of `thermal` takes less time than in the script."""


def test_every_example_with_a_picture_is_run_here_and_in_the_gallery():
    scripts = {path.stem for path in (ROOT / "examples").glob("*.py")}
    assert scripts - {"digits", "rigid_walls", "step_networks", "step_tables", "table_ii"} == {
        *CHECKS
    }
    gallery = (ROOT / "docs/gallery.md").read_text(encoding="utf-8")
    for name in CHECKS:
        assert f"(../examples/{name}.py)" in gallery
        assert (ROOT / f"docs/figures/examples-{name}.png").stat().st_size < 40_000


@pytest.mark.parametrize("name", CHECKS)
def test_an_example_prints_the_number_and_draws_the_picture(name, tmp_path, capsys, monkeypatch):
    picture = tmp_path / f"{name}.png"
    monkeypatch.setattr(sys, "argv", [name, str(picture)])
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.syspath_prepend(ROOT / "examples")
    if name == "thermal":
        whole = api.Thermal
        monkeypatch.setattr(api, "Thermal", lambda **options: whole(**options | FEWER))
    values = runpy.run_path(str(ROOT / f"examples/{name}.py"))
    assert picture.read_bytes().startswith(b"\x89PNG")
    lines = (line.partition(":") for line in capsys.readouterr().out.splitlines() if ":" in line)
    numbers = {
        key: tuple(map(float, re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]\d+)?", text)))
        for key, _, text in lines
    }
    CHECKS[name](values, numbers)
