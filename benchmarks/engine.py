"""Time the embedded engine, and OOMMF where it is found, on the paper's tracks in one run.

    python benchmarks/engine.py [--nanoseconds 1.0] [--out benchmarks/engine.md]

One thread each, one after the other: processor seconds for a simulated nanosecond of the pulse,
field evaluations, deviation of <m> from a run of the engine with nothing left out, peak memory.
OOMMF refuses root; as root only the engine is timed.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np

from wallnet import config, simulate
from wallnet.config import jobs
from wallnet.simulate import oommf

CASES = {"synapse-5": 0.65e12, "neuron": 0.30e12}
ROOT = Path(__file__).parents[1]


def job_of(device: str, nanoseconds: float, calculator: str, exact: bool = False):
    changes = [
        f"pulse.duration={nanoseconds * 1e-9}",
        "relaxation.longest=0",
        "read_at=pulse_end",
        "output.interval=10.0e-12",
        "output.snapshot_interval=1.0e-9",
        f"calculator={calculator}",
    ]
    if exact:
        changes += ["film.stray_field_tolerance=1.0e-7", "film.frozen_change=0"]
    return jobs.pulse_job(config.load_device(ROOT / "config.yaml", device, changes), CASES[device])


def timed(job):
    """Run a job; its own processor time, or that of the programs it started."""
    before = time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    trace = simulate.simulate(job)
    own = time.process_time() - before[0]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    children = after.ru_utime + after.ru_stime - before[1].ru_utime - before[1].ru_stime
    return trace, own + children


def oommf_runs() -> bool:
    try:
        oommf.check()
    except oommf.OommfError as error:
        print(f"engine alone: {error}", file=sys.stderr)
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nanoseconds", type=float, default=1.0)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    calculators = ["film", "oommf"] if oommf_runs() else ["film"]
    lines = [
        f"Pulse of {arguments.nanoseconds:g} ns, α = 0.5, one thread, one run.",
        "",
        "| track | calculator | CPU s per ns | evaluations per ns | largest deviation of <m> |",
        "|---|---|---:|---:|---:|",
    ]
    # compile before the clock runs
    simulate.simulate(job_of("synapse-5", 0.02, "film"))
    for device, density in CASES.items():
        reference, _ = timed(job_of(device, arguments.nanoseconds, "film", exact=True))
        seconds = {}
        for calculator in calculators:
            trace, spent = timed(job_of(device, arguments.nanoseconds, calculator))
            seconds[calculator] = spent / arguments.nanoseconds
            deviation = float(np.abs(trace["m"].values - reference["m"].values).max())
            evaluations = trace.attrs.get("field_evaluations")
            shown = f"{evaluations / arguments.nanoseconds:.0f}" if evaluations else "–"
            lines.append(
                f"| {device}, J = {density / 1e12:.2f}e12 A/m² | {calculator} "
                f"| {seconds[calculator]:.2f} | {shown} | {deviation:.1e} |"
            )
        if len(seconds) == 2:
            lines.append(f"| | ratio | {seconds['oommf'] / seconds['film']:.0f} | | |")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines += ["", f"Peak memory of this process: {memory:.0f} MiB."]
    text = "\n".join(lines) + "\n"
    print(text)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
