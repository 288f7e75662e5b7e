"""Heavy metal and substrate in the configuration, and what does not depend on them."""

import copy
import re

import pytest
from helpers.programs import staircase
from helpers.small_campaign import TINY

from wallnet import config, jobs, plan
from wallnet.jobs.film import check
from wallnet.jobs.report import WriteEnergyJob, write_energy_job
from wallnet.studies import STUDIES


def parsed(**sections):
    return config.parse({**copy.deepcopy(TINY), **sections}, check)


def refused(**sections):
    with pytest.raises(config.ConfigError) as caught:
        parsed(**sections)
    return str(caught.value)


def test_without_keys_the_metal_carries_the_current_density_of_the_device():
    device = parsed().devices["synapse"]
    job = write_energy_job(device)
    assert (job.length, job.width, job.heat.bilayer.density_ratio) == (360e-9, 72e-9, 1.0)
    assert device.heavy_metal.thickness == pytest.approx(5e-9, rel=1e-12, abs=0)
    assert device.heavy_metal.resistivity == pytest.approx(130e-8, rel=1e-12, abs=0)  # 130 µΩ cm
    assert device.heavy_metal.spin_hall_angle is None


@pytest.mark.parametrize(
    ("preset", "microohm_cm", "angle"),
    [("pt", 33, 0.16), ("beta-ta", 190, -0.12), ("beta-w", 300, -0.3)],
)
def test_a_preset_has_the_published_resistivity_and_angle(preset, microohm_cm, angle):
    """Zhu et al., Science Advances 5, eaav8025 (2019), Table 1; Ta and W have negative angles."""
    metal = parsed(heavy_metal={"preset": preset}).devices["synapse"].heavy_metal
    assert metal.resistivity == pytest.approx(microohm_cm * 1e-8, rel=1e-12, abs=0)
    assert metal.spin_hall_angle == pytest.approx(angle, rel=1e-12, abs=0)


def test_given_keys_replace_those_of_the_preset():
    metal = parsed(heavy_metal={"preset": "beta-w", "resistivity": 2.0e-6}).devices["neuron"]
    assert metal.heavy_metal.resistivity == 2.0e-6
    assert metal.heavy_metal.spin_hall_angle == -0.30


def test_a_device_may_have_another_metal():
    data = copy.deepcopy(TINY)
    data["heavy_metal"] = {"thickness": 4e-9}
    data["devices"]["other"] = {"like": "synapse", "heavy_metal": {"preset": "pt"}}
    devices = config.parse(data, check).devices
    assert devices["synapse"].heavy_metal.preset is None
    assert devices["other"].heavy_metal.preset == "pt"
    assert devices["other"].heavy_metal.thickness == 4e-9


@pytest.mark.parametrize(
    ("section", "key", "value", "words"),
    [
        ("heavy_metal", "preset", "gold", "heavy_metal.preset"),
        ("heavy_metal", "resistivity", 130, "130 µΩ cm are 1.3e-6 Ω m"),
        ("heavy_metal", "thickness", 5, "lengths are in metres"),
        ("heavy_metal", "spin_hall_angle", 0, "the magnitude range 0.0001 to 100"),
        ("material", "bias_field", 5, "fields are in tesla: 5 mT is 5.0e-3"),
        ("material", "field_like_ratio", -11, "the magnitude range 0 to 10"),
        ("heating", "oxide_thickness", 300, "60 nm is 60.0e-9"),
        ("material", "resistivity", "none", "is not a number"),
        ("material", "curie_temperature", 299, "an absolute temperature, such as 1000 K"),
    ],
)
def test_a_wrong_key_or_unit_is_named_with_the_fix(section, key, value, words):
    message = refused(**{section: TINY.get(section, {}) | {key: value}})
    assert words in message
    assert f"{section}.{key}" in message
    assert len(message.splitlines()) == 1


def test_no_simulation_depends_on_metal_substrate_or_curie_temperature():
    plain, data = plan.parse(staircase()), staircase()
    data["heavy_metal"] = {"preset": "beta-ta", "thickness": 7e-9}
    data["heating"] = {"oxide_thickness": 50e-9, "largest_rise": 20.0}
    data["material"] = {**data["material"], "curie_temperature": 728.0}
    changed = plan.parse(data)

    def described(campaign):
        device = campaign.devices["stairs"]
        train, *_ = STUDIES["pulse_trains"].requests_of(campaign, "up-down")
        return [
            jobs.initial_job(device),
            jobs.pulse_job(device, 0.5e12),
            jobs.level_job(device, "1"),
            jobs.minima_job(device),
            jobs.barrier_job(device, "1", "2", 0.5),
            train.computes,
        ]

    for before, after in zip(described(plain), described(changed), strict=True):
        assert before.to_json() == after.to_json()
        assert not re.search("heavy_metal|heating|curie", after.to_json())
        assert type(after).from_json(after.to_json()) == after
    first, second = (write_energy_job(campaign.devices["stairs"]) for campaign in (plain, changed))
    assert (first.heat.curie_temperature, second.heat.curie_temperature) == (1000.0, 728.0)
    assert WriteEnergyJob.from_json(second.to_json()) == second
