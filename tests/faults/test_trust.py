"""Code of a campaign from elsewhere: what executes it, and what does not."""

import subprocess
import sys
from contextlib import suppress
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from helpers.drift import DRIFT
from helpers.small_campaign import TINY, with_networks
from helpers.synthetic import write_images

from wallnet import api, cli, config

LOUD = """
from pathlib import Path

Path("executed").write_text("")
"""
MODEL = """
from pathlib import Path

from wallnet.networks.model import FullyConnected

Path("executed").write_text("")


class Net(FullyConnected):
    pass
"""
NAMES = ("loud.drift:Drift", "loud.other:Drift", "loud.nets:Net")


def name_own(campaign):
    """Let a campaign name classes of a package that writes a file when it is imported."""
    data = with_networks()
    data["devices"]["synapse"]["calculator"] = NAMES[0]
    data["calculator_settings"] = {NAMES[0]: {"velocity": 200.0}}
    data["networks"]["recipes"]["plain"]["model"] = NAMES[2]
    case = {"device": "synapse", "current_density": 0.5e12}
    check = {"calculators": [NAMES[1], "film"], "cases": {"quick": case}}
    data["crosscheck"] = {"engines": check}
    campaign.configure(data)
    package = campaign.folder / "loud"
    package.mkdir()
    (package / "__init__.py").write_text(LOUD)
    for name in ("drift", "other"):
        (package / f"{name}.py").write_text(LOUD + DRIFT)
    (package / "nets.py").write_text(MODEL)


@pytest.fixture
def loud(campaign):
    """Return a campaign with such classes."""
    name_own(campaign)
    write_images(campaign.folder / "data/Blots/raw")
    return campaign


def test_a_dry_run_executes_nothing_of_a_campaign_and_says_so(loud):
    for arguments in (["all", "crosscheck"], ["--list-rules"], ["--summary"]):
        option = [] if arguments[0].startswith("--") else ["--dry-run"]
        done = loud.snakemake(*option, *arguments)
        said = (done.stdout + done.stderr).count(f"does not import {', '.join(NAMES)}; a run")
        assert said == len(option)
        assert not (loud.folder / "executed").exists()


@pytest.mark.parametrize(
    ("module", "name"), [("nets", "model loud.nets:Net"), ("other", "calculator loud.other:Drift")]
)
def test_a_dry_run_names_a_module_that_is_not_there(loud, module, name):
    """The calculator `other` is that of a cross-check only."""
    (loud.folder / f"loud/{module}.py").unlink()
    done = loud.snakemake("--dry-run", check=False)
    said = done.stdout + done.stderr
    assert f"config.yaml: {name}: there is no module loud.{module}; correct" in said
    assert done.returncode
    assert "Traceback" not in said
    assert not (loud.folder / "executed").exists()


def test_a_class_that_a_cross_check_misspells_is_refused_before_the_first_job(loud):
    path = loud.folder / "config.yaml"
    path.write_text(path.read_text().replace("loud.other:Drift", "loud.other:Drfit"))
    done = loud.snakemake("devices", check=False)
    said = done.stdout + done.stderr
    assert done.returncode
    assert "config.yaml: calculator loud.other:Drfit" in said
    assert "Traceback" not in said
    assert not list(loud.folder.glob("results/*/*.nc"))


@pytest.mark.campaign
def test_commands_that_look_at_results_execute_nothing_of_a_campaign(whole, monkeypatch):
    name_own(whole)
    monkeypatch.chdir(whole.folder)
    for command in (
        ["check"],
        ["clean"],
        ["overview"],
        ["schema"],
        ["pack", "--out", "crate.zip"],
    ):
        with suppress(SystemExit):  # the results are not those of this configuration
            cli.main(command)
        assert not (whole.folder / "executed").exists(), command
    whole.snakemake("--report", "results/report.html", check=False)
    assert not (whole.folder / "executed").exists()


TEMPLATE = """
__use_yte__: true
__definitions__:
  - open("executed", "w").close()
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TEMPLATE, "config.yaml: __use_yte__ makes Snakemake execute Python code"),
        (
            "\ta: 1\n",
            "is not valid YAML (found character '\\t' that cannot start any token); use spac",
        ),
    ],
)
def test_snakemake_reads_no_configuration_that_the_package_refuses(campaign, text, words):
    path = campaign.folder / "config.yaml"
    path.write_text(path.read_text() + text)
    done = campaign.snakemake("--dry-run", check=False)
    assert done.returncode
    assert words in done.stdout + done.stderr
    assert not (campaign.folder / "executed").exists()


PROGRAMS = Path(sys.executable).parent
OPTIONAL = {"bottleneck", "h5netcdf", "numexpr", "sitecustomize"}
"""Modules that others import if they are there."""


def plant(folder, names):
    """Write modules that note in a file that they are executed."""
    for name in filter(str.isidentifier, names):
        note = f"open({str(folder / 'executed')!r}, 'a').write('{name} ')\n"
        (folder / f"{name}.py").write_text(note)


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """Return a new campaign with a module of each name that a program could import."""
    folder = tmp_path / "planted"
    cli.main(["init", str(folder)])
    plant(folder, {*sys.stdlib_module_names, *packages_distributions(), *OPTIONAL})
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("command", ["snakemake -n --cores 1", "wallnet pack --out a.zip"])
def test_no_module_beside_a_campaign_is_executed(planted, command):
    program, *options = command.split()
    done = subprocess.run([PROGRAMS / program, *options], capture_output=True, text=True)
    assert "gather_devices" in done.stdout + done.stderr  # it was planned
    assert not (planted / "executed").exists(), (planted / "executed").read_text()


def test_a_call_executes_no_module_of_the_current_folder(planted):
    """Which may be one for temporary files of all users."""
    device = config.parse(TINY).devices["neuron"]
    pulse = device.pulse.model_copy(update={"current_densities": (0.4e12,)})
    device = device.model_copy(update={"kind": "track", "pulse": pulse})
    api.sweep(device, "track", planted / "own", progress=False)
    assert not (planted / "executed").exists(), (planted / "executed").read_text()


def test_a_job_without_classes_executes_nothing_of_its_folder(planted):
    """numba executes what it has stored, and a file may name the folder for that."""
    (planted / ".numba_config.yaml").write_text("cache_dir: stored\n")
    device = ["--config", "config.yaml", "--device", "neuron", "--current-density", "1e11"]
    options = [*device, "--set", "relaxation.longest=0", "--out", "a.nc"]
    subprocess.run([PROGRAMS / "wallnet", "simulate", *options], check=True)
    assert not (planted / "executed").exists(), (planted / "executed").read_text()
    assert not (planted / "stored").exists()


PROFILES = {
    "expression": 'default-resources: {mem_mb: "%s"}',
    "template": "__use_yte__: true\ncores: ?%s",
    "workflow": "snakefile: evil.smk",
}


@pytest.mark.parametrize(
    ("profile", "place"), [*((each, "default") for each in PROFILES), ("template", "named")]
)
def test_no_profile_of_a_campaign_is_used(tmp_path, monkeypatch, profile, place):
    cli.main(["init", str(tmp_path)])
    expression = f"open('{tmp_path}/executed', 'w').close() or 1"
    (tmp_path / "evil.smk").write_text(f"{expression}\nrule all:\n")
    folder = tmp_path / "profiles" / place
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(PROFILES[profile].replace("%s", expression))
    monkeypatch.setenv("SNAKEMAKE_PROFILE", str(folder) if place == "named" else "")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="gather_devices"):
        cli.main(["pack", "--out", "crate.zip"])
    assert not (tmp_path / "executed").exists()
