import sys

import pytest
from oracle_campaign import IMAGES, configuration
from small_campaign import ROOT, Campaign


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Folder of the results of the oracle's campaign, run as a user runs it."""
    sys.path.insert(0, str(ROOT / "tests/networks"))
    from synthetic import write_images

    campaign = Campaign(tmp_path_factory.mktemp("oracle"))
    campaign.configure(configuration())
    write_images(campaign.folder / "data/Blots/raw", **IMAGES)
    campaign.snakemake("devices", "networks")
    return campaign.folder / "results"
