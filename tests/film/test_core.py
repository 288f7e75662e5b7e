"""The engine's own promises: the same on every run, stops where it breaks, one moment exactly."""

from dataclasses import replace

import numpy as np
import pytest

from wallnet.film.core import Accuracy, Film, FilmError, SpinTorque, Terms
from wallnet.validation import material

CELL = (3e-9, 3e-9, 2e-9)


def driven(accuracy, shape=(20, 100), pieces=1):
    film = Film(np.ones(shape, dtype=bool), CELL, material.FILM, accuracy)
    film.magnetization = material.wall(shape, 3e-9, 90e-9)
    film.set_torque(material.torque(0.5e12))
    for _ in range(pieces):
        film.advance(0.1e-9 / pieces)
    return film.magnetization


def test_same_bits_on_every_run():
    assert (driven(material.DEFAULT) == driven(material.DEFAULT)).all()


def test_output_interval_hardly_matters():
    whole, pieces = driven(material.DEFAULT), driven(material.DEFAULT, pieces=20)
    assert np.abs(whole - pieces).max() < 1e-3
    assert np.abs((whole - pieces).mean(axis=(0, 1))).max() < 5e-5


def test_unstable_run_stops_with_a_sentence():
    with pytest.raises(FilmError, match="unstable at .* s: .*; lower film.time_step_fraction"):
        driven(Accuracy(frozen_change=0.0, time_step_fraction=3.0))


def test_moment_precesses_at_the_larmor_frequency():
    """A cell without exchange to bound its step still has to be integrated accurately."""
    field, gamma = 1e6, 2.211e5
    terms = Terms(
        saturation_magnetization=1e6,
        stray_field=False,
        external_field=(0.0, 0.0, field),
        damping=0.0,
        gyromagnetic_ratio=gamma,
    )
    film = Film(np.ones((1, 1), dtype=bool), CELL, terms)
    film.magnetization = np.array([[[0.6, 0.0, 0.8]]])
    film.advance(1e-9)
    x, y, z = film.average()
    # dm/dt = -γ0 m × H turns m counter-clockwise about H
    turned = np.angle(complex(x, y) * np.exp(-1j * gamma * field * 1e-9))
    assert abs(turned) < 5e-3
    assert z == pytest.approx(0.8, abs=2e-4)


def test_damping_alone_does_not_precess():
    terms = Terms(
        saturation_magnetization=1e6,
        stray_field=False,
        external_field=(0.0, 0.0, 1e5),
        damping=0.3,
        precession=False,
    )
    film = Film(np.ones((1, 1), dtype=bool), CELL, terms)
    film.magnetization = np.array([[[0.6, 0.0, 0.8]]])
    film.advance(0.1e-9)
    x, y, z = film.average()
    # tan(θ/2) falls by exp(-α γ0 H t/(1 + α²))
    decay = np.exp(-0.3 * 2.211e5 * 1e5 * 1e-10 / 1.09)
    assert np.tan(np.arctan2(x, z) / 2) == pytest.approx(
        np.tan(np.arctan2(0.6, 0.8) / 2) * decay, rel=1e-4, abs=0
    )
    assert abs(y) < 1e-6


def test_current_switched_at_any_time():
    """Two pulses of one current, cut at an odd instant, are one pulse."""
    torque = SpinTorque(current_density=0.5e12, polarization=0.4)
    shape = (20, 100)
    results = []
    for cuts in ((0.1e-9,), (0.0371e-9, 0.1e-9)):
        film = Film(np.ones(shape, dtype=bool), CELL, material.FILM, material.DEFAULT)
        film.magnetization = material.wall(shape, 3e-9, 90e-9)
        for cut in cuts:
            film.set_torque(torque)
            film.advance(cut - film.time)
        results.append(film.average())
    assert np.abs(results[0] - results[1]).max() < 5e-5


@pytest.mark.parametrize("sign", [1, -1])
def test_current_drives_the_wall_its_way(sign):
    shape = (1, 100)
    terms = replace(material.LOCAL)
    film = Film(np.ones(shape, dtype=bool), CELL, terms, material.DEFAULT)
    film.magnetization = material.wall(shape, 3e-9, 150e-9)
    film.set_torque(material.torque(sign * 0.5e12))
    film.advance(0.2e-9)
    moved = material.crossing(film.magnetization[0, :, 2], 3e-9) - 150e-9
    assert sign * moved > 10e-9


def test_film_without_cells_is_refused():
    with pytest.raises(FilmError, match="no magnetic cell"):
        Film(np.zeros((2, 2), dtype=bool), CELL, material.FILM)


def test_what_an_interval_missed_is_made_up_for(monkeypatch):
    """Without that, errors of the extrapolated stray field add up over a wall's way."""
    loose = replace(material.TIGHT, stray_field_tolerance=5e-3)

    def moved(accuracy):
        film = Film(np.ones((20, 100), dtype=bool), CELL, material.FILM, accuracy)
        film.magnetization = material.wall((20, 100), 3e-9, 90e-9)
        film.set_torque(material.torque(0.5e12))
        film.advance(0.5e-9)
        return film.average()

    exact, with_it = moved(material.TIGHT), moved(loose)
    renew = Film._renew
    monkeypatch.setattr(Film, "_renew", lambda film, *given: (*renew(film, *given)[:2], 0.0))
    without = moved(loose)
    assert np.abs(with_it - exact).max() < 0.2 * np.abs(without - exact).max()
