"""Snakemake as a fork of a process that has imported its modules, half of the time of a dry run.

As a script, this is the process that imports the modules and forks for each call. The jobs of all
campaigns share one server (`wallnet.server`).
"""

import atexit
import gc
import importlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path
from unittest.mock import patch

from wallnet import server
from wallnet.client import SINGLE_THREAD
from wallnet.jobs.code import FOLDER

ROOT = Path(__file__).parents[2]

ENVIRONMENT = dict(os.environ)
"""Variables before any test has set one, with which the processes start."""


def run(command, environment, folder):
    """Run Snakemake as a new process would, and return what it printed and its exit code.

    Parameters
    ----------
    command : list of str
        Path of the program and its arguments, or Python, ``-c`` and a script that calls Snakemake.
    environment : dict or None
        Variables beside those of the tests. With any of them the jobs have a server of their own,
        and with another PYTHONPATH Snakemake is started as usual, since it would import other
        modules. Each PYTHONPATH of the tests themselves has processes of its own.
    folder : Path
        Folder in which it runs.
    """
    path = os.environ["PYTHONPATH"]
    whole = {**os.environ, **(environment or shared())}
    if whole.get("PYTHONPATH") != path:
        return subprocess.run(
            command, capture_output=True, text=True, env=whole, cwd=folder, check=False
        )
    with open(os.devnull) as none, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        streams = [stream.fileno() for stream in (none, out, err)]
        code = _call(_address(path), command, whole, str(folder), streams)
        said = []
        for stream in (out, err):
            stream.seek(0)
            said.append(stream.read().decode())
    return subprocess.CompletedProcess(command, code, *said)


def output(command, caller, progress):
    """Stand in for the function of `wallnet.api` of this name, without its progress bar.

    The command is Python, ``-P -m snakemake``, and arguments.
    """
    folder = os.getcwd()
    done = run(command[3:], shared() | {FOLDER: folder}, folder)
    return done.stdout + done.stderr if done.returncode else ""


def plan(command, **_):
    """Stand in for `subprocess.run` in `wallnet.provenance`, which asks Snakemake for its plan."""
    return run(command[3:], None, os.getcwd())


def shared():
    """Return the variable that names the server of all jobs; the first time this starts it."""
    return _started(os.environ["PYTHONPATH"])


@cache
def _started(path):
    # Snakemake of a test that starts it itself has its own server
    with patch.dict(os.environ, {**ENVIRONMENT, "PYTHONPATH": path}, clear=True):
        server.start()
        return {server.SHARED: os.environ[server.SHARED]}


@cache
def _address(path):
    """Return the socket of the process of Snakemake; the first time this starts it."""
    folder = tempfile.TemporaryDirectory(prefix="forked-")
    atexit.register(folder.cleanup)
    address = os.path.join(folder.name, "socket")
    process = subprocess.Popen(
        [sys.executable, __file__, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**ENVIRONMENT, "PYTHONPATH": path, "PYTHONUTF8": "1", **SINGLE_THREAD},
    )
    atexit.register(process.stdin.close)  # the end of its input is the end of the process
    assert process.stdout.readline(), "the process of Snakemake does not start"
    return address


def _call(address, command, environment, folder, streams):
    """Call Snakemake with these streams as its standard ones, and return its exit code."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        socket.send_fds(connection, [b"!"], streams)
        connection.sendall(json.dumps([command, environment, folder]).encode())
        connection.shutdown(socket.SHUT_WR)
        return int(connection.makefile().read())


def _serve(address):
    """Fork twice for each call; in the second process, return."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        print("listening", flush=True)
        while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
            connection, _ = listening.accept()
            if not os.fork():
                return _answer(connection)
            connection.close()
    sys.exit()


def _answer(connection):
    """Fork for a call and tell its exit code; kill the process if the caller is killed."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    request = json.loads(connection.makefile().read())
    child = os.fork()
    if not child:
        connection.close()
        return _become(*request, streams)
    events = select.poll()
    events.register(connection, 0)
    events.register(os.pidfd_open(child), select.POLLIN)
    if (connection.fileno(), select.POLLHUP) in events.poll():
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    connection.sendall(str(code).encode())
    os._exit(0)


def _become(command, environment, folder, streams):
    """Take arguments, environment, folder and streams of a call."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, opened in enumerate(streams):
        os.dup2(opened, number)
        os.close(opened)
    # those of this process may have been opened for files in which one can seek
    sys.stdout = os.fdopen(os.dup(1), "w")
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    sys.argv = command


def _end(call):
    """Call a program and exit with its code, without tearing down the modules."""
    try:
        code = call()
    except SystemExit as exit:
        code = exit.code
    if isinstance(code, str):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


def main():
    """Serve; a process that was forked for a call does what the script of pip does."""
    (address,) = sys.argv[1:]
    del sys.path[0]  # the helpers of the tests
    cli = importlib.import_module("snakemake.cli")
    cli.get_argument_parser()  # imports all plugins
    importlib.import_module("smart_open")  # as each run does
    for path in (ROOT / "Snakefile", *ROOT.glob("workflow/rules/*.smk")):
        for name in re.findall(r"^(?:from|import) (wallnet[\w.]*)", path.read_text("utf-8"), re.M):
            importlib.import_module(name)
    importlib.import_module("wallnet.plan").load(ROOT / "config.yaml")  # completes all models
    gc.freeze()  # a collection in a fork would touch, and so copy, what was imported
    _serve(address)
    if sys.argv[1:2] == ["-c"]:
        _, _, script, *sys.argv[1:] = sys.argv
        _end(lambda: exec(script, {"__name__": "__main__"}))
    _end(cli.main)


if __name__ == "__main__":
    main()
