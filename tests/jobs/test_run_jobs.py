"""Simulations: their steps, their JSON, and what of it is left out."""

import json

import pytest

from wallnet import config, jobs, tracks
from wallnet.config import ConfigError, ProgramPulse
from wallnet.config.devices import Temperature
from wallnet.files.origin import digest_of
from wallnet.jobs import Request, Run
from wallnet.jobs.film import check, step_of
from wallnet.jobs.run import needs_of

PATH = "results/traces/synapse/0.5000.nc"


@pytest.fixture
def synapse(tiny):
    return config.parse(tiny, check).simulated["synapse"]


@pytest.fixture
def pulse(synapse):
    return jobs.pulse_job(synapse, 0.5e12)


@pytest.fixture
def train(synapse):
    pulses = (
        ProgramPulse(current_density=0.7e12, duration=2e-9, pause=1e-9, repetitions=2),
        ProgramPulse(current_density=-0.9e12, duration=0.5e-9),
    )
    return jobs.pulse_train_job(synapse, pulses, expected=("notch 1", "", "", ""))


def test_a_single_pulse_is_its_own_step(pulse):
    assert list(pulse.parts()) == [pulse]
    assert (pulse.number_of_steps, pulse.strongest) == (1, 0.5e12)
    assert pulse.longest == pulse.end == pulse.pulse_end + pulse.step.pause


def test_each_pulse_of_a_train_is_a_step_with_its_own_pause(train):
    parts = list(train.parts())
    assert [part.current_density for part in parts] == [0.7e12, 0.7e12, -0.9e12]
    assert [part.pulse_end for part in parts] == [2e-9, 2e-9, 0.5e-9]
    assert [part.step.pause for part in parts] == [1e-9, 1e-9, 0.0]
    # a pause lasts exactly its time
    assert not any(part.ends_at_rest for part in parts)
    assert all(part.number_of_steps == 1 and part.track == train.track for part in parts)
    assert (train.number_of_steps, train.strongest) == (3, -0.9e12)
    assert train.longest == pytest.approx(6.5e-9, rel=1e-12, abs=0)


def test_a_request_is_read_from_its_json(pulse, train):
    for job in (pulse, train):
        assert Run.from_json(job.to_json()) == job


def test_a_run_that_ends_at_rest_says_when_a_wall_rests(pulse):
    data = json.loads(pulse.to_json())
    del data["rest"]
    with pytest.raises(ConfigError, match="ends_at_rest is given without rest"):
        Run.from_json(json.dumps(data))


def test_what_has_its_default_is_not_in_the_json(pulse, train):
    """A key that is added later makes no finished result run again."""
    assert set(json.loads(pulse.to_json())) == {
        *("track", "material", "placement", "steps", "rest", "ends_at_rest"),
        *("output", "calculator", "calculator_name"),
    }
    assert json.loads(train.to_json())["steps"] == [
        {"current_density": 0.7e12, "duration": 2e-9, "pause": 1e-9, "repetitions": 2},
        {"current_density": -0.9e12, "duration": 0.5e-9},
    ]
    warm = Temperature(ambient=310.0, seed=7)
    hot = pulse.model_copy(update={"temperature": warm, "replica": 4})
    parameters = json.loads(hot.to_json())
    assert parameters["temperature"] == {"ambient": 310.0, "seed": 7}
    assert parameters["replica"] == 4
    assert Run.from_json(hot.to_json()) == hot


def test_a_request_has_the_work_of_its_cells_and_steps(synapse, pulse):
    """Each cell and step takes 10 ns of the engine, and 250 times as long of OOMMF."""
    columns, rows = synapse.track.cells
    steps = pulse.longest / step_of(synapse, 0.5e12)
    expected = 1e-8 * columns * rows * steps
    assert pulse.processor_time == pytest.approx(expected, rel=1e-9, abs=0)
    slow = synapse.model_copy(update={"calculator": "oommf"})
    job = jobs.pulse_job(slow, 0.5e12)
    assert job.processor_time == pytest.approx(250 * expected, rel=1e-9, abs=0)
    assert (pulse.threads, job.threads) == (1, slow.oommf.threads)


def test_a_request_names_its_command_and_its_start(pulse):
    request = Request("run", PATH, lambda: pulse, ("results/initial/synapse.nc",))
    assert request.starts == ["--after", "results/initial/synapse.nc"]
    assert Request("initial", PATH, lambda: pulse).starts == []


def test_requests_of_other_pulses_have_other_digests(synapse, pulse):
    same = Request("run", PATH, lambda: jobs.pulse_job(synapse, 0.5e12))
    other = Request("run", PATH, lambda: jobs.pulse_job(synapse, 0.5001e12))
    assert same.digest == digest_of(pulse.to_json())
    assert other.digest != same.digest


FRAMED = {"shape": "trapezoid", "length": 24e-9, "depth": 16e-9, "flanks": (0, 0), "count": 3}
"""Rectangles whose outlines, at 108 + 120 k nm, lie between cells of 4 nm."""

ROUGH, SPREAD, GRAINY = {"edges": {}}, {"notches": {}}, {"grains": {"boundary_exchange": 1.0}}


@pytest.mark.parametrize(
    ("changes", "partly"),
    [
        ({}, True),
        ({"edges": "smooth"}, True),
        ({"edges": "stairs"}, False),
        ({"notches": FRAMED}, False),
        ({"notches": FRAMED | {"depth": 14e-9}}, True),
        ({"notches": None}, False),
        ({"notches": None, "disorder": ROUGH}, True),
        ({"notches": None, "disorder": SPREAD}, False),
        ({"notches": None, "disorder": GRAINY}, False),
        ({"notches": FRAMED, "disorder": SPREAD}, True),
        ({"notches": FRAMED, "disorder": GRAINY}, False),
        ({"edges": "stairs", "disorder": ROUGH | SPREAD}, False),
    ],
)
def test_partly_filled_cells_are_needed_and_counted_where_there_are_any(tiny, changes, partly):
    """A job of the old default has no `edges`; it is not that of either."""
    device = tiny["devices"]["synapse"] | {"kind": "track"}
    own = {"disorder": changes.get("disorder"), "sample": int("disorder" in changes)}
    track = {**device["track"]}
    del track["edges"]
    track |= {key: changes[key] for key in changes if key != "disorder"}
    tiny["devices"]["synapse"] = device | own | {"track": track}
    made = config.parse(tiny, check).simulated["synapse"]
    job = jobs.pulse_job(made, 0.5e12)
    assert job.plain()["track"]["edges"] == track.get("edges", "smooth")
    assert ("partial_cells" in needs_of(job.plain())) == partly
    cells = tracks.layer(job).cells
    assert (cells.shapes is not None) == partly
    # estimates count a step of partly filled cells 2.5 times
    stairs = job.model_copy(update={"track": job.track.model_copy(update={"edges": "stairs"})})
    factor = 2.5 if partly else 1.0
    assert job.cell_steps() == pytest.approx(factor * stairs.cell_steps(), rel=1e-12, abs=0)
