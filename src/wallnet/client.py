"""The command `wallnet` of a run that has a server: it hands its arguments over and waits.

It imports nothing of the package, and so starts in a hundredth of a second; see `wallnet.server`.
"""

import json
import os
import signal
import socket
import sys

SINGLE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Variables that Snakemake sets to the threads of a job; libraries read them when they load."""


def call(address: str, program: str, arguments: list[str]) -> int:
    """Run a command in a copy of the server with a socket at `address`, and return its exit code.

    The program of the command takes the place of this process if there is no server, or for a job
    with several threads.
    """
    with socket.socket(socket.AF_UNIX) as server:
        try:
            if not SINGLE_THREAD.items() <= os.environ.items():
                raise OSError
            server.connect(address)
        except OSError:
            os.execv(program, [program, *arguments])
        socket.send_fds(server, [b"!"], [0, 1, 2])
        server.sendall(f"{json.dumps([arguments, dict(os.environ), os.getcwd()])}\n".encode())
        code = int(server.makefile().readline() or 1)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        # the command itself says that it was interrupted
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    _, address, program, *arguments = sys.argv
    sys.exit(call(address, program, arguments))
