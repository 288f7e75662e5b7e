"""A damaged result is recognised by who reads it, named, set aside and made again."""

import shutil

import pytest
from same import assert_same
from small_campaign import Campaign

pytestmark = pytest.mark.campaign


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garble(path):
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 255
    path.write_bytes(whole)


@pytest.mark.parametrize(
    ("damaged", "gone", "harm"),
    [
        ("results/traces/neuron/0.4000.nc", "results/devices/neuron.nc", truncate),
        ("results/traces/neuron/1.0000.nc", "results/devices/neuron.nc", garble),
        ("results/levels/synapse/1-2.nc", "results/devices/synapse.nc", garble),
        ("results/initial/synapse.nc", "results/traces/synapse/3.0000.nc", truncate),
        ("results/devices/synapse.nc", "results/tables/synapse.csv", truncate),
    ],
)
def test_damage_is_named_and_mended_by_running_again(
    finished, finished_devices, damaged, gone, harm
):
    harm(finished.folder / damaged)
    (finished.folder / gone).unlink()
    refused = finished.snakemake("devices", gone, check=False)
    assert refused.returncode
    assert "Traceback" not in refused.stderr
    said = refused.stderr + refused.stdout
    assert f"wallnet: {damaged} is damaged" in said
    assert "run snakemake again, which makes it anew" in said
    aside = finished.folder / f"{damaged}.damaged"
    assert aside.exists()
    finished.snakemake("devices", gone)
    assert not aside.exists()
    assert_same(finished.folder, finished_devices.folder)


def test_all_damaged_inputs_of_a_job_are_found_at_once(finished, finished_devices):
    """So that the next run mends them all."""
    harmed = ["traces/synapse/0.5000.nc", "traces/synapse/3.0000.nc", "levels/synapse/1-2.nc"]
    for name in harmed:
        garble(finished.folder / "results" / name)
    (finished.folder / "results/devices/synapse.nc").unlink()
    refused = finished.snakemake("devices", check=False)
    assert refused.returncode
    said = refused.stderr + refused.stdout
    assert f"wallnet: results/{harmed[0]} is damaged" in said
    assert f"so were 2 more: results/{harmed[1]}, results/{harmed[2]}" in said
    assert all((finished.folder / f"results/{name}.damaged").exists() for name in harmed)
    finished.snakemake("devices")
    assert_same(finished.folder, finished_devices.folder)


def test_a_damaged_network_is_named_and_mended_by_running_again(finished_campaign, tmp_path):
    campaign = Campaign(tmp_path / "campaign")
    shutil.copytree(finished_campaign.folder, campaign.folder, copy_function=shutil.copy2)
    stages = "results/networks/blots/{}/plain/{}/seed-3"
    damaged = stages.format("none/none/none", "fp32") + "/best.ckpt"
    target = stages.format("synapse/series/layer", "on_levels") + "/best.ckpt"
    whole = {path: (campaign.folder / path).read_bytes() for path in (damaged, target)}
    garble(campaign.folder / damaged)
    (campaign.folder / target).unlink()
    refused = campaign.snakemake(target, check=False)
    assert refused.returncode
    said = refused.stderr + refused.stdout
    assert f"wallnet: {damaged} is damaged" in said
    assert "was moved to best.ckpt.damaged; run snakemake again, which makes it anew" in said
    assert "Traceback" not in said
    assert (campaign.folder / f"{damaged}.damaged").exists()
    campaign.snakemake(target)
    assert {path: (campaign.folder / path).read_bytes() for path in whole} == whole
    assert not (campaign.folder / f"{damaged}.damaged").exists()
