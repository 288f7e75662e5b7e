"""The export for aihwkit: with stubs of its base classes, and with itself where it is installed.

The stubs call converter and noise model as the documentation of aihwkit 1.1 describes it. The
variable `WALLNET_AIHWKIT_PYTHON` names a Python with aihwkit.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.exported import both_ways, exported, frequencies, run
from helpers.made import CONDUCTANCES

MICRO = CONDUCTANCES * 1e6
SHAPE = (400, 250)
WINDOW = MICRO[2] - MICRO[0]


class NoiseModel:
    """What the documentation says of `BaseNoiseModel`."""

    def __init__(self, g_converter=None):
        self.g_converter = g_converter

    def apply_programming_noise(self, weights):
        """Convert, program each conductance, then draw its coefficients, and convert back."""
        targets, params = self.g_converter.convert_to_conductances(weights)
        noisy, coefficients = [], []
        for target in targets:
            noisy.append(self.apply_programming_noise_to_conductance(target))
            coefficients.append(self.generate_drift_coefficients(target))
        return self.g_converter.convert_back_to_weights(noisy, params), coefficients

    def apply_drift_noise(self, weights, coefficients, time):
        """Convert programmed weights again, change each conductance, and convert back."""
        targets, params = self.g_converter.convert_to_conductances(weights)
        pairs = zip(targets, coefficients, strict=True)
        noisy = [self.apply_drift_noise_to_conductance(*pair, time) for pair in pairs]
        return self.g_converter.convert_back_to_weights(noisy, params)


@pytest.fixture
def module_of(tmp_path, monkeypatch):
    """Return a function that exports a device and runs the file with stubs."""

    def module(**changes):
        folder, _ = exported(tmp_path, "aihwkit", **changes)
        torch.manual_seed(3)
        stubs = {
            "aihwkit.inference.converter.base": {"BaseConductanceConverter": object},
            "aihwkit.inference.noise.base": {"BaseNoiseModel": NoiseModel},
        }
        return run(folder, monkeypatch, **stubs)

    return module


def test_the_converter_is_linear_and_keeps_errors(module_of):
    converter = module_of().WallConductanceConverter()
    weights = torch.tensor([[-1.1, -0.35, 0.0], [0.013, 0.4, 1.0]], dtype=torch.float64)
    pair, params = converter.convert_to_conductances(weights)
    expected = [20 + 30 * np.clip(sign * weights.numpy(), 0, None) for sign in (1, -1)]
    for conductances, values in zip(pair, expected, strict=True):
        assert conductances.numpy() == pytest.approx(values, abs=1e-12)
    back = converter.convert_back_to_weights(pair, params)
    assert back.numpy() == pytest.approx(weights.numpy(), abs=1e-12)
    # another matrix has the same scale
    half, _ = converter.convert_to_conductances(weights / 2)
    assert half[0][1, 2].item() == pytest.approx(35.0, abs=1e-12)


@pytest.mark.parametrize(
    ("target", "attempts", "expected"),
    [
        # the first pulse writes the first notch, the second the other end
        (31.0, 1, [0.10, 0.70, 0.15, 0.05]),
        (49.0, 1, [0.05, 0.20, 0.75, 0.00]),
        # what missed at first gets a pulse again, from the first state where none was counted
        (31.0, 2, [0.3 * 0.10, 0.7 + 0.3 * 0.70, 0.3 * 0.15, 0.3 * 0.05]),
        (21.0, 1, [1.0, 0.0, 0.0, 0.0]),
    ],
)
def test_programming_snaps_and_lands_as_counted(module_of, target, attempts, expected):
    model = module_of().WallNoiseModel(attempts=attempts)
    landed = model.apply_programming_noise_to_conductance(torch.full(SHAPE, target))
    shares = frequencies(landed.numpy(), MICRO)
    # five standard deviations of 100,000 draws
    assert shares == pytest.approx([*expected, 0.0], abs=0.008)


def test_levels_share_a_gain_and_a_ratio(module_of):
    counts = np.zeros((1, 4, 3, 4), int)
    counts[0, 0, 0, 1] = counts[0, 0, 1, 2] = 1
    model = module_of(landing_count=counts, gain_spread=0.1, ratio_spread=0.04).WallNoiseModel()
    for target, deviation in [(20.0, 2.0), (50.0, 50 * np.sqrt(1.01 * 1.0016 - 1))]:
        values = model.apply_programming_noise_to_conductance(torch.full(SHAPE, target)).numpy()
        assert values.mean() == pytest.approx(target, abs=0.1)
        assert values.std() == pytest.approx(deviation, abs=0.06)


def test_cycles_differ_by_level(module_of):
    counts = np.zeros((1, 4, 3, 4), int)
    counts[0, 0, 0, 1] = counts[0, 0, 1, 2] = 1
    spread = [0.02, 0.05, 0.03, 0.0]
    model = module_of(landing_count=counts, cycle_spread=spread).WallNoiseModel()
    for target, share in zip(MICRO[:3], spread, strict=False):
        aimed = torch.full(SHAPE, float(target))
        values = model.apply_programming_noise_to_conductance(aimed).numpy()
        assert values.std() / target == pytest.approx(share, abs=0.001)


def escaping():
    """Return changes: the first notch decays to the first state in 250 s, nothing else moves."""
    barriers = np.full((1, 2, 4, 4), np.nan)
    barriers[0, 0, 1, 0] = 1.380649e-23 * 300 * np.log(1e9 * 250)
    barriers[0, 1, 1, 0] = 1e-17
    counts = np.zeros((1, 4, 3, 4), int)
    counts[0, 0, 0, 1], counts[0, 0, 1, 2] = 1, 1
    return {"escape_barrier": barriers, "landing_count": counts}


def test_drift_is_jumps_that_keep_the_errors_of_programming(module_of):
    model = module_of(**escaping(), gain_spread=0.1).WallNoiseModel()
    weights = torch.full(SHAPE, 12 / 30, dtype=torch.float64)
    programmed, coefficients = model.apply_programming_noise(weights)
    assert float(programmed.std()) > 0.05
    gain = coefficients[0][1]
    before = np.zeros(SHAPE, bool)
    for time in (10.0, 100.0, 700.0):
        change = model.apply_drift_noise(programmed, coefficients, time) - programmed
        jumped = change.abs().numpy() > 1e-9
        assert jumped.mean() == pytest.approx(1 - np.exp(-time / 250), abs=0.008)
        jump = (-12 / 30 * gain).numpy()[jumped]
        assert change.numpy()[jumped] == pytest.approx(jump, abs=1e-9)
        assert (before <= jumped).all()
        before = jumped
    unchanged = model.apply_drift_noise(programmed, coefficients, 0.0)
    assert unchanged.numpy() == pytest.approx(programmed.numpy(), abs=1e-12)


def test_walls_escape_from_where_they_landed(module_of):
    changes = escaping()
    changes["landing_count"][0, 0, 0] = [0, 60, 40, 0]
    model = module_of(**changes).WallNoiseModel()
    programmed, coefficients = model.apply_programming_noise(torch.full(SHAPE, 12 / 30))
    change = model.apply_drift_noise(programmed, coefficients, 700.0) - programmed
    expected = 0.6 * (1 - np.exp(-700 / 250))
    assert (change.abs() > 1e-5).double().mean().item() == pytest.approx(expected, abs=0.008)


def test_barriers_are_those_of_the_temperature(module_of):
    model = module_of(**escaping()).WallNoiseModel(temperature=350.0)
    programmed, coefficients = model.apply_programming_noise(torch.full(SHAPE, 12 / 30))
    drifted = model.apply_drift_noise(programmed, coefficients, 700.0)
    torch.testing.assert_close(drifted, programmed, rtol=0, atol=1e-6)


def test_without_barriers_only_the_time_0_is_known(module_of):
    model = module_of().WallNoiseModel()
    programmed, coefficients = model.apply_programming_noise(torch.zeros(2, 2))
    with pytest.raises(ValueError, match="unknown; use the time 0"):
        model.apply_drift_noise(programmed, coefficients, 1.0)


def test_the_same_seed_of_torch_gives_the_same_weights(module_of):
    model = module_of(gain_spread=0.1, cycle_spread=[0.02] * 4).WallNoiseModel()
    programmed = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed)
        programmed.append(model.apply_programming_noise(torch.linspace(-1, 1, 50))[0])
    assert torch.equal(programmed[0], programmed[1])
    assert not torch.equal(programmed[0], programmed[2])


def test_steps_of_training_are_mean_steps_between_evenly_spaced_nodes(module_of):
    steps = module_of(**both_ways(), gain_spread=0.1, ratio_spread=0.04).STEPS
    # by hand, in µS: from 20, 32 and 50
    up = [0.6 * 12 + 0.2 * 8, 0.75 * 18, 0.0]
    down = [0.0, 0.8 * 12, 0.1 * 30 + 0.3 * 18]
    nodes = np.linspace(20, 50, len(steps["piecewise_up"]))
    assert len(nodes) < 64
    for name, means in (("up", up), ("down", down)):
        values = np.array(steps[f"piecewise_{name}"]) * steps["dw_min"] * 15
        assert values == pytest.approx(np.interp(nodes, [20, 32, 50], means), abs=1e-9)
    variances = [
        0.6 * 144 + 0.2 * 64 - up[0] ** 2,
        0.75 * 324 - up[1] ** 2,
        0.8 * 144 - down[1] ** 2,
        0.1 * 900 + 0.3 * 324 - down[2] ** 2,
    ]
    noise = np.sqrt(sum(variances) / 6) / (sum(up + down) / 6)
    assert steps["dw_min_std"] == pytest.approx(noise, abs=1e-9)
    assert steps["w_min_dtod"] == pytest.approx(0.1 * 20 / 15, abs=1e-9)
    assert steps["w_max_dtod"] == pytest.approx(np.hypot(0.1, 0.04) * 50 / 15, abs=1e-9)
    assert steps["dw_min_dtod"] == steps["up_down_dtod"] == 0.0


def test_without_pulses_in_both_directions_there_are_no_steps(module_of):
    module = module_of()
    assert module.STEPS is None
    with pytest.raises(ValueError, match=r"^steps of training are unknown; .* export again$"):
        module.training_device()


SCRIPT = Path(__file__).with_name("in_aihwkit.py")


@pytest.mark.aihwkit
def test_aihwkit_itself_programs_drifts_and_trains_with_the_file(tmp_path):
    python = os.environ.get("WALLNET_AIHWKIT_PYTHON")
    if python is None or subprocess.run([python, "-c", "import aihwkit"], check=False).returncode:
        pytest.skip("WALLNET_AIHWKIT_PYTHON is not the path of a Python with aihwkit")
    landing, _ = exported(tmp_path / "a", "aihwkit", **escaping(), gain_spread=0.1)
    training, _ = exported(tmp_path / "b", "aihwkit", **both_ways())
    done = subprocess.run(
        [python, SCRIPT, landing, training], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    numbers = dict(line.split() for line in done.stdout.splitlines() if line.count(" ") == 1)
    expected = {
        # weights of 0, 0.4 and 1 of the highest level, whose gain differs by 10 %
        "mean-0.4": (0.4, 0.004),
        "deviation-0.4": (0.1 * np.hypot(32, 20) / 30, 0.004),
        "exact": (0.0, 1e-5),
        "torch-tile": (0.0, 1e-6),
        "jumped": (1 - np.exp(-700 / 250), 0.02),
        # steps by hand, from 32 µS up, between the nodes 12 and 13 of 32, and from 50 µS down
        "up": ((0.2 * (8.8 + 4.7 * 12 / 12.8) + 0.8 * 13.5 * 19 / 19.2) / 15, 1e-3),
        "down": (-(0.1 * 30 + 0.3 * 18) / 15, 1e-3),
    }
    for name, (value, tolerance) in expected.items():
        assert float(numbers[name]) == pytest.approx(value, abs=tolerance), name
