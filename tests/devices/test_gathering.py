"""Traces on a common time step, and traces that cannot be used."""

import json
import logging

import numpy as np
import pytest
from helpers.walls import moving_wall, whole

from wallnet import config, devices, files, jobs
from wallnet.devices import commands
from wallnet.devices.traces import Pulse, read_trace


def test_everything_has_units_and_a_long_name(synapse, neuron):
    for data in (synapse.gather(), neuron.gather()):
        for name, variable in data.variables.items():
            assert variable.attrs.get("long_name"), name
            if name not in ("reading", "component"):
                assert variable.attrs.get("units"), name


def test_a_device_file_says_what_made_it(synapse):
    data = synapse.gather()
    assert jobs.DeviceJob.from_json(data.attrs["parameters"]) == synapse.job
    simulation = json.loads(data.attrs["simulation"])
    assert simulation["material"]["damping"] == 0.5
    assert "current_density" not in simulation
    assert data.attrs["simulation_backend"] == "analytic"
    assert data.attrs["simulation_revision"] == "7"
    assert data.attrs["wallnet_version"]
    assert data.attrs["revision"] >= 1
    assert data.attrs["device"] == "synapse-3"


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
    assert data["final_wall_bottom"].values[:4] == pytest.approx(
        [60e-9, 300e-9, 300e-9, 600e-9],
        abs=20e-9,  # a tilted wall meets the edge of the film inside the notch
    )
    assert data["final_wall_top"].values[2] == pytest.approx(600e-9, abs=20e-9)


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


def test_a_missing_trace_is_named(synapse):
    synapse.traces[2].unlink()
    with pytest.raises(files.FileError, match=r"0\.6000\.nc is not there; run snakemake"):
        synapse.gather()
    assert not synapse.out.exists()


def cut(data):
    return data.isel(time=slice(0, 12))


def cut_while_relaxing(data):
    return data.isel(time=slice(0, 25))


def gap(data):
    return data.isel(time=[*range(5), *range(9, data.sizes["time"])])


def without(*entries):
    """Return a function that removes some of the 31 entries."""
    return lambda data: data.isel(time=[k for k in range(31) if k not in entries])


def stutter(data):
    """Set the time of an entry to that of the one before, without a gap after it."""
    time = data["time"].values.copy()
    time[9:12] = 0.94e-9, 0.94e-9, 1.08e-9
    return data.assign_coords(time=("time", time, data["time"].attrs))


def spoil(name):
    def change(data):
        values = data[name].values.copy()
        values[3] = np.nan
        return data.assign({name: (data[name].dims, values, data[name].attrs)})

    return change


def rename(**changes):
    def change(data):
        parameters = json.loads(data.attrs["parameters"])
        for key, value in changes.items():
            block, _, leaf = key.partition("__")
            if leaf:
                parameters[block][leaf] = value
            else:
                parameters[block] = value
        return data.assign_attrs(parameters=jobs.canonical(parameters))

    return change


def with_value(name, value):
    """Return a function that sets one value in the middle of a variable."""

    def change(data):
        values = data[name].values.copy()
        values[tuple(n // 2 for n in values.shape)] = value
        return data.assign({name: (data[name].dims, values, data[name].attrs)})

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
        (cut, r"is cut short: it ends at 1\.1e-09 s and has to last 3e-09 s"),
        (cut_while_relaxing, r"is cut short: it ends at 2\.4e-09 s"),
        (lambda data: data.isel(time=slice(0, 0)), "is cut short"),
        (gap, "has a gap"),
        (without(12), "has a gap"),
        (without(0), "has a gap"),
        (stutter, "has a gap or runs backwards"),
        (without(30), r"is cut short: it ends at 2\.9e-09 s and has to last 3e-09 s"),
        (lambda data: data.isel(x=slice(1, None)), "has 149 columns of cells, not 150"),
        (lambda data: data.isel(time=slice(None, None, -1)), "backwards|cut short"),
        (spoil("m"), "is not finite"),
        (spoil("wall_top"), "is not finite"),
        (spoil("magnetization_profile"), "is not finite"),
        (rename(current_density=0.7e12), "contains a pulse of 7"),
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
    files.digest_path(path).unlink()
    with pytest.raises(files.FileError, match=rf"0\.5000\.nc .*({message}).*run snakemake"):
        synapse.gather()
    assert not synapse.out.exists()


def test_a_truncated_file_is_refused(synapse):
    path = synapse.traces[0]
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(files.FileError, match=r"0\.3000\.nc is damaged"):
        synapse.gather()


def test_a_wall_that_still_moves_is_said_and_reaches_nothing(synapse, caplog):
    with caplog.at_level(logging.WARNING):
        before = synapse.gather()
    assert "still moved" not in caplog.text
    assert whole(before)["reachable"].values.tolist() == [1, 1, 1, 1]
    synapse.write_pulse(0.8e12, 600e-9, 600e-9, settled=0)
    with caplog.at_level(logging.WARNING):
        after = synapse.gather()
    assert "synapse-3: the wall still moved at the end for J = 0.8000" in caplog.text
    assert after["settled"].values.tolist() == [1, 1, 1, 0, 1]
    assert whole(after)["reachable"].values.tolist() == [1, 1, 0, 1]
    assert np.isnan(whole(after)["reaching_current_density"].values[2])


def test_a_wall_that_creeps_at_the_end_moves_though_it_was_faster_before(synapse):
    """Its last nanosecond counts, the hold of this device, and not the whole relaxation."""
    synapse.write_pulse(0.8e12, 600e-9, 600e-9, extra_rest=3e-9)
    assert synapse.gather()["settled"].values.tolist() == [1, 1, 1, 1, 1]

    def creeping(data):
        after = np.clip(data["time"].values - 2e-9, 0, None)
        way = 10 * np.minimum(after, 2e-9) + 0.3 * np.clip(after - 2e-9, 0, None)
        values = data["wall_top"].values + way - way[-1]
        return data.assign(wall_top=(data["wall_top"].dims, values, data["wall_top"].attrs))

    synapse.edit(synapse.traces[3], creeping)
    assert synapse.gather()["settled"].values.tolist() == [1, 1, 1, 0, 1]


def test_a_wall_is_held_only_where_it_rests_against_the_current(synapse):
    """A wall at a notch after the pulse is not necessarily held by it during the pulse."""
    before = synapse.gather()
    # the walls of this bench move until the pulse ends; only the wall that never moves is held
    assert before["held"].values.tolist() == [1, 0, 0, 0, 0]

    def stopped(data):
        """Keep the lower end at rest for the last nanosecond of the 2 ns pulse."""
        late = data["time"].values >= 1e-9 - 1e-15
        for name in ("wall_bottom", "wall_top")[: stopped.ends]:
            values = data[name].values.copy()
            values[late] = values[-1]
            data = data.assign({name: (data[name].dims, values, data[name].attrs)})
        return data

    stopped.ends = 1
    synapse.edit(synapse.traces[3], stopped)
    assert synapse.gather()["held"].values.tolist() == [1, 0, 0, 0, 0]
    stopped.ends = 2
    synapse.edit(synapse.traces[3], stopped)
    assert synapse.gather()["held"].values.tolist() == [1, 0, 0, 1, 0]


def test_an_unsettled_trace_has_to_last_to_the_end(synapse):
    synapse.write_pulse(0.8e12, 600e-9, 600e-9, settled=0)
    synapse.edit(synapse.traces[3], lambda data: data.isel(time=slice(0, 40)))
    with pytest.raises(files.FileError, match=r"0\.8000\.nc is cut short.*has to last 6e-09"):
        synapse.gather()


def test_a_detector_over_nothing_magnetic_is_refused(synapse):
    def empty(data):
        cells = data["magnetic_cells"].values.copy()
        cells[50] = 0
        return data.assign(magnetic_cells=("x", cells, data["magnetic_cells"].attrs))

    synapse.edit(synapse.traces[0], empty)
    detector = synapse.job.detector.model_copy(update={"start": 300e-9, "stop": 306e-9})
    with pytest.raises(files.FileError, match=r"no magnetic cell under the detector; move"):
        synapse.gather(detector=detector)


def test_memory_stays_within_one_trace(neuron):
    """Snapshots, by far the largest part of a trace, are never kept in memory."""
    import tracemalloc

    trace = moving_wall(neuron.pulse(0.1e12), 120e-9, 120e-9)
    many = trace.isel(snapshot=np.zeros(3000, dtype=int))
    neuron.write(many, neuron.traces[0])
    size = many["magnetization"].nbytes
    del many
    tracemalloc.start()
    neuron.gather()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 30e6
    assert peak < size / 2


def test_job_leaves_out_what_decides_the_traces_only(synapse):
    device = synapse.device
    same = jobs.device_job(device).to_json()
    material = device.material.model_copy(update={"damping": 0.1})
    assert jobs.device_job(device.model_copy(update={"material": material})).to_json() == same
    assert jobs.device_job(device.model_copy(update={"calculator": "oommf"})).to_json() == same
    detector = device.detector.model_copy(update={"start": 10e-9})
    assert jobs.device_job(device.model_copy(update={"detector": detector})).to_json() != same
    pulse = device.pulse.model_copy(update={"current_densities": (0.5e12,)})
    assert jobs.device_job(device.model_copy(update={"pulse": pulse})).to_json() != same


@pytest.mark.parametrize(
    "densities",
    [
        [0.5e12],
        [0.5e12, 0.6e12],
        [-0.2e12, 0.1e12, 0.4e12, 0.5e12, 0.6e12, 0.61e12],
        [{"start": 0.0001e12, "stop": 1e12, "step": 0.0001e12}],
    ],
)
def test_job_survives_the_command_line(synapse, densities):
    pulse = config.Pulse(duration=2e-9, current_densities=densities)
    job = synapse.job.model_copy(update={"pulse": pulse})
    assert jobs.DeviceJob.from_json(job.to_json()) == job
    assert len(job.to_json()) < 2000


def test_command_line_gathers_a_folder(synapse):
    import argparse

    parser = argparse.ArgumentParser()
    commands.register(parser.add_subparsers())
    arguments = ["device", "--job", synapse.job.to_json(), "--initial", str(synapse.initial)]
    arguments += ["--traces", str(synapse.traces[0].parent), "--out", str(synapse.out)]
    levels = str(next(iter(synapse.levels.values())).parent)
    parsed = parser.parse_args([*arguments, "--levels", levels])
    parsed.handler(parsed)
    once = synapse.out.read_bytes()
    assert files.read_dataset(synapse.out, "synapse").sizes["level"] == 5
    assert synapse.gather().sizes["level"] == 5
    assert synapse.out.read_bytes() == once
    parsed = parser.parse_args(arguments)
    with pytest.raises(files.FileError, match="--levels is missing"):
        parsed.handler(parsed)


def with_rest(hold, speed=0.5):
    """Return a function that sets another relaxation in the parameters of a trace."""
    return rename(relaxation__hold=hold, relaxation__speed=speed)


def moving_until(end_of_motion, *, ends=("wall_bottom", "wall_top"), drift=0.0):
    """Move wall ends from 50 nm away until a time, and then with a drift in m/s."""

    def change(data):
        time = data["time"].values
        for name in ends:
            motion = np.minimum(time - end_of_motion, 0) * 50e-9 / 1e-9
            values = 400e-9 + motion + drift * time
            data = data.assign({name: (data[name].dims, values, data[name].attrs)})
        return data

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
    synapse.edit(path, with_rest(hold))
    synapse.edit(path, change)
    assert read_trace(path, synapse.job, 0.3e12).held == held


def test_a_wall_that_moves_after_the_pulse_was_held_during_it(synapse):
    def springs_back(data):
        after = data["time"].values > 2e-9 + 1e-15
        for name in ("wall_bottom", "wall_top"):
            values = data[name].values.copy()
            values[after] -= np.arange(after.sum()) * 2e-9
            data = data.assign({name: (data[name].dims, values, data[name].attrs)})
        return data

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


def test_traces_from_two_calculators_are_both_named(synapse):
    synapse.edit(synapse.traces[3], lambda data: data.assign_attrs(backend="other"))
    data = synapse.gather()
    assert data.attrs["simulation_backend"] == "analytic, other"
    assert data.attrs["simulation_backend_version"] == "1"
