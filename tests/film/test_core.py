"""Guarantees of the engine: reproducible runs, errors on instability, an exact single moment."""

import math
from dataclasses import replace

import numpy as np
import pytest

from wallnet.film import core
from wallnet.film.core import Engine, EngineError, Tolerances
from wallnet.film.terms import Layer, SpinTorque, Terms
from wallnet.validation import material

CELL = (3e-9, 3e-9, 2e-9)


def driven(tolerances, shape=(20, 100), pieces=1):
    engine = Engine(Layer(np.ones(shape, dtype=bool), CELL, material.FILM), tolerances)
    engine.magnetization = material.wall(shape, 3e-9, 90e-9)
    engine.set_torque(material.torque(0.5e12))
    for _ in range(pieces):
        engine.advance(0.1e-9 / pieces)
    return engine.magnetization


def test_output_interval_hardly_matters():
    whole, pieces = driven(material.DEFAULT), driven(material.DEFAULT, pieces=20)
    # 6.2e-5 and 4.3e-6 are observed
    assert np.abs(whole - pieces).max() < 2.5e-4
    assert np.abs((whole - pieces).mean(axis=(0, 1))).max() < 2e-5


def test_masks_in_any_order_of_memory_give_the_same():
    """discretisedfield has the cells in the order x, y, z, so its masks are transposed."""
    mask = np.ones((6, 11), dtype=bool)
    mask[0, :4] = False
    held = np.zeros_like(mask)
    held[:, -2:] = True
    states = []
    for order in ("C", "F"):
        engine = Engine(Layer(mask.copy(order), CELL, material.FILM, held.copy(order)))
        engine.magnetization = np.where(np.arange(11)[:, None] < 5, [0.6, 0, 0.8], [0.8, 0, -0.6])
        engine.advance(2e-12)
        states.append(engine.magnetization)
    assert np.array_equal(*states)
    assert np.ptp(states[0]) > 1


def test_unstable_run_stops_with_a_sentence():
    with pytest.raises(EngineError, match="unstable at .* s: .* lower film.time_step_fraction"):
        driven(Tolerances(frozen_change=0.0, time_step_fraction=3.0))


def test_damping_alone_does_not_precess():
    terms = Terms(
        saturation_magnetization=1e6,
        stray_field=False,
        external_field=(0.0, 0.0, 1e5),
        damping=0.3,
        precession=False,
    )
    engine = Engine(Layer(np.ones((1, 1), dtype=bool), CELL, terms))
    engine.magnetization = np.array([[[0.6, 0.0, 0.8]]])
    engine.advance(0.1e-9)
    x, y, z = engine.average()
    # tan(θ/2) falls by exp(-α γ0 H t/(1 + α²))
    decay = np.exp(-0.3 * 2.211e5 * 1e5 * 1e-10 / 1.09)
    # 4e-7 is observed
    assert np.tan(np.arctan2(x, z) / 2) == pytest.approx(
        np.tan(np.arctan2(0.6, 0.8) / 2) * decay, rel=2e-6, abs=0
    )
    assert abs(y) < 1e-6


def test_film_without_cells_is_refused():
    with pytest.raises(EngineError, match="no magnetic cell"):
        Engine(Layer(np.zeros((2, 2), dtype=bool), CELL, material.FILM))


def lone(tolerances=None, **changed):
    """Return one moment, tilted by 0.6 along x, with neither exchange nor stray field."""
    terms = Terms(saturation_magnetization=1e6, stray_field=False, **changed)
    engine = Engine(Layer(np.ones((1, 1), dtype=bool), CELL, terms), tolerances)
    engine.magnetization = np.array([[[0.6, 0.0, 0.8]]])
    return engine


@pytest.mark.parametrize("fraction", [0.9, 0.3])
def test_a_moment_alone_turns_by_the_stated_share_of_six_hundredths_of_a_radian_a_step(fraction):
    engine = lone(
        Tolerances(time_step_fraction=fraction),
        external_field=(0.0, 0.0, 1e6),
        damping=0.5,
        gyromagnetic_ratio=2e5,
    )
    engine.advance(1e-10)
    # |dm/dt| = γ0 |m × H|/√(1 + α²), for |m × H| = H
    turned = 2e5 * 1e6 * 1e-10 / math.sqrt(1.25)
    assert engine.counters.steps == math.ceil(turned / (0.06 * fraction))


def test_field_like_torque_turns_a_moment_from_the_moment_that_it_is_switched_on():
    engine = lone(damping=0.0)
    engine.advance(10e-12)
    assert engine.average() == pytest.approx([0.6, 0.0, 0.8], abs=1e-7)
    engine.set_torque(
        SpinTorque(
            current_density=-3e12, polarization=0.0, direction=(0.0, 0.0, 1.0), field_like=0.7
        )
    )
    for _ in range(2):
        engine.advance(20e-12)
    # β ε' along mp, β = ħJ/(μ0 e t Ms): a field
    field = 1.0545717e-34 * -3e12 * 0.7 / (4e-7 * math.pi * 1.6021765e-19 * 2e-9 * 1e6)
    x, y, _ = engine.average()
    turned = np.angle(complex(x, y) * np.exp(-1j * 2.211e5 * field * 40e-12))
    # 8e-7 is observed
    assert abs(turned) < 4e-6
    # no extrapolation uses values from before the jump
    assert engine.counters.rejected_intervals == 0


def test_a_resting_column_is_followed_again_once_it_owes_the_bound(monkeypatch):
    """Speeds in 1/s of blocks of eight columns are set by hand; the bound is 5e-4."""
    terms = Terms(saturation_magnetization=1e6, stray_field=False)
    engine = Engine(Layer(np.ones((2, 30), dtype=bool), CELL, terms))
    engine.magnetization = np.broadcast_to((0.6, 0.0, 0.8), (2, 30, 3))
    engine._moving_until[:] = 0.0
    speeds = np.array([9e6, 8e6, 2.5e6, 1e6], dtype=np.float32)
    monkeypatch.setattr(engine, "_block_speeds", lambda: speeds)

    def watch(time, stretches=()):
        engine.time = time
        engine._watch(np.array(stretches, dtype=int).reshape(-1, 2))
        return engine._moving_until[[0, 8, 16, 24, 29]].tolist()

    # 9e6 × 60 ps alone is above the bound
    assert watch(10e-12) == pytest.approx([70e-12, 0, 0, 0, 0], abs=1e-18)
    speeds[0] = 0.0
    assert watch(60e-12) == pytest.approx([70e-12, 0, 0, 0, 0], abs=1e-18)
    owed = [9e6 * 10e-12, 8e6 * 60e-12, 2.5e6 * 60e-12, 1e6 * 60e-12]
    assert engine._debt[[7, 15, 23, 29]] == pytest.approx(owed, rel=1e-6, abs=0)
    # 8e6 × 70 ps is above; blocks that owe a quarter of the bound are included
    assert watch(70e-12) == pytest.approx([70e-12, 130e-12, 130e-12, 0, 0], abs=1e-18)
    # followed columns owe nothing
    watch(80e-12, [(4, 18)])
    owed = [9e6 * 10e-12, 0.0, 0.0, 2.5e6 * 80e-12, 1e6 * 80e-12]
    assert engine._debt[[3, 4, 17, 18, 29]] == pytest.approx(owed, rel=1e-6, abs=0)


def test_an_interval_is_repeated_where_its_error_is_just_above_the_tolerance(monkeypatch):
    """In units of Ms. An interval just below it is accepted."""
    begins, errors = [], []
    integrate, renew = Engine._integrate, Engine._renew

    def integrating(engine, *arguments):
        begins.append(engine.time)
        integrate(engine, *arguments)

    def renewing(engine, *arguments):
        result = renew(engine, *arguments)
        errors.append(result[0])
        return result

    monkeypatch.setattr(Engine, "_integrate", integrating)
    monkeypatch.setattr(Engine, "_renew", renewing)

    def begun(tolerance):
        tolerances = Tolerances(stray_field_tolerance=tolerance, frozen_change=0.0)
        engine = Engine(Layer(np.ones((20, 60), dtype=bool), CELL, material.FILM), tolerances)
        engine.magnetization = material.wall((20, 60), 3e-9, 90e-9)
        engine.set_torque(material.torque(0.5e12))
        engine._interval = 8.0
        begins.clear()
        errors.clear()
        engine.advance(24 * engine._longest_step)
        return engine.counters.rejected_intervals

    begun(1.0)
    error = errors[0] / 1.1e6
    assert 1e-4 < error < 0.1
    assert begun(error / 1.1) > 0
    assert begins[:2] == [0.0, 0.0]
    begun(error * 1.1)
    assert begins[1] > 0.0


def test_magnetisation_is_made_unit_vectors_in_magnetic_cells_and_zero_elsewhere():
    mask = np.array([[True, True, False], [True, True, True]])
    engine = Engine(Layer(mask, CELL, material.LOCAL))
    vectors = np.zeros((2, 3, 3))
    vectors[..., 0] = [[0.3, 3.0, 5.0], [0.0, 0.0, 0.0]]
    vectors[1, :, 1] = [2.0, -1.0, 0.5]
    engine.magnetization = vectors
    expected = [[[1, 0, 0], [1, 0, 0], [0, 0, 0]], [[0, 1, 0], [0, -1, 0], [0, 1, 0]]]
    assert (engine.magnetization == np.array(expected)).all()
    # of the five magnetic cells
    assert engine.average() == pytest.approx([0.4, 0.2, 0.0], abs=1e-7)
    for wrong in (0.0, np.nan, np.inf):
        spoilt = vectors.copy()
        spoilt[0, 0] = wrong
        with pytest.raises(EngineError, match="not a unit vector in every magnetic cell"):
            engine.magnetization = spoilt


@pytest.mark.parametrize("stray_field", [True, False])
def test_a_magnetisation_that_is_no_number_stops_the_film(stray_field):
    terms = replace(material.FILM, stray_field=stray_field)
    engine = Engine(Layer(np.ones((2, 9), dtype=bool), CELL, terms))
    engine.magnetization = np.broadcast_to((0.0, 0.6, 0.8), (2, 9, 3))
    engine._m[1, 1, 3] = np.nan
    with pytest.raises(EngineError, match="the magnetisation is not finite"):
        engine.advance(1e-12)


def test_moments_of_another_length_stop_the_film():
    engine = lone()
    engine.time = 1e-9  # it rests, and its length is not renewed
    for length in (1.001, 0.999):
        engine._m[:] = 0.0
        engine._m[2] = length
        with pytest.raises(EngineError, match="not of unit length"):
            engine.advance(1e-12)


def test_a_restored_film_goes_on_to_the_bit():
    """During a pulse, with resting columns that owe a change; each part continues in a new film."""

    def made():
        engine = Engine(Layer(np.ones((8, 400), dtype=bool), CELL, material.FILM), material.DEFAULT)
        engine.magnetization = material.wall((8, 400), 3e-9, 690e-9)
        engine.set_torque(material.torque(0.3e12))
        return engine

    through, resumed = made(), made()
    for _ in range(4):
        through.advance(74e-12)
        resumed.advance(74e-12)
        state, another = through.state(), made()
        another.restore(resumed.state())
        resumed = another
        for name, value in resumed.state().items():
            np.testing.assert_array_equal(value, state[name], err_msg=name)
    assert (state["film_debt"] > 0).any()
    assert (state["film_moving_until"] < through.time).any()
    assert state["film_missed"].any()
    assert state["film_window_others"].any()
    assert state["film_window_first"] > 0
    assert resumed.counters == through.counters
    # the returned state is a copy that neither engine changes
    kept = {name: value.copy() for name, value in state.items()}
    another.restore(state)
    for engine in (through, another):
        engine.advance(0.3e-9)
    for name, value in state.items():
        np.testing.assert_array_equal(value, kept[name], err_msg=name)


def test_frozen_spins_stay_while_those_beside_them_turn():
    held = np.zeros((8, 60), dtype=bool)
    held[:3, 20:40] = True
    engine = Engine(
        Layer(np.ones(held.shape, dtype=bool), CELL, material.FILM, held), material.DEFAULT
    )
    engine.magnetization = material.wall(held.shape, 3e-9, 90e-9)
    before = engine.magnetization.copy()
    engine.set_torque(material.torque(0.8e12))
    engine.advance(0.2e-9)
    np.testing.assert_array_equal(engine.magnetization[held], before[held])
    assert np.abs(engine.magnetization - before)[3:, 20:40].max() > 0.1


def passing(tolerances=material.DEFAULT, field=(0.0, 0.0, 0.0)):
    """Return a wall that passes a notch on a long track, with the campaign's settings."""
    terms = replace(material.FILM, external_field=field)
    mask = np.ones((16, 240), dtype=bool)
    mask[:4, 50:56] = mask[-4:, 50:56] = False
    engine = Engine(Layer(mask, CELL, terms), tolerances)
    engine.magnetization = material.wall(mask.shape, 3e-9, 100e-9)
    engine.set_torque(material.torque(0.4e12))
    averages = []
    for _ in range(8):
        engine.advance(0.1e-9)
        averages.append(engine.average())
    return engine, np.array(averages)


def test_each_shortcut_saves_work_and_none_changes_the_trace():
    """The reference has tight tolerances."""
    exact, trace = passing(Tolerances(1e-7, frozen_change=0.0, time_step_fraction=0.9))
    columns = 240 * exact.counters.steps
    assert exact.counters.column_steps == columns
    assert exact.counters.window_renewals == 0
    for frozen_change in (0.0, material.DEFAULT.frozen_change):
        engine, computed = passing(replace(material.DEFAULT, frozen_change=frozen_change))
        assert (engine.counters.window_renewals > 0) == (frozen_change > 0)
        assert (engine.counters.column_steps < 0.8 * columns) == (frozen_change > 0)
        assert engine.counters.stray_field_renewals < exact.counters.stray_field_renewals / 3
        # 3.6e-5 is observed
        assert np.abs(computed - trace).max() < 2e-4


def test_the_field_in_a_window_is_that_of_the_whole_film():
    """Only outside is it older; there, it is renewed after 100 ps."""
    engine, _ = passing()
    for _ in range(40):
        engine.advance(5e-12)
        if engine.time - engine._renewed >= 50e-12:
            break
    assert engine.time - engine._renewed >= 50e-12
    window = engine._window
    assert window.inside.start == 0 < window.inside.stop < 180
    slot = engine._stored[-1][1]
    field = np.empty_like(engine._stored_fields[slot])
    engine._far_field(engine._m, field)
    apart = np.abs(field - engine._stored_fields[slot]).max(axis=(0, 1))
    magnetization = material.FILM.saturation_magnetization
    # 0.19 A/m is observed
    assert apart[window.inside].max() < 6e-7 * magnetization
    # 1.9 A/m is observed, beside the window
    outside = np.delete(apart, window.inside).max()
    assert 3e-7 * magnetization < outside < 5e-6 * magnetization


def test_outside_a_window_the_field_is_constant():
    """Right after a renewal all samples of the extrapolation have the latest field there."""
    engine, _ = passing()
    before = engine._renewed
    for _ in range(40):
        engine.advance(5e-12)
        if engine._renewed != before:
            break
    assert engine._renewed != before
    assert len(engine._stored) == 3
    first, *others = (engine._stored_fields[slot] for _, slot in engine._stored)
    for sample in others:
        np.testing.assert_array_equal(
            *(np.delete(field, engine._window.inside, axis=-1) for field in (sample, first))
        )
    assert (first != others[0])[..., engine._window.inside].any()


def test_a_new_window_begins_with_the_field_of_its_time(monkeypatch):
    apart = []
    place = Engine._place_window

    def placed(engine):
        before, renewed = engine._window, engine._renewed
        place(engine)
        if engine._window is not before and engine._window and renewed != engine.time:
            latest = engine._stored_fields[engine._stored[-1][1]]
            field = np.empty_like(latest)
            engine._far_field(engine._m, field)
            apart.append(np.abs(field - latest).max())

    monkeypatch.setattr(Engine, "_place_window", placed)
    # fast enough to leave the window between two renewals of the whole field
    mask = np.ones((16, 500), dtype=bool)
    engine = Engine(Layer(mask, CELL, material.FILM), material.DEFAULT)
    engine.magnetization = material.wall(mask.shape, 3e-9, 100e-9)
    engine.set_torque(material.torque(3e12))
    engine.advance(0.6e-9)
    assert apart
    assert not any(apart)


def test_a_window_has_the_external_field():
    field = (2e4, 3e4, -1e4)
    engine, computed = passing(field=field)
    whole, trace = passing(replace(material.DEFAULT, frozen_change=0.0), field)
    assert whole.counters.window_renewals == 0
    _, without = passing()
    assert engine.counters.window_renewals > engine.counters.stray_field_renewals
    assert np.abs(trace - without).max() > 0.01
    # 2.0e-5 is observed
    assert np.abs(computed - trace).max() < 6e-5


def test_the_field_of_a_film_at_rest_is_computed_once_until_it_moves_again():
    engine, _ = passing()
    engine._moving_until[:] = engine._driven_until[:] = 0.0
    engine._watched = engine.time
    engine.advance(3 * engine._longest_step)  # shorter than 10 ps: nothing is looked at
    renewals = engine.counters.stray_field_renewals
    engine.advance(3 * engine._longest_step)
    assert engine.counters.stray_field_renewals == renewals
    (_, slot), *earlier = engine._stored
    assert not earlier
    field = engine._stored_fields[slot].copy()
    engine._far_field(engine._m, engine._stored_fields[slot])
    np.testing.assert_array_equal(field, engine._stored_fields[slot])
    # the wall passes on when it is looked at
    before = engine.magnetization
    engine.advance(0.1e-9)
    assert np.abs(engine.magnetization - before).max() > 0.1


def test_a_window_is_widened_to_columns_whose_field_changes_too_much():
    engine, _ = passing()
    window, (_, latest) = engine._window, engine._stored[-1]
    _, held = engine._stored[-2]
    engine._driven_until[:] = 0.0
    column = window.inside.stop + 9
    for change, driven in ((499.0, []), (501.0, [column])):
        for columns in (slice(window.inside.start), slice(window.inside.stop, None)):
            engine._stored_fields[latest][..., columns] = engine._stored_fields[held][..., columns]
        engine._stored_fields[latest][1, 7, column] -= change
        engine._widen(window, 500.0)
        assert np.flatnonzero(engine._driven_until > engine.time).tolist() == driven
    engine._place_window()
    inside = engine._window.inside
    assert inside.start + 16 <= column < inside.stop - 16


def test_a_window_stays_while_it_has_four_columns_beside_the_driven_ones():
    """Columns 32 to 95 of 200, or one that begins or ends with the film."""
    inner, left, right = (
        core._Window(slice(*edges), None) for edges in ((32, 96), (0, 64), (136, 200))
    )
    for window, first, last, stays in (
        (inner, 36, 92, True),
        (inner, 35, 92, False),
        (inner, 36, 93, False),
        (left, 0, 60, True),
        (left, 0, 61, False),
        (right, 140, 200, True),
        (right, 139, 200, False),
    ):
        assert window.encloses(first, last, 200) is stays


def test_without_a_stray_field_there_is_no_window_of_it():
    terms = replace(material.FILM, stray_field=False)
    engine = Engine(Layer(np.ones((2, 240), dtype=bool), CELL, terms), material.DEFAULT)
    engine.magnetization = material.wall((2, 240), 3e-9, 100e-9)
    engine.set_torque(material.torque(0.4e12))
    engine.advance(0.3e-9)
    assert engine.counters.column_steps < 0.8 * 240 * engine.counters.steps
    assert engine.counters.window_renewals == 0
