"""Search for OOMMF in the same places as oommfc.

The places are `OOMMFTCL`, `oommf` on PATH and Docker, in this order.
"""

import os
import shutil
import subprocess

from wallnet.simulate.oommf.session import Installation, OommfError, complaint

DOCKER_IMAGE = "oommf/oommf:20b0"
"""The image that oommfc uses."""


def locate() -> Installation:
    """Find OOMMF in the same places as oommfc.

    Returns
    -------
    Installation
        The first of `OOMMFTCL`, `oommf` on PATH and Docker that works.

    Raises
    ------
    OommfError
        If none works; the message contains the answer of each one.
    """
    refusals: list[str] = []
    places: list[tuple[tuple[str, ...], str]] = []
    if script := os.environ.get("OOMMFTCL"):
        places.append((("tclsh", script), f"OOMMFTCL ({script})"))
    if program := shutil.which("oommf"):
        places.append(((program,), program))
    elif found := shutil.which("oommf", mode=os.F_OK):
        refusals.append(f"{found} may not be executed")
    for command, name in places:
        if (refusal := _refusal(command, name)) is None:
            return Installation(command)
        refusals.append(refusal)
    docker = shutil.which("docker")
    if docker is not None:
        asked = subprocess.run([docker, "images"], capture_output=True, text=True)
        if asked.returncode == 0:
            return Installation((docker,), DOCKER_IMAGE)
        refusals.append(f"docker: {complaint(asked.stderr)}")
    if refusals:
        told = "; ".join(refusals)
        fix = (
            "run as an ordinary user, which OOMMF insists on"
            if "as root" in told
            else "fix that installation"
        )
        raise OommfError(f"OOMMF does not run: {told}; {fix}, or set calculator: film")
    raise OommfError(
        "OOMMF is not there: set OOMMFTCL to the path of oommf.tcl, put oommf on PATH, or run "
        "snakemake with --software-deployment-method conda; or set calculator: film"
    )


def _refusal(command: tuple[str, ...], name: str) -> str | None:
    """Run the command for the version; return None, or the problem in one clause."""
    asking = [*command, "boxsi", "+fg", "+version", "-exitondone", "1"]
    try:
        asked = subprocess.run(asking, capture_output=True, text=True, errors="replace")
    except FileNotFoundError:
        if command[0] == name:
            return f"{name} names an interpreter in its first line that is not there"
        return f"{name} needs {command[0]}, which is not on PATH"
    except OSError as error:
        return f"{name} cannot be started ({error.strerror})"
    if asked.returncode == 0:
        return None
    return f"{name} says: {complaint(asked.stderr or asked.stdout).rstrip('.')}"
