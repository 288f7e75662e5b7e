"""OOMMF at a temperature: its step, its input, and real runs against exact values."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from helpers.runs import with_step
from scipy import linalg, stats

from wallnet import jobs
from wallnet.config import parse
from wallnet.constants import BOLTZMANN, VACUUM_PERMEABILITY
from wallnet.jobs.film import check
from wallnet.simulate import SimulationError, oommf, registry, simulate
from wallnet.simulate.drives import drives
from wallnet.simulate.oommf import session
from wallnet.simulate.recorder import initialized

WARM = {"temperature": {"ambient": 290.0, "seed": 3, "values_of": "cells"}}

ENSEMBLE = json.loads((Path(__file__).parents[2] / "reference/oommf/strip_300K.json").read_text())
"""Walls on a strip of 50×10 cells with stray field in OOMMF, each with a thermal field of its own:
parameters of the simulations, and of each its values at the times, or over time."""


@pytest.mark.parametrize(("damping", "size"), [(0.5, 0.3), (0.1, 0.2)])
def test_the_ratio_is_that_of_the_stationary_covariance(damping, size):
    """The state consists of the mode and of the thermal field of the step before."""
    z = size * complex(-damping, 1) / math.hypot(damping, 1)
    mode = np.array([[z.real, -z.imag], [z.imag, z.real]])
    still, none = np.eye(2), np.zeros((2, 2))
    grown = np.block([[still + mode + mode @ mode / 2, (still + mode) / 2], [none, none]])
    added = np.vstack([still / 2, still])
    discrete = linalg.solve_discrete_lyapunov(grown, added @ added.T)
    exact = linalg.solve_continuous_lyapunov(mode, -np.eye(2))
    ratio = oommf.variance_ratio(np.array([z]))[0]
    assert ratio == pytest.approx(discrete[0, 0] / exact[0, 0], rel=1e-12, abs=0)


@pytest.mark.parametrize(("damping", "picoseconds"), [(0.5, 0.0255), (0.1, 0.0555)])
def test_the_stiffest_mode_is_within_three_per_cent(small_job, damping, picoseconds):
    """Twice the stiffness of exchange between cells of 3 nm, and the smaller terms."""
    job = small_job("oommf", **WARM)
    material = job.material.model_copy(update={"damping": damping})
    job = job.model_copy(update={"material": material})
    step = oommf.longest_step(job)
    assert step == pytest.approx(picoseconds * 1e-12, rel=0.02, abs=0)
    field = 2 * (1e6 + 2e-11 * 8 / 9e-18) / (VACUUM_PERMEABILITY * 1.1e6)
    rate = 2.211e5 / (1 + damping**2) * field * complex(-damping, 1)
    assert abs(oommf.variance_ratio(np.array([rate * step]))[0] - 1) < 0.03
    assert abs(oommf.variance_ratio(np.array([1.1 * rate * step]))[0] - 1) > 0.03


def test_a_run_has_the_evolver_a_whole_number_of_steps_and_a_seed_of_its_own(small_job, tmp_path):
    warm = [
        small_job("oommf", **WARM),
        small_job("oommf", temperature={"ambient": 290.0, "values_of": "cells"}),
    ]
    seeds = []
    for job in warm:
        for index, drive in enumerate(drives(job)):
            folder = tmp_path / f"{job.temperature.seed}-{index}"
            folder.mkdir()
            oommf.write_input(job, drive, initialized(job), folder)
            text = (folder / "track.mif").read_text()
            assert "Specify Xf_ThermSpinXferEvolve:evolver" in text
            assert re.search(r"\btemperature 290\.0\n", text)
            (current,) = re.findall(r"^  J (\S+)", text, re.MULTILINE)
            assert float(current) == (0.3e12 if drive.driven else 0.0)
            step = float(re.search(r"min_timestep (\S+)", text)[1])
            steps = float(re.search(r"stopping_time (\S+)", text)[1]) / step
            assert steps == pytest.approx(round(steps), rel=0, abs=1e-6)
            assert 0.02e-12 < step <= oommf.longest_step(job)
            seeds.append(int(re.search(r"^RandomSeed (\d+)$", text, re.MULTILINE)[1]))
    assert len(seeds) == 10
    assert len(set(seeds)) == 10
    assert max(seeds) < 2**31


def test_the_trace_has_the_quenched_wall_and_what_the_run_used(stand_in, small_job, caplog):
    """The program moves nothing, so that the wall of the quench and the film are cold."""
    stand_in()
    job = small_job("oommf", **WARM)
    trace = simulate(job)
    assert trace["read_settled"].values[-1] == -1
    assert (trace.attrs["temperature"], trace.attrs["seed"]) == (290.0, 3)
    for end in ("bottom", "top"):
        assert trace[f"read_wall_{end}"].values[-1] == pytest.approx(60e-9, rel=0, abs=0.1e-9)
    assert trace.attrs["time_step"] == pytest.approx(20e-12 / 787, rel=1e-9, abs=0)
    assert abs(trace.attrs["spin_temperature"]) < 40
    assert "instead of 290.0 K" in caplog.text


def test_an_oommf_without_the_evolver_is_named_before_any_job(stand_in, small_job):
    stand_in('if "Xf_Therm" in text: sys.exit("Error: Xf_ThermSpinXferEvolve is not registered")')
    cold, warm = (small_job("oommf", **changes).to_json() for changes in ({}, WARM))
    registry.check_called([cold])
    message = r"after 0 of 1 states; it says: .*; add the extension Xf_ThermSpinXferEvolve \(temp"
    for called in ([cold, warm], [warm, cold]):
        with pytest.raises(SimulationError, match=message):
            registry.check_called(called)


def strip(calculator, seed):
    """Return the job of one wall of the ensemble."""
    device = ENSEMBLE["device"] | {"calculator": calculator}
    device["temperature"] = device["temperature"] | {"seed": seed, "values_of": "cells"}
    campaign = parse({"devices": {"strip": device}, "networks": {}}, check)
    return jobs.pulse_job(campaign.devices["strip"], device["pulse"]["current_densities"][0])


def measured(trace):
    """Return the wall ends in nm at the times of the ensemble, and 1 - |<m_z>| of both domains."""
    entries = np.searchsorted(trace["time"].values * 1e12, np.array(ENSEMBLE["times_ps"]) - 1)
    ends = [trace[f"wall_{end}"].values[entries] * 1e9 for end in ("bottom", "top")]
    domains = np.abs(trace["magnetization_profile"].values[3:, [*range(2, 10), *range(40, 48)], 2])
    return np.array(ends), float(1 - domains.mean())


@pytest.mark.slow
def test_the_engine_has_the_distribution_of_oommf(monkeypatch):
    """Its thermal field is another one, so that only distributions can agree."""
    monkeypatch.setattr("wallnet.jobs.run.QUENCH", 0.0)
    runs = [measured(simulate(strip("film", seed))) for seed in range(1, 61)]
    ours, theirs = np.array([ends for ends, _ in runs]), np.array(ENSEMBLE["wall_ends_nm"])
    reduced, expected = [one for _, one in runs], ENSEMBLE["domain_reduction"]
    # the energy of OOMMF's modes is 2 % low at its step; both means are known within 0.4 %
    assert np.mean(reduced) == pytest.approx(np.mean(expected), rel=0.03, abs=0)
    for statistic in (np.mean, np.subtract.reduce):
        one, other = statistic(ours, axis=1), statistic(theirs, axis=1)
        for entry in range(one.shape[1]):
            assert stats.ks_2samp(one[:, entry], other[:, entry]).pvalue > 0.01 / 8
    # each standard deviation is known within 9 %
    spreads = [np.mean(ends, axis=1)[:, -1].std(ddof=1) for ends in (ours, theirs)]
    assert spreads[0] == pytest.approx(spreads[1], rel=0.3, abs=0)
    assert spreads[0] > 5


@pytest.mark.oommf
@pytest.mark.usefixtures("real_oommf")
def test_a_real_wall_has_the_temperature_and_the_reduction_of_the_ensemble():
    trace = simulate(strip("oommf", 2))
    assert measured(trace)[1] == pytest.approx(
        np.mean(ENSEMBLE["domain_reduction"]), rel=0.15, abs=0
    )
    assert trace.attrs["time_step"] == pytest.approx(ENSEMBLE["time_step_s"], rel=1e-6, abs=0)
    # the stiff modes are 3 % cold, as its step makes them
    assert trace.attrs["spin_temperature"] == pytest.approx(291, abs=12)


@pytest.mark.oommf
@pytest.mark.usefixtures("real_oommf")
def test_the_seed_decides_the_thermal_field():
    ends = []
    for seed in (2, 2, 3):
        job = with_step(strip("oommf", seed), duration=0.4e-12)
        with session.opened(1) as opened:
            (*_, last) = oommf.states(opened, job, drives(job)[0], initialized(job))
        ends.append(last)
    np.testing.assert_array_equal(ends[0], ends[1])
    assert np.std(ends[2] - ends[0]) > 0.02


@pytest.mark.oommf
@pytest.mark.usefixtures("real_oommf")
@pytest.mark.parametrize("barrier", [1.5, 5.0])
def test_macrospins_have_boltzmanns_distribution(tmp_path, barrier):
    """A field makes it asymmetric: its density is exp(barrier m_z² + 0.7 m_z).

    All moments start along ±z, in the proportion of the two wells.
    """
    import discretisedfield as df
    import micromagneticmodel as mm
    import oommfc

    points = np.linspace(-1, 1, 20001)
    density = np.exp(barrier * points**2 + 0.7 * points)
    density /= density.sum()
    cell, count, magnetization = (3e-9, 3e-9, 2e-9), 48, 1.1e6
    energy = BOLTZMANN * 300.0 / math.prod(cell)
    field = 0.7 * energy / (VACUUM_PERMEABILITY * magnetization)
    mesh = df.Mesh(p1=(0, 0, 0), p2=(count * 3e-9, count * 3e-9, 2e-9), n=(count, count, 1))
    system = mm.System(name="track", T=300.0)
    system.energy = mm.UniaxialAnisotropy(K=barrier * energy, u=(0, 0, 1))
    system.energy += mm.Zeeman(H=(0, 0, field))
    system.dynamics = mm.Precession(gamma0=2.211e5) + mm.Damping(alpha=0.5)
    start = np.zeros((count**2, 3))
    start[:, 2] = np.where(np.arange(count**2) < count**2 * density[points > 0].sum(), 1, -1)
    system.m = df.Field(mesh, nvdim=3, value=start.reshape(count, count, 1, 3), norm=magnetization)
    evolver = oommfc.Xf_ThermSpinXferEvolver(min_timestep=0.1e-12, max_timestep=0.1e-12)
    evolver.J, evolver.mp, evolver.P, evolver.Lambda = 0.0, (0, 1, 0), 0.4, 1.0
    with session.opened(1) as opened:
        oommfc.TimeDriver(evolver=evolver).write_mif(system, dirname=str(tmp_path), t=0.8e-9, n=40)
        assert opened.start(tmp_path, "track.mif").wait() == 0
    paths = sorted(tmp_path.glob("*-Magnetization-*.omf"))[10:]
    m_z = np.stack([df.Field.from_file(str(path)).array[..., 2] for path in paths]) / magnetization
    # 2304 moments, of which some cross the barrier
    assert m_z.mean() == pytest.approx(density @ points, abs=0.03)
    for power in (2, 4):
        assert (m_z**power).mean() == pytest.approx(density @ points**power, abs=0.005)
