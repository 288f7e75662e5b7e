"""Write energy of pulses, against numbers worked out by hand and the heat equation."""

import json

import numpy as np
import pytest
import xarray
from helpers.heat import media_of, temperatures
from helpers.layers import bilayer
from helpers.programs import DEVICE
from helpers.small_campaign import MATERIAL

from wallnet.config import parse
from wallnet.config.devices import StaticMaterial
from wallnet.config.heavy_metal import Heating, HeatMedia, HeavyMetal
from wallnet.devices.write_energy import (
    heat_caveat,
    rise_over_time,
    write_energy_of,
    write_energy_of_train,
)
from wallnet.film.renormalization import Law
from wallnet.film.terms import Terms
from wallnet.jobs.bilayer import Heat
from wallnet.jobs.film import check
from wallnet.jobs.report import WriteEnergyJob, write_energy_job

FILM = {"saturation_magnetization": 1.1e6, "exchange_stiffness": 2e-11, "dmi_constant": 1e-3}
FILM |= {"uniaxial_anisotropy": 1e6}
"""The film of the paper: N_z μ0 Ms²/(2 Ku) is 0.741494 on 150 nm, (π D/4)²/(A Ku) is 0.030843."""


def job_with(
    polarization=0.4,
    length=1500e-9,
    width=150e-9,
    heating=None,
    curie=1000.0,
    settings=None,
    magnet=None,
    **metal,
):
    heating = heating or Heating()
    return WriteEnergyJob(
        length=length,
        width=width,
        thickness=2e-9,
        film=StaticMaterial.model_validate(FILM),
        heat=Heat(
            bilayer=bilayer(HeavyMetal(**metal), heating, polarization, **magnet or {}),
            media=media(heating),
            curie_temperature=curie,
        ),
        largest_rise=heating.largest_rise,
        temperature={"ambient": 300.0} | (settings or {}),
    )


def media(heating):
    """Return what carries heat away, without the cap."""
    return HeatMedia(**{key: getattr(heating, key) for key in HeatMedia.model_fields})


def resistance(job):
    """Return the resistance of a track in Ω."""
    return job.heat.bilayer.sheet_resistance * job.length / job.width


def test_the_cost_of_a_pulse_of_the_synapse():
    """2.6 kΩ, 0.49 mA and 6.2 pJ; 9.5 pJ with 200 µΩ cm."""
    cost = write_energy_of(job_with(), 0.65e12, 10e-9)
    assert resistance(job_with()) == pytest.approx(2600, rel=1e-9, abs=0)
    assert cost["write_current"] == pytest.approx(0.4875e-3, rel=1e-9, abs=0)
    assert cost["write_voltage"] == pytest.approx(1.2675, rel=1e-9, abs=0)
    assert cost["write_energy"] == pytest.approx(6.2e-12, abs=0.05e-12)
    worse = write_energy_of(job_with(resistivity=200e-8), 0.65e12, 10e-9)
    assert worse["write_energy"] == pytest.approx(9.5e-12, abs=0.05e-12)
    assert worse["mean_temperature_rise"] / cost["mean_temperature_rise"] == pytest.approx(
        200 / 130, rel=1e-9, abs=0
    )


COFEB = {"resistivity": 1.3e-6, "heat_capacity": 3.6e6}


@pytest.mark.parametrize(
    ("metal", "share"),
    [({}, 2 / 5), ({"preset": "pt"}, 33 * 2 / (130 * 5)), ({"preset": "beta-w"}, 12 / 13)],
)
def test_the_magnet_carries_current_beside_the_metal(metal, share):
    """By hand: 40 % more of all but J and the voltage, 10 % on Pt and 92 % on β-W."""
    alone, both = job_with(**metal), job_with(magnet=COFEB, **metal)
    shunted = both.heat.bilayer.sheet_current / alone.heat.bilayer.sheet_current - 1
    assert shunted == pytest.approx(share, rel=1e-9, abs=0)
    assert resistance(both) == pytest.approx(resistance(alone) / (1 + share), rel=1e-9, abs=0)
    insulating = job_with(magnet=COFEB | {"resistivity": "insulating"}, **metal)
    one, two = (write_energy_of(job, 0.65e12, 10e-9) for job in (insulating, both))
    for name in ("metal_current_density", "write_voltage"):
        assert two[name] == pytest.approx(one[name], rel=1e-9, abs=0)
    for name in ("write_current", "write_energy", "mean_temperature_rise", "temperature_rise"):
        assert two[name] == pytest.approx(one[name] * (1 + share), rel=1e-9, abs=0)
    # what is stored lowers the rise
    rise = write_energy_of(alone, 0.65e12, 10e-9)["mean_temperature_rise"]
    assert 0.95 * rise < one["mean_temperature_rise"] < 0.995 * rise
    if not metal:  # 1.4 times 0.4875 mA and 6.179 pJ
        assert two["write_current"] == pytest.approx(0.6825e-3, rel=1e-9, abs=0)
        assert two["write_energy"] == pytest.approx(8.650e-12, abs=1e-15)


def test_a_device_has_the_current_and_the_heat_of_its_stack():
    """5 and 3 nm; 7 nm of cap; C by hand."""
    changes = {
        "heavy_metal": {"heat_capacity": 2.9e6, "thickness": 5e-9},
        "heating": {"cap_thickness": 7e-9, "cap_heat_capacity": 2.1e6},
        "track": DEVICE["track"] | {"thickness": 3e-9},
    }
    data = {"material": MATERIAL | {"resistivity": 1.7e-6, "heat_capacity": 3.3e6}}
    job = write_energy_job(parse(data | {"devices": {"a": DEVICE | changes}}, check).devices["a"])
    shunt = 130 / 5 * 3 / 170
    assert job.heat.bilayer.sheet_current == pytest.approx(5e-9 * (1 + shunt), rel=1e-9, abs=0)
    stored = 5e-9 * 2.9e6 + 3e-9 * 3.3e6 + 7e-9 * 2.1e6
    assert job.heat.bilayer.heat_capacity == pytest.approx(stored, rel=1e-9, abs=0)
    data["material"]["resistivity"] = "insulating"
    job = write_energy_job(parse(data | {"devices": {"a": DEVICE | changes}}, check).devices["a"])
    assert job.heat.bilayer.sheet_current == 5e-9
    assert job.heat.bilayer.heat_capacity == pytest.approx(stored, rel=1e-9, abs=0)
    assert WriteEnergyJob.from_json(job.to_json()) == job


def test_length_width_and_thickness_make_the_resistance():
    job = job_with(length=700e-9, width=50e-9, thickness=4e-9, resistivity=3e-7)
    # 3e-7 Ω m · 700 nm/(50 nm · 4 nm)
    assert resistance(job) == pytest.approx(1050, rel=1e-9, abs=0)
    cost = write_energy_of(job, -2e12, 3e-9)
    computed = [
        cost["metal_current_density"],
        cost["write_current"],
        cost["write_voltage"],
        cost["write_energy"],
    ]
    expected = [-2e12, 0.4e-3, 0.42, 0.4e-3 * 0.42 * 3e-9]
    assert computed == pytest.approx(expected, rel=1e-9, abs=0)


def test_a_metal_with_a_smaller_angle_carries_more_current():
    """The same torque needs P/θ times the current density: 0.5/0.16, and its square in heat."""
    job = job_with(polarization=0.5, preset="pt")
    plain = job_with(polarization=0.5, resistivity=33e-8, heat_capacity=2.85e6)
    cost, same = write_energy_of(job, 0.8e12, 5e-9), write_energy_of(plain, 0.8e12, 5e-9)
    assert same["metal_current_density"] == 0.8e12
    assert cost["metal_current_density"] == pytest.approx(2.5e12, rel=1e-9, abs=0)
    assert cost["write_energy"] / same["write_energy"] == pytest.approx(3.125**2, rel=1e-9, abs=0)
    assert cost["temperature_rise"] / same["temperature_rise"] == pytest.approx(
        3.125**2, rel=1e-9, abs=0
    )


def test_pulses_above_the_limit_are_marked():
    rise = float(write_energy_of(job_with(), 0.5e12, 10e-9)["temperature_rise"])
    below, above = (job_with(heating=Heating(largest_rise=rise * f)) for f in (0.999, 1.001))
    assert write_energy_of(below, 0.5e12, 10e-9)["outside_model"]
    assert not write_energy_of(above, 0.5e12, 10e-9)["outside_model"]
    # the middle is hotter than the mean
    assert write_energy_of(job_with(), 0.5e12, 10e-9)["mean_temperature_rise"] < 0.95 * rise


HEATING = Heating(oxide_thickness=120e-9)
MEDIA = media_of(HEATING) | {"film": (0.0, 5e-9 * 2.6e6 + 4e-9 * 2.8e6)}
"""With the heat that metal and cap store, in J/(m² K)."""

DENSITY = np.array([0.7e12, -0.5e12, 0.9e12])
DURATION = np.array([3e-9, 4e-9, 2e-9])
START = np.array([0.0, 5e-9, 13e-9])


def test_a_train_adds_the_heat_that_earlier_pulses_left():
    """Three different pulses and pauses, in the heat equation."""

    def flux(time):
        on = (time >= START) & (time < START + DURATION)
        return float((1.3e-6 * 5e-9 * DENSITY[on] ** 2).sum())

    _, mean, middle = temperatures(flux, 15e-9, 600, 150e-9, **MEDIA)
    cost = write_energy_of_train(job_with(heating=HEATING), DENSITY, DURATION, START)
    for index, end in enumerate(START + DURATION):
        n = round(end / 15e-9 * 600)
        # the deviation is at most 6e-4 and 5.3e-3; the edges of a strip cool before its middle
        assert cost["mean_temperature_rise"][index] == pytest.approx(mean[n], rel=2e-3, abs=0)
        assert cost["temperature_rise"][index] == pytest.approx(middle[n], rel=8e-3, abs=0)
    alone = write_energy_of(job_with(heating=HEATING), DENSITY, DURATION)
    assert cost["mean_temperature_rise"][0] == pytest.approx(
        alone["mean_temperature_rise"][0], rel=1e-5, abs=0
    )
    assert cost["mean_temperature_rise"][1] - alone["mean_temperature_rise"][1] > 8
    np.testing.assert_allclose(cost["write_energy"], alone["write_energy"], rtol=1e-12)


SHAPE = ((0.0, 0.0), (1e-9, 0.8), (2.6e-9, -0.4), (2.6e-9, 0.3))
"""A rise, a fall through zero, a jump and a plateau to the end of the pulse."""

SPIKE = ((0.0, 0.0), (1.5e-9, 0.0), (1.53e-9, -1.0), (1.56e-9, 0.0))


def test_a_pulse_with_a_waveform_has_the_heat_of_its_square():
    """∫ share² dt by hand: 0.64/3 + 1.6 (0.64 - 0.32 + 0.16)/3 + 1.4 · 0.09 ns."""
    cost = write_energy_of(job_with(), [1e12, -0.5e12], 4e-9, SHAPE)
    square = write_energy_of(job_with(), [1e12, -0.5e12], 4e-9)
    mean = (0.64 / 3 + 1.6 * 0.48 / 3 + 1.4 * 0.09) / 4
    np.testing.assert_allclose(cost["write_energy"], mean * square["write_energy"], rtol=1e-9)
    for name in ("metal_current_density", "write_current", "write_voltage"):
        np.testing.assert_allclose(cost[name], 0.8 * square[name], rtol=1e-9)
    ones = write_energy_of(job_with(), 1e12, 4e-9, ((0.0, 1.0), (4e-9, 1.0)))
    assert ones["temperature_rise"] == pytest.approx(square["temperature_rise"][0], rel=1e-5, abs=0)


@pytest.mark.parametrize(
    ("shape", "steps", "tolerance"), [(SHAPE, 1500, 3e-3), (SPIKE, 3000, 5e-3)]
)
def test_the_temperature_of_a_waveform_is_that_of_the_heat_equation(shape, steps, tolerance):
    """After a weaker square pulse; 2.0e-3 and 1.8e-3 are observed."""
    times, shares = zip(*shape, strict=True)
    power = 1.3e-6 * 5e-9 * 0.9e12**2

    def flux(time):
        before, share = 0.3 if 0 <= time < 3e-9 else 0.0, 0.0
        if 3.5e-9 <= time < 7.5e-9:
            share = np.interp(time - 3.5e-9, times, shares)
        return power * float(before**2 + share**2)

    _, mean, middle = temperatures(flux, 7.5e-9, steps, 150e-9, **MEDIA, reach=3e-6, fine=1.5)
    since = slice(steps * 14 // 30, None)  # the second pulse
    job, starts = job_with(heating=HEATING), [0.0, 3.5e-9]
    cost = write_energy_of_train(job, [0.27e12, 0.9e12], [3e-9, 4e-9], starts, [(), shape])
    assert cost["mean_temperature_rise"][1] == pytest.approx(
        mean[since].max(), rel=tolerance, abs=0
    )
    assert cost["temperature_rise"][1] == pytest.approx(middle[since].max(), rel=tolerance, abs=0)
    alone = write_energy_of(job, 0.9e12, 4e-9, shape)
    assert alone["temperature_rise"] < 0.99 * cost["temperature_rise"][1]
    time, rise = rise_over_time(job, 4e-9, shape)
    assert 0.81 * rise[1, time <= 4e-9].max() == pytest.approx(
        alone["temperature_rise"][()], rel=1e-4, abs=0
    )
    assert np.all(np.diff(time) > 0)


def test_a_weak_pulse_is_as_hot_as_the_strong_one_before_left_it():
    job = job_with(heating=HEATING.model_copy(update={"largest_rise": 150.0}))
    cost = write_energy_of_train(job, [1.0e12, 0.1e12, 0.0], [5e-9, 5e-9, 5e-9], [0.0, 5e-9, 10e-9])
    assert cost["temperature_rise"][1] == pytest.approx(
        cost["temperature_rise"][0], rel=1e-5, abs=0
    )
    assert 0 < cost["temperature_rise"][2] < 0.3 * cost["temperature_rise"][0]
    assert cost["outside_model"].tolist() == [True, True, False]


def test_a_train_without_pulses_has_no_write_energy():
    cost = write_energy_of_train(job_with(), [], [], [])
    assert cost["write_energy"].shape == cost["mean_temperature_rise"].shape == (0,)
    before = write_energy_of_train(
        job_with(), [0.0], [0.0], [0.0]
    )  # the state before a first pulse
    assert (before["write_energy"].tolist(), before["temperature_rise"].tolist()) == ([0], [0])


@pytest.mark.parametrize(
    ("settings", "film", "expected"),
    [
        # r = 0.772337 and 0.741494, m = 0.835683 r at 300 K
        ({}, {}, (500.96, 524.95)),
        # r = 0.772337² and 0.741494², m = 0.747018 r
        ({"ambient": 400.0, "anisotropy_exponent": 2.5}, {}, (674.86, 702.88)),
        # never: the law ends at 0.9 Tc
        ({"anisotropy_exponent": 2.0}, {}, (900.0, 900.0)),
        ({"anisotropy_exponent": 1.4}, {}, (900.0, 900.0)),
        # r = 0.877510
        ({}, {"dmi_constant": -2.1e-3}, (414.31, 524.95)),
        ({"ambient": 1000.0}, {}, (900.0, 900.0)),
        # Ku r^2.5 = r² N_z μ0 Ms²/2 + (π D/4)²/A r^(2·2.3 - 1.6): r = 0.576498 and 0.549814
        (
            {"anisotropy_exponent": 2.5, "exchange_exponent": 1.6, "dmi_exponent": 2.3},
            {},
            (645.18, 663.56),
        ),
    ],
)
def test_a_film_has_walls_and_is_perpendicular_up_to_a_temperature(settings, film, expected):
    """Worked out by hand: T = Tc (1 - m)^(2/3), with r^(p - 2) as above."""
    job = job_with(settings=settings).model_copy(update={"film": StaticMaterial(**FILM | film)})
    assert job.limits == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("powers", [(2.4,), (3.0,), (4.0,), (2.8, 1.3, 1.1), (2.8, 1.1, 3.7)])
def test_the_limits_are_where_the_laws_of_the_film_lead(powers):
    """A scan over temperatures, with D = 1.7 mJ/m²."""
    film, law = Terms(1.1e6, 2e-11, 1.7e-3, 1e6), Law(728.0, *(*powers, 2.0, 2.0)[:3], "constant")
    kelvin = np.arange(301.0, 728.0, 0.5)
    hot = [law.at_temperature(film, 300.0, temperature) for temperature in kelvin]
    shape = [0.93 * 2e-7 * np.pi * terms.saturation_magnetization**2 for terms in hot]
    effective = np.array([terms.anisotropy for terms in hot]) - shape
    stiffness = np.array([terms.exchange_stiffness for terms in hot])
    energy = 4 * np.sqrt(stiffness * effective.clip(0)) - np.pi * np.array(
        [terms.dmi_constant for terms in hot]
    )
    expected = [kelvin[np.argmax(curve <= 0)] for curve in (energy, effective)]
    assert 301 < expected[0] < expected[1] < 655
    assert law.limits(film, 300.0, 0.93) == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize(
    ("settings", "curie", "limit"),
    [({}, 1000.0, 524.9513), ({"ambient": 350.0, "anisotropy_exponent": 2.0}, 700.0, 630.0)],
)
def test_a_pulse_is_beyond_the_model_where_the_mean_over_the_width_reaches_the_limit(
    settings, curie, limit
):
    """The rise goes with J²; the middle, some tenth hotter, passes the limit before."""
    job = job_with(curie=curie, settings=settings)
    rise = float(write_energy_of(job, 1e12, 10e-9)["mean_temperature_rise"])
    densities = 1e12 * np.sqrt((limit - job.temperature.ambient) / rise) * np.array([0.999, -1.001])
    cost = write_energy_of(job, densities, 10e-9)
    assert cost["beyond_model"].tolist() == [False, True]
    assert (job.temperature.ambient + cost["temperature_rise"] > limit).all()
    # a limit of the rise above that of the model does not hide it
    hidden = job.model_copy(update={"largest_rise": 9000.0})
    outside = write_energy_of(hidden, densities, 10e-9)["outside_model"]
    assert outside.tolist() == [False, True]


def caveat_of(job, rises):
    """Return the caveat of pulses by their rises in the middle, 1.25 times the mean ones."""
    middle = np.array(rises)
    beyond = job.temperature.ambient + middle / 1.25 >= job.limits[1]
    names = ("temperature_rise", "mean_temperature_rise", "beyond_model")
    return heat_caveat(job, dict(zip(names, (middle, middle / 1.25, beyond), strict=True)))


def test_the_caveat_counts_pulses_by_what_they_do_to_the_film():
    """Means of 201 and 225 K reach the limits of walls and of K_eff; each pulse counts once."""
    job = job_with()
    assert caveat_of(job, [1.0, 50.0, 7.0]) == ""
    warm = "pulses heat the track by more than 50 K, up to"
    estimates = "its parameters change, so that the results are estimates"
    assert caveat_of(job, [1.0, 50.1, 250.0]) == f"2 of 3 {warm} 250 K: {estimates}"
    assert caveat_of(job, [1.0, 1050.1, 50.1, 252.0, 280.0, 282.0, 605965.2]) == (
        f"1 of 7 {warm} 50 K: {estimates}; 2 of 7 pulses heat the film to 501 K or more, "
        "where its DMI reaches the critical one, 4 √(A K_eff)/π: walls lower its energy; 3 of 7 "
        "pulses heat the film to 525 K or more, where it is no longer perpendicular "
        "(beyond_model): their results mean nothing"
    )
    # walls cost nothing in a film that is not yet outside the constant-parameter model
    strong = job.model_copy(update={"film": StaticMaterial(**FILM | {"dmi_constant": 2.7e-3})})
    assert caveat_of(strong, [1.0, 45.0]).startswith("1 of 2 pulses heat the film to 333 K or more")


def test_a_film_near_its_curie_temperature_is_beyond_the_model():
    settings = {"ambient": 400.0, "anisotropy_exponent": 2.0}
    text = caveat_of(job_with(curie=1000.0, settings=settings), [624.0, 626.0])
    assert text.endswith(
        "; 1 of 2 pulses heat the film to 900 K or more, where it is too near its Curie "
        "temperature (beyond_model): their results mean nothing"
    )


def test_the_caveat_says_whether_the_heat_is_simulated():
    acts = job_with(settings={"heating": "pulse"})
    text = caveat_of(acts, [1.0, 50.1, 230.0])
    assert text == (
        "2 of 3 pulses heat the track by more than 50 K, up to 230 K in its middle: the film is "
        "simulated at the mean temperature over its width"
    )
    assert caveat_of(acts, [1.0, 282.0]).endswith("(beyond_model): they are not simulated")
    assert caveat_of(acts, [49.9]) == ""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (300.0, False)),
        ({"temperature": {"ambient": 350.0}}, (350.0, False)),
        ({"temperature": {"ambient": 350.0, "heating": "pulse"}}, (350.0, True)),
        ({"temperature": {"ambient": 250.0, "thermal_field": False}}, (250.0, False)),
    ],
)
def test_the_temperature_of_a_device_is_that_of_its_write_energy(changes, expected):
    device = parse({"material": MATERIAL, "devices": {"stairs": DEVICE | changes}}, check).devices[
        "stairs"
    ]
    job = write_energy_job(device)
    assert (job.temperature.ambient, job.temperature.heating == "pulse") == expected
    parameters = {"settings": json.loads(device.model_dump_json())}
    data = xarray.Dataset(attrs={"parameters": json.dumps(parameters)})
    assert WriteEnergyJob.of_dataset(data.attrs) == job
    # the seed does not matter
    assert set(json.loads(job.to_json())["temperature"]) == {
        *("ambient", *(("heating",) if expected[1] else ()))
    }
