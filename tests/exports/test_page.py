"""The blocks of docs/exports.md run: commands as they are, lines for other tools with stubs."""

import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.exported import both_ways, exported, run
from helpers.traced import write_trace

from wallnet import cli

PAGE = (Path(__file__).parents[2] / "docs/exports.md").read_text("utf-8")
BLOCKS = [
    block for _, block in re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
]
COMMANDS = [block for block in BLOCKS if block.startswith("wallnet ")]
CALL = "from wallnet.exports import "
RUN = {"aihwkit": "analog = convert_to_analog(", "crosssim": "wall_device.configure("}


def test_every_block_is_run_here():
    starts = ("wallnet ", CALL, *RUN.values(), "from wallnet.files.step_tables ")
    assert [block for block in BLOCKS if not block.startswith(starts)] == []
    assert len(BLOCKS) == len(COMMANDS) + 4


@pytest.fixture
def campaign(tmp_path, monkeypatch):
    """Enter the folder of a campaign with the device and the trace of the page."""
    write_trace(tmp_path, density=0.5e12, name="synapse-5")
    exported(tmp_path, "neurosim", device="synapse-5", **both_ways())
    monkeypatch.chdir(tmp_path)


def test_python_writes_the_same_as_the_command(campaign):
    (call,) = (block for block in BLOCKS if block.startswith(CALL))
    exec(call, {})
    cli.main(shlex.split(COMMANDS[0])[1:])
    texts = [Path(folder, "wall_device.py").read_bytes() for folder in ("from-python", "exported")]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_writes_its_folder(campaign, command):
    _, *arguments = shlex.split(command)
    cli.main(arguments)
    assert [*Path(arguments[-1]).iterdir()]


class Base:
    """A base class of another tool."""

    def __init__(self, *arguments):
        """Take the converter of a noise model."""


class Tool:
    """Functions of another tool, which take the exported settings and note what is called."""

    def __init__(self):
        self.calls = []

    def __call__(self, *arguments):
        """Take a model and settings."""
        self.calls.append(arguments)
        return self

    def __getattr__(self, name):
        return lambda *arguments: self.calls.append((name, *arguments)) or self


@pytest.mark.parametrize("target", RUN)
def test_lines_for_a_tool_use_what_the_file_has(tmp_path, monkeypatch, target):
    folder, _ = exported(tmp_path, target, **both_ways())
    base = {"aihwkit.inference.converter.base": {"BaseConductanceConverter": object}}
    base |= {"aihwkit.inference.noise.base": {"BaseNoiseModel": Base}}
    config = SimpleNamespace(mapping=SimpleNamespace(), forward=SimpleNamespace())
    base |= {"aihwkit.simulator.configs": {"InferenceRPUConfig": lambda **keys: config}}
    enums = dict.fromkeys(
        ("NoiseManagementType", "BoundManagementType", "WeightNoiseType"),
        SimpleNamespace(NONE=0, ADDITIVE_CONSTANT=1),
    )
    base |= {"aihwkit.simulator.parameters": {"enums": SimpleNamespace(**enums)}}
    base |= {"simulator.backend": {"ComputeBackend": SimpleNamespace}}
    base |= {"simulator.devices.idevice": {"EmptyDevice": object}}
    module, tool = run(folder, monkeypatch, **base), Tool()
    errors = ("programming_error", "drift_error", "read_noise")
    device = SimpleNamespace(**{name: SimpleNamespace() for name in errors})
    params = SimpleNamespace(xbar=SimpleNamespace(device=device))
    (block,) = (block for block in BLOCKS if block.startswith(RUN[target]))
    own = {"wall_device": module, "model": "model", "params": params}
    exec(block, own | {"convert_to_analog": tool, "from_torch": tool})
    if target == "aihwkit":
        made, *calls = tool.calls
        assert made == ("model", config)
        assert [name for name, *_ in calls] == [
            "eval",
            "program_analog_weights",
            "drift_analog_weights",
        ]
    else:
        assert tool.calls == [("model", params)]
        assert device.time == pytest.approx(3.156e8, abs=1)
        assert device.read_noise.enable


def test_tables_are_read_and_sampled(tmp_path, monkeypatch):
    axis, up = "6e-05,8e-05,1e-04", "1e-06,2e-06,3e-06"
    for name, sign in (("increasing", ""), ("decreasing", "-")):
        rows = ["a comment", axis, "0,1", *[",".join(sign + v for v in up.split(","))] * 2]
        (tmp_path / f"dG_{name}0.txt").write_text("\n".join(rows))
    monkeypatch.chdir(tmp_path)
    (block,) = (block for block in BLOCKS if block.startswith("from wallnet.files"))
    own = {"generator": np.random.default_rng(1)}
    exec(block, own)
    # steps of 2 µS at 80 and 2.5 µS at 90 µS, which rise by 0.05 with each µS
    expected = [80 + 2 * (1.05**3 - 1) / 0.05, 90 + 2.5 * (1.05**3 - 1) / 0.05]
    assert own["ended"] / 1e-6 == pytest.approx(expected, abs=1e-6)
