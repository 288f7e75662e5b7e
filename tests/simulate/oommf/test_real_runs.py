"""Real runs of OOMMF; skipped with a reason if none runs."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wallnet import files
from wallnet.film.cells import Cells
from wallnet.simulate import SimulationError, oommf, registry, simulate
from wallnet.simulate.oommf import session
from wallnet.tracks import films

pytestmark = [pytest.mark.oommf, pytest.mark.usefixtures("real_oommf")]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Put the jobs' folders into a place where a test can check what remains."""
    folder = tmp_path / "jobs"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def processes(folder):
    """Return pid and command of processes that work in a folder or in a removed one in it."""
    commands = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder) in os.readlink(entry / "cwd"):
                commands[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    return commands


def solver(folder):
    """Return the process that runs the computation."""
    return next(pid for pid, command in processes(folder).items() if "/oxs " in command)


def left(folder):
    """Return the remaining processes and folders of jobs."""
    others = {pid: command for pid, command in processes(folder).items() if pid != os.getpid()}
    return [*others.items(), *folder.iterdir()]


@pytest.mark.parametrize("density", [0.3e12, -0.3e12])
def test_the_trace_is_that_of_the_embedded_engine(small_job, own_folder, tmp_path, density):
    ours, theirs = (simulate(small_job(name, density)) for name in ("film", "oommf"))
    np.testing.assert_allclose(ours["time"], theirs["time"], rtol=1e-9, atol=1e-18)
    # the reference runs agree with the engine within 2.3e-4; 1 pm is 1/3000 of a cell
    np.testing.assert_allclose(ours["m"], theirs["m"], atol=5e-4)
    for end in ("wall_bottom", "wall_top"):
        np.testing.assert_allclose(ours[end], theirs[end], atol=0.05e-9)
    assert (theirs["wall_position"][7] > theirs["wall_position"][0]) == (density > 0)
    assert theirs["read_settled"].values[-1] == ours["read_settled"].values[-1] == 1
    # from these and the ends follows the state
    np.testing.assert_array_equal(ours["walls"], theirs["walls"])
    assert theirs.attrs["backend_version"].startswith("OOMMF ")
    assert "oommfc" in theirs.attrs["backend_version"]
    files.write_dataset(theirs, tmp_path / "trace.nc", "run", {})
    files.read_dataset(tmp_path / "trace.nc", "run")
    assert left(own_folder) == []


def test_held_ends_are_held_in_the_same_way(small_job):
    """A strong pulse presses the wall against the held cells at the right end."""
    track = {"length": 120e-9, "width": 24e-9, "thickness": 2e-9, "cell_size": 3e-9}
    held = {"track": track | {"fixed_ends": 20e-9}, "wall": {"start": 80e-9}}
    ours, theirs = (simulate(small_job(name, 3e12, **held)) for name in ("film", "oommf"))
    np.testing.assert_allclose(ours["m"], theirs["m"], atol=5e-4)
    for trace in (ours, theirs):
        maps = trace["magnetization"].values
        assert np.all(maps[:, :, :7] == (0, 0, -1))
        assert np.all(maps[:, :, -7:] == (0, 0, 1))
    assert ours["wall_position"].values.max() > 91e-9


def test_a_run_that_dies_leaves_nothing_and_says_so(small_job, own_folder):
    killed = []

    def kill(now):
        if not killed:
            killed.append(solver(own_folder))
            os.kill(killed[0], signal.SIGKILL)

    long = small_job("oommf", pulse={"duration": 50e-9, "current_densities": [0.3e12]})
    with pytest.raises(SimulationError, match=r"OOMMF ended with code \d+ after \d+ of 2500"):
        simulate(long, progress=kill)
    assert left(own_folder) == []


def test_a_run_that_hangs_is_ended(small_job, own_folder, monkeypatch):
    monkeypatch.setattr(session, "STUCK_LIMIT", 2.0)
    stopped = []

    def stop(now):
        if not stopped:
            stopped.append(solver(own_folder))
            os.kill(stopped[0], signal.SIGSTOP)

    long = small_job("oommf", pulse={"duration": 50e-9, "current_densities": [0.3e12]})
    with pytest.raises(SimulationError, match=r"OOMMF hangs: no new state for \d+ s"):
        simulate(long, progress=stop)
    assert left(own_folder) == []


@pytest.mark.parametrize("term", ["Oxs_DMI_Cnv_z_unheard_of", "Oxs_DMI_unheard_of"])
def test_input_that_oommf_refuses_is_quoted(small_job, own_folder, monkeypatch, term):
    write = oommf.write_input

    def spoil(job, drive, magnetization, directory):
        write(job, drive, magnetization, directory)
        mif = directory / "track.mif"
        mif.write_text(mif.read_text().replace("Oxs_DMI_Cnv_z", term))

    monkeypatch.setattr(oommf, "write_input", spoil)
    with pytest.raises(SimulationError, match=term) as refused:
        simulate(small_job("oommf"))
    hint = "add the extension Oxs_DMI_Cnv_z (interfacial DMI) to it"
    assert (hint in str(refused.value)) == ("Cnv_z" in term)
    with pytest.raises(session.OommfError, match=term):
        registry.check("oommf", {})
    assert left(own_folder) == []


def test_a_request_to_end_ends_all_of_it(small_job, own_folder, tmp_path):
    long = small_job("oommf", pulse={"duration": 50e-9, "current_densities": [0.3e12]})
    out = tmp_path / "trace.nc"
    command = [sys.executable, "-m", "wallnet.cli", "simulate", "--job", long.to_json()]
    job = subprocess.Popen([*command, "--out", str(out)], stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        if any("/oxs " in command for command in processes(own_folder).values()):
            break
        time.sleep(0.1)
    job.terminate()
    _, said = job.communicate(timeout=30)
    assert job.returncode
    assert "Traceback" not in said
    assert left(own_folder) == []
    assert list(tmp_path.iterdir()) == [own_folder]


def test_a_film_whose_material_varies_has_the_trace_of_the_engine(small_job, monkeypatch):
    """Ms, Ku and α at random, A and D by regions with one boundary in common."""
    layer, rng = films.layer(small_job("film")), np.random.default_rng(3)
    columns, shape = np.arange(layer.mask.shape[1]), layer.mask.shape
    cells = Cells(
        layer.mask,
        saturation_magnetization=rng.uniform(0.9, 1.1, shape),
        anisotropy=rng.uniform(0.95, 1.1, shape),
        damping=rng.uniform(0.6, 1.5, shape),
        exchange_stiffness=np.where(columns < 30, 1.0, 0.7) + 0 * layer.mask,
        dmi_constant=np.select([columns < 20, columns < 30], [1.0, 0.6], 1.3) + 0 * layer.mask,
    )
    monkeypatch.setattr(films, "layer", lambda _: replace(layer, cells=cells))
    ours, theirs = (simulate(small_job(name, 0.3e12)) for name in ("film", "oommf"))
    # 1e-5 is observed
    np.testing.assert_allclose(ours["m"], theirs["m"], atol=1e-4)


@pytest.mark.parametrize("waveform", [(), ((0.0, 0.0), (0.15e-9, 1.0), (0.3e-9, 0.2))])
def test_fields_of_a_current_and_of_the_junction_act_as_in_the_engine(small_job, waveform):
    """Oersted field of W, bias and field-like torque together; each changes m by more."""
    pulse = {"duration": 0.3e-9, "current_densities": [1.1e12], "waveform": waveform}
    changes = {
        "pulse": pulse,
        "relaxation": {"longest": 0},
        "heavy_metal": {"oersted": True, "spin_hall_angle": -0.2},
        "material": {"bias_field": 0.03, "field_like_ratio": -0.6},
    }
    ours, theirs = (simulate(small_job(name, 1.1e12, **changes)) for name in ("film", "oommf"))
    # 5e-5 is observed
    np.testing.assert_allclose(ours["m"], theirs["m"], atol=2e-4)
    without = simulate(small_job("film", 1.1e12, **changes | {"heavy_metal": {}}))
    assert np.abs(without["m"][-1] - ours["m"][-1]).max() > 1e-3


def test_a_rough_and_grainy_sample_has_the_trace_of_the_engine(small_job):
    grains = {"size": 14e-9, "anisotropy": 0.05, "boundary_exchange": 1.0}
    disorder = {"edges": {"rms": 0.8e-9, "correlation_length": 15e-9}, "grains": grains}
    changes = {
        "pulse": {"duration": 0.3e-9, "current_densities": [1.1e12]},
        "relaxation": {"longest": 0},
        "disorder": disorder,
    }
    ours, theirs = (
        simulate(small_job(name, 1.1e12, **changes, sample=3)) for name in ("film", "oommf")
    )
    # 3e-5 is observed
    np.testing.assert_allclose(ours["m"], theirs["m"], atol=1e-4)
    perfect = simulate(small_job("film", 1.1e12, **changes))
    assert np.abs(perfect["m"][-1] - ours["m"][-1]).max() > 1e-3
