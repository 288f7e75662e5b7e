"""Jobs of a run as copies of one process, so that hundreds of jobs do not import the same modules.

Importing takes longer than a short pulse, and as long as several epochs of a network. The server
forks for each command of the run. When a command ends, the server imports the modules that it had
imported, so that later forks have them. Between the server and each command, another fork waits for
the command. Each job remains a command in a process of its own, with its own arguments,
environment, folder, streams and exit code. Snakemake measures memory and processor time of a job's
shell only.

A server ends with the process that started it.
"""

import argparse
import atexit
import contextlib
import gc
import importlib
import json
import logging
import os
import shlex
import shutil
import signal
import site
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path
from typing import IO

from wallnet import cli, client
from wallnet.jobs import code

SHARED = "WALLNET_SERVER"
"""Variable that names the folder of a server's command."""

STREAMS = (0, 1, 2)
"""Descriptors of the input and the outputs of a process."""

WAITING = 1024
"""Largest number of commands that wait for the server."""

INTERRUPT_INTERVAL = 5.0
"""Seconds after which a command that has not ended is interrupted again; OOMMF's end takes 4.

An interrupt is lost in a module that catches all exceptions while it is imported, or just before a
read that blocks.
"""

LONGEST = 1 << 20
"""Largest size in bytes of the names that a command sends; the system sends at most a fifth."""


INSTALLED = (
    *(sysconfig.get_path("stdlib"), *site.getsitepackages(), site.getusersitepackages()),
    str(Path(__file__).parent),
)
"""Folders of Python, of installed packages and of this one."""


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `serve`."""
    parser = subparsers.add_parser("serve", help="run the commands of a run, each in a fork")
    parser.add_argument("--listener", type=int, required=True, help="descriptor of the socket")
    parser.add_argument("--modules", nargs="*", default=[], help="modules to import before")
    parser.set_defaults(handler=_serve)


ENGINE = ("wallnet.film.loops",)
"""Modules whose first import compiles what all films need: once, not in several jobs."""

COMPILING = "wallnet.film.compiling"
"""Logger of which a run shows what its commands say: why the first jobs take long."""


def start(modules: Sequence[str] = (), tell: Callable[[str], object] = lambda line: None) -> None:
    """Start a server for the commands that this process will start, by their name `wallnet`.

    It imports `modules` before the first command, and `tell` gets each line that it prints. A
    folder with a command of this name becomes the first on PATH. A process that was itself started
    by one with a server uses that one, and with an empty `SHARED` none.
    """
    if SHARED not in os.environ:
        try:
            os.environ[SHARED] = _started(modules, tell)
        except OSError:  # such as a full disk, or a path that is too long for a socket
            os.environ[SHARED] = ""
    if folder := os.environ[SHARED]:
        os.environ["PATH"] = os.pathsep.join([folder, *os.get_exec_path()])


def _remove_abandoned() -> None:
    """Remove the folders of servers that nobody listens to, since their process was killed."""
    for address in Path(tempfile.gettempdir()).glob("wallnet-*/socket"):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as caller:
            if address.parent.stat().st_uid != os.getuid():
                continue
            caller.settimeout(1)
            try:
                caller.connect(str(address))
            except ConnectionRefusedError:
                if {*os.listdir(address.parent)} == {"socket", "wallnet"}:
                    shutil.rmtree(address.parent, ignore_errors=True)


def _started(modules: Sequence[str], tell: Callable[[str], object]) -> str:
    """Start a server that ends with this process; return the folder of its command."""
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix="wallnet-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    address, command = folder / "socket", folder / "wallnet"
    program = Path(sys.executable).with_name("wallnet")
    script = [sys.executable, "-ISX", "utf8", client.__file__, str(address), str(program)]
    command.write_text(f'#!/bin/sh\nexec {shlex.join(script)} "$@"\n', encoding="utf-8")
    command.chmod(0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{address}-")
        listener.listen(WAITING)
        os.rename(f"{address}-", address)  # once it has this name, commands can connect
        server = subprocess.Popen(
            [program, "serve", "--listener", str(listener.fileno()), "--modules", *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=[listener.fileno()],
            env={**os.environ, **client.SINGLE_THREAD},
            start_new_session=True,  # a caller that is interrupted interrupts its own command
        )
    assert server.stdin is not None
    assert server.stderr is not None
    threading.Thread(target=_hear, args=(server.stderr, tell), daemon=True).start()
    # the server ends when its standard input does, with this process at the latest
    atexit.register(server.stdin.close)
    return str(folder)


def _hear(lines: IO[str], tell: Callable[[str], object]) -> None:
    """Tell each line that the server prints."""
    for line in lines:
        tell(line.strip())


def _serve(arguments: argparse.Namespace) -> None:
    """Fork for each command, and import the modules whose names an ended command has sent."""
    listener = socket.socket(fileno=arguments.listener)
    for name in arguments.modules:
        importlib.import_module(name)
    # the system removes forks that have ended
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    receiver, sender = socket.socketpair(type=socket.SOCK_DGRAM)
    # until its standard input ends
    while 0 not in (ready := wait([listener, 0, receiver])):
        if receiver in ready:
            for name in receiver.recv(LONGEST).decode().split():
                with contextlib.suppress(Exception):
                    importlib.import_module(name)
            gc.freeze()  # a collection in a fork would touch, and so copy, what was imported
            continue
        caller, _ = listener.accept()
        with caller, contextlib.suppress(OSError):  # such as too little memory for a fork
            if os.fork() == 0:
                # commands shall not wait for a server that has ended
                listener.close()
                receiver.close()
                try:
                    _keep(caller, sender)
                finally:
                    os._exit(0)


def _keep(caller: socket.socket, sender: socket.socket) -> None:
    """Run a command in a fork, and send its exit code; interrupt it once its caller has ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # a run in the background of a script ignores interrupts, which would be inherited
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # one that arrives before the command is ready waits for it
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    _, streams, _, _ = socket.recv_fds(caller, 1, len(STREAMS))
    request = json.loads(caller.makefile().readline())
    process = get_context("fork").Process(target=_run, args=(*request, streams, sender))
    process.start()
    assert process.pid is not None
    if caller in wait([caller, process.sentinel]):
        while process.exitcode is None:
            os.kill(process.pid, signal.SIGINT)
            process.join(INTERRUPT_INTERVAL)
    process.join()
    caller.sendall(f"{process.exitcode}\n".encode())


def _run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: str,
    streams: Sequence[int],
    sender: socket.socket,
) -> None:
    """Run a command in this process, as its caller would; then send the names of new modules."""
    server_errors = os.fdopen(os.dup(sys.stderr.fileno()), "w")
    for number, stream in zip(STREAMS, streams, strict=True):
        os.dup2(stream, number)
        os.close(stream)
    for name, mode, number in zip(("stdin", "stdout", "stderr"), "rww", STREAMS, strict=True):
        setattr(sys, name, os.fdopen(number, mode, buffering=1, encoding="utf-8"))
    for handler in (logging.StreamHandler(), logging.StreamHandler(server_errors)):
        logging.getLogger(COMPILING).addHandler(handler)
    os.chdir(folder)
    # variables that modules have set remain, such as instructions that libraries may use
    os.environ.update(environment)
    sys.argv = ["wallnet", *arguments]
    loaded = set(sys.modules)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        cli.main(arguments)
    finally:
        atexit._run_exitfuncs()
        lasting = [name for name in [*sys.modules] if name not in loaded and _lasts(name)]
        with contextlib.suppress(OSError):
            sender.send(" ".join(lasting).encode())


def _lasts(name: str) -> bool:
    """Return whether a module is installed and not of a user's class, which may change in a run."""
    origin = getattr(getattr(sys.modules[name], "__spec__", None), "origin", None)
    return name.partition(".")[0] not in code.of_users and str(origin).startswith(INSTALLED)
