"""The minimum of the energy: its state, and whether it is reached or reported as not reached."""

import numpy as np
import pytest

from wallnet.film.core import EngineError
from wallnet.film.energy import Landscape
from wallnet.film.minima import minimize
from wallnet.film.terms import Layer, Terms


def test_minimum_is_where_no_cell_turns_by_more_than_was_asked_for():
    """The torque at one end is larger than the average."""
    terms = Terms(
        saturation_magnetization=1e6,
        exchange_stiffness=1e-11,
        dmi_constant=1e-3,
        anisotropy=8e5,
        stray_field=False,
    )
    mask = np.ones((2, 40), dtype=bool)
    mask[1, :3] = False
    film = Landscape(Layer(mask, (2e-9, 2e-9, 2e-9), terms))
    m = np.broadcast_to((0.0, 0.0, 1.0), (2, 40, 3))
    for stop in (1e4, 3.0):
        state, steps, largest = minimize(film, m, stop)
        assert steps > 0
        torque = np.cross(state, np.cross(state, film.energy.field(state)))
        torque = np.linalg.norm(torque, axis=-1)
        assert torque.max() == pytest.approx(largest, rel=1e-9, abs=0)
        assert torque.max() <= stop
        assert torque.max() > 2 * torque.mean()
        lengths = np.linalg.norm(state, axis=-1)
        assert lengths[mask] == pytest.approx(1.0, abs=1e-12)
        assert not state[~mask].any()


def halves():
    """Return two domains without a wall between them; minimising them takes some tens of steps."""
    terms = Terms(
        saturation_magnetization=1e6,
        exchange_stiffness=1e-11,
        anisotropy=8e5,
        anisotropy_axis=(0.0, 0.0, 1.0),
        stray_field=False,
    )
    m = np.zeros((1, 40, 3))
    m[:, :18] = (0.0, 0.0, 1.0)
    m[:, 18:] = (0.6, 0.0, -0.8)
    return Landscape(Layer(np.ones((1, 40), dtype=bool), (2e-9, 2e-9, 2e-9), terms)), m


def test_a_minimum_that_is_not_reached_is_no_minimum():
    film, m = halves()
    with pytest.raises(EngineError, match=r"no minimum after 5 steps: .* above 1; start") as raised:
        minimize(film, m, 1.0, total_iteration_limit=5)
    assert "\n" not in str(raised.value)
    m[0, 3] = np.nan
    with pytest.raises(EngineError, match="not finite after 0 steps"):
        minimize(film, m)
