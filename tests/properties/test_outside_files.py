"""External jobs and files are rejected in one sentence, and no code in them is executed."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.junk import REPOSITORY, ROOT, as_json, plain_junk, spoilt, spoilt_text
from hypothesis import given
from hypothesis import strategies as st

from wallnet import cli, config, files, jobs

CAMPAIGN = config.parse(REPOSITORY)
SYNAPSE = CAMPAIGN.devices["synapse-5"]
JOBS = {
    jobs.SimulationJob: [
        jobs.pulse_job(SYNAPSE, 0.5e12).to_json(),
        jobs.initial_job(CAMPAIGN.devices["neuron"]).to_json(),
    ],
    jobs.DeviceJob: [jobs.device_job(device).to_json() for device in CAMPAIGN.devices.values()],
    jobs.DataJob: [jobs.data_job(CAMPAIGN.networks, "mnist").to_json()],
    jobs.TrainingJob: [jobs.training_job(CAMPAIGN.networks, "mnist", "plain", 1).to_json()],
    jobs.ContinuingJob: [jobs.continuing_job(CAMPAIGN.networks, "mnist", "tuned", 1).to_json()],
    jobs.MappingJob: [
        jobs.mapping_job(CAMPAIGN.networks, "mnist", "synapse-5", "series", 1).to_json()
    ],
    jobs.AccuracyJob: [jobs.accuracy_job(CAMPAIGN.networks).to_json()],
}


def spoilt_jobs(texts):
    import json

    return st.one_of(
        spoilt([json.loads(text) for text in texts], plain_junk).map(as_json),
        st.sampled_from(texts).flatmap(spoilt_text),
        plain_junk.map(as_json),
        st.sampled_from(["", "null", "[" * 100_000, "1" * 5000, "NaN", '{"a":' * 5000]),
    )


def check_one_sentence(error):
    assert "\n" not in str(error), str(error)
    assert "--job" in str(error)


def check_named(error, path):
    assert str(path) in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize("kind", JOBS)
@given(data=st.data())
def test_a_spoilt_job_is_one_sentence(kind, data):
    text = data.draw(spoilt_jobs(JOBS[kind]))
    try:
        job = kind.from_json(text)
    except config.ConfigError as error:
        check_one_sentence(error)
    else:
        assert kind.from_json(job.to_json()).to_json() == job.to_json()


@pytest.mark.parametrize("command", ["simulate", "initial", "device"])
@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', "NaN", '{"calculator_name": "film"}'])
def test_the_command_line_says_it_in_one_sentence(command, text, tmp_path):
    more = ["--initial", "i.nc", "--traces", "t"] if command == "device" else []
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--job", text, "--out", str(tmp_path / "out.nc"), *more])
    message = str(ended.value)
    assert message.startswith("wallnet: --job")
    assert "\n" not in message
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """Return a small file with its digest, and its bytes."""
    path = tmp_path_factory.mktemp("state") / "results" / "initial.nc"
    values = np.linspace(-1, 1, 3 * 40 * 10, dtype=np.float32).reshape(10, 40, 3)
    places = {"x": np.arange(40) * 1e-9, "y": np.arange(10) * 1e-9}
    data = files.dataset("initial", {"initial_magnetization": values, **places})
    files.write_dataset(data, path, "initial", {"parameters": "{}"})
    return path, path.read_bytes()


@given(data=st.data())
def test_any_damage_to_a_netcdf_file_is_found(state, data):
    """The digest finds a changed bit, a missing end, a hole and a repeated part."""
    path, whole = state
    first = data.draw(st.integers(0, len(whole) - 1))
    length = data.draw(st.integers(1, 2000))
    how = data.draw(st.sampled_from(["flip", "truncate", "zero", "repeat", "append"]))
    garbled = bytearray(whole)
    if how == "flip":
        garbled[first] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "truncate":
        del garbled[first:]
    elif how == "zero":
        garbled[first : first + length] = bytes(len(garbled[first : first + length]))
    elif how == "repeat":
        garbled[first:first] = whole[first : first + length]
    else:
        garbled += data.draw(st.binary(min_size=1, max_size=50))
    if bytes(garbled) == whole:
        return
    path.write_bytes(garbled)
    with pytest.raises(files.FileError) as refused:
        files.read_dataset(path, "initial")
    check_named(refused.value, path)
    assert files.find_damaged(path.parent) == {str(path): files.whole.NOT_WRITTEN}


UNSEALED = """
import contextlib, os, random, sys, traceback
from pathlib import Path
from wallnet import files

whole, count, seed = Path(sys.argv[1]).read_bytes(), int(sys.argv[2]), int(sys.argv[3])
path = Path(sys.argv[1]).with_name("garbled.nc")
# imports what the processes below then share
with contextlib.suppress(files.FileError):
    files.read_dataset(sys.argv[1], "initial")
chance = random.Random(seed)
ended = {"read": 0, "refused": 0, "escaped": 0, "crashed": 0}


def outcome():
    # the library may crash on some damage, which depends on what its memory contains
    child = os.fork()
    if child:
        status = os.waitpid(child, 0)[1]
        if os.WIFSIGNALED(status):
            return "crashed"
        return ("read", "refused", "escaped")[os.WEXITSTATUS(status)]
    code = 2
    try:
        files.read_dataset(path, "initial")
        code = 0
    except files.FileError:
        code = 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


for _ in range(count):
    garbled = bytearray(whole)
    for _ in range(chance.randint(1, 20)):
        garbled[chance.randrange(len(garbled))] = chance.randrange(256)
    if chance.random() < 0.3:
        del garbled[chance.randrange(len(garbled)):]
    path.write_bytes(garbled)
    ended[outcome()] += 1
print(*ended.values())
"""


def test_garbled_foreign_netcdf_never_escapes_as_a_foreign_error(state, tmp_path):
    """Without a digest the library reads the damage, in processes that it may crash: some few."""
    count = int(os.environ.get("GARBLED_FILES", "200"))
    path = tmp_path / "foreign.nc"
    path.write_bytes(state[1])
    command = [sys.executable, "-c", UNSEALED, str(path), str(count), "1"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]
    read, refused, escaped, crashed = map(int, result.stdout.split())
    assert read + refused + escaped + crashed == count
    assert escaped == 0, result.stderr[-2000:]
    assert refused > count / 2
    # one of 200 is observed in some environments, none in others
    assert crashed <= count / 50


def test_nothing_from_outside_is_executed():
    """YAML is loaded safely, arrays and networks without pickle, and no text is evaluated."""
    sources = {p: p.read_text(encoding="utf-8") for p in Path(ROOT, "src/wallnet").rglob("*.py")}
    assert len(sources) > 20
    safe = {"torch.load": "weights_only=True", "np.load": "allow_pickle=False"}
    for path, text in sources.items():
        for call in ast.walk(ast.parse(text)):
            if isinstance(call, ast.Call) and (keyword := safe.get(ast.unparse(call.func))):
                given = [f"{each.arg}={ast.unparse(each.value)}" for each in call.keywords]
                assert keyword in given, path
        assert not re.search(r"\byaml\.(unsafe_load|full_load|load)\(|\ballow_pickle=True", text), (
            path
        )
        assert not re.search(r"^\s*(import|from) (pickle|marshal|shelve|dill)\b", text, re.M), path
        assert not re.search(r"(?<![.\w])(eval|exec)\(|shell=True|os\.system\(", text), path


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system ['touch executed']",
        "a: !!python/name:os.system",
        "!!python/object/new:os.system ['touch executed']",
    ],
)
def test_yaml_that_calls_is_refused(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(config.ConfigError, match="config.yaml"):
        config.load("config.yaml")
    assert not (tmp_path / "executed").exists()


def test_a_device_changed_by_hand_is_no_way_round(tmp_path):
    change = ["material.damping=!!python/object/apply:os.getcwd []"]
    with pytest.raises(config.ConfigError, match="no valid value"):
        config.load_device(ROOT / "config.yaml", "neuron", change)
