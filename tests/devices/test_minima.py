"""A level of a synapse is stable only if the energy has a minimum there."""

import logging

import numpy as np
import pytest
from helpers.walls import SYNAPSE, SYNAPSE_ENDS, Bench, campaign, whole

from wallnet import files, jobs
from wallnet.files import WallState
from wallnet.studies.compact import compact_model


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    device = campaign(synapse=SYNAPSE).devices["synapse"]
    bench = Bench(tmp_path_factory.mktemp("minima"), "synapse", device)
    bench.write_all(lambda density: SYNAPSE_ENDS[density])
    return bench


def gather(bench, **of_state):
    """Gather a synapse with minima; `of_state` has what differs, by the name of the file."""
    bench.write_minima()
    for name, changes in of_state.items():
        state = WallState.from_file_name(name[1:].replace("_", "-"))
        bench.write_minimum(state, **changes)
    return bench.gather()


def test_the_minima_that_name_states_and_levels_are_asked_for_once(made):
    (minima,) = (request for request in made.requests if request.kind == "minima")
    others = [request for request in made.requests if request.kind == "run"]
    assert {request.states.path for request in others} == {minima.path}


def test_levels_tell_their_minimum(made):
    placed = files.read_dataset(made.levels[WallState("between 1 and 2")], "run")
    bottom, top = (float(placed[name][-1]) for name in ("wall_bottom", "wall_top"))
    half = {"ends": (bottom + 3e-9, top - 8e-9)}
    data = gather(made, _1={"energy": 3e-17, "ends": (295e-9, 302e-9)}, _1_2=half)
    assert list(data["level_state"].values) == [
        *("initial", "notch 1", "between 1 and 2", "notch 2", "reversed")
    ]
    assert data["level_minimum"].values.tolist() == [1, 1, 1, 1, 1]
    assert data["level_energy"].values[1] == pytest.approx(3e-17, rel=1e-9, abs=0)
    assert data["level_residual_field"].values[1] == pytest.approx(0.05, rel=1e-9, abs=0)
    assert data["level_stiffness"].values[1] == pytest.approx(9e3, rel=1e-9, abs=0)
    # the placed wall is at 300 nm within some nm: the lower end is further away
    assert data["level_shift"].values[1] == pytest.approx(5e-9, rel=0, abs=1.5e-9)
    assert data["level_shift"].values[2] == pytest.approx(8e-9, rel=1e-3, abs=0)
    assert data["stable"].values.tolist() == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"converged": 0}, "the field stays at 40 A/m"),
        ({"went": "free"}, "the wall moves on to 'free'"),
    ],
)
def test_a_level_without_a_minimum_is_not_stable(made, caplog, fault, words):
    with caplog.at_level(logging.WARNING):
        data = gather(made, _2=fault)
    assert data["stable"].values.tolist() == [1, 1, 1, 0, 1]
    assert data["level_minimum"].values.tolist() == [1, 1, 1, 0, 1]
    assert np.isnan(data["level_conductance"].values[:, 3]).all()
    assert np.isnan(data["level_energy"].values[3])
    assert np.isfinite(data["level_residual_field"].values[3])
    assert "no minimum in 'notch 2'" in caplog.text
    assert words in caplog.text
    assert whole(data)["level_conductance"].isel(level=0).notnull().all()


@pytest.mark.parametrize(
    ("level", "fault"),
    [
        # pulses start there although the wall creeps, and conductances are normalised from there
        (0, {"_initial": {"went": "free", "ends": (90e-9, 91e-9)}}),
        (4, {"_reversed": {"converged": 0}}),
    ],
)
def test_the_outermost_levels_stay_without_a_minimum(made, level, fault):
    data = gather(made, **fault)
    assert data["level_minimum"].values.tolist() == [int(index != level) for index in range(5)]
    assert data["stable"].values.tolist() == [1, 1, 1, 1, 1]
    assert np.isfinite(data["level_conductance"].values).all()


def between_notches():
    """Return a synapse whose wall stays between its first and its last notch."""
    notches = {"positions": [150e-9, 450e-9, 780e-9], "diameter": 36e-9}
    data = SYNAPSE | {
        "track": SYNAPSE["track"] | {"notches": notches},
        "wall": {"start": 150e-9},
    }
    return campaign(synapse=data).devices["synapse"]


def test_a_wall_that_starts_in_the_first_notch_has_the_levels_of_the_notches(tmp_path):
    bench = Bench(tmp_path, "synapse", between_notches())
    bench.write_all(lambda density: (450e-9, 450e-9) if density == 0.6e12 else (150e-9, 150e-9))
    data = bench.gather()
    assert list(data["level_state"].values) == [
        *("notch 1", "between 1 and 2", "notch 2", "between 2 and 3", "notch 3")
    ]
    normalized = data["normalized_level_conductance"].values
    assert normalized[:, [0, -1]] == pytest.approx(np.array([[0, 1], [0, 1]]), abs=1e-12)
    # in parallel the conductance is linear in the position of the wall: 300 of 630 nm
    assert normalized[0, 2] == pytest.approx(300 / 630, rel=5e-3, abs=0)
    assert data["reaching_current_density"].values[[0, 2]].tolist() == [0.0, 0.6e12]
    model = tmp_path / "model.json"
    compact_model(bench.out, model)
    levels, count = files.compact.levels_of(model, "parallel", "measured")
    assert (len(levels), count) == (3, 3)


@pytest.mark.parametrize(
    ("notches", "start", "ends"),
    [
        # the radius is 18 nm
        ({"positions": [150e-9, 450e-9, 780e-9]}, 150e-9, True),
        ({"positions": [150e-9, 450e-9, 780e-9]}, 165e-9, True),
        ({"positions": [150e-9, 450e-9, 780e-9]}, 170e-9, False),
        ({"positions": [150e-9, 450e-9, 780e-9]}, 450e-9, False),
        ({"count": 3}, 300e-9, False),  # the last one is on the right edge
        ({"positions": [300e-9, 890e-9]}, 300e-9, False),  # and here it is cut
        ({"positions": [300e-9, 500e-9, 890e-9]}, 300e-9, False),
        ({"positions": [300e-9]}, 300e-9, False),
    ],
)
def test_notches_are_ends_if_all_are_inside_and_the_wall_starts_in_the_first(notches, start, ends):
    track = SYNAPSE["track"] | {"notches": notches | {"diameter": 36e-9}}
    device = campaign(synapse=SYNAPSE | {"track": track, "wall": {"start": start}})
    job = jobs.minima_job(device.devices["synapse"])
    assert job.track.ends_in_notches(start) is ends
    assert ({"initial", "reversed"} & {*job.placements} == set()) is ends


@pytest.mark.parametrize(("notch", "rests"), [("1", 450e-9), ("3", 150e-9)])
def test_an_outermost_notch_that_holds_no_wall_is_an_error_that_names_it(tmp_path, notch, rests):
    bench = Bench(tmp_path, "synapse", between_notches())
    bench.write_all(lambda density: (rests, rests))
    bench.write_level(notch, (600e-9, 600e-9))
    fault = (
        f"'notch {notch}', the first or the last level, has no conductance: no pulse .* there; add"
    )
    with pytest.raises(files.FileError, match=fault):
        bench.gather()
