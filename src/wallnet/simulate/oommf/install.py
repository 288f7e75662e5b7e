"""Search for OOMMF in the same places as oommfc, and a check that it can simulate a track.

The places are `OOMMFTCL`, `oommf` on PATH and Docker, in this order.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from wallnet.simulate.oommf import session
from wallnet.simulate.oommf.session import OommfError, complaint, said

DOCKER_IMAGE = "oommf/oommf:20b0"
"""The image that oommfc uses."""

_CHECK = """\
# MIF 2.1
Specify Oxs_BoxAtlas:atlas { xrange {0 4e-9} yrange {0 2e-9} zrange {0 2e-9} name all }
Specify Oxs_RectangularMesh:mesh { cellsize {2e-9 2e-9 2e-9} atlas :atlas }
Specify Oxs_DMI_Cnv_z:dmi { default_D 1e-3 atlas :atlas D { all all 1e-3 } }
Specify Oxs_SpinXferEvolve:evolver { alpha 0.5 J 1e11 mp {0 1 0} P 0.4 Lambda 1 eps_prime 0 }
Specify Oxs_TimeDriver {
  evolver :evolver mesh :mesh Ms 1e6 m0 {0 0 1} stopping_time 1e-15 stage_count 1
}
Destination table mmArchive
Schedule DataTable table Stage 1
"""
"""Two cells and one step, with the terms of a track that older releases of OOMMF lack."""


@dataclass(frozen=True)
class Installation:
    """A working installation of OOMMF.

    Attributes
    ----------
    command : tuple of str
        Command that starts it, without the name of the application.
    image : str or None
        Docker image that contains it; `command` is then that of Docker.
    """

    command: tuple[str, ...]
    image: str | None = None

    def boxsi(self, directory: Path, mif: str, threads: int, container: str) -> list[str]:
        """Return the command that runs a MIF file of a directory with a number of threads."""
        arguments = ["boxsi", "+fg", mif, "-exitondone", "1", "-threads", str(threads)]
        arguments += ["-logfile", "oommf.log"]
        if self.image is None:
            return [*self.command, *arguments]
        inside = " ".join(["tclsh", "/usr/local/oommf/oommf/oommf.tcl", *arguments])
        mount = ["--volume", f"{directory}:/io", "--workdir", "/io"]
        shell = [self.image, "/bin/bash", "-c", inside]
        return [*self.command, "run", "--rm", "--name", container, *mount, *shell]


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
    refusals = []
    script = os.environ.get("OOMMFTCL")
    program = shutil.which("oommf")
    if script is not None:
        refusal = _refusal(("tclsh", script), f"OOMMFTCL ({script})")
        if refusal is None:
            return Installation(("tclsh", script))
        refusals.append(refusal)
    if program is not None:
        refusal = _refusal((program,), program)
        if refusal is None:
            return Installation((program,))
        refusals.append(refusal)
    elif found := shutil.which("oommf", mode=os.F_OK):
        refusals.append(f"{found} may not be executed")
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


def check() -> dict[str, str]:
    """Check that OOMMF is installed, can run, and has the terms that a track needs.

    Returns
    -------
    dict
        The `command` that starts it, and its `version`.

    Raises
    ------
    OommfError
        If OOMMF fails. The message states the problem and the fix in one sentence.
    """
    with session.opened(locate(), threads=1) as opened:
        mif = opened.directory / "check.mif"
        mif.write_text(_CHECK, encoding="utf-8")
        process = opened.start(opened.directory, mif.name)
        try:
            code = process.wait(timeout=session.IDLE_LIMIT)
        except subprocess.TimeoutExpired:
            raise OommfError(
                f"OOMMF does not finish a run of two cells within {session.IDLE_LIMIT:.0f} s; it "
                f"says: {said(opened.directory)}; fix that installation, or set calculator: film"
            ) from None
        if code:
            words = said(opened.directory)
            fix = "fix that installation"
            if "Oxs_DMI_Cnv_z" in words:
                fix = "add the extension Oxs_DMI_Cnv_z (interfacial DMI) to it"
            raise OommfError(
                f"OOMMF cannot simulate a track; it says: {words}; {fix}, or set calculator: film"
            )
        command = " ".join(opened.installation.command)
        return {"command": command, "version": session.version(opened.directory)}
