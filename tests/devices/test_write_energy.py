"""Write energy of pulses, against numbers worked out by hand and the heat equation."""

import json

import numpy as np
import pytest
import xarray
from helpers.heat import temperatures
from helpers.programs import DEVICE
from helpers.small_campaign import MATERIAL

from wallnet.config import parse
from wallnet.config.heavy_metal import Heating, HeavyMetal
from wallnet.devices.write_energy import (
    heat_caveat,
    rise_over_time,
    write_energy_of,
    write_energy_of_train,
)
from wallnet.jobs import WriteEnergyJob, write_energy_job


def job_with(
    polarization=0.4, length=1500e-9, width=150e-9, heating=None, curie=1000.0, given=None, **metal
):
    return WriteEnergyJob(
        **(given or {}),
        length=length,
        width=width,
        polarization=polarization,
        curie_temperature=curie,
        heavy_metal=HeavyMetal(**metal),
        heating=heating or Heating(),
    )


def test_the_cost_of_a_pulse_of_the_synapse():
    """2.6 kΩ, 0.49 mA and 6.2 pJ; 9.5 pJ with 200 µΩ cm."""
    found = write_energy_of(job_with(), 0.65e12, 10e-9)
    assert job_with().resistance == pytest.approx(2600, rel=1e-9, abs=0)
    assert found["metal_current"] == pytest.approx(0.4875e-3, rel=1e-9, abs=0)
    assert found["metal_voltage"] == pytest.approx(1.2675, rel=1e-9, abs=0)
    assert found["write_energy"] == pytest.approx(6.2e-12, abs=0.05e-12)
    worse = write_energy_of(job_with(resistivity=200e-8), 0.65e12, 10e-9)
    assert worse["write_energy"] == pytest.approx(9.5e-12, abs=0.05e-12)
    assert worse["mean_temperature_rise"] / found["mean_temperature_rise"] == pytest.approx(
        200 / 130, rel=1e-9, abs=0
    )


def test_length_width_and_thickness_make_the_resistance():
    job = job_with(length=700e-9, width=50e-9, thickness=4e-9, resistivity=3e-7)
    # 3e-7 Ω m · 700 nm/(50 nm · 4 nm)
    assert job.resistance == pytest.approx(1050, rel=1e-9, abs=0)
    found = write_energy_of(job, -2e12, 3e-9)
    told = [
        found["metal_current_density"],
        found["metal_current"],
        found["metal_voltage"],
        found["write_energy"],
    ]
    expected = [-2e12, 0.4e-3, 0.42, 0.4e-3 * 0.42 * 3e-9]
    assert told == pytest.approx(expected, rel=1e-9, abs=0)


def test_a_metal_with_a_smaller_angle_carries_more_current():
    """The same torque needs P/θ times the current density: 0.5/0.16, and its square in heat."""
    job = job_with(polarization=0.5, preset="pt")
    plain = job_with(polarization=0.5, resistivity=33e-8)
    found, same = write_energy_of(job, 0.8e12, 5e-9), write_energy_of(plain, 0.8e12, 5e-9)
    assert same["metal_current_density"] == 0.8e12
    assert found["metal_current_density"] == pytest.approx(2.5e12, rel=1e-9, abs=0)
    assert found["write_energy"] / same["write_energy"] == pytest.approx(3.125**2, rel=1e-9, abs=0)
    assert found["temperature_rise"] / same["temperature_rise"] == pytest.approx(
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
DENSITY = np.array([0.7e12, -0.5e12, 0.9e12])
DURATION = np.array([3e-9, 4e-9, 2e-9])
START = np.array([0.0, 5e-9, 13e-9])


def test_a_train_adds_the_heat_that_earlier_pulses_left():
    """Three different pulses and pauses, in the heat equation."""

    def flux(time):
        on = (time >= START) & (time < START + DURATION)
        return float((1.3e-6 * 5e-9 * DENSITY[on] ** 2).sum())

    _, mean, middle = temperatures(flux, 15e-9, 600, 150e-9, (1.4, 1.62e6), (148.0, 1.66e6), 120e-9)
    found = write_energy_of_train(job_with(heating=HEATING), DENSITY, DURATION, START)
    for index, end in enumerate(START + DURATION):
        n = round(end / 15e-9 * 600)
        # the deviation is at most 6e-4
        assert found["mean_temperature_rise"][index] == pytest.approx(mean[n], rel=2e-3, abs=0)
        assert found["temperature_rise"][index] == pytest.approx(middle[n], rel=2e-3, abs=0)
    alone = write_energy_of(job_with(heating=HEATING), DENSITY, DURATION)
    assert found["mean_temperature_rise"][0] == pytest.approx(
        alone["mean_temperature_rise"][0], rel=1e-5, abs=0
    )
    assert found["mean_temperature_rise"][1] - alone["mean_temperature_rise"][1] > 10
    np.testing.assert_allclose(found["write_energy"], alone["write_energy"], rtol=1e-12)


SHAPE = ((0.0, 0.0), (1e-9, 0.8), (2.6e-9, -0.4), (2.6e-9, 0.3))
"""A rise, a fall through zero, a jump and a plateau to the end of the pulse."""

SPIKE = ((0.0, 0.0), (1.5e-9, 0.0), (1.53e-9, -1.0), (1.56e-9, 0.0))


def test_a_pulse_with_a_waveform_has_the_heat_of_its_square():
    """∫ share² dt by hand: 0.64/3 + 1.6 (0.64 - 0.32 + 0.16)/3 + 1.4 · 0.09 ns."""
    found = write_energy_of(job_with(), [1e12, -0.5e12], 4e-9, SHAPE)
    square = write_energy_of(job_with(), [1e12, -0.5e12], 4e-9)
    mean = (0.64 / 3 + 1.6 * 0.48 / 3 + 1.4 * 0.09) / 4
    np.testing.assert_allclose(found["write_energy"], mean * square["write_energy"], rtol=1e-9)
    for name in ("metal_current_density", "metal_current", "metal_voltage"):
        np.testing.assert_allclose(found[name], 0.8 * square[name], rtol=1e-9)
    ones = write_energy_of(job_with(), 1e12, 4e-9, ((0.0, 1.0), (4e-9, 1.0)))
    assert ones["temperature_rise"] == pytest.approx(square["temperature_rise"][0], rel=1e-5, abs=0)


@pytest.mark.parametrize(
    ("shape", "steps", "tolerance"), [(SHAPE, 1500, 3e-3), (SPIKE, 3000, 5e-3)]
)
def test_the_temperature_of_a_waveform_is_that_of_the_heat_equation(shape, steps, tolerance):
    """After a weaker square pulse; 1.9e-3 and 0.9e-3 are observed."""
    times, shares = zip(*shape, strict=True)
    power = 1.3e-6 * 5e-9 * 0.9e12**2

    def flux(time):
        before, share = 0.3 if 0 <= time < 3e-9 else 0.0, 0.0
        if 3.5e-9 <= time < 7.5e-9:
            share = np.interp(time - 3.5e-9, times, shares)
        return power * float(before**2 + share**2)

    layers = (1.4, 1.62e6), (148.0, 1.66e6), 120e-9
    _, mean, middle = temperatures(flux, 7.5e-9, steps, 150e-9, *layers, reach=4e-6)
    since = slice(steps * 14 // 30, None)  # the second pulse
    job, starts = job_with(heating=HEATING), [0.0, 3.5e-9]
    found = write_energy_of_train(job, [0.27e12, 0.9e12], [3e-9, 4e-9], starts, [(), shape])
    assert found["mean_temperature_rise"][1] == pytest.approx(
        mean[since].max(), rel=tolerance, abs=0
    )
    assert found["temperature_rise"][1] == pytest.approx(middle[since].max(), rel=tolerance, abs=0)
    alone = write_energy_of(job, 0.9e12, 4e-9, shape)
    assert alone["temperature_rise"] < 0.99 * found["temperature_rise"][1]
    time, rise = rise_over_time(job, 4e-9, shape)
    assert 0.81 * rise[1, time <= 4e-9].max() == pytest.approx(
        alone["temperature_rise"][()], rel=1e-4, abs=0
    )
    assert np.all(np.diff(time) > 0)


def test_a_weak_pulse_is_as_hot_as_the_strong_one_before_left_it():
    job = job_with(heating=HEATING.model_copy(update={"largest_rise": 150.0}))
    found = write_energy_of_train(
        job, [1.0e12, 0.1e12, 0.0], [5e-9, 5e-9, 5e-9], [0.0, 5e-9, 10e-9]
    )
    assert found["temperature_rise"][1] == pytest.approx(
        found["temperature_rise"][0], rel=1e-5, abs=0
    )
    assert 0 < found["temperature_rise"][2] < 0.3 * found["temperature_rise"][0]
    assert found["outside_model"].tolist() == [True, True, False]


def test_a_train_without_pulses_has_no_write_energy():
    found = write_energy_of_train(job_with(), [], [], [])
    assert found["write_energy"].shape == found["mean_temperature_rise"].shape == (0,)
    before = write_energy_of_train(
        job_with(), [0.0], [0.0], [0.0]
    )  # the state before a first pulse
    assert (before["write_energy"].tolist(), before["temperature_rise"].tolist()) == ([0], [0])


def test_a_pulse_is_beyond_the_model_if_room_temperature_and_its_rise_pass_the_curie_point():
    """The rise goes with J²: from the rise at 1e12 A/m², the limit at 650 K is 350 K of rise."""
    rise = float(write_energy_of(job_with(), 1e12, 10e-9)["temperature_rise"])
    limit = 1e12 * np.sqrt(350 / rise)
    densities = limit * np.array([0.99, -1.01, 1.01])
    found = write_energy_of(job_with(curie=650.0), densities, 10e-9)
    assert found["beyond_model"].tolist() == [False, True, True]
    assert found["outside_model"].all()  # more than 50 K
    # a limit of the rise above the Curie temperature does not hide it
    hidden = job_with(curie=650.0, heating=Heating(largest_rise=9000.0))
    assert write_energy_of(hidden, densities, 10e-9)["outside_model"].tolist() == [
        False,
        True,
        True,
    ]


def test_the_caveat_counts_pulses_and_tells_the_hottest():
    job = job_with(curie=900.0)
    assert heat_caveat(job, [1.0, 50.0, 7.0]) == ""
    warm = heat_caveat(job, [1.0, 50.1, 599.9])
    assert warm.startswith("2 of 3 pulses heat the track by more than 50 K, up to 600 K")
    assert "Curie" not in warm
    hot = heat_caveat(job, [1.0, 50.1, 600.1, 605965.2])
    assert hot.startswith("3 of 4 pulses heat the track by more than 50 K, up to 605,965 K")
    assert "2 of 4 pass the Curie temperature of 900 K (beyond_model)" in hot


def test_a_warm_track_is_nearer_to_its_curie_temperature():
    """400 K before the pulses and a Curie temperature of 900 K leave 500 K."""
    rises = [499.9, 500.1, 599.9]
    warm = job_with(curie=900.0, given={"ambient": 400.0})
    assert "2 of 3 pass the Curie temperature of 900 K" in heat_caveat(warm, rises)
    assert "Curie" not in heat_caveat(job_with(curie=900.0), rises)
    rise = float(write_energy_of(warm, 1e12, 10e-9)["temperature_rise"])
    densities = 1e12 * np.sqrt(np.array([499.0, 501.0]) / rise)
    assert write_energy_of(warm, densities, 10e-9)["beyond_model"].tolist() == [False, True]
    # the middle may rise by 30 K, less than the limit of 50 K
    assert heat_caveat(job_with(curie=430.0, given={"ambient": 400.0}), [30.1]).startswith(
        "1 of 1 pulses heat the track by more than 30 K"
    )


def test_the_caveat_says_whether_the_heat_is_simulated():
    acts = job_with(curie=900.0, given={"heat_simulated": True})
    text = heat_caveat(acts, [1.0, 50.1, 599.9])
    assert text == (
        "2 of 3 pulses heat the track by more than 50 K, up to 600 K in its middle: the film is "
        "simulated at the mean temperature over its width"
    )
    assert "in its middle, which is not simulated" in heat_caveat(acts, [1.0, 600.1])
    assert heat_caveat(acts, [49.9]) == ""
    assert "its parameters change" in heat_caveat(job_with(curie=900.0), [50.1])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (300.0, False)),
        ({"temperature": {"ambient": 350.0}}, (350.0, False)),
        ({"temperature": {"ambient": 350.0, "heating": "pulse"}}, (350.0, True)),
        ({"temperature": {"ambient": 250.0, "thermal_field": False}}, (250.0, False)),
    ],
)
def test_the_temperature_of_a_device_is_that_of_its_write_energy(given, expected):
    device = parse({"material": MATERIAL, "devices": {"stairs": DEVICE | given}}).devices["stairs"]
    job = write_energy_job(device)
    assert (job.ambient, job.heat_simulated) == expected
    told = {"settings": json.loads(device.model_dump_json())}
    data = xarray.Dataset(attrs={"parameters": json.dumps(told)})
    assert WriteEnergyJob.of_dataset(data.attrs) == job
    # without a temperature, nothing of it is in the job
    assert set(json.loads(job.to_json())) & {"ambient", "heat_simulated"} == {
        *(("ambient",) if expected[0] != 300.0 else ()),
        *(("heat_simulated",) if expected[1] else ()),
    }
