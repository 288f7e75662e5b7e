"""The engine's own promises: the same on every run, stops where it breaks, one moment exactly."""

import math
from dataclasses import replace

import numpy as np
import pytest

from wallnet.config import FilmSettings as Settings
from wallnet.film import core, kernels, stability
from wallnet.film.core import Engine, EngineError, SpinTorque, Terms, Tolerances
from wallnet.validation import material

CELL = (3e-9, 3e-9, 2e-9)


def driven(accuracy, shape=(20, 100), pieces=1):
    film = Engine(np.ones(shape, dtype=bool), CELL, material.FILM, accuracy)
    film.magnetization = material.wall(shape, 3e-9, 90e-9)
    film.set_torque(material.torque(0.5e12))
    for _ in range(pieces):
        film.advance(0.1e-9 / pieces)
    return film.magnetization


def test_same_bits_on_every_run():
    assert (driven(material.DEFAULT) == driven(material.DEFAULT)).all()


def test_output_interval_hardly_matters():
    whole, pieces = driven(material.DEFAULT), driven(material.DEFAULT, pieces=20)
    # 6.2e-5 and 4.3e-6 are seen
    assert np.abs(whole - pieces).max() < 2.5e-4
    assert np.abs((whole - pieces).mean(axis=(0, 1))).max() < 2e-5


def test_unstable_run_stops_with_a_sentence():
    with pytest.raises(EngineError, match="unstable at .* s: .*; lower film.time_step_fraction"):
        driven(Tolerances(frozen_change=0.0, time_step_fraction=3.0))


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
    film = Engine(np.ones((1, 1), dtype=bool), CELL, terms)
    film.magnetization = np.array([[[0.6, 0.0, 0.8]]])
    film.advance(1e-9)
    x, y, z = film.average()
    # dm/dt = -γ0 m × H turns m counter-clockwise about H
    turned = np.angle(complex(x, y) * np.exp(-1j * gamma * field * 1e-9))
    # 9e-6 and 3e-6 are seen
    assert abs(turned) < 4e-5
    assert z == pytest.approx(0.8, abs=1.2e-5)


def test_damping_alone_does_not_precess():
    terms = Terms(
        saturation_magnetization=1e6,
        stray_field=False,
        external_field=(0.0, 0.0, 1e5),
        damping=0.3,
        precession=False,
    )
    film = Engine(np.ones((1, 1), dtype=bool), CELL, terms)
    film.magnetization = np.array([[[0.6, 0.0, 0.8]]])
    film.advance(0.1e-9)
    x, y, z = film.average()
    # tan(θ/2) falls by exp(-α γ0 H t/(1 + α²))
    decay = np.exp(-0.3 * 2.211e5 * 1e5 * 1e-10 / 1.09)
    # 4e-7 is seen
    assert np.tan(np.arctan2(x, z) / 2) == pytest.approx(
        np.tan(np.arctan2(0.6, 0.8) / 2) * decay, rel=2e-6, abs=0
    )
    assert abs(y) < 1e-6


def test_current_switched_at_any_time():
    """Two pulses of one current, cut at an odd instant, are one pulse."""
    torque = SpinTorque(current_density=0.5e12, polarization=0.4)
    shape = (20, 100)
    results = []
    for cuts in ((0.1e-9,), (0.0371e-9, 0.1e-9)):
        film = Engine(np.ones(shape, dtype=bool), CELL, material.FILM, material.DEFAULT)
        film.magnetization = material.wall(shape, 3e-9, 90e-9)
        for cut in cuts:
            film.set_torque(torque)
            film.advance(cut - film.time)
        results.append(film.average())
    # 1.1e-6 is seen
    assert np.abs(results[0] - results[1]).max() < 5e-6


@pytest.mark.parametrize("sign", [1, -1])
def test_current_drives_the_wall_its_way(sign):
    shape = (1, 100)
    terms = replace(material.LOCAL)
    film = Engine(np.ones(shape, dtype=bool), CELL, terms, material.DEFAULT)
    film.magnetization = material.wall(shape, 3e-9, 150e-9)
    film.set_torque(material.torque(sign * 0.5e12))
    film.advance(0.2e-9)
    moved = material.crossing(film.magnetization[0, :, 2], 3e-9) - 150e-9
    assert sign * moved > 10e-9


def test_film_without_cells_is_refused():
    with pytest.raises(EngineError, match="no magnetic cell"):
        Engine(np.zeros((2, 2), dtype=bool), CELL, material.FILM)


def test_what_an_interval_missed_is_made_up_for(monkeypatch):
    """Without that, errors of the extrapolated stray field add up over a wall's way."""
    loose = replace(material.TIGHT, stray_field_tolerance=5e-3)

    def moved(accuracy):
        film = Engine(np.ones((20, 100), dtype=bool), CELL, material.FILM, accuracy)
        film.magnetization = material.wall((20, 100), 3e-9, 90e-9)
        film.set_torque(material.torque(0.5e12))
        film.advance(0.5e-9)
        return film.average()

    exact, with_it = moved(material.TIGHT), moved(loose)
    renew = Engine._renew
    monkeypatch.setattr(Engine, "_renew", lambda film, *given: (*renew(film, *given)[:2], 0.0))
    without = moved(loose)
    assert np.abs(with_it - exact).max() < 0.2 * np.abs(without - exact).max()


def lone(accuracy=None, **changed):
    """One moment, tilted by 0.6 along x, with neither exchange nor stray field."""
    terms = Terms(saturation_magnetization=1e6, stray_field=False, **changed)
    film = Engine(np.ones((1, 1), dtype=bool), CELL, terms, accuracy)
    film.magnetization = np.array([[[0.6, 0.0, 0.8]]])
    return film


@pytest.mark.parametrize("fraction", [0.9, 0.3])
def test_a_moment_alone_turns_by_the_stated_share_of_six_hundredths_of_a_radian_a_step(fraction):
    film = lone(
        Tolerances(time_step_fraction=fraction),
        external_field=(0.0, 0.0, 1e6),
        damping=0.5,
        gyromagnetic_ratio=2e5,
    )
    film.advance(1e-10)
    # |dm/dt| = γ0 |m × H|/√(1 + α²), for |m × H| = H
    turned = 2e5 * 1e6 * 1e-10 / math.sqrt(1.25)
    assert film.counters.steps == math.ceil(turned / (0.06 * fraction))


def test_step_follows_the_stiffest_mode_of_all_terms():
    """By hand, with every term different: twice the largest field from cell to cell, and more."""
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
    film = Engine(np.ones((2, 2), dtype=bool), cell, terms, Tolerances(time_step_fraction=0.7))
    film.set_torque(torque)
    beta = 1.0545717e-34 * -2e11 / (mu0 * 1.6021765e-19 * 1.5e-9 * ms)
    others = math.hypot(5e4, 0.5 * beta) + abs(beta) * 0.4 * 2.25
    anisotropy = 2 * ku / (mu0 * ms)
    stiffest = max(anisotropy, ms) + others
    for edge in cell[:2]:
        exchange, dmi = 2 * a / (mu0 * ms * edge**2), d / (mu0 * ms * edge)
        stiffest += 2 * exchange + 2 * math.hypot(exchange, dmi)
    local = anisotropy * np.outer((0.6, 0, 0.8), (0.6, 0, 0.8)) - np.diag((0, 0, ms / 2))
    rate = 2.2e5 / math.sqrt(1.09)  # γ0/(1 + α²) times √(1 + α²)
    turning = np.linalg.norm(local, 2) + others
    _, longest = stability.choose(0.3, True, rate * stiffest, rate * turning)
    assert longest < 0.8 * 0.25 / (rate * turning), "how far moments turn decides"
    assert film._longest_step == pytest.approx(0.7 * longest, rel=1e-9, abs=0)
    # a film of soft exchange, where it does
    soft = replace(terms, exchange_stiffness=1e-13, dmi_constant=0.0, damping=0.1)
    film = Engine(np.ones((2, 2), dtype=bool), cell, soft)
    film.set_torque(torque)
    turning *= 2.2e5 / math.sqrt(1.01)
    assert film._longest_step == pytest.approx(0.9 * 0.06 / turning, rel=1e-9, abs=0)


def test_field_like_torque_turns_a_moment_from_the_moment_that_it_is_switched_on():
    film = lone(damping=0.0)
    film.advance(10e-12)
    assert film.average() == pytest.approx([0.6, 0.0, 0.8], abs=1e-7)
    film.set_torque(
        SpinTorque(
            current_density=-3e12, polarization=0.0, direction=(0.0, 0.0, 1.0), field_like=0.7
        )
    )
    for _ in range(2):
        film.advance(20e-12)
    # β ε' along mp, β = ħJ/(μ0 e t Ms): a field
    field = 1.0545717e-34 * -3e12 * 0.7 / (4e-7 * math.pi * 1.6021765e-19 * 2e-9 * 1e6)
    x, y, _ = film.average()
    turned = np.angle(complex(x, y) * np.exp(-1j * 2.211e5 * field * 40e-12))
    # 8e-7 is seen
    assert abs(turned) < 4e-6
    # nothing was extrapolated from before the jump
    assert film.counters.rejected_intervals == 0


def test_natural_constants_are_those_of_2002_that_oommf_has():
    from scipy import constants

    for ours, now in (
        (core.VACUUM_PERMEABILITY, constants.mu_0),
        (core.REDUCED_PLANCK, constants.hbar),
        (core.ELEMENTARY_CHARGE, constants.e),
    ):
        assert ours == pytest.approx(now, rel=2e-7, abs=0)


def test_engine_leaves_out_by_itself_what_the_campaign_does():
    assert Tolerances() == Tolerances(**Settings().model_dump())


def resting(columns, moving, frozen_change=5e-4):
    """A film at 1 ns of which only some columns are still to be followed."""
    film = Engine(
        np.ones((2, columns), dtype=bool),
        CELL,
        Terms(saturation_magnetization=1e6, stray_field=False),
        Tolerances(frozen_change=frozen_change),
    )
    film.magnetization = np.broadcast_to((0.6, 0.0, 0.8), (2, columns, 3))
    film.time = 1e-9
    film._moving_until[:] = 1e-9
    film._moving_until[moving] = 1.001e-9
    return film


@pytest.mark.parametrize(
    ("moving", "stretches"),
    [
        ([20, 22], [(16, 27)]),
        # nine resting columns between two moving ones are the margins of both and one more
        ([10, 19], [(6, 24)]),
        ([10, 20], [(6, 15), (16, 25)]),
        # no further than the film goes
        ([1, 38], [(0, 6), (34, 40)]),
        ([3, 4, 35], [(0, 9), (31, 40)]),
        ([], []),
    ],
)
def test_four_columns_on_either_side_of_the_moving_ones_are_followed(moving, stretches):
    film = resting(40, np.array(moving, dtype=int))
    assert [tuple(stretch) for stretch in film._select()] == stretches


def test_all_columns_are_followed_where_nothing_may_be_left_out():
    film = resting(40, np.array([20]), frozen_change=0.0)
    assert film._select().tolist() == [[0, 40]]


def test_columns_beside_the_followed_ones_stand_still_and_are_felt():
    """A stretch is packed with its own neighbours: exchange pulls at its edges."""
    terms = Terms(
        saturation_magnetization=1e6, exchange_stiffness=1e-11, stray_field=False, damping=0.3
    )
    films = []
    for frozen in (5e-4, 0.0):
        film = Engine(np.ones((2, 30), dtype=bool), CELL, terms, Tolerances(frozen_change=frozen))
        angle = np.linspace(0, 3, 30) ** 2 / 3
        row = np.stack([np.sin(angle), 0 * angle, np.cos(angle)], axis=-1)
        film.magnetization = np.broadcast_to(row, (2, 30, 3))
        if frozen:
            film._moving_until[:] = 0.0
            film._moving_until[13:15] = 1.0
        before = film.magnetization
        film.advance(film._longest_step)
        films.append((film.magnetization - before).astype(float))
    part, whole = films
    assert (part[:, :9] == 0).all()
    assert (part[:, 19:] == 0).all()
    # the outermost cells miss the turn of their neighbours: 1.1e-3 of a change of 4.7e-3
    assert np.abs(part - whole)[:, 9:19].max() < 3.4e-3
    assert np.abs(part - whole)[:, 12:16].max() < 1e-5
    assert np.abs(whole[:, 9:19]).min(axis=(0, 1)).max() > 4e-3


def test_a_resting_column_is_followed_again_once_it_owes_the_bound(monkeypatch):
    """Speeds in 1/s of blocks of eight columns, by hand; the bound is 5e-4."""
    film = resting(30, np.array([], dtype=int))
    film.time = film._watched = 0.0
    film._moving_until[:] = 0.0
    given = np.array([9e6, 8e6, 2.5e6, 1e6], dtype=np.float32)
    monkeypatch.setattr(
        kernels, "block_speed", lambda *arguments: arguments[-1].__setitem__(slice(None), given)
    )

    def watch(time, stretches=()):
        film.time = time
        film._watch(np.array(stretches, dtype=int).reshape(-1, 2))
        return film._moving_until[[0, 8, 16, 24, 29]].tolist()

    # 9e6 × 60 ps alone is above the bound
    assert watch(10e-12) == pytest.approx([70e-12, 0, 0, 0, 0], abs=1e-18)
    given[0] = 0.0
    assert watch(60e-12) == pytest.approx([70e-12, 0, 0, 0, 0], abs=1e-18)
    owed = [9e6 * 10e-12, 8e6 * 60e-12, 2.5e6 * 60e-12, 1e6 * 60e-12]
    assert film._debt[[7, 15, 23, 29]] == pytest.approx(owed, rel=1e-6, abs=0)
    # 8e6 × 70 ps is above; who owes a quarter goes along
    assert watch(70e-12) == pytest.approx([70e-12, 130e-12, 130e-12, 0, 0], abs=1e-18)
    # what is followed owes nothing
    watch(80e-12, [(4, 18)])
    owed = [9e6 * 10e-12, 0.0, 0.0, 2.5e6 * 80e-12, 1e6 * 80e-12]
    assert film._debt[[3, 4, 17, 18, 29]] == pytest.approx(owed, rel=1e-6, abs=0)


def test_a_film_at_rest_is_followed_for_60_ps_and_looked_at_every_10():
    film = resting(20, np.array([], dtype=int))
    film.time = 0.0
    film.magnetization = np.broadcast_to((0.0, 0.0, 1.0), (2, 20, 3))
    followed, looks = [], []
    for _ in range(8):
        before = film.counters.column_steps, film._watched
        film.advance(11e-12)
        followed.append(film.counters.column_steps > before[0])
        looks.append(film._watched > before[1])
    assert followed == [True] * 6 + [False] * 2
    assert looks == [True] * 8
    for _ in range(3):
        before = film._watched
        film.advance(4e-12)
        looks.append(film._watched > before)
    assert looks[8:] == [False, False, True]


@pytest.fixture
def intervals(monkeypatch):
    """Intervals as they come: (begin in s, length in s, error of the extrapolation in A/m)."""
    found = []
    renew, integrate = Engine._renew, Engine._integrate
    states = {}

    def renewing(film, elapsed, stretches):
        result = renew(film, elapsed, stretches)
        found.append((film.time - elapsed, elapsed, result[0]))
        return result

    def integrating(film, step, count, stretches):
        states.setdefault(film.time, film._m.copy())
        assert (states[film.time] == film._m).all(), "a repeated interval starts elsewhere"
        integrate(film, step, count, stretches)

    monkeypatch.setattr(Engine, "_renew", renewing)
    monkeypatch.setattr(Engine, "_integrate", integrating)
    return found


def test_an_interval_with_too_large_an_error_is_repeated_from_its_beginning(intervals):
    accuracy = Tolerances(stray_field_tolerance=1e-4, frozen_change=0.0)
    film = Engine(np.ones((20, 100), dtype=bool), CELL, material.FILM, accuracy)
    film.magnetization = material.wall((20, 100), 3e-9, 90e-9)
    film.set_torque(material.torque(0.8e12))
    film._interval = 16.0  # too long by far, right after the current was switched on
    film.advance(0.1e-9)
    step = 0.1e-9 / math.ceil(0.1e-9 / film._longest_step)
    now, rejected = 0.0, 0
    for begin, length, error in intervals:
        assert begin == pytest.approx(now, abs=1e-18)
        count = round(length / step)
        assert length == pytest.approx(count * step, rel=1e-6, abs=0)
        if error > 1e-4 * 1.1e6 and count > 1:
            rejected += 1
        else:
            now += length
    assert now == pytest.approx(0.1e-9, rel=1e-9, abs=0)
    assert rejected == film.counters.rejected_intervals > 0
    # errors of several steps are within the tolerance too
    assert max(length for _, length, error in intervals if error <= 1e-4 * 1.1e6) > 1.5 * step
    steps = round(sum(length for _, length, _ in intervals) / step)
    assert film.counters.steps == steps
    assert film.counters.column_steps == 100 * steps
    assert film.counters.field_evaluations == len(film._chain) * steps
    assert film.counters.stray_field_renewals == 1 + 1 + len(intervals)


def test_an_interval_is_repeated_where_its_error_is_just_above_the_tolerance(intervals):
    """In units of Ms; an interval just below it stands, and the next one may be longer."""

    def begun(tolerance):
        accuracy = Tolerances(stray_field_tolerance=tolerance, frozen_change=0.0)
        film = Engine(np.ones((20, 60), dtype=bool), CELL, material.FILM, accuracy)
        film.magnetization = material.wall((20, 60), 3e-9, 90e-9)
        film.set_torque(material.torque(0.5e12))
        film._interval = 8.0
        intervals.clear()
        film.advance(24 * film._longest_step)
        return film.counters.rejected_intervals, [begin for begin, _, _ in intervals]

    begun(1.0)
    error = intervals[0][2] / 1.1e6
    assert 1e-4 < error < 0.1
    rejected, begins = begun(error / 1.1)
    assert rejected > 0
    assert begins[:2] == [0.0, 0.0]
    rejected, begins = begun(error * 1.1)
    assert begins[1] > 0.0


def test_the_stray_field_is_renewed_after_64_steps_at_the_latest(intervals):
    film = lone(Tolerances(frozen_change=0.0), external_field=(0.0, 0.0, 1e6))
    film.advance(1e-9)
    step = 1e-9 / film.counters.steps
    assert max(round(length / step) for _, length, _ in intervals) == 64


def test_magnetisation_is_made_unit_vectors_in_magnetic_cells_and_zero_elsewhere():
    mask = np.array([[True, True, False], [True, True, True]])
    film = Engine(mask, CELL, material.LOCAL)
    given = np.zeros((2, 3, 3))
    given[..., 0] = [[0.3, 3.0, 5.0], [0.0, 0.0, 0.0]]
    given[1, :, 1] = [2.0, -1.0, 0.5]
    film.magnetization = given
    expected = [[[1, 0, 0], [1, 0, 0], [0, 0, 0]], [[0, 1, 0], [0, -1, 0], [0, 1, 0]]]
    assert (film.magnetization == np.array(expected)).all()
    # of the five magnetic cells
    assert film.average() == pytest.approx([0.4, 0.2, 0.0], abs=1e-7)
    for wrong in (0.0, np.nan, np.inf):
        spoilt = given.copy()
        spoilt[0, 0] = wrong
        with pytest.raises(EngineError, match="not a unit vector in every magnetic cell"):
            film.magnetization = spoilt


@pytest.mark.parametrize("stray_field", [True, False])
def test_a_magnetisation_that_is_no_number_stops_the_film(stray_field):
    terms = replace(material.FILM, stray_field=stray_field)
    film = Engine(np.ones((2, 9), dtype=bool), CELL, terms)
    film.magnetization = np.broadcast_to((0.0, 0.6, 0.8), (2, 9, 3))
    film._m[1, 1, 3] = np.nan
    with pytest.raises(EngineError, match="the magnetisation is not finite"):
        film.advance(1e-12)


def test_moments_of_another_length_stop_the_film():
    film = resting(9, np.array([], dtype=int))
    film.advance(1e-12)
    for length in (1.001, 0.999):
        film._m[:] = 0.0
        film._m[2] = length
        with pytest.raises(EngineError, match=r"\|m\| is not 1"):
            film.advance(1e-12)


def test_no_time_is_no_step():
    film = lone(external_field=(0.0, 0.0, 1e6))
    film.advance(0.0)
    film.advance(-1e-12)
    assert film.counters.steps == film.time == 0


def test_a_restored_film_goes_on_to_the_bit():
    """Amid a pulse, some columns at rest and in debt; after each part another film goes on."""

    def made():
        film = Engine(np.ones((8, 200), dtype=bool), CELL, material.FILM, material.DEFAULT)
        film.magnetization = material.wall((8, 200), 3e-9, 90e-9)
        film.set_torque(material.torque(0.3e12))
        return film

    through, resumed = made(), made()
    for _ in range(4):
        through.advance(74e-12)
        resumed.advance(74e-12)
        state = through.state()
        assert len(state["film_sample_times"]) == 3
        another = made()
        another.restore(resumed.state())
        resumed = another
        for film in (another, resumed):
            for name, value in film.state().items():
                np.testing.assert_array_equal(value, state[name], err_msg=name)
    assert (state["film_debt"] > 0).any()
    assert (state["film_moving_until"] < through.time).any()
    assert state["film_missed"].any()
    assert resumed.counters == through.counters
    # what was handed out is a copy
    state["film_magnetization"][:] = 0
    assert through.magnetization.any()
