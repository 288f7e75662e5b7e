"""Samples as an axis of studies: requests, gathering along `sample`, tables, a small campaign."""

import copy
import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from helpers.depinning import depinned
from helpers.intervals import bisected
from helpers.small_campaign import TINY
from helpers.studies import CUT, DATA, EXAMPLES
from helpers.transitions import led

from studies.results import NM, gather, pulsed, write_starts, write_trace
from wallnet import files, plan
from wallnet.cli import main
from wallnet.config import ConfigError, Figures
from wallnet.files import WallState, schema
from wallnet.files.schema import KINDS, VARIABLES, Variable
from wallnet.jobs.request import KINDS as KINDS_OF_REQUESTS
from wallnet.jobs.request import Conditions, runs_of, where
from wallnet.plan.requests import Requested, pattern_of
from wallnet.plan.work import study_work
from wallnet.questions.opened import stacked
from wallnet.questions.presentation import spread
from wallnet.studies import STUDIES, gather_job
from wallnet.studies.depinning import TRACKS
from wallnet.studies.showing import show_of

DISORDER = {"edges": {"rms": 2e-9, "correlation_length": 20e-9}}


REACHED = "reached by at most, on samples that reach it (1e12 A/m²)"


def with_samples(samples, **changes):
    """Return the campaign of transitions with a rough track, as plain data."""
    data = led(**({"samples": samples} if samples else {}))
    data["devices"]["stairs"]["disorder"] = DISORDER | changes
    return data


def requests_of(data, study="transitions", subject="stairs"):
    return STUDIES[study].requests_of(plan.parse(data), subject)


def test_each_sample_has_the_requests_of_the_study_in_a_folder_of_its_own():
    perfect, several = (runs_of(requests_of(with_samples(number))) for number in (0, 2))
    assert len(several) == 3 * len(perfect)
    own = [request for request in several if not request.conditions.sample]
    assert [request.digest for request in own] == [request.digest for request in perfect]
    for number in (1, 2):
        of_samples = [request for request in several if request.conditions.sample == number]
        for request, of_sample in zip(perfect, of_samples, strict=True):
            folder = f"results/samples/{number}/"
            assert of_sample.path == request.path.replace("results/", folder, 1)
            assert of_sample.after == tuple(
                path.replace("results/", folder, 1) for path in request.after
            )
            assert of_sample.kind == request.kind
            conditions = dataclasses.replace(request.conditions, sample=number)
            assert of_sample.conditions == conditions
    levels = where(several, "run", Conditions(duration=0.0, state=WallState("notch 1")))
    assert len({level.digest for level in levels}) == len(levels) == 3


def test_a_result_of_a_sample_has_its_request_and_its_rule():
    requested = Requested(plan.parse(with_samples(2)))
    for number in (1, 2):
        path = f"results/samples/{number}/levels/stairs/1.nc"
        assert requested[path].path == path
        matching = [
            kind
            for kind in KINDS_OF_REQUESTS
            if re.fullmatch(f"results/({pattern_of(kind)})\\.nc", path)
        ]
        assert matching == ["run"]
    with pytest.raises(ConfigError, match="samples/3/levels/stairs/1.nc is not asked for"):
        requested["results/samples/3/levels/stairs/1.nc"]


@pytest.mark.parametrize("name", sorted(name for name in EXAMPLES if name != "sweeps"))
def test_all_that_a_request_of_a_sample_starts_from_is_asked_for(name):
    """With barriers of other numbers of samples, which thermal asks for too."""
    data = copy.deepcopy(DATA)
    data["devices"]["cut"] |= {"disorder": DISORDER, "temperature": {"ambient": 300.0}}
    data["devices"]["stairs"]["disorder"] = DISORDER
    data["barriers"] = {"samples": 1, "devices": ["cut"]}
    if "samples" not in STUDIES[name].settings.model_fields:
        return
    for settings in data[name].values() if name != "barriers" else [data[name]]:
        settings["samples"] = 2
    campaign = plan.parse(data)
    requested = Requested(campaign)
    for subject in STUDIES[name].subjects(campaign):
        for request in runs_of(STUDIES[name].requests_of(campaign, subject)):
            assert request.path.count("samples/") <= 1
            for path in (*request.after, *([request.states.path] if request.states else [])):
                assert requested[path].path == path


def test_the_perfect_device_does_not_know_of_samples():
    """Neither disorder nor samples change the requests of sample 0 and their gathering."""
    plain = with_samples(0)
    del plain["devices"]["stairs"]["disorder"]
    for data in (plain, with_samples(0)):
        campaign = plan.parse(data)
        requests = STUDIES["transitions"].requests_of(campaign, "stairs")
        job = gather_job(STUDIES["transitions"], campaign, "stairs", requests)
        assert "sample" not in job.to_json()
    assert [request.digest for request in requests_of(plain)] == [
        request.digest for request in requests_of(with_samples(0))
    ]


@pytest.mark.parametrize(
    ("study", "settings"),
    [
        ("transitions", {"stairs": led()["transitions"]["stairs"] | {"samples": 2}}),
        ("sweeps", {"stairs": {}}),
        ("barriers", {"samples": 2}),
        ("depinning", {"stairs": {"samples": 2}}),
        ("intervals", {"stairs": {"samples": 2}}),
    ],
)
def test_samples_of_a_device_without_disorder_are_refused(study, settings):
    data = led()
    del data["transitions"]
    data["devices"]["synapse"] = TINY["devices"]["synapse"]
    with pytest.raises(ConfigError, match="has no disorder, so that all samples are alike; add"):
        plan.parse(data | {study: settings})


def test_samples_stand_beside_the_perfect_device():
    data = with_samples(2)
    data["devices"]["stairs"]["sample"] = 5
    with pytest.raises(ConfigError, match="stairs is sample 5, not the perfect device; set its"):
        plan.parse(data)


def test_one_state_alone_has_the_barriers_to_its_neighbours():
    campaign = plan.parse(TINY | {"barriers": {"states": ["notch 1"]}})
    minima, *paths = STUDIES["barriers"].requests_of(campaign, "synapse")
    assert [(path.conditions.state, path.conditions.neighbour) for path in paths] == [
        ("expelled", "notch 1"),
        ("notch 1", "notch 2"),
        ("notch 1", "between 1 and 2"),
    ]
    assert minima.kind == "minima"
    with pytest.raises(ConfigError, match="barriers.states has 'notch 9', which is no state of"):
        plan.parse(TINY | {"barriers": {"states": ["notch 9"]}})


# Gathering


@pytest.fixture
def things(monkeypatch):
    """Register a kind of dataset with an axis without a coordinate and one of names."""
    added = {
        "lengths": Variable(("named", "entry"), "lengths", "m"),
        "counted": Variable(("named",), "counts", "1", "int64"),
        "flagged": Variable(("named",), "flags", "1", "int8", (-1.0, 1.0)),
        "words": Variable(("named",), "texts", "", "text"),
        "whole": Variable((), "a number", "s"),
        "named": Variable(("named",), "names", "", "text"),
    }
    for name, variable in added.items():
        monkeypatch.setitem(VARIABLES, name, variable)
    monkeypatch.setitem(KINDS, "things", tuple(added))


def of_sample(names, entries, first):
    """Return values that differ everywhere."""
    count = len(names)
    return {
        "lengths": first + np.arange(count * entries).reshape(count, entries),
        "counted": 10 * first + np.arange(count),
        "flagged": [1] * count,
        "words": [f"{name} of {first}" for name in names],
        "whole": first / 2,
        "named": names,
    }


def test_samples_are_stacked_by_their_coordinates(things, tmp_path):
    """What a sample lacks is marked; the order is that in which names appear."""
    samples = [of_sample(["b", "a"], 2, 1), of_sample(["c", "b"], 3, 5)]
    values = stacked("things", samples)
    assert [*values["named"]] == ["b", "a", "c"]
    nan = np.nan
    np.testing.assert_array_equal(
        values["lengths"],
        [[[1, 2, nan], [3, 4, nan], [nan] * 3], [[8, 9, 10], [nan] * 3, [5, 6, 7]]],
    )
    assert np.asarray(values["counted"]).tolist() == [[10, 11, 0], [51, 0, 50]]
    assert np.asarray(values["flagged"]).tolist() == [[1, 1, -1], [1, -1, 1]]
    assert np.asarray(values["words"]).tolist() == [
        ["b of 1", "a of 1", ""],
        ["b of 5", "", "c of 5"],
    ]
    assert np.asarray(values["whole"]).tolist() == [0.5, 2.5]
    path = tmp_path / "things.nc"
    files.write_dataset(files.dataset("things", values), path, "things", {})
    perfect = files.read_dataset(path, "things")
    assert "sample" not in perfect.variables
    assert perfect["counted"].values.tolist() == [10, 11, 0]
    assert float(perfect["whole"]) == 0.5
    every = files.read_dataset(path, "things", only=["lengths"], samples=True)
    assert every["lengths"].dims == ("sample", "named", "entry")
    assert every["lengths"].values[1, 2, 0] == 5


def test_the_spread_is_that_of_the_samples_without_the_perfect_device():
    """Unlike numbers: sample 0 would change mean and deviation."""
    densities = [0.5e12, 0.6e12]
    reached = np.array([[0.5, np.nan], [0.5, 0.6], [0.6, np.nan], [0.6, np.nan]]) * 1e12
    values = {
        "notch_current_density": reached,
        "notch_conductance": np.arange(16).reshape(4, 2, 2) * 1e-6,
        "final_conductance": np.ones((4, 2, 2)) * 1e-6,
        "final_wall_position": np.full((4, 2), 0.7e-9),
        "state": np.full((4, 2), "free"),
        "settled": np.ones((4, 2)),
        "notch": [1, 2],
        "current_density": densities,
        "sample": np.arange(4),
    }
    (table,) = spread(schema.dataset("sweeps", values), show_of("sweeps"), "wire")
    rows = {(row["quantity"], row["of"]): row for row in table.frame.to_dict("records")}
    row = rows[REACHED, "notch 1"]
    assert row["perfect device"] == pytest.approx(0.5, rel=1e-12, abs=0)
    assert row["mean"] == pytest.approx(1.7 / 3, rel=1e-12, abs=0)
    assert row["standard deviation"] == pytest.approx(0.1 / 3**0.5, rel=1e-9, abs=0)
    assert (row["least"], row["greatest"], row["samples"]) == pytest.approx((0.5, 0.6, 3), abs=0)
    second = rows[REACHED, "notch 2"]
    assert (second["mean"], second["samples"]) == pytest.approx((0.6, 1), abs=0)
    assert np.isnan(second["perfect device"])
    # three times 0.7, divided by 3, is not 0.7
    assert rows["final wall position (nm)", "J (1e12 A/m²) 0.5"]["standard deviation"] == 0
    assert rows["conductance at the notch (µS)", "reading series, notch 2"]["mean"] == (
        pytest.approx((7 + 11 + 15) / 3, rel=1e-12, abs=0)
    )


def test_a_notch_is_reached_by_the_weakest_pulse_of_either_sign(tmp_path, monkeypatch):
    """It keeps its sign; on the sample, a wall does not rest after the weakest one."""
    monkeypatch.chdir(tmp_path)
    data, densities = with_samples(0), [-0.6e12, -0.4e12, 0.5e12, 0.7e12]
    data["sweeps"] = {"stairs": {"samples": 1, "current_densities": densities}}
    campaign, study = plan.parse(data), STUDIES["sweeps"]
    requests = study.requests_of(campaign, "stairs")
    for request in runs_of(missing(requests)):
        sample, density = request.conditions.sample, request.conditions.current_density
        end = 40 * NM if density in densities[:2] else 180 * NM
        moves = sample == 1 and density == -0.4e12
        write_trace(request, end, end, settled=0 if moves else 1)
    gather(study, campaign, "stairs", requests)
    dataset = files.read_dataset(study.path("stairs"), study.kind, samples=True)
    reached = dataset["notch_current_density"].values / 1e12
    np.testing.assert_array_equal(reached, [[-0.4, 0.5, np.nan], [-0.6, 0.5, np.nan]])
    show = show_of("sweeps")
    assert show.finding(dataset, "stairs") == (
        "the sweep reaches notch 1 on 1 of 1 (3 to 100 %) and notch 3 on 0 of 1 (0 to 98 %) samples"
    )
    assert show.faults(dataset, "stairs") == [
        "sweeps stairs: the weakest pulse already brings the wall to notch 1, so that the J that "
        "reaches it is an upper limit; begin current_densities lower"
    ]
    assert show.faults(dataset.isel(sample=[1]), "stairs") == []


# Rounds


def rough_intervals(samples):
    """Return the campaign of a bisection with a rough track, as plain data."""
    data = bisected(resolution=0.15e12, **({"samples": samples} if samples else {}))
    data["devices"]["stairs"]["disorder"] = DISORDER
    return data


def test_rounds_ask_for_pulses_of_each_sample(tmp_path, monkeypatch):
    """Also if the round was made for fewer samples; what is ahead counts for all of them."""
    monkeypatch.chdir(tmp_path)
    study = STUDIES["intervals"]
    campaign = plan.parse(rough_intervals(2))
    assert [sum(n for n, _ in one) for one in study.expected(campaign, "stairs")] == [3, 3]
    first_round = {"asked": [0.9e12], "samples": [[0.75e12], [0.8e12, 1e12]]}
    files.write_json(first_round, study.round_path("stairs", 1))
    pulses = {
        "results/intervals/stairs/0.9000.nc",
        "results/samples/1/intervals/stairs/0.7500.nc",
        *(f"results/samples/2/intervals/stairs/{density}.nc" for density in ("0.8000", "1.0000")),
    }
    requested = Requested(campaign)
    assert {path for path in requested if "/intervals/" in path} == pulses
    ahead = [n for n, _ in study_work(requested, "intervals")]
    # two pulses of each sweep, those of the round, the initial states of samples
    assert (sum(ahead), ahead[-1]) == (3 * 2 + 4 + 2 + 3, 3)
    assert requested["results/samples/2/initial/stairs.nc"].kind == "initial"
    more = study.requests_of(plan.parse(rough_intervals(3)), "stairs")
    assert {request.path for request in more if "/intervals/" in request.path} == pulses
    last = Conditions(sample=3, current_density=1.2e12)
    assert [request.conditions.round for request in pulsed(more, last)] == [None]
    fewer = study.requests_of(plan.parse(rough_intervals(0)), "stairs")
    *own, minima = fewer
    assert [(pulse.conditions.current_density, pulse.conditions.round) for pulse in own] == [
        *((0.6e12, None), (1.2e12, None), (0.9e12, 1)),
    ]
    assert minima.path == "results/minima/stairs.nc"


def missing(requests):
    """Write initial states and minima, and return the simulations that are not written yet."""
    write_starts(requests)
    return [request for request in requests if not Path(request.path).exists()]


def bisection(name, subject, campaign, simulated):
    """Return the dataset of a study that asks in rounds, and what its rounds list."""
    study, rounds = STUDIES[name], []
    for number in range(1, study.rounds_of(campaign, subject) + 1):
        requests = study.requests_of(campaign, subject)
        simulated(missing(requests))
        out = study.round_path(subject, number)
        main(
            [
                "round",
                "--job",
                gather_job(study, campaign, subject, requests).to_json(),
                "--out",
                out,
            ]
        )
        rounds.append(files.read_json(out))
    requests = study.requests_of(campaign, subject)
    simulated(missing(requests))
    gather(study, campaign, subject, requests)
    return files.read_dataset(study.path(subject), study.kind, samples=True), rounds


def test_each_sample_halves_its_own_gaps(tmp_path, monkeypatch):
    """Edges at 0.93, 0.7 and 1.1e12 A/m²; in sample 2 the wall moves on from 0.8 to 1.1e12 A/m²."""
    monkeypatch.chdir(tmp_path)

    def simulated(requests):
        for request in requests:
            conditions = request.conditions
            number, density = conditions.sample or 0, conditions.current_density
            end = 40 * NM if density < (0.93e12, 0.7e12, 1.1e12)[number] else 180 * NM
            moves = number == 2 and 0.8e12 < density < 1.1e12
            write_trace(request, end, end, settled=int(not moves))

    campaign = plan.parse(rough_intervals(2))
    data, rounds = bisection("intervals", "stairs", campaign, simulated)
    assert rounds == [
        {"asked": [0.9e12], "samples": [[0.9e12], [0.9e12]]},
        {"asked": [1.05e12], "samples": [[0.75e12], [0.75e12, 1.05e12]]},
    ]
    edges = data["interval_high"].values / 1e12
    np.testing.assert_allclose(
        edges, [[0.975, np.nan, np.nan], [0.675, np.nan, np.nan], [0.825, 1.125, np.nan]]
    )
    assert data["interval_state"].values.tolist() == [
        *[["notch 1", "notch 2", ""]] * 2,
        ["notch 1", "still moving", "notch 2"],
    ]
    # the perfect device has no third interval and no pulse of 0.75e12 A/m²
    perfect, show = files.of_perfect_device(data), show_of("intervals")
    (table,) = show.tables(perfect, "stairs")
    assert table.frame["state after the pulse"].tolist() == ["notch 1", "notch 2"]
    (axes,) = show.draw(perfect, Figures()).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["notch 1", "notch 2"]
    assert len(axes.lines[1].get_xdata()) == len(rounds)
    assert show.finding(perfect, "stairs") == "the sweep has pulses in all 2 intervals of J"
    assert spread(data, show_of("intervals"), "stairs")


def test_thresholds_of_each_sample(tmp_path, monkeypatch):
    """Both ends leave together, at 2e12 A/m² and, on the sample, at 1e12 A/m² and 3.5e12 A/m²."""
    monkeypatch.chdir(tmp_path)
    data = depinned(samples=1, resolution=0.7e12)
    data["devices"]["synapse"]["disorder"] = DISORDER

    def simulated(requests):
        for request in requests:
            conditions, end = request.conditions, 120 * NM
            if conditions.variant in TRACKS and conditions.current_density is not None:
                notch = conditions.state.ends[0]
                least = (1e12, 3.5e12)[notch - 1] if conditions.sample else 2e12
                end = 460 * NM if conditions.current_density > least else 120 * NM * notch
            write_trace(request, end, end)

    dataset, rounds = bisection("depinning", "synapse", plan.parse(data), simulated)
    assert [density for *_, density in rounds[0]["asked"]] == [1.75e12] * 4
    assert {density for *_, density in rounds[1]["asked"]} == {2.375e12}
    # a wall that no pulse moves has no gap
    assert [pulse[1:] for pulse in rounds[1]["samples"][0]] == [[1, 1.125e12]] * 2
    high = dataset["threshold_high"].values / 1e12
    np.testing.assert_allclose(high[0], np.full((2, 2, 2), 2.375))
    np.testing.assert_allclose(high[1], [[[1.125] * 2, [np.nan] * 2]] * 2)
    (table,) = spread(dataset, show_of("depinning"), "synapse")
    frame = table.frame.set_index(["quantity", "of"])
    row = frame.loc["threshold by (1e12 A/m²)", "track single notch, notch 1, ends that leave: 2"]
    assert (row["perfect device"], row["mean"], row["samples"]) == (2.375, 1.125, 1)


# A small campaign


@pytest.mark.campaign
def test_a_bisection_of_samples_goes_on_where_it_was(campaign):
    """Rough edges shift the threshold of each sample; the last round is lost."""
    data = bisected(resolution=0.1e12, samples=1)
    data["devices"]["cut"] = CUT
    data["devices"]["rough"] = {
        "like": "cut",
        "kind": "track",
        "disorder": {"edges": {"rms": 3e-9, "correlation_length": 15e-9}},
        "pulse": {"duration": 0.5e-9, "current_densities": [0.4e12, 1.2e12]},
    }
    data["intervals"] = {"rough": data["intervals"]["stairs"]}
    campaign.configure(data)
    campaign.snakemake("intervals")
    results = campaign.folder / "results"
    dataset = files.read_dataset(results / "intervals/rough.nc", "intervals", samples=True)
    edges = dataset["interval_high"].values[:, 0] / 1e12
    assert len({*edges.tolist()}) == 2
    assert campaign.planned("intervals") == {}
    last_round = files.read_json(results / "intervals/rough/round-3.json")
    for number, own in enumerate([last_round["asked"], *last_round["samples"]]):
        place = results / f"samples/{number}" if number else results
        for density in own:
            (place / f"intervals/rough/{density / 1e12:.4f}.nc").unlink()
    for name in ("rough.nc", "rough/round-3.json"):
        (results / "intervals" / name).unlink()
    before = {path: path.stat().st_mtime_ns for path in results.rglob("rough/[01].*.nc")}
    assert before
    campaign.snakemake("intervals")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    again = files.read_dataset(results / "intervals/rough.nc", "intervals", samples=True)
    assert again.equals(dataset)


def test_noise_of_samples_differs():
    """Samples of one device have other noise, as their pulses do."""
    data = with_samples(2)
    data["devices"]["stairs"]["temperature"] = {"ambient": 300.0}
    levels = where(requests_of(data), "run", Conditions(duration=0.0, state=WallState("notch 1")))
    assert len({level.computes.noise_key for level in levels}) == len(levels) == 3
