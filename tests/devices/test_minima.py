"""A level of a synapse is stable only if the energy has a minimum there."""

import logging

import numpy as np
import pytest
from helpers.walls import SYNAPSE, SYNAPSE_ENDS, Bench, campaign, whole

from wallnet import cli, config, devices, experiment, files
from wallnet.experiment.minima import minimum_states
from wallnet.files import WallState
from wallnet.jobs import paths
from wallnet.studies.compact import compact_model


def write_minimum(bench, state, converged=1, went=None, ends=(300e-9, 304e-9), energy=2e-17):
    job = experiment.minimum_job(bench.device, state.file_name)
    rows, columns = bench.device.track.cells[::-1]
    values = {
        "minimum_magnetization": np.zeros((rows, columns, 3)),
        "minimum_energy": energy,
        "minimum_residual_field": 0.05 if converged else 40.0,
        "minimum_stiffness": 9e3 if converged else float("nan"),
        "minimum_wall_bottom": ends[0],
        "minimum_wall_top": ends[1],
        "minimum_converged": converged,
        "x": np.arange(columns),
        "y": np.arange(rows),
    }
    attributes = {
        "parameters": job.to_json(),
        "state": str(went or state),
        "stayed": int(went is None),
    }
    path = bench.root / files.MINIMUM.format(device=bench.name, state=state.file_name)
    files.write_dataset(
        files.dataset("minimum", values).assign_attrs(attributes), path, "minimum", {}
    )
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    device = campaign(synapse=SYNAPSE).devices["synapse"]
    bench = Bench(tmp_path_factory.mktemp("minima"), "synapse", device)
    bench.write_all(lambda density: SYNAPSE_ENDS[density])
    return bench


def gather(bench, **of_state):
    """Gather a synapse with minima; `of_state` has what differs, by the name of the file."""
    states = minimum_states(bench.device.track, bench.device.wall.start)
    minima = {
        state: write_minimum(
            bench, state, **of_state.get(f"_{state.file_name}".replace("-", "_"), {})
        )
        for state in states
    }
    expected = paths.minima_in(bench.root / "results/minima/synapse", bench.job)
    assert {k: str(v) for k, v in minima.items()} == expected
    devices.gather(bench.job, bench.initial, bench.traces, bench.levels, bench.out, minima)
    return files.read_dataset(bench.out, "synapse")


def test_levels_tell_their_minimum(made):
    half = {"ends": (302e-9, 593e-9)}
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
    # the ends of the half state are some 300 nm apart
    placed = files.read_dataset(made.levels[WallState("between 1 and 2")], "trace")
    bottom, top = (float(placed[name][-1]) for name in ("wall_bottom", "wall_top"))
    expected = max(abs(bottom - 302e-9), abs(top - 593e-9))
    assert data["level_shift"].values[2] == pytest.approx(expected, rel=1e-6, abs=0)
    assert data["stable"].values.tolist() == [1, 1, 1, 1, 1]


def test_the_command_gathers_the_minima_of_its_folder(made):
    expected = gather(made, _2={"converged": 0})
    folders = {
        "--initial": made.initial,
        "--traces": made.traces[0].parent,
        "--levels": next(iter(made.levels.values())).parent,
        "--minima": made.root / "results/minima/synapse",
    }
    given = [str(word) for option in folders.items() for word in option]
    cli.main(["device", "--job", made.job.to_json(), *given, "--out", str(made.out)])
    found = files.read_dataset(made.out, "synapse")
    assert found["level_minimum"].values.tolist() == [1, 1, 1, 0, 1]
    assert found.equals(expected)


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
    assert data["level_minimum"].values.tolist() == [int(each != level) for each in range(5)]
    assert data["stable"].values.tolist() == [1, 1, 1, 1, 1]
    assert np.isfinite(data["level_conductance"].values).all()


def test_a_minimum_of_another_state_or_track_is_refused(made):
    states = minimum_states(made.device.track, made.device.wall.start)
    minima = {state: write_minimum(made, state) for state in states}
    first, second = WallState("notch 1"), WallState("notch 2")
    swapped = minima | {first: minima[second], second: minima[first]}

    def gathered(found):
        devices.gather(made.job, made.initial, made.traces, made.levels, made.out, found)

    with pytest.raises(files.FileError, match="is the minimum of 'notch 2', not of 'notch 1'"):
        gathered(swapped)
    thicker = made.device.track.model_copy(update={"thickness": 3e-9})
    other = Bench(made.root, made.name, made.device.model_copy(update={"track": thicker}))
    write_minimum(other, second)
    with pytest.raises(files.FileError, match=r"2\.nc was made for another track; delete it"):
        gathered(minima)


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
    given = SYNAPSE["track"] | {"notches": notches | {"diameter": 36e-9}}
    track = config.Track.model_validate(given)
    assert track.ends_in_notches(start) is ends
    states = minimum_states(track, start)
    assert ({"initial", "reversed"} & {str(state) for state in states} == set()) is ends


@pytest.mark.parametrize(("notch", "rests"), [("1", 450e-9), ("3", 150e-9)])
def test_an_outermost_notch_that_holds_no_wall_is_an_error_that_names_it(tmp_path, notch, rests):
    bench = Bench(tmp_path, "synapse", between_notches())
    bench.write_all(lambda density: (rests, rests))
    bench.write_level(notch, (600e-9, 600e-9))
    with pytest.raises(files.FileError, match=f"'notch {notch}', the first or the last level"):
        bench.gather()
