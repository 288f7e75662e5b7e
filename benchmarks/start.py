"""Measure the processor time from the start of a command to its first step.

    python benchmarks/start.py [--against FOLDER] [--repeat 7] [--only COMMAND …]

Each command runs with as little work as possible: a pulse of 1 ps, a level that relaxes for 1 ps, a
minimum that is one already, a device of one trace. `train` and `map` end with an error once they
have imported what they need, since their data set is not there. Times are user and system time of
the process, medians of the repetitions. With `--against` the commands of another checkout run
alternately with those of this one. The first run of each, which may compile, is not counted.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from processes import ROOT, environment, seconds

from wallnet import config, jobs, plan
from wallnet.jobs.networks import mapping_job, training_job
from wallnet.studies import DEVICES, gather_job

HEAVY = (
    *("numpy", "pydantic", "numba", "scipy", "netCDF4", "pandas", "xarray", "matplotlib"),
    *("torch", "pytorch_lightning", "torchvision"),
)
"""Packages whose import takes long."""

SHORTEST = 1e-12
"""Simulated time in s."""


def commands(folder):
    """Return the arguments of each command, with its standard input and its allowed exit codes.

    They run in this order, since later ones read files of earlier ones.
    """
    campaign = plan.load(ROOT / "config.yaml")
    device = campaign.devices["synapse-5"]
    waits = {"steps": (jobs.Step(pause=SHORTEST),), "ends_at_rest": False}

    def driven(density: float) -> dict[str, Any]:
        return {"steps": (jobs.Step(current_density=density, duration=SHORTEST),)}

    pulse = jobs.pulse_job(device, 0.65e12).model_copy(update=driven(0.65e12))
    level = jobs.level_job(device, "1").model_copy(update=waits)
    minima = jobs.minima_job(device)
    placements = {"reversed": minima.placements["reversed"]}
    reversed_track = minima.model_copy(update={"placements": placements})
    track = campaign.devices["track"]
    sweep = track.pulse.model_copy(update={"current_densities": (0.3e12,)})
    swept = jobs.pulse_job(track, 0.3e12).model_copy(update=driven(0.3e12))
    short = config.Campaign(devices={"track": track.model_copy(update={"pulse": sweep})})
    trace = str(folder / "traces" / f"{config.current_name(0.3e12)}.nc")
    request = jobs.Request("run", trace, lambda: swept)
    gathered = gather_job(DEVICES, short, "track", [request])
    networks = campaign.networks
    trained = training_job(networks, "mnist", next(iter(networks.recipes)), "1")
    mapped = mapping_job(networks, "mnist", networks.synapses[0], "parallel", "1")
    missing = ("--data", folder / "none.json", "--data-folder", folder, "--networks", folder)
    initial = folder / "initial.nc"
    of_track = folder / "track.nc"
    return {
        "help": (("minima", "--help"), "", (0,)),
        "initial": (
            ("simulate", "--job", jobs.initial_job(device).to_json(), "--out", initial),
            "",
            (0,),
        ),
        "simulate (a pulse)": (
            ("simulate", "--job", pulse.to_json(), "--after", initial, "--out", folder / "t.nc"),
            "",
            (0,),
        ),
        "simulate (a level)": (
            ("simulate", "--job", level.to_json(), "--out", folder / "1.nc"),
            "",
            (0,),
        ),
        "minimum": (
            (
                *("minima", "--job", reversed_track.to_json()),
                *("--out", folder / "reversed.nc"),
            ),
            "",
            (0,),
        ),
        "initial (of the track)": (
            ("simulate", "--job", jobs.initial_job(track).to_json(), "--out", of_track),
            "",
            (0,),
        ),
        "simulate (of the track)": (
            (
                *("simulate", "--job", swept.to_json(), "--after", of_track),
                *("--out", trace),
            ),
            "",
            (0,),
        ),
        "gather (the track)": (
            (*("gather", "--job", "-", "--out", folder / "device.nc"),),
            gathered.to_json(),
            (0,),
        ),
        "train": (
            ("train", "--job", trained.to_json(), "--neuron", folder / "neuron.json", *missing),
            "",
            (1,),
        ),
        "map": (
            ("map", "--job", mapped.to_json(), "--synapse", folder / "synapse.json", *missing),
            "",
            (1,),
        ),
    }


def loaded(arguments, text):
    """Return the heavy packages that a command imports."""
    program = (
        "import sys\ntry:\n    from wallnet.cli import main; main()\nfinally:\n"
        f"    print('imported', *(name for name in {HEAVY} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env=environment(),
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return ", ".join(done.stdout.splitlines()[-1].split()[1:])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="another checkout")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--only", nargs="+", metavar="COMMAND", help="such as initial simulate")
    options = parser.parse_args()
    sources = [ROOT / "src", *([options.against / "src"] if options.against else [])]
    more = ["before (s)", "ratio"] if options.against else []
    print("| " + " | ".join(["command", "CPU s", *more, "heavy packages"]) + " |")
    print("|---|---:|" + "---:|" * len(more) + "---|", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, (arguments, text, allowed) in commands(folder).items():
            if options.only and name.split(" (")[0] not in options.only:
                continue
            times = {source: [] for source in sources}
            for repetition in range(options.repeat + 1):
                for source, runs in times.items():
                    spent = seconds(*arguments, source=source, text=text, allowed=allowed)
                    if repetition:
                        runs.append(spent)
            medians = [statistics.median(runs) for runs in times.values()]
            shown = [f"{median:.2f}" for median in medians]
            if options.against:
                shown.append(f"{medians[0] / medians[1]:.2f}")
            print("| " + " | ".join([name, *shown, loaded(arguments, text)]) + " |", flush=True)


if __name__ == "__main__":
    main()
