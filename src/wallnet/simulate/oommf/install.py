"""Search for OOMMF in the same places as oommfc: `OOMMFTCL`, then `oommf` on PATH."""

import os
import shutil
import subprocess

from wallnet.simulate.oommf.session import OommfError, complaint


def locate() -> tuple[str, ...]:
    """Find OOMMF in the same places as oommfc.

    Returns
    -------
    tuple of str
        The command that starts it, without the name of an application: of `OOMMFTCL` and `oommf`
        on PATH, the first that works.

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
            return command
        refusals.append(refusal)
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
