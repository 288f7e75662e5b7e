"""Every process gives the same bits, with compiled or loaded code and any number of threads."""

import os
import subprocess
import sys

PROGRAM = """
import hashlib
from helpers.small_campaign import TINY
from wallnet import jobs, plan, simulate

device = plan.parse(TINY).devices["synapse"]
trace = simulate.simulate(jobs.pulse_job(device, 1.5e12))
digest = hashlib.sha256()
for name in sorted(trace.variables):
    digest.update(trace[name].values.astype("U" if name == "component" else float).tobytes())
print(digest.hexdigest())
"""

COMPILED = """
from wallnet.film import loops
print("loaded" if loops.multiply.stats.cache_hits else "compiled")
"""


def test_a_process_that_compiles_and_one_that_loads_agree_to_the_bit(tmp_path):
    def lines(threads):
        names = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "DUCC0_NUM_THREADS")
        environment = dict.fromkeys(names, threads) | {"NUMBA_CACHE_DIR": str(tmp_path)}
        command = [sys.executable, "-c", PROGRAM + COMPILED]
        done = subprocess.run(
            command, env=os.environ | environment, capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()

    (first, began), (second, went_on) = lines("1"), lines("2")
    assert first == second
    assert (began, went_on) == ("compiled", "loaded")
