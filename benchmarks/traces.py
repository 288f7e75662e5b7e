"""Time whole traces as the workflow's command simulates them, beside OOMMF if it is installed.

    python benchmarks/traces.py [--repeat 3] [--against FOLDER] [--without-oommf]

Each pulse of `PULSES` is a process of one thread that starts, simulates and writes its file. The
embedded engine runs several times before and after OOMMF; `--against` adds the same command with
the code of another checkout, in turn. The table has processor seconds of the processes (user and
system), their ratios, and the largest deviation of <m> from OOMMF's trace. OOMMF takes about half
an hour, and refuses to run as root.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from processes import ROOT, seconds

from wallnet import jobs
from wallnet.jobs.film import check

PULSES = {"synapse-5": (0.65e12, 10e-9), "neuron": (0.30e12, 3e-9)}
"""Device of the default campaign, current density in A/m² and duration of the pulse in s."""

HEADER = (
    "| trace | calculator | CPU s, start included | times the engine's "
    "| largest deviation of \\<m> from OOMMF |\n|---|---|---:|---:|---:|"
)


def job_of(device, calculator):
    """Return the job of a pulse without the relaxation after it, as JSON."""
    from wallnet import config

    density, duration = PULSES[device]
    changes = [f"calculator={calculator}"]
    loaded = config.load_device(ROOT / "config.yaml", device, check, changes)
    job = jobs.pulse_job(loaded, density)
    step = jobs.Step(current_density=density, duration=duration)
    return job.model_copy(update={"steps": (step,)}).to_json()


def averages(path):
    """Return the mean magnetisation of a trace against time."""
    from wallnet import files

    return files.read_dataset(path, "run")["m"].transpose("time", ...).values


def measured(device, repeat, sources, oommf):
    """Return the lines of the table about one pulse."""
    import numpy as np

    density, duration = PULSES[device]
    times = {name: [] for name in sources}
    with tempfile.TemporaryDirectory() as place:
        out = {name: Path(place) / name.replace(" ", "-") / "trace.nc" for name in sources}

        def run(count):
            for _ in range(count):
                for name, source in sources.items():
                    out[name].unlink(missing_ok=True)
                    command = ("simulate", "--job", job_of(device, "film"), "--out", out[name])
                    times[name].append(seconds(*command, source=source))

        run(repeat)
        if oommf:
            out["OOMMF"] = Path(place) / "oommf" / "trace.nc"
            command = ("simulate", "--job", job_of(device, "oommf"), "--out", out["OOMMF"])
            times["OOMMF"] = [seconds(*command)]
            run(repeat)
        middle = {name: statistics.median(spent) for name, spent in times.items()}
        means = {name: averages(out[name]) for name in times}
    lines = []
    for name, spent in times.items():
        spread = f" ({min(spent):.2f} to {max(spent):.2f})" if len(spent) > 1 else ""
        deviation = "" if not oommf else f"{np.abs(means[name] - means['OOMMF']).max():.1e}"
        lines.append(
            f"| {device}, {density / 1e12:.2f}e12 A/m², {duration * 1e9:g} ns | {name} "
            f"| {middle[name]:.2f}{spread} | {middle[name] / middle['engine']:.3g} | {deviation} |"
        )
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--against", type=Path, help="another checkout, timed in turn")
    parser.add_argument("--without-oommf", action="store_true")
    parser.add_argument("--only", choices=PULSES, nargs="*", default=list(PULSES))
    arguments = parser.parse_args()
    from wallnet.simulate.calculator import SimulationError
    from wallnet.simulate.registry import check

    sources = {"engine": ROOT / "src"}
    if arguments.against:
        sources["engine before"] = arguments.against / "src"
    oommf = not arguments.without_oommf
    if oommf:
        try:
            check("oommf", {})
        except SimulationError as error:
            sys.exit(f"{error}; or add --without-oommf")
    lines = [HEADER]
    for device in arguments.only:
        lines += measured(device, arguments.repeat, sources, oommf)
        print("\n".join(lines[-len(sources) - oommf :]), file=sys.stderr, flush=True)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
