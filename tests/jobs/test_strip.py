"""The film in a strip, against hand calculations and walls that the engine relaxes.

The film is one of W/CoFeB, 1.2 nm thick, on 100 nm. It is nearly compensated: an infinite film is
no longer perpendicular from 325 K on, the strip from 346 K on.
"""

import math

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.optimize import curve_fit

from wallnet import api, tracks
from wallnet.config import ConfigError, Device
from wallnet.jobs import initial_job, pulse_job
from wallnet.jobs.base import TrackJob
from wallnet.jobs.energy_path import Minima
from wallnet.jobs.film import film_of, strip_demagnetization, strip_of
from wallnet.jobs.report import write_energy_job
from wallnet.jobs.run import WallPlacement
from wallnet.simulate.energy_path import find_minima
from wallnet.tracks.heated import BeyondModelError, HeatedFilm

MS, A, D, KU = 1.1e6, 1.6e-11, 0.35e-3, 7.8e5
STRAY = 4e-7 * math.pi * MS**2 / 2
N_Z = 0.9773763
"""Of 100 × 1.2 nm², by quadrature (`test_n_z_is_the_mean_of_the_field_of_two_charged_sides`)."""


MATERIAL = {
    "saturation_magnetization": MS,
    "exchange_stiffness": A,
    "dmi_constant": D,
    "uniaxial_anisotropy": KU,
    "damping": 0.3,
    "gyromagnetic_ratio": 2.211e5,
    "polarization": 0.15,
}


def device(**changes):
    values = {
        "kind": "track",
        "track": {"length": 400e-9, "width": 100e-9, "thickness": 1.2e-9, "cell_size": 4e-9},
        "wall": {"start": 180e-9},
        "pulse": {"duration": 1e-9, "current_densities": [0.1e12, 0.2e12]},
        "material": MATERIAL,
    }
    return api.make_device(**values | changes)


@pytest.mark.parametrize("edges", [(100e-9, 1.2e-9), (72e-9, 2e-9), (30e-9, 5e-9)])
def test_n_z_is_the_mean_of_the_field_of_two_charged_sides(edges):
    """A side at a distance z is seen under the angle of its half widths, of 2π around a point."""
    width, thickness = edges

    def field(z, y):
        angles = [
            math.atan2(half, distance)
            for distance in (thickness / 2 - z, thickness / 2 + z)
            for half in (width / 2 - y, width / 2 + y)
        ]
        return sum(angles) / (2 * math.pi)

    mean, _ = dblquad(field, 0, width / 2, 0, thickness / 2, epsabs=0, epsrel=1e-8)
    mean /= width * thickness / 4
    assert strip_demagnetization(*edges) == pytest.approx(mean, rel=1e-6, abs=0)
    if edges == (100e-9, 1.2e-9):
        assert mean == pytest.approx(N_Z, rel=1e-7, abs=0)


def test_quantities_of_a_nearly_compensated_film_are_those_of_its_strip():
    strip = strip_of(device().track, film_of(device()))
    stiffness = KU - STRAY * N_Z
    assert stiffness == pytest.approx(36.93e3, rel=1e-3, abs=0)
    assert strip.demagnetization == pytest.approx(N_Z, rel=1e-7, abs=0)
    assert strip.effective_anisotropy == pytest.approx(stiffness, rel=1e-5, abs=0)
    assert strip.wall_width_parameter == pytest.approx(20.81e-9, rel=1e-3, abs=0)
    assert strip.exchange_length == pytest.approx(math.sqrt(A / STRAY), rel=1e-6, abs=0)
    assert strip.largest_cell == strip.exchange_length
    critical = 4 / math.pi * math.sqrt(A * stiffness)
    assert strip.critical_dmi == pytest.approx(critical, rel=1e-5, abs=0)


def test_preview_shows_the_strip():
    values = api.preview(device())[1]["value"]
    expected = {"wall width": 20.81, "K_eff = Ku": 36.93, "temperature at which K_eff": 346.4}
    expected |= {"D/D_c": 0.35 / 0.9788, "cells in": 20.81 / 4}
    for start, value in expected.items():
        (shown,) = (values[name] for name in values.index if name.startswith(start))
        assert shown == pytest.approx(value, rel=1e-3, abs=0), start


@pytest.mark.parametrize("cell", [4e-9, 2e-9])
def test_a_relaxed_wall_has_the_width_of_the_strip(cell):
    """In the middle, 19.4 and 19.7 nm; by hand 20.8 nm, and 28.5 nm in an infinite film."""
    made = device()
    track = made.track.model_copy(update={"cell_size": cell})
    placement = WallPlacement(bottom=200e-9, top=200e-9)
    placements = {"initial": placement}
    job = Minima(track=track, material=film_of(made), placements=placements, start=200e-9)
    minimum = find_minima(job).isel(placed=0)
    assert minimum["minimum_converged"].item() == 1
    profile = minimum["minimum_magnetization"].values[track.cells[1] // 2, :, 2]
    x = minimum["x"].values / 1e-9
    (_, delta), _ = curve_fit(lambda x, q, d: np.tanh((x - q) / d), x, profile, p0=(200, 25))
    assert delta == pytest.approx(19.5, abs=0.6)
    width = strip_of(track, job.material).wall_width_parameter / 1e-9
    assert width == pytest.approx(delta, rel=0.08, abs=0)


def test_walls_are_placed_with_the_width_of_an_infinite_film():
    """28.47 nm = √(A/19.72 kJ/m³); where that film is in the plane, twice that of the strip."""
    for kelvin, width in ((None, 28.474e-9), (335.0, 2 * 41.43e-9)):
        made = device()
        film = film_of(made, kelvin)
        assert strip_of(made.track, film).placed_width == pytest.approx(width, rel=1e-3, abs=0)
        job = TrackJob(track=made.track, material=film)
        row = tracks.placed_wall(job, 180e-9, 180e-9)[3, :, 2]
        # m_z of cells 10 nm from the middle
        assert row[[42, 47]] == pytest.approx(
            [math.tanh(-10e-9 / width), math.tanh(10e-9 / width)], rel=1e-3, abs=0
        )


def test_temperatures_up_to_that_of_the_strip_are_simulated():
    """Ku m³ = N_z μ0 Ms² m²/2 at m = 0.95265 of that at 300 K, at 346.4 K; 325 K without N_z."""
    end = 1000 * (1 - STRAY * N_Z / KU * (1 - 0.3**1.5)) ** (2 / 3)
    assert end == pytest.approx(346.41, abs=0.01)
    assert write_energy_job(device()).limits[1] == pytest.approx(end, abs=0.01)
    for kelvin in (320.0, 325.0, 340.0):
        for field in (True, False):
            warm = {"ambient": kelvin, "thermal_field": field}
            job = initial_job(device(temperature=warm))
            assert strip_of(job.track, job.material).effective_anisotropy > 4e3
    # D of the film is critical before
    with pytest.raises(ConfigError, match=r"material\.dmi_constant at 345 K is 0\.000318634 J/m²"):
        device(temperature={"ambient": 345.0, "thermal_field": False})
    with pytest.raises(ConfigError, match=r"uniaxial_anisotropy at 347 K is 673044 J/m³, too low"):
        device(temperature={"ambient": 347.0, "thermal_field": False})


@pytest.mark.parametrize(("region", "end"), [(None, 346.41), (1.35, 337.66)])
def test_a_pulse_heats_the_film_up_to_the_end_of_the_strip(region, end):
    """In the region, N_z of 100 × 1.62 nm² is 0.971006, Ms² is 1.01627 times that of the film.

    Ku of 1.35 times, of an interface, is that of the film there. N_z of the film gives 331.6 K.
    """
    warm = {"ambient": 300.0, "heating": "pulse"}
    changes = {"temperature": warm}
    if region:
        part = {"start": 0.0, "stop": 80e-9, "thickness": 1.2e-9 * region}
        part |= {"uniaxial_anisotropy": KU * region}
        part["saturation_magnetization"] = MS * 1.0081
        changes["regions"] = [part]
    hot = device(**changes | {"pulse": {"duration": 1e-9, "current_densities": [9e12]}})
    with pytest.raises(BeyondModelError) as beyond:
        HeatedFilm(pulse_job(hot, 9e12))
    words = str(beyond.value).partition("not perpendicular from ")[2]
    assert float(words.split()[0]) == pytest.approx(end, abs=0.06)


def test_no_job_of_a_film_in_the_plane_is_made():
    """As of variants, whose devices nobody has judged."""
    flat = Device.model_validate(
        device().plain() | {"material": {**MATERIAL, "dmi_constant": 1e-3}}
    )
    for make in (initial_job, film_of):
        with pytest.raises(
            ValueError, match=r"dmi_constant is 0\.001 J/m², not below the critical"
        ):
            make(flat)


def test_limits_hold_in_each_region():
    """Ku of 755 kJ/m³ leaves -5.3 in an infinite film and 11.9 in the strip, 740 leaves -3.1."""
    regions = [
        {"start": 80e-9, "stop": 160e-9, "uniaxial_anisotropy": Ku} for Ku in (7.55e5, 7.4e5)
    ]
    assert device(regions=regions[:1])
    with pytest.raises(ConfigError, match=r"regions\.0 makes a cell .* uniaxial_anisotropy is 740"):
        device(regions=regions[1:])
    # at twice the thickness, N_z is 0.960048 and Ku half; N_z of the film would refuse both
    thick = {"start": 0.0, "stop": 80e-9, "thickness": 2.4e-9, "uniaxial_anisotropy": 1.47e6}
    assert device(regions=[thick])
    with pytest.raises(ConfigError, match=r"whose uniaxial_anisotropy is 729000 J/m³.*7\.299e\+05"):
        device(regions=[thick | {"uniaxial_anisotropy": 1.458e6}])
