"""Named stacks: values that belong together, of which given keys win."""

import copy
import json

import pytest
from helpers.small_campaign import MATERIAL, TINY, UNLIKE

from wallnet import config, jobs, plan
from wallnet.config.stacks import STACKS
from wallnet.devices.write_energy import write_energy_of
from wallnet.jobs.bilayer import bilayer_of
from wallnet.jobs.report import write_energy_job

BARE = {
    key: UNLIKE[key] for key in UNLIKE if key not in ("polarization", "damping", "dmi_constant")
}
"""What no stack has: Ms, A, Ku and γ0."""


def synapse(material=BARE, **changes):
    """Return the tiny synapse with a stack; changes are shared keys."""
    data = copy.deepcopy(TINY) | {"material": material} | changes
    return plan.parse(data).simulated["synapse"]


def test_a_stack_gives_metal_torques_damping_and_dmi():
    """Pt/Co/AlOx: 1.7 pJ/m on 2 nm; P is the spin Hall angle, so that J is that of the metal."""
    device = synapse(stack="pt-co")
    metal, material = device.heavy_metal, device.material
    assert (metal.resistivity, metal.spin_hall_angle, metal.thickness) == (33e-8, 0.16, 3e-9)
    assert (material.polarization, material.damping) == (0.16, 0.5)
    # of the bulk: 25.86 J/(mol K) in 9.09 cm³/mol
    assert metal.heat_capacity == pytest.approx(25.86 / 9.09e-6, rel=0.003, abs=0)
    assert material.dmi_constant == pytest.approx(0.85e-3, rel=1e-12, abs=0)
    # ε'/ε = -0.6 with ε = P/2
    assert material.simulated.field_like_torque == pytest.approx(-0.6 * 0.08, rel=1e-12, abs=0)
    assert material.saturation_magnetization == 0.9e6
    assert bilayer_of(device).density_ratio == 1.0


def test_given_keys_win_and_the_torques_keep_their_ratio():
    metal = {"thickness": 7e-9, "spin_hall_angle": 0.2}
    material = BARE | {"polarization": 0.3, "damping": 0.11, "dmi_constant": 0.4e-3}
    device = synapse(material, stack="pt-co", heavy_metal=metal)
    assert (device.heavy_metal.thickness, device.heavy_metal.resistivity) == (7e-9, 33e-8)
    assert bilayer_of(device).density_ratio == pytest.approx(1.5, rel=1e-9, abs=0)
    assert (device.material.damping, device.material.dmi_constant) == (0.11, 0.4e-3)
    simulated = device.material.simulated
    assert simulated.field_like_torque == pytest.approx(-0.6 * 0.15, rel=1e-12, abs=0)
    none = synapse(material | {"field_like_torque": 0.0}, stack="pt-co")
    assert none.material.simulated.field_like_torque == 0.0
    own = synapse(material | {"field_like_ratio": 0.2}, stack="pt-co")
    torque = jobs.pulse_job(own, 1e12).material.field_like_torque
    assert torque == pytest.approx(0.2 * 0.15, rel=1e-12, abs=0)


def test_a_device_may_have_a_stack_of_its_own():
    data = copy.deepcopy(TINY) | {"material": BARE, "stack": "pt-co"}
    thick = {"thickness": 1.3e-9}
    data["devices"]["other"] = {"like": "synapse", "stack": "w-cofeb", "track": thick}
    devices = plan.parse(data).simulated
    assert devices["synapse"].heavy_metal.spin_hall_angle == 0.16
    assert devices["other"].heavy_metal.spin_hall_angle == -0.30
    assert devices["other"].material.polarization == 0.30
    expected = 0.41e-12 / 1.3e-9
    assert devices["other"].material.dmi_constant == pytest.approx(expected, rel=1e-12, abs=0)


def test_a_device_as_plain_data_is_the_same_device():
    device = synapse(stack="aupt-co")
    again = plan.parse({"devices": {"synapse": device.plain()}}).simulated["synapse"]
    assert again == device
    assert device.plain()["stack"] == "aupt-co"
    assert "stack" not in synapse(UNLIKE).plain()


def test_a_job_has_the_values_of_the_stack_and_not_its_name():
    device = synapse(stack="aupt-co")
    text = jobs.pulse_job(device, 0.5e12).to_json()
    assert "stack" not in json.loads(text)
    assert json.loads(text)["material"]["polarization"] == 0.35
    spelt = {key: getattr(device.material, key) for key in UNLIKE}
    assert jobs.pulse_job(synapse(spelt), 0.5e12).to_json() == text


@pytest.mark.parametrize(
    ("stack", "ratio"), [("pt-co", 1289.1), ("w-cofeb", 3333.3), ("aupt-co", 677.6)]
)
def test_heat_goes_with_the_resistivity_over_the_square_of_the_angle(stack, ratio):
    """In µΩ cm; the default metal has 130/0.4² = 812.5. The magnet carries no current."""
    metal = {"thickness": 5e-9, "heat_capacity": 2.6e6}
    alone = MATERIAL | {"resistivity": "insulating"}
    own, default = (
        write_energy_of(write_energy_job(device), 1e12, 1e-9)["temperature_rise"]
        for device in (synapse(alone, stack=stack, heavy_metal=metal), synapse(alone))
    )
    assert own / default == pytest.approx(ratio / 812.5, rel=1e-4, abs=0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stack": "gold", "material": UNLIKE}, "stack is 'gold'; use 'pt-co'"),
        ({"stack": ["pt-co"], "material": UNLIKE}, "stack is a list; use 'pt-co'"),
        ({"stack": "pt-co", "heavy_metal": {"preset": "pt"}}, "stack pt-co has a heavy metal of"),
        ({"stack": "pt-co", "material": BARE | {"polarization": "much"}}, "polarization = 'much'"),
        ({"stack": "pt-co", "material": 3}, "material"),
        ({"stack": "pt-co", "heavy_metal": {"thickness": 5}}, "lengths are in metres"),
    ],
)
def test_what_makes_no_stack_is_named(changes, message):
    with pytest.raises(config.ConfigError) as caught:
        synapse(**({"material": BARE} | changes))
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_every_stack_makes_a_device_with_a_perpendicular_film():
    for stack in STACKS:
        assert synapse(stack=stack).material.field_like_torque <= 0
