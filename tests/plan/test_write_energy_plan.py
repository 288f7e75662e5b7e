"""A change of metal, substrate or Curie temperature gathers again, and simulates nothing."""

import copy

import pytest
from helpers.programs import STAIRCASE
from helpers.small_campaign import Campaign

pytestmark = pytest.mark.campaign


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return a campaign with a device, its sweep and a pulse train, run as a user runs it."""
    made = Campaign(tmp_path_factory.mktemp("energies"))
    made.configure(STAIRCASE)
    made.snakemake("pulse_trains", "devices")
    return made


def test_the_tables_of_devices_and_pulse_trains_have_energies(ran):
    for name in ("devices/stairs", "pulse_trains/up-down"):
        for suffix in (".csv", ".md", ".html"):
            text = (ran.folder / f"results/tables/{name}{suffix}").read_text(encoding="utf-8")
            assert "energy (pJ)" in text
            assert "temperature rise, middle (K)" in text


@pytest.mark.parametrize(
    "section",
    [
        {"heavy_metal": {"preset": "beta-w"}},
        {"heating": {"oxide_thickness": 1e-7}},
        {"heating": {"largest_rise": 1000.0}},
        {"material": STAIRCASE["material"] | {"curie_temperature": 728.0}},
    ],
)
def test_a_change_of_what_heats_gathers_and_tabulates(ran, section):
    ran.configure(copy.deepcopy(STAIRCASE) | section)
    planned = ran.planned("pulse_trains", "devices")
    ran.configure(STAIRCASE)
    targets = {"pulse_trains": 1, "devices": 1}
    assert {rule: n for rule, n in planned.items() if rule not in targets} == {
        **{"gather_devices": 1, "device_table": 1, "gather_pulse_trains": 1, "show_pulse_trains": 1}
    }
