"""Code of a campaign from elsewhere: what executes it, and what does not."""

import os
import re
import subprocess
import sys
from contextlib import suppress
from functools import cache, partial
from importlib.metadata import packages_distributions
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers import forked
from helpers.drift import DRIFT
from helpers.small_campaign import TINY, with_networks
from helpers.synthetic import write_images

from wallnet import api, cli, config, files, plan, provenance
from wallnet.errors import UserError
from wallnet.files.whole import LARGEST_JSON, LARGEST_TEXT, digest_path
from wallnet.jobs.film import check
from wallnet.networks.fetching import read_idx

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
    for arguments in (["all", "crosscheck"], ["--summary"]):
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
    monkeypatch.setattr(provenance, "subprocess", SimpleNamespace(run=forked.plan))
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


@cache
def importable():
    """Return the names that a program could import."""
    return {*sys.stdlib_module_names, *packages_distributions(), *OPTIONAL}


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """Return a new campaign with a module of each name that a program could import.

    A file there names a folder for what numba stores, and executes.
    """
    folder = tmp_path / "planted"
    cli.main(["init", str(folder)])
    for name in importable():
        note = f"open({str(folder / 'executed')!r}, 'a').write('{name} ')\n"
        (folder / f"{name}.py").write_text(note)
    (folder / ".numba_config.yaml").write_text("cache_dir: executed\n")
    monkeypatch.chdir(folder)
    return folder


SIMULATE = "--config config.yaml --device neuron --current-density 1e11 --set relaxation.longest=0"


def test_no_file_beside_a_campaign_is_executed(planted):
    command = [PROGRAMS / "wallnet", "simulate", *SIMULATE.split(), "--out", "a.nc"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "a.nc: " in done.stdout
    assert not (planted / "executed").exists()


def test_a_call_executes_no_module_of_the_current_folder(planted):
    """Which may be one for temporary files of all users."""
    device = config.parse(TINY, check).devices["neuron"]
    pulse = device.pulse.model_copy(update={"current_densities": (0.4e12,)})
    device = device.model_copy(update={"kind": "track", "pulse": pulse})
    api.sweep(device, "track", planted / "own", progress=False)
    assert not (planted / "executed").exists()


PROFILE = """\
__use_yte__: true
cores: ?%s
default-resources: {mem_mb: "%s"}
snakefile: evil.smk
"""


def test_packing_executes_no_file_beside_a_campaign_and_uses_no_profile_of_it(planted, monkeypatch):
    """Of an expression, a template and another workflow, none is executed."""
    expression = f"open('{planted}/executed', 'w').close() or 1"
    (planted / "evil.smk").write_text(f"{expression}\nrule all:\n")
    for place in ("default", "named"):
        folder = planted / "profiles" / place
        folder.mkdir(exist_ok=True)
        (folder / "config.yaml").write_text(PROFILE.replace("%s", expression))
    monkeypatch.setenv("SNAKEMAKE_PROFILE", str(folder))
    pack = [PROGRAMS / "wallnet", "pack", "--out", "crate.zip"]
    done = subprocess.run(pack, capture_output=True, text=True)
    assert "gather_devices" in done.stderr
    assert not (planted / "executed").exists()


def endless(path, kind):
    """Put something there whose reader would not come to an end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")


FAULT = "cannot be read (it is no regular file); "


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("config.yaml", "pipe"),
        ("results/traces/neuron/0.4000.nc", "device"),
        ("levels.csv", "pipe"),
    ],
)
def test_a_campaign_with_an_endless_file_is_refused(campaign, tiny, kind, name):
    words = f"{name} is no regular file; remove it"
    if name == "config.yaml":
        words = f"{name} {FAULT}check the path"
    if name == "levels.csv":
        tiny["devices"]["own"] = {"kind": "measured", "levels": name}
        campaign.configure(tiny)
        words = f"devices.own.levels: {name} is no regular file; put it there, or name another"
    endless(campaign.folder / name, kind)
    done = campaign.snakemake("--dry-run", "devices", check=False)
    assert done.returncode
    assert words in (said := done.stdout + done.stderr)
    assert "Traceback" not in said


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_readers_refuse_an_endless_file(tmp_path, monkeypatch, kind, tiny):
    monkeypatch.chdir(tmp_path)
    path = Path("results/devices/neuron.json")
    endless(path, kind)
    for read, words in {
        partial(api.load_device, path, "neuron"): f"{FAULT}check the path",
        partial(files.read_json, path): f"{FAULT}put another there, then run again",
        partial(files.read_dataset, path, "track"): f"{FAULT}put another there, then run again",
        partial(cli.main, ["check"]): "is no regular file; remove it",
        partial(cli.main, ["check", str(path)]): f"{FAULT}put another there, then run again",
        partial(read_idx, path): f"{FAULT}put the file there and make it readable",
    }.items():
        with pytest.raises((UserError, SystemExit), match=re.escape(f"{path} {words}")):
            read()
    tiny["devices"]["neuron"]["pulse"]["waveform"] = str(path)
    with pytest.raises(UserError, match=re.escape(FAULT)):
        config.parse(tiny, check)
    path.unlink()
    files.write_json({}, path)
    endless(digest_path(path), kind)
    assert files.read_json(path) == {}  # as without a digest


def test_a_file_is_refused_by_its_size_before_it_is_read(tmp_path):
    path = tmp_path / "huge"
    with open(path, "w") as stream:
        stream.truncate(LARGEST_JSON + 1)
    for read, most in ((plan.load, LARGEST_TEXT), (files.read_json, LARGEST_JSON)):
        with pytest.raises(UserError, match=f"{path} cannot be read .it is larger than {most} by"):
            read(path)
