"""A program that replaces OOMMF, for machines without it."""

import sys

import pytest

STAND_IN = """#!{python}
import re, shutil, subprocess, sys
from pathlib import Path

words = sys.argv[1:]
if words[0] == "launchhost":
    # the server that stays when this has ended
    server = [sys.executable, "-c", "import time; time.sleep(600)"]
    subprocess.Popen(server, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print(4242, flush=True)
elif "+version" not in words:
    mif = next(word for word in words if word.endswith(".mif"))
    text = Path(mif).read_text()
    stages = int(re.search(r"stage_count (\\d+)", text)[1])
    Path("oommf.log").write_text("Boxsi version 9.9 " + words[words.index("-threads") + 1])
    {fault}
    for stage in range(stages):
        shutil.copy("m0.omf", "state.part")
        Path("state.part").rename(f"track-Oxs_TimeDriver-Magnetization-{{stage:04d}}-{{stage:07d}}.omf")
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Return a function that puts a program in place of OOMMF."""
    monkeypatch.delenv("OOMMFTCL", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("OOMMF_THREADS", "2")
    # in a container, nothing may take the ended server out of its group
    monkeypatch.setattr("wallnet.simulate.oommf.session.END_LIMIT", 0.2)
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(jobs))

    def put(fault=""):
        program = tmp_path / "oommf"
        program.write_text(STAND_IN.format(python=sys.executable, fault=fault))
        program.chmod(0o755)
        return jobs

    return put
