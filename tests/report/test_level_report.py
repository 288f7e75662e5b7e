"""Table of what the levels of a synapse are worth, from a device, barriers and transitions."""

import csv
import json

import numpy as np
import pytest
from helpers.synthetic import filled

from wallnet import cli, files

THERMAL = 1.380649e-23 * 250
BARRIER = "lowest barrier at 250 K (k_B T)"
SMALLEST = "smallest J (1e12 A/m²)"
NAN = float("nan")
LEFT = "left by pulses of the {} sign ({}), |J| (1e12 A/m²)"
ALONG, AGAINST = LEFT.format("sweep's", "+"), LEFT.format("opposite", "-")
STARTS = ["notch 1", "between 1 and 2", "notch 2"]


def barriers(nucleation=300.0, converged=1):
    """Barriers of a synapse with three notches at 250 K, of which the last is not computed."""
    dataset = filled(
        "barriers",
        state_name=STARTS,
        state_barrier=np.array([51.5, 9.25, NAN]) * THERMAL,
        state_exit=["notch 2", "notch 2", ""],
        state_lifetime=np.zeros((3, 2)),
        state_retained=[1, 0, -1],
        pair_first=["expelled", "notch 2"],
        pair_second=["notch 1", "reversed"],
        pair_forward=np.array([400.0, 130.0]) * THERMAL,
        pair_backward=np.array([90.0, nucleation]) * THERMAL,
        pair_converged=[1, converged],
        pair_energy=np.zeros((2, 1)),
    )
    settings = {"temperature": 250.0, "retained": 40.0}
    return dataset.assign_attrs(parameters=json.dumps({"settings": settings}))


def transitions():
    """Pulses of two durations from three states, in one of which no wall rests."""
    states = [
        [["expelled", "notch 1", "between 1 and 2", "free"], ["expelled", *3 * ["notch 1"]]],
        [["notch 1", "notch 1", "notch 2", "reversed"], ["notch 1", "free", "notch 2", "notch 1"]],
        [["notch 1"] * 4, ["notch 1"] * 4],
    ]
    targets = [*STARTS, "reversed", "expelled"]
    indices = np.array([targets.index(s) if s in targets else -1 for s in np.ravel(states)])
    indices = indices.reshape(3, 2, 4)
    # at rest, but not where a placed wall rests
    indices[0, 1, 3] = -1
    return filled(
        "transitions",
        start=STARTS,
        target=targets,
        duration=[4e-9, 5e-9],
        current_density=[-0.7e12, -0.6e12, 0.6e12, 0.7e12],
        start_stable=[1, 1, 0],
        end_state=states,
        end_target=indices,
        reached=[1, 1, 0, 1, 1],
        left=[1, 1, 0],
    )


@pytest.fixture
def bench(synapse, tmp_path):
    """Return a synapse whose device file a test may change."""
    copy = synapse.copied(tmp_path / "bench")
    copy.gather()
    return copy


@pytest.fixture
def rows(bench, tmp_path):
    """Return a function that writes the table and returns its rows by state."""

    def made(barriers=None, transitions=None):
        datasets = {"barriers": barriers, "transitions": transitions}
        words = ["show", "page.levels", "--sources", f"device={bench.out}"]
        for kind, data in datasets.items():
            if data is not None:
                files.write_dataset(data, tmp_path / f"{kind}.nc", kind, {})
                words.append(f"{kind}={tmp_path / kind}.nc")
        outputs = [f"{kind}={tmp_path}/levels.{kind}" for kind in ("csv", "markdown", "html")]
        cli.main([*words, "--to", *outputs])
        with open(tmp_path / "levels.csv", newline="", encoding="utf-8") as stream:
            records = list(csv.DictReader(stream))
        for kind in ("markdown", "html"):
            text = (tmp_path / f"levels.{kind}").read_text(encoding="utf-8")
            assert all(row["state"] in text for row in records)
        return {row["state"]: row for row in records}

    return made


def test_a_level_that_only_pulses_beyond_the_model_reach_is_marked(rows, bench):
    data = files.read_dataset(bench.out, "synapse")
    data["level_beyond_model"].values[:] = [0, 0, 0, 1, 0]
    files.write_dataset(data, bench.out, "synapse", {})
    pairs = [(row["reached"], row[SMALLEST]) for row in rows().values()]
    assert pairs == [
        *(("yes", "0.0000"), ("yes", "0.5000"), ("yes", "0.6000")),
        *(("only beyond the model", "0.8000"), ("yes", "1.0000")),
    ]


def test_one_table_tells_minimum_barrier_kept_reached_and_left(rows):
    table = rows(barriers(), transitions())
    assert list(table) == ["initial", *STARTS, "reversed"]
    one, half, two = (table[state] for state in STARTS)
    assert (one["level"], half["level"], two["level"]) == ("1", "half", "2")
    assert (one[BARRIER], one["retained"]) == ("51.5", "yes")
    assert (half[BARRIER], half["retained"]) == ("9.2", "no")
    assert (two[BARRIER], two["retained"]) == ("–", "unknown")
    column = "reached from other states"
    assert [row[column] for row in (one, half, two)] == ["yes", "yes", "no"]
    # by ascending magnitude; 5 ns at +0.7 leave the wall beside the place of its state
    assert one[ALONG] == "4 ns: 0.6 to 1-2, 0.7 to (f); 5 ns: 0.7 to (1)"
    assert one[AGAINST] == "4 ns: 0.7 to E; 5 ns: 0.7 to E"
    assert half[ALONG] == "4 ns: 0.6 to 2, 0.7 to R; 5 ns: 0.6 to 2, 0.7 to 1"
    assert half[AGAINST] == "4 ns: 0.6 to 1, 0.7 to 1; 5 ns: 0.6 to (f), 0.7 to 1"
    assert two[ALONG] == two[AGAINST] == "a wall initialised there moves on"


def test_a_state_that_no_pulse_leaves_says_so(rows):
    dataset = transitions()
    dataset["end_state"].loc[{"start": "notch 1"}] = "notch 1"
    dataset["end_target"].loc[{"start": "notch 1"}] = STARTS.index("notch 1")
    row = rows(barriers(), dataset)["notch 1"]
    assert (row[ALONG], row[AGAINST]) == ("nothing", "nothing")


def test_a_reversed_track_is_kept_by_the_barrier_of_nucleation_and_not_left(rows):
    row = rows(barriers(), transitions())["reversed"]
    assert (row[BARRIER], row["retained"]) == ("300.0", "yes")
    assert (row[ALONG], row[AGAINST]) == ("nothing", "nothing")
    assert row["reached from other states"] == "yes"
    assert rows(barriers(39.9))["reversed"]["retained"] == "no"
    assert rows(barriers(converged=0))["reversed"]["retained"] == "unknown"


def test_what_was_not_computed_is_unknown(rows):
    row = rows(barriers())["notch 1"]
    assert (row["retained"], row["reached from other states"]) == ("yes", "unknown")
    assert (row[ALONG], row[AGAINST]) == ("unknown", "unknown")
    row = rows(None, transitions())["notch 1"]
    assert (row["lowest barrier (k_B T)"], row["retained"]) == ("–", "unknown")
    assert row[ALONG].startswith("4 ns: 0.6")
    # no pulse starts there
    initial = rows(barriers(), transitions())["initial"]
    assert (initial[ALONG], initial["reached from other states"]) == ("unknown", "unknown")


def test_a_level_without_a_minimum_is_not_kept(bench, rows):
    """That of the start has no barriers, and without a minimum it needs none."""
    data = files.read_dataset(bench.out, "synapse").load()
    for value, minimum, kept in ((1, "yes", "unknown"), (0, "no", "no")):
        data["level_minimum"][0] = value
        files.write_dataset(data, bench.out, "synapse", {})
        table = rows(barriers(), transitions())
        assert (table["initial"]["minimum"], table["initial"]["retained"]) == (minimum, kept)
        assert (table["notch 1"]["minimum"], table["notch 1"]["retained"]) == ("yes", "yes")


def test_a_level_in_which_no_wall_rests_has_no_position(bench, rows):
    """The device file has the position where the placed wall went."""
    data = files.read_dataset(bench.out, "synapse").load()
    data["level_source"] = data["level_source"].astype(object)
    data["level_source"].values[2] = ""
    files.write_dataset(data, bench.out, "synapse", {})
    table = rows(None, None)
    gone = str(data["level_state"].values[2])
    positions = {state: row["mean wall position (nm)"] for state, row in table.items()}
    assert [state for state, position in positions.items() if position == "–"] == [gone]


def test_the_sweep_has_a_sign(bench, rows):
    """Pulses of negative current are along a sweep of negative current."""
    row = rows(None, transitions())["notch 2"]
    position = files.read_dataset(bench.out, "synapse")["level_position"].values[3]
    assert float(row["mean wall position (nm)"]) == pytest.approx(position / 1e-9, abs=0.05)
    smallest = files.read_dataset(bench.out, "synapse")["reaching_current_density"].values[1]
    row = rows(None, transitions())["notch 1"]
    assert float(row[SMALLEST]) * 1e12 == smallest
    data = files.read_dataset(bench.out, "synapse").load()
    data = data.assign_coords(current_density=-data["current_density"])
    files.write_dataset(data, bench.out, "synapse", {})
    row = rows(None, transitions())["notch 1"]
    assert row[LEFT.format("sweep's", "-")] == "4 ns: 0.7 to E; 5 ns: 0.7 to E"
    assert row[LEFT.format("opposite", "+")].startswith("4 ns: 0.6 to 1-2")
    # a weak pulse backwards before four forwards
    density = np.array([-0.1, 0.3, 0.5, 0.6, 0.8]) * 1e12
    data = data.assign_coords(current_density=("current_density", density))
    data["current_density"].attrs |= {"units": "A/m2", "long_name": "current density"}
    files.write_dataset(data, bench.out, "synapse", {})
    row = rows(None, transitions())["notch 1"]
    assert row[SMALLEST] == "0.5000"
    assert ALONG in row
    assert row[ALONG].startswith("4 ns: 0.6 to 1-2")
