"""A campaign that takes seconds, and a class that runs it as a user does."""

import atexit
import copy
import json
import re
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

import yaml

from helpers import forked

ROOT = Path(__file__).parents[2]

MATERIAL = {
    "saturation_magnetization": 1.1e6,
    "exchange_stiffness": 2.0e-11,
    "dmi_constant": 1.0e-3,
    "uniaxial_anisotropy": 1.0e6,
    "gyromagnetic_ratio": 2.211e5,
    "polarization": 0.4,
    "damping": 0.5,
}
"""Table I of the paper, with a damping of 0.5."""

UNLIKE = {
    "saturation_magnetization": 0.9e6,
    "exchange_stiffness": 1.7e-11,
    "dmi_constant": -1.3e-3,
    "uniaxial_anisotropy": 0.8e6,
    "damping": 0.45,
    "gyromagnetic_ratio": 2.3e5,
    "polarization": 0.35,
}
"""A material of which each quantity differs from that of `MATERIAL`."""

TINY = {
    "material": MATERIAL,
    "output": {"interval": 20e-12, "snapshot_interval": 100e-12},
    "devices": {
        "neuron": {
            "kind": "neuron",
            "track": {"length": 200e-9, "width": 32e-9, "thickness": 2e-9, "cell_size": 4e-9},
            "wall": {"start": 40e-9},
            "pulse": {
                "duration": 0.4e-9,
                "current_densities": [{"start": 0.2e12, "stop": 1.0e12, "step": 0.2e12}],
            },
            "relaxation": {"longest": 0},
            "read_at": "pulse_end",
            "detector": {"start": 50e-9, "stop": 150e-9},
        },
        "synapse": {
            "kind": "synapse",
            "track": {
                "length": 360e-9,
                "width": 72e-9,
                "thickness": 2e-9,
                "cell_size": 4e-9,
                "notches": {"count": 3, "diameter": 32e-9},
                "edges": "stairs",  # as in OOMMF
            },
            "wall": {"start": 40e-9},
            "pulse": {"duration": 0.6e-9, "current_densities": [0.5e12, 1.5e12, 3.0e12]},
            "relaxation": {"longest": 1e-9, "hold": 0.2e-9, "speed": 2.0},
        },
    },
    "networks": {"datasets": [], "synapses": [], "recipes": {}},
}
"""A campaign that takes seconds: coarse, short, with every kind of result except networks."""


NEURON_TARGETS = ("results/tables/devices/neuron.csv", "results/compact_models/neuron.json")
"""Targets for all results of the neuron except its figures."""


@cache
def plain_profile(name="default"):
    """Return the folder of a shipped profile with Snakemake's own display of each job."""
    folder = Path(tempfile.mkdtemp(prefix="profile-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    text = (ROOT / "profiles" / name / "config.yaml").read_text()
    plain, count = re.subn(r"(?m)^logger: .*\n", "", text)
    assert count == 1
    (folder / "config.yaml").write_text(plain)
    return folder


class Campaign:
    """Campaign in a separate folder, run as a user runs it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def copied(self, folder: Path) -> "Campaign":
        """Return a copy in a new folder, which a test may change; files keep their times."""
        shutil.copytree(self.folder, folder, copy_function=shutil.copy2)
        return Campaign(folder)

    def configure(self, data) -> None:
        # a copy through JSON, so that equal blocks do not become aliases
        text = yaml.safe_dump(json.loads(json.dumps(data)), sort_keys=False)
        (self.folder / "config.yaml").write_text(text)

    def snakemake(
        self, *arguments, check=True, root=ROOT, cores=2, environment=None, display=False, code=""
    ):
        """Run snakemake by its path, without activating the environment.

        With `display` it has that of the shipped profile, otherwise Snakemake's own. `code` is
        executed before, in the process of Snakemake.
        """
        program = [Path(sys.executable).with_name("snakemake")]
        if code:
            call = "import sys, snakemake.cli; snakemake.cli.main(sys.argv[1:])"
            program = [sys.executable, "-c", f"{code}\n{call}"]
        command = [*program, "--snakefile", root / "Snakefile", "--directory", self.folder]
        command += [] if display else ["--workflow-profile", plain_profile()]
        command += ["--cores", str(cores), *arguments]
        result = forked.run(list(map(str, command)), environment, self.folder)
        if check and result.returncode:
            raise AssertionError(f"snakemake failed:\n{result.stdout}\n{result.stderr}")
        return result

    def planned(self, *targets, **options) -> dict[str, int]:
        """Return the number of jobs of each rule that would run."""
        return jobs_in(self.snakemake("--dry-run", *targets, **options).stdout)


def with_revisions(**raised):
    """Return code that raises the revisions of stages in a process that plans."""
    return f"""
from wallnet import revisions

for stage, rise in {raised}.items():
    revisions._noted[stage]["revision"] += rise
"""


def jobs_in(plan: str) -> dict[str, int]:
    """Return the number of jobs of each rule in the output of a dry run, with either display."""
    if shown := re.search(r"^\d+ jobs?: (.*)$", plan, re.MULTILINE):
        counts = (count.split() for count in shown[1].split(", "))
        return {rule: int(number) for number, rule in counts}
    jobs = {}
    counting = False
    for line in plan.splitlines():
        if line.startswith("job ") and "count" in line:
            counting = True
        elif counting and (words := line.split()) and len(words) == 2 and words[1].isdigit():
            if words[0] != "total":
                jobs[words[0]] = int(words[1])
        elif counting and not line.strip():
            break
    return jobs


STAGES = ("fp32", "fine_tuned", "on_levels")
TRAINING = {"epochs": 2, "batch_size": 16, "learning_rate": 5e-3}


def with_networks():
    """Return the tiny campaign with a small network on small images."""
    data = copy.deepcopy(TINY)
    data["networks"] = {
        "datasets": ["blots"],
        "own_datasets": {"blots": {"folder": "Blots/raw", "classes": ["a", "b", "c", "d"]}},
        "hidden_neurons": 12,
        "synapses": ["synapse"],
        "mappings": ["layer"],
        "recipes": {"plain": {stage: {**TRAINING} for stage in STAGES}},
        "seeds": [3],
    }
    return data
