"""Jobs of a campaign with a measured device; a small one runs as a user runs it."""

import json

import numpy as np
import pytest
import torch
import xarray
from helpers.measured import CURVE, LEVELS, with_small_images, write_measurements
from helpers.small_campaign import Campaign
from helpers.synthetic import write_images

from wallnet import files

pytestmark = pytest.mark.campaign

PLACE = "results/networks/blots/my-device/measured/signed-fitted/plain/quantized/seed-1"


@pytest.fixture(scope="session")
def run_once(tmp_path_factory):
    """Return the campaign of a measured device after a whole run; tests must not change it."""
    made = Campaign(tmp_path_factory.mktemp("measured"))
    made.configure(with_small_images())
    write_measurements(made.folder)
    write_images(made.folder / "data/Blots/raw")
    made.snakemake()
    return made


@pytest.fixture
def finished(run_once, tmp_path):
    """Return a copy of the finished campaign, which a test may change."""
    return run_once.copied(tmp_path / "campaign")


def jobs_of(result):
    """Return how often each rule ran."""
    names = [
        line.split()[1].rstrip(":")
        for line in result.stdout.splitlines() + result.stderr.splitlines()
        if line.startswith(("rule ", "localrule ", "checkpoint ", "localcheckpoint "))
    ]
    return {name: names.count(name) for name in names if name != "all"}


def test_no_simulation_is_planned(campaign):
    campaign.configure(with_small_images())
    write_measurements(campaign.folder)
    assert campaign.planned() == {
        "measured": 1,
        "device_table": 1,
        "figure_measured": 1,
        "parameters": 1,
        "data": 1,
        "train": 1,
        "map": 1,
        "accuracy": 1,
        "figure_accuracy": 1,
        "figure_training_curves": 1,
        "figure_misread": 1,
        "figure_confusion": 1,
        "summary": 1,
        "all": 1,
    }


def test_devices_of_both_kinds_are_planned_together(campaign, tiny):
    tiny["devices"]["mine"] = {"kind": "measured", "levels": "levels.csv"}
    campaign.configure(tiny)
    write_measurements(campaign.folder)
    planned = campaign.planned("devices")
    counts = {"run": 8 + 3, "gather_devices": 2, "compact_model": 2, "device_table": 3}
    counts |= {"measured": 1}
    assert {name: planned[name] for name in counts} == counts


def test_the_networks_compute_with_the_measured_device(run_once):
    folder = run_once.folder
    metrics = files.read_json(folder / PLACE / "metrics.json")
    assert metrics["conductances"] == [1e-5, 2.2e-5, 3.1e-5, 5e-5]
    assert metrics["device_levels"] == 4
    # normalised by hand, in single precision
    assert metrics["levels"] == pytest.approx([0, 0.3, 0.525, 1], rel=1e-6, abs=0)
    activation = metrics["activation"]
    assert activation["breaks"] == pytest.approx([0, 0.25, 0.5, 0.75, 1], rel=1e-12, abs=0)
    starts = [piece[0] for piece in activation["coefficients"]]
    assert starts == pytest.approx([0, 1 / 12, 5 / 12, 10 / 12], rel=1e-12, abs=0)

    with xarray.open_dataset(folder / PLACE / "programming.nc") as programming:
        conductances = programming["programmed_conductance"].values
        assert set(conductances[np.isfinite(conductances)]) <= {1e-5, 2.2e-5, 3.1e-5, 5e-5}
    weights = torch.load(folder / PLACE / "best.ckpt", weights_only=True)["state_dict"]
    for name, weight in weights.items():
        if name.endswith("weight"):
            # 0 and both signs of each level above the lowest
            assert len(weight.unique()) <= 7, name


def test_a_finished_campaign_plans_nothing_more(finished):
    """Neither after its files are touched, nor with another reading of the neuron."""
    (finished.folder / "levels.csv").touch()
    (finished.folder / "activation.csv").touch()
    data = with_small_images()
    data["networks"]["neuron_reading"] = "series"
    data["networks"]["readings"] = ["series"]
    finished.configure(data)
    assert finished.planned() == {}


def test_another_spread_and_other_units_of_the_curve_train_nothing(finished):
    """Networks read the normalised curve; powers of two leave its numbers exactly the same."""
    lines = [line.split(",") for line in CURVE.splitlines()[1:]]
    doubled = "".join(f"{2 * float(x)!r},{4 * float(y)!r}\n" for x, y in lines)
    levels = LEVELS.replace("1e-5,1e-6", "1e-5,4e-6")
    write_measurements(finished.folder, levels=levels, curve="input,output\n" + doubled)
    # whether its levels are minima stands with the accuracies
    assert jobs_of(finished.snakemake("networks")) == {"measured": 1, "accuracy": 1, "networks": 1}


def test_another_level_runs_the_networks_on_it_and_no_training(finished):
    trained = finished.folder / "results/networks/blots/none"
    before = {path: path.read_bytes() for path in trained.rglob("best.ckpt")}
    write_measurements(finished.folder, levels=LEVELS.replace("2.2e-5", "2.5e-5"))
    ran = jobs_of(finished.snakemake("networks"))
    assert ran["map"] == 1
    assert not {"train", "data"} & set(ran)
    assert {path: path.read_bytes() for path in before} == before
    metrics = files.read_json(finished.folder / PLACE / "metrics.json")
    assert metrics["conductances"] == [1e-5, 2.5e-5, 3.1e-5, 5e-5]


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        (
            "--dry-run",
            {"levels": "conductance\n10\n50\n"},
            "levels: levels.csv, line 3, column conductance: 50 S",
        ),
        (
            "--dry-run",
            {"levels": "G, CDF, dG\n1e-5,2e-5,4e-5\n0,0.5,1\n" + 3 * "1e-6,1e-6,1e-6\n"},
            "levels: levels.csv has steps of a continuous conductance and no levels for networks",
        ),
        (
            "--quiet",
            {"curve": "input,output\n0,1\n1,2\n"},
            "activation: activation.csv: has 2 points",
        ),
    ],
)
def test_a_wrong_file_is_told_before_any_job(campaign, content, words, option):
    campaign.configure(with_small_images())
    write_measurements(campaign.folder, **content)
    refused = campaign.snakemake(option, check=False)
    assert refused.returncode != 0
    output = refused.stdout + refused.stderr
    assert f"devices.my-device.{words}" in output
    assert "Traceback" not in output
    assert not (campaign.folder / "results").exists()


def test_a_missing_file_is_named_before_any_job(campaign):
    campaign.configure(with_small_images())
    write_measurements(campaign.folder)
    (campaign.folder / "levels.csv").unlink()
    refused = campaign.snakemake(check=False)
    assert refused.returncode != 0
    said = ".levels: levels.csv is not there; put it there, or name another file"
    assert said in refused.stderr
    assert not (campaign.folder / "results").exists()


def test_names_of_files_are_never_executed(campaign):
    """Files lie below the folder of the campaign, or anywhere if their path is absolute."""
    data = with_small_images()
    name = "a b; touch 'owned' $(touch owned) & `touch owned` * é.csv"
    elsewhere = campaign.folder.parent / f"{campaign.folder.name} elsewhere"
    elsewhere.mkdir()
    data["devices"]["my-device"] = {
        "kind": "measured",
        "levels": name,
        "activation": str(elsewhere / "-curve.csv"),
    }
    campaign.configure(data)
    (campaign.folder / name).write_text(LEVELS)
    (elsewhere / "-curve.csv").write_text(CURVE)
    target = "results/compact_models/my-device.json"
    campaign.snakemake(target)
    model = json.loads((campaign.folder / target).read_text())
    assert model["made_by"]["sources"]["levels"]["file"] == name
    assert {"levels", "activation"} <= set(model)
    assert not list(campaign.folder.glob("**/*owned"))
    assert campaign.planned(target) == {}
