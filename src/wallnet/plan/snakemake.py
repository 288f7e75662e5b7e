"""Calls of Snakemake by commands and functions of the package, which does not import it.

Such a call executes no file of the campaign's folder or of the current one. Without a cache of
sources it writes nothing into the user's folder.
"""

import sys
from pathlib import Path

from wallnet import workflow_path

OPTIONS = (
    *("--profile", "none", "--workflow-profile", Path(workflow_path()).parent / "profiles/default"),
    *("--shared-fs-usage", "input-output", "persistence", "software-deployment", "sources"),
)


def command(snakefile: str | Path, folder: str | Path, *options: object) -> list[str]:
    """Return the command that runs Snakemake in a folder with some options, or targets."""
    # with -P, Python searches no current folder for modules
    program = (sys.executable, "-P", "-m", "snakemake")
    places = ("--snakefile", snakefile, "--directory", folder)
    return [str(word) for word in (*program, *options, *OPTIONS, *places)]


def sentence_of(text: str) -> str:
    """Return the last sentence of what Snakemake printed."""
    # below the sentence of a check, it names the lines of the workflow
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("  File ")]
    return lines[-1] if lines else "it printed nothing"
