"""Tables of levels are planned from what is known of a synapse."""

import pytest
from helpers.small_campaign import Campaign
from helpers.transitions import led

from wallnet import plan
from wallnet.plan.listing import level_tables
from wallnet.plan.shown import level_sources

DEVICE, BARRIERS, TRANSITIONS = (
    f"results/{folder}/stairs.nc" for folder in ("devices", "barriers", "transitions")
)
TABLES = [f"results/tables/levels/stairs{suffix}" for suffix in (".csv", ".md", ".html")]


def configuration(barriers=True, transitions=True):
    """Return plain data of a campaign with barriers, transitions or neither."""
    data = led()
    data["devices"]["stairs"]["kind"] = "synapse"
    if not barriers:
        data["barriers"] = {"devices": []}
    if not transitions:
        del data["transitions"]
    return data


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, {"barriers": BARRIERS, "transitions": TRANSITIONS}),
        ({"barriers": False}, {"transitions": TRANSITIONS}),
        ({"transitions": False}, {"barriers": BARRIERS}),
    ],
)
def test_a_table_has_the_sources_that_the_configuration_names(chosen, expected):
    campaign = plan.parse(configuration(**chosen))
    sources = {name: [path] for name, path in {"device": DEVICE, **expected}.items()}
    assert level_sources(campaign, "stairs") == sources
    assert level_tables(campaign) == TABLES


def test_a_synapse_of_which_nothing_is_asked_has_no_table():
    assert level_tables(plan.parse(configuration(False, False))) == []


def test_the_target_computes_what_the_tables_need(tmp_path):
    """Three notches: 8 paths of barriers, and 4 pulses from each of the 3 starts."""
    campaign = Campaign(tmp_path)
    campaign.configure(configuration())
    planned = campaign.planned("levels")
    # the sweep has one pulse
    assert (planned["barrier"], planned["run"], planned["level_report"]) == (8, 1 + 12 + 5, 1)
    run = campaign.snakemake("--dry-run", "levels")
    output = run.stdout + run.stderr
    # two of the levels of the synapse, in addition to the pulses and the three starts
    assert "15 simulations and 8 paths between minima of the target levels will run" in output
    campaign.configure(configuration(False, False))
    refused = campaign.snakemake("--dry-run", "levels", check=False)
    assert refused.returncode != 0
    assert "the target levels has no synapse with barriers" in refused.stdout + refused.stderr
