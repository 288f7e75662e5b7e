"""What a preview says before anything runs, against hand calculations and an integration.

Each quantity of the device has a value of its own.
"""

import copy
import itertools
import math
import subprocess
import warnings

import numpy as np
import pytest
import yaml
from helpers.small_campaign import MATERIAL, TINY, UNLIKE
from PIL import Image
from scipy.integrate import solve_ivp

from wallnet import api, cli, config, plan
from wallnet.plan.commands import not_asked_for
from wallnet.plan.preview import estimates, preview, torque_share, wall_velocity

UNIT = {"material": UNLIKE, "output": TINY["output"]}


def campaign_of(**changes):
    """Return the tiny campaign with the unlike material; changes are those of the synapse."""
    data = copy.deepcopy(TINY) | {"material": UNLIKE}
    data["devices"]["synapse"] |= changes
    return plan.parse(data)


def test_lengths_and_energies_are_those_worked_out_by_hand():
    """μ0 Ms² = 4π·1e-7 · 0.81e12 = 1.017876e6 J/m³, and N_z of 72 × 2 nm² is 0.955051.

    K_eff = 0.8e6 - 0.508938e6 · 0.955051 = 0.313938e6 J/m³, √(A K_eff) = √(1.7e-11 · 3.13938e5) =
    2.310184e-3 J/m², so that D_c is 2.941417e-3 J/m².
    """
    quantities, _ = estimates(campaign_of(), "synapse")
    expected = {
        "width": 7.358723e-9,
        "exchange": 5.779523e-9,
        "cells": 7.358723 / 4,
        "dmi": -1.3 / 2.941417,
        "anisotropy": 3.139381e5,
        "weakest": 0.5e12,
        "strongest": 3e12,
        # initial state, three pulses, notches 1 and 2 and the state between both
        "simulations": 7,
    }
    assert {key: quantities[key] for key in expected} == pytest.approx(expected, rel=2e-6, abs=0)


def test_barrier_and_threshold_are_those_of_a_rigid_wall():
    """N_z - N_x = 0.95505 on 72 nm: K = 0.8e6 - 0.508938e6 · 0.95505 J/m³, Δ = 7.3582 nm.

    Integrals of both shapes over the half discs at 120 and 240 nm, k_B · 300 K = 4.141947e-21 J.
    """
    quantities, _ = estimates(campaign_of(), "synapse")
    device = campaign_of().simulated["synapse"]
    delta = 7.3582e-9
    step = 0.05e-9
    x = np.arange(step / 2, 360e-9, step)
    cuts = [np.maximum(256e-18 - (x - place) ** 2, 0) for place in (120e-9, 240e-9, 360e-9)]
    width = 72e-9 - 2 * np.sqrt(np.sum(cuts, axis=0))
    u = (x - np.linspace(120e-9, 180e-9, 601)[:, np.newaxis]) / delta
    first, second = 1 / np.cosh(u) ** 2 / (2 * delta), 1 / np.cosh(u) / (math.pi * delta)
    scale = 4 * 1.7e-11 / delta
    energy = 2e-9 * step * (scale * first - math.pi * 1.3e-3 * second) @ width
    felt = step * second @ width
    torque = math.pi * 1.0545717e-34 * device.material.polarization / (2 * 1.6021765e-19)
    current = np.gradient(energy, 0.1e-9) / (torque * felt)
    for way in ("forward", "backward"):
        assert quantities[way] == pytest.approx(np.ptp(energy) / 4.141947e-21, rel=1e-3, abs=0)
    # D < 0: a negative current drives the wall towards +x
    assert quantities["threshold"] == pytest.approx(-current.max(), rel=3e-3, abs=0)


def test_k_eff_vanishes_where_bloch_has_lowered_the_anisotropy_to_that_of_the_shape():
    """Ku m³ = N_z μ0 Ms² m²/2 at m = 0.607577 of that at 300 K, 0.835683: at 623.4 K."""
    (quantities, _) = estimates(campaign_of(), "synapse")
    m = 0.955051 * 0.508938 / 0.8 * (1 - 0.3**1.5)
    assert quantities["vanishing"] == pytest.approx(1000 * (1 - m) ** (2 / 3), rel=1e-5, abs=0)


def integrated_velocity(material, thickness, density):
    """Return the velocity in m/s after 20 ns of both equations of the one-dimensional model."""
    mu0, charge, hbar = 4e-7 * math.pi, 1.6021765e-19, 1.0545717e-34
    ms, gamma, alpha = (
        material[key] for key in ("saturation_magnetization", "gyromagnetic_ratio", "damping")
    )
    n_z = 0.96246275  # of 72 × 1.6 nm²
    stiffness = material["uniaxial_anisotropy"] - n_z * mu0 * ms**2 / 2
    width = math.sqrt(material["exchange_stiffness"] / stiffness)
    dmi = material["dmi_constant"] / (mu0 * ms * width)
    field = hbar * material["polarization"] / 2 * density / (mu0 * charge * thickness * ms)

    def rates(phi):
        a = gamma * math.pi / 2 * field * math.cos(phi)
        b = gamma * math.pi / 2 * dmi * math.sin(phi)
        # dφ/dt + α v/Δ = a, v/Δ - α dφ/dt = b
        turn = (a - alpha * b) / (1 + alpha**2)
        return turn, (b + alpha * turn) * width

    start = 0.0 if dmi > 0 else math.pi  # the wall's own angle
    solved = solve_ivp(lambda _, y: [rates(y[0])[0]], (0, 20e-9), [start], rtol=1e-10, atol=1e-12)
    return rates(solved.y[0, -1])[1]


@pytest.mark.parametrize("density", [0.4e12, -1.1e12])
@pytest.mark.parametrize("material", [MATERIAL, UNLIKE], ids=["paper", "unlike"])
def test_the_velocity_is_the_steady_one_of_the_equations(material, density):
    data = copy.deepcopy(TINY) | {"material": material}
    data["devices"]["synapse"]["track"]["thickness"] = 1.6e-9
    device = plan.parse(data).simulated["synapse"]
    expected = integrated_velocity(material, 1.6e-9, density)
    # with both signs of D, J > 0 drives a wall of its own handedness along sign(D)
    assert expected * density * material["dmi_constant"] > 0
    assert wall_velocity(device, density) == pytest.approx(expected, rel=1e-6, abs=0)


def test_lambda_changes_the_torque_across_the_spins():
    """ε = P Λ²/(Λ² + 1): with Λ = 2 and P = 0.35 that of Λ = 1 and P = 0.56."""
    devices = [
        campaign_of(material=change).simulated["synapse"]
        for change in ({"slonczewski_lambda": 2.0}, {"polarization": 0.56})
    ]
    first, second = (wall_velocity(device, 0.7e12) for device in devices)
    assert first == pytest.approx(second, rel=1e-12, abs=0)


def test_the_area_that_smooth_edges_leave_empty_is_that_of_cells_below_a_tenth():
    """Half discs of 16 nm radius; a cell of 4 nm is filled where its points are outside."""
    smooth = campaign_of(track=TINY["devices"]["synapse"]["track"] | {"edges": "smooth"})
    fine = (np.arange(0, 360, 0.05) + 0.025, np.arange(0, 16, 0.05)[:, np.newaxis] + 0.025)
    outside = np.min([np.hypot(fine[0] - x, fine[1]) for x in (120, 240, 360)], axis=0) > 16
    filled = outside.reshape(4, 80, 90, 80).mean(axis=(1, 3))
    # along both edges
    lost = 2 * 16 * filled[filled < 0.1].sum()
    assert lost > 1
    assert estimates(smooth, "synapse")[0]["lost"] == pytest.approx(lost * 1e-18, rel=0.02, abs=0)
    assert f"\nsynapse: smooth edges leave {lost:.0f} nm² empty\n" in preview(smooth)
    assert "smooth edges" not in preview(campaign_of())


def test_without_dmi_or_notches_nothing_is_known():
    still = campaign_of(material={"dmi_constant": 0.0}).simulated["synapse"]
    assert wall_velocity(still, 1e12) == 0
    quantities, _ = estimates(campaign_of(), "neuron")
    assert math.isnan(quantities["forward"])
    assert math.isnan(quantities["backward"])
    assert math.isnan(quantities["threshold"])


def test_what_is_out_of_sense_is_marked_with_its_reason():
    """Cells of 4 nm are above Δ/2 = 3.68 nm; 6 nm notches retain no wall."""
    shallow = {"cell_size": 4e-9, "notches": {"count": 3, "diameter": 6e-9}}
    campaign = campaign_of(track=TINY["devices"]["synapse"]["track"] | shallow)
    text = " ".join(preview(campaign).split())
    assert "! synapse: track.cell_size 4e-09 m is above" in text
    assert "! synapse: the barrier is 6 k_B T at 300 K, and a notch that loses a wall" in text
    assert "with at most barriers.largest_loss, 0.01, needs 52; enlarge" in text
    assert "enlarge track.notches.diameter" in text
    ellipses = {"count": 3, "shape": "ellipse", "length": 20e-9, "depth": 3e-9}
    campaign = campaign_of(track=TINY["devices"]["synapse"]["track"] | {"notches": ellipses})
    assert "enlarge track.notches.depth" in " ".join(preview(campaign).split())
    campaign = campaign_of(track=TINY["devices"]["synapse"]["track"] | shallow)
    assert "! synapse: 1 of 3 pulses heat the track by more than 50 K" in text
    assert " 1.8! " in text
    assert " 6! " in text
    lines = preview(campaign).splitlines()
    assert max(map(len, lines)) <= 80
    assert "10 simulations" not in lines[-1]
    assert "of the target all will run" in text


@pytest.mark.parametrize("sign", [1, -1])
def test_pulses_far_below_the_threshold_are_doubted(sign):
    """All densities count; the threshold is that of a rigid wall."""
    threshold = abs(estimates(campaign_of(), "synapse")[0]["threshold"])
    for share, doubted in ((0.099, True), (0.101, False)):
        densities = [round(part * threshold / 1e8) * 1e8 for part in (0.01, sign * share)]
        pulse = TINY["devices"]["synapse"]["pulse"] | {"current_densities": densities}
        doubts = estimates(campaign_of(pulse=pulse), "synapse")[1]
        assert ("strongest" in doubts) is doubted
        if doubted:
            text = f"a rigid wall leaves no notch below {threshold / 1e12:.3g}e12 A/m²"
            assert text in doubts["strongest"][0]


def test_a_bias_in_the_plane_is_left_out_of_the_rigid_wall():
    (doubt,) = estimates(campaign_of(material={"bias_field_x": 5e-3}), "synapse")[1]["threshold"]
    assert "rigid wall leaves material.bias_field_x out" in doubt
    assert "threshold" not in estimates(campaign_of(material={"bias_field": 5e-3}), "synapse")[1]


def leaning(**blocks):
    """Return the tiny campaign whose synapse has an anisotropy that rises along it, and a field."""
    data = copy.deepcopy(TINY) | {"material": UNLIKE | {"bias_field": 2e-3}} | blocks
    ramp = {"ramp": [0.75e6, 0.83e6]}
    data["devices"]["synapse"]["regions"] = [
        {"start": 0.0, "stop": 360e-9, "uniaxial_anisotropy": ramp}
    ]
    return plan.parse(data)


SURE = {"largest_loss": 1e-6, "retention_time": 5.7e7}


@pytest.mark.parametrize(
    ("section", "kelvin"),
    [({}, 300.0), ({"barriers": {"temperature": 358.0, **SURE}}, 358.0)],
)
def test_barriers_in_both_directions_have_the_temperature_at_which_states_are_retained(
    section, kelvin
):
    campaign = leaning(**section)
    wall = api.rigid_wall(campaign.simulated["synapse"], kelvin)
    forward, backward = wall.barriers.min(axis=1) / (1.380649e-23 * kelvin)
    assert forward > 1.2 * backward
    quantities, doubts = estimates(campaign, "synapse")
    assert quantities["forward"] == pytest.approx(forward, rel=1e-9, abs=0)
    assert quantities["backward"] == pytest.approx(backward, rel=1e-9, abs=0)
    # thresholds are those of the pulses
    threshold = max(api.rigid_wall(campaign.simulated["synapse"]).forward, key=abs)
    assert quantities["threshold"] == threshold
    text = " ".join(preview(campaign).split())
    assert f" {forward:.0f} to {backward:.0f}" in text
    if section:  # the smaller one decides; two barriers of 60 k_B T lose 1e-6 in 5.7e7 s at 1e12/s
        assert backward < 60 < forward
        assert f"the barrier is {backward:.0f} k_B T at 358 K, and" in doubts["forward"][0]
    else:
        assert "forward" not in doubts


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"material": {"field_like_ratio": -0.3}}, "leaves material.field_like_torque out"),
        ({"heavy_metal": {"oersted": True}}, "leaves heavy_metal.oersted out"),
        ({}, ""),
    ],
)
def test_what_a_rigid_wall_leaves_out_is_said_beside_its_threshold(changes, words):
    campaign = campaign_of(**changes)
    quantities, doubts = estimates(campaign, "synapse")
    (said,) = doubts.get("threshold", [""])
    assert words in said
    assert bool(said) == bool(words)
    marked = f"{quantities['threshold'] / 1e12:.2f}!" in preview(campaign)
    assert marked == bool(words)
    # without notches there is no threshold
    assert "threshold" not in estimates(campaign, "neuron")[1]


def driven(material, track, density, time):
    """Return the velocity of the engine's wall in m/s at the end of a pulse, and its tilt in m."""
    device = api.make_device(
        kind="track",
        track={"length": 240 * track["cell_size"]} | track,
        wall={"start": 40 * track["cell_size"]},
        pulse={"duration": time, "current_densities": [density]},
        relaxation={"longest": 0},
        read_at="pulse_end",
        output={"interval": 20e-12, "snapshot_interval": 1e-6},
        material=MATERIAL | material,
    )
    trace = api.simulate(device, density, progress=False)
    late = trace["time"].values > 0.7 * time
    ends = np.array([trace["wall_bottom"].values, trace["wall_top"].values])
    speed = np.polyfit(trace["time"].values[late], ends.mean(axis=0)[late], 1)[0]
    return device, speed, abs(ends[1, -1] - ends[0, -1])


COFEB = {"exchange_stiffness": 1.6e-11, "dmi_constant": 0.35e-3, "uniaxial_anisotropy": 7.8e5}
"""W/CoFeB of 1.2 nm, nearly compensated."""

NARROW = {"width": 100e-9, "thickness": 1.2e-9, "cell_size": 4e-9}


@pytest.mark.parametrize(
    ("material", "track", "density", "ratio"),
    [
        (COFEB | {"damping": 0.03}, NARROW, 0.1e12, 1.252),
        ({"damping": 0.3}, NARROW | {"width": 152e-9, "thickness": 2e-9}, 0.5e12, 1.32),
    ],
)
def test_the_velocity_is_above_that_of_the_engine(material, track, density, ratio):
    """By up to a third, as long as the field of the torque is below a fifth of the anisotropy's."""
    device, speed, tilt = driven(material, track, density, 5e-9 if ratio < 1.3 else 4e-9)
    assert torque_share(device, density) < 0.2
    assert tilt < 60e-9
    assert wall_velocity(device, density) / speed == pytest.approx(ratio, abs=0.03)
    assert "fastest" not in estimates(plan.parse({"devices": {"d": device.plain()}}), "d")[1]


def test_a_torque_near_the_anisotropy_field_is_doubted():
    """ħ J P/(4 e t K_eff) is 0.297 at 0.2e12 A/m²: the engine's wall stretches over 0.2 µm."""
    device, speed, tilt = driven(COFEB | {"damping": 0.03}, NARROW, 0.2e12, 5e-9)
    hand = 1.0545717e-34 * 0.2e12 * 0.4 / (4 * 1.6021765e-19 * 1.2e-9 * 36.9346e3)
    assert hand == pytest.approx(0.297, abs=5e-4)
    assert torque_share(device, -0.2e12) == pytest.approx(hand, rel=1e-4, abs=0)
    assert tilt > 150e-9
    assert wall_velocity(device, 0.2e12) > 1.4 * speed
    (doubt,) = estimates(plan.parse({"devices": {"d": device.plain()}}), "d")[1]["fastest"]
    assert doubt.startswith("the field of the torque of the strongest pulse is 30 % of the")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(copy.deepcopy(TINY)))
    return tmp_path


def test_the_command_draws_every_device_and_simulates_nothing(folder, capsys, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a job has started"))
    cli.main(["preview", "--directory", str(folder)])
    out = capsys.readouterr().out
    assert "18 simulations" not in out
    drawn = sorted(path.name for path in folder.rglob("results/**/*.png"))
    assert drawn == ["neuron.png", "synapse.png"]
    assert [path for path in folder.rglob("results/*") if path.name != "preview"] == []
    for name in drawn:
        with Image.open(folder / "results/preview" / name) as image:
            assert image.width == pytest.approx(0.178 / 0.0254 * 200, abs=2)
    campaign = plan.load(folder / "config.yaml")
    assert not_asked_for(campaign, folder) == []
    del campaign.devices["neuron"]
    assert not_asked_for(campaign, folder) == ["results/preview/neuron.png"]


def test_a_class_of_a_user_is_not_executed(folder, monkeypatch, capsys):
    """Its module would end the process."""
    (folder / "mine.py").write_text("import sys; sys.exit('executed')\nclass Own: ...\n")
    data = copy.deepcopy(TINY) | {"calculator": "mine:Own"}
    (folder / "config.yaml").write_text(yaml.safe_dump(data))
    monkeypatch.chdir(folder)
    cli.main(["preview"])
    assert "with a calculator of unknown speed" in " ".join(capsys.readouterr().out.split())


def test_a_campaign_that_is_not_valid_is_refused(folder):
    (folder / "config.yaml").write_text("devices: {}")
    with pytest.raises(SystemExit, match="devices is missing or empty"):
        cli.main(["preview", "--directory", str(folder)])


def device_of(**changes):
    return api.make_device(**TINY["devices"]["synapse"] | UNIT | changes)


def test_the_drawing_is_to_scale_and_has_every_part():
    track = {"length": 400e-9, "width": 72e-9, "thickness": 2e-9, "cell_size": 4e-9}
    track |= {"fixed_ends": 20e-9, "notches": {"diameter": 24e-9, "positions": [48e-9, 200e-9]}}
    device = device_of(
        track=track, wall={"start": 48e-9}, detector={"start": 80e-9, "stop": 300e-9}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn, table = api.preview(device)
        drawn.canvas.draw()
    for axes in drawn.axes:
        box, (left, right), (low, high) = axes.get_window_extent(), axes.get_xlim(), axes.get_ylim()
        assert box.width / (right - left) == pytest.approx(
            box.height / (high - low), rel=1e-6, abs=0
        )
    whole, wall, notch = drawn.axes
    assert whole.get_xlim() == pytest.approx((0, 400), rel=1e-9, abs=0)
    outlines = [line for line in whole.lines if len(line.get_xdata()) > 2]
    for line, (x, y) in zip(outlines, itertools.product((48, 200), (0, 72)), strict=True):
        distances = np.hypot(line.get_xdata() - x, line.get_ydata() - y)
        assert distances == pytest.approx(np.full_like(distances, 12), rel=1e-9, abs=0)
    fixed = [patch.get_bbox().intervalx.tolist() for patch in whole.patches if patch.get_hatch()]
    assert [pytest.approx(interval, rel=1e-9, abs=0) for interval in fixed] == [[0, 20], [380, 400]]
    (bar,) = (line for line in whole.lines if line not in outlines)
    assert bar.get_xdata() == pytest.approx([80, 300], rel=1e-9, abs=0)
    values = np.ma.filled(whole.images[0].get_array().astype(float), np.nan)
    assert values.shape == (18, 100)
    # at x = 48 nm the wall is in the middle, and the notch takes cells at both edges
    assert values[9, [11, 12]] == pytest.approx([-values[9, 12], values[9, 12]], rel=1e-9, abs=0)
    assert np.isnan(values[[0, -1], 12]).all()
    # the second notch is shown, as the wall is at the first
    assert notch.get_title(loc="left").startswith("(c) notch 2 of 2: 24 nm, 6.0 cells")
    assert sum(notch.get_xlim()) / 2 == pytest.approx(200, rel=1e-9, abs=0)
    assert sum(wall.get_xlim()) / 2 == pytest.approx(48, abs=1e-6)
    # no text is cut
    used, (width, height) = drawn.get_tightbbox(), drawn.get_size_inches()
    assert 0 <= used.x0 < used.x1 <= width
    assert 0 <= used.y0 < used.y1 <= height
    assert table.loc["weakest J", "unit"] == "1e12 A/m²"
    assert table.loc["weakest J", "value"] == 0.5
    assert "pulses heat the track" in table.loc["largest rise of the temperature", "doubt"]
    assert isinstance(device, config.Device)


def test_parameters_that_vary_are_drawn_too(tmp_path):
    data = copy.deepcopy(TINY)
    data["devices"]["synapse"]["regions"] = [{"start": 0.0, "stop": 40e-9, "damping": 0.3}]
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(data))
    cli.main(["preview", "--directory", str(tmp_path)])
    drawn = [path.name for path in (tmp_path / "results/preview/parameters").glob("[!.]*")]
    assert drawn == ["synapse.png"]
    assert not_asked_for(plan.load(tmp_path / "config.yaml"), tmp_path) == []


def test_a_sample_is_drawn_and_estimated_beside_the_perfect_device(tmp_path, capsys):
    data = copy.deepcopy(TINY) | {"material": UNLIKE}
    data["devices"]["synapse"]["disorder"] = {"edges": {}, "grains": {"size": 15e-9}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    texts = []
    for number in ("0", "4"):
        cli.main(["preview", "--directory", str(tmp_path), "--sample", number])
        texts.append(capsys.readouterr().out)
    made = plan.load(tmp_path / "config.yaml").simulated["synapse"].of_sample(4)
    barrier = api.rigid_wall(made).barriers.min() / (1.380649e-23 * 300)
    assert f" {barrier:.0f}" in texts[1]
    assert f" {barrier:.0f}" not in texts[0]
    drawn = sorted(path.name for path in tmp_path.rglob("results/preview/**/*.png"))
    assert drawn == ["synapse-sample-0.png", *["synapse-sample-4.png"] * 2]
    for arguments in (["--sample", "-1"], ["--sample=3"]):
        if arguments == ["--sample=3"]:
            del data["devices"]["synapse"]["disorder"]
            (tmp_path / "config.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            cli.main(["preview", "--directory", str(tmp_path), *arguments])
        (line,) = str(capsys.readouterr().err or ended.value).strip().splitlines()
        assert "needs a number from 0 on, and a device with disorder" in line


def test_the_largest_oersted_field_is_one_line():
    """3e12 A/m² in 5 nm: μ0 J d/2 · 2 atan(36/3.5)/π = 8.84 mT in the middle of 72 nm.

    With 2/5 more in the magnet, μ0 J · 7 nm/4π · ln[(70² + 3.5²)/(2² + 3.5²)] = 11.99 mT.
    """
    campaign = campaign_of(heavy_metal={"oersted": True})
    (line,) = [text for text in preview(campaign).splitlines() if "Oersted" in text]
    assert line.startswith("synapse: the Oersted field of 3e12 A/m² is up to 8.8 mT in the plane,")
    assert "12.0 mT along z" in " ".join(preview(campaign).split())
    assert "Oersted" not in preview(campaign_of())


PAPER = {
    "length": 1500e-9,
    "width": 150e-9,
    "thickness": 2e-9,
    "cell_size": 3e-9,
    "notches": {"count": 5, "diameter": 40e-9},
}


def read(detector, **changes):
    """Return the quantities of a synapse of the paper's size with a detector, and all doubts."""
    changes = {"track": PAPER, "detector": detector, "wall": {"start": 60e-9}} | changes
    return estimates(campaign_of(**changes), "synapse")


def test_the_paper_s_junction_by_its_resistances():
    """10 kΩ over 1500 × 150 nm² are 2,250 Ω µm², and 0.1 V draw 10 µA."""
    quantities, doubts = read({})
    expected = {
        "parallel": 10e3,
        "antiparallel": 20e3,
        "magnetoresistance": 1.0,
        "area": 2.25e-13,
        "product": 2.25e-9,
        "read_current": 1e-5,
        "read_density": 1e-5 / (150e-9 * 5e-9),
    }
    assert {key: quantities[key] for key in expected} == pytest.approx(expected, rel=1e-9, abs=0)
    assert "read_density" not in doubts


def test_a_junction_over_the_whole_track_writes_when_it_is_read():
    """29 Ω µm² over 1500 × 150 nm² are 129 Ω, and 0.1 V draw 0.78 mA, or 1.03e12 A/m²."""
    product = {"resistance_area_product": 2.9e-11, "tunnel_magnetoresistance": 1.2}
    quantities, doubts = read(product)
    assert quantities["parallel"] == pytest.approx(128.8889, rel=1e-6, abs=0)
    assert quantities["antiparallel"] == pytest.approx(2.2 * 128.8889, rel=1e-6, abs=0)
    assert quantities["magnetoresistance"] == pytest.approx(1.2, rel=1e-12, abs=0)
    assert quantities["product"] == pytest.approx(2.9e-11, rel=1e-12, abs=0)
    assert quantities["read_current"] == pytest.approx(0.7758621e-3, rel=1e-6, abs=0)
    assert quantities["read_density"] == pytest.approx(1.034483e12, rel=1e-6, abs=0)
    percent = 100 * 1.034483e12 / abs(quantities["threshold"])
    assert doubts["read_density"] == [
        "reading at 0.1 V draws 0.776 mA, which as current in the metal is J = 1.03e12 A/m², "
        f"{percent:.0f} % of the threshold of a rigid wall, so that it may move the wall; lower "
        "detector.read_voltage, or raise the resistance of the junction"
    ]
    # 6 % of the current: no doubt
    for change in ({"read_voltage": 6e-3}, {"area": 1.35e-14}):
        quantities, doubts = read(product | change)
        assert quantities["read_current"] == pytest.approx(0.06 * 0.7758621e-3, rel=1e-6, abs=0)
        assert "read_density" not in doubts
    # a metal whose angle is 0.16 carries 0.35/0.16 J
    density = read(product, heavy_metal={"preset": "pt"})[0]["read_density"]
    assert density == pytest.approx(1.034483e12 * 0.16 / 0.35, rel=1e-6, abs=0)


@pytest.mark.parametrize(
    ("keys", "current"),
    [({"parallel_conductance": 4e-4}, 4e-5), ({"parallel_resistance": 4e3}, 2.5e-5)],
)
def test_the_current_is_that_of_the_reading_with_the_larger_one(keys, current):
    assert read(keys)[0]["read_current"] == pytest.approx(current, rel=1e-9, abs=0)


def test_a_read_current_is_doubted_from_half_of_the_threshold_on():
    threshold = abs(read({})[0]["threshold"])
    for share, doubted in ((0.49, False), (0.51, True)):
        volt = share * threshold * 150e-9 * 5e-9 * 10e3
        assert ("read_density" in read({"read_voltage": volt})[1]) is doubted


def test_the_junction_is_printed_for_each_device():
    """3 Ω µm² on 0.006 µm² are 500 Ω; 0.2 mA on 72 × 5 nm² are 0.556e12 A/m²."""
    product = {"resistance_area_product": 3e-12, "tunnel_magnetoresistance": 0.7, "area": 6e-15}
    text = preview(campaign_of(detector=product))
    (row,) = (line for line in text.splitlines() if " 0.00600 " in line)
    expected = "synapse 0.500 to 0.850 70 0.00600 3 0.200 0.556"
    assert row.split() == expected.split()
    assert "J_read" in text
