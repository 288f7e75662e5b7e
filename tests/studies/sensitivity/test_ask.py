"""What a sensitivity accepts, which assumptions apply, and which requests they make."""

import pytest
from helpers.messages import one_problem
from helpers.sensitivity import HEATED, sensed

from studies.results import one, pulsed
from wallnet import files, plan
from wallnet.jobs.request import Conditions, where
from wallnet.plan.requests import Requested
from wallnet.plan.work import study_work
from wallnet.studies import STUDIES

SENSITIVITY = STUDIES["sensitivity"]
FOLDER = "results/sensitivity/small"


def requested(**changes):
    return SENSITIVITY.requests_of(plan.parse(sensed(**changes)), "small")


def pulse_of(requests, variant, density=0.5e12):
    return one(requests, "run", variant=variant, current_density=density)


def rows(**changes):
    campaign = plan.parse(sensed(**changes))
    settings = campaign.studies["sensitivity"]["small"]
    return {row["name"]: row for row in SENSITIVITY.about(campaign, "small", settings).rows}


def test_assumptions_apply_where_they_change_a_simulation():
    """Without heat, those of the heat change none; a temperature adds them."""
    cold = ["damping", "field_like_torque", "anisotropy", "edge_damage", "edges"]
    cold += ["metal_cut", "oersted", "bias_field"]
    hot = ["curie_temperature", "anisotropy_exponent", "shunt", "encapsulation", "storage"]
    assert [*rows()] == cold
    assert [*rows(changes=HEATED)] == [*hot, "interface", *cold]
    # the film has its measured values at 300 K, whatever its Curie temperature
    assert "curie_temperature" not in rows(changes={"temperature": {"ambient": 300.0}})


def test_each_end_is_simulated_once():
    """The device has a damping of 0.5 and stairs, as at one end of two assumptions."""
    assumptions = rows()
    assert assumptions["damping"]["devices"] == ["damping-lower", "reference"]
    assert assumptions["edges"]["devices"] == ["reference", "edges-upper"]
    assert assumptions["anisotropy"]["devices"] == ["anisotropy-lower", "anisotropy-upper"]
    assert assumptions["damping"]["values"] == ("0.1", "0.5")
    requests = requested()
    starts = [
        start.conditions.variant for start in where(requests, "run", Conditions(duration=0.0))
    ]
    # an Oersted field and a metal with notches change no wall at rest
    pulses = pulsed(requests)
    devices = list(dict.fromkeys(pulse.conditions.variant for pulse in pulses))
    assert (len(starts), len(devices)) == (11, 13)
    # nor do they, damping and a field-like torque change an energy
    films = ["reference", "anisotropy-lower", "anisotropy-upper", "edge_damage-lower"]
    films += ["edge_damage-upper", "edges-upper", "bias_field-lower", "bias_field-upper"]
    assert [request.path.removeprefix(f"{FOLDER}/") for request in requests] == [
        *(f"{name}/start.nc" for name in starts),
        *(f"{name}/{density}.nc" for name in devices for density in ("0.5000", "3.0000")),
        *(f"{name}/minima.nc" for name in films),
    ]
    for request in pulses:
        name = request.conditions.variant
        film = name if name in films else "reference"
        assert request.states.path == f"{FOLDER}/{film}/minima.nc"


def test_states_are_named_by_the_minimum_of_the_notch():
    requests = requested(notch=2)
    (placed,) = pulse_of(requests, "damping-lower").states.computes.placements.items()
    assert placed[0] == "notch 2"
    assert placed[1].bottom == pytest.approx(240e-9, rel=1e-9, abs=0)


@pytest.mark.parametrize(
    ("device", "keys"),
    [
        ("damping-lower", {"damping": 0.1}),
        # half of the damping-like torque: 0.5 · 0.4/2
        ("field_like_torque-lower", {"field_like_torque": -0.1}),
        ("field_like_torque-upper", {"field_like_torque": 0.1}),
        ("anisotropy-lower", {"uniaxial_anisotropy": 0.95e6}),
        ("anisotropy-upper", {"uniaxial_anisotropy": 1.05e6}),
    ],
)
def test_an_end_differs_by_its_keys(device, keys):
    requests = requested()
    of_reference, job = (
        pulse_of(requests, name, 3e12).computes.plain() for name in ("reference", device)
    )
    for key, value in keys.items():
        assert job["material"].pop(key) == pytest.approx(value, rel=1e-12, abs=0)
        del of_reference["material"][key]
    assert job == of_reference


def test_damage_ends_at_its_distance_from_the_edge():
    requests = requested()
    for end, distance in (("lower", 3e-9), ("upper", 6e-9)):
        damage = pulse_of(requests, f"edge_damage-{end}").computes.variation.edge_damage
        assert (damage.share, damage.distance) == (0.1, distance)


def test_a_wall_at_the_notch_relaxes_as_the_device_after_the_pulse():
    requests = requested(notch=2)
    pulse = pulse_of(requests, "damping-lower")
    rest = one(requests, "run", duration=0.0, variant="damping-lower")
    assert (pulse.kind, pulse.path) == ("run", f"{FOLDER}/damping-lower/0.5000.nc")
    assert pulse.after == (rest.path,) == (f"{FOLDER}/damping-lower/start.nc",)
    (part,) = pulse.computes.parts()
    assert (part.current_density, part.pulse_end) == (0.5e12, 0.7e-9)
    # the whole pause, as in each train
    assert (part.step.pause, part.ends_at_rest) == (1e-9, False)
    assert pulse.computes.output.snapshot_interval == pytest.approx(1.7e-9, rel=1e-9, abs=0)
    assert part.material.damping == rest.computes.material.damping == 0.1
    for job in (part, rest.computes):
        places = (job.placement.bottom, job.placement.top)
        assert places == pytest.approx((240e-9, 240e-9), rel=1e-9, abs=0)
    (own,) = pulse_of(requested(duration=None), "reference").computes.steps
    assert own.duration == 0.6e-9


def test_a_wall_is_given_time_to_rest():
    data = sensed()
    data["devices"]["synapse"]["relaxation"]["longest"] = 0.1e-9
    problem = one_problem(data)
    assert problem.startswith("config.yaml: sensitivity.small: relaxation.longest 1e-10 s of")
    assert "is shorter than relaxation.hold 2e-10 s" in problem


def test_a_temperature_repeats_pulses():
    requests = requested(changes=HEATED, assumptions=["shunt", "damping"], replicas=16)
    place = {"variant": "shunt-lower", "current_density": 0.5e12}
    blocks = [r for r in requests if r.parts and r.path.startswith(f"{FOLDER}/shunt-lower/0.5")]
    assert [block.path for block in blocks] == [
        f"{FOLDER}/shunt-lower/0.5000_replicas-1-8.nc",
        f"{FOLDER}/shunt-lower/0.5000_replicas-9-16.nc",
    ]
    job = one(requests, "run", **place, replica=9).computes
    assert (job.replica, job.field) == (9, 300.0)
    shunted = one(requests, "run", **place | {"variant": "reference"}, replica=9).computes
    assert job.heat.bilayer.sheet_current < shunted.heat.bilayer.sheet_current
    # heat acts during pulses only, so that the wall at rest is that of the device
    assert blocks[1].after == (f"{FOLDER}/reference/start.nc",)
    assert ("shunt-lower",) not in requests
    # the magnet of the campaign has 130 µΩ cm
    assert rows(changes=HEATED)["shunt"]["devices"] == ["shunt-lower", "reference"]


def test_users_add_assumptions():
    own = {"thin": {"lower": {"track": {"thickness": 1.8e-9}}, "label": "thinner film"}}
    assumptions = rows(further=own, assumptions=["damping", "thin"])
    assert [*assumptions] == ["damping", "thin"]
    assert assumptions["thin"]["label"] == "thinner film"
    assert assumptions["thin"]["devices"] == ["thin-lower", "reference"]
    assert assumptions["thin"]["values"] == ("1.8e-09", "as configured")
    assert "thin" in rows(further=own)


def test_each_round_counts_two_thresholds_of_each_device(tmp_path, monkeypatch):
    """One round halves 0.5 to 3.0e12 A/m²."""
    monkeypatch.chdir(tmp_path)
    campaign = plan.parse(sensed(assumptions=["damping"]))

    def work():
        requests = study_work(Requested(campaign), "sensitivity")
        return [(count, request.path.removeprefix(f"{FOLDER}/")) for count, request in requests]

    devices = ("reference", "damping-lower")
    first = [(1, f"{device}/start.nc") for device in devices]
    first += [(1, f"{device}/{j}.nc") for device in devices for j in ("0.5000", "3.0000")]
    assert work() == [*first, *((2, f"{device}/3.0000.nc") for device in devices)]
    files.write_json({"asked": [["damping-lower", 1.75e12]]}, f"{FOLDER}/round-1.json")
    assert work() == [*first, (1, "damping-lower/1.7500.nc")]
