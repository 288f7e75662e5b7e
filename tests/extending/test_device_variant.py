"""Section "A device variant" of docs/extending.md, applied to a finished campaign."""

import json

import xarray as xr
from helpers import extending

SECTION = "A device variant"


def parameters(campaign, device):
    with xr.open_dataset(campaign.folder / f"results/devices/{device}.nc") as dataset:
        return json.loads(dataset.attrs["parameters"])


def test_a_variant_is_one_entry_and_nothing_else_is_computed_for_it(finished_devices, tmp_path):
    campaign = finished_devices.copied(tmp_path / "campaign")
    folder = campaign.folder
    assert campaign.planned("devices") == {}
    (step,) = extending.apply(SECTION, folder)
    assert step.path == "config.yaml"

    told = campaign.snakemake("devices")
    made = {path for path in folder.glob("results/**/*") if "synapse-light" in str(path)}
    # 3 traces, 3 levels, 5 minima, the initial state and the device
    assert len({path for path in made if path.suffix == ".nc"}) == 13
    computed = [line for line in told.stderr.splitlines() if "wildcards: device=" in line]
    assert computed
    assert all("device=synapse-light" in line for line in computed)

    variant, model = (
        xr.open_dataset(folder / f"results/devices/{name}.nc").load()
        for name in ("synapse-light", "synapse")
    )
    assert variant.sizes == model.sizes
    # with less damping the wall is faster, so the conductance differs
    assert not variant.identical(model)
    assert parameters(campaign, "synapse-light") == parameters(campaign, "synapse")
