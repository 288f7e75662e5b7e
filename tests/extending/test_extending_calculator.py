"""docs/extending.md, "A calculator": a module next to the campaign that simulates one device."""

import importlib.util
import math

import numpy as np
import pytest
from helpers.extending import apply, copied, environment_of
from helpers.small_campaign import ROOT, Campaign

from wallnet import files, jobs, plan
from wallnet.simulate.calculator import Part
from wallnet.simulate.recorder import Recorder, initialized


@pytest.mark.campaign
def test_a_calculator_takes_two_places_and_simulates(tmp_path):
    root = copied(tmp_path / "checkout")
    assert len(apply("A calculator", root)) == 2
    trace = "results/traces/synapse-5-drifting/0.5000.nc"
    # the checkout is the campaign
    Campaign(root).snakemake(trace, root=root, environment=environment_of(root))
    made = files.read_dataset(root / trace, "run")
    assert made.attrs["backend"] == "drift:Drift"
    went = made["wall_bottom"].values[-1] - made["wall_bottom"].values[0]
    # 100 m/s for 10 ns, read from cells of 3 nm
    assert went == pytest.approx(1000e-9, abs=1e-9)


def test_an_example_integrates_all_runs_at_once():
    """Runs are those of single ones, with the velocity of a wall whose angle rests.

    It is γ0 Δ (π/2) H cos φ / α.
    """
    spec = importlib.util.spec_from_file_location("rigid_walls", ROOT / "examples/rigid_walls.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    device = plan.load(ROOT / "config.yaml").simulated["neuron"]
    settings = module.WallSettings(torque=4e4, anisotropy=2e5, width_parameter=9e-9)
    calculator = module.Walls(settings)
    job = jobs.pulse_job(device, 0.3e12)
    short = job.step.model_copy(update={"duration": job.pulse_end / 2})
    runs = [job, job.model_copy(update={"steps": (short,)}), jobs.pulse_job(device, 0.1e12)]
    together = [Recorder(run) for run in runs]
    parts = [Part(r.job, initialized(r.job), r) for r in together]
    assert calculator.run_all(parts) == [{}] * 3
    for run, recorder in zip(runs, together, strict=True):
        alone = Recorder(run)
        calculator.run(run, initialized(run), alone, lambda time: None, None)
        one, other = alone.trace(), recorder.trace()
        np.testing.assert_allclose(other["time"], one["time"], rtol=1e-12)
        # with other time steps
        np.testing.assert_allclose(other["wall_top"], one["wall_top"], rtol=0, atol=1e-12)
    ends = [recorder.ends()[0] - device.wall.start for recorder in together]
    # nearly proportional to current and duration
    assert ends[1:] == pytest.approx([ends[0] / 2, ends[0] / 3], rel=0.1, abs=0)
    alpha, field = job.material.damping, 0.3 * 4e4
    cosine = math.sqrt(1 - (math.pi * field / (2 * alpha * 2e5)) ** 2)
    velocity = job.material.gyromagnetic_ratio * 9e-9 * math.pi / 2 * field * cosine / alpha
    trace = together[0].trace()
    went = np.interp([job.pulse_end / 2, job.pulse_end], trace["time"], trace["wall_bottom"])
    assert went[1] - went[0] == pytest.approx(velocity * job.pulse_end / 2, rel=0.02, abs=0)
