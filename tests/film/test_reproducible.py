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
print("loaded" if loops.advance_ranges.stats.cache_hits else "compiled")
"""


def test_processes_that_compile_at_once_and_one_that_loads_agree_to_the_bit(tmp_path):
    def started(threads):
        names = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "DUCC0_NUM_THREADS")
        given = dict.fromkeys(names, threads) | {"NUMBA_CACHE_DIR": str(tmp_path)}
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM + COMPILED],
            env=os.environ | given,
            stdout=subprocess.PIPE,
            text=True,
        )

    def told(*processes):
        return [each.communicate()[0].splitlines() for each in processes]

    (first, *began), (second, *_) = told(started("1"), started("2"))
    ((third, *went_on),) = told(started("2"))
    assert first == second == third
    assert (began, went_on) == (["compiled"], ["loaded"])
