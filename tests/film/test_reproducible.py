"""Every process gives the same bits, with compiled or loaded code and any number of threads."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import wallnet

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


def test_a_read_only_installation_loads_machine_code_from_the_cache_of_its_user(tmp_path):
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
    program = (
        "import numpy as np; from wallnet.film import kernels; "
        "m = np.ones((3, 9), dtype=np.float32); kernels.normalise(m, m, 0, 9); "
        "print(kernels.__file__, m[0, 0])"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", program + COMPILED],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for _ in range(2)
    ]
    for folder in folders:
        folder.chmod(0o755)
    place = f"{package / 'film/kernels.py'} 0.0"
    assert told == [[place, "compiled"], [place, "loaded"]]
    (stored,) = home.rglob("*.bin")
    assert stored.parent == home / ".cache/wallnet"
    assert not any(package.rglob("*.bin"))
