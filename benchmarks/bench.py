"""Time what users wait for, beside a fixed computation, and name what became slower.

    python benchmarks/bench.py [--repeat 5] [--write]

The fixed computation is a loop of NumPy: Fourier transforms, and arrays that are read and written.
It runs alternately with each command. The ratio of their processor times depends less on the
machine and its load than the time does. `ratios.json` contains the ratios of the commit; a ratio
that exceeds its committed one by more than a tenth is named. `--write` writes new ones instead.
This is no test: the exit code is 0 unless a command fails. It takes about two minutes of one core.
"""

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from functools import partial
from importlib import metadata
from pathlib import Path

import numpy as np
from processes import ROOT, seconds

from wallnet import jobs, plan

RATIOS = Path(__file__).with_name("ratios.json")

SLOWER = 1.1
"""Ratio to the committed ratio above which a command is named."""

TRACES = 300
SIMULATIONS = 1000
BATCH = 256


def reference():
    """Return the processor seconds of the fixed computation."""
    image = np.random.default_rng(1).standard_normal((3, 128, 1024), dtype=np.float32)
    # 48 MiB, more than the caches of most processors
    field, out = (np.ones(6_000_000) for _ in range(2))
    begin = time.process_time()
    for _ in range(12):
        np.fft.irfft2(np.fft.rfft2(image))
        np.multiply(field, 0.999, out=out)
        np.add(out, field, out=field)
    return time.process_time() - begin


PULSES = {"synapse-5": (0.65e12, 3e-9), "neuron": (0.3e12, 0.4e-9)}
"""Current density in A/m² and duration in s: the beginning of a pulse of the default campaign."""


def trace(device, folder):
    """Return the processor seconds of the simulation of the beginning of a pulse."""

    density, duration = PULSES[device]
    job = jobs.pulse_job(plan.load(ROOT / "config.yaml").devices[device], density)
    step = jobs.Step(current_density=density, duration=duration)
    job = job.model_copy(update={"steps": (step,)})
    return partial(seconds, "simulate", "--job", job.to_json(), "--out", folder / f"{device}.nc")


def starting(folder):
    """Return the processor seconds of a command that simulates 1 ps."""
    import start

    arguments, *_ = start.commands(folder)["simulate (a level)"]
    return partial(seconds, *arguments)


def gathered(folder):
    """Return the processor seconds of gathering synthetic traces."""
    import gather

    gather.prepare(folder, TRACES)
    return lambda: gather.gather(folder, TRACES)[0]


def planned(folder):
    """Return the processor seconds of planning a sweep, without running it."""
    import planning

    return lambda: planning.plan(SIMULATIONS, folder)[0]


MEASURED = {
    "synapse trace": partial(trace, "synapse-5"),
    "neuron trace": partial(trace, "neuron"),
    "start of a simulation": starting,
    f"gathering {TRACES} traces": gathered,
    f"planning {SIMULATIONS} simulations": planned,
}
"""What is timed beside the reference: from a folder to a function that returns seconds."""

EPOCH = f"epoch, batches of {BATCH}"
"""An epoch is timed beside a plain loop of PyTorch instead (`epoch.py`)."""


def alternated(measure, beside, repetitions):
    """Return the median of the ratios of two times that are taken alternately.

    The time beside is the mean of those before and after the measured one.
    """
    ratios, before = [], beside()
    for _ in range(repetitions):
        spent, after = measure(), beside()
        ratios.append(2 * spent / (before + after))
        before = after
    return statistics.median(ratios)


def trained(repetitions):
    """Return the ratio of an epoch of the package to one of a plain loop of PyTorch."""
    import epoch
    import torch

    epoch.quiet()
    torch.set_num_threads(1)
    data = epoch.random_images()
    package, plain = (
        partial(step, data, BATCH) for step in (epoch.of_package, epoch.of_plain_loop)
    )
    package()
    return alternated(package, plain, repetitions)


def slower(ratios, committed, factor=SLOWER):
    """Return a sentence for each ratio that exceeds its committed one by more than a factor.

    Parameters
    ----------
    ratios, committed : dict
        Ratio of each command by its name.
    factor : float
        The least factor that is named.

    Returns
    -------
    list of str
        The sentences, the largest factor first, then what has no committed ratio or none now.
    """
    grown = {name: ratios[name] / committed[name] for name in ratios if name in committed}
    named = sorted((name for name in grown if grown[name] > factor), key=lambda name: -grown[name])
    return [
        *(
            f"{name} became slower by {grown[name] - 1:.0%}: {ratios[name]:.3g} instead of "
            f"{committed[name]:.3g}"
            for name in named
        ),
        *(f"{name} has no committed ratio" for name in ratios if name not in committed),
        *(f"{name} was not measured" for name in committed if name not in ratios),
    ]


def table(ratios, committed):
    """Return a table of the ratios beside the committed ones."""
    lines = ["| what | ratio | committed | change in % |", "|---|---:|---:|---:|"]
    for name, ratio in ratios.items():
        baseline = committed.get(name)
        then = f"{baseline:.3g} | {100 * (ratio / baseline - 1):+.0f}" if baseline else "– | –"
        lines.append(f"| {name} | {ratio:.3g} | {then} |")
    return "\n".join(lines)


def software():
    """Return the versions on which the ratios depend."""
    names = ("numpy", "numba", "xarray", "snakemake", "torch")
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in names}}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--write", action="store_true", help=f"write {RATIOS.name}")
    arguments = parser.parse_args()
    committed = json.loads(RATIOS.read_text("utf-8")) if RATIOS.exists() else {}
    ratios = {}
    for name, prepared in MEASURED.items():
        with tempfile.TemporaryDirectory() as temporary:
            measure = prepared(Path(temporary))
            measure()  # compiles, and reads files into memory
            ratios[name] = alternated(measure, reference, arguments.repeat)
        print(f"{name}: {ratios[name]:.3g}", file=sys.stderr, flush=True)
    ratios[EPOCH] = trained(arguments.repeat)
    print(table(ratios, committed.get("ratios", {})))
    if arguments.write:
        written = {"software": software(), "ratios": {k: round(v, 3) for k, v in ratios.items()}}
        RATIOS.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
        return
    if committed and committed["software"] != software():
        print(f"The committed ratios are of {committed['software']}, these of {software()}.")
    sentences = slower(ratios, committed.get("ratios", {}))
    print("\n".join(sentences) or f"Nothing became slower by more than {SLOWER - 1:.0%}.")


if __name__ == "__main__":
    main()
