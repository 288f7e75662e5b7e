"""The current of a notched track, against conformal maps, a grating of discs and conservation."""

import math
from pathlib import Path

import numpy as np
import pytest
from helpers.small_campaign import MATERIAL
from scipy.special import comb, zeta

from wallnet import api, jobs, plan, tracks
from wallnet.config import ConfigError
from wallnet.config.disorder import SampledTrack
from wallnet.config.track import Track
from wallnet.devices.write_energy import write_energy_of
from wallnet.jobs.bilayer import Crowding
from wallnet.jobs.film import film_of
from wallnet.jobs.report import write_energy_job
from wallnet.tracks import geometry
from wallnet.tracks.current import current
from wallnet.tracks.geometry import centres, free_width, magnetic_mask
from wallnet.tracks.heat_flow import TrackTemperature
from wallnet.tracks.rigid_wall import rigid_wall

ROOT = Path(__file__).parents[2]
CUT = Crowding(cut=True)


def track_with(notches, length=200e-9, width=72e-9, cell=2e-9, **more):
    values = {"length": length, "width": width, "thickness": 2e-9, "cell_size": cell}
    return Track(**values, notches=notches, **more)


def slot(cell, edges="stairs"):
    """Return a strip of 72 nm that is 36 nm wide over 84 nm."""
    notch = {"shape": "trapezoid", "length": 84e-9, "depth": 18e-9, "flanks": (0.0, 0.0)}
    return track_with(notch | {"positions": [108e-9]}, 216e-9, cell=cell, edges=edges)


def step_resistance(ratio):
    """Return squares that a step of a strip on both edges adds (Marcuvitz; Somlo 1967)."""
    spread = (ratio**2 + 1) / ratio * math.log((1 + ratio) / (1 - ratio))
    return (spread - 2 * math.log(4 * ratio / (1 - ratio**2))) / (2 * math.pi)


def discs_length(radius, period, terms=8):
    """Return the length that a row of discs without conduction, across a sheet, adds to it.

    f = z + Σ B_n Σ_k 1/(z - i k w)^(2n - 1), with no flow across the circle.
    """
    odd = range(1, 2 * terms, 2)
    sums = {s: 2 * zeta(s) * (-1) ** (s // 2) / period**s for s in range(2, 4 * terms, 2)}
    matrix = np.diag([radius ** (-2.0 * p) for p in odd])
    matrix += [[comb(q + p - 1, p) * sums[p + q] for q in odd] for p in odd]
    return 2 * math.pi / period * np.linalg.solve(matrix, np.eye(terms)[0])[0]


def test_a_narrow_part_has_the_resistance_of_the_conformal_map():
    # 132 nm of 72 nm and 84 nm of 36 nm, in units of 216 nm of 72 nm
    exact = (132 / 72 + 84 / 36 + 2 * step_resistance(0.5)) / (216 / 72)
    coarse, fine, finest = (current(slot(cell), CUT) for cell in (6e-9, 3e-9, 1e-9))
    errors = [flow.resistance / exact - 1 for flow in (coarse, fine, finest)]
    assert abs(errors[0]) > 2 * abs(errors[1]) > 4 * abs(errors[2])
    assert errors == pytest.approx([0, 0, 0], abs=0.01)
    assert errors[2] == pytest.approx(0, abs=1e-3)
    assert current(slot(3e-9, "smooth"), CUT).resistance == pytest.approx(
        fine.resistance, rel=1e-9, abs=0
    )
    for flow in (coarse, fine, finest):
        assert flow.neck == pytest.approx(2, rel=1e-9, abs=0)


def test_half_discs_add_the_length_of_a_row_of_discs():
    assert discs_length(1e-10, 72e-9) == pytest.approx(2 * math.pi * 1e-20 / 72e-9, rel=1e-4, abs=0)
    notches = {"diameter": 32e-9, "positions": [100e-9, 200e-9, 300e-9]}
    for edges, tolerance in (("smooth", 2e-3), ("stairs", 2e-2)):
        track = track_with(notches, length=400e-9, cell=3e-9 * 2 / 3, edges=edges)
        flow, added = current(track, CUT), 3 * discs_length(16e-9, 72e-9) / 400e-9
        assert flow.resistance == pytest.approx(1 + added, rel=tolerance, abs=0)
        assert flow.neck == pytest.approx(72 / 40, rel=1e-6, abs=0)
    # that of an endless row, 27 %
    assert discs_length(16e-9, 72e-9) / 100e-9 == pytest.approx(0.267, abs=2e-3)


def test_the_same_current_flows_through_every_section():
    notches = {"diameter": 32e-9, "positions": [40e-9, 140e-9]}
    track = track_with(notches, edges="stairs")
    flow = current(track, CUT)
    total = (flow.density[0] * magnetic_mask(track)).sum(axis=0) * track.cell_size
    assert total == pytest.approx(np.full(100, 72e-9), rel=1e-9, abs=0)
    smooth = track_with(notches, edges="smooth")
    filled = geometry.filled_and_faces(smooth)[0]
    total = (current(smooth, CUT).density[0] * filled).sum(axis=0) * 2e-9
    assert total == pytest.approx(np.full(100, 72e-9), rel=0.03, abs=0)
    # density that grows in the tip stays bounded where a cell is hardly filled
    assert np.hypot(*current(smooth, CUT).density).max() < 3


@pytest.mark.parametrize("edges", ["stairs", "smooth"])
def test_the_metal_of_a_sample_has_its_edges(edges):
    """J is that of the track's width; a sample with edges in their places is the track.

    The resistance is above that of sections one after the other (Rayleigh), which the tips of the
    notches raise by 4 to 9 % in 40 samples.
    """
    notches = {"diameter": 32e-9, "positions": [100e-9]}
    track = track_with(notches, edges=edges)

    def sample(number, rms):
        disorder = {"edges": {"rms": rms}}
        return SampledTrack(**dict(track), disorder=disorder, sample=number)

    for metal in (CUT, Crowding(cut=False, shunt=0.4)):
        flow, same = current(sample(2, 1e-12), metal), current(track, metal)
        assert flow.resistance == pytest.approx(same.resistance, rel=1e-3, abs=0)
        assert flow.filled.mean() == pytest.approx(same.filled.mean(), rel=1e-3, abs=0)
    for number in (2, 5, 15):
        rough = sample(number, 3e-9)
        made, filled = current(rough, CUT), geometry.filled_and_faces(rough)[0]
        sections = (made.density[0] * filled).sum(axis=0) * rough.cell[1]
        assert sections == pytest.approx(rough.width, rel=0.06, abs=0)
        width = filled.sum(axis=0) * rough.cell[1]
        assert 1.02 < made.resistance / (rough.width / width).mean() < 1.12


def test_an_uncut_metal_follows_the_shunt():
    track = track_with({"diameter": 32e-9, "positions": [100e-9]})
    cut = current(track, CUT)
    none, some, all_of_it = (
        current(track, Crowding(cut=False, shunt=shunt)) for shunt in (1e-9, 0.4, 1e6)
    )
    assert none.density[0] == pytest.approx(np.ones((36, 100)), abs=1e-7)
    assert none.resistance == pytest.approx(1, abs=1e-7)
    assert 1 < some.neck < all_of_it.neck
    assert all_of_it.resistance == pytest.approx(cut.resistance, rel=1e-4, abs=0)
    # the heat is that of the same current
    assert 1 < some.resistance < 1 + 0.4 / 1.4 * (cut.resistance - 1)


def test_spins_turn_with_the_current():
    """m_p |J| = (-J_y, J_x, 0): at a notch, the current leaves the edge, and comes back."""
    notch = {"shape": "trapezoid", "length": 60e-9, "depth": 20e-9, "flanks": (10e-9, 40e-9)}
    track = track_with(notch | {"positions": [100e-9]}, edges="smooth")
    flow = current(track, CUT)
    spins, x = flow.polarized, centres(track)[0]
    assert np.array_equal(spins[2], np.zeros_like(spins[0]))
    assert np.array_equal(spins[1], flow.density[0])
    before, after = (np.abs(x - place).argmin() for place in (69e-9, 115e-9))
    # at the lower edge, the current turns towards +y before the notch: m_p towards -x
    assert spins[0, 1, before] < -0.1
    assert spins[0, -2, before] > 0.1
    low = int(np.argmax(magnetic_mask(track)[:, after]))
    assert spins[0, low + 1, after] > 0.1
    assert spins[0, -low - 2, after] < -0.1
    # mirrored about y, and no current across the middle
    assert spins[0] == pytest.approx(-spins[0, ::-1], abs=1e-9)
    # the flank that is four times as steep turns it more
    assert -spins[0, :18].min() > 1.3 * spins[0, :18].max()


def device(cut=True, **more):
    track = {"length": 400e-9, "width": 72e-9, "thickness": 2e-9, "cell_size": 4e-9}
    track["notches"] = {"diameter": 32e-9, "positions": [100e-9, 200e-9, 300e-9]}
    track["edges"] = "stairs"
    return api.make_device(
        **{
            "kind": "track",
            "track": track,
            "wall": {"start": 100e-9},
            "pulse": {"duration": 1e-9, "current_densities": [1e12]},
            "material": MATERIAL | more.pop("material", {}),
            "heavy_metal": {"cut": cut},
            **more,
        }
    )


@pytest.mark.parametrize(
    ("cut", "material", "stated"),
    [
        (False, {}, None),
        (True, {}, {"cut": True}),
        ("magnet", {}, {"cut": False, "shunt": 0.4}),
        ("magnet", {"resistivity": "insulating"}, None),
    ],
)
def test_a_pulse_states_what_its_current_depends_on(cut, material, stated):
    made = device(cut, material=material)
    job = jobs.pulse_job(made, 1e12)
    assert made.current_crowds == (stated is not None)
    assert job.plain().get("crowding") == (stated and pytest.approx(stated, rel=1e-9, abs=0))
    cells = tracks.layer(job).cells
    if stated is None:
        assert cells.uniform
        assert job == jobs.pulse_job(device(False, material=material), 1e12)
    else:
        assert np.array_equal(cells.polarized, current(job.track, job.crowding).polarized)
    # no current flows in an initial state, or on a track without notches
    assert jobs.initial_job(device(cut)) == jobs.initial_job(device(False))
    plain = device(cut, track={"length": 400e-9, "width": 72e-9, "thickness": 2e-9} | CELL)
    assert jobs.pulse_job(plain, 1e12).crowding is None
    assert not plain.current_crowds
    assert "cut" not in write_energy_job(plain).to_json()


CELL = {"cell_size": 4e-9, "notches": None}


def test_what_cannot_be_is_refused_with_the_key():
    with pytest.raises(ConfigError, match=r"heavy_metal.cut is 'maybe'; use false, true or 'magn"):
        device("maybe")
    with pytest.raises(ConfigError, match=r"heavy_metal.cut is not simulated by the calculator oo"):
        device(calculator="oommf")


@pytest.mark.slow
def test_ubermag_has_no_current_that_crowds():
    with pytest.raises(ValueError, match=r"leave .* heavy_metal.cut out"):
        tracks.system(jobs.pulse_job(device(), 1e12))


def test_a_cut_track_heats_as_finite_volumes_in_three_dimensions():
    """Notches 100 nm apart on 72 nm, on bare oxide without shunt, and with what is the default.

    Their mean is 126 K over the metal and 130 K over x, and 170 K at the neck; then 142, 147 and
    204 K (cells of 1 and 2 nm).
    """
    track = {"length": 200e-9, "width": 72e-9, "thickness": 2e-9, "cell_size": 2e-9}
    notches = {"diameter": 32e-9, "positions": [50e-9, 150e-9]}
    track |= {"edges": "smooth", "notches": notches}
    bare = {"interface_resistance": 0, "cap_thickness": 0, "encapsulation_conductivity": 0}
    metal = {"cut": True, "thermal_conductivity": 5.0}
    alone = {"resistivity": "insulating"}
    for heating, material, mean, neck in ((bare, alone, 128, 170), ({}, {}, 144, 204)):
        cut_device = device(heating=heating, material=material, heavy_metal=metal, track=track)
        pulse = write_energy_of(write_energy_job(cut_device), 1e12, 1e-9)
        other = device(False, material=material, track=track)
        whole = write_energy_of(write_energy_job(other), 1e12, 1e-9)
        assert pulse["mean_temperature_rise"] == pytest.approx(mean, rel=0.03, abs=0)
        assert pulse["temperature_rise"] == pytest.approx(neck, rel=0.06, abs=0)
        ratio = float(pulse["write_energy"] / whole["write_energy"])
        assert ratio == pytest.approx(current(cut_device.track, CUT).resistance, rel=1e-9, abs=0)
        assert pulse["write_current"] == pytest.approx(whole["write_current"], abs=0)


@pytest.mark.slow
def test_the_heated_film_has_the_mean_temperature_of_its_cut_track():
    heated = device(temperature={"ambient": 300, "heating": "pulse"})
    temperature = TrackTemperature(jobs.pulse_job(heated, 0.7e12))
    pulse = write_energy_of(write_energy_job(heated), 0.7e12, 1e-9)
    rise = float(temperature(1e-9)) - 300
    assert rise == pytest.approx(float(pulse["mean_temperature_rise"]), rel=1e-3, abs=0)
    assert rise < 0.9 * pulse["temperature_rise"]


def test_a_cut_metal_lowers_the_threshold_of_a_rigid_wall():
    """∫ s₂ w dx becomes the width of the track where the slope of the energy is the largest."""
    synapse = plan.load(ROOT / "config.yaml").simulated["synapse-rewritable-10"]
    track, film = synapse.track, film_of(synapse)
    whole, cut, shunted = (
        rigid_wall(track, film, 0.4, 0.955, crowding=crowding)
        for crowding in (None, CUT, Crowding(cut=False, shunt=0.4))
    )
    assert np.array_equal(cut.energy, whole.energy)
    assert cut.forward[4] / whole.forward[4] == pytest.approx(0.76 / 0.96, rel=0.02, abs=0)
    assert cut.backward[4] == pytest.approx(-cut.forward[4], rel=1e-3, abs=0)
    # J(q) in the whole metal times ∫ s₂ w dx, by quadrature at 160 nm
    index = int(np.abs(cut.position - 160e-9).argmin())
    stray = 2e-7 * math.pi * film.saturation_magnetization**2 * 0.955
    delta = math.sqrt(film.exchange_stiffness / (film.uniaxial_anisotropy - stray))
    x = np.linspace(-12, 12, 24001) * delta
    share = free_width(track, cut.position[index] + x) / np.cosh(x / delta)
    felt = np.trapezoid(share, x) / (math.pi * delta)
    ratio = cut.current_density[index] / whole.current_density[index]
    assert ratio == pytest.approx(felt / 72e-9, rel=1e-3, abs=0)
    assert cut.forward[4] < shunted.forward[4] < whole.forward[4]


def test_a_map_shows_the_current_and_where_it_flows():
    cut_device = device()
    figure, _ = api.preview(cut_device, parameters=True)
    panel = figure.axes[0]
    shown = np.asarray(panel.images[0].get_array())
    density = current(cut_device.track, CUT).density
    assert shown[9, 25] == pytest.approx(np.hypot(*density[:, 9, 25]), abs=0)
    assert np.isnan(shown[0, 25])
    arrows = panel.collections[0]
    steepest = int(np.argmax(np.where(arrows.Umask, 0.0, np.nan_to_num(arrows.V))))
    column, row = (arrows.XY[steepest] / 4 - 0.5).round().astype(int)
    length = np.hypot(*density[:, row, column])
    shown = [arrows.U[steepest], arrows.V[steepest]]
    assert shown == pytest.approx(density[:, row, column] / length, abs=1e-12)
    assert shown[1] > 0.1
