import pytest
from helpers.small_campaign import Campaign
from helpers.synthetic import write_images
from oracle_campaign import IMAGES, configuration


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Return the folder of results of the oracle's campaign, run as a user runs it."""
    campaign = Campaign(tmp_path_factory.mktemp("oracle"))
    campaign.configure(configuration())
    write_images(campaign.folder / "data/Blots/raw", **IMAGES)
    campaign.snakemake("devices", "networks")
    return campaign.folder / "results"
