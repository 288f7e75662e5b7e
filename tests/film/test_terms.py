"""Energy terms and the torque: coefficients, allowed time step and imported modules."""

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers.random_films import Askew, random_film
from test_energy import CELL, MATERIAL, rate
from test_kernels import directions, irregular, rates

from wallnet.film import newell, stability
from wallnet.film.core import Engine, Tolerances
from wallnet.film.energy import Energy
from wallnet.film.terms import Layer, SpinTorque, Terms
from wallnet.film.terms.energies import Demagnetization


def test_step_follows_the_stiffest_mode_of_all_terms():
    """Calculated by hand, with all terms different: twice the largest intercell field, and more."""
    ms, a, d, ku = 8e5, 1.6e-11, 1.5e-3, 3e5
    cell, mu0 = (3e-9, 2e-9, 1.5e-9), 4e-7 * math.pi
    terms = Terms(
        saturation_magnetization=ms,
        exchange_stiffness=a,
        dmi_constant=d,
        anisotropy=ku,
        anisotropy_axis=(0.6, 0.0, 0.8),
        external_field=(5e4, 0.0, 0.0),
        damping=0.3,
        gyromagnetic_ratio=2.2e5,
    )
    torque = SpinTorque(
        current_density=-2e11,
        polarization=0.4,
        direction=(0.0, 1.0, 0.0),
        slonczewski_lambda=1.5,
        field_like=0.5,
    )
    engine = Engine(
        Layer(np.ones((2, 2), dtype=bool), cell, terms), Tolerances(time_step_fraction=0.7)
    )
    engine.set_torque(torque)
    beta = 1.0545717e-34 * -2e11 / (mu0 * 1.6021765e-19 * 1.5e-9 * ms)
    others = math.hypot(5e4, 0.5 * beta) + abs(beta) * 0.4 * 2.25
    anisotropy = 2 * ku / (mu0 * ms)
    stiffest = max(anisotropy, ms) + others
    for edge in cell[:2]:
        exchange, dmi = 2 * a / (mu0 * ms * edge**2), d / (mu0 * ms * edge)
        stiffest += 2 * exchange + 2 * math.hypot(exchange, dmi)
    local = anisotropy * np.outer((0.6, 0, 0.8), (0.6, 0, 0.8)) - np.diag((0, 0, ms / 2))
    rate = 2.2e5 / math.sqrt(1.09)  # γ0/(1 + α²) times √(1 + α²)
    turning = np.linalg.norm(local) + others
    _, longest = stability.choose(0.3, True, rate * stiffest, rate * turning)
    assert longest < 0.8 * 0.25 / (rate * turning), "how far moments turn decides"
    assert engine._longest_step == pytest.approx(0.7 * longest, rel=1e-9, abs=0)
    # a film with weak exchange, in which it does
    soft = replace(terms, exchange_stiffness=1e-13, dmi_constant=0.0, damping=0.1)
    turning *= 2.2e5 / math.sqrt(1.01)
    assert Layer.uniform(cell, soft).time_step(torque)[1] == pytest.approx(
        0.06 / turning, rel=1e-9, abs=0
    )


def test_shares_of_a_cell_and_its_neighbours_are_those_of_the_stencil():
    """Each is for one component and one axis, so a swapped pair would show."""
    layer = Layer(np.ones((3, 4), dtype=bool), CELL, Terms(1.1e6))
    near = Demagnetization(present=True).coefficients(layer)
    for axis, expected in zip("xyz", -1.1e6 * newell.stencil(CELL), strict=True):
        shares = [near[name] for name in (2 * axis, f"right_{axis}", f"above_{axis}")]
        np.testing.assert_allclose(shares, expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize(("anisotropy", "share"), [(1e5, 0.0), (9e5, 1.0), (-4e5, 1.0)])
def test_an_easy_axis_opposes_the_stray_field_and_a_hard_one_adds_to_it(
    anisotropy, share, monkeypatch
):
    """The stiffness is the larger of two opposing fields, or the sum of two parallel ones."""
    calls = []
    monkeypatch.setattr(stability, "choose", lambda *values: calls.append(values))
    terms = Terms(saturation_magnetization=8e5, anisotropy=anisotropy, damping=1.0)
    Layer.uniform(CELL, terms).time_step()
    strength = abs(2 * anisotropy / (4e-7 * np.pi * 8e5))
    stiffest = share * strength + (0 if anisotropy == 9e5 else 8e5)
    assert calls[0][2] == pytest.approx(2.211e5 / math.sqrt(2) * stiffest, rel=1e-9, abs=0)


def test_damping_alone_sets_the_step_of_a_film_that_does_not_precess(monkeypatch):
    calls = []
    monkeypatch.setattr(stability, "choose", lambda *values: calls.append(values))
    terms = Terms(
        saturation_magnetization=8e5,
        stray_field=False,
        external_field=(0.0, 6e4, 8e4),
        damping=0.3,
        precession=False,
    )
    Layer.uniform(CELL, terms).time_step()
    # γ0 α/(1 + α²) times the field
    rate = 2.211e5 * 0.3 / 1.09 * 1e5
    assert calls == [(0.3, False, *(pytest.approx(rate, rel=1e-9, abs=0) for _ in range(2)))]


def test_the_derivative_of_a_local_field_is_that_of_its_equation():
    """∂H_i/∂m_j by hand; A cell with a third of Ms has three times the field."""
    a, b, layer = 3e5, -2e5, random_film((4, 5))
    m = directions(layer.mask)
    x, y, z = np.moveaxis(m, -1, 0)
    expected = -np.array(
        [
            [12 * b * x**2, a * z, a * y],
            [a * z, 24 * b * y**2, a * x],
            [a * y, a * x, np.zeros_like(x)],
        ]
    ) / (4e-7 * math.pi * 1.1e6 * layer.cells.of("saturation_magnetization"))
    computed = Askew(a, b).derivative(m, layer)
    np.testing.assert_allclose(computed, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def test_a_term_from_elsewhere_is_felt_in_the_engine_the_energy_and_the_step():
    mask = irregular(6, 9)
    m, torque = directions(mask), SpinTorque(current_density=0.0, polarization=0.4)
    terms = replace(MATERIAL, further=(Askew(3e5, -2e5),))
    engine, energy = Engine(Layer(mask, CELL, terms)), Energy(Layer(mask, CELL, terms))
    engine.magnetization = m
    expected = rate(m, mask, energy.field(m), terms, torque)
    assert np.abs(rates(engine)[0] - expected).max() < 1e-6 * np.abs(expected).max()
    difference = energy.energy(m) - Energy(Layer(mask, CELL, MATERIAL)).energy(m)
    x, y, z = np.moveaxis(m, -1, 0)
    added = (3e5 * x * y * z - 2e5 * (x**4 + 2 * y**4)).sum() * math.prod(CELL)
    assert difference == pytest.approx(added, rel=1e-6, abs=0)
    assert energy.energy(m, "askew") == pytest.approx(added, rel=1e-12, abs=0)
    steps = [Layer.uniform(CELL, material).time_step()[1] for material in (terms, MATERIAL)]
    assert steps[0] < steps[1]


def test_the_bound_of_a_local_term_is_its_largest_change():
    """Of a m_x m_y m_z, the matrix has entries a m_i off its diagonal: √2 |a| in all."""
    layer = Layer.uniform(CELL, Terms(8e5))
    bound = Askew(-3e5, 0.0).stiffness(layer).others
    assert bound == pytest.approx(math.sqrt(2) * 3e5 / (4e-7 * math.pi * 8e5), rel=1e-6, abs=0)
    # 8 b · 3 m_y² is the largest change of the other part; a direction nearly along y is tried
    bound = Askew(0.0, 1e5).stiffness(layer).others
    assert bound == pytest.approx(24e5 / (4e-7 * math.pi * 8e5), rel=0.02, abs=0)
