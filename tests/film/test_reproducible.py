"""Every process gives the same bits, with compiled or loaded code and any number of threads."""

import os
import subprocess
import sys

PROGRAM = """
import hashlib
from helpers.small_campaign import TINY
from wallnet import config, experiment, simulate
from wallnet import jobs

device = config.parse(TINY).devices["synapse"]
trace = simulate.simulate(experiment.pulse_job(device, 1.5e12))
digest = hashlib.sha256()
for name in sorted(trace.variables):
    digest.update(trace[name].values.astype("U" if name == "component" else float).tobytes())
print(digest.hexdigest())
"""

COMPILED = """
import sys
print("compiled" if "numba" in sys.modules else "loaded")
"""
"""numba is imported only to compile."""


def test_a_process_that_compiles_and_one_that_loads_agree_to_the_bit(tmp_path):
    only = (
        "import pathlib; from wallnet.film import machine_code; "
        f"machine_code._folders = lambda package: [pathlib.Path({str(tmp_path)!r})]"
    )
    command = [sys.executable, "-c", only + PROGRAM + COMPILED]
    threads = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "DUCC0_NUM_THREADS")
    told = [
        subprocess.run(
            command,
            env=os.environ | dict.fromkeys(threads, number),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for number in ("1", "2")
    ]
    (first, began), (second, went_on) = told
    assert first == second
    assert (began, went_on) == ("compiled", "loaded")
    (stored,) = tmp_path.iterdir()
    assert stored.suffix == ".bin"
