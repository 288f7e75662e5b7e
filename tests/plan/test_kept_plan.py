"""Barriers run for whoever needs them; networks may use the levels of a rewritable synapse."""

import pytest
from helpers.small_campaign import Campaign, with_networks

from wallnet import config, plan
from wallnet.plan.listing import level_set_sources, network_files


def rewritable(*mappings):
    """Return a campaign whose networks are on a track with a notch at each end of the way."""
    data = with_networks()
    synapse = data["devices"]["synapse"]
    synapse["track"]["notches"] = {"positions": [80e-9, 180e-9, 280e-9], "diameter": 32e-9}
    synapse["wall"] = {"start": 80e-9}
    data["networks"] |= {"mappings": list(mappings), "readings": ["parallel"]}
    return data


def test_networks_on_kept_levels_wait_for_the_barriers_and_others_do_not(tmp_path):
    """Three notches and the two half states between them: 2 exits, 2 whole pairs, 4 half ones."""
    campaign = Campaign(tmp_path)
    campaign.configure(rewritable("layer", "signed-fitted-kept"))
    planned = campaign.planned("results/compact_models/synapse.json")
    assert (planned["run"], planned["minima"]) == (5 + 3, 1)
    assert planned["barrier"] == 8
    assert planned["gather_barriers"] == 1
    campaign.configure(rewritable("layer", "signed-fitted"))
    planned = campaign.planned("results/compact_models/synapse.json")
    assert "barrier" not in planned
    assert planned["minima"] == 1


PULSES = {"current_densities": [1.0e12], "durations": [1e-9]}


def test_networks_on_mutually_reachable_levels_wait_for_barriers_and_transitions(tmp_path):
    """Three notches and four half states in both orders, with a pulse of each sign."""
    data = rewritable("layer", "signed-fitted-mutually-reachable")
    # its other settings let no wall rest long enough to see it
    data["devices"]["synapse"]["relaxation"] = {"longest": 3e-9}
    data["transitions"] = {"synapse": PULSES}
    campaign = Campaign(tmp_path)
    campaign.configure(data)
    planned = campaign.planned("results/compact_models/synapse.json")
    assert (planned["barrier"], planned["gather_barriers"]) == (8, 1)
    # the sweep has three pulses
    assert (planned["run"], planned["gather_transitions"]) == (3 + 14 + 7, 1)


def test_the_networks_of_a_rewritable_synapse_are_part_of_the_campaign():
    campaign = plan.parse(rewritable("layer"))
    paths = [path for path in network_files(campaign) if "/synapse/parallel/layer/" in path]
    assert len(paths) > 5
    assert level_set_sources(campaign, "synapse") == {}
    kept = plan.parse(rewritable("layer-kept"))
    barriers = {"barriers": "results/barriers/synapse.nc"}
    assert level_set_sources(kept, "synapse") == barriers
    assert level_set_sources(kept, "neuron") == {}
    data = rewritable("layer") | {"transitions": {"synapse": PULSES}}
    data["networks"]["compared"] = ["layer-mutually-reachable"]
    transitions = {"transitions": "results/transitions/synapse.nc"}
    assert level_set_sources(plan.parse(data), "synapse") == barriers | transitions


def test_networks_on_kept_levels_need_a_synapse_with_barriers():
    data = rewritable("layer", "signed-fitted-kept") | {"barriers": {"devices": []}}
    with pytest.raises(config.ConfigError, match="from its barriers; add it to barriers, or use"):
        plan.parse(data)
    assert plan.parse(rewritable("layer") | {"barriers": {"devices": []}})
