"""Where pulses lead, compared with cases by hand, and sequences compared with brute force."""

import random
import shutil

import numpy as np
import pytest
from helpers.transitions import led
from helpers.walls import moving_wall

from wallnet import config, devices, experiment, files, jobs
from wallnet.devices.transitions import (
    Edge,
    Resting,
    both_ways,
    rewritable_states,
    shortest,
    target_of,
)
from wallnet.files import FileError, WallState
from wallnet.jobs import paths

NM = 1e-9
NAMES = [WallState(name) for name in ("notch 1", "between 1 and 2", "notch 2")]
PLACED = [
    Resting(WallState("notch 1"), True, 300 * NM, 300 * NM),
    Resting(WallState("between 1 and 2"), True, 316 * NM, 584 * NM),
    # placed at notch 2, it did not come to rest
    Resting(WallState("notch 2"), False, 600 * NM, 600 * NM),
]


def wall(state, bottom, top, settled=True):
    return Resting(WallState(state), settled, bottom * NM, top * NM)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (wall("notch 1", 300.4, 299.1), 0),
        (wall("between 1 and 2", 310, 590), 1),
        # the other end leads
        (wall("between 2 and 1", 584, 316), -1),
        # a wall that creeps, or rests where a notch repels it
        (wall("notch 1", 300, 300, settled=False), -1),
        (wall("notch 1", 285, 300), -1),
        (wall("notch 1", 300, 311), -1),
        (wall("notch 2", 600, 600), -1),
        (wall("free", 450, 460), -1),
        (wall("reversed", 1500, 1500), 3),
        (wall("expelled", 0, 0, settled=False), 4),
    ],
)
def test_a_wall_is_in_a_state_if_it_rests_where_a_placed_wall_does(end, expected):
    assert target_of(end, PLACED, NAMES, 9.1 * NM) == expected


def brute_force(edges, starts, targets):
    """Return the number of pulses and the least heat of the shortest sequences, by trying all."""
    found = {}
    for start in range(starts):
        reached = {start: [()]}
        for length in range(1, targets):
            further = {}
            for state, sequences in reached.items():
                for edge in edges:
                    if edge.start == state:
                        further.setdefault(edge.target, []).extend(
                            [*sequence, edge] for sequence in sequences
                        )
            reached = further
            for state, sequences in reached.items():
                if state != start and (start, state) not in found:
                    heats = [sum(edge.heat for edge in sequence) for sequence in sequences]
                    best = sequences[int(np.argmin(heats))]
                    found[start, state] = length, best[0]
    return found


@pytest.mark.parametrize("seed", range(8))
def test_shortest_sequences_are_those_of_brute_force(seed):
    """Directed graphs of four states and two ends, with several pulses between two states."""
    draw = random.Random(seed)
    edges = [
        Edge(
            draw.randrange(4),
            draw.randrange(6),
            draw.choice([-1, 1]) * draw.randint(300, 900) * 1e9,
            draw.choice([4e-9, 5e-9, 7e-9]),
        )
        for _ in range(draw.randint(3, 9))
    ]
    found = shortest(edges, 4, 6)
    assert found == brute_force(edges, 4, 6)


def test_some_pairs_differ_by_direction():
    """The graphs above are asymmetric: from one state to another and back is not the same."""
    edges = [Edge(0, 1, 0.6e12, 5e-9), Edge(1, 2, 0.7e12, 5e-9), Edge(2, 0, -0.9e12, 5e-9)]
    found = shortest(edges, 3, 5)
    assert {pair: count for pair, (count, _) in found.items()} == {
        (0, 1): 1,
        (0, 2): 2,
        (1, 0): 2,
        (1, 2): 1,
        (2, 0): 1,
        (2, 1): 2,
    }
    assert found[0, 2][1].current_density == 0.6e12
    assert found[1, 0][1].current_density == 0.7e12


def test_of_equally_many_pulses_the_least_heat_is_taken_and_never_more_pulses():
    cold, hot = Edge(0, 1, 0.5e12, 5e-9), Edge(0, 1, -0.6e12, 4e-9)
    assert shortest([hot, cold], 2, 2)[0, 1] == (1, cold)
    # 0.6² · 2 < 0.5² · 5 although the density is larger
    assert shortest([cold, Edge(0, 1, -0.6e12, 2e-9)], 2, 2)[0, 1][1].duration == 2e-9
    # one hot pulse instead of two that are cold
    direct = Edge(0, 2, 2e12, 9e-9)
    chain = [Edge(0, 1, 0.1e12, 1e-9), Edge(1, 2, 0.1e12, 1e-9)]
    assert shortest([*chain, direct], 3, 3)[0, 2] == (1, direct)


def test_pulses_that_lead_nowhere_else_make_no_sequence():
    assert shortest([], 2, 4) == {}
    assert shortest([Edge(1, 1, 0.3e12, 5e-9)], 2, 4) == {}


def reached_from(pairs, start):
    """Return the states that pulses reach from a state, found by following them one by one."""
    found, ahead = {start}, [start]
    while ahead:
        state = ahead.pop()
        further = {second for first, second in pairs if first == state} - found
        found |= further
        ahead += further
    return found


@pytest.mark.parametrize("seed", range(12))
def test_states_with_pulses_both_ways_are_those_of_brute_force(seed):
    """Sparse directed graphs of nine states, of which six count."""
    draw = random.Random(seed)
    pairs = [(draw.randrange(9), draw.randrange(9)) for _ in range(draw.randint(8, 16))]
    counted = draw.sample(range(9), 6)
    reached = {state: reached_from(pairs, state) for state in range(9)}
    groups = [{b for b in counted if b in reached[a] and a in reached[b]} for a in sorted(counted)]
    expected = max(groups, key=len)
    assert both_ways(pairs, 9, counted) == (expected if len(expected) > 1 else set())


def test_states_are_rewritten_through_others_and_the_most_that_count_are_taken():
    # 0 and 1 by way of 2; 3, 4 and 5 among each other; 6 is a dead end
    pairs = [(0, 2), (2, 1), (1, 0), (3, 4), (4, 5), (5, 3), (0, 3), (5, 6), (6, 6)]
    assert both_ways(pairs, 7, range(7)) == {0, 1, 2}
    assert both_ways(pairs, 7, [0, 1, 3, 4, 5, 6]) == {3, 4, 5}
    assert both_ways(pairs, 7, [0, 1, 5, 6]) == {0, 1}
    assert both_ways(pairs, 7, [2, 4, 6]) == set()
    assert both_ways([], 3, [0, 1]) == set()


# Gathered from traces with known ends

ENDS = {
    # -1.05, -0.6, +0.6 and +1.05e12 A/m² from each notch: bottom, top, and whether it rests
    "notch 1": [(0, 0), (40, 40), (40, 40), (180, 180)],
    "notch 2": [(40, 40), (180, 180), (180, 320), (320, 320)],
    "notch 3": [(180, 180), (320, 320), (320, 320), (318, 318, 0)],
}


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Return the campaign and a folder with its levels and pulses."""
    folder = tmp_path_factory.mktemp("transitions")
    campaign = config.parse(led())
    device, asked = campaign.devices["stairs"], campaign.transitions["stairs"]
    for state in jobs.starting_states(device, asked):
        job = experiment.level_job(device, state.file_name)
        place = job.placement
        level = moving_wall(job, place.bottom, place.top)
        files.write_dataset(level, paths.level_in(folder / "levels", state), "trace", {})
        for density, (bottom, top, *rests) in zip(jobs.signed(asked), ENDS[state], strict=True):
            pulse = jobs.transition_job(device, state, density, 1.5e-9)
            trace = moving_wall(pulse, bottom * NM, top * NM, settled=rests[0] if rests else 1)
            path = paths.transition_in(folder / "pulses", state, density, 1.5e-9)
            files.write_dataset(trace, path, "trace", {})
    return campaign, folder


@pytest.fixture
def made(original, tmp_path):
    """Return the same in a folder that a test may change."""
    campaign, folder = original
    return campaign, shutil.copytree(folder, tmp_path / "copy")


def gathered(campaign, folder):
    job = jobs.transitions_job(campaign.devices["stairs"], campaign.transitions["stairs"])
    devices.transitions(job, folder / "levels", folder / "pulses", folder / "stairs.nc")
    return files.read_dataset(folder / "stairs.nc", "transitions")


def test_pulses_are_gathered_by_start_duration_and_density(made):
    found = gathered(*made)
    targets = found["target"].values.tolist()
    assert targets == ["notch 1", "notch 2", "notch 3", "reversed", "expelled"]
    assert found["end_target"].values[:, 0].tolist() == [
        [4, 0, 0, 1],
        # between 2 and 3 is not among the states
        [0, 1, -1, 2],
        # it still moves
        [1, 2, 2, -1],
    ]
    second = found.sel(start="notch 2").isel(duration=0, current_density=2)
    assert second["end_state"].item() == "between 2 and 3"
    # the edge follows the notch, where the tilted wall is up to 16 nm further inside
    assert second["end_bottom"].item() == pytest.approx(180e-9, rel=0, abs=20e-9)
    assert second["end_top"].item() == pytest.approx(320e-9, rel=0, abs=20e-9)
    assert second["current_density"].item() == pytest.approx(0.6e12, rel=1e-9, abs=0)
    assert found["end_settled"].values[2, 0].tolist() == [1, 1, 1, 0]
    assert found["start_kept"].values.tolist() == [1, 1, 1]
    assert found.attrs["device"] == "stairs"


def test_sequences_and_what_nothing_reaches_or_leaves(made):
    found = gathered(*made)
    # from 3 down to expelled: 3, 2, 1, out
    assert found["sequence_length"].values.tolist() == [
        [0, 1, 2, -1, 1],
        [1, 0, 1, -1, 2],
        [2, 1, 0, -1, 3],
    ]
    first = found["sequence_current_density"].values
    assert first[0].tolist()[1:3] == [1.05e12, 1.05e12]
    assert first[2].tolist()[:2] == [-1.05e12, -1.05e12]
    assert np.isnan(first[:, 3]).all()
    assert np.isnan(first.diagonal()).all()
    assert found["sequence_duration"].values[0, 1] == 1.5e-9
    assert found["reached"].values.tolist() == [1, 1, 1, 0, 1]
    assert found["left"].values.tolist() == [1, 1, 1]


def test_each_pulse_of_a_sequence_has_its_own_duration(made):
    """From notch 1 a pulse of 1.2 ns leads to notch 3, and one of 1.5 ns to notch 2."""
    _, folder = made
    campaign = config.parse(led(current_densities=[1.05e12], durations=[1.2e-9, 1.5e-9]))
    device, asked = campaign.devices["stairs"], campaign.transitions["stairs"]
    for state in jobs.starting_states(device, asked):
        for density in jobs.signed(asked):
            pulse = jobs.transition_job(device, state, density, 1.2e-9)
            moves = state == "notch 1" and density > 0
            end = 320 * NM if moves else pulse.placement.bottom
            path = paths.transition_in(folder / "pulses", state, density, 1.2e-9)
            files.write_dataset(moving_wall(pulse, end, end), path, "trace", {})
    found = gathered(campaign, folder)
    assert found["end_target"].sel(start="notch 1").values.tolist() == [[0, 2], [4, 1]]
    assert found["sequence_length"].values[0].tolist() == [0, 1, 1, -1, 1]
    nan = np.nan
    np.testing.assert_allclose(
        found["sequence_duration"].values,
        [
            [nan, 1.5e-9, 1.2e-9, nan, 1.5e-9],
            [1.5e-9, nan, 1.5e-9, nan, 1.5e-9],
            [1.5e-9, 1.5e-9, nan, nan, 1.5e-9],
        ],
        rtol=1e-9,
    )


def test_both_ends_of_placed_walls_are_stated(made):
    campaign, folder = made
    job = experiment.level_job(campaign.devices["stairs"], "2")
    tilted = moving_wall(job, 172 * NM, 192 * NM)
    files.write_dataset(tilted, folder / "levels/2.nc", "trace", {})
    found = gathered(campaign, folder)
    for end in ("bottom", "top"):
        walls = [
            files.read_dataset(folder / f"levels/{n}.nc", "trace")[f"wall_{end}"].values[-1]
            for n in (1, 2, 3)
        ]
        assert found[f"start_{end}"].values == pytest.approx(walls, rel=1e-6, abs=0)
    assert found["start_top"].values[1] - found["start_bottom"].values[1] > 8 * NM


def test_rewritable_states_are_kept_and_left_again(made):
    """No pulse comes back from an expelled wall, although that track is kept, too."""
    campaign, folder = made
    gathered(campaign, folder)
    path = folder / "stairs.nc"
    every = ["notch 1", "notch 2", "notch 3", "expelled"]
    assert rewritable_states(path, every) == {"notch 1", "notch 2", "notch 3"}
    # by way of notch 2, which is not kept
    assert rewritable_states(path, ["notch 1", "between 1 and 2", "notch 3"]) == {
        "notch 1",
        "notch 3",
    }
    assert rewritable_states(path, ["notch 3", "expelled"]) == frozenset()


def test_a_state_in_which_no_wall_rests_is_no_target_and_no_start(made):
    campaign, folder = made
    job = experiment.level_job(campaign.devices["stairs"], "2")
    away = moving_wall(job, 40 * NM, 40 * NM)
    files.write_dataset(away, folder / "levels/2.nc", "trace", {})
    found = gathered(campaign, folder)
    assert found["start_kept"].values.tolist() == [1, 0, 1]
    assert found["end_target"].values[0, 0].tolist() == [4, 0, 0, -1]
    assert found["sequence_length"].values.tolist() == [
        [0, -1, -1, -1, 1],
        [-1, 0, -1, -1, -1],
        [-1, -1, 0, -1, -1],
    ]
    assert found["left"].values.tolist() == [1, 0, 0]
    assert found["reached"].values.tolist() == [0, 0, 0, 0, 1]
    assert rewritable_states(folder / "stairs.nc", ["notch 1", "notch 2", "notch 3"]) == set()


def test_a_trace_of_another_pulse_is_refused(made):
    campaign, folder = made
    other, wrong = (
        paths.transition_in(folder / "pulses", WallState("notch 1"), j, 1.5e-9)
        for j in (0.6e12, -0.6e12)
    )
    files.write_dataset(files.read_dataset(other, "trace"), wrong, "trace", {})
    with pytest.raises(FileError, match=r"-0.6000.nc is of another pulse; delete it and run"):
        gathered(campaign, folder)


def test_a_pulse_from_another_state_or_on_another_track_is_refused(made):
    campaign, folder = made
    device = campaign.devices["stairs"]
    track = device.track.model_copy(update={"thickness": 1.1 * device.track.thickness})
    path = paths.transition_in(folder / "pulses", WallState("notch 1"), 0.6e12, 1.5e-9)
    for changed, state in (
        (device, "notch 2"),
        (device.model_copy(update={"track": track}), "notch 1"),
    ):
        pulse = jobs.transition_job(changed, WallState(state), 0.6e12, 1.5e-9)
        files.write_dataset(moving_wall(pulse, 40 * NM, 40 * NM), path, "trace", {})
        with pytest.raises(
            FileError, match=r"0\.6000\.nc does not start from the wall of .*1\.nc; delete it"
        ):
            gathered(campaign, folder)


def test_a_trace_of_a_longer_pulse_is_refused(made):
    campaign, folder = made
    state = WallState("notch 1")
    longer = jobs.transition_job(campaign.devices["stairs"], state, 0.6e12, 1.6e-9)
    path = paths.transition_in(folder / "pulses", state, 0.6e12, 1.5e-9)
    files.write_dataset(moving_wall(longer, 40 * NM, 40 * NM), path, "trace", {})
    with pytest.raises(FileError, match=r"0.6000.nc is of another pulse; delete it and run"):
        gathered(campaign, folder)
