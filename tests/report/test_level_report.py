"""Table of what the levels of a synapse are worth, from a device, barriers and transitions."""

import csv
import json

import numpy as np
import pytest
from helpers.synthetic import filled

from wallnet import cli, files
from wallnet.studies.transitions import show as transitions_show

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
    settings = {"temperature": 250.0}
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


def test_one_table_has_minimum_pulses_and_barrier_of_each_level(rows, bench):
    """The start has no minimum, no wall rests in the half state; one pulse is beyond the model."""
    data = files.read_dataset(bench.out, "synapse").load()
    data["level_position"].values[:] = np.array([61, 304.44, 451, 602.16, 900]) * 1e-9
    data["level_minimum"].values[0] = 0
    data["level_source"] = data["level_source"].astype(object)
    data["level_source"].values[2] = ""
    data["level_beyond_model"].values[:] = [0, 0, 0, 1, 0]
    files.write_dataset(data, bench.out, "synapse", {})
    records = list(rows(barriers(), transitions()).values())
    slipped = "yes, but a wall initialised there moved on"
    assert {name: [row[name] for row in records] for name in records[0]} == {
        "level": ["0", "1", "half", "2", "3"],
        "state": ["initial", *STARTS, "reversed"],
        "mean wall position (nm)": ["61.0", "304.4", "–", "602.2", "900.0"],
        "minimum": ["no", "yes", slipped, "yes", "yes"],
        "reached": ["yes", "yes", "yes", "only beyond the model", "yes"],
        SMALLEST: ["0.0000", "0.5000", "0.6000", "0.8000", "1.0000"],
        "reached from other states": ["unknown", "yes", "yes", "no", "yes"],
        # by ascending magnitude; 5 ns at +0.7 leave the wall beside the place of its state
        ALONG: [
            "unknown",
            "4 ns: 0.6 to 1-2, 0.7 to (f); 5 ns: 0.7 to (1)",
            "4 ns: 0.6 to 2, 0.7 to R; 5 ns: 0.6 to 2, 0.7 to 1",
            "a wall initialised there moves on",
            "nothing",
        ],
        AGAINST: [
            "unknown",
            "4 ns: 0.7 to E; 5 ns: 0.7 to E",
            "4 ns: 0.6 to 1, 0.7 to 1; 5 ns: 0.6 to (f), 0.7 to 1",
            "a wall initialised there moves on",
            "nothing",
        ],
        # that of the reversed track is the barrier of nucleation
        BARRIER: ["–", "51.5", "9.2", "–", "300.0"],
        "retained": ["no", "yes", "no", "unknown", "yes"],
    }


def test_a_state_that_no_pulse_leaves_says_so(rows):
    dataset = transitions()
    dataset["end_state"].loc[{"start": "notch 1"}] = "notch 1"
    dataset["end_target"].loc[{"start": "notch 1"}] = STARTS.index("notch 1")
    row = rows(barriers(), dataset)["notch 1"]
    assert (row[ALONG], row[AGAINST]) == ("nothing", "nothing")


def test_a_reversed_track_is_kept_by_the_barrier_of_nucleation(rows):
    assert rows(barriers(39.9))["reversed"]["retained"] == "no"
    assert rows(barriers(converged=0))["reversed"]["retained"] == "unknown"


def test_what_was_not_computed_is_unknown(rows):
    row = rows(barriers())["notch 1"]
    assert (row["retained"], row["reached from other states"]) == ("yes", "unknown")
    assert (row[ALONG], row[AGAINST]) == ("unknown", "unknown")
    row = rows(None, transitions())["notch 1"]
    assert (row["lowest barrier (k_B T)"], row["retained"]) == ("–", "unknown")
    assert row[ALONG].startswith("4 ns: 0.6")
    # the start has no barriers
    assert rows(barriers(), transitions())["initial"]["retained"] == "unknown"


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


def test_the_table_of_devices_counts_states_without_half_states():
    # notch 1 leads to notch 2 over a half state, and notch 2 back
    (row,) = transitions_show.Show().compared(transitions())
    assert row == {"mutually reachable at 0 K": "2"}
    one_way = transitions()
    one_way["end_target"][2] = -1
    (row,) = transitions_show.Show().compared(one_way)
    assert row == {"mutually reachable at 0 K": "0"}
