"""Every process gives the same bits, with compiled or loaded code and any number of threads."""

import os
import subprocess
import sys

PROGRAM = """
import hashlib
from helpers.small_campaign import TINY
from wallnet import config, simulate
from wallnet import jobs

device = config.parse(TINY).devices["synapse"]
trace = simulate.simulate(jobs.pulse_job(device, 1.5e12))
digest = hashlib.sha256()
for name in sorted(trace.variables):
    digest.update(trace[name].values.astype("U" if name == "component" else float).tobytes())
print(digest.hexdigest())
"""


def test_a_process_that_compiles_and_one_that_loads_agree_to_the_bit(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", PROGRAM]
    threads = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "DUCC0_NUM_THREADS")
    digests = [
        subprocess.run(
            command,
            env=environment | dict.fromkeys(threads, number),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for number in ("1", "2")
    ]
    assert any(tmp_path.rglob("*.nbc")), "nothing was cached: the second process compiled too"
    assert digests[0] == digests[1]


def test_a_read_only_installation_without_a_home_compiles_for_itself():
    """Numba refuses to decorate a function if it has no place to cache the code."""
    program = (
        "from numba.core import caching; caching.CacheImpl._locator_classes = []; "
        "caching.CompileResultCacheImpl._locator_classes = []; "
        "import numpy as np; from wallnet.film import kernels; "
        "m = np.ones((3, 9), dtype=np.float32); kernels.normalise(m, m, 0, 9); "
        "assert not kernels.normalise.stats.cache_path, 'cached'; print(m[0, 0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout == "0.0\n", done.stderr
