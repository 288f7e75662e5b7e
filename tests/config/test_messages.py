"""Settings of studies and reference data that cannot be: one sentence with key and fix."""

import pytest
from helpers.calibration import CURVE, REFERENCE, referring, searched
from helpers.depinning import depinned
from helpers.intervals import bisected
from helpers.messages import one_problem
from helpers.programs import STAIRCASE, UP, staircase
from helpers.sensitivity import sensed
from helpers.small_campaign import MATERIAL
from helpers.transitions import led
from helpers.walls import NEURON, SYNAPSE
from helpers.windows import windowed

from wallnet.config import Device, ProgramPulse
from wallnet.config.devices import Material
from wallnet.config.messages import unknown_key


def of_pulse(**changes):
    return staircase(UP | changes)


def warmed(**changes):
    settings = {"device": "stairs", "current_densities": [0.9e12, 1.1e12], "replicas": 16}
    settings["variants"] = {"warm": {"temperature": {"ambient": 250.0}}}
    return STAIRCASE | {"thermal": {"warm": settings | changes}}


def kept(**barriers):
    devices = {"neuron": NEURON, "synapse": SYNAPSE, "other": {"like": "synapse"}}
    return {"material": MATERIAL, "devices": devices, "barriers": barriers}


def altered(block, **changes):
    return {block: [{**REFERENCE[block][0], **changes}]}


TOO_HOT = {"temperature": 540.0, "devices": ["synapse"]}

REFUSED = {
    ("operating_windows.three", windowed): [
        (
            {"current_densities": [-0.7e12, 0.7e12]},
            ".current_densities has -7e+11 A/m²; write densities above 0",
        ),
        ({"durations": []}, ".durations has too few entries; give at least 1"),
        ({"durations": [1.2005e-9]}, "finer than the 1e-12 s that file names tell apart"),
        ({"durations": [10e-12]}, ".durations has 1e-11 s, shorter than output.inte"),
        ({"tail": {"share": 0.5, "duration": 10e-12}}, ".tail.duration has 1e-11 s"),
        ({"pause": 0.1e-9}, ".pause 1e-10 s is shorter than relaxation.hold 2e-10 s"),
        ({"variants": {"Low/Damping": {}}}, ".variants.Low/Damping cannot name files"),
        (
            {"variants": {"a": {"material": {"damping": 50}}}},
            ".variants.a.material.damping = 50 is outside",
        ),
        (
            {"variants": {"a": {"track": {"notches": None}}}},
            ".variants.a has 0 notches inside its track; stepwise switching needs two",
        ),
        (
            # the radius of the notch is 16 nm
            {"variants": {"a": {"wall": {"start": 58e-9}}}},
            ".variants.a has wall.start 5.8e-08 m, which is not at the first notch; "
            "set wall.start to 4e-08 m",
        ),
        (
            {"variants": {"a": {"calculator": "oommf"}}},
            ".variants.a sets calculator; remove it, and set that of stairs",
        ),
        ({"pause": 1e-4}, ": output.interval 2e-11 s and output.snapshot_interval"),
    ],
    ("intervals.stairs", bisected): [
        ({"resolution": 0.1}, ".resolution = 0.1 is outside"),
        ({"resolution": 1.5e8}, ".resolution has 150000000 A/m², finer than the 1e8 A/m²"),
    ],
    ("transitions.stairs", led): [
        *(
            ({"starts": [start]}, f".starts has '{start}', and stairs has 3 not")
            for start in ("notch 0", "reversed", "between 1 and 3")
        ),
        (
            {"starts": ["between 3 and 4"]},
            ".starts has 'between 3 and 4', and stairs has 3 notches inside",
        ),
        ({"current_densities": [0.0, 0.5e12]}, "stairs.current_densities has 0 A/m²; write densi"),
        ({"durations": [10e-12]}, ".durations has 1e-11 s, shorter than output"),
        ({"durations": [1e-4]}, ": output.interval 2e-11 s and output.snapsho"),
    ],
    ("depinning.synapse", depinned): [
        ({"current_densities": [1e12, 0.5e12]}, "is no ascending pair above 0"),
        ({"current_densities": [0.5e12, 0.5e12]}, "is no ascending pair above 0"),
        ({"current_densities": [0.50001e12, 1e12]}, "has 5.0001e+11 A/m², finer than the"),
        ({"duration": 1e-12}, ".duration has 1e-12 s, shorter than output.interval 2e-11 s"),
    ],
    ("calibration.paper", searched): [
        ({"changes": {"synapses": {}}}, ".changes names 'synapses', which is not a simulated dev"),
        ({"parameters": {"damping": [0.5, 0.5]}}, "damping has 0.5 and 0.5; write the lower"),
        ({"read_delays": []}, "read_delays has too few entries"),
        ({"read_delays": [2e-9, 0.1e-9]}, "read_delays has 2e-09 s, longer than relaxation.lon"),
        ({"changes": {"synapse": {"calculator": "oommf"}}}, "changes.synapse sets calculator"),
        (
            {"changes": {"synapse": {"wall": {"relaxation": 1e-9}}}},
            "relaxation of synapse is not simu",
        ),
        ({"changes": {"synapse": {"trck": {}}}}, "changes.synapse.trck is not a key"),
        # nothing is asked of the neuron
        ({"changes": {"neuron": {"trck": {}}}}, "changes.neuron.trck is not a key"),
    ],
    ("pulse_trains.up-down", of_pulse): [
        ({"current_density": 0.7}, ".pulses.0.current_density = 0.7 is outside"),
        ({"repetition": 3}, "repetition is not a key of the configuration; remove it (did you"),
    ],
    ("thermal.warm", warmed): [
        ({"variants": {"cold": {}}}, ".variants.cold has no temperature; give temperature."),
        ({"duration": 10e-12}, ".duration has 1e-11 s, shorter than output.interval"),
        ({"pause": 1e-4}, ": output.interval 2e-11 s and"),
        ({"device": "other"}, ".device"),
    ],
    ("sensitivity.small", sensed): [
        ({"device": "synapsis"}, ".device names 'synapsis', which is not a simulated device"),
        ({"device": "neuron"}, ": neuron has no notch inside its track"),
        ({"notch": 3}, ".notch is 3, and synapse has 2; choose one of these"),
        ({"current_densities": [1e12, 0.5e12]}, ".current_densities is no ascending pair above 0"),
        ({"duration": 1e-12}, ".duration has 1e-12 s, shorter than output.interval 2e-11 s"),
        (
            {"assumptions": ["dampign"]},
            ".assumptions names 'dampign', which is not an assumption (did you mean damping?)",
        ),
        (
            {"assumptions": ["shunt"]},
            ": the assumption shunt changes no simulation of synapse; remove it, or add what it "
            "needs to sensitivity.small.changes",
        ),
        ({"assumptions": ["anisotropy_exponent"]}, "anisotropy_exponent changes no simulation of"),
        ({"changes": {"material": {"dampign": 1}}}, ".changes.material.dampign is not a key"),
        ({"changes": {"calculator": "oommf"}}, ".changes sets calculator; remove it"),
        ({"further": {"own": {}}}, "the assumption own changes no simulation of synapse"),
        (
            {"further": {"own": {"upper": {"material": {"damping": -1}}}}},
            ".further.own.upper.material.damping = -1 is outside",
        ),
        ({"further": {"own": {"lower": {"calculator": "oommf"}}}}, ".further.own.lower sets"),
        (
            {"further": {"own": {"lower": {"material": {"damping": "× 1.2.3"}}}}},
            ".further.own.lower.material.damping = '× 1.2.3' is not a number",
        ),
    ],
    ("barriers", kept): [
        ({"devices": ["neuron"]}, ".devices names 'neuron', which is not a simulated syn"),
        ({"devices": ["nobody"]}, "use some of synapse, other"),
        ({"temperature": 0.3}, ".temperature = 0.3 is outside"),
        ({"temperature": 300e3}, "temperatures are in kelvin"),
        ({"attempt_frequencies": [1e12, 1e9]}, "is not ascending"),
        ({"attempt_frequencies": [1.0, 1e9]}, "frequencies are in 1/s"),
        ({"temprature": 300}, "temprature"),
        (TOO_HOT, "temperature of synapse: material.uniaxial_anisotropy at 540 K is 376029 J"),
        (TOO_HOT, "too low for a perpendicular magnetisation; change it, the temperature or temp"),
        (TOO_HOT | {"temperature": 1000.0}, "1000 K, too low for Bloch's law from 300 to 1000 K"),
    ],
    ("reference", referring): [
        (altered("final_states", device="synapses"), "final_states names 'synapses', which is not"),
        ({"transfer_curves": [CURVE | {"device": "d"}]}, "transfer_curves names 'd', which is not"),
        (altered("final_states", device="neuron"), "final_states has notch 1, and neuron has 0;"),
        (altered("final_states", state="notch 4"), "final_states has notch 4, and synapse has 3"),
        (altered("final_states", state="free"), "'free'; write 'notch 2' or 'reversed'"),
        (altered("final_states", state="between 1 and 2"), "write 'notch 2' or 'reversed'"),
        (altered("final_states", current_density=1.50001e12), "round it to four decimals"),
        (altered("arrival_times", notch=5), "arrival_times has notch 5, and synapse has 3; name"),
        (
            {"transfer_curves": [CURVE | {"current_densities": [0.2e12, 1e12]}]},
            "current_densities has fewer than three densities; name three or more",
        ),
    ],
}
"""For each key: the campaign of some settings, settings, and words of the sentence."""

CASES = [
    pytest.param(key, campaign(**changes), words, id=f"{key}-{number}")
    for (key, campaign), rows in REFUSED.items()
    for number, (changes, words) in enumerate(rows)
]


@pytest.mark.parametrize(("key", "data", "words"), CASES)
def test_what_cannot_be_is_one_sentence_with_its_key(key, data, words):
    """Words that begin with a dot or a colon follow the key."""
    problem = one_problem(data)
    assert problem.startswith(f"config.yaml: {key}")
    assert (key + words if words[0] in ".:" else words) in problem


def test_the_former_study_of_disturb_is_told_where_thermal_has_it():
    assert one_problem(STAIRCASE | {"disturb": {"stairs": {"write": 1.2e12}}}) == (
        "config.yaml: disturb is part of thermal now; replace it by thermal.X with the states in "
        "starts, current_densities below the threshold and write_current"
    )


@pytest.mark.parametrize(
    ("key", "block", "meant"),
    [
        ("dmi", Material, "dmi_constant"),
        ("anisotropy", Material, "uniaxial_anisotropy"),
        ("rise_time", ProgramPulse, "waveform"),
        ("rise_time", Device, "pulse.rise_time"),
        ("dampnig", Material, "damping"),
        ("anisotropy_constant", Material, "uniaxial_anisotropy"),
        ("exchange_constant", Material, "exchange_stiffness"),
    ],
)
def test_an_unknown_key_hints_at_the_one_that_is_meant(key, block, meant):
    assert unknown_key(key, block.model_fields).endswith(f"remove it (did you mean {meant}?)")


def test_what_is_not_a_number_is_told_which_are_allowed(tiny):
    tiny["material"]["damping"] = {"dmi": 0.5}
    assert one_problem(tiny).endswith("is not a number; write one from 0.0001 to 10")


def test_a_negative_polarization_is_told_where_the_sign_of_the_torque_is(tiny):
    tiny["material"]["polarization"] = -0.3
    assert one_problem(tiny).endswith(
        "material.polarization = -0.3 is outside the range 0 to 1; the torque has the sign of J"
    )
    tiny["material"]["polarization"] = 0.3
    tiny["material"]["slonczewski_lambda"] = 0.5
    assert one_problem(tiny).endswith("is outside the range 1 to 100; give a number in it")


def test_a_film_that_is_too_hot_is_told_of_its_exponent():
    assert "; change it, the temperature or temperature.anisotropy_exponent" in one_problem(
        kept(**TOO_HOT)
    )
