"""The integrator's chains: their order, and how far they reach on the modes of a damped magnet."""

import numpy as np
import pytest

from wallnet.film import stability

CHAINS = [stability.CLASSICAL, *stability.DESIGNED.values()]


@pytest.mark.parametrize("chain", CHAINS)
def test_second_order(chain):
    """The polynomial is exp(z) up to z²; a chain whose coefficients are off by 1e-3 is not."""
    z = 0.003 * np.exp(1j * np.linspace(0, np.pi, 7))
    assert np.abs(stability.polynomial(chain, z) - np.exp(z)).max() < 3e-9
    spoilt = (*chain[:-2], chain[-2] + 1e-3, chain[-1])
    assert np.abs(stability.polynomial(spoilt, z) - np.exp(z)).max() > 8e-9


@pytest.mark.parametrize("damping", stability.DESIGNED)
def test_reaches_further_than_the_classical_method(damping):
    chain = stability.DESIGNED[damping]
    precession = np.isfinite(damping)
    damping = damping if precession else 0.5
    reach = stability.stability_radius(chain, damping, precession) / len(chain)
    classical = stability.stability_radius(stability.CLASSICAL, damping, precession) / 4
    assert reach > 1.15 * classical


@pytest.mark.parametrize("damping", [0.05, 0.3, 1.0])
def test_the_table_is_what_the_design_gives(damping):
    chain = stability.DESIGNED[damping]
    radius = stability.stability_radius(chain, damping)
    growth, _ = stability.design(damping, len(chain), 0.97 * radius)
    assert growth < 1
    growth, _ = stability.design(damping, len(chain), 1.05 * radius)
    assert growth > 1


def test_rounding_is_amplified_by_less_than_two_hundred():
    for chain in CHAINS:
        powers = np.cumprod(chain[::-1])
        damping = next((a for a, c in stability.DESIGNED.items() if c == chain), 0.5)
        if np.isinf(damping):
            continue
        radius = stability.stability_radius(chain, damping)
        assert max(powers * radius ** np.arange(1, len(chain) + 1)) < 200


def test_stiff_film_takes_a_designed_chain_and_a_soft_one_the_classical():
    chain, step = stability.choose(0.3, True, stiffest=6e12, turning=1.5e11)
    assert chain == stability.DESIGNED[0.3]
    assert step == pytest.approx(stability.stability_radius(chain, 0.3) / 6e12, rel=1e-6, abs=0)
    chain, step = stability.choose(0.3, True, stiffest=2e11, turning=1.5e11)
    assert chain == stability.CLASSICAL
    assert step == pytest.approx(stability.LARGEST_TURN_ALONE / 1.5e11, rel=1e-6, abs=0)


def test_damping_between_two_designs_is_stable_too():
    for damping in np.linspace(0.05, 2, 60):
        _, step = stability.choose(float(damping), True, stiffest=6e12, turning=1e10)
        assert step * 6e12 > 2.5
