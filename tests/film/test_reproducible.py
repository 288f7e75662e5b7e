"""Every process gives the same bits, with compiled or loaded code and any number of threads."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import wallnet

COUNTS = """
import sys
from numba.core.dispatcher import Dispatcher
found = {
    value for name, module in [*sys.modules.items()] if name.startswith("wallnet.film")
    for value in vars(module).values() if isinstance(value, Dispatcher)
}
hits, misses = (
    sum(sum(getattr(each.stats, count).values()) for each in found)
    for count in ("cache_hits", "cache_misses")
)
print("loaded", hits, "compiled", misses)
"""
"""Print how many functions of the engine were loaded, and how many were compiled."""

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

KERNEL = """
import numpy as np
from wallnet.film import kernels
m = np.ones((3, 9), dtype=np.float32)
kernels.normalise(m, m, 0, 9)
print(kernels.__file__, m[0, 0])
"""


def test_a_process_that_compiles_and_one_that_loads_agree_to_the_bit(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", PROGRAM + COUNTS]
    threads = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "DUCC0_NUM_THREADS")
    told = [
        subprocess.run(
            command,
            env=environment | dict.fromkeys(threads, number),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for number in ("1", "2")
    ]
    assert any(tmp_path.rglob("*.nbc")), "nothing was cached: the second process compiled too"
    (first, compiled), (second, loaded) = told
    assert first == second
    assert compiled.startswith("loaded 0 compiled")
    # functions that others call are part of these
    assert int(compiled.split()[-1]) > int(loaded.split()[1]) > 3
    assert loaded.endswith("compiled 0")


def test_a_read_only_installation_loads_compiled_code_from_the_cache_of_its_user(tmp_path):
    """Neither the folder of the package nor `__pycache__` is writable, for an administrator too."""
    package = tmp_path / "site/wallnet"
    source = Path(wallnet.__file__).parent
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("__pycache__"))
    folders = [package, *(path for path in package.rglob("*") if path.is_dir())]
    for folder in folders:
        (folder / "__pycache__").write_text("")  # no folder can be made there
        folder.chmod(0o555)
    home = tmp_path / "home"
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA_", "XDG_"))}
    environment |= {"HOME": str(home), "PYTHONPATH": str(package.parent)}
    told = [
        subprocess.run(
            [sys.executable, "-c", KERNEL + COUNTS],
            env=environment | {"NUMBA_CACHE_DIR": str(tmp_path / "other")} if own else environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for own in (False, False, True, True)
    ]
    for folder in folders:
        folder.chmod(0o755)
    assert [line for _, line in told] == ["loaded 0 compiled 1", "loaded 1 compiled 0"] * 2
    assert {line for line, _ in told} == {f"{package / 'film/kernels.py'} 0.0"}
    assert any(home.rglob("*.nbc"))
    assert any((tmp_path / "other").rglob("*.nbc"))
    assert not any(package.rglob("*.nbc"))


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
