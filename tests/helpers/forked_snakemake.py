"""Snakemake, imported once and forked for each call; half of a dry run is its import.

As a script, this is the process that imports Snakemake. It reads one request a line, as JSON, and
answers with the exit code.
"""

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

_server = None
_turn = threading.Lock()


def _start():
    """Return the process that has imported Snakemake, with the PYTHONPATH that it has."""
    global _server
    if _server is None:
        process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        atexit.register(process.stdin.close)  # the end of its input is the end of the process
        _server = process, os.environ.get("PYTHONPATH")
    return _server


def run(command, environment, folder):
    """Run Snakemake as a new process would, and return what it printed and its exit code.

    Parameters
    ----------
    command : list of str
        Path of the program and its arguments.
    environment : dict
        Environment of the process. With another PYTHONPATH than that of the tests, Snakemake
        would import other modules, so that it is started as a program.
    folder : Path
        Folder in which it runs.
    """
    process, path = _start()
    if environment.get("PYTHONPATH") != path:
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd=folder, check=False
        )
    with _turn, tempfile.TemporaryDirectory() as place:
        out, err = (os.path.join(place, name) for name in ("out", "err"))
        request = {"command": command, "environment": environment, "folder": str(folder)}
        print(json.dumps(request | {"out": out, "err": err}), file=process.stdin, flush=True)
        code = int(process.stdout.readline())
        said = [Path(printed).read_text(encoding="utf-8") for printed in (out, err)]
    return subprocess.CompletedProcess(command, code, *said)


def _serve():
    """Fork for each request; return it in the new process."""
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            return request
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(code, flush=True)
    sys.exit()


def _become(request):
    """Take arguments, environment, folder and streams of a request."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, opened in (
        (0, os.open(os.devnull, os.O_RDONLY)),
        (1, os.open(request["out"], flags)),
        (2, os.open(request["err"], flags)),
    ):
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = request["command"]


if __name__ == "__main__":
    del sys.path[0]  # the helpers of the tests
    from snakemake import cli

    cli.get_argument_parser()  # imports all plugins
    _become(_serve())
    # the script that pip installs does this too
    sys.exit(cli.main())
