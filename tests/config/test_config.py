"""The configuration: accepted values, and the message for rejected ones."""

import copy
import json
import math
import re

import numpy as np
import pytest
import yaml
from helpers.mapping_names import MAPPING_NAMES, WRONG_MAPPING_NAMES
from helpers.small_campaign import MATERIAL, ROOT
from pydantic import ValidationError

from wallnet import config, jobs, plan, simulate
from wallnet.config import mappings, networks
from wallnet.config.calculators import FilmSettings, OommfSettings
from wallnet.config.devices import Detector, Output
from wallnet.config.networks import Networks
from wallnet.config.pulse import Pulse, parse_current_density
from wallnet.config.stages import STAGES
from wallnet.files.plain import canonical
from wallnet.files.whole import LARGEST_TEXT
from wallnet.film import core
from wallnet.film.terms import SpinTorque
from wallnet.jobs import base as experiment_base
from wallnet.jobs.energy_path import minima_job
from wallnet.jobs.film import check, step_of, torque_of
from wallnet.jobs.networks import (
    AccuracyJob,
    accuracy_job,
)
from wallnet.jobs.run import WallPlacement, level_states
from wallnet.studies import DEVICES


def put(data, path, value):
    *parents, last = path.split(".")
    for key in parents:
        data = data.setdefault(key, {})
    if value is None:
        del data[last]
    else:
        data[last] = value


def test_the_campaign_of_the_repository_is_valid():
    campaign = plan.load(ROOT / "config.yaml")
    assert campaign.of_kind("neuron") == ["neuron"]
    assert {"synapse-5", "synapse-10"} <= set(campaign.of_kind("synapse"))
    paper = [0.10e12, 0.15e12, 0.20e12, 0.25e12, 0.30e12, 0.35e12, 0.40e12, 0.45e12]
    assert campaign.devices["neuron"].pulse.current_densities == pytest.approx(
        paper, rel=1e-6, abs=0
    )


TRAPEZOID = {
    "shape": "trapezoid",
    "length": 30e-9,
    "depth": 16e-9,
    "flanks": [11e-9, 5e-9],
    "count": 3,
}

BAD = [
    ("material.damping", None, "material.damping is missing; add it"),
    ("material.damping", "heavy", "material.damping = 'heavy' is not a number"),
    ("material.damping", float("nan"), "material.damping = nan is not finite"),
    ("material.damping", 20, "material.damping = 20 is outside the range 0.0001 to 10"),
    ("material.uniaxial_anisotropy", 1e5, "material.uniaxial_anisotropy is 100000 J/m³"),
    # values of the paper and of g = 2 in other units
    ("material.saturation_magnetization", 1100, "1100 kA/m or emu/cm³ are 1.1e+6 A/m"),
    ("material.uniaxial_anisotropy", 1.0, "1000 kJ/m³, is 1.0e+6 J/m³"),
    ("material.uniaxial_anisotropy", 1000, "6.956e+05 J/m³; 1 MJ/m³, or 1000 kJ/m³, is 1.0e+6"),
    ("material.gyromagnetic_ratio", 2.8e6, "1.76e+11 rad/(s T) are 2.21e+5 m/(A s)"),
    ("devices.neuron.track.cell_size", 3e-9, "track.cell_size 3e-09 m does not divide length"),
    ("devices.neuron.pulse.current_densities", [0.1], "current densities are in A/m²"),
    ("devices.neuron.pulse.current_densities", [], "current_densities is not a list"),
    ("devices.neuron.pulse.current_densities", [0.12345678e12] * 5, "finer than the 1e8"),
    ("devices.neuron.pulse.current_densities", [-0.2e12, 0, 0.1e12, 0.3e12, 0.4e12], "has 4 val"),
    ("devices.synapse.shown", [0.5e12, 0.123e12], "devices.synapse.shown has 1.23e+11 A/m²"),
    ("networks.table_ii", {"neuron": 5}, "networks.table_ii names 'neuron'"),
    (
        "devices.neuron.wall.start",
        300e-9,
        "wall.start 3e-07 m is outside the free part",
    ),
    ("devices.neuron.read_at", 1e-9, "read_at 1e-09 s is after the end"),
    ("devices.neuron.read_at", "later", "devices.neuron.read_at is 'later'; use 'pulse_end'"),
    ("devices.neuron.kind", "nerve", "devices.neuron.kind is 'nerve'; use 'neuron'"),
    ("devices.synapse.track.notches.diameter", 70e-9, "leaves no film between"),
    ("devices.synapse.track.notches.count", 40, "notches overlap"),
    ("devices.synapse.track.fixed_ends", 20e-9, "notches at 3.6e-07 m reach into fixed_ends"),
    ("devices.neuron.track.fixed_ends", 3e-9, "fixed_ends 3e-09 m contains no cell or the"),
    ("devices.synapse.track.notches", {"diameter": 8e-9, "positions": [4e-7]}, "outside the tra"),
    (
        "devices.synapse.track.notches.positions",
        [2e-7],
        "has both count and positions, perhaps one",
    ),
    ("devices.synapse.track.notches.shape", "square", "notches.shape is 'square'; use 'disc'"),
    ("devices.synapse.track.notches.shape", "ellipse", "diameter is given, and shape ellipse nee"),
    ("devices.synapse.track.notches.depth", 8e-9, "depth is given, and shape disc needs diameter"),
    ("devices.synapse.track.notches.diameter", None, "diameter is missing, and shape disc needs"),
    (
        "devices.synapse.track.notches",
        TRAPEZOID | {"flanks": [11e-9, 20e-9]},
        "flanks are longer together than length",
    ),
    ("devices.synapse.track.notches", TRAPEZOID | {"flanks": None}, "flanks is missing, and sha"),
    (
        "devices.synapse.track.notches",
        TRAPEZOID | {"depth": 33e-9},
        "notches.depth 3.3e-08 m leaves no film between the two notches; keep it below width/2 - 1 "
        "cell = 3.2e-08 m",
    ),
    (
        "devices.synapse.track.notches",
        TRAPEZOID | {"length": 121e-9},
        "neighbours are 1.2e-07 m apart and notches.length is 1.21e-07 m",
    ),
    ("devices.synapse.track.edges", "rough", "track.edges is 'rough'; use 'stairs' or 'smooth'"),
    ("devices.synapse.track", 3, "devices.synapse.track is 3, not a block of keys"),
    ("devices.synapse.calculator", "mumax", "is 'mumax'; use 'film', 'oommf' or"),
    ("devices.synapse.like", "nothing", "devices.synapse.like names 'nothing'"),
    ("devices.Synapse", {}, "devices.Synapse cannot name files"),
    ("devices", {}, "devices is missing or empty"),
    ("deviecs", {}, "deviecs is not a key of the configuration; remove it (did you mean devices"),
    (
        "networks.recipes.a.on_levels.mappings",
        ["layer", "row-2sd"],
        "row-2sd', which is not in n",
    ),
    ("networks.recipes.a.on_levels.mappings", ["fitted"], "has 'fitted', which is not a mapping"),
    ("networks.recipes.a.model", "mine:Net:", "model is 'mine:Net:', which is no model"),
]


@pytest.mark.parametrize(("path", "value", "words"), BAD)
def test_bad_input_is_one_sentence_with_the_key(tiny, path, value, words):
    training = {"epochs": 1, "learning_rate": 1e-3}
    tiny["networks"] = {"synapses": ["synapse"], "mappings": ["layer", "row-3sd"]}
    tiny["networks"]["recipes"] = {"a": {"fp32": {**training}, "on_levels": {**training}}}
    put(tiny, path, value)
    (sentence,) = refused(tiny)
    assert words in sentence


def refused(data):
    """Return the messages with which a campaign is rejected."""
    with pytest.raises(config.ConfigError) as error:
        plan.parse(data)
    said = str(error.value).splitlines()
    assert all(line.startswith("config.yaml: ") for line in said)
    return [line.removeprefix("config.yaml: ") for line in said]


def refusal(**track):
    """Return the reason for which a track is rejected, or None."""
    try:
        config.Track.model_validate({"thickness": 2e-9, **track})
    except ValidationError as refused:
        return refused.errors()[0]["msg"]
    return None


SUGGESTED = re.compile(r"choose (\S+) m or another whole part of (\S+) m$")


def test_a_notch_in_the_left_fixed_end_is_refused(tiny):
    """A notch of 16 nm radius at 30 nm reaches to 14 nm."""
    track = tiny["devices"]["synapse"]["track"]
    track["notches"] = {"positions": [30e-9, 200e-9], "diameter": 32e-9}
    tiny["devices"]["synapse"]["wall"] = {"start": 30e-9}
    assert plan.parse(tiny).devices["synapse"].track.fixed_ends is None
    track["fixed_ends"] = 14e-9
    plan.parse(tiny)
    track["fixed_ends"] = 15e-9
    with pytest.raises(config.ConfigError, match=r"notches at 3e-08 m reach into fixed_ends"):
        plan.parse(tiny)


@pytest.mark.parametrize(("start", "taken"), [(160e-9, True), (161e-9, False)])
def test_a_wall_may_not_start_in_the_right_fixed_end(tiny, start, taken):
    neuron = tiny["devices"]["neuron"]
    neuron["track"] |= {"fixed_ends": 40e-9}
    neuron["wall"] = {"start": start}
    if taken:
        plan.parse(tiny)
    else:
        with pytest.raises(config.ConfigError, match="1.61e-07 m is outside the free part"):
            plan.parse(tiny)


def test_a_synapse_with_fixed_ends_needs_its_wall_at_the_first_notch(tiny):
    track = tiny["devices"]["synapse"]["track"]
    track |= {"notches": {"positions": [90e-9, 200e-9], "diameter": 32e-9}, "fixed_ends": 20e-9}
    with pytest.raises(config.ConfigError, match=r"fixed_ends keeps a synapse from being.*start"):
        plan.parse(tiny)
    tiny["devices"]["synapse"]["wall"] = {"start": 90e-9}
    device = plan.parse(tiny).devices["synapse"]
    assert "reversed" not in minima_job(device).placements


@pytest.mark.parametrize("width", [64e-9, 150e-9, 1500e-9])
def test_a_suggested_cell_size_is_accepted_and_near_the_given_one(width):
    size = {"length": 512e-9 if width == 64e-9 else 750e-9, "width": width}
    for cell in (*np.geomspace(0.61e-9, 9.1e-9, 40), 2e-6):
        near, common = map(float, SUGGESTED.search(refusal(**size, cell_size=cell)).groups())
        for value in (near, common, common / 7):
            assert refusal(**size, cell_size=value) is None
        assert min(cell, *size.values()) / 2.001 <= near <= 2.001 * cell
        assert common / near == pytest.approx(round(common / near), rel=1e-6, abs=0)


def test_fixed_ends_may_be_one_cell_or_leave_one(tiny):
    """Of 99 cells of 4 nm; (396 nm - 196 nm) - 196 nm is less than 4 nm by rounding."""
    neuron = tiny["devices"]["neuron"]
    neuron["track"]["length"], neuron["wall"]["start"] = 396e-9, 198e-9
    for fixed in (4e-9, 196e-9):
        neuron["track"]["fixed_ends"] = fixed
        assert plan.parse(tiny).devices["neuron"].track.fixed_ends == fixed
    neuron["track"]["fixed_ends"] = 197e-9
    with pytest.raises(config.ConfigError, match=r"fixed_ends 1.97e-07 m contains no cell or the"):
        plan.parse(tiny)


HEIRS = {
    "heir": {"like": "synapse", "material": {"damping": 0.3}},
    "grandchild": {"like": "heir", "track": {"notches": {"count": 2}}},
}


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ("devices.synapse.track.lenght", 5e-9, "devices.synapse.track.lenght is not a key"),
        ("devices.synapse.wall", None, "devices.synapse.wall is missing"),
        # checks across several keys
        ("devices.synapse.track.cell_size", 5e-9, "devices.synapse.track.cell_size 5e-09 m does"),
        ("devices.synapse.like", "nothing", "devices.synapse.like names 'nothing'"),
        ("devices.synapse.like", "grandchild", "devices.grandchild.like leads back to itself"),
        ("devices.synapse", 3, "devices.synapse is not a block of keys"),
        # at the top
        ("material.polarization", 4, "material.polarization = 4 is outside"),
        ("output.snapshot_interval", 1e-12, "output.snapshot_interval is shorter"),
    ],
)
def test_a_fault_that_devices_inherit_is_said_once_where_it_is_written(tiny, path, value, key):
    tiny["devices"] |= copy.deepcopy(HEIRS)
    # the order in the file does not matter
    for devices in (tiny["devices"], dict(reversed(tiny["devices"].items()))):
        data = copy.deepcopy(tiny | {"devices": devices})
        put(data, path, value)
        sentences = refused(data)
        assert len(sentences) == 1, sentences
        assert sentences[0].startswith(key)


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ("material.damping", -1, "devices.heir.material.damping = -1 is outside"),
        ("track", {"notches": {"diametre": 1e-9}}, "devices.heir.track.notches.diametre is not a"),
        ("wall", {"start": 400e-9}, "devices.heir.wall.start 4e-07 m is outside"),
        # one key of a shared block is set by the device
        (
            "material",
            {"saturation_magnetization": 2e6},
            "devices.heir.material.uniaxial_anisotropy is 1e+06 J/m³, too low for a",
        ),
    ],
)
def test_a_fault_of_a_variant_is_said_under_its_own_name(tiny, path, value, key):
    tiny["devices"] |= copy.deepcopy(HEIRS)
    put(tiny["devices"]["heir"], path, value)
    sentences = refused(tiny)
    assert len(sentences) == 1, sentences
    assert sentences[0].startswith(key)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("devices: {a: 1}\ndevices: {b: 2}\n", r"devices occurs twice .*\(line 2\);"),
        ("devices:\n  a: {kind: track}\n  a: {kind: track}\n", r": a occurs twice .*\(line 3\);"),
        ("a: [1, 2\n", ": line 2 is not valid YAML"),
        (
            "a:\n  b: 1\n\tc: 2\n",
            r": line 3 is not valid YAML \(found .*\); use spaces instead of tabs$",
        ),
        ("a: 1\n__use_yte__: true\n", "__use_yte__ makes Snakemake execute Python code"),
        ("- 1\n", "contains no keys"),
        ("a: &x [1]\nb: *x\n", ": line 2 uses a YAML alias"),
        (
            "\na: !!python/object/apply:os.system [ls]\n",
            ": line 2 is not valid YAML .*; fix that line",
        ),
        ("a: \xff", "contains no keys|missing or empty|not a key"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path, text, words):
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(config.ConfigError, match=words):
        plan.load(path)


def test_a_missing_binary_or_huge_file_is_refused(tmp_path):
    path = tmp_path / "config.yaml"
    with pytest.raises(config.ConfigError, match="cannot be read"):
        plan.load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(config.ConfigError, match="is not UTF-8"):
        plan.load(path)
    path.write_bytes(b"a" * (LARGEST_TEXT + 1))
    with pytest.raises(config.ConfigError, match="it is larger than 1000000 bytes"):
        plan.load(path)


def test_a_chain_of_devices_has_a_greatest_length(tiny):
    tiny["devices"]["heir-1"] = {"like": "neuron", "read_at": 0.1e-9}
    tiny["devices"] |= {f"heir-{k}": {"like": f"heir-{k - 1}"} for k in range(2, 100)}
    assert config.parse(tiny, check).devices["heir-99"].read_at == 0.1e-9
    tiny["devices"] |= {f"heir-{k}": {"like": f"heir-{k - 1}"} for k in range(100, 300)}
    words = r"^config.yaml: devices.heir-100.like leads through 100 devices; name one that .*\Z"
    with pytest.raises(config.ConfigError, match=words):
        config.parse(tiny, check)


@pytest.mark.parametrize("density", [0.5e12, -0.1e12, 1.4e12, 1e8, 12.3456e12])
def test_file_names_of_currents_are_canonical(density):
    name = config.current_name(density)
    assert float(name) * 1e12 == pytest.approx(density, rel=1e-12, abs=0)
    assert len(name.rpartition(".")[2]) == 4


def test_the_threads_of_oommf_are_in_no_job(tiny):
    tiny["devices"]["synapse"]["calculator"] = "oommf"
    for threads in (1, 2):
        tiny["oommf"] = {"threads": threads}
        device = plan.parse(tiny).devices["synapse"]
        assert device.oommf.threads == threads
        assert "threads" not in jobs.pulse_job(device, 0.5e12).to_json()


def test_keys_changed_by_hand(tmp_path, tiny):
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(tiny))
    device = config.load_device(
        path, "synapse", check, ["material.damping=0.2", "wall.start=44e-9"]
    )
    assert (device.material.damping, device.wall.start) == (0.2, 44e-9)
    smooth = config.load_device(path, "synapse", check, ["kind=track", "track.notches=null"])
    assert device.track.notches
    assert smooth.track.notches is None
    for change, words in [("damping", "is not KEY=VALUE"), ("material.alpha=1", "not a key")]:
        with pytest.raises(config.ConfigError, match=words):
            config.load_device(path, "synapse", check, [change])
    with pytest.raises(config.ConfigError, match="has no device 'axon'; it has: neuron, synapse"):
        config.load_device(path, "axon", check)
    with pytest.raises(config.ConfigError, match="current densities are in A/m²"):
        parse_current_density("0.5")


def test_what_is_left_out_has_valid_values(tiny):
    """Defaults are within their bounds, so a job can read them back."""
    campaign = plan.parse(tiny)
    for section in (campaign.figures, campaign.devices["synapse"], campaign.networks):
        assert type(section).model_validate_json(section.model_dump_json()) == section


PLAIN = {
    "kind": "track",
    "track": {"length": 360e-9, "width": 72e-9, "thickness": 2e-9, "cell_size": 4e-9},
    "wall": {"start": 40e-9},
    "pulse": {"duration": 0.6e-9, "current_densities": [0.5e12]},
    "material": MATERIAL,
}
"""A device with the required keys only."""


def changed(changes, base=PLAIN):
    """Return a copy of plain data with some keys set."""
    data = copy.deepcopy(base)
    for path, value in changes.items():
        put(data, path, value)
    return data


def device(**changes):
    """Return the plain device with keys set; `__` stands for the dot."""
    return config.Device.model_validate(
        changed({key.replace("__", "."): value for key, value in changes.items()})
    )


def fits(section, values):
    """Return whether a section accepts these values."""
    try:
        made = section.model_validate(values)
    except ValidationError:
        return False
    return section is not config.Device or not check(made)[0]


SHAPE = {"length": 1e-6, "width": 1e-6, "thickness": 1e-9, "cell_size": 1e-8}
STIFF = MATERIAL | {"uniaxial_anisotropy": 3e7, "dmi_constant": 1e-4}
STRAIGHT = STIFF | {"exchange_stiffness": 1e-10}
WEAK = MATERIAL | {"saturation_magnetization": 5e3, "dmi_constant": 1e-7}
TRAINING = {"epochs": 1, "learning_rate": 1e-3}
LARGEST_SEED = 2**32 - 1


@pytest.mark.parametrize(
    ("section", "base", "key", "low", "high"),
    [
        (config.Material, STRAIGHT, "dmi_constant", 1e-7, 0.01),
        (config.Material, STRAIGHT, "dmi_constant", -0.01, -1e-7),
        (config.Material, WEAK, "uniaxial_anisotropy", 100.0, 3e7),
        (config.Material, MATERIAL, "polarization", 0.0, 1.0),
        (Output, {"interval": 1e-15}, "snapshot_interval", 1e-15, 1e-3),
        # a detector without signal is rejected, and one without a difference between its two states
        (Detector, {}, "polarization", 5e-324, 1.0),
        (Detector, {}, "antiparallel_resistance", math.nextafter(10e3, 2e4), 1e12),
        (Detector, {}, "parallel_resistance", 1e-3, math.nextafter(20e3, 1e4)),
        (OommfSettings, {}, "threads", 1, 256),
        (networks.FreeTraining, TRAINING, "weight_limit", 0.1, 1000.0),
    ],
)
def test_a_quantity_is_taken_up_to_both_its_bounds(section, base, key, low, high):
    """One of each kind; the stored schema states all bounds."""
    for bound, beyond in ((low, -math.inf), (high, math.inf)):
        assert fits(section, base | {key: bound}), bound
        step = int(math.copysign(1, beyond))
        outside = bound + step if isinstance(bound, int) else math.nextafter(bound, beyond)
        assert not fits(section, base | {key: outside}), outside


def test_what_may_be_zero_beside_its_bounds():
    assert device(material__dmi_constant=0).material.dmi_constant == 0
    assert device(wall__relaxation=0).wall.relaxation == 0
    assert device(relaxation={"longest": 0}).relaxation.longest == 0
    assert device(pulse__current_densities=[0]).pulse.current_densities == (0,)
    assert networks.Training(**TRAINING, dropout=0).dropout == 0
    for path in ("material.damping", "pulse.duration", "relaxation.hold", "track.thickness"):
        assert not fits(config.Device, changed({path: 0})), path


@pytest.mark.parametrize("sign", [-1, 1])
def test_current_densities_are_bounded_in_magnitude(sign):
    for density, taken in [(1e8, True), (0.99e8, False), (1e14, True), (1.01e14, False)]:
        if taken:
            assert parse_current_density(f"{sign * density}") == sign * density
        else:
            with pytest.raises(config.ConfigError, match="is outside the magnitude range"):
                parse_current_density(f"{sign * density}")


def test_seeds_are_those_of_the_generator():
    assert Networks(seeds=(0, LARGEST_SEED)).seeds == (0, LARGEST_SEED)
    for seed in (-1, LARGEST_SEED + 1):
        assert not fits(Networks, {"seeds": [seed]})


def pulse(*densities):
    return Pulse(duration=1e-9, current_densities=densities).current_densities


def test_a_sweep_includes_both_ends_and_goes_upwards():
    sweep = {"start": 0.3e12, "stop": 0.45e12, "step": 0.05e12}
    assert pulse(sweep) == pytest.approx((0.3e12, 0.35e12, 0.4e12, 0.45e12), rel=1e-12, abs=0)
    assert pulse({"start": 0.3e12, "stop": 0.3e12, "step": 0.05e12}) == (0.3e12,)
    # several ranges and single values become one ascending list without duplicates
    mixed = pulse(0.9e12, {"start": -0.1e12, "stop": 0.1e12, "step": 0.1e12}, 0.1e12, -0.7e12)
    assert mixed == (-0.7e12, -0.1e12, 0.0, 0.1e12, 0.9e12)
    # a step with the rounding error of a program that computed it
    rounded = {"start": -0.1e12, "stop": 0.1e12, "step": 0.1e12 * (1 + 1e-12)}
    assert pulse(rounded) == (-0.1e12, 0.0, 0.1e12)


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        ({"start": 0.4e12, "stop": 0.3e12, "step": 0.1e12}, "swap the two"),
        ({"start": 0.1e12, "stop": 0.45e12, "step": 0.1e12}, "in whole steps"),
        ({"start": 0.1e12, "stop": 0.10003e12, "step": 0.1e12}, "in whole steps"),
        ({"start": 0.1e12, "stop": 0.2e12, "step": 0}, "steps are in A/m²"),
        ({"start": 0, "stop": 1e8 * 100_001, "step": 1e8}, "makes 100001 pulses"),
    ],
)
def test_a_sweep_that_does_not_reach_its_end_is_refused(sweep, words):
    with pytest.raises(ValidationError, match=words):
        pulse(sweep)


def test_a_campaign_has_no_more_pulses_than_one_sweep_may_have():
    up = {"start": 1e8, "stop": 60_000e8, "step": 1e8}
    down = {"start": -40_001e8, "stop": -1e8, "step": 1e8}
    with pytest.raises(ValidationError, match="more than 100000 entries"):
        pulse(up, down)


def test_current_densities_lie_on_the_steps_that_file_names_tell_apart():
    assert pulse(123456.00005e8) == (123456e8,)
    assert not fits(Pulse, {"duration": 1e-9, "current_densities": [123456.002e8]})
    assert config.current_name(-120304e8) == "-12.0304"
    assert config.current_name(-3e8) == "-0.0003"
    # a computed number is close to its step
    assert config.current_name(0.35e12 * (1 - 1e-12)) == "0.3500"


def test_cells_are_counted_along_their_own_side():
    assert device().track.cells == (90, 18)
    assert not fits(config.Track, SHAPE | {"width": 1e-6 * (1 + 2e-6)})
    assert fits(config.Track, SHAPE | {"width": 1e-6 * (1 + 5e-7)})


def test_the_number_of_cells_is_bounded():
    """The limit is 4 million."""
    track = {"length": 1000e-9, "width": 400e-9, "thickness": 1e-9}
    assert fits(config.Track, track | {"cell_size": 0.4e-9})
    finest = track | {"cell_size": 1e-10, "width": 40e-9}
    assert fits(config.Track, finest)
    assert not fits(config.Track, finest | {"width": 40.1e-9})


def notched(length=360e-9, **notches):
    return {"length": length, "width": 72e-9, "thickness": 2e-9, "cell_size": 4e-9} | {
        "notches": {"diameter": 32e-9} | notches
    }


def test_a_notch_reaches_half_its_length_from_its_position():
    """The last of the notches at 120, 240 and 360 nm is half outside."""
    track = config.Track.model_validate(notched() | {"notches": TRAPEZOID})
    assert (track.notch_reach, track.inner_notch_positions) == (15e-9, (120e-9, 240e-9))
    notches = TRAPEZOID | {"count": None, "positions": [14.9e-9, 345e-9, 100e-9]}
    track = config.Track.model_validate(notched() | {"notches": notches})
    assert track.inner_notch_positions == (14.9e-9, 100e-9, 345e-9)
    assert track.ends_in_notches(29e-9)
    assert not track.ends_in_notches(31e-9)


def test_a_job_says_nothing_of_half_discs_and_always_which_edges_they_have():
    track = config.Track.model_validate(notched(count=3))
    said = track.model_dump(mode="json", exclude_none=True)
    assert (set(said["notches"]), said["edges"]) == ({"count", "diameter"}, "smooth")
    disc = {"notches": {"shape": "disc", "diameter": 32e-9, "count": 3}}
    assert config.Track.model_validate(notched() | disc).model_dump() == track.model_dump()
    stairs = config.Track.model_validate(notched(count=3) | {"edges": "stairs"})
    assert stairs.model_dump() == track.model_dump() | {"edges": "stairs"}


def test_notches_by_count_stand_at_equal_distances_up_to_the_right_edge():
    track = config.Track.model_validate(notched(count=3))
    assert track.notch_positions == pytest.approx((120e-9, 240e-9, 360e-9), rel=1e-12, abs=0)
    assert track.inner_notch_positions == track.notch_positions[:2]
    irregular = config.Track.model_validate(notched(positions=[300e-9, 60e-9, 344e-9]))
    assert irregular.notch_positions == (60e-9, 300e-9, 344e-9)
    # the edge of the last notch is at the edge of the track
    assert irregular.inner_notch_positions == irregular.notch_positions
    beyond = config.Track.model_validate(notched(positions=[300e-9, 344.1e-9]))
    assert beyond.inner_notch_positions == (300e-9,)
    assert config.Track.model_validate(notched() | {"notches": None}).notch_positions == ()


@pytest.mark.parametrize(
    ("notches", "taken"),
    [
        # two cells of 4 nm must remain of 72 nm
        ({"count": 2, "diameter": 64e-9}, True),
        ({"count": 2, "diameter": 64.1e-9}, False),
        ({"positions": [0]}, False),
        ({"positions": [1e-9]}, True),
        ({"positions": [360e-9]}, True),
        ({"positions": [360.1e-9]}, False),
        # neighbours may touch, independently of rounding in their distance
        ({"positions": [32e-9, 64e-9]}, True),
        ({"positions": [100e-9, 132e-9, 164e-9, 196e-9, 228e-9]}, True),
        ({"positions": [64e-9, 32.1e-9]}, False),
        ({"positions": []}, False),
        ({"positions": [32e-9], "count": 1}, False),
        ({}, False),
    ],
)
def test_notches_fit_the_track_and_each_other(notches, taken):
    assert fits(config.Track, notched(**notches)) == taken


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        # one cell from each end
        ({"wall.start": 4e-9}, True),
        ({"wall.start": 3.9e-9}, False),
        ({"wall.start": 356e-9}, True),
        ({"wall.start": 356.1e-9}, False),
        ({"detector": {"stop": 360e-9}}, True),
        ({"detector": {"stop": 360.1e-9}}, False),
        ({"detector": {"start": 360e-9}}, False),
        ({"detector": {"start": 100e-9, "stop": 100e-9}}, False),
        # a cell centre is at 102 nm
        ({"detector": {"start": 101.9e-9, "stop": 102.1e-9}}, True),
        ({"detector": {"start": 102.1e-9, "stop": 105.9e-9}}, False),
        ({"detector": {"start": 98.1e-9, "stop": 101.9e-9}}, False),
        ({"read_at": 10.6e-9}, True),
        ({"read_at": 10.61e-9}, False),
        ({"read_at": "1e-9"}, True),
        ({"output": {"interval": 0.6e-9}}, True),
        ({"output": {"interval": 0.61e-9}}, False),
        ({"output": {"interval": 0.1e-9, "snapshot_interval": 0.1e-9}}, True),
        ({"output": {"interval": 0.1e-9, "snapshot_interval": 0.09e-9}}, False),
        ({"shown": [0.5e12]}, True),
        ({"shown": [0.5e12, -0.5e12]}, False),
        ({"kind": "synapse"}, False),
        ({"kind": "synapse", "track": notched(count=1)}, False),
        ({"kind": "synapse", "track": notched(count=2)}, True),
        ({"kind": "neuron", "pulse.current_densities": [0, 1e12, 2e12, 3e12, 4e12]}, True),
        ({"kind": "neuron", "pulse.current_densities": [-1e12, 1e12, 2e12, 3e12, 4e12]}, False),
    ],
)
def test_what_a_device_says_of_its_parts_fits_together(changes, taken):
    assert fits(config.Device, changed(changes)) == taken


def test_a_film_has_to_stand_perpendicular():
    """K_eff is zero at K_u = 0.955051 μ0 M_s²/2 = 7.2609e5 J/m³, with N_z of 72 × 2 nm²."""
    weak = {"material.dmi_constant": 1e-7}
    assert fits(config.Device, changed(weak | {"material.uniaxial_anisotropy": 7.262e5}))
    assert not fits(config.Device, changed(weak | {"material.uniaxial_anisotropy": 7.260e5}))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_dmi_from_its_critical_value_on_is_refused_at_the_ambient_temperature(tiny, sign):
    """D_c = 4√(A K_eff)/π is 2.98007e-3 J/m² on 72 nm, and 2.330e-3 at 358 K; 3.14e-3 on 32 nm."""
    tiny["material"]["dmi_constant"] = sign * 2.979e-3
    config.parse(tiny, check)
    warm = {"ambient": 358.0, "measured_at": 300.0}
    # m is 0.94031 of that at 300 K: D is 2.634e-3 there
    put(tiny, "devices.synapse.temperature", warm)
    (sentence,) = refused(tiny)
    start = "material.dmi_constant at 358 K is "
    assert sentence.startswith(f"{start}{sign * 0.00263396:g} J/m², not below the critical D_c = ")
    assert "4 √(A K_eff)/π = 0.00233 J/m², at which" in sentence
    tiny["material"]["dmi_constant"] = sign * 2.981e-3
    (sentence,) = refused(tiny)
    assert sentence.startswith(f"material.dmi_constant is {sign * 2.981e-3:g} J/m², not below")
    assert "4 √(A K_eff)/π = 0.00298 J/m², at which" in sentence


@pytest.mark.parametrize(
    ("longest", "snapshot_interval", "limit"),
    [
        # an entry is 90 columns and a snapshot 90×18 cells; after a pulse of 0.6 ns
        ("relaxation.longest", 1e-12, 194.93e-9 - 0.6e-9),
        ("wall.relaxation", 1e-12, 194.93e-9),
        ("relaxation.longest", 1e-3, 3703.7e-9 - 0.6e-9),
    ],
)
def test_a_trace_that_fills_the_memory_is_refused(longest, snapshot_interval, limit):
    """The limit is 4e9 bytes: 12 bytes per column of an entry and per cell of a snapshot."""
    output = {"interval": 1e-12, "snapshot_interval": snapshot_interval}
    base = changed({"output": output, "relaxation": {"longest": 0}})
    assert fits(config.Device, changed({longest: 0.999 * limit}, base))
    assert not fits(config.Device, changed({longest: 1.001 * limit}, base))


def test_a_simulation_of_more_than_a_month_is_refused():
    """The limit is 1e15 cells times steps; here 4 million cells and the steps of pulse and rest."""
    large = {
        "track": {"length": 2e-6, "width": 2e-6, "thickness": 2e-9, "cell_size": 1e-9},
        "pulse.duration": 1e-6,
        "output": {"interval": 1e-6, "snapshot_interval": 1e-3},
    }
    base = changed(large)
    limit = 2.5e8 * step_of(config.Device.model_validate(base)) - 1e-6
    assert fits(config.Device, changed({"relaxation.longest": 0.999 * limit}, base))
    assert not fits(config.Device, changed({"relaxation.longest": 1.001 * limit}, base))


LARGE = {"track.cell_size": 18e-9, "material.uniaxial_anisotropy": 8e5}
STRONG = {"pulse.current_densities": [1e12, -1e14]}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"material.dmi_constant": -2.5e-3},
        {"material.damping": 3.0},
        {"material.gyromagnetic_ratio": 4.422e5},
        {"film": {"time_step_fraction": 0.3}},
        {"track.cell_size": 2e-9},
        {"material.saturation_magnetization": 0.5e6},
        LARGE,
        LARGE | STRONG,
        LARGE | STRONG | {"material.polarization": 0.8},
        LARGE | STRONG | {"track.thickness": 1e-9},
        LARGE | STRONG | {"material.slonczewski_lambda": 3},
        LARGE | STRONG | {"material.field_like_torque": -2},
    ],
)
def test_the_time_step_is_the_engine_s(changes, monkeypatch):
    """A pulse of 20.5 steps, the strongest one, is divided into 21."""
    taken, integrate = set(), core.Engine._integrate

    def integrating(engine, step, *others):
        taken.add(step)
        integrate(engine, step, *others)

    monkeypatch.setattr(core.Engine, "_integrate", integrating)
    base = changed({"track": {"length": 36e-9, "width": 18e-9, "thickness": 2e-9}})
    base = changed({"track.cell_size": 1e-9, "wall": {"start": 18e-9}}, base)
    step = step_of(config.Device.model_validate(changed(changes, base)))
    duration = 20.5 * step
    brief = {"pulse.duration": duration, "relaxation.longest": 0}
    brief |= {"output": {"interval": duration, "snapshot_interval": duration}}
    device = config.Device.model_validate(changed(changes | brief, base))
    strongest = max(device.pulse.current_densities, key=abs)
    simulate.simulate(jobs.pulse_job(device, strongest))
    assert list(taken) == [pytest.approx(duration / 21, rel=1e-9, abs=0)]


def test_a_torque_has_every_quantity_of_its_material():
    quantities = {"polarization": 0.35, "slonczewski_lambda": 1.5, "field_like_torque": -0.1}
    torque = torque_of(config.Material(**MATERIAL | quantities), -2e12)
    expected = SpinTorque(
        current_density=-2e12,
        polarization=0.35,
        direction=(0.0, 1.0, 0.0),
        slonczewski_lambda=1.5,
        field_like=-0.1,
    )
    assert torque == expected


def test_a_share_of_the_damping_like_torque_is_a_coefficient():
    """Λ = 1.5: ε = 0.35 · 2.25/3.25 = 0.2423077 across the spins, ε' = -0.3 ε = -0.0726923."""
    quantities = {"polarization": 0.35, "slonczewski_lambda": 1.5, "field_like_ratio": -0.3}
    material = config.Material(**MATERIAL | quantities)
    torque = torque_of(material.simulated, -2e12)
    assert torque.field_like == pytest.approx(-0.0726923, rel=1e-6, abs=0)
    again = config.Material(**material.model_dump())
    assert again == material
    with pytest.raises(ValueError, match="field_like_ratio and field_like_torque both set"):
        config.Material(**MATERIAL | quantities | {"field_like_torque": 0.1})


FILLED = changed(
    {
        "track": notched(count=4) | {"edges": "stairs"},
        "wall": {"start": 40e-9, "relaxation": 1e-9},
        "pulse.current_densities": [0.5e12, 1e12],
        "material.slonczewski_lambda": 1.5,
        "material.field_like_torque": 0.1,
        "relaxation": {"longest": 3e-9, "speed": 1.0, "hold": 1e-9},
        "output": {"interval": 20e-12, "snapshot_interval": 1e-9},
        "detector": {"start": 40e-9, "stop": 320e-9},
        "film": {"stray_field_tolerance": 1e-3, "frozen_change": 1e-3, "time_step_fraction": 0.8},
    }
)
INITIAL, PULSE, LEVEL, READING = "initial", "pulse", "level", "reading"
SIMULATIONS = {INITIAL, PULSE, LEVEL}


def texts(data):
    """Return the canonical text of each kind of job of a device."""
    made = config.Device.model_validate(data)
    return {
        INITIAL: jobs.initial_job(made).to_json(),
        PULSE: jobs.pulse_job(made, 0.5e12).to_json(),
        LEVEL: jobs.level_job(made, "1").to_json(),
        READING: experiment_base.canonical(
            DEVICES.plain_settings(config.Campaign(devices={"d": made}), "d")
        ),
    }


@pytest.mark.parametrize(
    ("path", "value", "concerned"),
    [
        ("kind", "synapse", set()),
        ("track.length", 364e-9, SIMULATIONS),
        ("track.width", 76e-9, SIMULATIONS),
        ("track.thickness", 1e-9, SIMULATIONS),
        ("track.cell_size", 2e-9, SIMULATIONS),
        ("track.notches.diameter", 30e-9, SIMULATIONS),
        ("track.notches.count", 3, SIMULATIONS),
        ("wall.start", 44e-9, {INITIAL, PULSE}),
        ("wall.relaxation", 2e-9, {INITIAL}),
        ("pulse.duration", 0.7e-9, {PULSE}),
        ("pulse.current_densities", [0.5e12, 1e12, 2e12], set()),
        ("shown", [1e12], set()),
        ("read_at", "pulse_end", set()),
        ("read_at", 1e-9, set()),
        ("detector.start", 44e-9, set()),
        ("detector.stop", 324e-9, set()),
        ("detector.parallel_conductance", 2e-4, set()),
        ("detector.polarization", 0.5, set()),
        ("detector.parallel_resistance", 11e3, set()),
        ("detector.antiparallel_resistance", 21e3, set()),
        ("relaxation.longest", 4e-9, {PULSE, LEVEL}),
        ("relaxation.speed", 2.0, {PULSE, LEVEL}),
        ("relaxation.hold", 2e-9, {PULSE, LEVEL}),
        ("output.interval", 10e-12, SIMULATIONS),
        ("output.snapshot_interval", 2e-9, SIMULATIONS),
        *(
            (f"{block}.{key}", 1.1 * value, SIMULATIONS)
            for block in ("material", "film")
            for key, value in FILLED[block].items()
        ),
        ("calculator", "oommf", SIMULATIONS),
        ("oommf", {"threads": 2}, set()),
    ],
)
def test_a_job_changes_with_what_it_computes_and_with_nothing_else(path, value, concerned):
    before, after = texts(FILLED), texts(changed({path: value}, FILLED))
    reading = set() if path in ("shown", "calculator", "oommf") else {READING}
    assert {kind for kind in before if before[kind] != after[kind]} == concerned | reading


def test_each_job_says_where_its_wall_starts_and_what_happens_to_it():
    made = config.Device.model_validate(FILLED)
    initial, pulsed, level = (
        jobs.initial_job(made),
        jobs.pulse_job(made, 1e12),
        jobs.level_job(made, "2-3"),
    )
    assert initial.placement == pulsed.placement == WallPlacement(bottom=40e-9, top=40e-9)
    assert level.placement.bottom == pytest.approx(180e-9, rel=1e-12, abs=0)
    assert level.placement.top == pytest.approx(270e-9, rel=1e-12, abs=0)
    # the initial state relaxes for the stated time, independently of the wall
    assert initial.steps == (jobs.Step(pause=1e-9),)
    assert initial.rest is None
    assert not initial.ends_at_rest
    pause = made.relaxation.longest
    pulse = jobs.Step(current_density=1e12, duration=0.6e-9, pause=pause)
    assert (pulsed.steps, level.steps) == ((pulse,), (jobs.Step(pause=pause),))
    for job in (pulsed, level):
        assert job.ends_at_rest
        assert job.rest.speed == made.relaxation.speed
        assert job.rest.hold == made.relaxation.hold
    for job in (initial, pulsed, level):
        assert jobs.Run.from_json(job.to_json()) == job
    placed = jobs.initial_job(config.Device.model_validate(changed({"wall.relaxation": 0}, FILLED)))
    assert placed.steps == ()


def test_states_are_the_inner_notches_and_what_lies_between_two_neighbours():
    states = level_states(config.Device.model_validate(FILLED).track)
    assert [state.file_name for state in states] == ["1", "1-2", "2", "2-3", "3"]
    places = {state: [round(end * 1e9, 6) for end in ends] for state, ends in states.items()}
    assert places == {
        "notch 1": [90] * 2,
        "between 1 and 2": [90, 180],
        "notch 2": [180] * 2,
        "between 2 and 3": [180, 270],
        "notch 3": [270] * 2,
    }


def test_the_text_of_a_job_is_canonical():
    text = canonical({"b": 1e-9, "a": [True, None, "Ω"]})
    assert text == r'{"a":[true,null,"\u03a9"],"b":1e-09}'


def test_what_devices_inherit(tiny):
    """Also from variants of a device; the nearest definition of each block applies."""
    shared = {"material.damping": 0.5, "output": {"interval": 20e-12, "snapshot_interval": 1e-9}}
    tiny = changed(shared | {"film": {"frozen_change": 1e-3, "time_step_fraction": 0.8}}, tiny)
    tiny["devices"] |= {
        "b": {
            "like": "synapse",
            "material": {"damping": 0.3, "polarization": 0.3},
            "track": {"notches": {"diameter": 28e-9}},
            "pulse": {"current_densities": [1e12]},
            "film": {"frozen_change": 2e-3},
            "output": {"interval": 10e-12},
        },
        "c": {
            "like": "b",
            "material": {"damping": 0.1},
            "track": {"notches": {"count": None, "positions": [100e-9]}},
        },
        "d": {"like": "c", "kind": "track", "track": {"notches": None}},
    }
    devices = plan.parse(tiny).devices
    materials = {name: devices[name].material for name in ("synapse", "b", "c", "d")}
    assert [m.damping for m in materials.values()] == [0.5, 0.3, 0.1, 0.1]
    assert [m.polarization for m in materials.values()] == [0.4, 0.3, 0.3, 0.3]
    assert [m.dmi_constant for m in materials.values()] == [1e-3] * 4
    assert (devices["b"].track.notches.count, devices["b"].track.notches.diameter) == (3, 28e-9)
    assert devices["c"].track.notch_positions == (100e-9,)
    assert devices["c"].track.notches.diameter == 28e-9
    assert devices["d"].track.notches is None
    assert devices["d"].kind == "track"
    assert devices["c"].pulse.current_densities == (1e12,)
    assert devices["c"].pulse.duration == 0.6e-9
    assert (
        devices["c"].film.model_dump()
        == FilmSettings(frozen_change=2e-3, time_step_fraction=0.8).model_dump()
    )
    assert devices["c"].output.model_dump() == {"interval": 10e-12, "snapshot_interval": 1e-9}
    assert devices["synapse"].output.interval == 20e-12
    assert devices["synapse"].track.notches.diameter == 32e-9


def test_a_key_changed_by_hand_goes_before_what_is_inherited(tmp_path, tiny):
    tiny["devices"]["b"] = {"like": "synapse", "material": {"damping": 0.3}}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(tiny))
    changes = ["material.polarization=0.2", "track.notches.diameter=28e-9", "kind=track"]
    made = config.load_device(path, "b", check, changes)
    assert (made.material.damping, made.material.polarization) == (0.3, 0.2)
    assert (made.track.notches.diameter, made.track.notches.count) == (28e-9, 3)
    assert made.kind == "track"
    assert made.track.cells == (90, 18)
    # a whole block replaces that of the device
    whole = config.load_device(
        path, "synapse", check, ["track.notches={positions: [8e-8], diameter: 8e-9}"]
    )
    assert whole.track.notch_positions == (80e-9,)


def test_a_device_changed_by_hand_need_not_suit_the_other_sections():
    """Transitions wait for walls at rest, but one pulse may be simulated without a relaxation."""
    changes = ["relaxation.longest=0", "read_at=pulse_end"]
    made = config.load_device(ROOT / "config.yaml", "synapse-5", check, changes)
    assert made.relaxation.longest == 0
    assert plan.load(ROOT / "config.yaml").studies["transitions"]["synapse-5"]


def test_a_device_changed_by_hand_is_checked_with_what_it_inherits_alone(tmp_path, tiny):
    devices, path = tiny["devices"], tmp_path / "config.yaml"
    devices["heir"] = {"like": "synapse", "pulse": {"duration": 0.5e-9}}
    devices |= {"broken": {"like": "nothing"}, "child": {"like": "broken"}}
    devices["neuron"]["track"]["width"] = 150
    path.write_text(yaml.safe_dump(tiny))
    # the pulse of the heir would be shorter than the waveform that it would inherit
    change = "pulse.waveform=[[0.0, 1.0], [0.6e-9, 0.5]]"
    assert len(config.load_device(path, "synapse", check, [change]).pulse.waveform) == 2
    for name, words in [
        ("heir", "devices.heir.pulse"),
        ("child", "devices.broken.like names 'nothing', which is not a device; use one of broken,"),
        ("neuron", "devices.neuron.track.width = 150"),
    ]:
        with pytest.raises(config.ConfigError, match=f"^{re.escape(f'{path}: {words}')}"):
            config.load_device(path, name, check, [change])


@pytest.mark.parametrize("text", ["1", "0x10", "true", "1e-9 m", "5 nm", "[1e-9]", "1e999", ".inf"])
def test_a_length_is_a_plain_number_in_metres(text):
    assert not fits(config.Track, SHAPE | {"thickness": yaml.safe_load(text)})


def test_shifts_are_whole_pixels_up_to_8():
    for pixels, taken in [(0, True), (8, True), (9, False), (-1, False), (1.5, False)]:
        assert fits(networks.Training, TRAINING | {"shift": {"mnist": pixels}}) == taken


def test_networks_are_the_product_of_the_lists():
    section = Networks(
        datasets=["mnist"],
        synapses=["s", "t"],
        readings=["series"],
        mappings=["layer", "row-extended"],
        recipes={"plain": dict.fromkeys(("fp32", "fine_tuned", "on_levels"), TRAINING)},
        seeds=[3, 5],
    )
    runs = section.runs()
    assert len(runs) == 2 * (2 + 2 * 2 * 4)
    common = {"dataset": "mnist", "recipe": "plain", "seed": "3"}
    free = {"device": "none", "reading": "none", "mapping": "none"}
    assert runs[:2] == [common | free | {"stage": stage} for stage in ("fp32", "continued")]
    bound = [run for run in runs if run["device"] == "t" and run["mapping"] == "row-extended"]
    assert [(run["seed"], run["stage"]) for run in bound] == [
        (seed, stage)
        for seed in ("3", "5")
        for stage in ("quantized", "fine_tuned", "fine_tuned_snapped", "on_levels")
    ]
    assert {run["reading"] for run in bound} == {"series"}


def test_a_recipe_has_the_stages_that_it_has_settings_for():
    """A stage is computed with the mappings that its settings name, or with all."""
    section = Networks(
        datasets=["mnist"],
        synapses=["s"],
        readings=["series"],
        mappings=["layer", "signed-fitted", "signed-row-3sd"],
        recipes={
            "bare": {"fp32": TRAINING},
            "paper": {
                "fp32": TRAINING,
                "fine_tuned": TRAINING | {"mappings": ["signed-row-3sd", "layer"]},
            },
            "levels": {"fp32": TRAINING, "on_levels": TRAINING | {"mappings": ["signed-fitted"]}},
            "free": {"fp32": TRAINING, "on_levels": TRAINING | {"mappings": []}},
        },
        seeds=[3],
    )
    recipes = {}
    for run in section.runs():
        stages = recipes.setdefault(run["recipe"], {})
        stages.setdefault(run["stage"], []).append(run["mapping"])
    every, none = ["layer", "signed-fitted", "signed-row-3sd"], ["none"]
    assert recipes == {
        "bare": {"fp32": none, "quantized": every},
        "paper": {
            "fp32": none,
            "quantized": every,
            "fine_tuned": ["layer", "signed-row-3sd"],
            "fine_tuned_snapped": ["layer", "signed-row-3sd"],
        },
        "levels": {
            "fp32": none,
            "continued": none,
            "quantized": every,
            "on_levels": ["signed-fitted"],
        },
        "free": {"fp32": none, "continued": none, "quantized": every},
    }
    assert section.run_set().recipes == ("bare", "paper", "levels", "free")


def test_the_job_of_the_table_keeps_the_order_of_recipes_and_stages():
    """Its JSON sorts the keys of a mapping."""
    recipe = dict.fromkeys(("fp32", "fine_tuned", "on_levels"), TRAINING) | {"compensated": {}}
    section = Networks(
        synapses=["t", "s"], mappings=["row", "layer"], recipes={"z": recipe, "a": recipe}
    )
    job = AccuracyJob.from_json(accuracy_job(section).to_json())
    assert job.run_set.runs() == section.runs()
    stages = [run["stage"] for run in section.runs() if run["recipe"] == "a"][:7]
    assert stages == list(STAGES)
    recipes = [run["recipe"] for run in section.runs() if run["dataset"] == "mnist"]
    assert list(dict.fromkeys(recipes)) == ["z", "a"]


@pytest.mark.parametrize("name", MAPPING_NAMES)
def test_the_name_of_a_mapping_says_its_scheme_rows_scale_and_levels(name):
    assert tuple(mappings.split_mapping(name)) == MAPPING_NAMES[name]
    assert Networks(mappings=[name]).mappings == (name,)


@pytest.mark.parametrize("name", WRONG_MAPPING_NAMES)
def test_a_name_that_is_no_mapping_is_refused(name):
    with pytest.raises(ValueError, match="is not a mapping; write layer, row, differential or"):
        mappings.split_mapping(name)
    assert not fits(Networks, {"mappings": [name]})


@pytest.mark.parametrize(("count", "taken"), [(1, False), (2, True), (256, True), (257, False)])
def test_labels_are_a_byte_and_two_or_more(count, taken):
    labels = [str(label) for label in range(count)]
    assert fits(networks.DataSet, {"folder": "a", "classes": labels}) == taken
    assert not fits(networks.DataSet, {"folder": "a", "classes": [*labels, "0"]})


def test_own_images_have_a_checksum_for_each_file_or_none():
    described = {"folder": "a", "classes": ["0", "1"]}
    names = networks.DATA_FILES
    for count, taken in ((len(names), True), (len(names) - 1, False)):
        checksums = dict.fromkeys(names[:count], "0" * 64)
        assert fits(networks.DataSet, described | {"checksums": checksums}) == taken
    # an MD5 sum has half the digits of a SHA-256
    for name in names:
        checksums = dict.fromkeys(names, "0" * 64) | {name: "0" * 32}
        assert not fits(networks.DataSet, described | {"checksums": checksums})


def test_what_a_job_does_stands_in_its_text_though_it_is_the_default():
    """A default that changes with the package must not change the text of a finished trace."""
    made = config.Device.model_validate(changed({"relaxation": {}, "output": {}, "film": {}}))
    text = json.loads(jobs.pulse_job(made, 0.5e12).to_json())
    assert text["steps"][0]["pause"] == 10e-9
    assert text["rest"] == {"speed": 0.5, "hold": 2e-9}
    assert text["output"] == {"interval": 50e-12, "snapshot_interval": 2.5e-9}
    assert text["calculator"]["time_step_fraction"] == 0.9
    assert text["material"]["slonczewski_lambda"] == 1
    reading = DEVICES.plain_settings(config.Campaign(devices={"d": made}), "d")
    assert reading["detector"]["polarization"] == 0.4


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sources", "npm"),
        ("datasets", "mnist"),
        ("synapses", "a"),
        ("readings", "series"),
        ("mappings", "row"),
        ("compared", "row"),
        ("seeds", 3),
    ],
)
def test_what_is_listed_twice_is_refused(key, value):
    assert fits(Networks, {key: [value]})
    assert not fits(Networks, {key: [value, value]})


def test_what_was_checked_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        device().wall.start = 1.0


def test_a_campaign_of_more_devices_than_anyone_looks_at_is_refused_at_once(tiny):
    tiny["devices"] |= {f"copy-{number}": {"like": "synapse"} for number in range(999)}
    with pytest.raises(config.ConfigError, match="devices has 1001 devices, more than 1000"):
        config.parse(tiny, check)
