"""Exports: whole or not at all, one sentence for what is missing, plain data from plain data."""

import ast
import csv
import json
import runpy
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from helpers.exported import DEVICE, both_ways, exported
from helpers.measured import CAMPAIGN
from helpers.synthetic import one_sentence

from wallnet import cli
from wallnet.config import ConfigError
from wallnet.exports import TARGETS, Device, export
from wallnet.files import FileError

OF_PYTHON = ["aihwkit", "crosssim"]


def test_published_accuracies_of_tools_agree():
    """All causes of the script; means differ by less than four of their standard errors."""
    root = Path(__file__).parents[2]
    with open(root / "docs/results/exports.csv", newline="", encoding="utf-8") as stream:
        rows = [*csv.DictReader(stream)]
    means, errors = defaultdict(list), defaultdict(list)
    for row in rows:
        means[row["cause"]].append(float(row["mean"]))
        errors[row["cause"]].append(float(row["deviation"]) / int(row["draws"]) ** 0.5)
    assert [*means] == [*runpy.run_path(str(root / "benchmarks/exports.py"))["CAUSES"]]
    for cause, values in means.items():
        assert len(values) == 3
        assert np.ptp(values) <= 4 * np.hypot(*sorted(errors[cause])[1:]), cause


@pytest.mark.parametrize("target", [name for name in TARGETS if name not in ("maps", "mumax3")])
def test_each_target_states_tool_gaps_and_sources(tmp_path, target):
    folder, _ = exported(tmp_path, target, **both_ways())
    text = (folder / "README.txt").read_text("utf-8")
    assert text.startswith("wall (series) for ")
    assert "What it cannot hold: " in text
    assert "{" not in text  # numbers are filled in
    assert "  gain_spread: assumed: ten per cent" in text


def test_the_command_prints_the_folder(tmp_path, capsys):
    exported(tmp_path, "neurosim")
    out = str(tmp_path / "states")
    cli.main(["export", DEVICE, "--to", "neurosim", "--out", out, "--directory", str(tmp_path)])
    assert capsys.readouterr().out == f"{out}\n"


def test_a_target_without_a_module_is_one_sentence(tmp_path):
    with pytest.raises(ConfigError) as caught:
        export(Device(DEVICE, tmp_path), "aihwkitt", tmp_path / "out")
    one_sentence(caught, "--to", "aihwkit")


@pytest.mark.parametrize(
    ("name", "error", "parts"),
    [
        ("my-device", FileError, ["my-device.nc is not there", "run snakemake results/imperf"]),
        # snakemake knows no rule for it
        ("my-devise", ConfigError, ["DEVICE names 'my-devise'", "did you mean my-device?"]),
        # its rule could not make them
        ("neuron", ConfigError, ["DEVICE names 'neuron', which is not a device with levels"]),
    ],
)
def test_a_device_without_imperfections_is_one_sentence_and_leaves_nothing(
    tmp_path, name, error, parts
):
    neuron = "devices:\n  neuron: {kind: measured, activation: activation.csv}\n"
    (tmp_path / "config.yaml").write_text(CAMPAIGN.replace("devices:\n", neuron))
    with pytest.raises(error) as caught:
        export(Device(name, tmp_path), "neurosim", tmp_path / "out")
    one_sentence(caught, *parts)
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]


def test_a_folder_that_exists_stays_as_it_is(tmp_path):
    folder, _ = exported(tmp_path, "neurosim")
    before = (folder / "mem_states.csv").read_bytes()
    with pytest.raises(FileError) as caught:
        exported(tmp_path, "neurosim")
    one_sentence(caught, "exists", "new folder")
    assert (folder / "mem_states.csv").read_bytes() == before


def test_a_device_that_is_not_read_so_is_one_sentence(tmp_path):
    exported(tmp_path, "neurosim")
    with pytest.raises(FileError) as caught:
        export(Device(DEVICE, tmp_path, "parallel"), "neurosim", tmp_path / "out")
    one_sentence(caught, "has no readout parallel")


@pytest.mark.parametrize("target", OF_PYTHON)
def test_a_device_without_pulses_is_one_sentence(tmp_path, target):
    with pytest.raises(FileError) as caught:
        exported(tmp_path, target, landing_count=np.zeros((1, 4, 3, 4), int))
    one_sentence(caught, "counts no pulse from initial", "landing_count")


def test_steps_need_pulses_in_both_directions(tmp_path):
    with pytest.raises(FileError) as caught:
        exported(tmp_path, "tables")
    one_sentence(caught, "lacks a pulse", "landing_count")


@pytest.mark.parametrize(
    ("target", "tool", "missing"),
    [
        ("aihwkit", "aihwkit", "aihwkit"),
        ("aihwkit", "aihwkit", "torch"),
        ("crosssim", "CrossSim 3", "simulator"),
    ],
)
def test_a_file_names_the_tool_that_is_not_installed(tmp_path, monkeypatch, target, tool, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    folder, _ = exported(tmp_path, target)
    with pytest.raises(ImportError, match=f"^this file needs {tool}: "):
        runpy.run_path(str(folder / "wall_device.py"))


@pytest.mark.parametrize("target", OF_PYTHON)
def test_a_file_needs_no_wallnet_and_runs_no_text_of_users(tmp_path, target):
    text = '"""\nraise SystemExit("run")\n\'\'\'\\'
    states = ["initial", text, "reversed", "free"]
    sources = {"read_noise": text}
    folder, _ = exported(tmp_path, target, sources, device_state=states, start_state=states)
    tree = ast.parse((folder / "wall_device.py").read_text("utf-8"))
    modules = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    modules |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not any(name.startswith("wallnet") for name in modules)
    data = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
    }["DATA"]
    assert data["device_state"] == states
    assert data["sources"] == sources
    assert json.loads(json.dumps(data["read_noise"])) == [0.0] * 3
