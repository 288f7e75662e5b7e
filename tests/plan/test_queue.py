"""Jobs of a killed run that are still in the queue of a cluster."""

import os
from contextlib import nullcontext

import pytest

from wallnet.config import ConfigError
from wallnet.plan import start


@pytest.mark.parametrize("queued", [True, False])
def test_jobs_of_a_killed_run_are_named_with_what_to_type(tmp_path, monkeypatch, queued):
    """The queue is one of a program that prints the names of the jobs it is asked for."""
    killed, finished = "0b9a-11", "77cc-22"
    logs = tmp_path / ".snakemake/log"
    logs.mkdir(parents=True)
    for number, run in enumerate((finished, killed)):
        (logs / f"{number}.log").write_text(f"Building DAG\nSLURM run ID: {run}\n{'x' * 200_000}")
    (logs / "local.log").write_text("Building DAG\n")
    program = tmp_path / "bin/squeue"
    program.parent.mkdir()
    names = f"{killed}\\n{killed}\\n" if queued else ""
    program.write_text(f"#!/bin/sh\necho \"$@\" > {tmp_path}/asked\nprintf '{names}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    expected = nullcontext()
    if queued:
        expected = pytest.raises(
            ConfigError,
            match=r"^jobs of an earlier run .* \(2\), .*; type scancel --name=0b9a-11, and run",
        )
    with expected:
        start.check_queue(tmp_path)
    assert "--name=0b9a-11,77cc-22" in (tmp_path / "asked").read_text()
