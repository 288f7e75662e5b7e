"""The integrator's chains: their order, and their reach on the modes of a damped magnet."""

import math

import numpy as np
import pytest
from scipy.optimize import linprog

from wallnet.film import stability
from wallnet.film.terms import Layer, Terms

CHAINS = [stability.CLASSICAL, *stability.DESIGNED.values()]


@pytest.mark.parametrize("chain", CHAINS)
def test_second_order(chain):
    """The polynomial equals exp(z) up to z²; with a coefficient off by 1e-3 it does not."""
    z = 0.003 * np.exp(1j * np.linspace(0, np.pi, 7))
    assert np.abs(stability.polynomial(chain, z) - np.exp(z)).max() < 3e-9
    spoilt = (*chain[:-2], chain[-2] + 1e-3, chain[-1])
    assert np.abs(stability.polynomial(spoilt, z) - np.exp(z)).max() > 8e-9


def design(damping: float, stages: int, radius: float) -> tuple[float, tuple[float, ...]]:
    """Design the chain with the smallest growth of modes on their rays, up to a given |λ| h.

    Parameters
    ----------
    damping : float
        Gilbert α, or infinity.
    stages : int
        Length of the chain, at least 4.
    radius : float
        Largest |λ| h.

    Returns
    -------
    tuple
        Largest |polynomial| on the rays relative to its bound (1 near zero and slightly less
        beyond), and the chain.
    """
    share = (1 - np.cos(np.linspace(0, math.pi, 121)))[1:] / 2
    angles = stability.directions(damping)
    z = (share[:, None] * np.exp(1j * angles)).ravel()
    # modes that are fast but damped have to decay quickly
    allowed = 1 - min(0.05, 0.2 * damping) * np.clip((share - 0.05) / 0.25, 0, 1)
    allowed = np.repeat(allowed, angles.size)
    fixed = 1 + radius * z + (radius * z) ** 2 / 2
    powers = z[:, None] ** np.arange(3, stages + 1)
    basis, triangle = np.linalg.qr(np.concatenate([powers.real, powers.imag]))
    basis = basis[: z.size] + 1j * basis[z.size :]
    # bounds on the components of the value in 24 directions make the problem linear
    turns = np.exp(2j * math.pi * np.arange(24) / 24)
    rows = [np.column_stack([(turn * basis).real, -allowed]) for turn in turns]
    solution = linprog(
        np.append(np.zeros(basis.shape[1]), 1.0),
        A_ub=np.concatenate(rows),
        b_ub=np.concatenate([-(turn * fixed).real for turn in turns]),
        bounds=(None, None),
    )
    free = np.linalg.solve(triangle, solution.x[:-1]) / radius ** np.arange(3, stages + 1)
    coefficients = np.concatenate([[1.0, 1.0, 0.5], free])
    chain = (coefficients[1:] / coefficients[:-1])[::-1]
    return float(solution.x[-1]), tuple(chain.tolist())


def test_the_table_is_what_the_design_gives():
    damping = 0.3
    chain = stability.DESIGNED[damping]
    radius = stability.stability_radius(chain, damping)
    growth, designed = design(damping, len(chain), 0.97 * radius)
    assert growth < 1
    # the coefficients that were left free are near those of the table, and as stable
    np.testing.assert_allclose(designed, chain, rtol=0.2)
    assert stability.stability_radius(designed, damping) > 0.96 * radius
    growth, _ = design(damping, len(chain), 1.05 * radius)
    assert growth > 1


def test_stiff_film_takes_a_designed_chain_and_a_soft_one_the_classical():
    chain, step = stability.choose(0.3, True, stiffest=6e12, turning=1.5e11)
    assert chain == stability.DESIGNED[0.3]
    assert step == pytest.approx(stability.stability_radius(chain, 0.3) / 6e12, rel=1e-6, abs=0)
    chain, step = stability.choose(0.3, True, stiffest=2e11, turning=1.5e11)
    assert chain == stability.CLASSICAL
    assert step == pytest.approx(stability.LARGEST_TURN_ALONE / 1.5e11, rel=1e-6, abs=0)


def test_reach_is_where_the_first_mode_begins_to_grow():
    """On the negative axis, textbooks give 2.7853 for the classical method."""
    reach = stability.stability_radius(stability.CLASSICAL, 0.3, precession=False)
    assert 2.7853 - 0.008 <= reach <= 2.7853
    for chain, damping in ((stability.CLASSICAL, 1e-9), (stability.DESIGNED[0.3], 0.3)):
        reach, step = stability.stability_radius(chain, damping), 4 * len(chain) / 2000
        direction = np.exp(1j * stability.directions(damping))
        growth = [
            np.abs(stability.polynomial(chain, radius * direction)).max()
            for radius in (*np.arange(step, reach + step / 2, step), reach + step)
        ]
        assert max(growth[:-1]) <= 1 + 1e-8
        assert growth[-1] > 1 + 1e-10


def test_a_designed_chain_turns_a_moment_by_a_quarter_of_a_radian_at_the_most(monkeypatch):
    """It is chosen only if its step is at least half of its limit; else the classical is safer."""
    designed = stability.DESIGNED[0.3]
    monkeypatch.setattr(stability, "DESIGNED", {0.3: designed})
    radius = stability.stability_radius(designed, 0.3)
    chosen = [
        stability.choose(0.3, True, stiffest=radius / limit, turning=1e12)
        for limit in (0.9 * 0.25e-12, 1.1 * 0.25e-12, 1.9 * 0.25e-12, 2.1 * 0.25e-12)
    ]
    assert [chain == designed for chain, _ in chosen] == [True, True, True, False]
    steps = [step for _, step in chosen]
    assert steps == pytest.approx([0.225e-12, 0.25e-12, 0.25e-12, 0.06e-12], rel=1e-6, abs=0)


def test_a_film_that_nothing_moves_takes_steps_of_10_ps():
    terms = Terms(8e5, stray_field=False, damping=0.3)
    chain, step = Layer.uniform((3e-9, 3e-9, 2e-9), terms).time_step()
    assert chain == stability.CLASSICAL
    assert step == pytest.approx(10e-12, rel=1e-9, abs=0)


def test_chain_is_the_one_with_the_fewest_stages_for_a_time():
    """The test tries all chains in turn; only stability limits the step."""
    for damping, precession in ((0.05, True), (0.3, True), (0.8, True), (0.3, False)):
        chain, step = stability.choose(damping, precession, 1e13, 1e9)
        reaches = {
            candidate: stability.stability_radius(candidate, damping, precession) / len(candidate)
            for candidate in CHAINS
        }
        assert reaches[chain] == max(reaches.values())
        assert step == pytest.approx(reaches[chain] * len(chain) / 1e13, rel=1e-9, abs=0)
