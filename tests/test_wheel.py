"""The wheel has the workflow, so that a campaign needs no checkout."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
import yaml
from helpers.extending import copied
from helpers.small_campaign import NEURON_TARGETS, ROOT, TINY, Campaign, jobs_in

PIP = (sys.executable, "-m", "pip")


def environment(folder):
    """Return the programs of a new environment with all dependencies and without wallnet.

    Python does not read the files `.pth` of a folder that such a file names, so that the editable
    wallnet of the tests is not found.
    """
    venv.create(folder, symlinks=True)
    folders = [path for path in sys.path if path.endswith("site-packages")]
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    (site / "dependencies.pth").write_text("\n".join(folders))
    return folder / "bin"


def run(*command, folder, code=0):
    """Run a command without the PYTHONPATH of the tests; return all that it prints."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = list(map(str, command))
    done = subprocess.run(words, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return the programs of an environment with the wheel."""
    place = tmp_path_factory.mktemp("wheel")
    built = ("wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", place)
    run(*PIP, *built, copied(place / "checkout"), folder=place)
    (wheel,) = place.glob("*.whl")
    programs = environment(place / "environment")
    # beside the wallnet of the tests, which it does not remove, as this lies elsewhere
    install = ("install", "--no-deps", "--no-index", "--ignore-installed", wheel)
    run(*PIP, "--python", programs / "python", *install, folder=place)
    return programs


@pytest.fixture
def started(installed, tmp_path):
    """Return the folder of a new campaign, with the configuration of the tests."""
    run(installed / "wallnet", "init", "campaign", folder=tmp_path)
    made = Campaign(tmp_path / "campaign")
    made.configure(TINY)
    return made


def test_a_campaign_is_planned_by_the_workflow_in_the_wheel(installed, started):
    ask = "import wallnet; print(wallnet.workflow_path())"
    path = Path(run(installed / "python", "-c", ask, folder=started.folder).strip())
    assert path.is_relative_to(installed.parent)
    assert path.is_file()
    planned = jobs_in(run(installed / "python", "-m", "snakemake", "-n", folder=started.folder))
    planned["all"] = planned.pop("campaign")
    assert planned == started.planned()


def files_of(package):
    """Return the files of a package without the workflow and what processes have compiled."""
    paths = (path.relative_to(package) for path in package.rglob("[!.]*.*") if path.is_file())
    return {path for path in paths if not {"workflow", "__pycache__"} & {*path.parts}}


def test_the_wheel_has_every_file_of_the_package(installed):
    (package,) = installed.parent.glob("lib/python*/site-packages/wallnet")
    assert files_of(package) == files_of(ROOT / "src/wallnet")


@pytest.mark.campaign
def test_jobs_and_report_of_the_workflow_in_the_wheel(installed, started, finished_devices):
    """Of finished simulations, since numba compiles the engine again for each installed package."""
    shutil.copytree(finished_devices.folder / "results", started.folder / "results")
    for path in ("results/devices/neuron.nc", *NEURON_TARGETS):
        (started.folder / path).unlink()
    snakemake = (installed / "python", "-m", "snakemake", "--cores", "2", *NEURON_TARGETS)
    ran = jobs_in(run(*snakemake, folder=started.folder))
    assert {"gather_devices": 1, "compact_model": 1}.items() <= ran.items()
    assert "run" not in ran
    model = json.loads((started.folder / NEURON_TARGETS[1]).read_text())
    assert model["kind"] == "neuron"
    # the rules and their order, the profile and the captions are those of the wheel
    run(*snakemake, "--report", "report.html", folder=started.folder)
    report = (started.folder / "report.html").read_text()
    assert "single pulses: final state after each pulse" in report
    assert "archive of all figures and tables of a campaign" in report
    assert started.planned(*NEURON_TARGETS) == {}


def test_without_wallnet_snakemake_ends_and_names_it(installed, started, tmp_path):
    programs = environment(tmp_path / "bare")
    snakemake = programs / "python", "-m", "snakemake", "-n"
    for profile in ("none", "profiles/default"):
        options = "--workflow-profile", profile, "--cores", "1"
        said = run(*snakemake, *options, folder=started.folder, code=1)
        assert "\nwallnet is not installed for the Python that runs snakemake; activate " in said
        assert "Traceback" not in said
        assert "usage:" not in said


MODULE = """
from wallnet import workflow_path

configfile: "config.yaml"

module wallnet:
    snakefile: workflow_path()
    config: config["domain walls"]

use rule * from wallnet as wallnet_*

rule read:
    default_target: True
    input: "results/tables/parameters.csv"
    output: "read.txt"
    shell: "wc -l < {input} > {output}"
"""


def test_the_workflow_is_a_module_of_another_one(tmp_path):
    """Its names get a prefix, and the configuration has aliases, which wallnet alone refuses."""
    campaign = Campaign(tmp_path)
    text = yaml.safe_dump({"domain walls": json.loads(json.dumps(TINY))})
    (tmp_path / "config.yaml").write_text(f"own: &own 1\nthe same: *own\n{text}")
    (tmp_path / "Snakefile").write_text(MODULE)
    here = ("--snakefile", tmp_path / "Snakefile")
    planned = campaign.planned(*here, "wallnet_all")
    assert planned["wallnet_run"] == 5 + 3 + 3
    assert planned["wallnet_gather_devices"] == 2
    campaign.snakemake(*here)
    lines = (tmp_path / "results/tables/parameters.csv").read_text().count("\n")
    assert int((tmp_path / "read.txt").read_text()) == lines > 20
