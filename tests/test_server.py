"""The server of a run: each command is as in a process of its own, and imports nothing anew."""

import os
import queue
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from helpers.killing import customised
from helpers.small_campaign import TINY

from wallnet import client, config, jobs, server
from wallnet.film import compiling
from wallnet.jobs.film import check

RECORD = """
import importlib.abc, os, sys


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        with open({record!r}, "a") as record:
            print(name, file=record)


sys.meta_path.insert(0, Finder())
"""


def user_packages(folder):
    """Return where packages are that a user has installed, if this is the base of the user."""
    return Path(sysconfig.get_path("purelib", "posix_user", {"userbase": str(folder)}))


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """Start a server for the tests, and return the file with the names of what is imported."""
    folder = tmp_path_factory.mktemp("server")
    record = folder / "imported.txt"
    (folder / "sitecustomize.py").write_text(RECORD.format(record=str(record)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.environ["PATH"])
        for name, value in {**client.SINGLE_THREAD, **customised(folder)}.items():
            patch.setenv(name, value)
        patch.setenv("PYTHONUSERBASE", str(folder))
        installed = user_packages(folder)
        installed.mkdir(parents=True)
        patch.setenv("PYTHONPATH", os.pathsep.join([os.environ["PYTHONPATH"], str(installed)]))
        patch.delenv(server.SHARED)
        # as a shell does for a command in the background of a script
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        server.start()
        signal.signal(signal.SIGINT, before)
        patch.setenv(server.SHARED, os.environ[server.SHARED])
        yield record


@pytest.fixture(autouse=True)
def interruptible():
    """Commands take interrupts, also where the tests run in the background of a script."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def run(command, **options):
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, **options)


def the_server():
    servers = [process for process in psutil.Process().children() if "serve" in process.cmdline()]
    return max(servers, key=psutil.Process.create_time)  # campaigns before may have another


def ended(ask, seconds=60):
    """Return whether a condition is met within some time."""
    for _ in range(10 * seconds):
        if ask():
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("wallnet schema", 0),
        ("wallnet unknown", 2),
        ("wallnet check nowhere.json", 1),
    ],
)
def test_a_command_says_and_returns_what_it_does_in_its_own_process(record, command, code):
    program = str(Path(sys.executable).with_name("wallnet"))
    own = run(command.replace("wallnet", program, 1))
    served = run(command)
    assert own.returncode == served.returncode == code
    assert (own.stdout, own.stderr) == (served.stdout, served.stderr)


@pytest.mark.parametrize("place", ["folder", "path", "installed"])
def test_a_command_has_the_folder_and_the_environment_of_its_caller(
    record, tmp_path, monkeypatch, place
):
    """And no code of a user remains in the server, which searches PYTHONPATH, too."""
    monkeypatch.chdir(tmp_path)
    places = {"path": record.parent, "installed": user_packages(record.parent)}
    own = places.get(place, tmp_path) / f"of_{place}.py"
    own.touch()
    monkeypatch.syspath_prepend(own.parent)
    device = (
        config.parse(TINY, check)
        .devices["synapse"]
        .model_copy(update={"calculator": f"{own.stem}:Mine"})
    )
    job = jobs.pulse_job(device, 1.5e12).to_json()
    for word in ("one", "another"):
        own.write_text(f"import os\nprint('{word}', os.environ.get('TOLD'))\n")
        done = run(
            "wallnet simulate --job - --out x.nc",
            input=job,
            cwd=tmp_path,
            env={**os.environ, "TOLD": "variable"},
        )
        assert f"{word} variable" in done.stdout


def test_a_command_imports_nothing_that_one_before_has_imported(record):
    for _ in range(2):
        run("wallnet schema")
    before = record.read_text()
    assert "wallnet.config.campaign\n" in before
    run("wallnet schema")
    assert "wallnet" not in record.read_text().removeprefix(before)


def waiting(command=("wallnet", "minima", "--job", "-", "--out", "x")):
    """Start a command that waits for its input, and return it once it runs."""
    waiting = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert ended(lambda: len(the_server().children(recursive=True)) == 2)
    return waiting


def test_a_command_ends_with_its_caller(record):
    called = waiting()
    called.kill()
    called.wait()
    assert ended(lambda: not the_server().children())


@pytest.mark.parametrize("ignored", [False, True])
def test_an_interrupt_ends_a_command_unless_its_caller_ignores_it(record, ignored):
    """A shell has commands in the background of a script ignore interrupts."""
    trap = "trap '' INT" if ignored else "trap - INT"
    script = f"{trap}; exec wallnet minima --job - --out x 2> /dev/null"
    called, process = waiting(["bash", "-c", script]), the_server()
    called.send_signal(signal.SIGINT)
    assert ended(lambda: not process.children(), seconds=1 if ignored else 60) != ignored
    called.communicate(b"{}")
    assert called.returncode == (1 if ignored else -signal.SIGINT)


def test_an_interrupt_before_a_command_is_ready_ends_it(record):
    """At several moments; the first that is lost ends the test."""
    process = the_server()
    for _ in range(10):
        called = subprocess.Popen(
            ["wallnet", "minima", "--job", "-", "--out", "x"], stdin=subprocess.PIPE
        )
        while len(process.children(recursive=True)) < 2:  # without a pause, in which it gets ready
            assert called.poll() is None
        called.send_signal(signal.SIGINT)
        assert ended(lambda: not process.children())
        called.communicate()


def test_an_interrupt_that_has_no_effect_is_repeated(record, tmp_path, monkeypatch):
    """Modules catch some while they are imported, and a read that begins does not notice one."""
    monkeypatch.chdir(tmp_path)
    Path("deaf.py").write_text(
        "import time\nopen('begun', 'w').close()\n"
        "try:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    pass\ntime.sleep(600)\n"
    )
    device = config.parse(TINY, check).devices["synapse"]
    job = jobs.pulse_job(device.model_copy(update={"calculator": "deaf:Deaf"}), 1.5e12)
    Path("job.json").write_text(job.to_json())
    with open("job.json") as text:
        command = ["wallnet", "simulate", "--job", "-", "--out", "x.nc"]
        called = subprocess.Popen(command, stdin=text)
    process = the_server()
    assert ended(Path("begun").exists)
    called.send_signal(signal.SIGINT)
    assert ended(lambda: not process.children())
    assert called.wait() == -signal.SIGINT


def test_a_killed_command_has_the_exit_code_of_one(record):
    called = waiting()
    the_server().children(recursive=True)[-1].kill()
    assert called.wait(60) == 128 + signal.SIGKILL
    assert run("wallnet --version").returncode == 0


def test_a_command_whose_exit_code_is_lost_has_failed(record):
    """The fork that waits for it ends before it does."""
    called = waiting()
    the_server().children()[0].kill()
    called.communicate(b"")
    assert called.returncode == 1


@pytest.mark.parametrize("why", ["no server", "two threads"])
def test_a_command_without_the_server_runs_in_its_own_process(record, monkeypatch, why):
    address = f"{os.environ[server.SHARED]}/socket" if why == "two threads" else "/nowhere"
    monkeypatch.setenv("OMP_NUM_THREADS", "2" if why == "two threads" else "1")
    command = [sys.executable, client.__file__, address, "/bin/echo", "a", "b  c"]
    assert subprocess.check_output(command, text=True) == "a b  c\n"


def test_a_server_ends_with_its_process():
    program = (
        "import os, psutil; from wallnet import server; server.start(); "
        "print(os.environ[server.SHARED], *(c.pid for c in psutil.Process().children()))"
    )
    environment = {name: value for name, value in os.environ.items() if name != server.SHARED}
    command = [sys.executable, "-c", program]
    folder, process = subprocess.check_output(command, text=True, env=environment).split()
    assert not Path(folder).exists()
    assert ended(lambda: not psutil.pid_exists(int(process)))


def answers(folder):
    with socket.socket(socket.AF_UNIX) as caller:
        return caller.connect_ex(f"{folder}/socket") == 0


def test_a_run_removes_what_killed_ones_have_left_and_nothing_else(monkeypatch):
    program = "import os, sys; from wallnet import server; server.start(); "
    program += "print(os.environ[server.SHARED], flush=True); "
    monkeypatch.delenv(server.SHARED, raising=False)
    with tempfile.TemporaryDirectory() as place:
        monkeypatch.setenv("TMPDIR", place)
        own = Path(place, "wallnet-own")
        own.mkdir()
        with socket.socket(socket.AF_UNIX) as closed:
            closed.bind(f"{own}/socket")

        def started(end):
            command = [sys.executable, "-c", program + end]
            run = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            return run, Path(run.stdout.readline().strip())

        alive, used = started("sys.stdin.read()")
        killed, left = started("os.kill(os.getpid(), 9)")
        assert killed.wait() == -signal.SIGKILL
        assert ended(lambda: not answers(left))
        assert left.exists()
        started("")[0].communicate()
        assert not left.exists()
        assert answers(used)
        assert own.exists()
        alive.communicate()


@pytest.mark.parametrize("why", ["not wanted", "no place for a socket"])
def test_a_run_goes_on_without_a_server(monkeypatch, tmp_path, why):
    monkeypatch.setenv(server.SHARED, "")
    if why != "not wanted":
        monkeypatch.delenv(server.SHARED)
        deep = tmp_path / ("x" * 120)
        deep.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(deep))
    before = os.environ["PATH"]
    server.start()
    assert (os.environ["PATH"], os.environ[server.SHARED]) == (before, "")


def test_folders_of_others_are_not_asked(tmp_path, monkeypatch):
    """Each would delay a start by a second."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "wallnet-other").mkdir()
    with socket.socket(socket.AF_UNIX) as nobody:
        nobody.bind(str(tmp_path / "wallnet-other/socket"))
    (tmp_path / "wallnet-other/wallnet").touch()
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    server._remove_abandoned()
    assert (tmp_path / "wallnet-other").exists()
    monkeypatch.setattr(os, "getuid", lambda: own)
    server._remove_abandoned()
    assert not (tmp_path / "wallnet-other").exists()


def test_it_imports_modules_before_the_first_command_and_tells_what_they_print(
    tmp_path, monkeypatch
):
    (tmp_path / "talking.py").write_text("import sys\nprint('compiling', file=sys.stderr)\n")
    monkeypatch.setenv("PYTHONPATH", f"{os.environ['PYTHONPATH']}{os.pathsep}{tmp_path}")
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.delenv(server.SHARED, raising=False)
    lines = queue.Queue()
    server.start(["talking"], lines.put)
    monkeypatch.setenv(server.SHARED, os.environ[server.SHARED])  # so that it is removed
    assert lines.get(timeout=60) == "compiling"
    help_text = subprocess.run(["wallnet", "--help"], capture_output=True, text=True)
    assert help_text.stdout.startswith("usage: wallnet")


def test_it_tells_that_a_command_compiles_which_its_log_says_too(tmp_path, monkeypatch):
    """A kind of film that this processor has not simulated yet is compiled in its first job."""
    (tmp_path / "mine.py").write_text(
        "from wallnet.film import compiling\ncompiling.Compiling().on_start(None)\n"
    )
    monkeypatch.chdir(tmp_path)
    for name, value in client.SINGLE_THREAD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.delenv(server.SHARED, raising=False)
    lines = queue.Queue()
    server.start(tell=lines.put)
    monkeypatch.setenv(server.SHARED, os.environ[server.SHARED])  # so that it is removed
    device = config.parse(TINY, check).devices["synapse"]
    mine = device.model_copy(update={"calculator": "mine:Mine"})
    job = jobs.pulse_job(mine, 1.5e12).to_json()
    done = run("wallnet simulate --job - --out x.nc", input=job)
    assert lines.get(timeout=60) == compiling.COMPILING
    assert compiling.COMPILING in done.stderr
