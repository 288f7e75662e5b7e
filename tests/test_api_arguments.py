"""Arguments from Python: bad ones of each public function in one sentence, and NumPy's numbers."""

import functools
import inspect
import json
import platform
import re
import subprocess
import sys

import numpy as np
import pytest
import xarray
from helpers.programs import RESPONSE
from helpers.small_campaign import MATERIAL, TINY

from wallnet import api, files
from wallnet.api import studies
from wallnet.config.pulse import parse_current_density
from wallnet.errors import UserError
from wallnet.jobs.code import FOLDER

SYNAPSE = TINY["devices"]["synapse"] | {"material": MATERIAL, "output": TINY["output"]}
DEVICE = api.make_device(**SYNAPSE)
OTHER = api.make_device(**SYNAPSE | {"track": SYNAPSE["track"] | {"width": 80e-9}})
PULSE = {"current_density": 1e12, "duration": 1e-9}
GATHERED = files.dataset("response", RESPONSE).assign_attrs(kind="response", subject="steps")
LACKING = GATHERED.drop_vars("pulse_start")


@pytest.fixture(scope="module")
def traces():
    """Return a trace of the device, and one of a wider track."""
    short = {"relaxation": {"longest": 0}}
    made = (api.make_device(**device.plain() | short) for device in (DEVICE, OTHER))
    return [api.simulate(device, 1e12, progress=False) for device in made]


@pytest.fixture(scope="module")
def minima():
    return api.minima(DEVICE)


@pytest.fixture
def valid(traces, minima, tmp_path):
    """Return valid arguments by function; of a study, those that it needs with any device."""
    (tmp_path / "config.yaml").write_text("devices: {}")
    one, trace = {"device": DEVICE}, {"trace": traces[0]}
    return {
        "load_device": {"path": tmp_path / "config.yaml", "name": "synapse"},
        "make_device": SYNAPSE,
        "simulate": one | {"current_density": 1e12},
        "pulse_train": one | {"pulses": [PULSE]},
        "minimum": one | {"state": "notch 1"},
        "minima": one,
        "states": trace | {"minima": minima},
        "preview": one,
        "rigid_wall": one,
        "energy_path": one | {"first": "notch 1", "second": "between 1 and 2"},
        "sweep": one | {"name": "synapse"},
        "tabulated": {"function": abs, "duration": 1e-9},
        "field": {"data": traces[0]},
        "figure": {"kind": "response", "data": GATHERED},
        "trace_figure": trace,
        "animate": trace | {"path": tmp_path / "wall.gif"},
        "study": one | {"settings": api.Intervals()},
        "described": {"model": api.Intervals},
    }


NUMBERS = (float("nan"), float("inf"), -1, "fast", True, 1j)
DATASETS = (3, "trace.nc", xarray.Dataset(), GATHERED)
PATHS = (3, ["results"], "a\0b")
BAD = {
    "device": ("synapse", None, 3, {}, {"synapse": 3}, SYNAPSE),
    "current_density": (*NUMBERS, 0.5, [1e12], np.array([1e12, 2e12]), "a\nb"),
    "pulses": ([], 3, PULSE, "pulse", [3], [PULSE | {"duration": float("inf")}]),
    "initial": DATASETS,
    "trace": (*DATASETS, None),
    "minima": (*DATASETS, None),
    "state": ("notch 9", 3, None, ["notch 1"], "a\nb"),
    "first": ("notch 9", 3, None, ["notch 1"], "a\nb"),
    "second": ("notch 1", 3, None),
    "spacing": (*NUMBERS, 0, 1e-9, 2),
    "name": ("../x", None, ["a"]),
    "subject": (3, ["a"]),
    "folder": PATHS,
    "processes": (-1, 0, 1.5, "all", True, float("nan")),
    "path": (*PATHS, None, "missing/none.txt"),
    "changes": (3, ["material.damping=1"], {3: 4}, {"material.damping": {1, 2}}),
    "blocks": ({}, {"kind": "measured"}, SYNAPSE | {"track": 3}, SYNAPSE | {"wal": {}}),
    "function": (3, lambda time: "high", lambda time: 2.0, lambda time: float("nan")),
    "duration": (*NUMBERS, 0, 3),
    "temperature": (*NUMBERS, 0, 950.0),
    "sample": (-1, 3, 0.5, "three", True, 10**10),
    "points": (-1, 1, 2.5, "many", True, None, 10**9),
    "data": (3, "trace.nc", None, xarray.Dataset(), LACKING),
    "snapshot": (99, -99, 0.5, "last", None),
    "kind": ("levels", 3, None, ["response"]),
    "traces": PATHS,
    "shown": (3, ["high"], [0.5], "1e12", [1e12 + k * 1e9 for k in range(101)]),
    "frames_per_second": (*NUMBERS, 0),
    "settings": (3, None, {"durations": 3}, DEVICE, api.Intervals),
    "sections": (),
    "model": (3, None, "Intervals", int),
}
"""Bad arguments by parameter; keyword arguments of a function with `**`, as mappings."""

EXEMPT = {"progress", "parameters"}
"""Any value is true or false."""


def calls():
    for name in filter(str.islower, api.__all__):
        for parameter in inspect.signature(getattr(api, name)).parameters.values():
            if parameter.name not in EXEMPT:
                # None leaves out what has no value by default
                values = BAD[parameter.name]
                if parameter.default is None:
                    values = [value for value in values if value is not None]
                yield name, parameter, values


@pytest.mark.parametrize(
    ("name", "parameter", "values"), [pytest.param(*c, id=f"{c[0]}-{c[1].name}") for c in calls()]
)
def test_a_bad_argument_is_refused_in_one_sentence(
    name, parameter, values, valid, tmp_path, monkeypatch
):
    """The sentence begins with a key or the function and ends with the fix, before any job."""
    monkeypatch.chdir(tmp_path)
    platform.processor()  # libraries ask for it as they load; it starts a process once
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a job has started"))
    function, faults = getattr(api, name), []
    for value in values:
        variable = parameter.kind is inspect.Parameter.VAR_KEYWORD
        arguments = value if variable else valid[name] | {parameter.name: value}
        message = "nothing"
        try:
            function(**arguments)
        except UserError as error:
            message = str(error)
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
        keys = [parameter.name, name, str(valid[name].get("path")), str(value)]
        key = "|".join(map(re.escape, keys)) + rf"|api\.{name}: .*({parameter.name}|\.\./x)"
        if not (
            re.match(key, message, re.DOTALL) and all("; " in line for line in message.splitlines())
        ):
            faults.append(f"{value!r}: {message}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "number",
    [
        np.int64(2_000_000_000_000),
        np.float64(2e12),
        np.float32(2e12),
        np.array(2e12),
        xarray.DataArray(2e12),
        xarray.DataArray([1e12, 2e12], dims="J")[1],
        "2e12",
    ],
    ids=lambda number: type(number).__name__,
)
def test_numbers_of_numpy_and_xarray_are_numbers(number, tmp_path):
    """A float32 is its exact value: of 2e12, with 24 bits, 15258789 · 2^17 = 1,999,999,991,808."""
    exact = 1_999_999_991_808 if isinstance(number, np.float32) else 2e12
    assert parse_current_density(number) == exact
    assert type(parse_current_density(number)) is float


@pytest.mark.parametrize("folder", ["config.yaml", "config.yaml/below"])
def test_a_folder_that_cannot_be_made_is_refused_before_any_job(folder, tmp_path, monkeypatch):
    (tmp_path / "config.yaml").write_text("")
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a job has started"))
    study = functools.partial(api.study, api.Barriers())
    for call in (functools.partial(api.sweep, name="synapse"), study):
        with pytest.raises(files.FileError, match=rf"{folder} cannot be written .*; free space"):
            call(device=DEVICE, folder=tmp_path / folder, progress=False)


def test_a_pulse_starts_from_a_trace_of_the_same_track(traces):
    """Of 72 nm, not of 80 nm."""
    for call in (api.simulate, api.pulse_train):
        pulse = 1e12 if call is api.simulate else [PULSE]
        with pytest.raises(UserError, match=r"^initial is a trace of another track; give one of"):
            call(DEVICE, pulse, initial=traces[1], progress=False)


def test_a_trace_with_stairs_is_not_one_with_smooth_edges(traces):
    """One from before smooth edges were the default does not state its edges."""
    smooth = api.make_device(**DEVICE.plain() | {"track": SYNAPSE["track"] | {"edges": "smooth"}})
    old = traces[0].copy()
    old.attrs["parameters"] = old.attrs["parameters"].replace('"edges":"stairs",', "")
    assert old.attrs["parameters"] != traces[0].attrs["parameters"]
    for trace in (traces[0], old):
        with pytest.raises(UserError, match=r"^initial is a trace of another track; give one of"):
            api.simulate(smooth, 1e12, initial=trace, progress=False)
    assert api.simulate(DEVICE, 1e12, initial=old, progress=False).sizes["time"] > 1


def test_an_edited_trace_is_refused_in_one_sentence(traces, tmp_path):
    """Before it is drawn with gaps, or a library stumbles over it."""
    trace = traces[0]
    hole = trace.copy(deep=True)
    hole["magnetization"][2, 9, 5] = np.nan
    timeless = trace.copy(deep=True)
    timeless["snapshot_time"][1] = np.nan
    longer = trace.copy(deep=True)
    longer["m"][0] = [2, 0, 0]
    without_end = trace.copy()
    del without_end["pause_end"]
    path = tmp_path / "a.gif"
    of_text, empty = trace.astype(str), trace.isel(snapshot=slice(0, 0))
    backwards = trace.assign_coords(time=trace["time"][::-1].values)
    placeless = trace.assign_coords(x=trace["x"] * np.nan)
    shapes = (trace.isel(x=0), trace.transpose(), trace.isel(time=slice(0, 0)), empty)
    origins = (trace.assign_attrs(parameters=text) for text in ("x", "{}"))
    others = (hole, timeless, longer, without_end, of_text, backwards, placeless)
    for edited in (*others, *shapes, *origins):
        for call in (api.trace_figure, api.field, lambda data: api.animate(data, path)):
            with pytest.raises(UserError, match=r"is not a whole trace; give one as simulate"):
                call(edited)
    assert not list(tmp_path.iterdir())


def test_edited_minima_and_walls_are_refused_in_one_sentence(traces, minima):
    trace = traces[0]
    for data in (minima.assign_attrs(parameters="x"), minima.isel(placed=slice(0, 0))):
        with pytest.raises(UserError, match=r"^minima = .* is no dataset of minima; give one as"):
            api.states(trace, data)
    for data in (trace.assign_attrs(parameters="x"), trace.isel(time=slice(0, 0))):
        with pytest.raises(UserError, match=r"^trace = .* is not a trace; give one as simulate"):
            api.states(data, minima)


def test_a_track_without_notches_has_no_neighbouring_states():
    track = {key: value for key, value in SYNAPSE["track"].items() if key != "notches"}
    plain = api.make_device(**SYNAPSE | {"kind": "track", "track": track})
    with pytest.raises(UserError, match=r"^energy_path: \(a, b\) are no neigh.* device with notch"):
        api.energy_path(plain, "a", "b")


def test_numpy_s_numbers_simulate_and_name_files(traces, tmp_path):
    """Also inside of lists, and as whole numbers."""
    short = api.make_device(**DEVICE.plain() | {"relaxation": {"longest": np.int64(0)}})
    trace = api.simulate(short, xarray.DataArray(np.float64(1e12)), progress=False)
    assert trace.equals(traces[0])
    assert trace.attrs["parameters"] == traces[0].attrs["parameters"]
    pulse = {"current_density": np.int64(10**12), "duration": np.array(0.1e-9)}
    twice = api.pulse_train(
        short, (pulse | {"repetitions": np.int8(2)} for _ in "a"), progress=False
    )
    assert twice["pulse_current_density"].values.tolist()[1:] == [1e12] * 2
    changed = {"material.damping": np.float32(0.25), "wall.start": xarray.DataArray(48e-9)}
    changed["pulse.current_densities"] = np.array([7e11])
    (tmp_path / "config.yaml").write_text(json.dumps(TINY))
    made = api.load_device(tmp_path / "config.yaml", "synapse", changed)
    assert (made.material.damping, made.wall.start) == (0.25, 48e-9)
    assert made.pulse.current_densities == (7e11,)
    with (
        pytest.warns(DeprecationWarning, match=r"api\.barriers is now api\.study\(api\.Barriers\("),
        pytest.raises(UserError, match=r"barriers\.spacing = 2\.0 is outside the range"),
    ):
        api.barriers(DEVICE, spacing=xarray.DataArray(2.0), progress=False)


@pytest.mark.parametrize("value", [np.bool_(True), np.complex128(1e12), np.timedelta64(10**12)])
def test_other_scalars_of_numpy_are_no_numbers(value):
    with pytest.raises(UserError, match="is not a number; write one from"):
        parse_current_density(value)


def test_the_progress_of_a_run_counts_its_jobs_from_the_beginning(capsys):
    """The first job takes a minute where it compiles the engine."""
    lines = ["9 jobs: 7 trace, 2 initial", "12:00:00 1 of 9 jobs; running: trace"]
    for count, done in ((1, "0 of 9 jobs, "), (2, "1 of 9 jobs, ")):
        text = "\n".join(lines[:count])
        studies._failure_text([sys.executable, "-c", f"print({text!r})"], "sweep", progress=True)
        assert done in capsys.readouterr().err.rstrip().rpartition("\r")[2]


def test_a_run_finds_classes_in_the_folder_of_the_script(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-c", f"import os, sys; sys.exit(os.environ[{FOLDER!r}])"]
    assert studies._failure_text(command, "sweep", progress=False) == f"{tmp_path}\n"
