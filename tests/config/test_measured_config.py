"""Measured devices in config.yaml: what is required, what is refused, and where networks are."""

import json
import re

import pytest
import yaml
from helpers.measured import CAMPAIGN, measured_campaign
from helpers.schema import VALIDATOR
from helpers.small_campaign import ROOT
from helpers.synthetic import one_sentence

from wallnet import config, plan
from wallnet.config import ConfigError
from wallnet.jobs.film import check
from wallnet.jobs.networks import AccuracyJob, accuracy_job, training_job
from wallnet.plan.listing import device_files
from wallnet.plan.requests import of_study


@pytest.fixture
def data():
    return measured_campaign()


@pytest.fixture
def mixed(tiny):
    """Return the tiny campaign with a measured device besides the simulated ones."""
    tiny["devices"]["mine"] = {"kind": "measured", "levels": "l.csv", "activation": "a.csv"}
    tiny["networks"]["recipes"] = {"plain": {"fp32": {"epochs": 1, "learning_rate": 1e-3}}}
    tiny["networks"]["datasets"] = ["mnist"]
    return tiny


def test_ten_lines_are_a_campaign(data):
    assert CAMPAIGN.count("\n") <= 10
    campaign = config.parse(data, check)
    assert campaign.measured["my-device"].files() == {
        "levels": "levels.csv",
        "activation": "activation.csv",
    }
    assert campaign.simulated == {}
    assert VALIDATOR.is_valid(data)


def test_the_page_shows_this_campaign():
    page = (ROOT / "docs/measured.md").read_text(encoding="utf-8")
    block = re.search(r"^```yaml\n(.*?)^```", page, re.M | re.S)[1]
    assert yaml.safe_load(block) == measured_campaign()


def test_the_plan_has_the_files_of_both_kinds(mixed):
    paths = device_files(config.parse(mixed, check))
    assert "results/compact_models/mine.json" in paths
    assert "results/tables/devices/mine.csv" in paths
    assert "results/devices/mine.nc" not in paths
    assert {"results/devices/neuron.nc", "results/compact_models/synapse.json"} <= set(paths)
    assert not any("mine" in path for path in of_study("devices", config.parse(mixed, check)))


def test_a_measured_device_has_one_reading_and_simulated_ones_have_theirs(mixed):
    mixed["networks"]["synapses"] = ["mine", "synapse"]
    mixed["networks"]["readings"] = ["series", "parallel"]
    run_set = config.parse(mixed, check).networks.run_set()
    assert run_set.places == (
        ("mine", "measured"),
        ("synapse", "series"),
        ("synapse", "parallel"),
    )
    bound = [run for run in run_set.runs() if run["device"] != "none"]
    assert [(run["device"], run["reading"]) for run in bound] == list(run_set.places)


def test_the_accuracy_job_carries_the_places(mixed):
    mixed["networks"]["synapses"] = ["mine"]
    job = accuracy_job(config.parse(mixed, check).networks)
    assert AccuracyJob.from_json(job.to_json()) == job
    assert json.loads(job.to_json())["run_set"]["places"] == [["mine", "measured"]]


@pytest.mark.parametrize("reading", ["parallel", "series"])
def test_the_reading_of_the_neuron_has_no_effect_on_a_measured_one(mixed, reading):
    mixed["networks"]["neuron_reading"] = reading
    for neuron, expected in {"mine": "measured", "neuron": reading}.items():
        mixed["networks"]["neuron"] = neuron
        networks = config.parse(mixed, check).networks
        assert networks.reading_of_neuron == expected
        assert training_job(networks, "mnist", "plain", 1).neuron_reading == expected


def test_shared_keys_are_those_of_simulated_devices_only(mixed):
    """Material and output at the top level do not reach a measured device."""
    assert VALIDATOR.is_valid(json.loads(json.dumps(mixed)))
    assert config.parse(mixed, check).devices["mine"].model_dump() == mixed["devices"]["mine"]


def test_a_measured_device_can_vary_another(data):
    data["devices"]["other"] = {"like": "my-device", "levels": "other.csv"}
    assert config.parse(data, check).measured["other"].files() == {
        "levels": "other.csv",
        "activation": "activation.csv",
    }
    assert VALIDATOR.is_valid(data)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("levels", "networks.synapses names 'my-device', which is not a synapse or a meas"),
        ("activation", "networks.neuron names 'my-device', which is not a neuron or a meas"),
    ],
)
def test_a_file_that_a_network_needs_is_missing(data, missing, message):
    del data["devices"]["my-device"][missing]
    with pytest.raises(ConfigError) as caught:
        config.parse(data, check)
    one_sentence(caught, message, f"a measured device with {missing}; use one of none yet")
    # without the networks that need it, the other file is enough
    del data["networks"]
    assert missing not in config.parse(data, check).measured["my-device"].files()
    assert VALIDATOR.is_valid(data)


def test_a_simulated_device_is_offered_a_measured_one(mixed):
    mixed["networks"]["neuron"] = "synapse"
    with pytest.raises(ConfigError) as caught:
        config.parse(mixed, check)
    one_sentence(
        caught, "not a neuron or a measured device with activation; use one of neuron, mine"
    )


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ({"kind": "measured"}, "levels and activation are both missing; name a CSV file"),
        ({"kind": "measured", "levels": ""}, "devices.my-device.levels is ''"),
        ({"kind": "measured", "levels": ["a.csv"]}, "devices.my-device.levels is a list"),
        ({"kind": "measured", "levels": "a\nb.csv"}, "not printable; rename the file"),
        ({"kind": "measured", "levels": "a<b2>.csv"}, "has a brace, a <word> or a character that"),
        (
            {"kind": "measured", "level": "a.csv"},
            "devices.my-device.level is not a key of the configuration; remove it (did you mean "
            "levels?)",
        ),
    ],
)
def test_what_is_not_a_measured_device_is_refused(data, device, message):
    data["devices"] = {"my-device": device}
    del data["networks"]
    with pytest.raises(ConfigError) as caught:
        config.parse(data, check)
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_an_unknown_kind_is_told_all_kinds(data):
    data["devices"]["my-device"]["kind"] = "mesured"
    with pytest.raises(ConfigError, match="'neuron', 'synapse', 'track' or 'measured'"):
        config.parse(data, check)


def test_a_measured_device_cannot_be_simulated(mixed, tmp_path):
    case = {"device": "mine", "current_density": 1e12}
    mixed["crosscheck"] = {"engines": {"cases": {"a": case}}}
    with pytest.raises(ConfigError) as caught:
        plan.parse(mixed)
    one_sentence(
        caught, "names 'mine', which is not a simulated device; use one of neuron, synapse"
    )
    path = tmp_path / "config.yaml"
    path.write_text(CAMPAIGN)
    with pytest.raises(ConfigError, match="devices.my-device is measured; name"):
        config.load_device(path, "my-device", check)


def test_the_home_folder_can_be_written_as_a_tilde(data, monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    data["devices"]["my-device"]["levels"] = "~/levels.csv"
    assert config.parse(data, check).measured["my-device"].levels == "/home/someone/levels.csv"
