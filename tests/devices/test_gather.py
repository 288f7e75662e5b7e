"""Traces on a common time step, and traces that cannot be used."""

import json
import logging

import numpy as np
import pytest
from helpers.walls import SYNAPSE, Bench, campaign, parameters

from wallnet import files, revisions
from wallnet.devices import conductance as devices
from wallnet.devices.traces import read_trace
from wallnet.files.plain import canonical
from wallnet.questions.opened import Opened


def test_everything_has_units_and_a_long_name(synapse, neuron):
    for data in (synapse.gather(), neuron.gather()):
        for name, variable in data.variables.items():
            assert variable.attrs.get("long_name"), name
            assert variable.attrs.get("units") or name in ("reading", "component"), name


def test_a_device_file_says_what_made_it(synapse):
    """Also that two calculators made its traces, and the embedded engine its minima."""
    synapse.edit(synapse.traces[3], lambda data: data.assign_attrs(backend="other"))
    attrs = synapse.gather().attrs
    assert parameters(synapse.gather()) == synapse.job.settings
    assert json.loads(attrs["simulation"])["material"]["damping"] == 0.5
    assert attrs["simulation_backend"] == "analytic, film, other"
    assert (attrs["simulation_backend_version"], attrs["simulation_revision"]) == ("1", "3, 7")
    assert (attrs["device"], attrs["revision"]) == ("synapse-3", revisions.of("devices"))
    assert attrs["wallnet_version"]


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
    moved = files.read_dataset(synapse.traces[1], "run")
    after = synapse.gather()
    expected = np.interp(
        before["time"].values[:31], moved["time"].values, moved["wall_position"].values
    )
    assert after["sweep_wall_position"].values[1, :31] == pytest.approx(expected, rel=1e-6, abs=0)


def test_final_values_are_read_from_the_trace_itself(synapse):
    """The grid does not lose an end between two common steps."""
    data = synapse.gather(output={"interval": 0.7e-9, "snapshot_interval": 1e-9})
    assert data["time"].values == pytest.approx(np.arange(5) * 0.7e-9, rel=1e-6, abs=0)
    assert data["read_time"].values == pytest.approx(3e-9, rel=1e-6, abs=0)
    # a tilted wall meets the edge of the film inside the notch
    ends = [60e-9, 300e-9, 300e-9, 600e-9]
    assert data["final_wall_bottom"].values[:4] == pytest.approx(ends, abs=20e-9)


def test_conductance_follows_the_magnetisation(synapse):
    data = synapse.gather()
    m_z = data["sweep_m"].sel(component="z").values  # the detector covers the whole track
    detector = synapse.device.detector
    assert data["conductance"].sel(reading="parallel").values == pytest.approx(
        devices.parallel_conductance(m_z, detector), rel=1e-5, nan_ok=True, abs=0
    )
    assert data["conductance"].sel(reading="series").values == pytest.approx(
        devices.series_conductance(m_z, detector), rel=1e-5, nan_ok=True, abs=0
    )


def assigned(data, **values):
    """Return a trace with other values of some variables."""
    return data.assign({name: data[name].copy(data=array) for name, array in values.items()})


@pytest.mark.parametrize("kind", ["initial", "run", "minima"])
def test_a_result_of_another_simulation_is_refused(synapse, kind):
    path = [request.path for request in synapse.requests if request.kind == kind][-1]
    stored = "run" if kind == "initial" else kind
    data = files.read_dataset(synapse.path(path), stored)
    changed = json.loads(data.attrs["parameters"])
    changed["material"]["exchange_stiffness"] *= 2
    other = data.assign_attrs(parameters=canonical(changed))
    files.write_dataset(other, synapse.path(path), stored, {})
    with pytest.raises(files.FileError, match=f"{path} is not of the simulation that devices"):
        synapse.gather()
    assert not synapse.out.exists()


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
    """Its last nanosecond counts, the hold of this device, and not the whole relaxation.

    It ends 3 nm from its minimum.
    """
    synapse.write_pulse(0.8e12, 597e-9, 597e-9, extra_rest=3e-9)
    assert synapse.gather()["settled"].values.tolist() == [1, 1, 1, 1, 1]

    def creeping(data):
        after = np.clip(data["time"].values - 2e-9, 0, None)
        way = 10 * np.minimum(after, 2e-9) + 0.3 * np.clip(after - 2e-9, 0, None)
        values = data["wall_top"].values + way - way[-1]
        return assigned(data, wall_top=values)

    synapse.edit(synapse.traces[3], creeping)
    assert synapse.gather()["settled"].values.tolist() == [1, 1, 1, 0, 1]


def test_a_wall_that_oscillates_about_its_minimum_rests_there(synapse):
    """With little damping, its last displacements do not fall; 3 nm beside it, they tell creep."""

    def oscillating(data):
        phase = 2 * np.pi * data["time"].values / 1.3e-9
        values = data["wall_top"].values + 0.3e-9 * np.cos(phase - phase[-1])
        return assigned(data, wall_top=values)

    for position, settled in ((600e-9, 1), (603e-9, 0)):
        synapse.write_pulse(0.8e12, position, position, extra_rest=3e-9)
        synapse.edit(synapse.traces[3], oscillating)
        assert synapse.gather()["settled"].values.tolist() == [1, 1, 1, settled, 1]


def test_a_detector_over_nothing_magnetic_is_refused(synapse):
    def empty(data):
        cells = data["magnetic_cells"].values.copy()
        cells[50] = 0
        return assigned(data, magnetic_cells=cells)

    synapse.edit(synapse.traces[0], empty)
    detector = synapse.device.detector.model_copy(update={"start": 300e-9, "stop": 306e-9})
    with pytest.raises(files.FileError, match=r"no magnetic cell under the detector; move"):
        synapse.gather(detector=detector.model_dump())


def test_settings_leave_out_what_only_simulations_and_figures_depend_on(synapse):
    shown = {"calculator": "oommf", "shown": (0.5e12,), "optional": True}
    device = synapse.device.model_copy(update=shown)
    assert Bench(synapse.root, synapse.name, device).job.settings == synapse.job.settings


def read(bench, density):
    """Return the wall at the end of one trace; the others may be of another device."""
    named = [
        entry
        for entry in bench.job.entries()
        if entry.kind == "minima" or entry.conditions.current_density == density
    ]
    opened = Opened(bench.job, bench.root, named)
    return read_trace(opened.one("run"), bench.device)[-1]


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
    relaxation = SYNAPSE["relaxation"] | {"hold": hold, "speed": 0.5}
    device = campaign(d=SYNAPSE | {"relaxation": relaxation}).devices["d"]
    bench = Bench(synapse.root, synapse.name, device)
    path = bench.write_pulse(0.3e12, 60e-9, 60e-9, extra_rest=3e-9 - hold)
    bench.edit(path, change)
    assert read(bench, 0.3e12).held == held


def test_a_wall_that_moves_after_the_pulse_was_held_during_it(synapse):
    def springs_back(data):
        way = 20 * np.maximum(data["time"].values - 2e-9, 0)
        ends = ("wall_bottom", "wall_top")
        return assigned(data, **{name: data[name].values - way for name in ends})

    path = synapse.traces[0]
    assert read(synapse, 0.3e12).held
    synapse.edit(path, springs_back)
    assert read(synapse, 0.3e12).held == 1
    # at a temperature, its ends fluctuate
    synapse.edit(path, lambda data: data.assign_attrs(temperature=300.0))
    assert read(synapse, 0.3e12).held == -1


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
    detector = synapse.device.detector.model_copy(update={"start": 60e-9, "stop": 210e-9})
    data = synapse.gather(read_at=1e-9, detector=detector.model_dump())
    # the ends, which started at 60 nm, are now at 150 and 240 nm; the centres of the outermost
    # cells are 1/30 of the width inside the edges
    assert float(data["final_wall_bottom"][2]) == pytest.approx(153e-9, abs=1e-9)
    assert float(data["final_wall_top"][2]) == pytest.approx(237e-9, abs=1e-9)
    trace = files.read_dataset(synapse.traces[2], "run")
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
    synapse.write_pulse(0.6e12, 240e-9, 420e-9)
    end = read(synapse, 0.6e12)
    assert end.ends == pytest.approx((240e-9, 420e-9), rel=0, abs=8e-9)
    assert end.position == pytest.approx(330e-9, rel=0, abs=8e-9)
