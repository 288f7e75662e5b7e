"""Warnings of a configuration: what is doubtful of valid values, and where it is shown."""

import copy
import math

import pytest

from wallnet import api, plan
from wallnet.config import ConfigError
from wallnet.page.findings import Findings
from wallnet.plan.summary import summary_job

WARM = {"ambient": 358.0, "measured_at": 300.0}


def in_cells_of(tiny, cell):
    """Return the campaign with a synapse of 80 × 16 cells of a size in nm."""
    data = copy.deepcopy(tiny)
    size = {"cell_size": cell * 1e-9, "length": 80 * cell * 1e-9, "width": 16 * cell * 1e-9}
    data["devices"]["synapse"]["track"] |= size
    data["barriers"] = {"devices": []}
    return data


def delta(cell, ratio):
    """Return Δ in nm on 16 cells, 2 nm thick, at a magnetisation relative to that at 300 K."""
    p = 2 / (16 * cell)
    n_z = (
        (1 - p**2) / (2 * p) * math.log1p(p**2) + p * math.log(p) + 2 * math.atan(1 / p)
    ) / math.pi
    stiffness = 1e6 * ratio**3 - 4e-7 * math.pi * (1.1e6 * ratio) ** 2 / 2 * n_z
    return math.sqrt(2e-11 * ratio**2 / stiffness) / 1e-9


# at 358 K, the magnetisation is 0.94031 of that at 300 K
@pytest.mark.parametrize(
    ("ratio", "silent", "warned", "refused"),
    [(1.0, (4.0, 4.26), (4.27, 8.77), 8.79), (0.94031, (4.27, 4.85), (4.86, 10.05), 10.06)],
)
def test_cells_that_do_not_resolve_a_wall(tiny, ratio, silent, warned, refused):
    tiny["devices"]["synapse"] |= {"temperature": WARM} if ratio < 1 else {}
    for cell in silent:
        assert plan.parse(in_cells_of(tiny, cell)).warnings == ()
    for cell in warned:
        (sentence,) = plan.parse(in_cells_of(tiny, cell)).warnings
        limit = f"{delta(cell, ratio) / 2:.4g}e-09"
        key = f"devices.synapse.track.cell_size {cell * 1e-9:g} m is above {limit} m, the smaller"
        assert sentence.startswith(key)
    width = f"{delta(refused, ratio) * 1e-9:.4g}"
    with pytest.raises(ConfigError, match=f"track.cell_size .* Δ = √\\(A/K_eff\\) = {width} m"):
        plan.parse(in_cells_of(tiny, refused))


def test_a_warning_that_devices_inherit_is_said_once_where_it_is_written(tiny):
    data = in_cells_of(tiny, 6.0)
    data["devices"]["heir"] = {"like": "synapse", "material": {"damping": 0.3}}
    data["devices"]["fine"] = {"like": "synapse", "track": {"cell_size": 3e-9}}
    data["devices"]["long"] = {"like": "fine", "pulse": {"duration": 1.5e-7}}
    data["devices"]["cold"] = {"like": "fine", "temperature": {"ambient": 27.0}}
    sentences = plan.parse(data).warnings
    starts = [
        "devices.synapse.track.cell_size 6e-09 m",
        "devices.long.pulse.duration is 1.5e-07 s, longer than usual; write 1.5e-9 for 1.5 ns",
        "devices.cold.temperature.ambient is 27 K, that is -246 °C; write 300.15 if it is in °C",
    ]
    assert len(sentences) == 3
    for start in starts:
        assert any(sentence.startswith(start) for sentence in sentences), start


def test_calls_from_python_warn(campaign, tiny):
    data = in_cells_of(tiny, 6.0)
    campaign.configure(data)
    with pytest.warns(UserWarning, match=r"config\.yaml: devices\.synapse\.track\.cell_size 6e-09"):
        api.load_device(campaign.folder / "config.yaml", "synapse")
    synapse = data["devices"]["synapse"] | {"material": data["material"]}
    with pytest.warns(UserWarning, match=r"make_device: devices\.device\.track\.cell_size 6e-09"):
        api.make_device(**synapse)


def test_a_warning_is_in_the_overview_and_on_the_page(tiny, tmp_path):
    campaign = plan.parse(in_cells_of(tiny, 6.0))
    job = summary_job(campaign).model_copy(update={"devices": (), "studied": ()})
    assert Findings.of(job, tmp_path).warnings == [*campaign.warnings]


def test_a_dry_run_shows_a_warning(campaign, tiny):
    campaign.configure(in_cells_of(tiny, 6.0))
    result = campaign.snakemake("--dry-run", "devices")
    sentence = "config.yaml: devices.synapse.track.cell_size 6e-09 m is above 4.329e-09 m"
    assert (result.stdout + result.stderr).count(sentence) == 1


def warned(tiny, name="synapse", **blocks):
    """Return the sentences about a device alone, with keys of its blocks changed."""
    device = tiny["devices"][name]
    for block, changes in blocks.items():
        device[block] = device.get(block, {}) | changes if isinstance(changes, dict) else changes
    return plan.parse(tiny | {"devices": {name: device}, "barriers": {"devices": []}}).warnings


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"relaxation": {"longest": 0}},
            "relaxation.longest is 0, so that read_at: rest reads the wall as the pulse ends; "
            "write read_at: pulse_end, or lengthen relaxation.longest",
        ),
        (
            {"relaxation": {"longest": 0.19e-9}},
            "relaxation.hold 2e-10 s is longer than relaxation.longest 1.9e-10 s, so that",
        ),
        (
            {"heavy_metal": {"spin_hall_angle": -0.3}},
            "heavy_metal.spin_hall_angle is -0.3 beside material.polarization 0.4, so that the "
            "metal carries 1.33 J for the torque of J; write material.polarization: 0.3 if",
        ),
    ],
)
def test_keys_that_do_not_fit_each_other_are_doubted(tiny, changes, sentence):
    (text,) = warned(tiny, **changes)
    assert text.startswith(f"devices.synapse.{sentence}")


@pytest.mark.parametrize(
    "changes",
    [
        {"relaxation": {"longest": 0}, "read_at": "pulse_end"},
        {"relaxation": {"longest": 0.2e-9}},
        {"relaxation": {"longest": 0}, "temperature": {"ambient": 300.0}},
        {"heavy_metal": {"spin_hall_angle": -0.4}},
        {"stack": "w-cofeb"},
    ],
)
def test_keys_that_fit_each_other_are_not_doubted(tiny, changes):
    assert warned(tiny, **changes) == ()


# the exchange length is 5.129 nm
@pytest.mark.parametrize(("thickness", "times"), [(5.1, 0), (5.2, 1), (51.2, 1), (51.4, 10)])
def test_a_film_thicker_than_the_exchange_length_is_doubted_and_refused(tiny, thickness, times):
    track = {"thickness": thickness * 1e-9}
    sentence = f"devices.synapse.track.thickness {thickness * 1e-9:g} m is above {times} × the exch"
    if times == 10:
        with pytest.raises(ConfigError, match=sentence):
            warned(tiny, track=track)
    else:
        # in a strip this thick, Δ is short as well
        assert sum(text.startswith(sentence) for text in warned(tiny, track=track)) == times


# notches at 120 and 240 nm, the middle of the neuron's track at 100 nm
@pytest.mark.parametrize(
    ("device", "start", "densities", "dmi", "side"),
    [
        ("synapse", 40, [-0.5e12, -0.7e12], 1e-3, "left"),
        ("synapse", 120, [-0.5e12, 0.0], 1e-3, "left"),
        ("synapse", 124, [-0.5e12], 1e-3, ""),
        ("synapse", 40, [0.5e12, 0.7e12], -1e-3, "left"),
        ("synapse", 240, [0.5e12], 1e-3, "right"),
        ("synapse", 236, [0.5e12], 1e-3, ""),
        ("neuron", 40, [0.0, 0.1e12, 0.2e12, 0.3e12, 0.4e12], -1e-3, "left"),
        ("neuron", 160, [0.0, 0.1e12, 0.2e12, 0.3e12, 0.4e12], -1e-3, ""),
    ],
)
def test_pulses_that_drive_the_wall_off_the_track_are_doubted(
    tiny, device, start, densities, dmi, side
):
    changes = {"pulse": {"current_densities": densities}, "wall": {"start": start * 1e-9}}
    sentences = warned(tiny, device, material={"dmi_constant": dmi}, **changes)
    key = f"devices.{device}.pulse.current_densities all drive the wall to the {side}, where no "
    assert [text.startswith(key) for text in sentences] == [True] * bool(side)
