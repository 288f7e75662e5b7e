"""The scheduler of a run looks for jobs when one has ended, not on a timer."""

import os
import sys

import psutil
from helpers import forked
from helpers.small_campaign import ROOT, TINY, Campaign

COUNT_TIMERS = """
import os, sys

from snakemake import cli
from snakemake.scheduling.job_scheduler import JobScheduler

begin = JobScheduler._schedule_reevalutation


def noted(self, delay):
    with open(os.environ["TIMERS"], "a") as stream:
        stream.write("timer\\n")
    begin(self, delay)


JobScheduler._schedule_reevalutation = noted
cli.main(sys.argv[1:])
"""


def timers_of(folder, *options):
    """Return how many timers the scheduler starts while it makes an initial state."""
    campaign = Campaign(folder)
    campaign.configure(TINY)
    timers = folder / "timers"
    timers.touch()
    command = [sys.executable, "-c", COUNT_TIMERS, "--snakefile", ROOT / "Snakefile"]
    command += ["--directory", folder, "--cores", "1", *options, "results/initial/neuron.nc"]
    done = forked.run(list(map(str, command)), {"TIMERS": str(timers)}, folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "results/initial/neuron.nc").exists()
    return len(timers.read_text().splitlines())


def test_a_local_run_starts_no_timers(tmp_path):
    assert timers_of(tmp_path) == 0


def test_the_attribute_is_what_starts_them(tmp_path):
    """Without the hook there are timers, so that the test above can fail."""
    assert timers_of(tmp_path, "--no-hooks") > 0


def test_the_snakemake_of_the_tests_is_the_same_whichever_starts_it(tmp_path, monkeypatch):
    """It imports from the present PYTHONPATH; jobs have no variable of the first test."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code/planted.py").touch()
    before = os.environ["PYTHONPATH"]
    monkeypatch.setenv("OF_THIS_TEST", "1")
    for path, code in ((before, 1), (f"{tmp_path}/code", 0), (before, 1)):
        monkeypatch.setenv("PYTHONPATH", path)
        command = [sys.executable, "-c", "import planted"]
        assert forked.run(command, None, tmp_path).returncode == code
    servers = [process for process in psutil.Process().children() if "serve" in process.cmdline()]
    assert servers
    assert not [process for process in servers if "OF_THIS_TEST" in process.environ()]
