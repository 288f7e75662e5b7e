"""Measure time and memory of gathering synthetic traces against their number.

python benchmarks/gather.py [COUNT …]

The script writes COUNT traces of a small neuron into a temporary folder and gathers them in a
separate process. Times are user and system time of that process, which depend less on the load
of the machine than the clock.
"""

import argparse
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from wallnet import config, files
from wallnet.files.whole import note_digest
from wallnet.jobs.film import check
from wallnet.jobs.request import where
from wallnet.simulate.recorder import Recorder
from wallnet.studies import DEVICES, gather_job, gathering

FIRST, STEP = 0.1e12, 1e8
ENTRIES = 100


def campaign(count):
    return config.parse(
        {
            "material": {
                "saturation_magnetization": 1.1e6,
                "exchange_stiffness": 2.0e-11,
                "dmi_constant": 1.0e-3,
                "uniaxial_anisotropy": 1.0e6,
                "gyromagnetic_ratio": 2.211e5,
                "polarization": 0.4,
                "damping": 0.5,
            },
            "output": {"interval": 20e-12, "snapshot_interval": 1e-9},
            "devices": {
                "neuron": {
                    "kind": "neuron",
                    "track": {
                        "length": 512e-9,
                        "width": 64e-9,
                        "thickness": 2e-9,
                        "cell_size": 4e-9,
                    },
                    "wall": {"start": 60e-9},
                    "pulse": {
                        "duration": ENTRIES * 20e-12,
                        "current_densities": [FIRST + index * STEP for index in range(count)],
                    },
                    "relaxation": {"longest": 0},
                    "read_at": "pulse_end",
                    "detector": {"start": 128e-9, "stop": 384e-9},
                }
            },
        },
        check,
    )


def write_trace(job, index, path):
    """Write a trace with a wall at constant velocity; it moves farther for a larger index."""
    from wallnet import tracks

    recorder = Recorder(job)
    for entry in range(ENTRIES + 1):
        position = 60e-9 + (200e-9 + index * 1e-12) * entry / ENTRIES
        recorder.record(entry * 20e-12, tracks.placed_wall(job, position, position))
    files.write_dataset(
        recorder.trace(),
        path,
        "run",
        {"parameters": job.to_json(), "backend": "film", "revision": 1},
    )


def relabel(source, path, job):
    """Copy a trace with another current density, which is faster than writing a new one."""
    import netCDF4

    shutil.copyfile(source, path)
    with netCDF4.Dataset(path, "a") as data:
        data.setncattr("parameters", job.to_json())
        data["pulse_current_density"][-1] = job.current_density
    note_digest(path)


def gather(folder, count):
    """Gather in a child process; return user and system time in s and peak memory in MiB."""
    begin = time.perf_counter()
    child = subprocess.Popen([sys.executable, __file__, "--gather", str(folder), str(count)])
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit("gathering failed")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - begin, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counts", type=int, nargs="*", default=[100, 1000, 3000, 10_000])
    parser.add_argument("--gather", metavar="FOLDER", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.gather:
        gather_here(Path(arguments.gather), arguments.counts[0])
        return
    counts = sorted(arguments.counts)
    print("| traces | user + system (s) | a trace (ms) | clock (s) | peak memory (MiB) |")
    print("| ---: | ---: | ---: | ---: | ---: |", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        prepare(folder, counts[-1])
        for count in counts:
            busy, clock, memory = gather(folder, count)
            milliseconds = busy / count * 1e3
            print(
                f"| {count} | {busy:.1f} | {milliseconds:.1f} | {clock:.1f} | {memory:.0f} |",
                flush=True,
            )


def prepare(folder, count):
    """Write the traces of a device."""
    templates = []
    for index, request in enumerate(requests(campaign(count))):
        path, job = folder / request.path, request.computes
        path.parent.mkdir(parents=True, exist_ok=True)
        if len(templates) < 20:
            write_trace(job, index, path)
            templates.append(path)
        else:
            relabel(templates[index % 20], path, job)


def requests(parsed):
    return where(DEVICES.requests_of(parsed, "neuron"), "run")


def gather_here(folder, count):
    logging.disable(logging.WARNING)  # the synthetic traces make no good neuron
    parsed = campaign(count)
    job = gather_job(DEVICES, parsed, "neuron", requests(parsed))
    files.write_dataset(gathering.gather(job, folder), folder / "device.nc", "neuron", {})


if __name__ == "__main__":
    main()
