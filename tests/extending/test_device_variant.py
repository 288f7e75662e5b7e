"""Section "A device variant" of docs/extending.md, applied to a finished campaign."""

from helpers import extending

from wallnet import files


def test_a_variant_is_one_entry_and_nothing_else_is_computed_for_it(finished_devices, tmp_path):
    campaign = finished_devices.copied(tmp_path / "campaign")
    assert campaign.planned("devices") == {}
    (step,) = extending.apply("A device variant", campaign.folder)
    assert step.path == "config.yaml"
    planned = campaign.planned("devices")
    simulated = {rule: planned[rule] for rule in ("initial", "run", "minima", "gather_devices")}
    assert simulated == {"initial": 1, "run": 3 + 3, "minima": 1, "gather_devices": 1}

    traces = campaign.folder / "results/traces"
    campaign.snakemake("results/traces/synapse-light/1.5000.nc")
    variant, model = (
        files.read_dataset(traces / f"{name}/1.5000.nc", "run")["m"].values
        for name in ("synapse-light", "synapse")
    )
    # with less damping the wall is faster
    assert variant[10, 2] < model[10, 2] - 0.001
