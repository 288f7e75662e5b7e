"""Simulations at a temperature, from the configuration to the trace."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import yaml
from helpers.runs import with_step
from helpers.small_campaign import MATERIAL
from helpers.stepping import all_by, one_by

from wallnet import api, cli, files, jobs, simulate
from wallnet.config import ConfigError, ProgramPulse, Track, load_device, parse
from wallnet.config.devices import Temperature
from wallnet.config.reading import read_yaml
from wallnet.devices.traces import read_trace
from wallnet.files import WallState
from wallnet.files.origin import digest_of
from wallnet.film.renormalization import Law, of_film, scaled
from wallnet.film.renormalization import domain_magnetization as domain_of
from wallnet.film.terms import Layer, SpinTorque, Terms
from wallnet.film.thermal import ThermalEngine
from wallnet.jobs import Run, film, pulse_train_job
from wallnet.jobs.film import cells_of, check, domain_magnetization, terms_of
from wallnet.questions.opened import Opened
from wallnet.questions.question import Gathered, GatherJob
from wallnet.simulate import calculator, runs
from wallnet.simulate.recorder import Recorder
from wallnet.studies.base import pulse_on
from wallnet.tracks.domains import domains_of, magnetization_over_time
from wallnet.tracks.heat_flow import TrackTemperature, step_response
from wallnet.tracks.heated import HeatedFilm
from wallnet.tracks.states import States

RUN = simulate.simulate

CAMPAIGN = {
    "material": MATERIAL,
    "output": {"interval": 20e-12, "snapshot_interval": 0.2e-9},
    "devices": {
        "warm": {
            "kind": "track",
            "track": {
                "length": 519e-9,
                "width": 72e-9,
                "thickness": 2e-9,
                "cell_size": 3e-9,
                "notches": {"diameter": 30e-9, "positions": [150e-9, 330e-9]},
                "edges": "stairs",
            },
            "wall": {"start": 150e-9},
            "pulse": {"duration": 0.13e-9, "current_densities": [0.2e12, 0.3e12]},
            "relaxation": {"longest": 0.11e-9, "hold": 0.02e-9, "speed": 1e4},
            "temperature": {"ambient": 300.0},
        }
    },
    "networks": {},
}
"""A campaign with one device at 300 K, whose wall starts in a notch."""

TRACK = Track(**CAMPAIGN["devices"]["warm"]["track"])

N_Z = 0.9550512555829974
"""Of a strip of 72 × 2 nm²."""


def device(**changes):
    settings = CAMPAIGN["devices"]["warm"] | changes
    return parse(CAMPAIGN | {"devices": {"warm": settings}}, check).devices["warm"]


def with_curie(kelvin):
    """Return the material with a Curie temperature in K."""
    return {"material": MATERIAL | {"curie_temperature": kelvin}}


def hot(**temperature):
    return device(temperature={"ambient": 300.0, **temperature})


@pytest.fixture(scope="module")
def job():
    return jobs.pulse_job(hot(), 0.3e12)


@pytest.fixture(scope="module")
def trace(job):
    return RUN(job)


@pytest.fixture(scope="module")
def minima():
    return api.minima(hot())


@pytest.fixture
def opened(minima, tmp_path):
    """Return a function that writes a result, and returns it as a study opens it."""

    def written(simulation, data):
        results = {"run.nc": (data, "run"), "minima.nc": (minima, "minima")}
        requests = []
        for path, (dataset, name) in results.items():
            files.write_dataset(dataset, tmp_path / path, name, {})
            digest = digest_of(str(dataset.attrs["parameters"]))
            entry = {"kind": name, "path": path, "digest": digest, "conditions": {}}
            entry["states"] = "minima.nc" if name == "run" else ""
            requests.append(Gathered(shared=entry))
        assert requests[0].shared["digest"] == digest_of(simulation.to_json())
        job = GatherJob(study="s", subject="warm", settings={}, requests=tuple(requests))
        return Opened(job, tmp_path).one("run")

    return written


def same(first, second):
    assert set(first.variables) == set(second.variables)
    for name in first.variables:
        np.testing.assert_array_equal(first[name].values, second[name].values, err_msg=name)


def test_a_job_has_the_temperature_and_the_seed_of_its_device(job):
    assert json.loads(job.to_json())["temperature"] == {"ambient": 300.0}
    assert job.temperature.seed == 1
    assert Run.from_json(job.to_json()) == job
    other = json.loads(jobs.initial_job(hot(ambient=77.0, seed=5)).to_json())
    assert other["temperature"] == {"ambient": 77.0, "seed": 5}
    cold = device(temperature=None)
    assert "temperature" not in cold.model_dump()
    assert "temperature" not in json.loads(jobs.pulse_job(cold, 0.3e12).to_json())


FADING = {"anisotropy_exponent": 2.0, "dmi_exponent": 6.0, "thermal_field": False}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"calculator": "oommf", "temperature": {"ambient": 300.0, "heating": "pulse"}},
            "temperature.heating: pulse is not simulated by the calculator oommf; leave it "
            "out, or set calculator: film",
        ),
        ({"temperature": {"ambient": 0.0}}, "ambient = 0.0 is outside the range 0.001"),
        (
            {"temperature": {"ambient": 1001.0}},
            "ambient = 1001.0 is outside the range",
        ),
        ({"temperature": {"ambient": 300.0, "seed": -1}}, "temperature.seed"),
        (
            {"temperature": {"ambient": 300.0, "values_of": "cells", "measured_at": 300.0}},
            "measured_at is a temperature of a film",
        ),
        (
            {"material": MATERIAL | {"damping": 0.01}},
            "warm.material.damping is 0.01, for which there are no noise weights at a temperature",
        ),
        (
            {"temperature": FADING | {"ambient": 890.0, "measured_at": 10.0}},
            "dmi_constant at 890 K = 1.71.*e-08 is outside the .*; change it, the",
        ),
        (
            {"temperature": FADING | {"ambient": 905.0}},
            "from 300 to 905 K, which ends at 900 K; raise it or change the",
        ),
        (
            with_curie(340.0) | {"temperature": {"ambient": 358.0}},
            "from 300 to 358 K, which ends at 306 K",
        ),
        (
            with_curie(300.0) | {"temperature": {"ambient": 290.0}},
            "from 300 to 290 K, which ends at 270 K",
        ),
        (
            {"temperature": {"ambient": 540.0, "thermal_field": False}},
            "anisotropy at 540 K is 376029 J/m³, too low for a perpendicular mag.*; change it, the",
        ),
    ],
)
def test_what_cannot_be_simulated_is_refused_with_the_configuration(changes, message):
    with pytest.raises(ConfigError, match=message):
        device(**changes)


def test_a_job_of_another_calculator_is_refused(heated_job):
    with pytest.raises(simulate.SimulationError, match="calculator oommf; leave"):
        RUN(heated_job.model_copy(update={"calculator_name": "oommf"}))


def test_the_film_has_the_temperature_and_the_trace_tells_it(trace):
    assert (trace.attrs["temperature"], trace.attrs["seed"]) == (300.0, 1)
    # 12 samples of 3800 moments with two angles each: about 1 %
    assert trace.attrs["spin_temperature"] == pytest.approx(300, abs=12)
    assert trace.attrs["spin_temperature"] != 300.0
    # the domains are shorter by the fluctuations, which have two independent directions
    m_z = np.abs(trace["magnetization"].values[-1, 8:16, 90:165, 2]).mean()
    assert 0.96 < m_z < 0.99


def test_the_relaxation_lasts_its_longest_time_though_all_is_slow_enough(trace):
    """Both ends are slower than 10 km/s for 20 ps."""
    assert trace["time"].values[-1] == pytest.approx(0.24e-9, rel=1e-9, abs=0)
    assert trace["read_settled"].values[-1] == -1


def test_the_state_is_that_of_the_quenched_wall(trace, minima):
    """The same wall at 0 K returns to the same ends."""
    assert api.states(trace, minima) == ["notch 1"] * 2
    quenched = [trace[f"read_wall_{end}"].values[-1] for end in ("bottom", "top")]
    cold = jobs.level_job(device(temperature=None, relaxation={"longest": 6e-9}), "1")
    rest = RUN(cold)
    resting = [float(rest[f"wall_{end}"][-1]) for end in ("bottom", "top")]
    assert quenched == pytest.approx(resting, rel=0, abs=0.5e-9)
    # the ends fluctuate, and are not displaced by the shorter moments of the domains
    warm = np.array([trace[f"wall_{end}"].values[4:] for end in ("bottom", "top")])
    assert 0.2e-9 < warm.std(axis=1).min() < warm.std(axis=1).max() < 5e-9
    assert np.abs(warm - 150e-9).max() < 9e-9


def test_a_quenched_wall_names_the_state_and_not_the_last_entry(trace, minima):
    """The trace ends at notch 1."""
    ends = {"bottom": 332e-9, "top": 327e-9}
    moved = trace.copy(deep=True)
    for end, position in ends.items():
        moved[f"read_wall_{end}"][-1] = position
    assert api.states(moved, minima) == ["notch 1", "notch 2"]
    # both ends count
    moved["read_wall_bottom"][-1] = 318e-9
    assert api.states(moved, minima) == ["notch 1", "free"]


def test_how_a_state_is_read_follows_from_the_temperature_of_the_job(job):
    cold, positions = job.model_copy(update={"temperature": None}), []
    for run in (job, cold):
        recorder = Recorder(run)
        assert recorder.ends_at_rest == (run is cold)
        for time, m_z in ((0.0, 0.5), (0.1e-9, -0.99)):
            recorder.record(time, np.full((*run.track.cells[::-1], 3), [0.0, 0.0, m_z]))
        positions.append(1 - 2 * recorder.trace()["wall_position"].values / 519e-9)
    # in units of m = 0.979, to the ends of the track at most
    assert positions[0] == pytest.approx([0.511, -1.0], abs=1e-3)
    assert positions[1] == pytest.approx([0.5, -0.99], abs=1e-9)


def test_the_same_seed_gives_the_same_trace_and_another_one_another(job, trace):
    same(trace, RUN(job))
    other = RUN(jobs.pulse_job(hot(seed=2), 0.3e12))
    gap = other["magnetization"].values[-1] - trace["magnetization"].values[-1]
    assert np.nanstd(gap[..., 0]) > 0.05


def test_simulations_that_follow_one_another_have_different_fields(job):
    pulses = (ProgramPulse(current_density=0.3e12, duration=0.13e-9, repetitions=3),)
    steps = list(pulse_train_job(hot(), pulses).parts())
    simulations = [job, *steps, jobs.initial_job(hot()), jobs.level_job(hot(), "2")]
    simulations += [jobs.pulse_job(hot(), 0.2e12), jobs.pulse_job(hot(seed=2), 0.3e12)]
    keys = [simulation.noise_key for simulation in simulations]
    assert len(set(keys)) == len(keys)
    assert all(0 <= key < 2**64 for key in keys)
    assert max(keys) > 2**32
    # without a temperature, a step does not depend on those before
    cold = pulse_train_job(device(temperature=None), pulses)
    assert len({step.to_json() for step in cold.parts()}) == 1


def test_the_field_follows_from_all_that_the_wall_went_through(job):
    """From film, temperature, seed, start, and all steps, in whichever blocks they are."""
    equal = (ProgramPulse(current_density=0.3e12, duration=0.13e-9),) * 3
    repeated = (equal[0].model_copy(update={"repetitions": 3}),)
    trains = [pulse_train_job(hot(), pulses) for pulses in (equal, repeated)]
    keys = [[step.noise_key for step in train.parts()] for train in trains]
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 3
    placement = jobs.level_job(hot(), "2").placement
    softer = job.material.model_copy(update={"uniaxial_anisotropy": 0.99e6})
    others = [
        job.model_copy(update={"placement": placement}),
        job.model_copy(update={"material": softer}),
        job.model_copy(update={"replica": 2}),
        with_step(job, pause=0.12e-9),
        jobs.pulse_job(hot(ambient=301.0), 0.3e12),
    ]
    assert len({job.noise_key, *(other.noise_key for other in others)}) == 6
    # what is recorded does not matter; a single run is the first replica
    first = job.model_copy(update={"replica": 1, "recorded": "ends"})
    assert first.noise_key == job.noise_key


def test_the_engine_takes_the_key(job, monkeypatch):
    from wallnet.simulate import embedded

    seeds = []
    made = embedded.ThermalEngine
    monkeypatch.setattr(
        embedded, "ThermalEngine", lambda *arguments: seeds.append(arguments[2]) or made(*arguments)
    )
    embedded.engine_of(job, job.calculator)
    assert seeds == [job.noise_key]


class Killed(BaseException):
    """Substitute for SIGKILL within a process; no code catches it."""


@pytest.mark.parametrize("entries", [7, 10])
def test_a_killed_pulse_goes_on_to_the_same_data(job, trace, entries, tmp_path, monkeypatch):
    """It is killed at the end of the pulse and in the relaxation."""
    monkeypatch.setattr(calculator, "INTERVAL", 0.0)
    left = iter(range(entries))

    def progress(now):
        if next(left, None) is None:
            raise Killed

    with pytest.raises(Killed):
        RUN(job, progress=progress, output=tmp_path / "trace.nc")
    again = []
    resumed = RUN(job, progress=again.append, output=tmp_path / "trace.nc")
    assert len(again) <= trace.sizes["time"] - entries
    same(trace, resumed)
    for name in ("spin_temperature", "steps"):
        assert resumed.attrs[name] == trace.attrs[name]


@pytest.fixture(scope="module")
def initial():
    return simulate.simulate(jobs.initial_job(hot()))


@pytest.fixture(scope="module")
def train():
    pulses = (
        ProgramPulse(current_density=0.3e12, duration=0.06e-9, pause=0.04e-9, repetitions=2),
        ProgramPulse(current_density=-0.2e12, duration=0.04e-9),
    )
    return pulse_train_job(hot(), pulses, expected=("notch 1", "notch 1", "", ""))


def test_a_train_goes_on_by_the_states_of_its_quenched_walls(train, initial, minima):
    states = States.of(minima)
    dataset = simulate.simulate(train, initial, states=states)
    assert api.states(dataset, minima) == ["notch 1"] * 4
    assert dataset["read_settled"].values.tolist() == [-1] * 4
    assert (dataset.attrs["temperature"], dataset.attrs["seed"]) == (300.0, 1)
    assert dataset.attrs["spin_temperature"] == pytest.approx(300, abs=24)
    state, warm = initial, []
    for index, step in enumerate(train.parts(), start=1):
        state = alone = RUN(step, state, states=states)
        warm.append(float(alone["wall_top"][-1]))
        tops = [run["read_wall_top"].values[n] for run, n in ((dataset, index), (alone, -1))]
        assert tops[0] == tops[1]
        np.testing.assert_array_equal(
            dataset["magnetization"].values[index], alone["magnetization"].values[-1]
        )
    # no train stays where it is at 0 K
    assert np.all(np.array(warm) != dataset["read_wall_top"].values[1:])
    # the first pulse does not reach the second notch
    another = train.model_copy(update={"expected": ("notch 1", "notch 2", "", "")})
    short = simulate.simulate(another, initial, states=states)
    assert short.sizes["pulse"] == 2


def test_a_killed_train_goes_on_to_the_same_data(train, initial, minima, tmp_path, monkeypatch):
    done, options = [], {"output": tmp_path / "train.nc", "states": States.of(minima)}

    def killed(step, *rest):
        if len(done) == 2:
            raise Killed
        done.append(step.noise_key)
        return original(step, *rest)

    original = one_by(runs.simulate_steps)
    undisturbed = simulate.simulate(train, initial, states=options["states"])
    monkeypatch.setattr(runs, "simulate_steps", all_by(killed))
    with pytest.raises(Killed):
        simulate.simulate(train, initial, **options)
    done.clear()
    same(undisturbed, simulate.simulate(train, initial, **options))
    assert len(done) == 1


def test_studies_take_the_quenched_wall(job, trace, train, initial, minima, opened):
    ran = simulate.simulate(train, initial, states=States.of(minima))
    for simulation, data in ((job, trace), (train, ran)):
        result = opened(simulation, data)
        end = result.outcomes[-1]
        assert (str(end.state), end.resting) == ("notch 1", True)
        hot_end = float(data["wall_top"][-1])
        assert end.top != hot_end
        assert end.top == pytest.approx(150e-9, abs=2e-9)
        if simulation is job:
            *_, gathered = read_trace(result, hot())
            assert gathered.state == "notch 1"
            assert (gathered.rests, gathered.settled) == (True, -1)
            assert gathered.ends == (data["read_wall_bottom"].values[-1], end.top)


def test_the_work_is_that_of_the_steps(job, trace, monkeypatch):
    """All columns take three times as long a step; each interval has a whole number of steps.

    The quench is the rest.
    """
    columns, rows = job.track.cells
    cold = job.model_copy(update={"temperature": None})
    work = job.cell_steps() - cold.cell_steps() * 5e-9 / cold.longest
    steps = work / (3 * columns * rows)
    assert trace.attrs["steps"] == pytest.approx(steps, rel=0.05, abs=0)
    assert trace.attrs["steps"] >= math.floor(steps)
    monkeypatch.setattr(film, "LARGEST_WORK", 1.01 * work)
    assert hot()
    monkeypatch.setattr(film, "LARGEST_WORK", 0.99 * work)
    with pytest.raises(ConfigError, match="which is more than a month"):
        hot()
    assert device(temperature=None)


def test_a_deviation_of_the_temperature_is_told(job, monkeypatch, caplog):
    from wallnet.simulate import embedded

    for factor, count in ((1.04, 0), (1.06, 1), (0.94, 2)):
        monkeypatch.setattr(
            embedded.ThermalEngine, "spin_temperature", lambda self, f=factor: 300 * f
        )
        RUN(job)
        assert caplog.text.count("instead of 300.0 K") == count


def test_the_command_takes_a_temperature_from_a_key(trace, tmp_path):
    cold = dict(CAMPAIGN["devices"]["warm"])
    del cold["temperature"]
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(CAMPAIGN | {"devices": {"warm": cold}}))
    assert not load_device(path, "warm", check).temperature.field
    command = ["simulate", "--config", str(path), "--device", "warm", "--current-density", "0.3e12"]
    cli.main([*command, "--set", "temperature.ambient=300", "--out", str(tmp_path / "a.nc")])
    written = files.read_dataset(tmp_path / "a.nc", "run")
    same(trace, written)
    assert written.attrs["temperature"] == 300.0


METAL = {"resistivity": 2e-6, "thickness": 4e-9, "spin_hall_angle": 0.16}
"""Carries J · 0.4/0.16 = 2.5 J."""


def heated(**changes):
    pulse = {"ambient": 300.0, "heating": "pulse", **changes.pop("temperature", {})}
    return device(**{"temperature": pulse, "heavy_metal": METAL} | changes)


def test_a_job_without_heating_has_nothing_of_it():
    texts = [
        jobs.pulse_job(made, 0.3e12).to_json()
        for made in (hot(), hot(heating="none"), hot(anisotropy_exponent=2.0))
    ]
    metal = device(temperature={"ambient": 300.0}, heavy_metal=METAL)
    texts.append(jobs.pulse_job(metal, 0.3e12).to_json())
    assert len(set(texts)) == 1
    assert "heat" not in json.loads(texts[0])
    assert hot().model_dump()["temperature"] == {"ambient": 300.0}
    # without a current, no heat
    assert jobs.initial_job(heated()) == jobs.initial_job(hot())
    assert jobs.level_job(heated(), "2") == jobs.level_job(hot(), "2")


TOLD = ("saturation_magnetization", "exchange_stiffness", "dmi_constant", "uniaxial_anisotropy")


def told_material(made):
    job = jobs.pulse_job(made, 0.3e12)
    return job, np.array([getattr(job.material, name) for name in TOLD])


def test_values_of_a_film_are_raised_for_its_cells_and_lowered_without_a_thermal_field():
    material, powers = told_material(hot(values_of="cells"))[1], np.array([1, 2, 2, 3])
    np.testing.assert_array_equal(told_material(device(temperature=None))[1], material)
    job, cells = told_material(hot())
    assert told_material(hot(measured_at=300.0))[0] == job
    m = domain_magnetization(TRACK, job.material, 300.0)
    assert m == pytest.approx(0.9788, abs=1e-4)
    np.testing.assert_allclose(cells, material / m**powers, rtol=2e-5)
    assert job.field == 300.0
    # Bloch's law from 250 to 300 K: r = 0.835683/0.875
    other, cells = told_material(hot(measured_at=250.0, anisotropy_exponent=2.0))
    ratio = 0.835683 / 0.875
    m = domain_magnetization(TRACK, other.material, 300.0)
    law = np.array([ratio, ratio**2, ratio**2, ratio**2])
    np.testing.assert_allclose(cells, material * law / m**powers, rtol=2e-5)
    # at 0 K, the film of these cells, and the film itself
    cold, film = told_material(hot(thermal_field=False, values_of="cells"))
    assert cold.temperature is None
    m = job.material.model_copy(update=dict(zip(TOLD, material.tolist(), strict=True)))
    m = domain_magnetization(TRACK, m, 300.0)
    np.testing.assert_allclose(film, material * m**powers, rtol=2e-5)
    np.testing.assert_array_equal(told_material(hot(thermal_field=False))[1], material)
    plain = device(temperature=None).model_dump()
    assert hot(thermal_field=False).model_dump() == plain
    warmer = hot(ambient=310.0, thermal_field=False).model_dump()
    assert warmer == plain | {"temperature": {"ambient": 310.0, "thermal_field": False}}


def film_of(made, kelvin=None):
    """Return the material of a minimum, and check that a path has it too, with its Δ."""
    minimum = jobs.minima_job(made, kelvin)
    path = jobs.barrier_job(made, "1", "2", 0.5, kelvin)
    assert path.material == minimum.material
    magnetization, exchange, _, anisotropy = (getattr(path.material, name) for name in TOLD)
    effective = anisotropy - 2e-7 * np.pi * magnetization**2
    assert path.spacing == pytest.approx(0.5 * np.sqrt(exchange / effective), rel=1e-6, abs=0)
    return np.array([getattr(minimum.material, name) for name in TOLD])


def test_minima_and_paths_are_those_of_the_film_at_the_temperature():
    """Bloch's law from 250 to 300 K: r = 0.835683/0.875; cells fluctuate, their film does not."""
    material, ratio = film_of(device(temperature=None)), 0.835683 / 0.875
    np.testing.assert_array_equal(film_of(hot()), material)
    np.testing.assert_array_equal(film_of(hot(measured_at=300.0)), material)
    warmer = hot(measured_at=250.0, anisotropy_exponent=2.0)
    np.testing.assert_allclose(
        film_of(warmer), material * ratio ** np.array([1, 2, 2, 2]), rtol=2e-5
    )
    m = jobs.pulse_job(hot(values_of="cells"), 0.3e12).material
    m = domain_magnetization(TRACK, m, 300.0)
    film, powers = film_of(hot(values_of="cells")), np.array([1, 2, 2, 3])
    np.testing.assert_allclose(film, material * m**powers, rtol=2e-5)
    # the film of these cells follows Bloch's law from 300 to 358 K
    warmer = film_of(hot(values_of="cells"), 358.0)
    np.testing.assert_allclose(warmer, film * (0.785797 / 0.835683) ** powers, rtol=1e-5)


M_728 = {280.0: 0.761472, 300.0: 0.735464, 358.0: 0.655152, 395.0: 0.600331}
"""1 - (T/728)^1.5, by hand, of a film with a Curie temperature of 728 K."""


@pytest.mark.parametrize(
    ("temperature", "kelvin", "measured", "exponent"),
    [
        ({"ambient": 358.0}, None, 300.0, 3.0),
        ({"ambient": 358.0, "anisotropy_exponent": 2.2}, 395.0, 300.0, 2.2),
        ({"ambient": 358.0, "anisotropy_exponent": 2.2}, 300.0, 300.0, 2.2),
        ({"ambient": 395.0, "measured_at": 280.0}, 358.0, 280.0, 3.0),
        (None, 358.0, 300.0, 3.0),
    ],
)
def test_a_film_has_its_material_at_room_temperature(temperature, kelvin, measured, exponent):
    material = with_curie(728.0)["material"] | {"uniaxial_anisotropy": 1.2e6}
    made = device(material=material, temperature=temperature)
    ratio = M_728[kelvin or 358.0] / M_728[measured]
    film = [material[name] for name in TOLD] * ratio ** np.array([1, 2, 2, exponent])
    np.testing.assert_allclose(film_of(made, kelvin), film, rtol=1e-5)
    if kelvin is None:  # the cells of a simulation follow
        job, cells = told_material(made)
        m = domain_magnetization(TRACK, job.material, 358.0)
        np.testing.assert_allclose(cells, film / m ** np.array([1, 2, 2, 3]), rtol=2e-5)


def test_a_film_that_no_law_scales_may_have_any_curie_temperature():
    for curie, changes in ((340.0, {"values_of": "cells"}), (340.0, {"measured_at": 358.0})):
        assert device(**with_curie(curie), temperature={"ambient": 358.0} | changes)
    assert device(**with_curie(300.0))


def test_a_film_at_its_own_temperature_has_its_material_to_the_last_digit():
    """Rounding to six digits, where a law changes it, would make another job of it."""
    material = device().material.model_dump() | {"exchange_stiffness": 1.8765432e-11}
    made = hot()
    made = made.model_copy(update={"material": type(made.material)(**material)})
    assert jobs.minima_job(made).material.exchange_stiffness == 1.8765432e-11


def test_other_calculators_simulate_the_film_at_0_k():
    assert (
        device(
            temperature={"ambient": 300.0, "thermal_field": False}, calculator="oommf"
        ).temperature.field
        == 0
    )


def test_the_wall_is_where_its_ends_are_though_domains_are_shorter(job, trace):
    """Unscaled, the mean of m_z would misplace it by 0.0225 (L/2 - x) = 2.5 nm."""
    m = trace.attrs["domain_magnetization"]
    assert m == domain_magnetization(TRACK, job.material, 300.0)
    late = slice(4, None)
    ends = (trace["wall_bottom"].values + trace["wall_top"].values)[late].mean() / 2
    scaled_position = trace["wall_position"].values[late].mean()
    unscaled = 519e-9 * (1 - trace["m"].values[late, 2].mean()) / 2
    assert unscaled - scaled_position == pytest.approx(2.5e-9, abs=0.3e-9)
    assert abs(scaled_position - ends) < abs(unscaled - ends)


def test_a_job_with_heating_has_what_its_temperature_depends_on():
    made = heated(temperature={"anisotropy_exponent": 2.5})
    job = jobs.pulse_job(made, 0.3e12)
    parameters = json.loads(job.to_json())
    pulse = {"ambient": 300.0, "heating": "pulse", "anisotropy_exponent": 2.5}
    assert parameters["temperature"] == pulse
    assert parameters["heat"]["media"]["oxide_conductivity"] == 1.4
    assert parameters["heat"]["curie_temperature"] == 1000.0
    # a square of the metal has 500 Ω, one of the magnet 650 Ω
    assert parameters["heat"]["bilayer"] == pytest.approx(
        {
            "density_ratio": 2.5,
            "sheet_current": 2.5 * 4e-9 * (1 + 500 / 650),
            "sheet_resistance": 500 * 650 / 1150,
            "heat_capacity": STORED,
        },
        rel=1e-12,
        abs=0,
    )
    assert Run.from_json(job.to_json()) == job
    # so have the pulses of studies
    studied = pulse_on(made, WallState("notch 2"), 0.3e12, 0.1e-9, 1e-9)
    assert studied.heat == job.heat
    # a limit of tables is no part of it
    marked = heated(temperature={"anisotropy_exponent": 2.5}, heating={"largest_rise": 20.0})
    assert jobs.pulse_job(marked, 0.3e12) == job
    with pytest.raises(ConfigError, match="temperature.ambient is 400 K, not below"):
        heated(temperature={"ambient": 400.0}, material=MATERIAL | {"curie_temperature": 400.0})
    with pytest.raises(ConfigError, match="heat is given without temperature"):
        Run.from_json(job.model_copy(update={"temperature": None}).to_json())


STORED = 4e-9 * 2.6e6 + 2e-9 * 3.6e6 + 4e-9 * 2.8e6
"""Heat capacity of metal, magnet and cap in J/(m² K)."""

FLUX = 2e-6 * 4e-9 * 2.5e12**2 * (1 + 500 / 650)
"""Heat flux in W/m² of 1e12 A/m²; a square of the metal has 500 Ω, one of the magnet 650 Ω."""


def test_the_temperature_is_that_of_the_stored_heat_at_first():
    """The interfaces of 1e-8 m² K/W let hardly anything through: q t/C."""
    temperature = TrackTemperature(jobs.pulse_job(heated(), -0.5e12))(1e-12)
    assert temperature - 300 == pytest.approx(FLUX * 0.25 * 1e-12 / STORED, rel=0.005, abs=0)


def test_the_temperature_is_that_of_the_heat_in_one_dimension_later():
    """Half of it goes up, each 1 nm deep, far less than the width: q √(t/(π λ c)).

    Metal and magnet store 1 % of it, and 1 % leaves at the edges.
    """
    metal = METAL | {"heat_capacity": 1e4}
    joined = {"interface_resistance": 0, "encapsulation_resistance": 0, "cap_thickness": 0}
    material = MATERIAL | {"heat_capacity": 1e4, "resistivity": "insulating"}
    made = heated(heavy_metal=metal, material=material, heating=joined)
    temperature = TrackTemperature(jobs.pulse_job(made, -0.5e12))(2e-12)
    flux = 2e-6 * 4e-9 * (2.5 * 0.5e12) ** 2
    rise = flux * math.sqrt(2e-12 / (math.pi * 1.4 * 1.62e6))
    assert temperature - 300 == pytest.approx(rise, rel=0.03, abs=0)


def test_a_train_is_heated_by_its_earlier_pulses_too():
    pulses = (
        ProgramPulse(current_density=0.4e12, duration=0.3e-9, pause=0.2e-9, repetitions=2),
        ProgramPulse(
            current_density=-0.6e12,
            duration=0.1e-9,
            pause=0.05e-9,
            waveform=((0.0, 1.0), (0.04e-9, 1.0), (0.04e-9, 0.5), (0.1e-9, 0.5)),
        ),
        ProgramPulse(current_density=0.2e12, duration=0.1e-9),
    )
    steps = list(pulse_train_job(heated(), pulses).parts())
    assert [len(step.earlier) for step in steps] == [0, 1, 1, 2]
    assert [step.duration for step in steps[3].earlier] == [0.3e-9, 0.1e-9]
    # steps of the heat flux, in units of that of 1e12 A/m²
    edges = np.array([0, 0.3, 0.5, 0.8, 1.0, 1.04, 1.1, 1.15, 1.25]) * 1e-9
    heights = np.array([0.16, -0.16, 0.16, -0.16, 0.36, -0.27, -0.09, 0.04, -0.04])
    substrate = heated().heating
    begins = [0.0, 0.5e-9, 1.0e-9, 1.15e-9]
    for step, begin in zip(steps, begins, strict=True):
        for since in (0.0, 0.03e-9, 0.1e-9):
            response, _ = step_response(begin + since - edges, 72e-9, substrate, STORED)
            expected = 300 + FLUX * response @ heights
            assert TrackTemperature(step)(since) == pytest.approx(expected, rel=1e-6, abs=0)
    assert TrackTemperature(steps[0])(0.0) == 300
    assert TrackTemperature(steps[1])(0.0) > 300.5
    # a waveform that changes gradually, between the ends of its parts
    ramp = pulses[2].model_copy(update={"waveform": ((0.0, 0.0), (0.1e-9, 1.0))})
    (step,) = pulse_train_job(heated(), (ramp,)).parts()
    nodes, weights = np.polynomial.legendre.leggauss(200)
    share = (1 + nodes) / 2
    late, _ = step_response(0.07e-9 - 0.07e-9 * share, 72e-9, substrate, STORED)
    rise = FLUX * 0.04 * np.sum(weights / 2 * 0.07e-9 * 2 * 0.07e-9 * share * late) / 0.1e-9**2
    assert TrackTemperature(step)(0.07e-9) - 300 == pytest.approx(rise, rel=0.01, abs=0)


def test_the_film_follows_blochs_law():
    """At 400 K of 1000 K: m = 0.747018, and 0.835683 at 300 K; r = 0.893901.

    The law is that of the film, which has the given values at 300 K.
    """
    job = jobs.pulse_job(heated(temperature={"anisotropy_exponent": 2.0}), 0.9e12)
    film = HeatedFilm(job)
    temperature = TrackTemperature(job)
    below, above = 0.0, 0.13e-9
    for _ in range(60):
        middle = (below + above) / 2
        below, above = (middle, above) if temperature(middle) < 400 else (below, middle)
    terms, kelvin = film.at(above)
    assert kelvin == pytest.approx(400, rel=1e-6, abs=0)
    ratio, cell = 0.893901, (3e-9, 3e-9, 2e-9)
    hot_film, ambient_film = (
        of_film(cell_terms, cell, kelvin, N_Z)
        for cell_terms, kelvin in ((terms, 400.0), (terms_of(job.material), 300))
    )
    for name, power in (
        ("saturation_magnetization", 1),
        ("exchange_stiffness", 2),
        ("dmi_constant", 2),
        ("anisotropy", 2),
    ):
        share = getattr(hot_film, name) / getattr(ambient_film, name)
        assert share == pytest.approx(ratio**power, rel=1e-5, abs=0), name
    assert hot_film.saturation_magnetization / 1.1e6 == pytest.approx(ratio, rel=1e-5, abs=0)
    # those of the cells fall less, by what they fluctuate more
    more = domain_of(terms, cell, 400.0, N_Z) / domain_of(terms_of(job.material), cell, 300.0, N_Z)
    assert 0.985 < more < 0.993
    at_rest = job.material.saturation_magnetization
    assert terms.saturation_magnetization / at_rest == pytest.approx(ratio / more, rel=1e-5, abs=0)
    assert (terms.damping, terms.gyromagnetic_ratio) == (0.5, 2.211e5)
    assert film.highest == temperature(0.13e-9)
    cubed = scaled(Terms(1.1e6, anisotropy=1e6), 0.9, 3.0)
    assert cubed.anisotropy == pytest.approx(0.729e6, rel=1e-12, abs=0)


LAW = {"exchange_exponent": 1.8, "dmi_exponent": 4.9, "damping_law": "llb"}


def test_a_film_may_follow_other_laws():
    """At 450 K of 1000 K: r = 0.698131/0.835683, α rises by (0.85/0.698131)/(0.9/0.835683).

    13 % from 300 K to 0.45 Tc.
    """
    made = heated(temperature=LAW | {"anisotropy_exponent": 2.1})
    job = jobs.pulse_job(made, 0.9e12)
    temperature = json.loads(job.to_json())["temperature"]
    assert {key: temperature[key] for key in LAW} == LAW
    assert Run.from_json(job.to_json()) == job
    terms, kelvin = HeatedFilm(job).at(0.13e-9)
    ratio = (1 - (kelvin / 1000) ** 1.5) / 0.8356833
    hot_film = of_film(terms, (3e-9, 3e-9, 2e-9), kelvin, N_Z)
    ambient = of_film(terms_of(job.material), (3e-9, 3e-9, 2e-9), 300.0, N_Z)
    for name, power in (
        ("saturation_magnetization", 1),
        ("exchange_stiffness", 1.8),
        ("dmi_constant", 4.9),
        ("anisotropy", 2.1),
    ):
        share = getattr(hot_film, name) / getattr(ambient, name)
        assert share == pytest.approx(ratio**power, rel=1e-5, abs=0), name
    law = Law(1000.0, 3.0, 2.0, 2.0, "llb")
    warm = law.at_temperature(Terms(1.1e6, damping=0.5), 300.0, 450.0)
    assert warm.damping == float(f"{0.5 * (0.85 / 0.698131) / (0.9 / 0.835683):.3g}")
    assert warm.damping / 0.5 == pytest.approx(1.13, abs=0.005)
    assert terms.damping == pytest.approx(0.5 * (1 - kelvin / 3000) / 0.9 / ratio, rel=2e-3, abs=0)


def test_the_material_at_ambient_has_the_laws_of_the_film():
    """r = 0.785797/0.835683 from 300 to 358 K, without a thermal field those of the film."""
    powers = 1, 1.8, 4.9, 2.1
    law = LAW | {"anisotropy_exponent": 2.1, "ambient": 358.0, "thermal_field": False}
    made = device(temperature=law)
    material = jobs.pulse_job(made, 0.3e12).material
    ratio = 0.785797 / 0.835683
    expected = [MATERIAL[key] * ratio**power for key, power in zip(TOLD, powers, strict=True)]
    assert [getattr(material, key) for key in TOLD] == pytest.approx(expected, rel=1e-5, abs=0)
    damping = 0.5 * (1 - 358 / 3000) / 0.9 / ratio
    assert material.damping == pytest.approx(damping, rel=2e-3, abs=0)


def test_an_engine_with_another_material_is_as_one_made_with_it():
    mask = np.ones((6, 9), dtype=bool)
    cell = (3e-9, 4e-9, 2e-9)
    cold = Terms(1.1e6, 2e-11, 1e-3, 1e6)
    warm = scaled(cold, 0.8, 3.0)
    torque = SpinTorque(0.5e12, 0.4)
    m = np.random.default_rng(3).normal(size=(6, 9, 3))
    changed, made = (
        ThermalEngine(Layer(mask, cell, terms), kelvin, key=4)
        for terms, kelvin in ((cold, 300.0), (warm, 450.0))
    )
    for engine in (changed, made):
        engine.magnetization = m
        engine.set_torque(torque)
    changed.set_material(scaled(cold, 0.9, 3.0), 400.0)
    changed.set_material(warm, 450.0)
    for engine in (changed, made):
        engine.advance(1e-12)
    assert changed.counters.steps == made.counters.steps
    np.testing.assert_allclose(changed.magnetization, made.magnetization, rtol=0, atol=2e-5)
    # it keeps its time and goes on with the sequence of the thermal field
    changed.set_material(cold, 300.0)
    assert changed.time == 1e-12
    assert changed.counters.steps == made.counters.steps


@pytest.fixture(scope="module")
def heated_job():
    output = {"interval": 60e-12, "snapshot_interval": 0.2e-9}
    return jobs.pulse_job(heated(output=output), 0.6e12)


@pytest.fixture(scope="module")
def heated_trace(heated_job):
    return RUN(heated_job)


def test_the_engine_has_the_temperature_of_each_part(heated_job, heated_trace, monkeypatch):
    seen = []
    changed = ThermalEngine.set_material

    def noted(engine, terms, temperature):
        seen.append((engine.time, temperature, terms.saturation_magnetization))
        changed(engine, terms, temperature)

    monkeypatch.setattr(ThermalEngine, "set_material", noted)
    same(heated_trace, RUN(heated_job))
    times, kelvin, magnetization = np.array(seen).T
    expected = np.array([0, 30, 60, 90, 120, 130, 180, 210]) * 1e-12
    np.testing.assert_allclose(times, expected, rtol=1e-9, atol=1e-20)
    middles = (times + np.append(times[1:], 0.24e-9)) / 2
    np.testing.assert_allclose(kelvin, TrackTemperature(heated_job)(middles), rtol=1e-12)
    # those of cells fall less
    at_rest = heated_job.material.saturation_magnetization
    bloch = at_rest * (1 - (kelvin / 1000) ** 1.5) / (1 - 0.3**1.5)
    assert np.all((bloch < magnetization) & (magnetization < 1.02 * bloch))
    highest = heated_trace.attrs["highest_temperature"]
    assert highest == TrackTemperature(heated_job)(0.13e-9) > kelvin.max()
    assert heated_trace.attrs["temperature"] == 300.0


@pytest.mark.parametrize("entries", [2, 3, 4])
def test_a_killed_heated_pulse_goes_on_to_the_same_data(
    heated_job, heated_trace, entries, tmp_path, monkeypatch
):
    monkeypatch.setattr(calculator, "INTERVAL", 0.0)
    left = iter(range(entries))

    def progress(now):
        if next(left, None) is None:
            raise Killed

    with pytest.raises(Killed):
        RUN(heated_job, progress=progress, output=tmp_path / "trace.nc")
    resumed = RUN(heated_job, output=tmp_path / "trace.nc")
    same(heated_trace, resumed)
    for name in ("spin_temperature", "steps", "stray_field_renewals", "highest_temperature"):
        assert resumed.attrs[name] == heated_trace.attrs[name]


def test_a_pulse_that_heats_too_much_is_refused_with_the_time():
    """K_eff = 0 at r = N_z μ0 Ms²/(2 Ku) = 0.726092, 536.7 K; with p = 1, K_eff stays positive."""
    job = jobs.pulse_job(heated(), 1.1e12)
    times = np.arange(14) * 1e-11
    kelvin = TrackTemperature(job)(times)
    first = int(np.argmax(kelvin > 536.73))
    assert 1 < first < 13
    message = f"at {times[first]:.4g} s the pulse has heated the track to {kelvin[first]:.1f} K"
    with pytest.raises(
        simulate.SimulationError,
        match=f"{message}, and its magnetisation is not perpendicular from 536.7 K on",
    ):
        RUN(job)
    soft = heated(
        temperature={"anisotropy_exponent": 1.0}, material=MATERIAL | {"curie_temperature": 520.0}
    )
    job = jobs.pulse_job(soft, 1.1e12)
    first = int(np.argmax(kelvin >= 468))
    message = f"at {times[first]:.4g} s .* from 468 K on too near its Curie temperature of 520 K"
    with pytest.raises(simulate.SimulationError, match=message):
        RUN(job)


def test_the_wall_of_a_heated_track_is_read_with_the_domains_of_its_temperature(
    heated_job, heated_trace
):
    """Those of `ambient` would misplace it by 1.7 nm: m is smaller by 0.017, L/2 - x is 103 nm."""
    time, m_z = heated_trace["time"].values, heated_trace["m"].values[:, 2]
    m = np.array([domain_of_step(heated_job, instant) for instant in time])
    assert np.ptp(m) > 0.015
    position = heated_trace["wall_position"].values
    np.testing.assert_allclose(position, 519e-9 * (1 - m_z / m) / 2, rtol=0, atol=5e-12)
    at_ambient = 519e-9 * (1 - m_z / m[0]) / 2
    assert np.abs(position - at_ambient).max() > 1.5e-9


def test_a_heated_train_tells_its_highest_temperature(initial):
    pulses = (
        ProgramPulse(current_density=0.5e12, duration=0.06e-9, pause=0.02e-9),
        ProgramPulse(current_density=0.2e12, duration=0.02e-9),
    )
    train = pulse_train_job(heated(), pulses)
    dataset = simulate.simulate(train, initial)
    first, second = (TrackTemperature(step)(step.pulse_end) for step in train.parts())
    assert dataset.attrs["highest_temperature"] == first > second > 300
    # the second pulse finds the heat of the first
    m = magnetization_over_time(train, dataset["time"].values)
    position = 519e-9 * (1 - dataset["m"].values[:, 2] / m) / 2
    np.testing.assert_allclose(dataset["wall_position"].values, position, rtol=0, atol=5e-12)


def test_the_domains_of_a_heated_track_are_those_that_the_engine_simulates(heated_job):
    """A domain at the temperature of the end of the pulse, in equilibrium, far from edges."""
    terms, kelvin = HeatedFilm(heated_job).at(0.13e-9)
    engine = ThermalEngine(
        Layer(np.ones((60, 80), dtype=bool), (3e-9, 3e-9, 2e-9), terms), kelvin, key=5
    )
    engine.magnetization = np.tile([0.0, 0.0, 1.0], (60, 80, 1))
    engine.advance(40e-12)
    means = []
    for _ in range(12):
        engine.advance(5e-12)
        means.append(engine.magnetization[5:-5, 5:-5, 2].mean())
    m = magnetization_over_time(heated_job, [0.13e-9])
    assert np.mean(means) == pytest.approx(m.item(), rel=0, abs=2e-3)
    assert m.item() < domain_magnetization(TRACK, heated_job.material, 300) - 0.015


def domain_of_step(step, time):
    """The law of the film at 300 K, whose cells have the given values, at one temperature."""
    film = of_film(terms_of(cells_of(heated())), (3e-9, 3e-9, 2e-9), 300.0, N_Z)
    kelvin = float(TrackTemperature(step)(time))
    ratio = (1 - (kelvin / 1000) ** 1.5) / (1 - 0.3**1.5)
    return domain_of(scaled(film, ratio, 3.0), (3e-9, 3e-9, 2e-9), kelvin, N_Z, True)


def test_domains_follow_the_heat_of_all_pulses_of_a_train():
    pulses = (
        ProgramPulse(current_density=0.5e12, duration=0.1e-9, pause=0.06e-9),
        ProgramPulse(current_density=-0.3e12, duration=0.05e-9),
    )
    train = pulse_train_job(heated(), pulses)
    first, second = train.parts()
    times = np.array([0.0, 0.1, 0.13, 0.16, 0.19, 0.21, np.nan]) * 1e-9
    m = magnetization_over_time(train, times)
    own = [domain_of_step(first, time) for time in times[:4]]
    own += [domain_of_step(second, time - 0.16e-9) for time in times[4:6]]
    np.testing.assert_allclose(m[:6], own, rtol=0, atol=1e-5)
    assert own[1] < own[2] < own[3] < own[0]
    assert own[5] < own[4] < own[3]
    assert np.isnan(m[6])
    cold = magnetization_over_time(train.model_copy(update={"heat": None}), times)
    np.testing.assert_allclose(cold[:6], own[0], rtol=0, atol=1e-9)
    assert np.isnan(cold[6])


def test_a_heated_device_is_read_with_the_domains_of_its_temperature(
    heated_job, heated_trace, opened
):
    result = opened(heated_job, heated_trace)
    _, recorded, _ = read_trace(result, heated())
    m = magnetization_over_time(heated_job, heated_trace["time"].values)
    m_z = recorded["detected"] * m
    np.testing.assert_allclose(m_z, heated_trace["m"].values[:, 2], rtol=0, atol=1e-6)
    assert np.ptp(m) > 0.015
    warm = result.read()
    parameters = heated_job.model_copy(update={"heat": None}).to_json()
    warm.attrs["parameters"] = parameters
    assert domains_of(warm, m) == heated_trace.attrs["domain_magnetization"]


def test_an_example_has_every_key_of_a_temperature():
    path = Path(__file__).parents[2] / "examples/devices.yaml"
    keys = read_yaml(path)["devices"]["hot-synapse"]["temperature"]
    assert set(keys) == set(Temperature.model_fields)
    assert api.load_device(path, "hot-synapse").temperature == Temperature(**keys)
