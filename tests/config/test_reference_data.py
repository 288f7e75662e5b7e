"""Reference data in the configuration: what is accepted, and the message for the rest."""

import pytest
from helpers.calibration import CURVE, REFERENCE, referring
from helpers.small_campaign import ROOT

from wallnet import config, plan
from wallnet.jobs.film import check


def problems(data):
    with pytest.raises(config.ConfigError) as caught:
        plan.parse(data)
    return str(caught.value).splitlines()


def test_the_reference_data_of_the_paper():
    """Section III: five notches 0.500, 0.650, 0.795, 0.801, 0.803, 0.810; ten 0.500, 0.764."""
    reference = plan.load(ROOT / "config.yaml").reference
    stated = [
        (each.device, round(each.current_density / 1e12, 4), each.state)
        for each in reference.final_states
    ]
    assert stated == [
        ("synapse-5", 0.5, "notch 1"),
        ("synapse-5", 0.65, "notch 2"),
        ("synapse-5", 0.795, "notch 3"),
        ("synapse-5", 0.801, "notch 4"),
        ("synapse-5", 0.803, "notch 5"),
        ("synapse-5", 0.81, "reversed"),
        ("synapse-10", 0.5, "notch 1"),
        ("synapse-10", 0.764, "reversed"),
    ]
    (arrival,) = reference.arrival_times
    assert (arrival.current_density, arrival.notch, arrival.time) == (0.5e12, 1, 2e-9)
    (curve,) = reference.transfer_curves
    assert (curve.device, curve.current_densities) == ("neuron", (0.1e12, 0.3e12, 0.45e12))


def test_the_reference_data_of_some_devices():
    campaign = config.parse(referring(transfer_curves=[CURVE]), check)
    reference, devices = campaign.reference, campaign.simulated
    assert reference.of(devices) == reference
    of_neuron = reference.of({"neuron": devices["neuron"]})
    assert (of_neuron.final_states, of_neuron.arrival_times) == ((), ())
    assert of_neuron.entries == of_neuron.transfer_curves == reference.transfer_curves
    without = {"synapse": devices["synapse"]}
    assert reference.of(without).entries == (*reference.final_states, *reference.arrival_times)


def altered(block, **changes):
    return {block: [{**REFERENCE[block][0], **changes}]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
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
)
def test_reference_data_that_cannot_be_are_named(changes, message):
    (problem,) = problems(referring(**changes))
    assert message in problem
    assert problem.startswith("config.yaml: reference.")
