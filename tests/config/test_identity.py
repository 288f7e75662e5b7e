"""What identifies a network, and a stage, a scheme and a facet that are added."""

import pytest
from helpers.facets import Further
from helpers.small_campaign import with_networks

from wallnet import files, plan
from wallnet.config import networks as section
from wallnet.config.stages import FACETS, LEVEL_STAGES, PROGRAMMED_STAGES, STAGES, Network
from wallnet.jobs.networks import accuracy_job, mapping_job, training_job
from wallnet.jobs.report import programming_energy_job
from wallnet.plan.listing import everything, mapped_paths

PLACE = {"dataset": "blots", "recipe": "plain", "stage": "on_levels", "seed": "3"}
SYNAPSE = {"device": "synapse", "reading": "series", "mapping": "layer"}


def test_stages_use_a_synapse_or_not_and_some_are_programmed():
    assert [name for name in STAGES if name not in LEVEL_STAGES] == ["fp32", "continued"]
    assert (
        *("quantized", "compensated"),
        *("fine_tuned", "fine_tuned_snapped", "on_levels"),
    ) == LEVEL_STAGES
    assert PROGRAMMED_STAGES == ("quantized", "compensated", "fine_tuned_snapped", "on_levels")


def test_an_identity_gives_the_path_and_the_columns():
    network = Network(**PLACE, **SYNAPSE)
    folder = "blots/synapse/series/layer/plain/on_levels/seed-3"
    assert network.path(files.METRICS) == f"results/networks/{folder}/metrics.json"
    assert network.path(files.CHECKPOINT, "/there") == f"/there/{folder}/best.ckpt"
    assert tuple(network) == FACETS
    assert dict(network) == {**PLACE, **SYNAPSE}
    assert network.place == {**SYNAPSE, "stage": "on_levels"}
    assert dict(Network(**PLACE)) == PLACE | dict.fromkeys(SYNAPSE, "none")


def test_the_identity_of_a_job_has_the_facets_that_the_job_has():
    campaign = plan.parse(with_networks()).networks
    trained = training_job(campaign, "blots", "plain", 3)
    assert dict(Network.of(trained, "fp32")) == dict(Network(**PLACE | {"stage": "fp32"}))
    (mapped, *_) = mapping_job(campaign, "blots", "synapse", "series", 3).networks
    assert Network.of(mapped, "on_levels").device == "synapse"


def test_a_facet_at_its_default_changes_neither_path_nor_columns():
    old, new = Network(**PLACE, **SYNAPSE), Further(**PLACE, **SYNAPSE)
    assert new.path(files.PROGRAMMING) == old.path(files.PROGRAMMING)
    assert dict(new) == dict(old)
    assert new.place == old.place
    other = Further(**PLACE, **SYNAPSE, imperfections="stuck-1")
    folder = "blots/synapse/series/layer/plain/on_levels/imperfections-stuck-1/seed-3"
    assert other.path(files.METRICS) == f"results/networks/{folder}/metrics.json"
    assert list(other) == [*FACETS, "imperfections"]
    assert other.place == old.place | {"imperfections": "stuck-1"}


@pytest.fixture
def planned():
    """Return a function for all files and all jobs of networks of a small campaign."""

    def of():
        campaign = plan.parse(with_networks())
        networks = campaign.networks
        place = ("blots", "synapse", "series", 3)
        return (
            everything(campaign),
            [dict(run) for run in networks.runs()],
            mapped_paths(files.CHECKPOINT, networks),
            training_job(networks, "blots", "plain", 3).to_json(),
            mapping_job(networks, *place).to_json(),
            mapping_job(networks, *place, compared=True).to_json(),
            accuracy_job(networks).to_json(),
            programming_energy_job(campaign).to_json(),
        )

    return of


def test_a_further_facet_computes_no_network_again(planned, monkeypatch):
    before = planned()
    monkeypatch.setattr(section, "Network", Further)
    assert isinstance(plan.parse(with_networks()).networks.runs()[0], Further)
    assert planned() == before
