"""Barriers of a device, from files with known energies."""

import math

import numpy as np
import pytest
from helpers.walls import SYNAPSE, campaign

from wallnet import config, experiment, files, jobs
from wallnet.devices.barriers import LONGEST, gather_barriers, kept_states, lifetime
from wallnet.files import WallState

THERMAL = 1.380649e-23 * 300
STATES = ["notch 1", "between 1 and 2", "notch 2"]
ENERGY = {"notch 1": 0.0, "between 1 and 2": 90.0, "notch 2": -3.0}
"""Energies in k_B T above 1e-17 J."""
TOPS = {
    ("expelled", "notch 1"): 210.0,
    ("notch 1", "notch 2"): 121.0,
    ("notch 1", "between 1 and 2"): 131.5,
    ("between 1 and 2", "notch 2"): 128.0,
    ("notch 2", "reversed"): 230.0,
}
"""Highest energy on the path of each pair, in the same unit."""


@pytest.fixture
def device():
    return campaign(synapse=SYNAPSE).devices["synapse"]


def minimum(device, state, converged=1, stayed=1):
    job = experiment.minimum_job(device, WallState(state).file_name)
    values = {
        "minimum_magnetization": np.zeros((2, 3, 3)),
        "minimum_energy": 1e-17 + ENERGY[state] * THERMAL,
        "minimum_residual_field": 0.05,
        "minimum_stiffness": 1e4,
        "minimum_wall_bottom": 300e-9,
        "minimum_wall_top": 310e-9,
        "minimum_converged": converged,
        "x": np.arange(3),
        "y": np.arange(2),
    }
    attributes = {"parameters": job.to_json(), "state": state, "stayed": stayed}
    return files.dataset("minimum", values).assign_attrs(attributes)


def path(device, settings, pair, converged=1, images=3):
    first, second = (WallState(end).file_name for end in pair)
    base = {"expelled": -400.0, "reversed": -380.0, **ENERGY}
    top = TOPS[pair]
    energy = 1e-17 + np.array([base[pair[0]], top, base[pair[1]]][:images]) * THERMAL
    values = {
        "path_energy": energy,
        "path_wall_bottom": np.linspace(0, 1, images) * 1e-7,
        "path_wall_top": np.linspace(0, 1, images) * 1.1e-7,
        "path_distance": np.arange(images),
        "barrier_forward": (top - base[pair[0]]) * THERMAL if images else math.nan,
        "barrier_backward": (top - base[pair[1]]) * THERMAL if images else math.nan,
        "saddle": 1,
        "saddle_magnetization": np.zeros((2, 3, 3)),
        "saddle_residual_field": 5.0,
        "saddle_stiffness": (-1.0, 1.0),
        "barrier_converged": converged,
        "x": np.arange(3),
        "y": np.arange(2),
    }
    job = experiment.barrier_job(device, settings, first, second)
    attributes = {"parameters": job.to_json()}
    attributes |= {"route": "together" if images else "", "reason": "no minimum: it moved"}
    return files.dataset("barrier", values).assign_attrs(attributes)


def gathered(folder, device, broken=None, images=3, faults=None, **settings):
    given = campaign(synapse=SYNAPSE).barriers.model_copy(update=settings)
    minima, pairs = {}, []
    for state in STATES:
        minima[WallState(state)] = folder / f"{WallState(state).file_name}.nc"
        held = (faults or {}).get(state, {})
        written = minimum(device, state, **held)
        files.write_dataset(written, minima[WallState(state)], "minimum", {})
    inner = list(TOPS)[1:-1]
    expected = list(TOPS) if device.track.fixed_ends is None else inner
    assert [tuple(map(str, pair)) for pair in experiment.neighbours(device.track)] == expected
    for pair in expected:
        pairs.append(folder / f"{len(pairs)}.pair.nc")
        count = images if pair == broken else 3
        written = path(device, given, pair, converged=int(pair != broken), images=count)
        files.write_dataset(written, pairs[-1], "barrier", {})
    out = folder / "synapse.nc"
    gather_barriers(jobs.barriers_job(device, given), minima, pairs, out)
    return files.read_dataset(out, "barriers")


def test_a_state_is_left_over_its_lowest_barrier(tmp_path, device):
    data = gathered(tmp_path, device)
    assert list(data["state_name"].values) == STATES
    # 121 - 0; 128 - 90; 121 + 3
    expected = np.array([121.0, 38.0, 124.0]) * THERMAL
    assert data["state_barrier"].values == pytest.approx(expected, rel=1e-9, abs=0)
    assert list(data["state_exit"].values) == ["notch 2", "notch 2", "notch 1"]
    assert data["state_kept"].values.tolist() == [1, 0, 1]
    assert data["state_energy"].values[2] == pytest.approx(1e-17 - 3 * THERMAL, rel=1e-9, abs=0)


def test_each_pair_has_a_barrier_there_and_one_back(tmp_path, device):
    data = gathered(tmp_path, device)
    base = {"expelled": -400.0, "reversed": -380.0, **ENERGY}
    pairs = list(zip(*(data[f"pair_{end}"].values for end in ("first", "second")), strict=True))
    assert pairs == list(TOPS)
    for index, way in enumerate(("forward", "backward")):
        expected = [(TOPS[pair] - base[pair[index]]) * THERMAL for pair in pairs]
        np.testing.assert_allclose(data[f"pair_{way}"].values, expected, rtol=1e-9, atol=0)


def test_only_a_state_that_is_a_minimum_has_an_energy(tmp_path, device):
    """The descent of one did not converge, and that of another ended in another state."""
    faults = {"notch 1": {"converged": 0}, "between 1 and 2": {"stayed": 0}}
    data = gathered(tmp_path, device, faults=faults)
    assert np.isfinite(data["state_energy"].values).tolist() == [False, False, True]


def test_both_ends_of_the_wall_are_those_of_the_minima_and_of_the_paths(tmp_path, device):
    data = gathered(tmp_path, device)
    for end, at, last in (("bottom", 300e-9, 1e-7), ("top", 310e-9, 1.1e-7)):
        found = data[f"state_wall_{end}"].values
        assert found == pytest.approx([at] * 3, rel=1e-9, abs=0)
        found = data[f"pair_wall_{end}"].values
        assert found == pytest.approx(np.tile([0, last / 2, last], (5, 1)), rel=1e-6, abs=1e-20)


def test_the_threshold_is_in_units_of_the_stated_temperature(tmp_path, device):
    """At 250 K, 38 k_B · 300 K are 45.6 k_B T; at 40.0 above 30, too."""
    assert gathered(tmp_path, device, temperature=250.0)["state_kept"].values.all()
    assert gathered(tmp_path, device, kept=37.9)["state_kept"].values.all()
    assert gathered(tmp_path, device, kept=122.0)["state_kept"].values.tolist() == [0, 0, 1]


def test_the_lifetime_is_a_bracket_of_the_attempt_frequencies(tmp_path, device):
    data = gathered(tmp_path, device, attempt_frequencies=(2e9, 5e11))
    expected = [math.exp(38) / 5e11, math.exp(38) / 2e9]
    assert data["state_lifetime"].values[1] == pytest.approx(expected, rel=1e-6, abs=0)


def test_forty_k_b_t_are_ten_years_at_one_gigahertz():
    years = lifetime(40 * THERMAL, 300.0, 1e9) / (365.25 * 86400)
    assert years == pytest.approx(7.46, rel=0.01, abs=0)  # exp(40)/1e9 s
    assert lifetime(1e5 * THERMAL, 300.0, 1e9) == LONGEST
    assert math.isnan(lifetime(math.nan, 300.0, 1e9))


def test_a_barrier_that_is_not_known_makes_no_state_kept(tmp_path, device):
    """It could be the lowest; a state with a known barrier that is too low is not kept anyway."""
    data = gathered(tmp_path, device, broken=("notch 1", "notch 2"))
    assert data["state_kept"].values.tolist() == [-1, 0, -1]
    kept = kept_states(tmp_path / "synapse.nc")
    assert kept == {"notch 1": False, "between 1 and 2": False, "notch 2": False, "reversed": True}


def test_the_lowest_of_the_known_barriers_is_told(tmp_path, device):
    """The first path from notch 1, out of the track, has no barrier."""
    whole = gathered(tmp_path, device)
    data = gathered(tmp_path, device, broken=("expelled", "notch 1"))
    assert data["state_barrier"].values == pytest.approx(
        whole["state_barrier"].values, rel=1e-9, abs=0
    )
    assert list(data["state_exit"].values) == list(whole["state_exit"].values)
    assert data["state_kept"].values[0] == -1


def test_two_states_without_a_path_are_no_neighbours(tmp_path, device):
    """One of them is no minimum, so that the wall does not stay there."""
    data = gathered(tmp_path, device, broken=("notch 1", "between 1 and 2"), images=0)
    assert data["state_kept"].values.tolist() == [1, 0, 1]
    # where there is no route, the reason is told
    routes = ["together", "together", "no minimum: it moved", "together", "together"]
    assert data["pair_route"].values.tolist() == routes
    assert data["pair_images"].values.tolist() == [3, 3, 0, 3, 3]
    assert np.isnan(data["pair_energy"].values[2]).all()


def test_a_path_with_fewer_images_ends_with_gaps(tmp_path, device):
    data = gathered(tmp_path, device, broken=("notch 1", "notch 2"), images=2)
    assert data["pair_images"].values.tolist() == [3, 2, 3, 3, 3]
    above = (data["pair_energy"].values - 1e-17) / THERMAL
    assert above[1] == pytest.approx([0, 121, math.nan], abs=1e-6, nan_ok=True)
    assert above[3] == pytest.approx([90, 128, -3], abs=1e-6)
    for end, last in (("bottom", 1e-7), ("top", 1.1e-7)):
        found = data[f"pair_wall_{end}"].values[1]
        assert found == pytest.approx([0, last, math.nan], rel=1e-6, abs=1e-20, nan_ok=True)


def test_a_reversed_track_is_kept_by_the_barrier_of_nucleation(tmp_path, device):
    gathered(tmp_path, device)
    kept = kept_states(tmp_path / "synapse.nc")
    assert kept == {"notch 1": True, "between 1 and 2": False, "notch 2": True, "reversed": True}
    # nucleation takes 230 + 380 = 610, twice as much as the way out
    gathered(tmp_path, device, kept=600.0)
    assert kept_states(tmp_path / "synapse.nc")["reversed"] is True
    gathered(tmp_path, device, kept=620.0)
    assert kept_states(tmp_path / "synapse.nc")["reversed"] is False
    # 600 k_B T at 310 K are 620 at 300 K
    gathered(tmp_path, device, kept=600.0, temperature=310.0)
    assert kept_states(tmp_path / "synapse.nc")["reversed"] is False


def test_a_reversed_track_is_not_kept_if_the_barrier_of_nucleation_is_unknown(tmp_path, device):
    gathered(tmp_path, device, broken=("notch 2", "reversed"))
    assert kept_states(tmp_path / "synapse.nc")["reversed"] is False


def test_a_track_with_fixed_ends_is_never_reversed(tmp_path, device):
    """Its barriers have no pair with a track without a wall; the last pair is another one."""
    track = device.track.model_dump() | {"fixed_ends": 20e-9}
    track["notches"] = {"positions": list(device.track.inner_notch_positions), "diameter": 16e-9}
    fixed = device.model_copy(update={"track": config.Track(**track)})
    gathered(tmp_path, fixed)
    kept = kept_states(tmp_path / "synapse.nc")
    assert kept == {"notch 1": True, "between 1 and 2": False, "notch 2": True}


@pytest.fixture
def written(tmp_path, device):
    """Return minima, pairs and job of a device whose barriers were gathered."""
    gathered(tmp_path, device)
    pairs = [tmp_path / f"{index}.pair.nc" for index in range(len(TOPS))]
    minima = {WallState(state): tmp_path / f"{WallState(state).file_name}.nc" for state in STATES}
    return minima, pairs, jobs.barriers_job(device, campaign(synapse=SYNAPSE).barriers)


def test_a_path_of_another_pair_is_refused(tmp_path, written):
    minima, pairs, job = written
    pairs = [pairs[index] for index in (0, 2, 1, 3, 4)]
    with pytest.raises(files.FileError, match="2.pair.nc is of 'between 1 and 2', not of 'notch"):
        gather_barriers(job, minima, pairs, tmp_path / "out.nc")


def test_a_minimum_of_another_state_is_refused(tmp_path, written):
    minima, pairs, job = written
    swapped = dict(zip(minima, reversed(minima.values()), strict=True))
    with pytest.raises(files.FileError, match="2.nc is of 'notch 2', not of 'notch 1'; delete"):
        gather_barriers(job, swapped, pairs, tmp_path / "out.nc")


def test_barriers_of_another_track_are_refused(tmp_path, written):
    minima, pairs, job = written
    other = job.track.model_copy(update={"thickness": 3e-9})
    with pytest.raises(files.FileError, match="0.pair.nc was made for another track; delete it"):
        job = job.model_copy(update={"track": other})
        gather_barriers(job, minima, pairs, tmp_path / "out.nc")
