"""Smooth edges: a wall at a notch whose cells are filled in part, against finer cells."""

import copy

import numpy as np
import pytest
from helpers.minima import minimum
from helpers.small_campaign import TINY

from wallnet import api, jobs, tracks
from wallnet.config import parse
from wallnet.film import minima
from wallnet.film.energy import Landscape
from wallnet.jobs.film import check
from wallnet.simulate import simulate
from wallnet.simulate.recorder import Recorder
from wallnet.tracks import geometry
from wallnet.tracks.geometry import magnetic_mask

THERMAL = 1.380649e-23 * 300

NOTCH = {
    "shape": "trapezoid",
    "length": 40e-9,
    "depth": 14.5e-9,
    "flanks": [20e-9, 8e-9],
    "positions": [90e-9],
}
"""A notch that is not symmetric along the track, its flanks and its bottom between cells."""


def device(edges="smooth", cell=3e-9, **changes):
    data = copy.deepcopy(TINY["devices"]["synapse"])
    data["track"] = {"length": 180e-9, "width": 48e-9, "thickness": 2e-9, "cell_size": cell}
    data["track"] |= {"notches": NOTCH, "edges": edges}
    data |= {"wall": {"start": 90e-9}, **changes}
    return parse(TINY | {"devices": {"synapse": data}}, check).devices["synapse"]


def energy_of_the_wall(device):
    """Return the energy of a wall at its notch above that of a domain, in k_B T at 300 K."""
    pinned = minimum(device, "notch 1")
    assert (pinned["minimum_state"], pinned["minimum_converged"]) == ("notch 1", 1)
    film = tracks.layer(jobs.minima_job(device))
    domain = np.zeros((3, *film.mask.shape))
    domain[2] = film.mask
    without = minima.descend(Landscape(film), domain).energy
    return (pinned["minimum_energy"].item() - without) / THERMAL


def test_the_energy_of_a_wall_at_a_notch_is_that_in_finer_cells():
    """Those of 3 nm with smooth edges agree within k_B T, with stairs they do not."""
    cases = [("smooth", 3e-9), ("smooth", 1.5e-9), ("smooth", 1e-9), ("stairs", 3e-9)]
    energies = {case: energy_of_the_wall(device(*case)) for case in cases}
    fine = energies["smooth", 1e-9]
    assert energies["smooth", 3e-9] == pytest.approx(fine, rel=0, abs=1.0)
    assert energies["smooth", 1.5e-9] == pytest.approx(fine, rel=0, abs=0.2)
    assert abs(energies["stairs", 3e-9] - fine) > 3 * abs(energies["smooth", 3e-9] - fine)


@pytest.mark.parametrize("edges", ["stairs", "smooth"])
def test_a_wall_has_its_minimum_in_cells_of_1_nm(edges):
    """There, rounding errors of single precision are larger than 5 A/m."""
    made = device(edges, 1e-9)
    landscape = Landscape(tracks.layer(jobs.minima_job(made)))
    dataset = minimum(made, "notch 1")
    assert dataset["minimum_converged"].item()
    m = np.moveaxis(np.nan_to_num(dataset["minimum_magnetization"].values), -1, 0)
    rounding = landscape.torque(m.astype(np.float32)) - landscape.exact_torque(m)
    assert 5 < np.abs(rounding).max() < landscape.rounding


def test_a_smooth_notch_pins_a_wall_after_a_pulse():
    """The wall starts left of the notch, is driven into it, and rests there."""
    made = device(
        wall={"start": 70e-9},
        pulse={"duration": 0.3e-9, "current_densities": [0.4e12]},
        relaxation={"longest": 3e-9, "hold": 0.5e-9, "speed": 2.0},
    )
    start = simulate(jobs.initial_job(made))
    trace = simulate(jobs.pulse_job(made, 0.4e12), start)
    assert trace["read_settled"].values[-1] == 1
    # the narrowest part is from 90 to 102 nm
    for name in ("bottom", "top"):
        assert 86e-9 < trace[f"wall_{name}"].values[-1] < 106e-9
    pinned = minimum(made, "notch 1")
    assert trace["wall_bottom"].values[-1] == pytest.approx(
        pinned["minimum_wall_bottom"].item(), rel=0, abs=1.5e-9
    )


def test_means_of_a_trace_weigh_cells_by_their_filled_share():
    """m differs from row to row, so that each share counts."""
    job = jobs.level_job(device(), "1")
    recorder, filled = Recorder(job), tracks.layer(job).filled
    m_z = np.linspace(-0.9, 0.8, 16)
    m = np.zeros((16, 60, 3))
    m[..., 0], m[..., 2] = np.sqrt(1 - m_z**2)[:, None], m_z[:, None]
    recorder.record(0.0, m)
    trace = recorder.trace()
    mean = sum(float(filled[row].sum()) * m_z[row] for row in range(16)) / filled.sum()
    assert trace["m"].values[0, 2] == pytest.approx(mean, rel=1e-9, abs=0)
    assert trace["wall_position"].values[0] == pytest.approx(90e-9 * (1 - mean), rel=1e-9, abs=0)
    column = filled[:, 25]
    assert 0.05 < column.sum() % 1 < 0.95
    assert trace["magnetization_profile"].values[0, 25, 2] == pytest.approx(
        (column * m_z).sum() / column.sum(), abs=1e-6
    )
    cells = trace["magnetic_cells"]
    assert cells.dtype == np.float64
    assert cells.values[25] == pytest.approx(column.sum(), rel=1e-12, abs=0)
    # the free share of the area of the track, by the area of the trapezoids
    area = 180 * 48 - (40 + 12) * 14.5
    lost = geometry.lost_area(job.track) / 1e-18
    assert cells.values.sum() * 9 == pytest.approx(area - lost, rel=1e-4, abs=0)


def test_means_of_whole_cells_have_the_bits_that_they_had():
    job = jobs.level_job(device("stairs"), "1")
    recorder = Recorder(job)
    m = np.random.default_rng(4).normal(size=(16, 60, 3)).astype(np.float32)
    m /= np.linalg.norm(m, axis=-1, keepdims=True)
    recorder.record(0.0, m)
    trace, mask = recorder.trace(), magnetic_mask(job.track)
    whole = np.where(mask[..., None], m, 0.0).sum(axis=0, dtype=np.float64)
    assert np.array_equal(trace["m"].values[0], whole.sum(axis=0) / mask.sum())
    columns = (whole / mask.sum(axis=0)[:, None]).astype(np.float32)
    assert np.array_equal(trace["magnetization_profile"].values[0], columns)
    assert trace["magnetic_cells"].dtype == np.int32


def test_an_estimate_counts_the_shorter_steps():
    simulations = [jobs.level_job(device(edges), "1") for edges in ("smooth", "stairs")]
    smooth, stairs = (job.cell_steps() for job in simulations)
    fine, coarse = (tracks.layer(job).time_step()[1] for job in simulations)
    assert coarse / fine < smooth / stairs < 2 * coarse / fine


def test_a_wall_at_a_smooth_notch_stays_at_300_K():
    """The spin temperature counts every cell by its moment."""
    made = device(
        temperature={"ambient": 300.0},
        pulse={"duration": 0.2e-9, "current_densities": [0.1e12]},
        relaxation={"longest": 0.2e-9, "hold": 0.1e-9, "speed": 2.0},
    )
    trace = simulate(jobs.pulse_job(made, 0.1e12))
    assert api.states(trace, api.minima(made)) == ["notch 1"] * 2
    assert trace.attrs["spin_temperature"] == pytest.approx(300, rel=0.03, abs=0)
