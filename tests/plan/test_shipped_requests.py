"""What the shipped campaign computes, by the digests of its requests."""

import json

import pytest
from shipped_requests import ROOT, STORED, changes, digests

from wallnet import plan
from wallnet.config import reading
from wallnet.files.plain import laid_over

NOTED = json.loads(STORED.read_text("utf-8"))

SYNAPSES = [
    *("synapse-10", "synapse-5", "synapse-5-smooth"),
    *("synapse-rewritable", "synapse-rewritable-10"),
]

THERMAL = sorted(f"thermal/{name}" for name in (*SYNAPSES, "reset-5", "reset-10", "staircase-10"))


def digests_with(**changed):
    """Return the digests of the campaign with some keys changed."""
    data, elsewhere = reading.read_campaign(ROOT / "config.yaml")
    return digests(plan.parse(laid_over(data, changed), "config.yaml", elsewhere))


def test_the_shipped_campaign_computes_what_is_noted():
    lines = changes(NOTED, digests_with())
    why = "these requests changed; if this is wanted, run python tests/plan/shipped_requests.py"
    assert not lines, "\n".join([why, *lines])


@pytest.mark.parametrize(
    ("changed", "places"),
    [
        # together, since no two change the same place
        (
            {
                "devices": {
                    "neuron": {"output": {"interval": 30e-12}},
                    "track": {"pulse": {"current_densities": [0.7e12]}},
                },
                "intervals": {"synapse-5": {"resolution": 0.002e12}},
                "barriers": {"spacing": 0.9},
                "thermal": {"synapse-5": {"variants": {"warm": {"temperature": {"ambient": 350}}}}},
            },
            [
                *(f"0 K: {place}" for place in ("calibration/paper", "crosscheck/film-oommf")),
                *("0 K: initial/neuron", "0 K: intervals/synapse-5"),
                *("0 K: traces/neuron", "0 K: traces/track"),
                *("300 K: thermal/synapse-5", "350 K: thermal/synapse-5"),
                *(place for place in NOTED if "barriers/" in place),
                # the minima of the film at 350 K
                "film: thermal/synapse-5",
            ],
        ),
        ({"heating": {"oxide_thickness": 200e-9}}, [f"300 K: {place}" for place in THERMAL]),
    ],
)
def test_a_change_of_requests_names_their_temperature_study_and_device(changed, places):
    lines = changes(NOTED, digests_with(**changed))
    assert [": ".join(line.split(": ")[:2]) for line in lines] == places


def test_every_study_is_noted():
    folders = {place.split(": ")[1].split("/")[0] for place in NOTED}
    # sweeps of samples have the folders of those of the device
    assert {*plan.STUDIES} - {"sweeps"} < folders
    assert "0 K: samples/traces/synapse-5" in NOTED
