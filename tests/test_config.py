"""The configuration: what it accepts, and the sentence for what it refuses."""

import copy
import math
import re
import subprocess
import sys

import numpy as np
import pytest
from pydantic import ValidationError
from small_campaign import ROOT

from wallnet import config
from wallnet.config import jobs


def put(data, path, value):
    *parents, last = path.split(".")
    for key in parents:
        data = data.setdefault(key, {})
    if value is None:
        del data[last]
    else:
        data[last] = value


def test_the_campaign_of_the_repository_is_valid():
    campaign = config.load(ROOT / "config.yaml")
    assert campaign.of_kind("neuron") == ["neuron"]
    assert {"synapse-5", "synapse-10"} <= set(campaign.of_kind("synapse"))
    paper = [0.10e12, 0.15e12, 0.20e12, 0.25e12, 0.30e12, 0.35e12, 0.40e12, 0.45e12]
    assert campaign.devices["neuron"].pulse.current_densities == pytest.approx(
        paper, rel=1e-6, abs=0
    )


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("material.damping", None, "material.damping is missing; add it"),
        ("material.dampin", 0.3, "material.dampin is not a key of the configuration"),
        ("material.damping", "heavy", "material.damping = 'heavy' is not a number"),
        ("material.damping", True, "material.damping = True is not a number"),
        ("material.damping", float("nan"), "material.damping = nan is not finite"),
        ("material.uniaxial_anisotropy", 1e5, "material.uniaxial_anisotropy is 100000 J/m³"),
        ("devices.neuron.track.length", 512, "devices.neuron.track.length = 512 is outside"),
        ("devices.neuron.track.cell_size", 3e-9, "track.cell_size 3e-09 m does not divide length"),
        ("devices.neuron.pulse.current_densities", [0.1], "current densities are in A/m²"),
        ("devices.neuron.pulse.current_densities", [], "current_densities is not a list"),
        ("devices.neuron.pulse.current_densities", [0.12345678e12] * 5, "finer than the 1e8"),
        ("devices.neuron.pulse.current_densities", [0.1e12] * 9, "has 1 values from 0 upwards"),
        (
            "devices.neuron.pulse.current_densities",
            [-0.3e12, -0.2e12, -0.1e12, 0, 0.1e12, 0.2e12, 0.3e12],
            "has 4 values from 0 upwards, fewer than the 5 that a quartic needs",
        ),
        (
            "devices.synapse.shown",
            [0.5e12, 0.123e12],
            "devices.synapse.shown has 1.23e+11 A/m², which is none of pulse.current_densities",
        ),
        ("networks.table_ii", {"synapse": 6}, "networks.table_ii.synapse"),
        ("networks.table_ii", {"neuron": 5}, "networks.table_ii names neuron, which is none of"),
        ("devices.neuron.wall.start", 300e-9, "wall.start 3e-07 m lies outside the track"),
        ("devices.neuron.detector.stop", 20e-9, "do not mark a stretch"),
        ("devices.neuron.read_at", 1e-9, "read_at 1e-09 s lies after the end"),
        (
            "devices.neuron.read_at",
            "later",
            "devices.neuron.read_at is 'later'; use 'pulse_end', 'rest' or a time",
        ),
        ("devices.neuron.kind", "nerve", "devices.neuron.kind is 'nerve'; use 'neuron'"),
        ("devices.synapse.track.notches.diameter", 70e-9, "leaves no film between"),
        ("devices.synapse.track.notches.count", 40, "notches overlap"),
        ("devices.synapse.track.notches.positions", [9e-9], "needs either count"),
        (
            "devices.synapse.track.notches",
            {"diameter": 8e-9, "positions": [4e-7]},
            "outside the tra",
        ),
        ("devices.synapse.track.notches", {"diameter": 8e-9}, "needs either count"),
        ("devices.synapse.track", 3, "devices.synapse.track is 3, not a block of keys"),
        ("devices.synapse.calculator", "mumax", "calculator is 'mumax'; use 'film' or 'oommf'"),
        ("devices.synapse.like", "nothing", "devices.synapse.like names 'nothing'"),
        ("devices.synapse.like", "synapse", "devices.synapse.like leads back to itself"),
        ("devices.Synapse", {}, "devices.Synapse cannot name files"),
        ("devices", {}, "devices is missing or empty"),
        (
            "deviecs",
            {},
            "deviecs is not a key of the configuration; remove it (did you mean devices",
        ),
        ("output.snapshot_interval", 1e-12, "snapshot_interval is shorter than interval"),
    ],
)
def test_bad_input_is_one_sentence_with_the_key(tiny, path, value, words):
    put(tiny, path, value)
    with pytest.raises(config.ConfigError) as refused:
        config.parse(tiny)
    sentences = str(refused.value).splitlines()
    assert len(sentences) == 1, sentences
    assert words in sentences[0]
    assert sentences[0].startswith("config.yaml: ")


def refusal(**track):
    """Return why a track is refused, or None."""
    try:
        config.Track.model_validate({"thickness": 2e-9, **track})
    except ValidationError as refused:
        return refused.errors()[0]["msg"]
    return None


SUGGESTED = re.compile(r"choose (\S+) m(?: or (\S+) m)?, which divides both length and width$")


@pytest.mark.parametrize(
    ("length", "width"),
    [
        (512e-9, 64e-9),
        (1500e-9, 150e-9),
        (200e-9, 32e-9),
        (1500e-9, 151.3e-9),
        (1000e-9, 333.3333333e-9),
        (150e-9, 1500e-9),
        (1e-3, 1e-9),
    ],
)
def test_every_cell_size_that_is_suggested_is_accepted(length, width):
    counts = {"suggested": 0, "none": 0}
    for cell in (*np.geomspace(0.3e-9, 9e-9, 80), 4e-9, 3.94737e-9, 100e-9, 2e-6):
        size = {"length": length, "width": width}
        message = refusal(**size, cell_size=cell)
        if message is None or "does not divide" not in message:
            continue
        if suggestions := SUGGESTED.search(message):
            values = [float(text) for text in suggestions.groups() if text]
            for value in values:
                assert refusal(**size, cell_size=value) is None, message
            near = min(cell, length, width)
            assert all(near / 2.001 <= value <= 2.001 * cell for value in values)
            assert len(values) == 1 or values[0] < cell < values[1]
            counts["suggested"] += 1
        else:
            assert f"no cell size near it divides both length {length:g} m and width" in message
            assert message.endswith("; change one of these two")
            # and so it is
            for value in near_cells(length, width, cell):
                assert refusal(**size, cell_size=value) is not None
            counts["none"] += 1
    assert counts["none" if 151.3e-9 in (length, width) else "suggested"]


def near_cells(length, width, cell):
    """Return what divides the shorter side, within a factor of two."""
    short = min(length, width)
    counts = range(math.ceil(short / (2 * cell)), math.floor(2 * short / cell) + 1)
    return [short / count for count in counts if count]


def test_a_cell_size_that_does_not_fit_is_told_its_nearest_neighbours():
    message = refusal(length=1500e-9, width=150e-9, cell_size=4e-9)
    assert message.endswith(
        "cell_size 4e-09 m does not divide width 1.5e-07 m; choose 3.947368421e-09 m or "
        "4.054054054e-09 m, which divides both length and width"
    )


def test_a_suggested_cell_size_leaves_film_between_the_notches():
    track = {"length": 100e-9, "width": 50e-9, "notches": {"count": 2, "diameter": 20e-9}}
    message = refusal(**track, cell_size=14e-9)
    assert message.endswith("choose 1.25e-08 m, which divides both length and width")


def test_a_shared_fault_is_said_once_and_by_its_own_key(tiny):
    tiny["material"]["damping"] = -1
    with pytest.raises(config.ConfigError) as refused:
        config.parse(tiny)
    assert str(refused.value).startswith("config.yaml: material.damping = -1")


def test_a_device_that_varies_another_states_only_the_difference(tiny):
    tiny["devices"]["variant"] = {"like": "synapse", "material": {"damping": 0.1}}
    campaign = config.parse(tiny)
    variant, model = campaign.devices["variant"], campaign.devices["synapse"]
    assert variant.material.damping == 0.1
    assert model.material.damping == 0.5
    assert variant.track == model.track


def test_numbers_that_yaml_leaves_as_text_are_numbers(tmp_path, tiny):
    import yaml

    path = tmp_path / "config.yaml"
    text = yaml.safe_dump(tiny).replace("damping: 0.5", "damping: 5e-1")
    assert "5e-1" in text
    path.write_text(text)
    assert config.load(path).devices["synapse"].material.damping == 0.5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("devices: {a: 1}\ndevices: {b: 2}\n", "devices stands twice"),
        ("devices:\n  a: {kind: track}\n  a: {kind: track}\n", "a stands twice"),
        ("a: [1, 2\n", "is not valid YAML"),
        ("- 1\n", "holds no keys"),
        ("a: &x [1]\nb: *x\n", "uses a YAML alias"),
        ("a: !!python/object/apply:os.system [ls]\n", "is not valid YAML"),
        ("a: \xff", "holds no keys|missing or empty|not a key"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path, text, words):
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(config.ConfigError, match=words):
        config.load(path)


def test_a_missing_binary_or_huge_file_is_refused(tmp_path):
    path = tmp_path / "config.yaml"
    with pytest.raises(config.ConfigError, match="cannot be read"):
        config.load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(config.ConfigError, match="is not UTF-8"):
        config.load(path)
    path.write_bytes(b"a" * (config.LARGEST_FILE + 1))
    with pytest.raises(config.ConfigError, match="is larger than"):
        config.load(path)


@pytest.mark.parametrize("density", [0.5e12, -0.1e12, 1.4e12, 1e8, 12.3456e12])
def test_file_names_of_currents_are_canonical(density):
    name = config.current_name(density)
    assert config.parse_current(name) == density
    assert len(name.rpartition(".")[2]) == 4


def test_a_job_holds_what_matters_and_nothing_else(tiny):
    device = config.parse(tiny).devices["synapse"]
    before = jobs.pulse_job(device, 0.5e12).to_json()
    assert config.SimulationJob.from_json(before).to_json() == before
    for path, value, matters in [
        ("material.damping", 0.3, True),
        ("output.interval", 10e-12, True),
        ("film", {"frozen_change": 0.0}, True),
        ("devices.synapse.wall.start", 44e-9, True),
        ("devices.synapse.detector", {"parallel_conductance": 2e-4}, False),
        ("devices.synapse.read_at", "pulse_end", False),
        ("oommf", {"threads": 2}, False),
        ("figures", {"font_size": 9}, False),
    ]:
        changed = copy.deepcopy(tiny)
        put(changed, path, value)
        after = jobs.pulse_job(config.parse(changed).devices["synapse"], 0.5e12).to_json()
        assert (after != before) == matters, path


def test_keys_changed_by_hand(tmp_path, tiny):
    import yaml

    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(tiny))
    device = config.load_device(path, "synapse", ["material.damping=0.2", "wall.start=44e-9"])
    assert (device.material.damping, device.wall.start) == (0.2, 44e-9)
    for change, words in [("damping", "is not KEY=VALUE"), ("material.alpha=1", "not a key")]:
        with pytest.raises(config.ConfigError, match=words):
            config.load_device(path, "synapse", [change])
    with pytest.raises(config.ConfigError, match="has no device 'axon'; it has: neuron, synapse"):
        config.load_device(path, "axon")
    with pytest.raises(config.ConfigError, match="current densities are in A/m²"):
        config.parse_current_density("0.5")


def test_every_scheduler_job_can_afford_the_configuration():
    """What costs seconds to import stays out of what each job parses."""
    code = (
        "import sys; import wallnet.config, wallnet.files, wallnet.revisions, wallnet.config.jobs;"
        "heavy = {'numpy', 'scipy', 'numba', 'xarray', 'torch', 'matplotlib'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_left_out_has_valid_values(tiny):
    """Defaults are within their own bounds, as they are when a job reads them back."""
    campaign = config.parse(tiny)
    for section in (campaign.figures, campaign.devices["synapse"], campaign.networks):
        assert type(section).model_validate_json(section.model_dump_json()) == section


def test_a_sweep_may_pass_through_zero():
    sweep = config.Pulse(
        duration=1e-9, current_densities=[{"start": -0.45e12, "stop": 0.45e12, "step": 0.05e12}]
    ).current_densities
    assert len(sweep) == 19
    assert sweep[9] == 0
    assert sweep == tuple(sorted(-density for density in sweep))
    assert jobs.current_name(sweep[9]) == "0.0000"
    assert jobs.current_name(sweep[8]) == "-0.0500"
    assert [jobs.parse_current(jobs.current_name(density)) for density in sweep] == list(sweep)
    assert config.parse_current_density("0") == 0


def test_figures_and_rows_of_the_paper_are_part_of_no_simulation(tiny):
    plain = config.parse(tiny)
    tiny["devices"]["synapse"]["shown"] = [1.5e12]
    changed = config.parse(tiny)
    one, other = (campaign.devices["synapse"] for campaign in (plain, changed))
    assert jobs.pulse_job(one, 1.5e12) == jobs.pulse_job(other, 1.5e12)
    assert jobs.device_job(one) == jobs.device_job(other)
