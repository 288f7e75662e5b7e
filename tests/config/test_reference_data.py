"""Reference data in the configuration: what the paper has, and those of some devices."""

from helpers.calibration import CURVE, referring
from helpers.small_campaign import ROOT

from wallnet import config, plan
from wallnet.jobs.film import check


def test_the_reference_data_of_the_paper():
    """Section III: five notches 0.500, 0.650, 0.795, 0.801, 0.803, 0.810; ten 0.500, 0.764."""
    reference = plan.load(ROOT / "config.yaml").reference
    stated = [
        (final_state.device, round(final_state.current_density / 1e12, 4), final_state.state)
        for final_state in reference.final_states
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
