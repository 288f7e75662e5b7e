"""Optional devices: left out of the whole campaign, computed by the targets that name them."""

import copy

import pytest
from helpers.small_campaign import TINY, Campaign

from wallnet import plan
from wallnet.plan.listing import checks, device_files, everything
from wallnet.plan.requests import of_study
from wallnet.plan.shown import FIGURES, figures

PULSES = [{"current_density": 1e12, "duration": 0.5e-9, "pause": 0.5e-9}]


def data(optional=True):
    """Return the tiny campaign with a second synapse and a pulse train on each of the two."""
    made = copy.deepcopy(TINY)
    made["devices"]["second"] = {"like": "synapse", "optional": optional}
    made["devices"]["third"] = {"like": "second", "optional": False}
    made["pulse_trains"] = {
        name: {"device": device, "pulses": PULSES}
        for name, device in {"on-second": "second", "on-third": "third"}.items()
    }
    return made


def of_second(paths):
    return [path for path in paths if "second" in path]


def test_an_optional_device_and_its_pulse_trains_are_not_part_of_the_campaign():
    optional, usual = (plan.parse(data(optional)) for optional in (True, False))
    assert not of_second(everything(optional))
    assert of_second(everything(usual))
    left_out = {*everything(usual)} - {*everything(optional)}
    assert left_out == {*of_second(everything(usual))}
    # they are not obsolete
    assert left_out <= {*checks(optional)}
    assert not left_out & {*checks(usual)}
    for files_of in (device_files, figures):
        assert files_of(optional) == files_of(usual)
    assert [*of_study("devices", optional)] == [*of_study("devices", usual)]


def test_a_variant_of_an_optional_device_is_optional():
    configuration = data()
    del configuration["devices"]["third"]["optional"]
    campaign = plan.parse(configuration)
    assert list(campaign.without_optional.devices) == ["neuron", "synapse"]
    assert campaign.without_optional.studies["pulse_trains"] == {}


def test_the_figure_of_all_synapses_leaves_them_out():
    figure = FIGURES["synapses-compared"]
    names = ("synapse", "second", "third")
    every = [f"results/devices/{name}.nc" for name in names]
    assert figure.sources(plan.parse(data(False))) == {"synapse": every}
    assert figure.sources(plan.parse(data())) == {
        "synapse": ["results/devices/synapse.nc", "results/devices/third.nc"]
    }
    assert figure.places(plan.parse(data())) == [{}]
    alone = data()
    alone["devices"]["third"]["kind"] = "track"
    assert figure.places(plan.parse(alone)) == []


def test_the_key_is_in_the_parameters_of_optional_devices_only():
    """So that no table of parameters is written again because of it."""
    devices = plan.parse(data()).devices
    assert [n for n, device in devices.items() if "optional" in device.model_dump()] == ["second"]


@pytest.mark.parametrize(
    ("targets", "trains", "devices"),
    [(("devices",), 0, 4), (("all", "pulse_trains"), 2, 3)],
)
def test_targets_that_name_its_results_compute_it(tmp_path, targets, trains, devices):
    campaign = Campaign(tmp_path)
    campaign.configure(data())
    planned = campaign.planned(*targets)
    assert planned.get("gather_pulse_trains", 0) == trains
    assert planned.get("gather_devices", 0) == devices
