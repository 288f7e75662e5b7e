"""One job, from its description to its trace."""

import numpy as np
import pytest
import yaml
from helpers.placed import placed_wall
from helpers.runs import with_step

from wallnet import cli, config, files, jobs, revisions, simulate, tracks
from wallnet.config.calculators import FilmSettings
from wallnet.config.devices import Wall
from wallnet.files import WallState
from wallnet.files.progress import read_progress
from wallnet.jobs.film import check
from wallnet.jobs.run import WallPlacement
from wallnet.simulate import step
from wallnet.simulate.calculator import Calculator
from wallnet.simulate.recorder import Recorder
from wallnet.tracks.states import States, outcomes


@pytest.fixture
def synapse(tiny):
    return config.parse(tiny, check).devices["synapse"]


def test_a_trace_is_what_the_files_say(synapse, tmp_path):
    trace = simulate.simulate(jobs.pulse_job(synapse, 1.5e12))
    path = tmp_path / "deep" / "trace.nc"
    files.write_dataset(trace, path, "run", {})
    again = files.read_dataset(path, "run")
    assert again.identical(trace.assign_attrs(again.attrs))
    assert list(path.parent.iterdir()) == [path]
    for name, variable in again.variables.items():
        assert "long_name" in variable.attrs, name
        assert name == "component" or "units" in variable.attrs, name
    for attribute in ("parameters", "backend", "backend_version", "wallnet_version", "revision"):
        assert attribute in again.attrs
    assert jobs.Run.from_json(again.attrs["parameters"]).current_density == 1.5e12


def test_the_same_job_gives_the_same_trace(synapse):
    job = jobs.pulse_job(synapse, 0.5e12)
    first, second = (simulate.simulate(job) for _ in range(2))
    assert first.drop_attrs().identical(second.drop_attrs())


def test_settled_is_told_from_moving_and_from_not_asked(synapse):
    job = jobs.pulse_job(synapse, 0.5e12)
    slow = job.rest.model_copy(update={"speed": 20.0})
    settled = simulate.simulate(job.model_copy(update={"rest": slow}))
    assert settled["read_settled"].values[-1] == 1
    # it ends as soon as it rests, before the longest relaxation
    assert settled["time"].values[-1] < 0.6e-9 + 0.9e-9
    assert simulate.simulate(with_step(job, pause=0.1e-9))["read_settled"].values[-1] == 0
    assert simulate.simulate(with_step(job, pause=0.0))["read_settled"].values[-1] == -1


def _recorded(job, ends, interval=0.1e-9):
    recorder = Recorder(job)
    for index, end in enumerate(ends):
        bottom, top = end if isinstance(end, tuple) else (end, end)
        recorder.record(index * interval, placed_wall(job.track, 9e-9, bottom, top))
    return recorder


def test_resting_needs_both_ends_slow_for_the_whole_hold(synapse):
    job = jobs.level_job(synapse, "1")  # hold 0.2 ns, speed 2 m/s
    assert _recorded(job, [120e-9] * 3).resting()
    assert not _recorded(job, [120e-9] * 2).resting()
    assert not _recorded(job, [120e-9, 125e-9, 125e-9]).resting()
    assert _recorded(job, [120e-9, 125e-9, 125e-9, 125e-9]).resting()
    # only the lower end, only the upper end; away from the notches, whose edge is far inside
    for moved in ((65e-9, 60e-9), (60e-9, 65e-9)):
        assert not _recorded(job, [60e-9, 60e-9, moved]).resting()
        assert _recorded(job, [60e-9, moved, moved, moved]).resting()


def test_the_hold_is_counted_from_the_end_of_the_pulse(synapse):
    job = jobs.pulse_job(synapse, 0.5e12)  # 0.6 ns, then a hold of 0.2 ns
    still = [120e-9] * 7
    assert not _recorded(job, still).resting()
    assert not _recorded(job, [*still, 120e-9]).resting()
    assert _recorded(job, [*still, 120e-9, 120e-9]).resting()


def test_a_placed_initial_state_was_relaxed_by_no_calculator(synapse):
    state = simulate.simulate(jobs.initial_job(synapse))
    assert (state.sizes["pulse"], state.attrs["backend"]) == (1, "none")


def test_what_goes_wrong_is_said(synapse, monkeypatch):
    job = jobs.pulse_job(synapse, 0.5e12)
    other = simulate.simulate(
        jobs.initial_job(
            synapse.model_copy(
                update={"track": synapse.track.model_copy(update={"length": 400e-9})}
            )
        )
    )
    words = "has 100×18 cells, the track 90×18; make it again from this track"
    with pytest.raises(simulate.SimulationError, match=words):
        simulate.simulate(job, other)

    class Broken:
        resumes, run_all = False, Calculator.run_all

        def run(self, job, magnetization, recorder, progress, checkpoint):
            recorder.record(0.0, magnetization)
            recorder.record(2e-9, magnetization * np.nan)
            return {}

    monkeypatch.setattr(step, "create", lambda *chosen, **more: Broken())
    with pytest.raises(simulate.SimulationError, match="is not finite"):
        simulate.simulate(job)


def test_one_job_by_hand(tmp_path, tiny, capsys):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(tiny))
    command = ["simulate", "--config", str(tmp_path / "config.yaml"), "--device", "neuron"]
    command += ["--current-density", "0.25e12", "--out", str(tmp_path / "trace.nc"), "--set"]
    cli.main([*command, "material.damping=0.3"])
    assert "trace.nc: read while moving; wall at " in capsys.readouterr().out
    trace = files.read_dataset(tmp_path / "trace.nc", "run")
    assert float(trace["pulse_current_density"][-1]) == 0.25e12
    assert jobs.Run.from_json(trace.attrs["parameters"]).material.damping == 0.3
    with pytest.raises(SystemExit, match="devices.neuron.material.damping = 'heavy' is not a"):
        cli.main([*command, "material.damping=heavy"])


def test_a_pulse_by_hand_has_one_job(synapse, tmp_path):
    out = ["--out", str(tmp_path / "trace.nc")]
    device = ["--config", "config.yaml", "--device", "synapse"]
    for arguments, words in (
        ([], "give --config, --device and --current-density, or --job"),
        (device, "give --config, --device and --current-density, or --job"),
    ):
        with pytest.raises(SystemExit) as refused:
            cli.main(["simulate", *arguments, *out])
        assert words in str(refused.value)
    assert not list(tmp_path.iterdir())


def _pulse(device, current_density, pulse_duration=0.2e-9, longest=0.1e-9, **rest):
    """Return a short pulse, by default with a relaxation of the longest duration."""
    job = with_step(jobs.pulse_job(device, current_density), duration=pulse_duration, pause=longest)
    return job.model_copy(update={"rest": job.rest.model_copy(update={"hold": 1e-3, **rest})})


@pytest.mark.parametrize("density", [0.5e12, 0.0])
def test_entries_fall_on_multiples_of_the_interval_and_on_both_ends(synapse, density):
    """The interval is 20 ps; the pulse ends after 55 ps, the trace after 55 + 70 ps."""
    trace = simulate.simulate(_pulse(synapse, density, 55e-12, 70e-12))
    expected = [0, 20, 40, 55, 60, 80, 100, 120, 125]
    assert trace["time"].values * 1e12 == pytest.approx(expected, abs=1e-6)
    assert trace["snapshot_time"].values * 1e12 == pytest.approx([0, 55, 125], abs=1e-6)
    assert trace["pulse_duration"].values[-1] == pytest.approx(55e-12, rel=1e-9, abs=0)
    assert trace["applied_current_density"].values.tolist() == [density] * 4 + [0] * 5


def test_a_negative_current_drives_the_wall_to_the_left(synapse):
    moved = {}
    for density in (-1e12, 0.0, 1e12):
        trace = simulate.simulate(_pulse(synapse.model_copy(update={"wall": MIDDLE}), density))
        moved[density] = float(trace["wall_position"][-1] - trace["wall_position"][0]) * 1e9
        assert float(trace["pulse_current_density"][-1]) == density
        assert set(trace["applied_current_density"].values[:3]) == {density}
    assert moved[-1e12] < -10
    assert moved[1e12] > 10
    assert abs(moved[0.0]) < 2


MIDDLE = Wall(start=180e-9)
"""Position halfway along the track, between two notches."""


def test_the_torque_ends_with_the_pulse(synapse):
    """Afterwards the wall moves like one in the same state without a pulse."""
    pulsed = simulate.simulate(_pulse(synapse, 1e12))
    at_end = int(np.argmin(np.abs(pulsed["snapshot_time"].values - 0.2e-9)))
    state = pulsed.isel(snapshot=slice(at_end + 1))
    job = with_step(_pulse(synapse, 1e12), current_density=0.0, duration=0.0)
    free = simulate.simulate(job, state)
    assert free["applied_current_density"].values.tolist() == [0] * 6
    for name in ("wall_bottom", "wall_top"):
        after = pulsed[name].values[-6:] * 1e9
        assert free[name].values * 1e9 == pytest.approx(after, abs=0.01)
        assert abs(np.diff(pulsed[name].values[:11] * 1e9)).max() > 1


def test_what_drives_the_wall_reaches_the_engine(synapse, monkeypatch):
    from wallnet.film.core import Tolerances
    from wallnet.film.terms import SpinTorque, Terms
    from wallnet.simulate import embedded

    changes = {"slonczewski_lambda": 2.0, "field_like_torque": -0.3, "polarization": 0.35}
    material = synapse.material.model_copy(update=changes)
    settings = FilmSettings(stray_field_tolerance=1e-3, frozen_change=2e-4, time_step_fraction=0.8)
    device = synapse.model_copy(update={"material": material, "film": settings})
    job = _pulse(device, -0.5e12, 20e-12, 20e-12)
    film = embedded.engine_of(job, settings)
    assert film.layer.cell == (4e-9, 4e-9, 2e-9)
    assert film.tolerances == Tolerances(1e-3, 2e-4, 0.8)
    assert film.layer.terms == Terms(
        saturation_magnetization=1.1e6,
        exchange_stiffness=2.0e-11,
        dmi_constant=1.0e-3,
        anisotropy=1.0e6,
        damping=0.5,
        gyromagnetic_ratio=2.211e5,
    )
    torques = []
    set_torque = embedded.Engine.set_torque

    def watched(film, torque):
        torques.append((film.time, torque))
        set_torque(film, torque)

    monkeypatch.setattr(embedded.Engine, "set_torque", watched)
    simulate.simulate(job)
    made, (begin, torque), (end, none) = torques
    assert made == (0.0, None)
    assert (begin, none) == (0.0, None)
    assert end == pytest.approx(20e-12, rel=1e-9, abs=0)
    assert torque == SpinTorque(
        current_density=-0.5e12,
        polarization=0.35,
        direction=(0.0, 1.0, 0.0),
        slonczewski_lambda=2.0,
        field_like=-0.3,
    )


def test_an_initial_relaxation_goes_on_though_the_wall_rests(tiny):
    """The device's hold would end it early."""
    tiny["devices"]["synapse"]["wall"] = {"start": 120e-9, "relaxation": 5e-9}
    job = jobs.initial_job(config.parse(tiny, check).devices["synapse"])
    assert (job.pulse_end, job.end) == (0.0, 5e-9)
    assert not _recorded(job, [120e-9] * 51).resting()


def test_the_initial_relaxation_ends_when_it_was_told_to(tiny):
    tiny["material"]["damping"] = 2.0
    tiny["devices"]["synapse"]["wall"] = {"start": 120e-9, "relaxation": 0.7e-9}
    device = config.parse(tiny, check).devices["synapse"]
    trace = simulate.simulate(jobs.initial_job(device))
    # the wall has come to rest long before
    late = trace["time"].values > 0.4e-9
    assert np.ptp(trace["wall_bottom"].values[late]) < 0.1e-9
    assert trace["time"].values[-1] == pytest.approx(0.7e-9, rel=1e-9, abs=0)


@pytest.fixture
def calculator(monkeypatch):
    """Return a function that installs a calculator that records given entries."""

    def put(entries, **attributes):
        class Given:
            resumes, run_all = True, Calculator.run_all

            def run(self, job, magnetization, recorder, progress, checkpoint=None):
                for time in entries:
                    recorder.record(time, magnetization)
                if checkpoint is not None:
                    checkpoint.elapsed = 7.0
                return attributes

        monkeypatch.setattr(step, "create", lambda *chosen, **more: Given())

    return put


@pytest.mark.parametrize(
    ("longest", "hold", "due"),
    [(1e-9, 0.2e-9, 0.8e-9), (1e-9, 3e-9, 1.6e-9), (0.0, 2e-9, 0.6e-9)],
    ids=["until it rests", "to the cap", "none"],
)
def test_a_trace_that_ends_before_the_wall_can_rest_is_refused(
    synapse, calculator, longest, hold, due
):
    """The pulse lasts 0.6 ns."""
    job = _pulse(synapse, 0.5e12, 0.6e-9, longest, hold=hold)
    calculator([0.0, due])
    assert simulate.simulate(job)["time"].values[-1] == due
    calculator([0.0, due - 0.01e-9])
    with pytest.raises(simulate.SimulationError, match="the trace ends at"):
        simulate.simulate(job)


def test_the_wall_time_counts_earlier_attempts(synapse, calculator, monkeypatch, tmp_path):
    calculator([0.0, 0.6e-9, 1.6e-9])
    clock = iter([100.0, 102.5])
    monkeypatch.setattr(step.time, "perf_counter", lambda: next(clock))
    trace = simulate.simulate(jobs.pulse_job(synapse, 0.5e12), output=tmp_path / "trace.nc")
    assert trace.attrs["wall_time"] == pytest.approx(9.5, rel=1e-9, abs=0)


def test_a_trace_names_the_code_of_its_own_calculator(synapse, calculator):
    """A version that the calculator states replaces the identity of its code."""
    own = {"calculator_name": "solver:Solver", "calculator_code": "source 12ab"}
    job = jobs.pulse_job(synapse, 0.5e12).model_copy(update=own)
    for description, version in (
        ({}, "source 12ab"),
        ({"backend_version": "solver 2"}, "solver 2"),
    ):
        calculator([0.0, 0.6e-9, 1.6e-9], **description)
        attributes = simulate.simulate(job).attrs
        assert attributes["backend"] == "solver:Solver"
        assert attributes["backend_version"] == version
        assert attributes["revision"] == revisions.of("simulate") != revisions.of("film")


def test_a_calculator_derived_from_the_engine_has_settings_of_its_own(tiny, tmp_path, monkeypatch):
    source = (
        "from wallnet.simulate.embedded import Embedded\n\n\nclass Finer(Embedded):\n    pass\n"
    )
    (tmp_path / "derived.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    settings = {"calculator": "derived:Finer", "film": {"time_step_fraction": 0.7}}
    settings["calculator_settings"] = {"derived:Finer": {"time_step_fraction": 0.3}}
    own = config.parse(tiny | settings, check).devices["synapse"]
    traces = []
    for device in (own, own.model_copy(update={"calculator": "film"})):
        traces.append(simulate.simulate(_pulse(device, 0.5e12, 40e-12, 20e-12)))
    derived, ours = traces
    assert derived.attrs["backend"] == "derived:Finer"
    # 20 ps between entries in steps of 0.3 and 0.7 of the same limit
    assert derived.attrs["steps"] / ours.attrs["steps"] == pytest.approx(0.7 / 0.3, rel=0.1, abs=0)


def test_a_trace_tells_the_work_of_the_engine(synapse, monkeypatch):
    from wallnet.simulate import embedded

    engines, engine_of = [], embedded.engine_of
    monkeypatch.setattr(
        embedded, "engine_of", lambda *job: engines.append(engine_of(*job)) or engines[-1]
    )
    attributes = simulate.simulate(_pulse(synapse, 0.5e12, 40e-12, 20e-12)).attrs
    names = ("steps", "field_evaluations", "stray_field_renewals")
    counted = [getattr(engines[0].counters, name) for name in names]
    assert [attributes[name] for name in names] == counted
    assert len({0, *counted}) == 4


def test_the_simulated_time_is_noted_beside_the_output(tmp_path):
    out = tmp_path / "trace.nc"
    with simulate.progress_bar(3e-9, output=out) as progress:
        progress(1e-9)
        assert read_progress(out) == (1e-9, 3e-9)


def test_what_a_trace_keeps_of_an_entry(synapse):
    """Half of one column, under a notch, is reversed; all other cells point along +z."""
    job = jobs.level_job(synapse, "1")
    recorder = Recorder(job)
    magnetic = int(recorder.mask.sum())
    column = int(recorder.mask[:, 30].sum())  # 10 of 18 rows: x = 122 nm, notch at 120 nm
    # a quarter of a disc of four cells contains 13 centres; there are ten quarters
    assert (magnetic, column) == (90 * 18 - 10 * 13, 10)
    m = np.zeros((18, 90, 3))
    m[..., 2] = 1.0
    m[4:9, 30] = (0.6, 0.8, 0.0)
    recorder.record(0.0, m)
    trace = recorder.trace()
    assert trace["m"].values[0] == pytest.approx(
        np.array([3, 4, magnetic - 5]) / magnetic, rel=1e-9, abs=0
    )
    assert trace["wall_position"].values[0] == pytest.approx(
        360e-9 * (5 / magnetic) / 2, rel=1e-9, abs=0
    )
    profile = trace["magnetization_profile"].values[0]
    assert profile[30] == pytest.approx([0.3, 0.4, 0.5], abs=1e-6)
    assert profile[31] == pytest.approx([0, 0, 1], abs=1e-6)
    assert trace["magnetic_cells"].values[[0, 30]].tolist() == [18, 10]
    kept = trace["magnetization"].values[0]
    assert np.array_equal(np.isnan(kept).all(-1), ~recorder.mask)
    assert kept[4, 30] == pytest.approx([0.6, 0.8, 0.0], abs=1e-6)
    assert trace["x"].values[30] == pytest.approx(122e-9, rel=1e-9, abs=0)
    assert trace["y"].values[4] == pytest.approx(18e-9, rel=1e-9, abs=0)


def test_a_snapshot_is_due_an_interval_after_the_latest(synapse):
    """The interval is 0.1 ns; the first and the last entry are always kept."""
    recorder = Recorder(jobs.level_job(synapse, "1"))
    still = np.zeros((18, 90, 3))
    still[..., 2] = 1.0
    for time in (0, 0.13, 0.2, 0.24, 0.3):
        recorder.record(time * 1e-9, still)
    times = recorder.trace()["snapshot_time"].values * 1e9
    assert times == pytest.approx([0, 0.13, 0.24, 0.3], abs=1e-9)


def test_the_state_is_that_of_the_latest_entry_wherever_the_wall_was(synapse):
    job = jobs.level_job(synapse, "1")
    walls = {"notch 1": (124e-9, 124e-9), "between 1 and 2": (129e-9, 229e-9)}
    states = States(job.track, 9e-9, (*map(WallState, walls),), (*walls.values(),))

    def state(*ends):
        trace = _recorded(job, ends).trace()
        trace["read_settled"][:] = 1
        return outcomes(trace, states)[-1].state

    places = {180e-9: "free", 120e-9: "notch 1", 5e-9: "expelled", 356e-9: "reversed"}
    for end, name in places.items():
        assert state(60e-9, 230e-9, end) == name
    assert state(120e-9, 120e-9, (120e-9, 240e-9)) == "between 1 and 2"
    assert state(180e-9, 230e-9, 180e-9) == "free"


def test_the_walls_on_the_track_are_counted_over_time(synapse):
    """Domains of a wall at 60 nm, of three walls, of none, and of one wall again."""
    recorder = Recorder(jobs.level_job(synapse, "1"))
    m = tracks.placed_wall(recorder.job, 62e-9, 58e-9)
    three, gone = m.copy(), np.zeros_like(m)
    three[:, 40:55, 2] = -0.9
    gone[..., 2] = -1.0
    # a change of sign within a wall, in columns with a mean of m_z near 0, is none
    uneven = m.copy()
    uneven[:, 15:18, 2] = [-0.06, 0.05, -0.04]
    for index, magnetization in enumerate((m, three, gone, uneven)):
        recorder.record(index * 0.1e-9, magnetization)
    assert recorder.trace()["walls"].values.tolist() == [1, 3, 0, 1]


def test_one_pulse_starts_from_the_given_state_and_is_summed_up(
    synapse, tmp_path, capsys, announced
):
    start, out = tmp_path / "initial.nc", tmp_path / "trace.nc"
    placed = jobs.level_job(synapse, "1").model_copy(
        update={"placement": WallPlacement(bottom=180e-9, top=190e-9)}
    )
    placed = placed.model_copy(update={"steps": ()})
    files.write_dataset(simulate.simulate(placed), start, "run", {})
    job = _pulse(synapse, -0.5e12).to_json()
    cli.main(["simulate", "--job", job, "--after", str(start), "--out", str(out)])
    trace = files.read_dataset(out, "run")
    assert trace["wall_bottom"].values[0] == pytest.approx(180e-9, abs=1e-9)
    assert trace["wall_top"].values[0] == pytest.approx(190e-9, abs=1e-9)
    bottom, top = (trace[name].values[-1] * 1e9 for name in ("wall_bottom", "wall_top"))
    assert abs(bottom - top) > 1
    said = capsys.readouterr().out
    assert f"NOT settled; wall at {bottom:.1f} nm (lower edge), {top:.1f} nm (upper edge)" in said
    assert "after 0.30 ns" in said
    assert announced == [pytest.approx(0.3e-9, rel=1e-9, abs=0)]
    assert sorted(tmp_path.iterdir()) == [start, out]
