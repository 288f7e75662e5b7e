"""The engine compared with published and analytic values, and rows that can fail.

The check `tolerances` takes a minute and runs only in `snakemake validation`. It judges one row,
the campaign's settings against the engine with nothing left out. Here the reference traces judge
the settings against OOMMF.
"""

import argparse
import json
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from wallnet.cli import main
from wallnet.config.calculators import FilmSettings as Settings
from wallnet.film.terms import Terms
from wallnet.validation import (
    CHECKS,
    commands,
    convergence,
    judged,
    material,
    standard_problems,
    thermal,
    walls,
)


def test_a_wall_is_fitted_within_two_widths_and_its_residue_is_a_root_mean_square():
    """Every other cell deviates by 1e-3 to the other side; beyond 2Δ the profile does not count."""
    cell, width, position = 0.1e-9, 0.93 * material.WIDTH, 61.3e-9
    x = (np.arange(1300) + 0.5) * cell
    profile = np.tanh((x - position) / width) + 1e-3 * (-1.0) ** np.arange(x.size)
    profile[np.abs(x - position) > 2.1 * material.WIDTH] *= 0.9
    fitted_width, residue = walls._fit_width(profile, cell)
    assert fitted_width == pytest.approx(width, rel=1e-4, abs=0)
    assert residue == pytest.approx(1e-3, rel=1e-3, abs=0)


QUICK = [name for name in CHECKS if name != "tolerances"]

CLOSER = {
    "problem-4": {
        "mx of the S-state": 2.5e-5,
        "my of the S-state": 4e-5,
        "field 1, mx after": 2e-3,
        "field 1, mz after": 1.2e-3,
        "field 2, mx after": 4e-3,
        "field 2, mz after": 2e-3,
        # half of the last given digit
        "first <mx> = 0": 5e-14,
    },
    "slonczewski-film": {
        "mx after 2 ns, campaign's": 8e-4,
        "mz after 2 ns, campaign's": 7e-4,
        "mx after 2 ns, tight": 7e-4,
        "mz after 2 ns, tight": 3e-4,
    },
    "dmi-edge": {"|mx| at x": 8e-8, "mz at x": 2e-7, "very end": 7e-4},
    "macrospin": {
        "h = 0.1 H_k": 4e-6,
        "h = 0.3 H_k": 4e-6,
        "h = -0.3 H_k": 4e-6,
        "stability, α = 0.1": 6e-4,
        "stability, α = 0.5": 6e-4,
    },
    "neel-wall": {"K_eff: energy": 5e-6, "rms deviation": 4e-4},
    "wall-velocity": {
        "D = 1 mJ/m2, J = 1.0e+11 A/m2, single": 0.7,
        "D = 1 mJ/m2, J = 3.0e+11 A/m2, single": 1.6,
        "D = 1 mJ/m2, J = 5.0e+11 A/m2, single": 0.5,
        "D = 2 mJ/m2, J = 1.0e+11 A/m2, single": 0.3,
        "D = 2 mJ/m2, J = 3.0e+11 A/m2, single": 0.2,
        "D = 2 mJ/m2, J = 5.0e+11 A/m2, single": 0.3,
        "D = 2 mJ/m2, J = 8.0e+11 A/m2, single": 4.0,
    },
    "thermal": {"spin temperature": 3.0, "1 - <mz>": 2e-4},
    "phase-boundary": {
        "which A, Ku, Ms is lower, cells of 1 nm": 0.03,
        "which A, Ms is lower, cells of 0.5 nm": 0.025,
        "0.7 and 0.7": 3e-3,
    },
    "wall-landscape": {"α = 0.4": 0.06},
    "time-step": {"order of convergence": 0.1},
    "cell-size": {"order of convergence": 0.7, "wall position after 0.2 ns in": 4e-10},
}
"""Largest deviation by a part of the row's name, if the row's own tolerance is far above it: three
to five times the observed one."""


FINDINGS = {
    "D = 1 mJ/m2": ((47.7, 101.4, 134.2, 164.1), (14.8, 28.8, 34.4, 35.9)),
    "D = 2 mJ/m2": ((46.7, 113.5, 167.2, 226.3), (29.7, 63.3, 81.3, 93.4)),
}
"""Velocity in m/s of the wall on the paper's track, and lead of its upper end after 1 ns in nm, at
0.1, 0.3, 0.5 and 0.8 TA/m². No row judges them, but figure and text contain them."""


@cache
def run(check):
    """Run a check, of which two tests may judge the result; macrospins in a ninth of their number.

    Their seeds are fixed, so that their means are the same in each run.
    """

    def smaller(shape, *rest):
        sides = 3 if shape[0] >= 400 else 1
        return film((shape[0] // sides, shape[1] // sides), *rest)

    film = thermal._film
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thermal, "_film", smaller)
        return commands.run(check)


def judge_findings(result):
    densities = (0.1e12, 0.3e12, 0.5e12, 0.8e12)
    for label, (velocities, leads) in FINDINGS.items():
        curves = result["curves"][label]
        assert curves["current_density"] == list(densities)
        # in per cent, more than the rounding of the figures
        assert curves["track 150 nm"] == pytest.approx(velocities, rel=0.01, abs=0)
        assert curves["lead"] == pytest.approx([1e-9 * x for x in leads], rel=0.02, abs=0)
        for density, velocity, lead in zip(densities, velocities, leads, strict=True):
            rows = [
                row
                for row in result["rows"]
                if f"{label}, J = {density:.1e}" in row["quantity"]
                and "150 nm wide" in row["quantity"]
            ]
            assert [row["ours"] for row in rows] == pytest.approx([velocity], rel=0.01, abs=0)
            # H_K = Ms t ln2/(πΔ) = 1.1e6 × 2e-9 × 0.693147/(π × 9.13375e-9)
            model = walls._model_velocity(
                material.torque_field(density),
                0.3,
                1e-3 * float(label.split()[2]),
                material.WIDTH,
                53143.0,
            )
            assert rows[0]["reference"] == pytest.approx(model, rel=1e-4, abs=0)
            assert f"leads by {lead:.0f} nm" in rows[0]["reason"]
        drawn = {
            "single row": ("single row", "ours"),
            "strip 12 nm": ("strip 12 nm wide", "ours"),
            "track 150 nm": ("track 150 nm wide", "ours"),
            "model, no H_K": ("single row", "reference"),
            "model, strip": ("strip 12 nm wide", "reference"),
            "model, film": ("track 150 nm wide", "reference"),
        }
        assert {*drawn, "current_density", "lead"} == set(curves)
        for curve, (film, value) in drawn.items():
            assert curves[curve] == [
                row[value]
                for row in result["rows"]
                if label in row["quantity"] and film in row["quantity"]
            ]


def judge_curves(check, result):
    """Compare the curves of a check with its rows."""
    curves, rows = result["curves"], result["rows"]
    if check == "cell-size":
        assert curves["cell size"]["cell"] == [4e-9, 2e-9, 1e-9]
        # from the start at 60 nm, 0.2 ns at about 75 m/s
        positions = curves["cell size"]["position"]
        assert positions == pytest.approx([74.1e-9, 74.7e-9, 74.8e-9], rel=0.005, abs=0)
        # each halving of the cells divides the difference of two positions by 2 to this power
        (order,) = (row["ours"] for row in rows if "order of" in row["quantity"])
        first, second = np.abs(np.diff(positions))
        assert 2**order == pytest.approx(first / second, rel=1e-9, abs=0)
        (middle,) = (row for row in rows if "in cells of 2 nm" in row["quantity"])
        assert [middle["ours"], middle["reference"]] == positions[1:]
    if check == "time-step":
        steps, errors = curves["time step"]["step"], curves["time step"]["error"]
        numbers = 20e-12 / np.array(steps)
        assert numbers == pytest.approx(np.round(numbers), rel=1e-9, abs=0)
        slope = math.log(errors[0] / errors[2]) / math.log(steps[0] / steps[2])
        assert rows[0]["ours"] == pytest.approx(slope, rel=1e-9, abs=0)
        assert numbers[0] < numbers[1] < numbers[2] < 100
    if check == "problem-4":
        for field in (1, 2):
            curve = curves[f"field {field}"]
            expected = 10e-12 * np.arange(101)
            assert curve["time"] == pytest.approx(expected.tolist(), rel=1e-9, abs=0)
            final = [row["ours"] for row in rows if f"field {field}, m" in row["quantity"]]
            assert curve["m"][-1] == final
            # both begin in the S-state
            state = [row["ours"] for row in rows if "S-state" in row["quantity"]]
            assert curve["m"][0][:2] == pytest.approx(state, abs=1e-6)
            assert len(curve["m"]) == 101
    if check == "stray-field":
        materials = [row["quantity"].partition(" of a ")[2] for row in rows]
        cells = ["1×1×2 nm cell", "3×3×2 nm cell"]
        prisms = ["512×64×2 nm prism, from its cells", "1500×150×2 nm prism, from its cells"]
        assert materials == [*np.repeat(cells, 2), *np.repeat(prisms, 3)]
        factors = [row["quantity"][:3] for row in rows]
        assert factors == [*["Nxx", "Nzz"] * 2, *["Nxx", "Nyy", "Nzz"] * 2]


@pytest.mark.parametrize("check", QUICK)
def test_every_judged_row_passes(check):
    result = run(check)
    assert any(row["passed"] is not None for row in result["rows"])
    failed = [
        f"{row['quantity']}: {row['ours']:.7g} instead of {row['reference']:.7g}"
        for row in result["rows"]
        if row["passed"] is False
    ]
    assert not failed
    for row in result["rows"]:
        assert row["source"]
        assert row["reason"]
        assert math.isfinite(row["ours"])
    if check == "wall-velocity":
        judge_findings(result)
    judge_curves(check, result)
    for part, bound in CLOSER.get(check, {}).items():
        (row,) = (row for row in result["rows"] if part in row["quantity"])
        assert abs(row["ours"] - row["reference"]) <= bound, row["quantity"]


def test_a_deviation_of_either_sign_passes_up_to_the_tolerance():
    assert judged(math.nan, 1.0, 1e9)["passed"] is False
    finding = {"reference": 1.0, "ours": 2.0, "tolerance": None, "passed": None}
    assert judged(2.0, 1.0, math.inf) == finding
    for ours, passed in ((1.75, True), (1.5, True), (1.49, False), (2.5, True), (2.51, False)):
        assert judged(ours, 2.0, 0.5, quantity="a", unit="m") == {
            "quantity": "a",
            "unit": "m",
            "reference": 2.0,
            "ours": ours,
            "tolerance": 0.5,
            "passed": passed,
        }


def test_unknown_check_is_named(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["validate", "--check", "no-such", "--out", "a.json"])
    message = capsys.readouterr().err
    assert "invalid choice: 'no-such' (choose from" in message
    assert "stray-field" in message


def test_a_check_writes_its_rows_and_says_how_many_passed(tmp_path, monkeypatch, capsys):
    rows = [
        judged(ours, 1.0, tolerance)
        for ours, tolerance in ((1.0, 0.1), (3.0, 0.1), (1.05, 0.1), (5.0, math.inf))
    ]
    monkeypatch.setattr(
        standard_problems, "stray_field", lambda curves: curves.update(c=[1.0]) or rows
    )
    parser = argparse.ArgumentParser()
    commands.register(parser.add_subparsers())
    out = tmp_path / "found.json"
    arguments = parser.parse_args(["validate", "--check", "stray-field", "--out", str(out)])
    arguments.handler(arguments)
    assert capsys.readouterr().out == "stray-field: 2 of 3 passed\n"
    content = json.loads(out.read_text(encoding="utf-8"))
    assert content["check"] == "stray-field"
    assert [row["ours"] for row in content["rows"]] == [1.0, 3.0, 1.05, 5.0]
    assert [row["passed"] for row in content["rows"]] == [True, False, True, None]
    assert content["curves"] == {"c": [1.0]}
    assert content["seconds"] >= 0


def test_film_of_the_checks_is_that_of_the_paper():
    film = material.FILM
    assert (film.saturation_magnetization, film.anisotropy) == (1.1e6, 1e6)
    assert (film.exchange_stiffness, film.dmi_constant) == (2e-11, 1e-3)
    assert (film.damping, film.gyromagnetic_ratio) == (0.3, 2.211e5)
    # Ku - μ0 Ms²/2 with μ0 = 1.2566371e-6
    stiffness, width = material.STIFFNESS, material.WIDTH
    assert stiffness == pytest.approx(239734.6, rel=1e-6, abs=0)
    assert width == pytest.approx(9.13375e-9, rel=1e-5, abs=0)
    local = material.LOCAL
    assert (local.stray_field, local.anisotropy) == (False, material.STIFFNESS)
    # ħ P J/(2 μ0 e t Ms) = 1.0545717e-34 × 0.4 × 1e12/(2 × 1.2566371e-6 × 1.6021765e-19 × 2.2e-3)
    assert material.torque_field(1e12) == pytest.approx(47617.6, rel=1e-5, abs=0)
    torque = material.torque(-3e11)
    assert (torque.current_density, torque.polarization) == (-3e11, 0.4)
    assert torque.direction == (0.0, 1.0, 0.0)
    assert (torque.slonczewski_lambda, torque.field_like) == (1.0, 0.0)
    settings = Settings()
    assert material.DEFAULT.stray_field_tolerance == settings.stray_field_tolerance
    assert material.DEFAULT.frozen_change == settings.frozen_change
    assert material.DEFAULT.time_step_fraction == settings.time_step_fraction


def test_wall_of_the_checks_stands_where_it_is_asked_for():
    m = material.wall((2, 5), 2e-9, 4e-9, width=2e-9)
    assert m.shape == (2, 5, 3)
    # centres at 1, 3, 5, 7, 9 nm: u = -1.5 ... 2.5
    for row in m:
        assert row[0] == pytest.approx([-1 / math.cosh(1.5), 0, -math.tanh(1.5)], abs=1e-12)
        assert row[4] == pytest.approx([-1 / math.cosh(2.5), 0, math.tanh(2.5)], abs=1e-12)
    # between the centres of cells 1 and 2, at 3 and 5 nm, a quarter of the way
    profile = np.array([-0.9, -0.2, 0.6, 0.8])
    assert material.crossing(profile, 2e-9) == pytest.approx(3.5e-9, rel=1e-9, abs=0)
    assert material.crossing(np.array([-0.5, 0.0, 0.5]), 2e-9) == pytest.approx(
        3e-9, rel=1e-9, abs=0
    )


def test_notches_of_the_checks_are_at_the_middle_of_both_edges():
    mask = convergence.notched_mask((20, 40), 3e-9)
    # a circle of 12 nm about each edge of a column's middle, cells' centres at 1.5, 4.5 ... nm
    for column, missing in ((20, 4), (19, 4), (21, 4), (22, 3), (23, 2), (18, 4), (24, 0), (15, 0)):
        expected = [True] * 20
        expected[:missing] = [False] * missing
        expected[20 - missing :] = [False] * missing
        assert mask[:, column].tolist() == expected, column


def test_velocity_of_the_model_is_the_closed_formula_without_a_hard_axis():
    """v = v_D/√(1 + (h/(α H_D))²), v_D = (π/2) γ0 Δ H_D: saturation due to DMI."""
    for d, alpha, h, width in ((1e-3, 0.3, 2e4, 9e-9), (2e-3, 0.1, 5e3, 7e-9)):
        h_d = d / (4e-7 * math.pi * 1.1e6 * width)
        saturated = math.pi / 2 * 2.211e5 * width * h_d
        expected = saturated / math.sqrt(1 + (alpha * h_d / h) ** 2)
        velocity = walls._model_velocity(h, alpha, d, width, 0.0)
        assert velocity == pytest.approx(expected, rel=1e-6, abs=0)
        # with a hard axis both equations hold for any angle: sin 2φ = 2 sin φ cos φ
        harder = walls._model_velocity(h, alpha, d, width, 2e4)
        assert harder < expected
        rate = harder / (2.211e5 * width)
        cosine = alpha * rate / (math.pi / 2 * h)
        sine = math.sqrt(1 - cosine**2)
        turning = math.pi / 2 * h_d * sine - 2e4 * sine * cosine
        assert rate == pytest.approx(turning, rel=1e-6, abs=0)


def test_reference_width_minimises_the_energy_of_the_whole_stray_field():
    """By a Fourier sum over two walls in a film with a period of 4 µm, each of Δ."""
    cell, count = 0.5e-9, 8192
    x = (np.arange(count) + 0.5) * cell
    k = 2 * math.pi * np.fft.rfftfreq(count, cell)
    # share of the demagnetisation along z of a film of 2 nm for a wave along x
    along_z = np.ones_like(k)
    along_z[1:] = -np.expm1(-k[1:] * 2e-9) / (k[1:] * 2e-9)
    twice = np.full(k.size, 2.0)
    twice[[0, -1]] = 1.0
    quarter = count * cell / 4

    def energy(width):
        up, down = np.tanh((x - quarter) / width), np.tanh((x - 3 * quarter) / width)
        mz = up - down - 1
        mx = np.sqrt(np.clip(1 - mz**2, 0, None)) * np.where(x < 2 * quarter, -1, 1)
        waves = [np.abs(np.fft.rfft(m)) ** 2 * twice / count for m in (mx, mz)]
        stray = (waves[0] * (1 - along_z) + waves[1] * along_z).sum() * cell
        # ∫ (dθ/dx)² dx = 2/Δ and ∫ sin²θ dx = 2 Δ for each of two walls
        film = material.FILM
        local = 2 * (2 * film.exchange_stiffness / width + 2 * film.anisotropy * width)
        return local + 0.5 * 4e-7 * math.pi * film.saturation_magnetization**2 * stray

    widths = np.linspace(7.6e-9, 8.8e-9, 25)
    curve = np.polynomial.Polynomial.fit(widths, [energy(width) for width in widths], 5)
    extrema = [root.real for root in curve.deriv().roots() if abs(root.imag) < 1e-15]
    (least,) = (extremum for extremum in extrema if widths[0] < extremum < widths[-1])
    assert walls._width_with_stray_field(material.FILM) == pytest.approx(
        least,
        rel=0,
        abs=5e-13,  # 1.5e-13 is observed
    )


def test_profile_of_a_wall_is_drawn_over_the_width_of_the_theory():
    """√(A/K_eff), with the anisotropy of the film less the shape anisotropy μ0 Ms²/2."""
    film = material.FILM
    shape = 2e-7 * math.pi * film.saturation_magnetization**2
    width = math.sqrt(film.exchange_stiffness / (film.anisotropy - shape))
    curve = run("neel-wall")["curves"]["profile"]
    assert curve["width"] == pytest.approx(width, rel=1e-9, abs=0)
    # in the middle of 240 nm; half a cell beside it, m_z would be off by 0.05
    assert curve["centre"] == pytest.approx(120e-9, abs=0.1e-9)
    drawn = np.tanh((np.array(curve["x"]) - curve["centre"]) / width)
    middle = slice(60, 180)  # DMI tilts the ends
    np.testing.assert_allclose(curve["m_z"][middle], drawn[middle], rtol=0, atol=3e-3)


@pytest.mark.parametrize("radius", [5.2e-9, 20.37e-9])
def test_radius_of_a_skyrmion_is_that_of_a_circle(radius):
    """The rows beside the centre are half a cell off it: 0.1 nm of 5 nm."""
    axis = (np.arange(40) + 0.5) * 2e-9 - 40e-9
    mz = np.tanh((np.hypot(*np.meshgrid(axis, axis)) - radius) / 8e-9)
    # observed: 3.3e-4
    assert standard_problems._radius(mz, 2e-9) == pytest.approx(radius, rel=1e-3, abs=0)


def test_cost_of_each_tolerance_is_beside_it(monkeypatch):
    """The test uses a film with a deviation of given size; the real one takes a minute."""

    class Engine:
        def __init__(self, layer, accuracy):
            assert layer.mask.shape == (50, 200)
            assert layer.cell == (3e-9, 3e-9, 2e-9)
            assert layer.terms == material.FILM
            self.off = accuracy.stray_field_tolerance + 10 * accuracy.frozen_change
            self.time = 0.0

        def set_torque(self, torque):
            assert torque == material.torque(0.55e12)

        def advance(self, duration):
            self.time += duration

        def average(self):
            # the largest deviation is a negative one at 1.5 of 2 ns
            share = 1 - abs(self.time - 1.5e-9) / 2e-9
            return np.array([0.1 * self.off, -self.off * share, 0.5])

    monkeypatch.setattr(material, "Engine", Engine)
    curves = {}
    rows = list(convergence.tolerances(curves))
    tight = 1e-6
    default = 1e-4 + 10 * 5e-4 - tight
    (one,) = (row for row in rows if row["passed"] is not None)
    assert one["ours"] == pytest.approx(default, rel=1e-6, abs=0)
    assert (one["reference"], one["tolerance"]) == (0.0, 5e-4)
    curves = curves["tolerances"]
    stray, frozen = curves["stray_field_tolerance"], curves["frozen_change"]
    assert {1e-3, 5e-4, 1e-4} < set(stray)
    assert {1e-3, 5e-4, 2e-4} < set(frozen)
    expected = [value - tight for value in stray]
    assert curves["stray_field_error"] == pytest.approx(expected, rel=1e-6, abs=0)
    assert curves["frozen_error"] == pytest.approx(
        [10 * value for value in frozen], rel=1e-6, abs=0
    )
    deviations = {row["quantity"]: row["ours"] for row in rows if row["passed"] is None}
    assert len(deviations) == len(stray) + len(frozen)
    for name, values, errors in (
        ("stray_field_tolerance", stray, curves["stray_field_error"]),
        ("frozen_change", frozen, curves["frozen_error"]),
    ):
        for value, error in zip(values, errors, strict=True):
            (ours,) = (
                x for quantity, x in deviations.items() if f"{name} = {value:g} " in quantity
            )
            assert ours == error


@pytest.mark.parametrize("damping", [0.1, 0.5])
def test_a_free_moment_loses_its_direction_by_rotational_diffusion(damping):
    """Without anisotropy the rates are l(l + 1) D, D = α γ0 k_B T/((1 + α²) μ0 Ms V)."""
    terms = Terms(0.9e6, stray_field=False, damping=damping)
    macrospin = thermal._Macrospin((4e-9, 4e-9, 2e-9), terms, 250.0)
    moment = 4e-7 * math.pi * 0.9e6 * 32e-27
    diffusion = damping / (1 + damping**2) * 2.211e5 * 1.380649e-23 * 250 / moment
    assert macrospin.rates[:4] == pytest.approx(
        [0, *(diffusion * np.array([2, 6, 12]))], rel=1e-4, abs=1e-3 * diffusion
    )
    duration = 0.3 / diffusion
    assert macrospin.mean_after(duration) == pytest.approx(math.exp(-0.6), abs=1e-5)
    # moments on one circle about the axis have lost this share of the mode l = 1
    m_z = np.full(5, math.exp(-0.7))
    assert macrospin.escape_rate(m_z, 2e-9) == pytest.approx(0.35e9, rel=2e-3, abs=0)


def test_a_barrier_slows_the_escape_as_in_browns_formula():
    """Of a high barrier σ, λ is 4 D σ^1.5 exp(-σ)/√π times 1 - 1/σ, with 1/σ² left out."""
    cell = (3e-9, 3e-9, 2e-9)
    barrier = 14.0
    ku = barrier * 1.380649e-23 * 300 / 18e-27
    macrospin = thermal._Macrospin(cell, Terms(1.1e6, anisotropy=ku, damping=0.3), 300.0)
    moment = 4e-7 * math.pi * 1.1e6 * 18e-27
    diffusion = 0.3 / 1.09 * 2.211e5 * 1.380649e-23 * 300 / moment
    high = 4 * diffusion * barrier**1.5 * math.exp(-barrier) / math.sqrt(math.pi)
    assert macrospin.rates[1] == pytest.approx(high * (1 - 1 / barrier), rel=0.02, abs=0)


def test_a_walls_displacement_is_that_of_the_two_equations_of_motion():
    """The covariance of position and angle is integrated in short steps."""
    film = replace(material.LOCAL, damping=0.2, dmi_constant=0.4e-3)
    section, temperature, duration = 50e-18, 250.0, 1.3e-9
    width, damping, energy = material.WIDTH, 0.2, 1.380649e-23 * temperature
    turning = 2 * 4e-7 * math.pi * 1.1e6 * section / 2.211e5
    # [[α/Δ, 1], [-1, αΔ]] d(q, φ)/dt = (noise of q, noise of φ - κ φ)/G
    motion = np.linalg.inv([[damping / width, 1], [-1, damping * width]])
    drift = motion @ np.array([[0, 0], [0, -math.pi * 0.4e-3 * section / turning]])
    friction = np.diag([damping / width, damping * width])
    noise = 2 * energy / turning * motion @ friction @ motion.T
    covariance = np.diag([0, energy / (math.pi * 0.4e-3 * section)])
    steps = 40_000
    for _ in range(steps):
        growth = drift @ covariance + covariance @ drift.T + noise
        covariance = covariance + duration / steps * growth
    spread = thermal._spread_of_the_model(film, section, temperature, duration)
    assert spread == pytest.approx(covariance[0, 0], rel=1e-3, abs=0)
    free = 2 * energy * width * damping / (1.04 * turning) * 1e-15
    assert thermal._spread_of_the_model(film, section, temperature, 1e-15) == pytest.approx(
        free, rel=1e-3, abs=0
    )
