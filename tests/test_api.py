"""Simulations and sweeps from Python, which are those of the workflow."""

import contextlib
import copy
import io
import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray
from helpers.drift import DRIFT
from helpers.programs import RESPONSE
from helpers.small_campaign import MATERIAL, TINY
from helpers.windows import windowed

import wallnet.networks
from wallnet import api, config, files, plan
from wallnet.simulate import SimulationError
from wallnet.studies import STUDIES

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    import yaml

    made = tmp_path_factory.mktemp("configuration") / "config.yaml"
    made.write_text(yaml.safe_dump(TINY))
    return made


@pytest.fixture(scope="module")
def synapse(path):
    return api.load_device(path, "synapse")


@pytest.fixture(scope="module")
def swept(synapse, tmp_path_factory):
    """Return the folder of a sweep in two processes, and what it returned."""
    folder = tmp_path_factory.mktemp("swept")
    return folder, api.sweep(synapse, "synapse", folder, processes=2, progress=False)


@pytest.fixture(scope="module")
def page(forked_calls, tmp_path_factory):
    """Return the variables of all blocks of docs/python.md as one script, in an empty folder.

    With what it printed, and the folder.
    """
    folder = tmp_path_factory.mktemp("page")
    text = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    (folder / "script.py").write_text("\n".join(blocks), encoding="utf-8")
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()) as printed:
        variables = runpy.run_path("script.py")
    return variables | {"printed": printed.getvalue(), "folder": folder}


def swept_on(page):
    """Return the results of the sweep on the page."""
    return page["folder"] / "my-campaign/results"


def test_a_device_is_loaded_with_changes_in_si(path):
    changes = {"material.damping": 0.25, "wall.start": 48e-9, "pulse.current_densities": [7e11]}
    made = api.load_device(path, "synapse", changes)
    assert (made.material.damping, made.wall.start) == (0.25, 48e-9)
    assert made.pulse.current_densities == (7e11,)
    with pytest.raises(config.ConfigError, match="track.width = 150 is outside"):
        api.load_device(path, "synapse", {"track.width": 150})


def test_a_device_made_in_code_is_that_of_the_same_keys_in_a_file(synapse):
    described = copy.deepcopy(TINY["devices"]["synapse"])
    shared = {"material": MATERIAL, "output": TINY["output"]}
    assert api.make_device(**described, **shared) == synapse
    del described["track"]["width"]
    with pytest.raises(
        config.ConfigError, match=r"^make_device: devices.device.track.width is mis"
    ):
        api.make_device(**described, **shared)


def test_a_measured_device_cannot_be_made_for_simulations():
    with pytest.raises(config.ConfigError, match="^make_device: devices.device is measured; n"):
        api.make_device(kind="measured", levels="levels.csv")


def test_the_page_is_a_script_that_runs(page):
    lines = page["printed"].splitlines()
    assert lines[0] == "notch 1"
    assert lines[1] == "1.2e-07 m, 1.2e-07 m"
    assert lines[2] == "2000000000000.0"
    assert lines[3] == "['initial' 'notch 1' 'notch 2' 'reversed']"
    assert lines[5] == "['notch 1' 'still moving' 'free'] [1 0 1]"
    assert lines[6] == "[1.6875e+12 2.8125e+12]"
    assert "[90 18  1]" in lines
    assert lines[-1] == "7"  # ±(g - g_0) for the other three levels, and zero
    assert (page["folder"] / "my-campaign/results/devices/my-synapse.nc").exists()
    assert (page["folder"] / "wall.gif").exists()


@pytest.mark.parametrize(
    ("study", "settings", "words"),
    [
        ("thermal", {"replicas": 0}, "replicas"),
        ("thermal", {"pause": 5, "reading_time": 5}, "outside the range 1e-15 to 0.001 s"),
        (
            "thermal",
            {"free_time": -2e-9, "duration": 5, "current_densities": 3},
            "free_time = -2e-09 is outside",
        ),
        ("thermal", {"current_densities": [1e12], "variants": {"cold": {}}}, "no temperature"),
        ("operating_windows", {"durations": [1e-9], "tail": {"share": 0.5}}, "tail.duration is"),
        ("operating_windows", {"current_densities": [1e12]}, "durations is missing; add it"),
        ("pulse_trains", {"pulses": [{"current_density": 1}]}, "current densities are in A/m²"),
        ("depinning", {"durations": [5]}, "did you mean duration?"),
    ],
)
def test_a_setting_is_refused_as_in_a_configuration(study, settings, words):
    """The subject has the name of the device by default, "device", which is a key of studies."""
    data = windowed()
    device = data["devices"]["stairs"] | {key: data[key] for key in ("material", "output")}
    named = {"device": "device"} if "device" in STUDIES[study].settings.model_fields else {}
    subjects = {"mine": settings | named}
    messages = []
    for call in (
        lambda: plan.parse({"devices": {"device": device}, study: subjects}, f"api.{study}"),
        lambda: getattr(api, study)(api.make_device(**device), **settings, progress=False),
    ):
        with pytest.raises(config.ConfigError) as error:
            call()
        messages.append(str(error.value))
    assert words in messages[0]
    assert messages[1].replace(f"{study}.device", f"{study}.mine") == messages[0]


@pytest.mark.parametrize(
    ("sections", "synapses"), [([], []), ([api.Barriers()], ["device"])], ids=["none", "barriers"]
)
def test_a_call_has_only_the_barriers_that_it_asks_for(synapse, monkeypatch, sections, synapses):
    """A campaign has those of all its synapses."""
    campaigns = []
    monkeypatch.setattr(api.studies, "dataset_of", lambda study, data, *_: campaigns.append(data))
    api.study(api.Thermal(device="device", current_densities=(1e12,)), synapse, *sections)
    (data,) = campaigns
    campaign = plan.parse(data, "api.study")
    assert [*campaign.studies["barriers"]] == synapses
    requests = STUDIES["thermal"].requests_of(campaign, "device")
    assert any(request.kind == "barrier" for request in requests) == bool(synapses)
    del data["barriers"]
    assert [*plan.parse(data, "api.study").studies["barriers"]] == ["device"]


@pytest.mark.campaign
def test_a_sweep_has_the_files_and_numbers_of_the_workflow(swept, finished_devices):
    folder, device = swept
    for stage in ("initial", "traces", "levels", "minima", "devices"):
        theirs = finished_devices.folder / "results" / stage
        names = sorted(p.relative_to(theirs) for p in theirs.rglob("*synapse*/*.nc"))
        names += [p.relative_to(theirs) for p in theirs.glob("synapse.nc")]
        ours = folder / "results" / stage
        assert sorted(p.relative_to(ours) for p in ours.rglob("*.nc")) == names
        for name in names:
            with xarray.open_dataset(ours / name) as a, xarray.open_dataset(theirs / name) as b:
                assert a.equals(b), name
                for key in ("parameters", "revision", "kind"):
                    assert a.attrs[key] == b.attrs[key]
    assert device.attrs["device"] == "synapse"
    assert (folder / "results/logs/traces/synapse/0.5000.log").read_text().count("; wall at ") == 1


@pytest.fixture
def again(swept, forked_calls, synapse, tmp_path):
    """Return a function that sweeps in a copy of the folder; it returns what was made again."""
    folder = tmp_path / "copy"
    shutil.copytree(swept[0], folder, copy_function=shutil.copy2)

    def sweep(**blocks):
        changed = {key: getattr(synapse, key).model_copy(update=blocks[key]) for key in blocks}
        device = synapse.model_copy(update=changed)
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.nc")}
        dataset = api.sweep(device, "synapse", folder, processes=2, progress=False)
        after = {path: path.stat().st_mtime_ns for path in folder.rglob("*.nc")}
        made = {path for path, time in after.items() if before.get(path) != time}
        return dataset, {path.relative_to(folder / "results").as_posix() for path in made}

    sweep.folder = folder
    return sweep


def test_a_sweep_goes_on_where_it_was(swept, again):
    """Only what is missing or damaged is made again, whatever the folder's own campaign is."""
    (again.folder / "config.yaml").write_text("devices: {other: {like: nothing}}")
    traces = again.folder / "results/traces/synapse"
    (traces / "1.5000.nc").unlink()
    (traces / "3.0000.nc").write_bytes(b"")
    dataset, made = again()
    assert made == {f"traces/synapse/{name}.nc" for name in ("1.5000", "3.0000")} | DEVICE
    assert dataset.equals(swept[1])


PULSES = {f"traces/synapse/{name}.nc" for name in ("0.5000", "1.5000", "3.0000")}
LEVELS = {f"levels/synapse/{name}.nc" for name in ("1", "1-2", "2")}
DEVICE = {"devices/synapse.nc"}


def test_files_of_another_job_are_made_again(again):
    """Neither the initial state nor minima depend on the relaxation."""
    dataset, made = again(relaxation={"longest": 0.9e-9})
    assert made == PULSES | LEVELS | DEVICE
    assert json.loads(dataset.attrs["parameters"])["settings"]["relaxation"]["longest"] == 0.9e-9


def test_what_starts_from_a_file_that_is_made_again_is_made_again(again):
    """The job of a pulse does not contain how its initial state was relaxed."""
    assert again(wall={"relaxation": 0.4e-9})[1] == {"initial/synapse.nc"} | PULSES | DEVICE


def test_a_device_from_python_shows_how_hot_its_pulses_are(swept):
    """0.6 ns of 3e12 A/m² pass K_eff = 0, 1.5e12 only 50 K; 0.5e12 do not."""
    dataset = swept[1]
    assert dataset["beyond_model"].values.tolist() == [0, 0, 1]
    assert 50 < dataset["mean_temperature_rise"].values[1] < 236.73
    rise = dataset["temperature_rise"].values
    assert rise / rise[-1] == pytest.approx([1 / 36, 1 / 4, 1], rel=1e-9, abs=0)
    assert dataset.attrs["caveat"].startswith("1 of 3 pulses heat the track by more than 50 K")
    assert "1 of 3 pulses heat the film to 537 K or more" in dataset.attrs["caveat"]


def test_a_simulation_that_fails_is_named_and_the_others_are_kept(
    forked_calls, path, tmp_path, monkeypatch
):
    """The calculator is in the folder of the script, which is not that of the campaign."""
    run = DRIFT[DRIFT.index("    def run(") : DRIFT.index("        bottom, top")]
    fails = "        if (job.current_density or 0) > most:\n            raise RuntimeError(most)\n"
    changes = {"kind": "track", "calculator": "drift:Drift"}
    changes |= {"calculator_settings": {"drift:Drift": {"velocity": 100.0}}}
    changes |= {"pulse.current_densities": [4e11, 6e11, 8e11]}
    monkeypatch.chdir(tmp_path)
    for most, message in {7e11: "700000000000.0", 5e11: "500000000000.0; 1 more failed"}.items():
        script = DRIFT.replace(run, run + fails.replace("most", str(most)))
        # of another length, since Python compares size and second of what it has compiled
        (tmp_path / "drift.py").write_text(f"{script}# {message}\n")
        device = api.load_device(path, "neuron", changes)
        with pytest.raises(SimulationError, match=f"{re.escape(message)}$"):
            api.sweep(device, "neuron", tmp_path / "made", processes=1, progress=False)
    place = tmp_path / "made/results"
    assert (
        files.read_dataset(place / "traces/neuron/0.4000.nc", "run")["read_settled"].values[-1]
        == -1
    )
    assert not (place / "devices/neuron.nc").exists()


def test_a_bad_calculator_is_refused_before_the_first_job(
    forked_calls, path, tmp_path, monkeypatch
):
    changes = {"kind": "track", "calculator": "drift:Drift"}
    changes |= {"calculator_settings": {"drift:Drift": {"velocity": "fast"}}}
    monkeypatch.chdir(tmp_path)
    (tmp_path / "drift.py").write_text(DRIFT)
    device = api.load_device(path, "neuron", changes)
    with pytest.raises(SimulationError, match=r"drift:Drift\.velocity"):
        api.sweep(device, "neuron", tmp_path / "made", progress=False)
    assert not [*tmp_path.glob("made/results/**/*.log")]


def test_what_snakemake_itself_refuses_is_told(synapse, tmp_path):
    (tmp_path / "results").write_text("")
    with pytest.raises(SimulationError, match="results"):
        api.sweep(synapse, "synapse", tmp_path, progress=False)


def test_a_single_pulse_is_that_of_the_sweep(synapse, page):
    """That of the page, whose device has the same keys but for the edges."""
    smooth = synapse.track.model_copy(update={"edges": "smooth"})
    assert page["device"] == synapse.model_copy(update={"track": smooth})
    trace, back = page["trace"], page["back"]
    theirs = files.read_dataset(swept_on(page) / "traces/my-synapse/1.5000.nc", "run")
    np.testing.assert_array_equal(trace["m"].values, theirs["m"].values)
    assert trace.attrs["parameters"] == theirs.attrs["parameters"]
    # another pulse from its end, back
    first, last = back["magnetization"].isel(snapshot=0), trace["magnetization"].isel(snapshot=-1)
    np.testing.assert_allclose(first, last, rtol=0, atol=2e-7)
    assert json.loads(back.attrs["parameters"])["steps"][0]["current_density"] == -1.5e12
    with pytest.raises(config.ConfigError, match=r"^current_density = 0.5 is outside.*not 0.5$"):
        api.simulate(synapse, 0.5)


def test_a_train_applies_its_pulses_one_after_the_other(swept, synapse):
    """A pulse of the sweep, without a pause, and then the same back from its end."""
    shape = {"duration": 0.6e-9}
    there = [{"current_density": 1.5e12} | shape]
    one = api.pulse_train(synapse, there, progress=False)
    pulse = files.read_dataset(swept[0] / "results/traces/synapse/1.5000.nc", "run")
    pulse = pulse.sel(time=slice(0, 0.6001e-9))
    np.testing.assert_array_equal(one["wall_bottom"], pulse["wall_bottom"])
    both = [*there, {"current_density": -1.5e12, "pause": 0.2e-9} | shape]
    two = api.pulse_train(synapse, both, progress=False)
    assert two["time"].values[-1] == pytest.approx(1.4e-9, rel=1e-9, abs=0)
    back = api.pulse_train(synapse, both[1:], initial=api.simulate(synapse, 1.5e12, progress=False))
    minima = files.read_dataset(swept[0] / "results/minima/synapse.nc", "minima")
    assert api.states(back, minima)[-1] == api.states(two, minima)[-1]
    faulty = [*there, {"current_density": 1e12, "duration": 6}]
    with pytest.raises(config.ConfigError, match=r"^pulse_train.pulses.1.duration = 6 is outside"):
        api.pulse_train(synapse, faulty)
    with pytest.warns(DeprecationWarning, match=r"^api.train is now api.pulse_train$"):
        with pytest.raises(config.ConfigError, match=r"^pulse_train.pulses.1.duration"):
            api.train(synapse, faulty)


def test_a_minimum_is_that_of_the_sweep(swept, synapse):
    theirs = files.read_dataset(swept[0] / "results/minima/synapse.nc", "minima")
    for state in ("notch 2", "initial", "reversed"):
        minimum = api.minimum(synapse, state)
        one = theirs.sel(placed=state)
        for name in ("energy", "wall_bottom", "stiffness"):
            value, stored = (data[f"minimum_{name}"].item() for data in (minimum, one))
            assert value == pytest.approx(stored, rel=1e-9, abs=0)
        assert minimum["minimum_state"] == one["minimum_state"]
    every = api.minima(synapse)
    xarray.testing.assert_allclose(every, theirs, rtol=1e-9, atol=0)
    assert every.attrs["parameters"] == theirs.attrs["parameters"]
    with pytest.raises(config.ConfigError) as refused:
        api.minimum(synapse, "notch 4")
    halves = [f"between {pair}" for pair in ("1 and 2", "2 and 1", "2 and 3", "3 and 2")]
    states = ["initial", "notch 1", *halves[:2], "notch 2", *halves[2:], "notch 3", "reversed"]
    sentence = f"minimum: the device has no state 'notch 4'; use {', '.join(states)}"
    assert str(refused.value) == sentence


def test_states_are_those_of_the_sweep(swept, synapse):
    """The first wall is still faster than the device allows."""
    folder, device = swept
    minima = files.read_dataset(folder / "results/minima/synapse.nc", "minima")
    names = []
    for current in ("0.5000", "1.5000", "3.0000"):
        trace = files.read_dataset(folder / f"results/traces/synapse/{current}.nc", "run")
        names += api.states(trace, minima)[1:]
    assert device["state"].values.tolist() == names == ["still moving", "notch 1", "free"]


def test_a_path_of_least_energy_joins_two_minima(synapse, page):
    """Both barriers differ by the difference of the energies of the minima."""
    energy_path = page["path"]
    minima = files.read_dataset(swept_on(page) / "minima/my-synapse.nc", "minima")
    low, high = (minima.sel(placed=name) for name in ("notch 2", "reversed"))
    forward, backward = (energy_path[f"barrier_{way}"].item() for way in ("forward", "backward"))
    difference = high["minimum_energy"].item() - low["minimum_energy"].item()
    assert forward - backward == pytest.approx(difference, rel=1e-4, abs=0)
    assert 0 < forward < backward
    with pytest.raises(config.ConfigError, match=r"^energy_path: \(notch 2, notch 1\) are no nei"):
        api.energy_path(synapse, "notch 2", "notch 1")


def test_a_field_has_each_cell_where_it_is(swept):
    trace = files.read_dataset(swept[0] / "results/traces/synapse/1.5000.nc", "run")
    made = api.field(trace, snapshot=0)
    assert made.mesh.n.tolist() == [90, 18, 1]
    assert made.mesh.region.pmin.tolist() == [0, 0, 0]
    last = trace["magnetization"].isel(snapshot=-1)
    array = api.field(trace).array[:, :, 0].transpose(1, 0, 2)
    np.testing.assert_array_equal(array, np.nan_to_num(last.transpose("y", "x", ...).values))
    assert made.mesh.region.pmax.tolist() == pytest.approx([360e-9, 72e-9, 2e-9], rel=1e-12, abs=0)
    # column 57, row 3: centre at 230 nm, 14 nm
    point = (57.5 * 4e-9, 3.5 * 4e-9, 1e-9)
    cell = trace["magnetization"].isel(snapshot=0, x=57, y=3).values
    np.testing.assert_allclose(made(point), cell, rtol=0, atol=1e-7)
    # a notch of 16 nm radius at 120 nm on the lower edge
    assert not made.valid[30, 0, 0]
    np.testing.assert_array_equal(made.array[30, 0, 0], 0)
    state = files.read_dataset(swept[0] / "results/initial/synapse.nc", "run")
    np.testing.assert_allclose(api.field(state).array, made.array, rtol=0, atol=2e-7)


def test_figures_of_a_device_by_their_name(swept, tmp_path):
    folder, device = swept
    drawn = api.figure("conductance", device)
    # both readings, and their normalised scales
    assert len(drawn.axes) >= 2
    one = api.figure("dynamics", device, folder / "results/traces/synapse", [1.5e12])
    two = api.figure("dynamics", device, folder / "results/traces/synapse", [1.5e12, 0.5e12])
    assert len(one.axes) < len(two.axes)
    with pytest.raises(files.FileError, match="needs the folder of traces"):
        api.figure("dynamics", device)
    assert [axes.get_ylabel() for axes in api.figure("write-energy", device).axes][1:] == [
        *("largest rise (K)", "energy (pJ)"),
    ]
    with pytest.raises(ValueError, match="no figure 'levels' of this synapse; use dynamics, cond"):
        api.figure("levels", device)


def test_figures_of_gathered_files_by_their_kind():
    """The response to a pulse train shows the conductance after each of its pulses."""
    data = files.dataset("response", RESPONSE).assign_attrs(kind="response", subject="steps")
    drawn = api.figure("response", data)
    steps = [line.get_ydata().tolist() for axes in drawn.axes for line in axes.lines]
    assert steps[:2] == [[0.0, 0.5, 1.0, 0.5]] * 2  # both readings
    with pytest.raises(
        ValueError, match=r"no figure 'operating_window' of this response; use response$"
    ):
        api.figure("operating_window", data)


def test_a_trace_is_drawn_and_animated(swept, tmp_path):
    from PIL import Image

    trace = files.read_dataset(swept[0] / "results/traces/synapse/1.5000.nc", "run")
    drawn = api.trace_figure(trace)
    upper, lower = drawn.axes[:2]
    shown = upper.images[0].get_array()
    last = trace["magnetization"].isel(snapshot=-1, component=2).transpose("y", "x").values
    np.testing.assert_array_equal(np.ma.filled(shown.astype(float), np.nan), last)
    for line, name in zip(lower.lines, ("bottom", "top"), strict=True):
        np.testing.assert_allclose(line.get_xdata(), trace["time"].values / 1e-9)
        np.testing.assert_allclose(line.get_ydata(), trace[f"wall_{name}"].values / 1e-9)
    (current,) = lower.patches
    # 0.6 ns of pulse
    assert current.get_extents().transformed(lower.transData.inverted()).x1 == pytest.approx(
        0.6, abs=1e-9
    )
    path = tmp_path / "wall.gif"
    api.animate(trace, path, frames_per_second=4)
    with Image.open(path) as image:
        assert image.n_frames == trace.sizes["snapshot"]
        assert image.info["duration"] == 250  # ms
        first = np.array(image.convert("RGB"))
        image.seek(image.n_frames - 1)
        assert (np.array(image.convert("RGB")) != first).any()


@pytest.mark.parametrize("name", ["../../x", "none"])
def test_a_sweep_with_a_name_that_cannot_name_files_is_refused_first(synapse, tmp_path, name):
    folder = tmp_path / "one/campaign"
    with pytest.raises(config.ConfigError) as refused:
        api.sweep(synapse, name, folder, progress=False)
    assert str(refused.value).startswith(f"sweep: devices.{name} cannot name files; use small")
    assert not [*tmp_path.iterdir()]


def test_type_checkers_know_the_functions_and_no_others(tmp_path):
    calls = [f"api.{name}(device, folder='a', any_setting=1)" for name in STUDIES]
    calls += ["api.study(api.Sweeps(current_densities=(1e12,)), device, folder='a').sizes.keys()"]
    calls += ["api.study(api.Thermal(device='a', current_densities=()), device, api.Barriers())"]
    # what the configuration leaves out of `strict`; as an option, it would empty mypy's cache
    right = ["# mypy: disallow-untyped-calls, disallow-any-generics, warn-return-any"]
    right += ["from wallnet import api", "from wallnet.networks import ProgrammedNetwork, quantize"]
    right += ["import torch", "device = api.load_device('config.yaml', 'neuron')", *calls]
    right += [
        "model = quantize(torch.nn.Linear(2, 3), [1e-6, 2e-6])",
        "model.in_features.bit_count()",
    ]
    right += ["ProgrammedNetwork.of(model).model().in_features.bit_count()"]
    wrong = {
        "api.nope(3)": '"nope"',
        "api.study(api.Barriers(), 3)": '"study" has incompatible type "int"',
        "api.study(api.Barriers(), device, processes='all')": '"processes" to "study" has inco',
        "api.Thermal(device='a')": 'Missing named argument "current_densities" for "Thermal"',
        "api.Barriers(spacing='wide')": '"spacing" to "Barriers" has incompatible type "str"',
        "api.Barriers(space=1.0)": 'Unexpected keyword argument "space" for "Barriers"',
        "api.sweep(device)": 'Missing positional argument "name"',
        "wallnet.networks.nope": '"nope"',
        "quantize(3, [1e-6])": '"quantize" cannot be "int"',
    }
    script = tmp_path / "script.py"
    script.write_text("\n".join([*right, "import wallnet.networks", *wrong, ""]))
    command = [sys.executable, "-m", "mypy", "--no-error-summary", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    # notes of where a class is defined come or not, as mypy's cache has that module or not
    lines = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert len(lines) == len(wrong), done.stdout + done.stderr
    for number, (line, part) in enumerate(zip(lines, wrong.values(), strict=True)):
        assert f"script.py:{len(right) + 2 + number}: error" in line
        assert part in line


def test_public_names_of_networks_are_imported_when_they_are_used():
    """PyTorch and Lightning take seconds."""
    script = "import sys, wallnet.networks as n; print('torch' in sys.modules, n.quantize.__name__)"
    script += "; print('pytorch_lightning' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "quantize", "False"]
    names = {}
    exec("from wallnet.networks import *", names)
    assert sorted(wallnet.networks.__all__) == wallnet.networks.__all__
    assert {*wallnet.networks.__all__} <= {*names}
    assert names["TrainOnLevels"].__name__ == "TrainOnLevels"
    with pytest.raises(AttributeError, match="wallnet.networks attribute nope"):
        wallnet.networks.nope  # noqa: B018
