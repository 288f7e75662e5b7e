"""Jobs of a run as copies of one process, so that hundreds of jobs do not import the same modules.

Importing takes longer than a short pulse, and as long as several epochs of a network. The server
forks for each command of the run. It then imports what the process had imported, before it forks
again. Each job remains a command in a process of its own, with its own arguments, environment,
folder, streams and exit code. Snakemake measures memory and processor time of a job's shell only.

A server ends with the process that started it.
"""

import argparse
import atexit
import contextlib
import gc
import importlib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any, NamedTuple

from wallnet import cli, client

SHARED = "WALLNET_SERVER"
"""Variable that names the folder of a server's command."""

STREAMS = (0, 1, 2)
"""Descriptors of the input and the outputs of a process."""

WAITING = 1024
"""Largest number of commands that wait for the server."""


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `serve`."""
    parser = subparsers.add_parser("serve", help="run the commands of a run, each in a fork")
    parser.add_argument("--listener", type=int, required=True, help="descriptor of the socket")
    parser.set_defaults(handler=lambda given: _serve(socket.socket(fileno=given.listener)))


def start() -> None:
    """Start a server for the commands that this process will start, by their name `wallnet`.

    A folder with a command of this name becomes the first on PATH. A process that was itself
    started by one with a server uses that one, and with an empty `SHARED` none.
    """
    if SHARED not in os.environ:
        try:
            os.environ[SHARED] = _started()
        except OSError:  # such as a full disk, or a path that is too long for a socket
            os.environ[SHARED] = ""
    if folder := os.environ[SHARED]:
        os.environ["PATH"] = os.pathsep.join([folder, *os.get_exec_path()])


def _started() -> str:
    """Start a server that ends with this process; return the folder of its command."""
    folder = Path(tempfile.mkdtemp(prefix="wallnet-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    address, command = folder / "socket", folder / "wallnet"
    program = Path(sys.executable).with_name("wallnet")
    script = [sys.executable, "-ISX", "utf8", client.__file__, str(address), str(program)]
    command.write_text(f'#!/bin/sh\nexec {shlex.join(script)} "$@"\n', encoding="utf-8")
    command.chmod(0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen(WAITING)
        server = subprocess.Popen(
            [program, "serve", "--listener", str(listener.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
            env={**os.environ, **client.SINGLE_THREAD},
            start_new_session=True,  # a caller that is interrupted interrupts its own command
        )
    assert server.stdin is not None
    # refers to the server as long as this process lives; the end of its input is its end
    atexit.register(server.stdin.close)
    return str(folder)


def _serve(listener: socket.socket) -> None:
    """Fork for each command, and tell its exit code; interrupt it if its caller has ended."""
    running: dict[Connection | socket.socket, _Command] = {}
    while True:
        watched: list[Any] = [listener, sys.stdin, *running]
        for ready in wait(watched):
            if ready is sys.stdin:
                for each in running:
                    each.close()
                return
            if ready is listener:
                # a caller may end before it has said what it wants
                with contextlib.suppress(OSError, ValueError):
                    command = _forked(listener, running)
                    running |= dict.fromkeys((command.caller, command.told), command)
            elif ended := running.pop(ready, None):  # type: ignore[arg-type]
                if ready is ended.caller:
                    assert ended.process.pid is not None
                    os.kill(ended.process.pid, signal.SIGINT)
                else:
                    running.pop(ended.caller, None)
                    ended.finish()


def _forked(listener: socket.socket, running: Iterable[Connection | socket.socket]) -> "_Command":
    """Fork for the next caller, while others wait for the ends of commands that run."""
    caller, _ = listener.accept()
    _, streams, _, _ = socket.recv_fds(caller, 1, len(STREAMS))
    try:
        request = json.loads(caller.makefile().readline())
        context = get_context("fork")
        told, telling = context.Pipe(duplex=False)
        foreign = [listener, *running, caller, told]
        process = context.Process(target=_run, args=(*request, streams, foreign, telling))
        process.start()
        telling.close()
    finally:
        for stream in streams:
            os.close(stream)
    return _Command(process, caller, told)


class _Command(NamedTuple):
    """A command that runs: its process, the socket of its caller, and what it tells at its end."""

    process: ForkProcess
    caller: socket.socket
    told: Connection

    def finish(self) -> None:
        """Import what the command had imported, and tell its caller the exit code."""
        imported = []
        with contextlib.suppress(EOFError):  # a process that was killed tells nothing
            imported = self.told.recv()
        self.process.join()
        with contextlib.suppress(OSError), self.caller:
            self.caller.sendall(f"{self.process.exitcode}\n".encode())
        self.told.close()
        for name in imported:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        gc.freeze()  # a collection in a fork would touch, and so copy, what was imported


def _run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: str,
    streams: Sequence[int],
    foreign: Iterable[Connection | socket.socket],
    telling: Connection,
) -> None:
    """Run a command in this process, as its caller would; then tell what it has imported."""
    # a run in the background of a script ignores interrupts, which would be inherited
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for each in foreign:
        each.close()
    for number, stream in zip(STREAMS, streams, strict=True):
        os.dup2(stream, number)
        os.close(stream)
    for name, mode, number in zip(("stdin", "stdout", "stderr"), "rww", STREAMS, strict=True):
        setattr(sys, name, os.fdopen(number, mode, buffering=1, encoding="utf-8"))
    os.chdir(folder)
    # what modules have set, such as instructions that libraries may use, remains
    os.environ.update(environment)
    sys.argv = ["wallnet", *arguments]
    known = set(sys.modules)
    try:
        cli.main(arguments)
    finally:
        atexit._run_exitfuncs()
        # a module in the folder of the caller, which may change during a run, is not imported:
        # the server does not search there
        with contextlib.suppress(OSError):
            telling.send([name for name in sys.modules if name not in known])
