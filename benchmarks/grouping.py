"""Time a sweep on a cluster: each pulse a job of SLURM, or several in a group.

    python benchmarks/grouping.py [--pulses 40] [--group 10] [-- OPTION …]

SLURM's commands must be at hand; options after `--` go to Snakemake, for instance
`--slurm-status-command squeue` on a cluster without accounting. The pulses of synapse-5 are from
0.4 to 0.6e12 A/m². Their initial state is there before. The clock runs from the start of Snakemake
to its end.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
SNAKEMAKE = (Path(sys.executable).with_name("snakemake"), "--snakefile", ROOT / "Snakefile")


def write_campaign(folder, pulses):
    """Write the configuration of a sweep."""
    data = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    synapse = data["devices"]["synapse-5"]
    step = max(1, 2000 // pulses) * 1e8  # names of files have steps of 1e8 A/m²
    densities = {"start": 0.4e12, "stop": 0.4e12 + (pulses - 1) * step, "step": step}
    synapse["pulse"] = synapse["pulse"] | {"current_densities": [densities]}
    kept = {key: data[key] for key in ("material", "output")}
    kept |= {"devices": {"synapse-5": synapse}, "networks": {"datasets": [], "recipes": {}}}
    (folder / "config.yaml").write_text(yaml.safe_dump(kept), encoding="utf-8")


def run(folder, *options):
    """Run Snakemake up to the traces; return its output and the clock in s."""
    command = [*SNAKEMAKE, "--directory", folder, "all", *options]
    begin = time.perf_counter()
    ended = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if ended.returncode:
        sys.exit(f"Snakemake failed:\n{ended.stderr[-2000:]}")
    return ended.stdout + ended.stderr, time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pulses", type=int, default=40)
    parser.add_argument("--group", type=int, nargs="*", default=[10])
    parser.add_argument("--profile", default=ROOT / "profiles" / "slurm")
    parser.add_argument("options", nargs="*", help="of Snakemake, after --")
    arguments = parser.parse_args()
    print("| pulses in a group | submissions | clock (s) | s a pulse |")
    print("|---:|---:|---:|---:|", flush=True)
    for size in (1, *arguments.group):
        groups = () if size == 1 else (
            *("--groups", "trace=pulses", "--group-components", f"pulses={size}"),
            *("--resources", "mem_mb=800", "--set-resource-scopes", "mem_mb=local"),
            *("--set-resources", "trace:mem_mb=800", "trace:runtime=2*attempt"),
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            write_campaign(folder, arguments.pulses)
            run(folder, "--cores", "1", "--until", "initial")
            output, clock = run(
                folder,
                *("--workflow-profile", arguments.profile, "--until", "run"),
                *(*groups, *arguments.options),
            )
            traces = len(list((folder / "results" / "traces").rglob("*.nc")))
        submitted = len(re.findall(r"has been submitted with SLURM jobid", output))
        if traces != arguments.pulses:
            sys.exit(f"{traces} of {arguments.pulses} traces are there:\n{output[-2000:]}")
        print(f"| {size} | {submitted} | {clock:.0f} | {clock / traces:.1f} |", flush=True)


if __name__ == "__main__":
    main()
