"""What a command imports before it works: its own module, and only what it needs."""

import argparse
import gc
import importlib
import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from helpers.small_campaign import TINY

from wallnet import cli, config, files, jobs, workflow_path
from wallnet.jobs.film import check

HEAVY = {
    *("matplotlib", "micromagneticmodel", "netCDF4", "numba", "oommfc", "pandas", "scipy"),
    *("asyncio", "scipy.optimize", "scipy.signal", "snakemake", "torch", "torchvision", "xarray"),
}
"""Packages whose import takes long, or which a job does not need."""

PROGRAM = """
import sys
from wallnet import cli
try:
    cli.main()
finally:
    print("imported", *sys.modules)
"""


def imported(*command):
    """Return the modules that a process has imported when a command ends."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, command)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.fixture(scope="module")
def synapse():
    device = config.parse(TINY, check).devices["synapse"]
    pulse = device.pulse.model_copy(update={"duration": 20e-12})
    return device.model_copy(
        update={
            "pulse": pulse,
            "relaxation": device.relaxation.model_copy(update={"longest": 20e-12, "hold": 20e-12}),
        }
    )


@pytest.fixture(scope="module")
def initial(synapse, tmp_path_factory):
    """Return the file of the initial state, and the modules of the process that wrote it."""
    path = tmp_path_factory.mktemp("start") / "initial.nc"
    return path, imported("simulate", "--job", jobs.initial_job(synapse).to_json(), "--out", path)


def ours(modules):
    """Return the stages of the package among some modules."""
    return {name.split(".")[1] for name in modules if name.startswith("wallnet.")}


SIMULATING = {
    *("cli", "config", "constants", "errors", "files", "film", "jobs", "revisions"),
    *("simulate", "tracks"),
}


def test_a_pulse_and_a_level_need_xarray_and_numba(synapse, initial, tmp_path):
    path, _ = initial
    out = tmp_path / "trace.nc"
    job = jobs.pulse_job(synapse, 1.5e12)
    cli.main(["simulate", "--job", job.to_json(), "--out", str(out)])
    for job, start in (
        (jobs.pulse_job(synapse, 1.5e12), ("--after", path)),
        (jobs.level_job(synapse, "1"), ()),
    ):
        modules = imported("simulate", "--job", job.to_json(), *start, "--out", out)
        # xarray needs pandas and asyncio, numba looks at the version of SciPy
        needed = {"asyncio", "netCDF4", "numba", "pandas", "scipy", "xarray"}
        assert HEAVY & modules == needed
        assert ours(modules) <= SIMULATING
        assert files.read_dataset(out, "run").attrs["parameters"] == job.to_json()


def registered(module):
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    importlib.import_module(module).register(subparsers)
    return set(subparsers.choices)


def test_the_modules_of_the_commands_register_these_and_no_others():
    """Each command has one module; `wallnet --help-all` lists all of them."""
    assert {module: registered(module) for module in cli.MODULES} == {
        module: set(commands) for module, commands in cli.MODULES.items()
    }
    listed = [name for commands in cli.MODULES.values() for name in commands]
    assert len(listed) == len(set(listed))
    assert sorted(listed_by("--help-all")) == sorted(listed)


def test_an_interrupt_while_modules_are_imported_is_one_line(monkeypatch):
    def interrupted(command):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_parser", interrupted)
    with pytest.raises(SystemExit, match="^wallnet: interrupted$"):
        cli.main(["schema"])


def test_a_reader_that_ends_early_gets_no_traceback():
    """As with `wallnet schema | head`."""
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as closed:
        command = [sys.executable, "-m", "wallnet.cli", "schema"]
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_command_that_reads_a_dataset_of_a_study_knows_its_kind():
    assert "wallnet.studies" in imported("compact-model", "--help")


def listed_by(option):
    """Return the commands that the help lists."""
    out = io.StringIO()
    with redirect_stdout(out), pytest.raises(SystemExit, match="0"):
        cli.main([option])
    return re.findall(r"^    ([a-z-]+)", out.getvalue(), re.M)


def test_the_help_lists_what_users_call_and_imports_no_numpy():
    assert sorted(listed_by("--help")) == sorted(cli.LISTED)
    modules = imported("--help")
    assert {"numpy", *HEAVY} & modules == set()
    assert "wallnet.networks.commands" not in modules


def test_parsing_imports_nothing_heavy():
    """What every job of a scheduler parses, and the modules of commands, need NumPy at most.

    Those of `show` and `validate` need more: they read datasets, and run the engine.
    """
    workflow = [Path(workflow_path()), *(Path(workflow_path()).parent).glob("workflow/rules/*.smk")]
    imports = re.findall(
        r"^(?:from|import) wallnet.*", "\n".join(map(Path.read_text, workflow)), re.M
    )
    assert len(imports) > 10
    program = "\n".join(
        [
            *imports,
            "import importlib, sys; print(*sys.modules); from wallnet import cli",
            "modules = cli.MODULES.keys() - {f'wallnet.{part}.commands' for part in "
            "('page', 'validation')}",
            "[importlib.import_module(module) for module in modules]; print(*sys.modules)",
        ]
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    of_snakefile, of_commands = map(str.split, done.stdout.splitlines())
    assert HEAVY & set(of_snakefile) == set()
    assert HEAVY & set(of_commands) == set()


def test_only_a_process_of_its_own_spares_the_collector_of_garbage(capsys):
    threshold, frozen = gc.get_threshold(), gc.get_freeze_count()
    cli.main(["schema"])
    assert gc.get_threshold() == threshold
    assert gc.get_freeze_count() <= frozen  # of those that are frozen some may be gone
    program = (
        "import gc, sys; from wallnet import cli; sys.argv = ['wallnet', 'schema']; cli.main(); "
        "print(gc.get_threshold()[0], gc.get_freeze_count() > 10_000, gc.isenabled())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == f"{cli.COLLECT_AFTER} True True"
