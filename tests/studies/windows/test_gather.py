"""Windows gathered from staircases with known outcomes."""

import numpy as np
import pytest
from helpers.windows import windowed
from wallnet.devices.windows import edges, widest_stretch

from wallnet import config, devices, files, jobs, plan
from wallnet.files import FileError


@pytest.mark.parametrize(
    ("works", "stretch"),
    [
        ([], None),
        ([False, False], None),
        ([True], (0, 0)),
        ([True, False, True, True, False], (2, 3)),
        # the first of two that are equally wide
        ([False, True, False, True], (1, 1)),
        ([True, True, True, False, True, True], (0, 2)),
    ],
)
def test_the_widest_stretch_is_found(works, stretch):
    assert widest_stretch(works) == stretch


def test_edges_are_the_last_that_work_and_the_next_that_fail():
    density = [0.60e12, 0.62e12, 0.65e12, 0.70e12]
    assert edges([False, True, True, False], density) == (0.62e12, 0.65e12, 0.60e12, 0.70e12)
    first, last, below, above = edges([True, False, False, True], density)
    assert (first, last, above) == (0.60e12, 0.60e12, 0.62e12)
    assert np.isnan(below)
    assert np.isnan(edges([False, True, True, True], density)[3])
    assert np.isnan(edges([False] * 4, density)).all()


OUTCOMES = {
    ("a", 1.2e-9): ["sticks", "works", "works"],
    ("a", 1.5e-9): ["works", "works", "leaves"],
    ("b", 1.2e-9): ["moves", "skips", "leaves"],
    ("b", 1.5e-9): ["sticks", "works", "skips"],
}
DENSITIES = (0.9e12, 1.0e12, 1.2e12)


@pytest.fixture
def campaign():
    variants = {"a": {}, "b": {"material": {"damping": 0.3}}}
    return config.parse(windowed(current_densities=list(DENSITIES), variants=variants))


@pytest.fixture
def staircases(campaign, tmp_path):
    """Return the folder of staircases of one pulse each, with these outcomes."""
    window = campaign.windows["three"]
    for (variant, duration), outcomes in OUTCOMES.items():
        device = window.of_variant(campaign.simulated, variant)
        for density, outcome in zip(DENSITIES, outcomes, strict=True):
            write(tmp_path, device, window, variant, density, duration, outcome)
    return tmp_path


def write(folder, device, window, variant, density, duration, outcome):
    step = 0 if outcome == "works" else int(density / 1e11) - 8
    values = {
        **{f"wall_{end}": [40e-9, 180e-9] for end in ("position", "bottom", "top")},
        "applied_current_density": [0.0, density],
        "time": [0.0, duration],
        "program_current_density": [0.0, density],
        "pulse_start": [0.0, 0.0],
        "pulse_duration": [0.0, duration],
        "pause_end": [0.0, duration],
        "pulse_state": ["notch 1", "notch 2"],
        "pulse_settled": [-1, 1],
        **{f"pulse_wall_{end}": [40e-9, 180e-9] for end in ("position", "bottom", "top")},
        "pulse": [0, 1],
        "outcome": outcome,
        "outcome_step": step,
        "outcome_state": "reversed" if outcome == "leaves" else f"notch {1 + step}",
    }
    job = jobs.staircase_job(device, window, density, duration)
    about = {"parameters": job.to_json(), "backend": "film", "revision": 3}
    path = plan.staircase_in(folder, variant, density, duration)
    files.write_dataset(files.dataset("staircase", values), path, "staircase", about)


def test_each_outcome_is_at_its_variant_duration_and_density(campaign, staircases, tmp_path):
    devices.window(jobs.window_job(campaign.windows["three"]), staircases, tmp_path / "three.nc")
    found = files.read_dataset(tmp_path / "three.nc", "window")
    for (variant, duration), outcomes in OUTCOMES.items():
        for density, outcome in zip(DENSITIES, outcomes, strict=True):
            point = found.sel(variant=variant).sel(
                duration=duration, current_density=density, method="nearest"
            )
            assert point["window_outcome"].item() == outcome
            # 0.9, 1.0 and 1.2e12 A/m² fail at steps 1, 2 and 4
            step = {0.9e12: 1, 1.0e12: 2, 1.2e12: 4}[density]
            assert point["window_step"].item() == (0 if outcome == "works" else step)
            if outcome == "leaves":
                assert point["window_state"].item() == "reversed"
    first = found["window_first"].values
    np.testing.assert_allclose(first, [[1.0e12, 0.9e12], [np.nan, 1.0e12]])
    np.testing.assert_allclose(found["window_last"].values, [[1.2e12, 1.0e12], [np.nan, 1.0e12]])
    np.testing.assert_allclose(found["window_below"].values, [[0.9e12, np.nan], [np.nan, 0.9e12]])
    np.testing.assert_allclose(found["window_above"].values, [[np.nan, 1.2e12], [np.nan, 1.2e12]])
    assert found.attrs["window"] == "three"
    assert found.attrs["simulation_revision"] == "3"
    assert '"damping":0.3' in found.attrs["simulation"].replace("\\", "")


def test_a_staircase_of_another_variant_is_refused(campaign, staircases, tmp_path):
    other, wrong = (plan.staircase_in(staircases, name, 1.0e12, 1.5e-9) for name in "ba")
    files.write_dataset(files.read_dataset(other, "staircase"), wrong, "staircase", {})
    with pytest.raises(
        FileError, match=r"1\.0000\.nc was simulated under other conditions than others of 'a'; del"
    ):
        job = jobs.window_job(campaign.windows["three"])
        devices.window(job, staircases, tmp_path / "three.nc")


def test_a_staircase_of_another_pulse_is_refused(campaign, staircases, tmp_path):
    window = campaign.windows["three"]
    other = plan.staircase_in(staircases, "a", 0.9e12, 1.5e-9)
    wrong = plan.staircase_in(staircases, "a", 0.9e12, 1.2e-9)
    data = files.read_dataset(other, "staircase")
    files.write_dataset(data, wrong, "staircase", {})
    with pytest.raises(FileError, match="0.9000.nc is of another pulse; delete it and run snakem"):
        devices.window(jobs.window_job(window), staircases, tmp_path / "three.nc")
    assert not (tmp_path / "three.nc").exists()
