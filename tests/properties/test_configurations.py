"""A configuration is rejected with messages that name a key, or it runs and stays finite."""

import itertools
import math
import re

import numpy as np
import pytest
from helpers.junk import REPOSITORY, ROOT, plain_junk, spoilt, spoilt_text
from helpers.schema import VALIDATOR
from hypothesis import event, given
from hypothesis import strategies as st

from wallnet import config, jobs, plan
from wallnet.constants import VACUUM_PERMEABILITY
from wallnet.jobs.film import step_of
from wallnet.jobs.networks import (
    MappingJob,
    accuracy_job,
    continuing_job,
    mapping_job,
    training_job,
)
from wallnet.jobs.run import level_states
from wallnet.simulate import SimulationError, simulate
from wallnet.studies import DEVICES, STUDIES, GatherJob, gather_job

TEXT = (ROOT / "config.yaml").read_text(encoding="utf-8")

SOURCE = re.compile(r"config\.yaml: \S")


def check_refusal(error):
    """Check that each line of an error begins with its source and names a key or a misspelt key."""
    for line in str(error).splitlines():
        assert SOURCE.match(line), line
        assert re.search(r"[;:(] ?\w", line[len("config.yaml: ") :]), f"no fix: {line}"
        assert not re.search(r"Traceback|pydantic|object at 0x", line), line


def check_source(error, path):
    for line in str(error).splitlines():
        assert line.startswith(str(path)), line


def check_stop(error):
    """Check that a simulation that stops names the key that would fix it."""
    assert re.search(r"(film|output|track|wall|pulse|material)\.\w+", str(error)), str(error)


def check_model(error, name):
    assert str(error).startswith(f"model {name}: "), error


def check_networks(networks):
    """Make the jobs of the networks; a model of a module that there is not is refused by key."""
    accuracy_job(networks).to_json()
    for dataset, (name, recipe) in itertools.product(networks.datasets, networks.recipes.items()):
        try:
            training_job(networks, dataset, name, networks.seeds[0]).to_json()
        except config.ConfigError as error:
            check_model(error, recipe.model)
            return
        if "continued" in recipe.stages(networks.mappings):
            continuing_job(networks, dataset, name, networks.seeds[0]).to_json()
    if networks.recipes and networks.datasets and networks.synapses:
        place = (networks.datasets[0], networks.synapses[0], "series", networks.seeds[0])
        made = mapping_job(networks, *place)
        assert MappingJob.from_json(made.to_json()) == made


def check_use(campaign):
    """Make the calls with which every run of the campaign begins."""
    for name, device in campaign.devices.items():
        job = gather_job(DEVICES, campaign, name, DEVICES.requests_of(campaign, name))
        assert GatherJob.from_json(job.to_json()) == job
        assert config.Device.model_validate(job.settings).pulse == device.pulse
        pulse = jobs.pulse_job(device, device.pulse.current_densities[0])
        assert jobs.Run.from_json(pulse.to_json()).to_json() == pulse.to_json()
        for state in level_states(device.track) if device.kind == "synapse" else ():
            jobs.level_job(device, state.file_name)
        jobs.initial_job(device)
    check_networks(campaign.networks)
    for settings in campaign.studies["crosscheck"].values():
        assert list(STUDIES["crosscheck"].compared(settings, campaign.simulated))


@given(spoilt([REPOSITORY]))
def test_a_spoilt_campaign_is_refused_by_key_or_can_be_used(data):
    try:
        campaign = plan.parse(data)
    except config.ConfigError as error:
        event("refused")
        check_refusal(error)
        return
    event("accepted")
    check_use(campaign)


@given(spoilt([REPOSITORY], plain_junk, most=1))
def test_the_schema_accepts_what_can_be_used(data):
    """Exceptions are text and truth values in place of a number, which nobody writes."""
    try:
        plan.parse(data)
    except config.ConfigError:
        event("refused")
        return
    event("accepted")
    unexpected = [e for e in VALIDATOR.iter_errors(data) if not isinstance(e.instance, str | bool)]
    assert unexpected == []


@given(spoilt_text(TEXT))
def test_spoilt_text_is_refused_in_a_sentence_or_can_be_used(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("yaml") / "config.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        campaign = plan.load(path)
    except config.ConfigError as error:
        event("refused")
        check_source(error, path)
        return
    event("accepted")
    check_use(campaign)


@given(st.binary(max_size=300))
def test_bytes_are_refused_in_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("yaml") / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(config.ConfigError, match="config.yaml"):
        plan.load(path)


def decades(low, high):
    """Draw numbers spread evenly over orders of magnitude, including the bounds."""
    spread = st.floats(math.log10(low), math.log10(high)).map(lambda power: 10.0**power)
    inside = spread.map(lambda value: min(max(value, low), high))
    return st.one_of(st.sampled_from([low, high]), inside)


def signed(strategy):
    return st.tuples(st.sampled_from([-1, 1]), strategy).map(math.prod)


def typical_step(device):
    """Return the engine's time step for a device that is otherwise valid."""
    sound = {"length": 3 * device["cell"], "width": device["cell"]}
    sound |= {"thickness": device["thickness"], "cell_size": device["cell"]}
    interval = {"interval": 1e-15, "snapshot_interval": 1e-15}
    try:
        device = config.Device.model_validate(
            {
                "kind": "track",
                "track": sound,
                "wall": {"start": device["cell"]},
                "pulse": {"duration": 1e-15, "current_densities": [device["density"]]},
                "relaxation": {"longest": 0},
                "output": interval,
                "material": device["material"],
                "film": device["film"],
            }
        )
        return step_of(device)
    except ValueError:
        return 1e-15


@st.composite
def any_device(draw):
    """Draw a tiny track, with all other values anywhere within the bounds."""
    cell = draw(decades(1e-10, 1e-7))
    columns, rows = draw(st.integers(3, 24)), draw(st.integers(1, 12))
    saturation = draw(decades(1e3, 1e7))
    demagnetizing = VACUUM_PERMEABILITY * saturation**2 / 2
    track = {
        "length": columns * cell,
        "width": rows * cell,
        "thickness": draw(decades(1e-10, 1e-6)),
        "cell_size": cell,
    }
    if rows > 3 and draw(st.booleans()):
        diameter = draw(st.floats(1, rows - 2)) * cell
        track["notches"] = {
            "diameter": diameter,
            "positions": [draw(st.floats(0.1, 1)) * columns * cell],
        }
    settings = {
        "material": {
            "saturation_magnetization": saturation,
            "exchange_stiffness": draw(decades(1e-14, 1e-9)),
            "dmi_constant": draw(st.one_of(st.just(0.0), signed(decades(1e-7, 0.1)))),
            "uniaxial_anisotropy": max(1.0, draw(st.floats(1.001, 100)) * demagnetizing),
            "damping": draw(decades(1e-4, 10.0)),
            "gyromagnetic_ratio": draw(decades(1e4, 1e7)),
            "polarization": draw(st.floats(0, 1)),
            "slonczewski_lambda": draw(decades(1.0, 100.0)),
            "field_like_torque": draw(st.one_of(st.just(0.0), signed(decades(1e-3, 10.0)))),
        },
        "film": {
            "stray_field_tolerance": draw(decades(1e-7, 0.1)),
            "frozen_change": draw(st.one_of(st.just(0.0), decades(1e-9, 1e-2))),
            "time_step_fraction": draw(st.floats(0.01, 0.95)),
        },
    }
    density = round(draw(signed(decades(1e8, 1e14))) / 1e8) * 1e8
    shape = {"cell": cell, "thickness": track["thickness"], "density": density}
    # intervals of up to some tens of steps, so that any device runs quickly
    interval = max(1e-15, draw(st.floats(0.3, 30)) * typical_step(settings | shape))
    return settings | {
        "kind": "track",
        "track": track,
        "wall": {
            "start": draw(st.floats(1, columns - 1)) * cell,
            "relaxation": draw(st.sampled_from([0, 1e-15])),
        },
        "pulse": {
            "duration": draw(st.integers(1, 4)) * interval,
            "current_densities": [density],
        },
        "relaxation": {
            "longest": draw(st.integers(0, 4)) * interval,
            "speed": draw(decades(1e-6, 1e4)),
            "hold": draw(decades(1e-15, 1e-12)),
        },
        "output": {"interval": interval, "snapshot_interval": draw(st.integers(1, 3)) * interval},
    }


@given(any_device())
def test_any_tiny_device_is_refused_by_key_or_gives_a_finite_trace(device):
    try:
        parsed = plan.parse({"devices": {"any": device}}).devices["any"]
    except config.ConfigError as error:
        event("refused")
        check_refusal(error)
        return
    if parsed.pulse.duration / step_of(parsed) > 3e3:
        event("too long to try")
        return
    density = parsed.pulse.current_densities[0]
    try:
        trace = simulate(jobs.pulse_job(parsed, density))
    except SimulationError as error:
        event(f"stopped: {re.sub('[0-9.e+-]+', '#', str(error))[:60]}")
        check_stop(error)
        return
    event("ran")
    for name in ("m", "wall_position", "wall_bottom", "wall_top", "time"):
        assert np.isfinite(trace[name].values).all(), name
    mask = trace["magnetic_cells"].values > 0
    assert np.isfinite(trace["magnetization_profile"].values[:, mask]).all()
