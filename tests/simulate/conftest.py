"""Small jobs, and the OOMMF that the marked tests need."""

import pytest
from helpers.small_campaign import MATERIAL

from wallnet import jobs, simulate
from wallnet.config import parse
from wallnet.jobs.film import check
from wallnet.simulate import registry

SMALL = {
    "material": MATERIAL,
    "output": {"interval": 20e-12, "snapshot_interval": 0.1e-9},
    "devices": {
        "small": {
            "kind": "track",
            "track": {"length": 180e-9, "width": 24e-9, "thickness": 2e-9, "cell_size": 3e-9},
            "wall": {"start": 60e-9},
            "pulse": {"duration": 0.13e-9, "current_densities": [0.3e12]},
            "relaxation": {"longest": 0.2e-9, "hold": 0.06e-9, "speed": 100.0},
        }
    },
    "networks": {},
}
"""A campaign with one short pulse on 60×8 cells, which ends between two output times."""


@pytest.fixture(scope="session")
def small_data():
    """Return the small campaign as plain data."""
    return SMALL


@pytest.fixture
def small_job():
    """Return a function that creates a job of the small campaign for one calculator."""

    def make(calculator, current_density=0.3e12, **changes):
        device = SMALL["devices"]["small"] | {"calculator": calculator} | changes
        campaign = parse(SMALL | {"devices": {"small": device}}, check)
        return jobs.pulse_job(campaign.devices["small"], current_density)

    return make


@pytest.fixture
def announced(monkeypatch):
    """Return the longest simulated times in s that commands announce."""
    times, bar = [], simulate.progress_bar

    def announcing(longest, *arguments, **options):
        times.append(longest)
        return bar(longest, *arguments, **options)

    monkeypatch.setattr(simulate, "progress_bar", announcing)
    return times


@pytest.fixture(scope="session")
def real_oommf():
    """Skip with a reason if no OOMMF runs."""
    try:
        registry.check("oommf", {})
    except simulate.SimulationError as error:
        pytest.skip(str(error))
