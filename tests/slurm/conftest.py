"""A real SLURM of one node, with its daemons on loopback in a separate folder, for one session."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from helpers.drift import DRIFT, NAME
from helpers.small_campaign import ROOT, plain_profile

PROGRAMS = ("munged", "mungekey", "munge", "slurmctld", "slurmd", "sbatch", "srun", "squeue")
PACKAGES = "slurmctld slurmd slurm-client munge slurm-wlm-basic-plugins"

CONFIGURATION = """\
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1
AccountingStorageType=accounting_storage/none
MinJobAge=3600
KillWait=2
ReturnToService=2
MpiDefault=none
SlurmdParameters=config_overrides
NodeName=localhost NodeAddr=127.0.0.1 CPUs={cores} RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=1-00:00:00 DefaultTime=10 DefMemPerCPU=100 State=UP
"""


SNAKEMAKE = """\
import asyncio, os, signal
from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

async def sleep(executor):
    if os.path.exists("interrupt"):
        os.remove("interrupt")
        os.killpg(0, signal.SIGINT)
        await asyncio.sleep(5)
    await asyncio.sleep(1)

RemoteExecutor.sleep = sleep
main()
"""
"""Snakemake that asks for the state of its jobs each second; usually the waits grow by 10 s.

A file `interrupt` acts as Ctrl+C in a terminal. While it asks, it has no list of jobs to cancel.
"""


WAIT = """\
        import os, time
        if not os.path.exists("begun"):
            open("begun", "w").close()
            time.sleep(600)
"""
"""Beginning of a calculation that is waited for only the second time."""


def wait_until(condition, run=None):
    """Return the value of a condition when it is true; fail if the run ends before."""
    while not (value := condition()):
        assert run is None or run.process.poll() is None, run.text
        time.sleep(0.2)
    return value


def system_path():
    """Return PATH with the folders in which Debian installs daemons."""
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def missing_programs():
    return [name for name in PROGRAMS if not shutil.which(name, path=system_path())]


def own_host_name():
    """Return the prefix of a daemon's command that sets its host name to a loopback address."""
    with suppress(OSError):
        if socket.gethostbyname(socket.gethostname()) == "127.0.0.1":
            return []
    command = ["unshare", "--uts", "sh", "-c", 'hostname localhost && exec "$@"', "sh"]
    if subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip(
            f"SLURM's daemons find no loopback address: the host's name {socket.gethostname()} "
            "does not resolve to 127.0.0.1, and only root may give them another one"
        )
    return command


@dataclass
class Cluster:
    """The running SLURM, with commands for tests."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    daemons: list[subprocess.Popen] = field(default_factory=list)

    def call(self, *command, check=True):
        """Run one of SLURM's commands; return its output."""
        result = subprocess.run(
            list(map(str, command)), capture_output=True, text=True, env=self.environment
        )
        if check and result.returncode:
            raise AssertionError(f"{command}: {result.stderr}\n{self.logs()}")
        return result.stdout

    def logs(self):
        """Return the ends of the daemons' logs."""
        texts = [
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-30:])
            for path in sorted(self.folder.glob("*.log"))
        ]
        return "\n".join(texts)

    def jobs(self, run, *states):
        """Return the numbers of a run's jobs in the given states, by default of all."""
        state_names = ",".join(states) or "all"
        return self.call("squeue", "-h", "-o", "%i", "--name", run, "--states", state_names).split()

    def job(self, number):
        """Return SLURM's data on a job, by SLURM's names."""
        text = self.call("scontrol", "--oneliner", "show", "job", number)
        return dict(re.findall(r"(\S+?)=(\S*)", text))

    def start(self, prefix, name, *arguments):
        """Start a daemon in the foreground."""
        program = shutil.which(name, path=system_path())
        with (self.folder / f"{name}-output.log").open("wb") as log:
            self.daemons.append(
                subprocess.Popen(
                    [str(word) for word in (*prefix, program, *arguments)],
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL,
                    env=self.environment,
                    start_new_session=True,
                )
            )

    def answers(self, *command):
        """Return the output of a command, or nothing while its daemon is not up."""
        assert all(daemon.poll() is None for daemon in self.daemons), "a daemon ended at once"
        return self.call(*command, check=False)

    def stop(self):
        """Cancel running jobs, then end the daemons in the reverse order of their start."""
        with suppress(AssertionError):
            if numbers := self.call("squeue", "-h", "-o", "%i").split():
                self.call("scancel", *numbers, check=False)
                wait_until(lambda: not self.call("squeue", "-h"))
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(15)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


def two_ports():
    """Return two free ports of loopback."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


@pytest.fixture(scope="session")
def cluster():
    """Yield the running SLURM; skip if programs are missing and name the packages to install."""
    if missing := missing_programs():
        pytest.skip(f"no {', '.join(missing)}: apt-get install {PACKAGES}")
    prefix = own_host_name()
    # a socket's path may have about 100 characters, so pytest's folder is too long
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
    folder.chmod(0o711)  # munged requires a socket that everyone can reach
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    controller_port, node_port = two_ports()
    settings = folder / "slurm.conf"
    settings.write_text(
        CONFIGURATION.format(
            controller_port=controller_port,
            node_port=node_port,
            folder=folder,
            user=subprocess.check_output(["id", "-un"], text=True).strip(),
            # configured resources, not those of the machine: jobs mostly wait
            cores=8,
        )
    )
    # the executor's step removes SLURM_CONF, and srun would use /etc/slurm
    real = shutil.which("srun", path=system_path())
    wrapper = folder / "bin" / "srun"
    wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={settings} exec {real} "$@"\n')
    wrapper.chmod(0o755)

    slurm = Cluster(folder)
    slurm.environment = {k: v for k, v in os.environ.items() if not k.startswith("SLURM_")}
    slurm.environment |= {
        "SLURM_CONF": str(settings),
        "PATH": os.pathsep.join([str(folder / "bin"), system_path()]),
    }
    key, sock = folder / "munge.key", folder / "munge.sock"
    try:
        slurm.call("mungekey", "--create", "--keyfile", key)
        slurm.start(
            prefix,
            "munged",
            "--foreground",
            f"--key-file={key}",
            f"--socket={sock}",
            f"--pid-file={folder}/munged.pid",
            f"--log-file={folder}/munged.log",
            f"--seed-file={folder}/munged.seed",
        )
        ask = ["munge", "--no-input", f"--socket={sock}"]
        wait_until(lambda: slurm.answers(*ask))
        slurm.start(prefix, "slurmctld", "-D", "-f", settings)
        wait_until(lambda: "UP" in slurm.answers("scontrol", "ping"))
        slurm.start(prefix, "slurmd", "-D", "-f", settings)
        state = ["sinfo", "--noheader", "--format=%T"]
        wait_until(lambda: slurm.answers(*state).strip() == "idle")
    except BaseException:
        print(slurm.logs(), file=sys.stderr)
        slurm.stop()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    yield slurm
    slurm.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def profile(tmp_path_factory):
    """Return the shipped profile with account and partition set in two lines, as a user does.

    Snakemake has its own display, which names each job.
    """
    text = (plain_profile("slurm") / "config.yaml").read_text()
    for key, value in (("slurm_account", "walls"), ("slurm_partition", "main")):
        text, count = re.subn(rf'(?m)^  {key}: ""', f"  {key}: {value}", text)
        assert count == 1
    folder = tmp_path_factory.mktemp("profile") / "slurm"
    folder.mkdir()
    (folder / "config.yaml").write_text(text)
    return folder


class ClusterRun:
    """Snakemake on the cluster, running or finished, and its output so far."""

    def __init__(self, process, output):
        self.process = process
        self.output = output

    @property
    def text(self):
        return self.output.read_text(errors="replace")

    @property
    def name(self):
        """Name of the run in the queue."""
        match = re.search(r"SLURM run ID: (\S+)", self.text)
        return match[1] if match else None

    def wait(self):
        """Wait for the end, and return the exit status."""
        return self.process.wait()

    def signal(self, number):
        """Send a signal to Snakemake and its local processes, as a terminal does."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def finished(self):
        """Return the outputs of the jobs that Snakemake recorded as finished."""
        numbers = set(re.findall(r"Finished jobid: (\d+)", self.text))
        outputs = set()
        for block in self.text.split("\n\n"):
            job = re.search(r"^ {4}jobid: (\d+)$", block, flags=re.MULTILINE)
            output = re.search(r"^ {4}output: (.+)$", block, flags=re.MULTILINE)
            if job and output and job[1] in numbers:
                outputs.update(path.removesuffix(" (update)") for path in output[1].split(", "))
        return outputs


@pytest.fixture(scope="session")
def submit(cluster, profile):
    """Return a function that starts Snakemake with the shipped profile on the cluster.

    Its errors go to the file descriptor `screen`, if one is given.
    """
    runs = []

    def start(folder, *arguments, snakefile=ROOT / "Snakefile", screen=None):
        command = [sys.executable, "-c", SNAKEMAKE, "--snakefile", snakefile]
        command += ["--directory", folder, "--workflow-profile", profile]
        # needed on a cluster without an accounting database
        command += ["--slurm-status-command", "squeue", "--slurm-no-requeue"]
        # so that tests wait less
        command += ["--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "10"]
        output = folder / f"snakemake-{len(runs)}.out"
        with output.open("wb") as stream:
            process = subprocess.Popen(
                list(map(str, [*command, *arguments])),
                stdout=stream,
                stderr=subprocess.STDOUT if screen is None else screen,
                stdin=subprocess.DEVNULL,
                env=cluster.environment,
                cwd=folder,
                start_new_session=True,
                # a shell starts programs in the background with SIGINT ignored, which is inherited
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        runs.append(ClusterRun(process, output))
        return runs[-1]

    yield start
    for run in runs:
        run.signal(signal.SIGKILL)
        run.process.wait()


@pytest.fixture
def until():
    """Return a function that waits for a condition."""
    return wait_until


@pytest.fixture
def waiting_campaign(campaign, tiny):
    """Return the tiny campaign without results, in which the first trace of the neuron waits."""
    tiny["devices"]["neuron"] |= {
        "calculator": NAME,
        "calculator_settings": {NAME: {"velocity": 200.0}},
    }
    begins = '"""Record the wall at each time of the job."""\n'
    assert DRIFT.count(begins) == 1
    (campaign.folder / "drift.py").write_text(DRIFT.replace(begins, begins + WAIT))
    campaign.configure(tiny)
    return campaign
