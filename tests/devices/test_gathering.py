"""Traces on a common time step, and traces that cannot be used."""

import json
import logging

import numpy as np
import pytest

from wallnet import cli, devices, files, revisions
from wallnet.devices.traces import Pulse, conditions_of, first_time, read_trace
from wallnet.experiment.base import canonical
from wallnet.files.whole import digest_path
from wallnet.jobs.devices import DeviceJob, device_job


def test_everything_has_units_and_a_long_name(synapse, neuron):
    for data in (synapse.gather(), neuron.gather()):
        for name, variable in data.variables.items():
            assert variable.attrs.get("long_name"), name
            assert variable.attrs.get("units") or name in ("reading", "component"), name


def test_a_device_file_says_what_made_it(synapse):
    """Also that two calculators made its traces."""
    synapse.edit(synapse.traces[3], lambda data: data.assign_attrs(backend="other"))
    told = synapse.gather().attrs
    assert DeviceJob.from_json(told["parameters"]) == synapse.job
    simulation = json.loads(told["simulation"])
    assert simulation["material"]["damping"] == 0.5
    assert "current_density" not in simulation
    assert told["simulation_backend"] == "analytic, other"
    assert (told["simulation_backend_version"], told["simulation_revision"]) == ("1", "7")
    assert (told["device"], told["revision"]) == ("synapse-3", revisions.of("devices"))
    assert told["wallnet_version"]


def test_traces_share_one_time_step_and_end_when_they_end(synapse):
    synapse.write_pulse(0.5e12, 300e-9, 300e-9, extra_rest=1.5e-9)
    data = synapse.gather()
    assert data["time"].values == pytest.approx(np.arange(46) * 0.1e-9, rel=1e-6, abs=0)
    assert data["end_time"].values == pytest.approx(
        [3e-9, 4.5e-9, 3e-9, 3e-9, 3e-9], rel=1e-6, abs=0
    )
    for name in (
        *(f"sweep_{n}" for n in ("m", "wall_position", "wall_bottom", "wall_top")),
        "conductance",
    ):
        row = data[name].transpose("current_density", "time", ...).values
        assert np.isfinite(row[1]).all(), name
        assert np.isfinite(row[0, :31]).all(), name
        assert np.isnan(row[0, 31:]).all(), name


def test_entries_off_the_common_step_are_interpolated(synapse):
    def shift(data):
        time = data["time"].values.copy()
        time[4:9] += 0.03e-9
        return data.assign_coords(time=("time", time, data["time"].attrs))

    before = synapse.gather()
    synapse.edit(synapse.traces[1], shift)
    moved = files.read_dataset(synapse.traces[1], "trace")
    after = synapse.gather()
    expected = np.interp(
        before["time"].values[:31], moved["time"].values, moved["wall_position"].values
    )
    assert after["sweep_wall_position"].values[1, :31] == pytest.approx(expected, rel=1e-6, abs=0)


def test_final_values_are_read_from_the_trace_itself(synapse):
    """The grid does not lose an end between two common steps."""
    data = synapse.gather(interval=0.7e-9)
    assert data["time"].values == pytest.approx(np.arange(5) * 0.7e-9, rel=1e-6, abs=0)
    assert data["read_time"].values == pytest.approx(3e-9, rel=1e-6, abs=0)
    # a tilted wall meets the edge of the film inside the notch
    ends = [60e-9, 300e-9, 300e-9, 600e-9]
    assert data["final_wall_bottom"].values[:4] == pytest.approx(ends, abs=20e-9)


def test_conductance_follows_the_magnetisation(synapse):
    data = synapse.gather()
    m_z = data["sweep_m"].sel(component="z").values  # the detector covers the whole track
    detector = synapse.job.detector
    assert data["conductance"].sel(reading="parallel").values == pytest.approx(
        devices.parallel_conductance(m_z, detector), rel=1e-5, nan_ok=True, abs=0
    )
    assert data["conductance"].sel(reading="series").values == pytest.approx(
        devices.series_conductance(m_z, detector), rel=1e-5, nan_ok=True, abs=0
    )


def without(*entries):
    """Return a function that removes some of the 31 entries."""
    return lambda data: data.isel(time=[k for k in range(31) if k not in entries])


def assigned(data, **values):
    """Return a trace with other values of some variables."""
    return data.assign({name: data[name].copy(data=found) for name, found in values.items()})


def stutter(data):
    """Set the time of an entry to that of the one before, without a gap after it."""
    time = data["time"].values.copy()
    time[9:12] = 0.94e-9, 0.94e-9, 1.08e-9
    return data.assign_coords(time=("time", time, data["time"].attrs))


def rename(**changes):
    def change(data):
        parameters = json.loads(data.attrs["parameters"])
        for key, value in changes.items():
            block, _, leaf = key.partition("__")
            if leaf:
                parameters[block][leaf] = value
            else:
                parameters[block] = value
        return data.assign_attrs(parameters=canonical(parameters))

    return change


def with_value(name, value, entry=None):
    """Return a function that sets a value in the middle of a variable, or a whole entry."""

    def change(data):
        values = data[name].values.copy()
        values[tuple(n // 2 for n in values.shape) if entry is None else entry] = value
        return assigned(data, **{name: values})

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_value("m", 5.0), "has m of length 5.* more than 1"),
        (with_value("magnetization_profile", -1.2), r"has magnetization_profile of length 1\.\d"),
        (with_value("wall_top", 1e9), r"has wall_top = 1e\+09, which is not between 0 and 0\.001"),
        (with_value("wall_bottom", -5e-9), "has wall_bottom = -5e-09"),
        (with_value("wall_position", 901e-9), "has a wall at 9.01e-07 m, beyond the track's end"),
        (lambda data: data.assign_attrs(state="<script>"), "has state = '<script>', which is no"),
        (lambda data: data.assign_attrs(state="notch 2 | x"), "which is not a state of a wall"),
        (without(*range(12, 31)), r"is cut short: it ends at 1\.1e-09 s and has to last 3e-09 s"),
        (without(*range(25, 31)), r"is cut short: it ends at 2\.4e-09 s"),
        (lambda data: data.isel(time=slice(0, 0)), "is cut short"),
        (without(*range(5, 9)), "has a gap"),
        (without(12), "has a gap"),
        (without(0), "has a gap"),
        (stutter, "has a gap or runs backwards"),
        (without(30), r"is cut short: it ends at 2\.9e-09 s and has to last 3e-09 s"),
        (lambda data: data.isel(x=slice(1, None)), "has 149 columns of cells, not 150"),
        (lambda data: data.isel(time=slice(None, None, -1)), "backwards|cut short"),
        (with_value("m", np.nan), "is not finite"),
        (with_value("wall_top", np.nan), "is not finite"),
        (with_value("magnetization_profile", np.nan, 3), "is not finite"),
        (rename(current_density=0.7e12), "contains a pulse of 7"),
        (rename(waveform=[[0.0, 1.0], [1e-9, 0.0]]), "contains a pulse with another waveform"),
        (rename(track__length=901e-9), "another track"),
        (rename(material__damping=0.3), r"other conditions than .*0\.3000\.nc"),
        (lambda data: data.drop_attrs(), "of kind None"),
        (lambda data: data.assign_attrs(parameters="{}"), "has invalid attributes"),
        (lambda data: data.assign_attrs(parameters="{"), "has invalid attributes"),
    ],
)
def test_a_trace_that_cannot_be_used_is_refused(synapse, change, message):
    path = synapse.traces[1]
    data = change(files.read_dataset(path, "trace"))
    data.to_netcdf(path)
    digest_path(path).unlink()
    with pytest.raises(files.FileError, match=rf"0\.5000\.nc .*({message}).*run snakemake"):
        synapse.gather()
    assert not synapse.out.exists()


def test_levels_belong_to_pulses_of_any_waveform():
    """A level has no pulse."""
    assert conditions_of({"track": 1, "waveform": [[0.0, 1.0]]}) == {"track": 1}


def test_a_missing_or_truncated_file_is_named(synapse):
    path = synapse.traces[2]
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(files.FileError, match=r"0\.6000\.nc is damaged"):
        synapse.gather()
    path.unlink()
    with pytest.raises(files.FileError, match=r"0\.6000\.nc is not there; run snakemake"):
        synapse.gather()
    assert not synapse.out.exists()


def test_a_wall_that_still_moves_is_said_and_reaches_nothing(synapse, caplog):
    synapse.write_pulse(0.8e12, 600e-9, 600e-9, settled=0)
    with caplog.at_level(logging.WARNING):
        data = synapse.gather()
    assert "synapse-3: the wall still moved at the end for J = 0.8000" in caplog.text
    assert data["settled"].values.tolist() == [1, 1, 1, 0, 1]
    assert data["reachable"].values.tolist() == [1, 1, 1, 0, 1]
    assert np.isnan(data["reaching_current_density"].values[3])


def test_a_wall_that_creeps_at_the_end_moves_though_it_was_faster_before(synapse):
    """Its last nanosecond counts, the hold of this device, and not the whole relaxation."""
    synapse.write_pulse(0.8e12, 600e-9, 600e-9, extra_rest=3e-9)
    assert synapse.gather()["settled"].values.tolist() == [1, 1, 1, 1, 1]

    def creeping(data):
        after = np.clip(data["time"].values - 2e-9, 0, None)
        way = 10 * np.minimum(after, 2e-9) + 0.3 * np.clip(after - 2e-9, 0, None)
        values = data["wall_top"].values + way - way[-1]
        return assigned(data, wall_top=values)

    synapse.edit(synapse.traces[3], creeping)
    assert synapse.gather()["settled"].values.tolist() == [1, 1, 1, 0, 1]


def test_an_unsettled_trace_has_to_last_to_the_end(synapse):
    synapse.write_pulse(0.8e12, 600e-9, 600e-9, settled=0)
    synapse.edit(synapse.traces[3], lambda data: data.isel(time=slice(0, 40)))
    with pytest.raises(files.FileError, match=r"0\.8000\.nc is cut short.*has to last 6e-09"):
        synapse.gather()


def test_a_detector_over_nothing_magnetic_is_refused(synapse):
    def empty(data):
        cells = data["magnetic_cells"].values.copy()
        cells[50] = 0
        return assigned(data, magnetic_cells=cells)

    synapse.edit(synapse.traces[0], empty)
    detector = synapse.job.detector.model_copy(update={"start": 300e-9, "stop": 306e-9})
    with pytest.raises(files.FileError, match=r"no magnetic cell under the detector; move"):
        synapse.gather(detector=detector)


def test_job_leaves_out_what_decides_the_traces_only(synapse):
    device = synapse.device
    same = device_job(device).to_json()
    material = device.material.model_copy(update={"damping": 0.1})
    assert device_job(device.model_copy(update={"material": material})).to_json() == same
    assert device_job(device.model_copy(update={"calculator": "oommf"})).to_json() == same
    detector = device.detector.model_copy(update={"start": 10e-9})
    assert device_job(device.model_copy(update={"detector": detector})).to_json() != same
    pulse = device.pulse.model_copy(update={"current_densities": (0.5e12,)})
    assert device_job(device.model_copy(update={"pulse": pulse})).to_json() != same


def test_command_line_gathers_a_folder(synapse):
    words = ["device", "--job", synapse.job.to_json(), "--initial", synapse.initial]
    words += ["--traces", synapse.traces[0].parent, "--out", synapse.out]
    cli.main([*map(str, words), "--levels", str(synapse.levels["notch 1"].parent)])
    once = synapse.out.read_bytes()
    assert synapse.gather().sizes["level"] == 5
    assert synapse.out.read_bytes() == once
    with pytest.raises(SystemExit, match="--levels is missing"):
        cli.main(list(map(str, words)))


def moving_until(end_of_motion, *, ends=("wall_bottom", "wall_top"), drift=0.0):
    """Move wall ends from 50 nm away until a time, and then with a drift in m/s."""

    def change(data):
        time = data["time"].values
        motion = np.minimum(time - end_of_motion, 0) * 50e-9 / 1e-9
        return assigned(data, **dict.fromkeys(ends, 400e-9 + motion + drift * time))

    return change


@pytest.mark.parametrize(
    ("hold", "change", "held"),
    [
        (0.5e-9, moving_until(1.5e-9), True),  # for one hold
        (0.5e-9, moving_until(1.6e-9), False),
        (1.8e-9, moving_until(1.0e-9), True),  # for half of the pulse: it is shorter than two holds
        (1.8e-9, moving_until(1.1e-9), False),
        (0.5e-9, moving_until(1.0e-9, drift=0.45), True),  # slower than `speed`
        (0.5e-9, moving_until(1.0e-9, drift=-0.55), False),
        (0.5e-9, moving_until(2.5e-9, ends=["wall_top"]), False),
        (0.5e-9, moving_until(2.5e-9, ends=["wall_bottom"]), False),
    ],
)
def test_held_asks_both_ends_to_rest_for_a_hold_or_half_the_pulse(synapse, hold, change, held):
    """The pulse lasts 2 ns, the trace 4 ns."""
    path = synapse.write_pulse(0.3e12, 60e-9, 60e-9, extra_rest=1e-9)
    synapse.edit(path, rename(relaxation__hold=hold, relaxation__speed=0.5))
    synapse.edit(path, change)
    assert read_trace(path, synapse.job, 0.3e12).held == held


def test_a_wall_that_moves_after_the_pulse_was_held_during_it(synapse):
    def springs_back(data):
        way = 20 * np.maximum(data["time"].values - 2e-9, 0)
        ends = ("wall_bottom", "wall_top")
        return assigned(data, **{name: data[name].values - way for name in ends})

    path = synapse.traces[0]
    assert read_trace(path, synapse.job, 0.3e12).held
    synapse.edit(path, springs_back)
    assert read_trace(path, synapse.job, 0.3e12).held


def test_a_read_time_past_the_end_of_a_trace_is_its_end(synapse):
    """A wall that came to rest earlier is read at rest."""
    synapse.write_pulse(0.5e12, 300e-9, 300e-9, extra_rest=1.5e-9)
    late = synapse.gather(read_at=4.03e-9)
    # the traces end at 3, 4.5, 3, 3 and 3 ns
    assert late["read_time"].values == pytest.approx(
        [3e-9, 4.03e-9, 3e-9, 3e-9, 3e-9], rel=1e-6, abs=0
    )
    rest = synapse.gather(read_at="rest")
    assert rest["read_time"].values == pytest.approx(
        [3e-9, 4.5e-9, 3e-9, 3e-9, 3e-9], rel=1e-6, abs=0
    )
    assert late["final_conductance"].values == pytest.approx(
        rest["final_conductance"].values, rel=1e-9, abs=0
    )
    # at the end of the pulse, although the traces last longer
    assert synapse.gather(read_at="pulse_end")["read_time"].values == pytest.approx(
        [2e-9] * 5, rel=1e-6, abs=0
    )


def test_both_ends_and_their_mean_are_those_when_it_is_read(synapse):
    """The device is read halfway through the pulse, with a detector over part of the track."""
    synapse.write_pulse(0.6e12, 240e-9, 420e-9)
    detector = synapse.job.detector.model_copy(update={"start": 60e-9, "stop": 210e-9})
    data = synapse.gather(read_at=1e-9, detector=detector)
    # the ends, which started at 60 nm, are now at 150 and 240 nm; the centres of the outermost
    # cells are 1/30 of the width inside the edges
    assert float(data["final_wall_bottom"][2]) == pytest.approx(153e-9, abs=1e-9)
    assert float(data["final_wall_top"][2]) == pytest.approx(237e-9, abs=1e-9)
    trace = files.read_dataset(synapse.traces[2], "trace")
    assert float(trace["snapshot_time"][1]) == pytest.approx(1e-9, rel=1e-6, abs=0)
    m_z = trace["magnetization"].isel(snapshot=1).sel(component="z").values
    assert float(data["final_wall_position"][2]) == pytest.approx(
        900e-9 * (1 - np.nanmean(m_z)) / 2, rel=1e-5, abs=0
    )
    under = np.nanmean(m_z[:, 10:35])  # cells of 6 nm from 60 to 210 nm
    assert data["final_conductance"].values[:, 2] == pytest.approx(
        [1e-4 * (1 - 0.16 * under) / 1.16, 1 / (10e3 + 10e3 * (1 + under) / 2)], rel=1e-5, abs=0
    )


def test_a_wall_rests_where_its_trace_ends_whenever_it_is_read(synapse):
    """Its ends, at 60 nm at first, go to 240 and 420 nm."""
    path = synapse.write_pulse(0.6e12, 240e-9, 420e-9)
    pulse = Pulse.of(read_trace(path, synapse.job, 0.6e12), 1e-9)
    assert pulse.read_time == 1e-9
    assert pulse.resting_ends == pytest.approx((240e-9, 420e-9), rel=0, abs=8e-9)
    assert pulse.resting_position == pytest.approx(330e-9, rel=0, abs=8e-9)


def test_the_first_time_at_a_level_is_interpolated():
    time, values = np.array([1.0, 2.0, 4.0]), np.array([0.0, 1.0, 5.0])
    assert [first_time(time, values, level) for level in (3.0, -1.0, 6.0)] == [3.0, 1.0, np.inf]
