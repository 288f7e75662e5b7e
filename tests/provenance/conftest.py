"""A crate of the whole small campaign, and roc-validator in an environment of its own."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import netCDF4
import pytest
from helpers import forked
from helpers.small_campaign import Campaign, with_networks

from wallnet import cli, files, plan, provenance
from wallnet.plan.listing import everything

CONTEXT = "https://w3id.org/ro/crate/1.1/context"


class Crate:
    """A crate in a ZIP file."""

    def __init__(self, path):
        self.path = Path(path)
        with zipfile.ZipFile(path) as archive:
            self.members = {name: archive.read(name) for name in archive.namelist()}
        self.metadata = json.loads(self.members["ro-crate-metadata.json"])

    def __getitem__(self, place):
        (entity,) = [node for node in self.metadata["@graph"] if node["@id"] == place]
        return entity

    def named(self, place, key):
        """Return the names in a property that refers to other entities."""
        value = self[place][key]
        return [reference["@id"] for reference in (value if isinstance(value, list) else [value])]

    def files(self):
        """Return the described files by their path."""
        return {
            node["@id"]: node
            for node in self.metadata["@graph"]
            if "File" in ([node["@type"]] if isinstance(node["@type"], str) else node["@type"])
        }

    def written(self, path, metadata=None, without=()):
        """Write a crate with other metadata, or without some files."""
        members = dict(self.members)
        if metadata is not None:
            members["ro-crate-metadata.json"] = json.dumps(metadata).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                if name not in without:
                    archive.writestr(name, content)
        return path


def fork(patch):
    """Ask Snakemake for its plan as `Campaign` does."""
    patch.setattr(provenance, "subprocess", SimpleNamespace(run=forked.plan))


def packed(folder, out, *options):
    """Pack a campaign by the command, in this process."""
    words = ["--directory", folder, "--out", out, *options]
    with pytest.MonkeyPatch.context() as patch:
        fork(patch)
        cli.main(["pack", *map(str, words)])
    return Crate(out)


@pytest.fixture
def forked_plans(monkeypatch):
    """Let `provenance.collect` ask Snakemake in this way."""
    fork(monkeypatch)


@pytest.fixture
def pack():
    """Return the function that packs a campaign."""
    return packed


@pytest.fixture(scope="session")
def real_crate(finished_campaign, tmp_path_factory):
    """Return the crate of the whole small campaign, which was run."""
    return packed(finished_campaign.folder, tmp_path_factory.mktemp("crate") / "a.crate.zip")


BEGAN, ENDED = 1_700_000_000, 1_700_000_900
"""Times of the oldest and of the newest result of the imitated campaign, in s."""


def imitate(path, stated):
    """Write a result that states its origin and contains nothing else."""
    with files.written_whole(path) as partial:
        if path.suffix == ".nc":
            with netCDF4.Dataset(partial, "w") as data:
                data.setncatts(stated)
        else:
            partial.write_text(json.dumps({"of": path.name, **stated}))


def origin(path):
    """Return what the results of a stage state."""
    if path.endswith("metrics.json"):
        versions = {"torch_version": "2.9.0+cpu", "lightning_version": "2.6.0"}
        return {"kind": "network", "revision": 4, "wallnet_version": "0.1.0", **versions}
    stated = {"kind": "x", "wallnet_version": "0.1.0", "revision": 3}
    if path.startswith("results/initial/"):
        return {**stated, "backend": "none"}
    if path.split("/")[1] in ("traces", "levels", "minima"):
        return {**stated, "backend": "oommf", "backend_version": "2.1a0", "revision": 2}
    return stated if path.endswith(".nc") else {}


def unchecked(patch):
    """Pack what was not computed; Snakemake, which would compute it again, is not asked."""
    patch.setattr(provenance, "_check_current", lambda *arguments: None)


@pytest.fixture(scope="session")
def made_up(tmp_path_factory):
    """Return a campaign whose results are there, but were not computed."""
    made = Campaign(tmp_path_factory.mktemp("imitation"))
    made.configure(with_networks())
    paths = everything(plan.load(made.folder / "config.yaml"))
    for number, path in enumerate(paths):
        imitate(made.folder / path, origin(path))
        written = {0: BEGAN, 1: ENDED + 0.9}.get(number, BEGAN + 100.7)
        os.utime(made.folder / path, (written, written))
    (made.folder / "results/tables/of-another-campaign.csv").touch()
    for path in ("traces/neuron/0.4000", "networks/blots/synapse/parallel/seed-3"):
        for kind in ("logs/{}.log", "benchmarks/{}.tsv"):
            noted = made.folder / "results" / kind.format(path)
            noted.parent.mkdir(parents=True, exist_ok=True)
            noted.write_text("")
    return made


@pytest.fixture
def imitated(made_up, monkeypatch):
    """Return the folder of that campaign; tests must not change it."""
    unchecked(monkeypatch)
    return made_up.folder


@pytest.fixture
def imitation(made_up, tmp_path, monkeypatch):
    """Return the folder of a copy, which a test may change."""
    unchecked(monkeypatch)
    return made_up.copied(tmp_path / "campaign").folder


@pytest.fixture(scope="session")
def crate(made_up, tmp_path_factory):
    """Return the crate of the imitated campaign."""
    with pytest.MonkeyPatch.context() as patch:
        unchecked(patch)
        return packed(made_up.folder, tmp_path_factory.mktemp("crate") / "imitation.zip")


# fills the cache of roc-validator with the context that rocrate 0.15 ships, which is that of 1.1
FILL = """
import io, sys
import requests, requests_cache, urllib3
from importlib import resources
content = resources.files("rocrate").joinpath("data/ro-crate.jsonld").read_bytes()
place, cache = sys.argv[1:]
assert f'"@id": "{place}"'.encode() in content
answer = requests.Response()
answer.url, answer.status_code, answer._content = place, 200, content
answer.headers["Content-Type"] = "application/ld+json"
answer.request = requests.Request("GET", place).prepare()
answer.raw = urllib3.HTTPResponse(
    io.BytesIO(content), status=200, headers=dict(answer.headers), preload_content=False
)
requests_cache.CachedSession(cache, backend="sqlite").cache.save_response(answer)
"""


@pytest.fixture(scope="session")
def validate(tmp_path_factory):
    """Return a function that runs roc-validator on a crate: exit code and text.

    It is installed from the package index into an environment of its own. It reads the context
    from its cache, and no network.
    """
    folder = tmp_path_factory.mktemp("validator")
    python = folder / "environment" / "bin" / "python"
    venv = [sys.executable, "-m", "venv", "--without-pip", folder / "environment"]
    subprocess.run(venv, check=True)
    requirements = Path(__file__).with_name("validator.txt")
    # most of its files are never imported, and need not be compiled
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile"]
    command = [*pip, "--requirement", requirements]
    installed = subprocess.run(command, capture_output=True, text=True)
    if installed.returncode:
        reason = (installed.stderr.strip().splitlines() or ["no reason given"])[-1]
        pytest.skip(f"roc-validator cannot be installed: {reason}")
    cache = folder / "cache"
    subprocess.run([python, "-c", FILL, CONTEXT, cache], check=True)

    def run(path):
        command = [python.with_name("rocrate-validator"), "--no-interactive", "--disable-color"]
        command += ["validate", "--offline", "--cache-path", cache, "--no-paging", "--verbose"]
        command += ["--profile-identifier", "workflow-run-crate", "--output-line-width", "500"]
        done = subprocess.run([*command, path], capture_output=True, text=True, cwd=folder)
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    return run
