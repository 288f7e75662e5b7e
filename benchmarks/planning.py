"""Measure time and memory of planning all results of a large sweep (dry run).

python benchmarks/planning.py [COUNT …]

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


def plan(count, folder):
    """Return user and system time in s, clock in s and peak memory in MiB."""
    data = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    sweep = {"start": 0.1e12, "stop": 0.1e12 + (count - 1) * 1e8, "step": 1e8}
    synapse = data["devices"]["synapse-5"] | {}
    synapse["pulse"] = synapse["pulse"] | {"current_densities": [sweep]}
    data["devices"] = {"synapse-5": synapse}
    data["networks"] = {"datasets": [], "recipes": {}}
    for block in set(data) - {"material", "output", "devices", "networks"}:
        data.pop(block, None)  # of other devices
    # a copy through JSON, so that equal blocks do not become aliases
    (folder / "config.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    begin = time.perf_counter()
    child = subprocess.Popen(
        [
            Path(sys.executable).with_name("snakemake"),
            *("--snakefile", ROOT / "Snakefile", "--directory", folder),
            *("--cores", "1", "--dry-run", "--quiet", "all"),
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
    arguments = parser.parse_args()
    print("| simulations | user + system (s) | clock (s) | peak memory (MiB) |")
    print("| ---: | ---: | ---: | ---: |", flush=True)
    for count in arguments.counts:
        with tempfile.TemporaryDirectory() as temporary:
            busy, clock, memory = plan(count, Path(temporary))
        print(f"| {count} | {busy:.1f} | {clock:.1f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
