"""A study, a figure and a device kind, added to one checkout as docs/extending.md describes."""

import copy
import subprocess
import sys

import pytest
import xarray
from helpers.extending import apply, copied, environment_of, run_tests
from helpers.small_campaign import TINY, jobs_in
from helpers.windows import windowed

from wallnet import files

OWN_TESTS = (
    "tests/studies/test_base.py",
    "tests/test_revisions.py::test_no_folder_that_computes_lies_outside_the_stages",
)
"""Tests of the checkout that hold for all studies; of those for each study, the new one's."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Return a copy of the checkout with all three."""
    root = copied(tmp_path_factory.mktemp("study") / "checkout")
    changed = {step.path for step in apply("A study", root)}
    outside = {path for path in changed if not path.startswith("src/wallnet/studies/traversals/")}
    assert outside == {"src/wallnet/studies/__init__.py", "tests/helpers/studies.py"}
    assert len(apply("A figure", root)) <= 3
    assert len(apply("A device kind", root)) <= 6
    noting = [sys.executable, "tests/digests.py"]
    subprocess.run(noting, env=environment_of(root), cwd=root, check=True)
    return root


FIGURE = "results/figures/devices/synapse-resting-walls"

SETTINGS = {
    # the first density leaves the wall at its notch, the second drives it off in a few pulses
    "current_densities": [0.1e12, 1.6e12],
    "duration": 1.5e-9,
    "pause": 2.5e-9,
    "most": 4,
}


@pytest.fixture(scope="module")
def campaign(root, finished_devices, tmp_path_factory):
    """Return a campaign with the results of all three, and the jobs that they took."""
    campaign = finished_devices.copied(tmp_path_factory.mktemp("three") / "campaign")
    data = copy.deepcopy(TINY)
    switch = data["devices"]["neuron"] | {"kind": "switch", "read_at": "rest"}
    switch["wall"] = {"start": 100e-9}
    switch["pulse"] = {"duration": 2e-9, "current_densities": [0.1e12, 1.5e12, 2.0e12]}
    data["devices"] |= {"switch": switch, "stairs": windowed()["devices"]["stairs"]}
    campaign.configure(data | {"traversals": {"stairs": SETTINGS}})
    targets = ("traversals", f"{FIGURE}.png", "results/tables/devices/switch.md")
    said = campaign.snakemake(*targets, root=root, environment=environment_of(root)).stderr
    return campaign, jobs_in(said)


def test_a_study_is_a_folder_and_a_line_and_counts_pulses(root, campaign):
    campaign, ran = campaign
    made = {"gather_traversals": 1, "show_traversals": 1, "traversals": 1, "run": 1 + 3}
    assert made.items() <= ran.items()
    # of the train and of the switch
    assert ran["initial"] == 2
    table = (campaign.folder / "results/tables/traversals/stairs.csv").read_text().split()
    unmoved, driven = (int(float(line.split(",")[1])) for line in table[-2:])
    assert unmoved == 0
    assert 1 <= driven <= 4
    image = campaign.folder / "results/figures/traversals/stairs-pulses.png"
    assert image.read_bytes().startswith(b"\x89PNG")
    folder = campaign.folder / "results/traversals/stairs"
    train = files.read_dataset(folder / "runs.nc", "run", only=["read_walls"], row=1)
    assert set(train.variables) == {"read_walls"}
    environment = environment_of(root)
    assert campaign.planned("traversals", root=root, environment=environment) == {}
    # from Python, the finished trains are reused
    script = f"""if True:
        from wallnet import api, plan
        from wallnet.studies.traversals import Traversals
        device = plan.load("config.yaml").simulated["stairs"]
        asked = {{"name": "stairs", "folder": ".", "progress": False}}
        dataset = api.study(Traversals(**{SETTINGS}), device, **asked)
        print(*dataset["pulses"].values)
    """
    before = (folder / "runs.nc").stat().st_mtime_ns
    command = [sys.executable, "-c", script]
    process = subprocess.run(
        command, env=environment, cwd=campaign.folder, capture_output=True, check=True
    )
    assert process.stdout.split() == [str(unmoved).encode(), str(driven).encode()]
    assert (folder / "runs.nc").stat().st_mtime_ns == before


def test_the_tests_of_the_checkout_hold_with_the_new_study(root):
    run_tests(root, *OWN_TESTS)


def test_a_figure_is_drawn(campaign):
    campaign, ran = campaign
    # the synapse was finished before: all simulations are those of the other two
    assert ran["figure_resting_walls"] == 1
    image = (campaign.folder / f"{FIGURE}.png").read_bytes()
    assert image.startswith(b"\x89PNG")
    assert b"resting-walls" in image
    assert (campaign.folder / f"{FIGURE}.pdf").exists()


def test_a_kind_is_gathered(campaign):
    campaign, ran = campaign
    assert ran["gather_devices"] == 1
    results = campaign.folder / "results"
    with xarray.open_dataset(results / "devices/switch.nc") as data:
        states = dict(zip(data["current_density"].values, data["state"].values, strict=True))
        assert list(states.values()).count("reversed") == 2
        assert float(data["switching_current_density"]) == pytest.approx(1.5e12, rel=1e-9, abs=0)
        assert data["switching_current_density"].attrs["units"] == "A/m2"
        # cells in parallel: (1 + P²)/(1 - P²) at P = 0.4; resistances of 20 and 10 kΩ
        ratios = data["conductance_ratio"].sel(reading=["parallel", "series"]).values
        assert ratios.tolist() == pytest.approx([1.16 / 0.84, 2.0], rel=1e-9, abs=0)
    table = (results / "tables/devices/switch.md").read_text(encoding="utf-8")
    assert "threshold (1e12 A/m²)" in table
    assert "1.5" in table
