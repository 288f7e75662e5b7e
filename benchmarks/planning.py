"""Measure time and memory of planning all results of a large sweep (dry run).

python benchmarks/planning.py [COUNT …] [--samples NUMBER]

With --samples, it plans the study thermal instead: 10 current densities and 100 replicas of each on
each of these samples of a track of 519 nm × 72 nm, as blocks of 64 runs.

Times are user and system time of Snakemake, which depend less on the load than the clock.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def shipped():
    """Return the shipped configuration."""
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def sweep_of(count):
    """Return the configuration of a sweep, and its target."""
    data = shipped()
    sweep = {"start": 0.1e12, "stop": 0.1e12 + (count - 1) * 1e8, "step": 1e8}
    synapse = data["devices"]["synapse-5"] | {}
    synapse["pulse"] = synapse["pulse"] | {"current_densities": [sweep]}
    data["devices"] = {"synapse-5": synapse}
    data["networks"] = {"datasets": [], "recipes": {}}
    for block in set(data) - {"material", "output", "devices", "networks"}:
        data.pop(block, None)  # of other devices
    return data, "all"


def replicas_of(samples):
    """Return the configuration of replicas of pulses on samples, and its target."""
    data = shipped()
    track = {"length": 519e-9, "width": 72e-9, "notches": {"count": 5, "diameter": 32e-9}}
    disorder = {"edges": {}, "notches": {}}
    data["devices"]["short"] = {"like": "synapse-5", "track": track, "disorder": disorder}
    pulses = {"current_densities": [{"start": 0.3e12, "stop": 1.2e12, "step": 0.1e12}]}
    pulses |= {"variants": {"warm": {"temperature": {"ambient": 300.0}}}, "pause": 10e-9}
    pulses |= {"device": "short", "replicas": 100, "samples": samples}
    data |= {"thermal": {"short": pulses}, "runs_per_job": 64}
    return data, "results/thermal/short.nc"


def plan(data, target, folder):
    """Return user and system time in s, clock in s and peak memory in MiB."""
    # a copy through JSON, so that equal blocks do not become aliases
    (folder / "config.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    begin = time.perf_counter()
    child = subprocess.Popen(
        [
            Path(sys.executable).with_name("snakemake"),
            *("--snakefile", ROOT / "Snakefile", "--directory", folder),
            *("--cores", "1", "--dry-run", "--quiet", "all", "--", target),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit("planning failed")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - begin, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counts", type=int, nargs="*", default=[100, 1000, 10_000])
    parser.add_argument("--samples", type=int)
    arguments = parser.parse_args()
    plans = [(count, *sweep_of(count)) for count in arguments.counts]
    if arguments.samples:
        plans = [(1000 * arguments.samples, *replicas_of(arguments.samples))]
    print("| simulations | user + system (s) | clock (s) | peak memory (MiB) |")
    print("| ---: | ---: | ---: | ---: |", flush=True)
    for count, data, target in plans:
        with tempfile.TemporaryDirectory() as temporary:
            busy, clock, memory = plan(data, target, Path(temporary))
        print(f"| {count} | {busy:.1f} | {clock:.1f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
