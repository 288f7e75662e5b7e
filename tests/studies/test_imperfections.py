"""What is known of the imperfections of a device, gathered from files, studies and assumptions."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.walls import SYNAPSE, campaign

from wallnet import files, jobs, revisions
from wallnet.cli import main
from wallnet.config import ConfigError
from wallnet.config.imperfections import DeviceImperfections
from wallnet.devices.measured import measured_model
from wallnet.files.imperfection_tables import read_entries, text_of
from wallnet.files.imperfections import BEYOND, Imperfections
from wallnet.files.schema import KINDS, blank
from wallnet.jobs.imperfections import ImperfectionsJob, imperfections_job
from wallnet.plan.start import check_measurements
from wallnet.studies.imperfections import _assumed_conductances, gathered

LEVELS = {"initial": 2e-5, "notch 1": 3e-5, "notch 2": 4.5e-5, "reversed": 7e-5}
HEADER = "quantity,readout,device_number,start_state,write_pulse,device_state,value,unit,source\n"


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    levels = [
        {"state": state, "stable": True, "conductance": {"parallel": value, "series": 0.7 * value}}
        for state, value in LEVELS.items()
    ]
    half = {"state": "between 1 and 2", "stable": False, "conductance": {"parallel": 1.0}}
    levels.insert(2, half)
    levels.append({"state": "notch 3", "stable": True, "conductance": {"parallel": None}})
    made_by = {"device": "track", "revision": 8, "wallnet_version": "1.2"}
    files.write_json({"kind": "synapse", "levels": levels, "made_by": made_by}, "model.json")


def known(file="", thermal=None, barriers=None, **settings):
    if file:
        (path := files.RESULTS + ".csv")
        with open(path, "w") as stream:
            stream.write(HEADER + file)
    job = ImperfectionsJob(device="track", thermal="warm" if thermal else None, **settings)
    return Imperfections(gathered(job, "model.json", thermal, barriers, path if file else None))


def counts_of(device, half=False):
    """Return the probabilities of a device by start, number of the pulse, and end."""
    landing = device.landing(half)
    return {
        (number, start, pulse, end): round(float(landing[number, pulse, row, column]), 12)
        for number, pulse, row, column in np.argwhere(landing > 0)
        for start, end in [(device.states[row], device.states[column])]
    }


def write_thermal(ends, conductance, starts=("initial",), sample=True, **about):
    """Write a study of variants `mild` and `hot`.

    `ends` are the states of the replicas of the latter after each pulse, "" beyond the model, and
    `conductance` is that of the parallel reading, both of shape (sample, start, pulse, replica).
    """
    ends, conductance = np.array(ends), np.array(conductance)
    samples, _, densities, replicas = ends.shape
    sizes = {"model": 2, "start_state": len(starts), "current_density": densities, "outcome": 1}
    values = blank("thermal", **sizes, reading=2, moment=2, replica=replicas, traced=0, time=0)
    axes = ("model", "start_state", "outcome", "replica", "current_density", "time")
    whole = {}
    for name, array in values.items():
        array = np.full(array.shape, "notch 1", object) if array.dtype == object else array * 0
        alone = name in axes or not sample
        whole[name] = array if alone else np.repeat(array[None], samples, 0)
    part = (lambda array: array) if sample else (lambda array: array[0])
    whole["replica_state"][..., 1, :, :, :] = part(ends)
    values = np.full(whole["replica_conductance"].shape, np.nan)
    values[..., 1] = 9e-5
    # readings, models, starts, densities, replicas, moments
    values[..., 0, 1, :, :, :, 1] = part(conductance)
    values[..., 1, 1, :, :, :, 1] = part(0.5 * conductance)
    whole["replica_conductance"] = values
    whole |= {"model": ["mild", "hot"], "start_state": [*starts], "outcome": ["notch 1"]}
    whole |= {"replica": range(1, replicas + 1), "current_density": [3e11, 4e11, 5e11][:densities]}
    if sample:
        whole["sample"] = [0, 1][:samples]
    parameters = {"subject": "warm", "settings": {"device": "track", **about}}
    device = campaign(d=SYNAPSE).devices["d"]
    run = jobs.pulse_train_job(device, [{"current_density": 3e11, "duration": 1.5e-9}])
    attributes = {"parameters": json.dumps(parameters), "simulation": run.to_json()}
    files.write_dataset(
        files.dataset("thermal", whole, attributes), "thermal.nc", "thermal", {"revision": 4}
    )
    return "thermal.nc"


def example_thermal(**about):
    """Two samples, two pulses, 4 replicas each, one beyond the model."""
    first, second = "notch 1", "notch 2"
    ends = [
        [[[first, "gap 1", first, "free"], [second, "free", second, second]]],
        [[[first, first, "several walls", first], [second, second, "", ""]]],
    ]
    conductance = [
        [[[3.01e-5, 3.4e-5, 2.99e-5, 3.6e-5], [4.5e-5, 3.9e-5, 4.51e-5, 4.49e-5]]],
        [[[3.0e-5, 3.01e-5, 6.4e-5, 2.98e-5], [4.5e-5, 4.4e-5, np.nan, np.nan]]],
    ]
    return write_thermal(ends, conductance, **about)


def write_barriers(device="track", low=1e10):
    pairs = [("expelled", "notch 1"), ("notch 1", "notch 2"), ("notch 2", "reversed")]
    forward, backward = [9e-19, 5e-19, 4e-19], [3e-19, 6e-19, 8e-19]
    values = blank("barriers", state=2, attempt=2, further_temperature=1, pair=3, place=1, sample=1)
    whole = {}
    for name in KINDS["barriers"]:
        array = values[name]
        of_text = array.dtype == object
        array = np.full(array.shape, "notch 1", object) if of_text else np.zeros(array.shape)
        whole[name] = (
            array + 358.0 if name == "further_temperature" else np.repeat(array[None], 2, 0)
        )
    whole["pair_first"][:], whole["pair_second"][:] = zip(*pairs, strict=True)
    whole["pair_forward"][:] = forward, [1.1 * value for value in forward]
    whole["pair_backward"][:] = backward, [1.2 * value for value in backward]
    whole["pair_converged"][:] = [1, 1, 1], [1, 0, 1]
    whole["further_forward"][:] = 7e-19, np.nan, 2e-19
    whole["further_backward"][:] = 6e-19, 3e-19, np.nan
    whole["sample"] = [0, 1]
    settings = {"temperature": 310.0, "attempt_frequencies": [low, 2e12]}
    attributes = {"device": device, "parameters": json.dumps({"settings": settings})}
    files.write_dataset(
        files.dataset("barriers", whole, attributes), "barriers.nc", "barriers", {"revision": 6}
    )
    return "barriers.nc"


def test_the_job_has_the_settings_of_the_device_or_assumptions():
    settings = DeviceImperfections(gain_spread=0.2, file="own.csv")
    campaign = SimpleNamespace(imperfections={"track": settings})
    job = imperfections_job(campaign, "track")
    assert (job.device, job.gain_spread, job.file, job.success) == ("track", 0.2, "own.csv", 0.95)
    assert ImperfectionsJob.from_json(job.to_json()) == job
    assert imperfections_job(campaign, "other").gain_spread == 0.1


def test_what_nothing_states_is_assumed():
    spreads = {"gain_spread": 0.11, "ratio_spread": 0.04, "level_spread": 0.05}
    spreads |= {"cycle_spread": 0.06, "read_noise": 0.07}
    device = known(**spreads, success=0.9, disturb=2e-7, barrier=3e-19)
    data = device.data
    assert device.states == list(LEVELS)
    assert data["is_level"].values.tolist() == [1, 1, 1, 1]
    assert device.conductances("parallel").tolist() == list(LEVELS.values())
    assert device.conductances("series").tolist() == [0.7 * value for value in LEVELS.values()]
    for name, value in spreads.items():
        assert set(np.ravel(data[name].values)) == {value}
        assert device.sources[name] == f"assumed: {value:g}"
    assert counts_of(device) == {
        (0, "initial", 0, "initial"): 0.05,
        (0, "initial", 0, "notch 1"): 0.9,
        (0, "initial", 0, "notch 2"): 0.05,
        (0, "initial", 1, "notch 1"): 0.05,
        (0, "initial", 1, "notch 2"): 0.9,
        (0, "initial", 1, "reversed"): 0.05,
        (0, "initial", 2, "notch 2"): 0.1,
        (0, "initial", 2, "reversed"): 0.9,
    }
    following = dict(zip(LEVELS, list(LEVELS)[1:], strict=False))
    assert counts_of(device, half=True) == {
        **{(0, state, 0, state): 1 - 2e-7 for state in following},
        **{(0, state, 0, end): 2e-7 for state, end in following.items()},
        (0, "reversed", 0, "reversed"): 1.0,
    }
    barriers = data["escape_barrier"].values[0, 0]
    beside = np.abs(np.subtract.outer(range(4), range(4))) == 1
    np.testing.assert_array_equal(barriers, np.where(beside, 3e-19, np.nan))
    assert data["barrier_temperature"].values.tolist() == [300.0]
    assert data["attempt_frequency"].values.tolist() == [1e9, 1e12]
    assert device.sources["landing_count"] == (
        "assumed: success 0.9; half-select pulses assumed: disturb 2e-07"
    )
    assert device.sources["is_level"] == "simulated (device track, revision 8, wallnet 1.2)"
    assert (data.attrs["device"], data.attrs["revision"]) == (
        "track",
        revisions.of("imperfections"),
    )
    assert ImperfectionsJob.from_json(data.attrs["parameters"]).barrier == 3e-19


def test_assumed_counts_add_up_whatever_the_probability():
    counts = known(success=0.900000000001, disturb=0.3).data["landing_count"].values[0]
    assert counts[0].sum(axis=-1).tolist() == [10**12] * 4
    assert counts[:, 3].sum(axis=-1).tolist() == [10**12] * 4
    # neighbours of notch 1: an odd number is left
    assert counts[0, 0].tolist() == [50_000_000_000, 900_000_000_001, 49_999_999_999, 0]


def test_replicas_of_the_study_thermal_are_counted_by_sample():
    device = known(thermal=example_thermal(), variant="hot")
    data = device.data
    assert data["device_number"].values.tolist() == [0, 1]
    assert device.states == [*LEVELS, "gap 1", "free", "several walls", BEYOND]
    landed = data["landing_count"].sel(start_state="initial", write_pulse=[1, 2]).values
    assert landed.tolist() == [
        [[0, 2, 0, 0, 1, 1, 0, 0], [0, 0, 3, 0, 0, 1, 0, 0]],
        [[0, 3, 0, 0, 0, 0, 1, 0], [0, 0, 2, 0, 0, 0, 0, 2]],
    ]
    assert data["write_current_density"].values[:2].tolist() == [3e11, 4e11]
    assert data["write_duration"].values[:2].tolist() == [1.5e-9, 1.5e-9]
    assert data["half_select"].values.tolist() == [0, 0, 1]
    means = {"gap 1": 3.4e-5, "free": 3.75e-5, "several walls": 6.4e-5}
    for state, value in means.items():
        index = device.states.index(state)
        assert device.conductances("parallel")[index] == pytest.approx(value, rel=1e-12, abs=0)
        assert device.conductances("series")[index] == pytest.approx(value / 2, rel=1e-12, abs=0)
    source = device.sources["landing_count"]
    assert source.startswith("simulated (thermal warm, variant hot, revision 4, wallnet ")
    # half-select pulses of both samples are assumed
    assert "half-select pulses assumed: disturb 1e-06" in source
    assert np.isfinite(device.landing(half_select=True)[:, 0, :4]).all()


def test_the_first_variant_and_the_duration_of_the_study_count():
    device = known(thermal=example_thermal(duration=2.5e-9))
    assert counts_of(device)[1, "initial", 1, "notch 1"] == 1.0
    assert device.data["write_duration"].values[:2].tolist() == [2.5e-9, 2.5e-9]
    assert "variant mild" in device.sources["landing_count"]


def test_a_study_without_samples_is_of_the_perfect_device():
    path = write_thermal([[[["notch 1", "notch 2"]]]], np.full((1, 1, 1, 2), 3e-5), sample=False)
    device = known(thermal=path, variant="hot")
    assert device.data["device_number"].values.tolist() == [0]
    assert counts_of(device) == {
        (0, "initial", 0, "notch 1"): 0.5,
        (0, "initial", 0, "notch 2"): 0.5,
    }


def test_pulses_on_a_device_that_begins_in_a_notch_begin_there():
    model = files.read_json("model.json")
    own = [level for level in model["levels"] if level["state"] in ("notch 1", "notch 2")]
    files.write_json(model | {"levels": own}, "model.json")
    # the second start is no longer the first level
    ends = [[[["notch 2"] * 3 + ["notch 1"]], [["notch 1"] + ["notch 2"] * 3]]]
    path = write_thermal(ends, np.full((1, 2, 1, 4), 3e-5), ("initial", "notch 2"), sample=False)
    device = known(thermal=path, variant="hot")
    assert counts_of(device) == {
        (0, "notch 1", 0, "notch 1"): 0.25,
        (0, "notch 1", 0, "notch 2"): 0.75,
        (0, "notch 2", 0, "notch 1"): 0.25,
        (0, "notch 2", 0, "notch 2"): 0.75,
    }


def test_barriers_of_the_study_are_those_of_both_directions_by_sample():
    device = known(barriers=write_barriers(), attempt_frequencies=(1e8, 1e9))
    data = device.data
    assert data["attempt_frequency"].values.tolist() == [1e10, 2e12]
    assert data["barrier_temperature"].values.tolist() == [310.0, 358.0]
    order, starts = device.states, data["start_state"].values.tolist()
    values = data["escape_barrier"].values[:, 0]
    seen = {
        (number, starts[row], order[column]): values[number, row, column]
        for number, row, column in np.argwhere(np.isfinite(values))
    }
    expected = {
        (0, "expelled", "notch 1"): 9e-19,
        (0, "notch 1", "expelled"): 3e-19,
        (0, "notch 1", "notch 2"): 5e-19,
        (0, "notch 2", "notch 1"): 6e-19,
        (0, "notch 2", "reversed"): 4e-19,
        (0, "reversed", "notch 2"): 8e-19,
        (1, "expelled", "notch 1"): 9.9e-19,
        (1, "notch 1", "expelled"): 3.6e-19,
        (1, "notch 2", "reversed"): 4.4e-19,
        (1, "reversed", "notch 2"): 9.6e-19,
    }
    assert seen == pytest.approx(expected, rel=1e-12, abs=0)
    source = device.sources["escape_barrier"]
    assert source.startswith("simulated (barriers track, revision 6, wallnet ")
    assert source.endswith("; 6 barriers are unknown); none of initial is known")
    # at 358 K, those of the sample are those of the perfect device here
    place = starts.index("notch 2"), order.index("notch 1")
    assert data["escape_barrier"].values[:, 1, *place].tolist() == [3e-19, 3e-19]
    place = starts.index("reversed"), order.index("notch 2")
    assert np.isnan(data["escape_barrier"].values[:, 1, *place]).all()
    # a track without a wall is read as one whose wall is at its start
    assert device.conductances("parallel")[device.states.index("expelled")] == 2e-5
    assert "expelled assumed: as levels beside" in device.sources["state_conductance"]


def test_the_file_comes_before_studies_and_these_before_assumptions():
    table = (
        "cycle_spread,,,,,initial,0.01,1,\ncycle_spread,,,,,notch 1,0.02,1,\n"
        "cycle_spread,,,,,notch 2,0.03,1,\ncycle_spread,,,,,reversed,0.04,1,\n"
        "gain_spread,,,,,,0.33,1,five wafers\n"
        "landing_count,,3,notch 1,7,notch 2,4,1,\nlanding_count,,3,notch 1,7,shorted,1,1,\n"
        "landing_count,,5,notch 1,7,notch 2,2,1,\nwrite_duration,,,,7,,3e-9,s,\n"
        "state_conductance,parallel,,,,shorted,9e-5,S,\nstate_conductance,series,,,,shorted,8e-5,S,"
    )
    path = example_thermal()
    device = known(table, thermal=path, barriers=write_barriers(), variant="hot", disturb=0.5)
    data = device.data
    assert data["cycle_spread"].values[:4].tolist() == [0.01, 0.02, 0.03, 0.04]
    assert float(data["gain_spread"]) == 0.33
    assert device.sources["gain_spread"] == "five wafers (file results.csv)"
    assert device.sources["cycle_spread"] == "measured (file results.csv)"
    assert device.sources["read_noise"] == "assumed: 0.01"
    # pulses of the study are those of the file; its half-select pulse has the next number
    assert data["write_pulse"].values.tolist() == [7, 8]
    assert data["half_select"].values.tolist() == [0, 1]
    numbers = data["device_number"].values.tolist()
    assert numbers == [0, 1, 3, 5]
    shares = counts_of(device)
    # samples 0 and 1 have barriers only, and the counts of devices 3 and 5 in turn
    by_number = {numbers[n]: share for (n, *_, end), share in shares.items() if end == "notch 2"}
    assert by_number == {0: 0.8, 1: 1.0, 3: 0.8, 5: 1.0}
    escape = data["escape_barrier"].max(["start_state", "device_state"]).values[:, 0]
    assert escape == pytest.approx([9e-19, 9.9e-19, 9e-19, 9.9e-19], rel=1e-12, abs=0)
    assert device.conductances("series")[device.states.index("shorted")] == 8e-5


def test_half_select_pulses_of_the_file_keep_their_numbers():
    table = (
        "landing_count,,1,notch 1,2,notch 2,1,1,\nlanding_count,,1,notch 1,2,notch 1,3,1,\n"
        "half_select,,,,2,,1,1,\n"
    )
    device = known(table, success=0.75)
    assert device.data["write_pulse"].values.tolist() == [2, 3, 4, 5]
    assert device.data["half_select"].values.tolist() == [1, 0, 0, 0]
    assert counts_of(device, half=True) == {
        (0, "notch 1", 0, "notch 1"): 0.75,
        (0, "notch 1", 0, "notch 2"): 0.25,
    }
    assert counts_of(device)[0, "initial", 2, "reversed"] == 0.75


def test_levels_of_the_file_are_told_by_their_conductance():
    table = "".join(
        f"is_level,,,,,level {index},1,1,\n"
        f"state_conductance,parallel,,,,level {index},{value!r},S,\n"
        for index, value in enumerate(LEVELS.values())
    )
    device = known(table + "landing_count,,2,level 1,1,level 3,5,1,\n")
    assert counts_of(device) == {(0, "notch 1", 0, "reversed"): 1.0}


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (
            "gain_spread,,,,,,0.1,1,\nread_noise,,,,,notch 9,0.1,1,",
            "results.csv, line 3, column device_state: has 'notch 9', which is no level of track; "
            "use one of initial, notch 1, notch 2, reversed, or add its state_conductance",
        ),
        (
            "landing_count,,1,there,1,notch 1,3,1,",
            "line 2, column start_state: has 'there', which is no level of track",
        ),
        (
            "state_conductance,parallel,,,,notch 1,3.1e-5,S,",
            "line 2, column value: 3.1e-05 S is no level of track; give the file of this device, "
            "whose levels are 2e-05, 3e-05, 4.5e-05, 7e-05 S",
        ),
        (
            "is_level,,,,,a,1,1,\nstate_conductance,parallel,,,,a,3.1e-5,S,",
            "line 3, column value: 3.1e-05 S is no level of track",
        ),
        (
            "is_level,,,,,a,1,1,\nis_level,,,,,b,1,1,\nstate_conductance,parallel,,,,a,3e-5,S,\n"
            "state_conductance,parallel,,,,b,3e-5,S,",
            "line 5, column value: 3e-05 S is no level",
        ),
        (
            "state_conductance,measured,,,,notch 1,3e-5,S,",
            "line 2, column readout: has 'measured'; track has parallel and series",
        ),
        ("read_noise,,,,,notch 1,0.1,1,", "results.csv: lacks read_noise of initial; add a row"),
        (
            "write_duration,,,,4,,1e-9,s,",
            "line 2, column write_pulse: has pulse 4, which has no landing_count; add it",
        ),
        (
            "landing_count,,1,notch 1,1,odd,3,1,\nstate_conductance,series,,,,odd,3e-6,S,",
            "what is known of track lacks the conductance of the state odd; add state_conductance",
        ),
    ],
)
def test_a_file_of_other_levels_or_with_gaps_is_refused(table, fault):
    with pytest.raises(files.FileError) as refused:
        known(table)
    assert fault in str(refused.value)


def test_a_run_refuses_a_file_with_a_wrong_row_before_its_first_job():
    rows = {"own.csv": "gain_spread,0.1,1", "wrong.csv": "gain_spread,nan,1"}
    for name, row in rows.items():
        Path(name).write_text(f"quantity,value,unit\n{row}\n", encoding="utf-8")
    described = {"track": DeviceImperfections(file="own.csv"), "other": DeviceImperfections()}
    check_measurements(SimpleNamespace(measured={}, imperfections=described))
    for name, fault in {"wrong.csv": "line 2, column value", "none.csv": "none.csv"}.items():
        described["other"] = DeviceImperfections(file=name)
        with pytest.raises(ConfigError, match=rf"imperfections\.other\.file: .*{fault}"):
            check_measurements(SimpleNamespace(measured={}, imperfections=described))


def test_one_limit_of_attempt_frequencies_is_refused():
    with open("own.csv", "w") as stream:
        stream.write("quantity,limit,value,unit\nattempt_frequency,lowest,1e9,1/s\n")
    job = ImperfectionsJob(device="track")
    with pytest.raises(files.FileError, match="lacks a limit of attempt_frequency; add the row"):
        gathered(job, "model.json", file="own.csv")


def test_studies_of_other_devices_and_variants_are_refused():
    with pytest.raises(files.FileError, match="is of the device other; give that of track"):
        known(barriers=write_barriers("other"))
    path = example_thermal()
    with pytest.raises(files.FileError, match="has no variant cold; use one of mild, hot"):
        known(thermal=path, variant="cold")
    path = example_thermal(device="other")
    with pytest.raises(files.FileError, match="is of the device other; name a subject of thermal"):
        known(thermal=path)


def test_the_command_writes_a_file_and_its_table():
    (path := files.RESULTS + "/imperfections/track.nc")
    job = ImperfectionsJob(device="track", barriers=True, read_noise=0.003).to_json()
    inputs = ["--levels", "model.json", "--barriers", write_barriers()]
    main(["imperfections", "--job", job, *inputs, "--out", path])
    device = Imperfections.read(path)
    assert device.data.attrs["parameters"] == job
    main(["imperfections", path, "--out", "track.csv"])
    with open("track.csv") as stream:
        assert stream.read() == text_of(device.data)
    noise = read_entries("track.csv").entries["read_noise"]
    assert noise == {(state,): 0.003 for state in LEVELS}
    # the table of a device gives its file again
    again = gathered(ImperfectionsJob(device="track"), "model.json", file="track.csv")
    assert again.drop_vars([]).equals(device.data)


def test_a_command_without_one_input_is_refused():
    for words in ([], ["a.nc", "--pulses", "b.csv"], ["--pulses", "b.csv"]):
        with pytest.raises((ConfigError, SystemExit), match=r"imperfections needs one of FILE\.nc"):
            main(["imperfections", *words, "--out", "x.csv"])


def test_spreads_of_measured_levels_are_relative(tmp_path):
    lines = ["conductance,spread", "5e-5,2e-6", "2e-5,1e-6", "3e-5,6e-7"]
    Path("levels.csv").write_text("\n".join(lines), encoding="utf-8")
    measured_model("levels.csv", None, "measured.json")
    job = ImperfectionsJob(device="track")
    data = gathered(job, "measured.json", measured="levels.csv")
    states = data["device_state"].values.tolist()
    spreads = dict(zip(states, data["level_spread"].values.tolist(), strict=True))
    ascending = sorted(states, key=lambda name: float(data["state_conductance"].sel(
        readout="measured", device_state=name)))  # fmt: skip
    assert [spreads[name] for name in ascending] == pytest.approx([0.05, 0.02, 0.04], abs=1e-12)
    sources = json.loads(data.attrs["sources"])
    assert sources["level_spread"] == "measured (file levels.csv)"
    assert sources["cycle_spread"] == "assumed: 0.02"


@pytest.mark.parametrize(
    ("state", "expected"),
    [("expelled", 2e-5), ("reversed", 7e-5), ("between 1 and 2", 3.75e-5), ("free", None)],
)
def test_states_beside_levels_have_conductances_of_these(state, expected):
    levels = {name: {"parallel": value} for name, value in LEVELS.items()}
    assert _assumed_conductances(state, levels).get("parallel") == pytest.approx(
        expected, abs=1e-12
    )
