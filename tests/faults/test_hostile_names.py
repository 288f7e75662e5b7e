"""Names with special characters of a shell, Snakemake's formatting or a page stay plain names."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.same import assert_same
from helpers.small_campaign import ROOT, Campaign, with_networks
from test_surroundings import write_images

pytestmark = pytest.mark.campaign

SPITEFUL = "a 'b\"\n$(touch PWNED)`touch PWNED`$HOME{c}{d:q}"
"""Name of a folder with characters that shells and Snakemake's formatting interpret."""

CLASSES = ["<script>alert(1)</script>", "$\\frac{", "{wildcards}`touch PWNED`", "two\nlines | a"]


def executed(folder):
    return [path for path in folder.rglob("PWNED*") if path.name == "PWNED"]


def test_a_campaign_of_spiteful_names(finished_campaign, tmp_path):
    """Campaign folder, folder of its images and names of their classes have special characters."""
    folder = tmp_path / SPITEFUL
    folder.mkdir()
    campaign = Campaign(folder)
    data = with_networks()
    data["networks"]["data_folder"] = f"{SPITEFUL}\n/data"
    data["networks"]["own_datasets"]["blots"] = {"folder": "Blots/raw", "classes": CLASSES}
    campaign.configure(data)
    write_images(folder / f"{SPITEFUL}\n/data/Blots/raw")
    campaign.snakemake()
    assert not executed(tmp_path)
    assert_same(folder, finished_campaign.folder, "results/devices")
    assert_same(folder, finished_campaign.folder, "accuracy.csv")
    for page in folder.glob("results/**/*.html"):
        # the summary has the script that sorts its tables
        assert page.read_text().count("<script") == (page.name == "summary.html")
    assert (folder / "results/figures/networks/blots/confusion-synapse.png").exists()
    assert campaign.planned() == {}


def test_a_checkout_and_an_interpreter_of_spiteful_names(finished_devices, campaign, tmp_path):
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
    command = [environment / "bin/python", "-m", "snakemake", "--cores", "2"]
    command += ["--snakefile", checkout / "Snakefile", "--directory", campaign.folder, "devices"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not executed(tmp_path)
    assert_same(campaign.folder, finished_devices.folder)


@pytest.mark.parametrize("folder", ["two words", SPITEFUL])
def test_make_takes_any_folder(finished_campaign, tmp_path, folder):
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    place = finished_campaign.copied(tmp_path / folder).folder
    prefix = Path(sys.prefix)
    command = [make, "run", f"VENV={prefix}", f"STAMP={prefix / 'pyvenv.cfg'}"]
    command += ["-o", str(prefix / "pyvenv.cfg")]
    # in a variable of make a dollar is written twice
    command.append(f"DIRECTORY={place}".replace("$", "$$"))
    for expected in ("Report: ", "Nothing to be done"):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout + done.stderr
        assert f"Report: {place}/results/report.html" in done.stdout
    assert not executed(tmp_path)
    assert not (ROOT / "PWNED").exists()


def test_a_data_folder_below_home(tiny, monkeypatch):
    from wallnet import config

    monkeypatch.setenv("HOME", "/home/someone")
    tiny["networks"]["data_folder"] = "~/data"
    assert config.parse(tiny).networks.data_folder == "/home/someone/data"
    tiny["networks"]["data_folder"] = "a\0b"
    with pytest.raises(config.ConfigError, match="networks.data_folder .*; "):
        config.parse(tiny)
