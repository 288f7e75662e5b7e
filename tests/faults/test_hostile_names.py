"""Names with special characters of a shell, Snakemake's formatting or a page stay plain names."""

import copy
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from helpers.hostile import SPITEFUL
from helpers.same import assert_same
from helpers.small_campaign import ROOT, TINY, TRAINING, with_networks
from helpers.synthetic import write_images

pytestmark = pytest.mark.campaign

TRACE = "results/traces/neuron/0.4000.nc"
DEVICE = "results/devices/neuron.nc"
CLASSES = ["<script>alert(1)</script>", "$\\frac{", "{wildcards}`touch PWNED`", "two\nlines | a"]


def executed(folder):
    return [path for path in folder.rglob("PWNED*") if path.name == "PWNED"]


def test_a_campaign_of_spiteful_names(finished_devices, tmp_path):
    """Campaign folder, folder of its images and names of their classes have special characters."""
    campaign = finished_devices.copied(tmp_path / SPITEFUL)
    data = with_networks()
    data["networks"] |= {
        "data_folder": f"{SPITEFUL}\n/data",
        "own_datasets": {"blots": {"folder": "Blots/raw", "classes": CLASSES}},
        "recipes": {"plain": {"fp32": {**TRAINING}}},
        "readings": ["series"],
    }
    campaign.configure(data)
    write_images(campaign.folder / f"{SPITEFUL}\n/data/Blots/raw")
    (campaign.folder / TRACE).unlink()
    (campaign.folder / DEVICE).unlink()
    place = "results/figures/networks/blots"
    figures = (f"{place}/confusion-synapse.png", f"{place}/misread.png")
    targets = ("devices", "networks", "results/tables/parameters.html", *figures)
    campaign.snakemake(*targets)
    assert not executed(tmp_path)
    assert_same(campaign.folder, finished_devices.folder, "results/devices/")
    pages = [path.read_text() for path in campaign.folder.glob("results/**/*.html")]
    assert len(pages) > 3
    assert not [page for page in pages if "<script" in page]
    assert campaign.planned(*targets) == {}


class Scripts(HTMLParser):
    """The scripts of a page."""

    def __init__(self, text):
        super().__init__()
        self.texts, self.inside = [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.inside = tag == "script"
        self.texts += [""] * self.inside

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.texts[-1] += data


def test_a_label_is_no_script_in_the_report_of_snakemake(finished):
    """The page has the parameters of its jobs in its scripts."""
    data = copy.deepcopy(TINY)
    further = {
        "mine": {
            "label": "</script><script>alert(3)</script>",
            "lower": {"material": {"damping": 0.4}},
        }
    }
    data["sensitivity"] = {"all": {"device": "synapse", "further": further}}
    finished.configure(data)
    finished.snakemake("results/summary.html")
    finished.snakemake("results/summary.html", "--report", "report.html")
    page = (finished.folder / "report.html").read_text()
    assert "alert(3)" in page
    scripts = Scripts(page).texts
    assert [script for script in scripts if "alert(3)" in script]
    assert not [script for script in scripts if script.strip().startswith("alert(3)")]


def test_a_checkout_and_an_interpreter_of_spiteful_names(finished, finished_devices, tmp_path):
    place = tmp_path / SPITEFUL.replace(":", "")  # a folder on PATH cannot have this in its name
    checkout = place / "checkout"
    checkout.mkdir(parents=True)
    for name in ("Snakefile", "workflow", "profiles"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, checkout / name)
    environment = place / "venv"
    (environment / "bin").mkdir(parents=True)
    shutil.copy(Path(sys.prefix, "pyvenv.cfg"), environment)
    (environment / "lib").symlink_to(Path(sys.prefix, "lib"))
    for program in ("python", "wallnet"):
        (environment / "bin" / program).symlink_to(Path(sys.prefix, "bin", program))
    (finished.folder / TRACE).unlink()
    (finished.folder / DEVICE).unlink()
    command = [environment / "bin/python", "-m", "snakemake", "--cores", "2"]
    command += ["--snakefile", checkout / "Snakefile", "--directory", finished.folder, DEVICE]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not executed(tmp_path)
    assert_same(finished.folder, finished_devices.folder)


def test_a_data_folder_below_home(tiny, monkeypatch):
    from wallnet import config
    from wallnet.jobs.film import check

    monkeypatch.setenv("HOME", "/home/someone")
    tiny["networks"]["data_folder"] = "~/data"
    assert config.parse(tiny, check).networks.data_folder == "/home/someone/data"
    tiny["networks"]["data_folder"] = "a\0b"
    with pytest.raises(config.ConfigError, match="networks.data_folder .*; "):
        config.parse(tiny, check)
