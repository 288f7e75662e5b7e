"""Thermal: what it accepts and asks for, and what is gathered and shown of known replicas."""

import math

import numpy as np
import pytest
from helpers.once import once
from helpers.programs import STAIRCASE
from matplotlib import colormaps

from studies.results import (
    gather,
    one,
    pulsed,
    shown,
    write_block,
    write_minima,
    write_path,
    write_states,
    write_train,
)
from wallnet import plan
from wallnet.config import Figures
from wallnet.devices.conductance import both_readings
from wallnet.files import WallState
from wallnet.jobs import Step
from wallnet.jobs.request import Conditions, where
from wallnet.report import style
from wallnet.studies import STUDIES
from wallnet.studies.proportions import interval
from wallnet.studies.thermal.show import Show
from wallnet.tracks.domains import magnetization_over_time

STUDY, NM = STUDIES["thermal"], 1e-9
ASKED = {"device": "stairs", "current_densities": [0.9e12, 1.1e12], "replicas": 16}
VARIANTS = {
    "warm": {"temperature": {"ambient": 250.0}},
    "hot": {"temperature": {"ambient": 300.0, "heating": "pulse", "anisotropy_exponent": 2.5}},
}


READ = {
    name: changes | {"detector": {"start": start, "stop": start + 120e-9}}
    for (name, changes), start in zip(VARIANTS.items(), (120e-9, 240e-9), strict=True)
}
"""The same, with detectors on the second and on the last third of the track."""


def parsed(**changes):
    return plan.parse(STAIRCASE | {"thermal": {"warm": ASKED | {"variants": VARIANTS} | changes}})


def block_of(requests, model, density, first):
    """Return the block of replicas of a pulse that begins with a number."""
    place = Conditions(
        variant=model, state=WallState("initial"), current_density=density, replica=first
    )
    (block,) = (r for r in requests if r.parts and r.parts[0].conditions == place)
    return block


def replica_of(requests, model, density, number):
    """Return what a replica of a pulse computes."""
    place = {"variant": model, "current_density": density, "replica": number}
    return one(requests, "run", **place).computes


def cold_of(requests, density):
    """Return the train at 0 K of a current density."""
    return one(requests, "run", current_density=density, temperature=0.0)


def test_free_walls_go_on_until_the_reading_time_at_most():
    times = {"pause": 2e-9, "free_time": 3e-9}
    for reading, longest in ((2e-9, 2e-9), (4e-9, 3e-9)):
        requests = STUDY.requests_of(parsed(**times, reading_time=reading), "warm")
        assert replica_of(requests, "hot", 1.1e12, 9).free_time == longest


def test_each_pulse_is_asked_for_at_0_k_and_in_blocks_of_each_model():
    requests = STUDY.requests_of(parsed(pause=2e-9, free_time=3e-9), "warm")
    place = "results/thermal/warm"
    paths = [f"{place}/initial"]
    for model, kelvin in (("warm", "250.0K"), ("hot", "300.0K")):
        paths.append(f"{place}/{model}/initial")
        for density in ("0.9000", "1.1000"):
            for block in ("1-8", "9-16"):
                paths.append(f"{place}/{model}/{density}_{kelvin}_replicas-{block}")
    # the film of "hot" is that at 0 K, and that of "warm" has other values at 300 K
    paths += [f"{place}/minima", f"{place}/warm/minima", f"{place}/runs"]
    assert [request.path for request in requests] == [f"{path}.nc" for path in paths]
    job = replica_of(requests, "hot", 1.1e12, 9)
    before, pulse = job.steps
    assert before == Step(pause=2e-9)
    assert (pulse.current_density, pulse.duration, pulse.pause) == (1.1e12, 0.6e-9, 2e-9)
    assert pulse.quench == 5e-9
    assert (job.field, job.replica, job.recorded) == (300.0, 9, "ends")
    assert replica_of(requests, "hot", 1.1e12, 1).recorded == "trace"
    assert job.temperature.anisotropy_exponent == 2.5
    assert job.free_time == 3e-9
    cold = cold_of(requests, 1.1e12).computes
    # the values of the film at 0 K, higher ones of its cells at a temperature
    fields = [simulation.material.saturation_magnetization for simulation in (cold, job)]
    assert fields[0] == 1.1e6 < fields[1]
    changes = dict.fromkeys(("temperature", "heat", "replica")) | {"free_time": 0.0}
    changes["steps"] = (pulse.model_copy(update={"quench": 0.0}),)
    assert cold == job.model_copy(update=changes | {"material": cold.material})
    # more replicas are further blocks
    fewer = STUDY.requests_of(parsed(replicas=8, pause=2e-9, free_time=3e-9), "warm")
    assert {request.digest for request in fewer} < {request.digest for request in requests}


def test_the_models_are_isothermal_and_heated_by_default():
    campaign = plan.parse(STAIRCASE | {"thermal": {"warm": ASKED}})
    requests = STUDY.requests_of(campaign, "warm")
    blocks = {
        block.conditions.variant: block for block in pulsed(requests) if block.conditions.variant
    }
    # no pulse has heated the initial state
    assert {request.after for request in blocks.values()} == {
        ("results/thermal/warm/isothermal/initial.nc", "results/thermal/warm/minima.nc")
    }
    jobs = {model: request.computes for model, request in blocks.items()}
    assert {job.field for job in jobs.values()} == {300.0}
    exponents = [job.heat and job.temperature.anisotropy_exponent for job in jobs.values()]
    assert exponents == [None, 2.0, 3.0]
    # the work of 3 models, 2 pulses and 16 replicas is announced
    from wallnet.plan.requests import Requested
    from wallnet.plan.work import study_work, work_ahead

    total = 3 * 2 * 16 * (2 + 0.6 + 10 + 20) + 2 * 10.6 + 2 * 1
    assert f"at most {total:.0f} ns" in work_ahead(
        "thermal", study_work(Requested(campaign), "thermal")
    )


@pytest.mark.parametrize(
    ("successes", "trials", "ends"),
    [
        # Newcombe, Statistics in Medicine 17, 857 (1998), Table I, method 5
        (81, 263, (0.2527, 0.3676)),
        (15, 148, (0.0578, 0.1617)),
        (0, 20, (0.0, 0.1684)),
        (1, 29, (0.0009, 0.1776)),
        # 0.025 ** (1 / 8)
        (8, 8, (0.6306, 1.0)),
    ],
)
def test_intervals_are_those_of_clopper_and_pearson(successes, trials, ends):
    limits = interval(successes, successes, trials)
    assert limits == pytest.approx(ends, rel=0, abs=5e-5)


def test_an_interval_contains_those_of_all_possible_counts():
    low, high = interval(15, 81, 148)
    assert low == interval(15, 15, 148)[0]
    assert high == interval(81, 81, 148)[1]


def test_replicas_with_several_walls_are_an_outcome_of_their_own(tmp_path, monkeypatch):
    """Before the quench, the second and the last of eight have a domain on the left.

    The seventh has it when it has gone on. The sixth rests beside the notches.
    """
    monkeypatch.chdir(tmp_path)
    campaign = parsed(replicas=8, current_densities=[0.9e12], variants={"warm": VARIANTS["warm"]})
    requests = STUDY.requests_of(campaign, "warm")
    write_train(
        cold_of(requests, 0.9e12),
        [("initial", 40, 40, -1), ("notch 1", 38, 42, 1)],
    )
    profile = np.tile(np.repeat([-0.9, 0.8, 0.9], 30), (8, 2, 2, 1))
    # a domain at the end of the pulse alone does not count
    two = np.repeat([0.4, -0.7, 0.9], 30)
    profile[0, 1, 0] = profile[1, 1, 1] = profile[7, 1, 1] = two
    last = [TWO] * 2 + [ONE] * 3 + [("gap 1", 88.0, "")]
    last += [("free", 110.0, "notch 2"), ("free", 95.0, "")]
    onward = {"onward_walls": [np.nan] * 6 + [2.0, np.nan]}
    write_block(block_of(requests, "warm", 0.9e12, 1), last, moment_profile=profile, **onward)
    made = gather(STUDY, campaign, "warm", requests)
    counts = made["outcome_count"].values.ravel().tolist()
    # from left to right
    assert list(zip(made["outcome"].values, counts, strict=True)) == [
        *(("notch 1", 3), ("gap 1", 1), ("notch 2", 1), ("free", 1)),
        ("several walls", 2),
    ]
    assert made["outcome_certain"].values.ravel().tolist() == [3, 1, 1, 0, 3]


def test_conductances_are_those_of_domains_at_their_temperature(tmp_path, monkeypatch):
    """All cells of a third of the track have one m_z, that of the last the opposite one.

    The second block of replicas has half the m_z of the first.
    """
    monkeypatch.chdir(tmp_path)
    campaign = parsed(current_densities=[0.9e12, 1.1e12], variants=READ)
    requests = STUDY.requests_of(campaign, "warm")
    for train in pulsed(requests, Conditions(temperature=0.0)):
        write_train(train, [("initial", 40, 40, -1), ("notch 1", 38, 42, 1)])
    times = np.array([0.0, 0.6e-9, 10.6e-9])
    assert replica_of(requests, "warm", 0.9e12, 1).track.cells[0] == 90
    under = np.repeat([0.0, 1.0, -1.0], 30)
    ends = np.stack([np.arange(8) / 10, -np.arange(8) / 20], axis=-1)
    profile = np.zeros((8, 2, 2, 90))
    profile[:, 1] = ends[..., np.newaxis] * under
    along = np.array([-0.9, -0.5, 0.1])
    traced = np.zeros((3, 90, 3))
    traced[..., 2] = along[:, np.newaxis] * under
    about = {"time": times, "applied_current_density": [0, 0.9e12, 0]}
    lengths = {"pulse_duration": [0, 0.6e-9], "pause_end": [0, 10.6e-9]}
    about |= {name: np.tile(values, (8, 1)) for name, values in lengths.items()}
    for model in READ:
        for density in (0.9e12, 1.1e12):
            for first in (1, 9):
                request = block_of(requests, model, density, first)
                if (model, density) == ("hot", 1.1e12):
                    write_block(request, [], "at 1e-10 s the pulse has")
                    continue
                variables = about | {"magnetization_profile": traced}
                variables["moment_profile"] = profile / (2 if first == 9 else 1)
                write_block(request, [ONE] * 8, **variables)
    made = gather(STUDY, campaign, "warm", requests)
    device = campaign.simulated["stairs"]
    job = replica_of(requests, "hot", 0.9e12, 1)
    law = {"warm": np.full(3, 0.96), "hot": magnetization_over_time(job, times)}
    assert law["hot"][1] < law["hot"][2] - 0.007
    for model, m in law.items():
        data, sign = (
            made.sel(model=model, current_density=0.9e12).isel(start_state=0),
            1 if model == "warm" else -1,
        )
        of_blocks = both_readings(sign * np.concatenate([ends, ends / 2]) / m[1:], device.detector)
        np.testing.assert_allclose(data["replica_conductance"].values, of_blocks, rtol=1e-6)
        over_time = both_readings(sign * along / m, device.detector)
        np.testing.assert_allclose(data["traced_conductance"].values, over_time, rtol=1e-6)
    assert made["time"].values.tolist() == times.tolist()
    beyond = made.sel(model="hot", current_density=1.1e12)
    for name in ("replica_conductance", "traced_conductance"):
        assert np.isnan(beyond[name].values).all()
        assert made[name].dims[0] == "reading"


def test_the_last_block_has_the_remaining_replicas(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    campaign = parsed(replicas=10, variants={"warm": VARIANTS["warm"]}, current_densities=[0.9e12])
    requests = STUDY.requests_of(campaign, "warm")
    write_train(
        cold_of(requests, 0.9e12),
        [("initial", 40, 40, -1), ("notch 1", 38, 42, 1)],
    )
    last = block_of(requests, "warm", 0.9e12, 9)
    assert last.path.endswith("/0.9000_250.0K_replicas-9-16.nc")
    assert [part.computes.replica for part in last.parts] == [9, 10]
    write_block(block_of(requests, "warm", 0.9e12, 1), [ONE] * 8)
    write_block(last, [ONE, TWO])
    dataset = gather(STUDY, campaign, "warm", requests).isel(
        model=0, start_state=0, current_density=0
    )
    assert dataset["outcome_count"].values.tolist() == [9, 1]
    assert dataset["simulated_replicas"].item() == 10
    assert dataset["replica"].values.tolist() == [*range(1, 11)]


ONE, TWO = ("notch 1", 41.0, ""), ("notch 2", 139.0, "")
FIRST = [ONE] * 5 + [TWO] + [("free", 95.0, "notch 2"), ("free", 80.0, "free")]
SECOND = [ONE] * 7 + [("free", 92.0, "free")]


@once
def data():
    campaign = parsed()
    requests = STUDY.requests_of(campaign, "warm")
    write_train(
        cold_of(requests, 0.9e12),
        [("initial", 40, 40, -1), ("notch 1", 38, 42, 1)],
    )
    write_train(
        cold_of(requests, 1.1e12),
        [("initial", 40, 40, -1), ("notch 3", 238, 242, 1)],
    )
    for model in VARIANTS:
        write_block(block_of(requests, model, 0.9e12, 1), FIRST)
        write_block(block_of(requests, model, 0.9e12, 9), SECOND)
        for first in (1, 9):
            beyond = "at 1e-10 s the pulse has" if model == "hot" else ""
            write_block(block_of(requests, model, 1.1e12, first), [TWO] * 8, beyond)
    return gather(STUDY, campaign, "warm", requests)


def test_probabilities_are_gathered_of_all_blocks(data):
    assert data["model"].values.tolist() == ["warm", "hot"]
    assert data["outcome"].values.tolist() == ["notch 1", "notch 2", "notch 3", "free"]
    data = data.isel(start_state=0)
    assert data["cold_state"].values.tolist() == ["notch 1", "notch 3"]
    weak = data.sel(model="warm", current_density=0.9e12)
    assert weak["outcome_count"].values.tolist() == [12, 1, 0, 3]
    # two walls are still free after 20 ns: both can be anywhere at 1 µs
    assert weak["outcome_certain"].values.tolist() == [12, 2, 0, 0]
    expected = [12 / 16, 2 / 16, 0, np.nan]
    np.testing.assert_allclose(weak["outcome_probability"].values, expected, rtol=1e-12)
    limits = [interval(low, low + 2, 16) for low in (12, 2, 0, 0)]
    np.testing.assert_allclose(weak["outcome_low"].values, [low for low, _ in limits])
    np.testing.assert_allclose(weak["outcome_high"].values, [high for _, high in limits])
    assert data["reading_time"].item() == 1e-6
    assert weak["free_share"].item() == 3 / 16
    assert weak["unresolved_share"].item() == 2 / 16
    places = weak["free_position"].values
    np.testing.assert_allclose(places[np.isfinite(places)], [95 * NM, 80 * NM, 92 * NM])
    assert weak["mean_spin_temperature"].item() == 304.0
    assert weak["highest_temperature"].item() == 344.0
    assert data["simulated_replicas"].values.tolist() == [[16, 16], [16, 0]]
    assert data["heated_beyond_model"].values.tolist() == [[0, 0], [0, 1]]
    beyond = data.sel(model="hot", current_density=1.1e12)
    assert beyond["highest_temperature"].item() == 512.5
    # no traces are kept in these files
    assert data["traced_conductance"].size == 0
    for name in ("outcome_probability", "outcome_low", "free_share", "free_position"):
        assert np.isnan(beyond[name].values).all()


def test_a_wall_that_is_free_when_it_is_read_is_free(tmp_path, monkeypatch):
    """It is read as its simulation ends, and nothing is left to be known."""
    monkeypatch.chdir(tmp_path)
    changes = {"replicas": 8, "current_densities": [0.9e12], "variants": READ}
    for reading, unresolved in ((15e-9, 0.0), (20e-9, 0.0), (21e-9, 1 / 8)):
        campaign = parsed(**changes, reading_time=reading)
        requests = STUDY.requests_of(campaign, "warm")
        write_train(
            cold_of(requests, 0.9e12),
            [("initial", 40, 40, -1), ("notch 1", 38, 42, 1)],
        )
        for model in READ:
            write_block(block_of(requests, model, 0.9e12, 1), SECOND)
        dataset = gather(STUDY, campaign, "warm", requests).sel(model="hot").squeeze()
        free = np.nan if unresolved else 1 / 8
        np.testing.assert_array_equal(dataset["outcome_probability"].values, [7 / 8, free])
        most = 1.0 if unresolved else interval(7, 7, 8)[1]
        assert dataset["outcome_high"].values[0] == most
        assert dataset["unresolved_share"].item() == unresolved


def test_tables_have_the_states_and_where_the_model_ends(data, tmp_path):
    rows, lines = shown(STUDY, data, tmp_path)
    assert "outcomes 1 µs after the pause" in (tmp_path / "table.md").read_text()
    strong = [row for row in rows if row["J (1e12 A/m²)"] == "+1.1000"]
    assert {(row["model"], row["state"], row["after the pause"]) for row in strong} == {
        ("warm", "notch 2", "16 of 16"),
        ("hot", "beyond the model", "0 of 0"),
    }
    (second,) = [
        row
        for row in rows
        if (row["model"], row["J (1e12 A/m²)"], row["state"]) == ("warm", "+0.9000", "notch 2")
    ]
    assert (second["state at 0 K"], second["after the pause"]) == ("notch 1", "1 of 16")
    assert (second["known at the reading time"], second["probability"]) == ("2", "0.125")
    assert (second["at least"], second["at most"]) == ("0.016", "0.524")
    (free,) = [row for row in rows if row["state"] == "unresolved" and row["model"] == "warm"]
    assert (free["after the pause"], free["probability"]) == ("3 of 16", "–")
    assert (free["at least"], free["at most"]) == ("0.000", "0.383")
    assert any(
        line[:3] == ["hot", "initial", "+1.1000"] and line[-2:] == ["512.5", "yes"]
        for line in lines
    )
    # notch 2 is written best by the strong pulse, which leads to notch 3 at 0 K
    assert any(
        line[:5] == ["warm", "notch 2", "initial", "+1.1000", "1.000"] and line[-1] == "notch 3"
        for line in lines
    )


OTHER = {"temperature": {"ambient": 300.0}, "track": {"notches": {"diameter": 30e-9}}}
"""A model on another track."""


@pytest.fixture
def lasting(tmp_path, monkeypatch):
    """The walls of `data`, with `OTHER` and with barriers in units of k_B · 300 K.

    From notch 1, 11; from the half state, 3; from notch 2, 9.5, and one is unknown.
    """
    monkeypatch.chdir(tmp_path)
    settings = ASKED | {"variants": VARIANTS | {"other": OTHER}, "current_densities": [0.9e12]}
    devices = {"stairs": STAIRCASE["devices"]["stairs"] | {"kind": "synapse"}}
    parts = {"thermal": {"warm": settings}, "barriers": {"attempt_frequencies": [1e9, 1e10]}}
    campaign = plan.parse(STAIRCASE | {"devices": devices} | parts)
    requests = STUDY.requests_of(campaign, "warm")
    # "hot" has this film, too
    write_states(cold_of(requests, 0.9e12), ("between 2 and 1", 86, 94))
    write_train(
        cold_of(requests, 0.9e12),
        [("initial", 40, 40, -1), ("notch 3", 238, 242, 1)],
    )
    last = [ONE] * 4 + [TWO] * 2 + [("between 2 and 1", 90.0, ""), ("free", 110.0, "free")]
    for model in campaign.studies["thermal"]["warm"].variants:
        for first in (1, 9):
            write_block(block_of(requests, model, 0.9e12, first), last)
    energy = {"expelled": -50, "notch 1": 0, "between 1 and 2": 8, "notch 2": 2}
    tops = {("expelled", "notch 1"): 60, ("notch 1", "notch 2"): 11.5}
    tops |= {("notch 1", "between 1 and 2"): 11, ("between 1 and 2", "notch 2"): 12}
    write_minima(one(requests, "minima", temperature=300.0))
    for path in where(requests, "barrier"):
        pair = path.conditions.state, path.conditions.neighbour
        along = [energy.get(pair[0], 3), tops.get(pair, 500), energy.get(pair[1], 0)]
        converged = int(pair != ("notch 2", "notch 3"))
        write_path(path, 1e-17 + np.array(along) * 1.380649e-23 * 300, converged)
    return gather(STUDY, campaign, "warm", requests)


def test_lifetimes_of_states_are_beside_the_reading_time(lasting):
    """1 µs is exp(6.9) at 1 GHz and exp(9.2) at 10 GHz."""
    states = ["notch 1", "between 2 and 1", "notch 2", "notch 3", "free"]
    assert sorted(lasting["outcome"].values) == sorted(states)
    hot = lasting.sel(model="hot")
    lives = hot["outcome_lifetime"].sel(outcome=states).values
    # the half state with the lower end ahead is the mirror image of the other
    expected = [math.exp(11) / 1e10, math.exp(3) / 1e10, math.exp(9.5) / 1e10]
    np.testing.assert_allclose(lives[:3], expected, rtol=1e-5)
    assert np.isnan(lives[4])
    # of notch 2 one barrier is unknown, which could be lower
    assert hot["outcome_lasts"].sel(outcome=states).values.tolist() == [1, 0, -1, -1, -1]
    # these barriers are those of another film at 250 K, and of another track
    for model in ("warm", "other"):
        other = lasting.sel(model=model)
        assert np.isnan(other["outcome_lifetime"].values).all()
        assert set(other["outcome_lasts"].values) == {-1}


@pytest.mark.parametrize(("kelvin", "models"), [(250.0, ["warm"]), (300.0, ["hot"]), (310.0, [])])
def test_lifetimes_are_those_at_the_temperature_of_the_barriers(kelvin, models):
    """A model has the film of 300 K at 250 K."""
    cool = {"cool": {"temperature": {"ambient": 250.0, "measured_at": 250.0}}}
    devices = {"stairs": STAIRCASE["devices"]["stairs"] | {"kind": "synapse"}}
    thermal = {"warm": ASKED | {"variants": VARIANTS | cool}}
    parts = {"thermal": thermal, "barriers": {"temperature": kelvin}}
    campaign = plan.parse(STAIRCASE | {"devices": devices} | parts)
    about = STUDY.about(campaign, "warm", campaign.studies["thermal"]["warm"])
    assert list(about.attempt_frequencies) == models
    kinds = {request.kind for request in STUDY.requests_of(campaign, "warm")}
    assert ("barrier" in kinds) is bool(models)


def test_states_that_do_not_last_are_told(lasting, tmp_path):
    messages = Show().faults(lasting, "warm")
    assert [message.split(":")[0] for message in messages] == ["thermal warm, hot"]
    assert "stay at between 2 and 1 until it is read, 1 µs after" in messages[0]
    rows, _ = shown(STUDY, lasting, tmp_path)
    texts = {
        row["state"]: (row["lifetime at 1e10 1/s"], row["longer than 1 µs"])
        for row in rows
        if row["model"] == "hot"
    }
    assert texts["notch 1"] == ("6 µs", "yes")
    assert texts["between 2 and 1"] == ("2 ns", "no")
    assert texts["unresolved"] == ("–", "–")


def test_without_barriers_there_are_no_lifetimes(data, tmp_path):
    assert Show().faults(data, "warm") == []
    rows, _ = shown(STUDY, data, tmp_path)
    assert not [column for column in rows[0] if "lifetime" in column or "longer" in column]


def test_the_map_has_a_panel_for_each_model(data):
    with style.apply(Figures()):
        figure = Show().draw(data, Figures())
    panels = figure.axes
    assert [axes.get_title(loc="left") for axes in panels] == ["warm", "hot"]
    texts = {text.get_position(): text.get_text() for text in panels[0].texts}
    assert {axes.get_ylabel() for axes in panels} == {"state after 1 µs"}
    probabilities = {place: text.split("\n")[0] for place, text in texts.items()}
    assert probabilities == {(0, 0): "0.75", (0, 1): "0.12", (0, 3): "–", (1, 1): "1.00"}
    assert texts[0, 3] == "–\n0.00–0.38"
    # all of 16 replicas: 0.025^(1/16) to 1, of which the lower end is the colour
    assert texts[1, 1] == "1.00\n0.79–1.00"
    cell = next(patch for patch in panels[0].patches if patch.get_xy() == (0.5, 0.5))
    assert cell.get_facecolor() == colormaps["Blues"](0.7 * 0.025 ** (1 / 16))
    for axes, hatched in zip(panels, (0, 1), strict=True):
        frames = [patch for patch in axes.patches if not patch.get_fill()]
        cold = [patch.get_xy() for patch in frames if not patch.get_hatch()]
        # notch 1 at the weak, notch 3 at the strong pulse
        assert cold == [(-0.5, -0.5), (0.5, 1.5)]
        assert len(frames) - len(cold) == hatched
