"""Results that are there, but are not those of the configuration."""

import copy
import os
import shutil

import pytest
from helpers.measured import with_small_images, write_measurements
from helpers.small_campaign import ROOT, TINY, Campaign, jobs_in, with_networks

from wallnet import cli, provenance
from wallnet.files import FileError
from wallnet.page import findings

pytestmark = pytest.mark.campaign


def without_notes(campaign):
    """Remove what Snakemake noted, as a copy without hidden files does."""
    shutil.rmtree(campaign.folder / ".snakemake")
    return campaign


def changed(data, **keys):
    """Return a campaign with another material."""
    return data | {"material": data["material"] | keys}


EXPENSIVE = {"initial", "run", "data", "train", "map"}
"""Rules whose results state all that they depend on."""


def test_results_of_another_configuration_run_again_without_notes(finished):
    finished.configure(changed(TINY, damping=0.2))
    planned = without_notes(finished).planned("devices")
    assert planned["run"] == 8 + 3
    said = finished.snakemake("devices", "--dry-run", display=True)
    assert "material.damping 0.5 → 0.2" in said.stdout + said.stderr
    assert "are not of this configuration" in said.stdout + said.stderr
    simulated = sum(planned[rule] for rule in ("initial", "run"))
    assert f"{simulated} simulations of the target devices will run: " in said.stdout + said.stderr


def test_a_preview_counts_what_runs_again(finished, capsys):
    """A pulse of the neuron was half as long, so that its five pulses run again."""
    cli.main(["preview", "--directory", str(finished.folder)])
    assert "All simulations of the target all are there." in capsys.readouterr().out
    data = copy.deepcopy(TINY)
    data["devices"]["neuron"]["pulse"]["duration"] /= 2
    finished.configure(data)
    cli.main(["preview", "--directory", str(finished.folder)])
    assert "5 simulations of the target all will run: at most 1 ns" in capsys.readouterr().out
    said = finished.snakemake("--dry-run", "devices")
    assert jobs_in(said.stdout)["run"] == 5
    assert "5 simulations of the target devices will run: " in said.stdout + said.stderr


def test_an_unchanged_campaign_without_notes_computes_nothing_expensive_again(whole):
    planned = without_notes(whole).planned()
    assert planned["figure_accuracy"] == 1  # a figure does not say what it was drawn from
    assert not EXPENSIVE & set(planned)


def test_networks_on_other_levels_are_mapped_again_without_notes(whole):
    """A synapse read in another way has the parameters of its networks, and other levels."""
    data = with_networks()
    data["devices"]["synapse"]["detector"] = {"start": 100e-9, "stop": 300e-9}
    whole.configure(data)
    without_notes(whole).snakemake("devices")
    shutil.rmtree(whole.folder / ".snakemake")
    place = whole.folder / "results/networks/blots"
    before = {path: path.stat().st_mtime_ns for path in place.rglob("best.ckpt")}
    whole.snakemake("networks")
    again = {path for path in before if path.stat().st_mtime_ns != before[path]}
    # Snakemake may train stage continued again: as one of two checkpoints ends, the training in
    # FP32 waits for the other, and what follows it is planned
    again = {path for path in again if "continued" not in path.parts}
    assert again == {path for path in before if "synapse" in path.parts} != set()


def test_a_result_of_another_campaign_is_not_believed_though_snakemake_noted_one(finished):
    """Its digest is correct; only what it states tells that it is of another damping."""
    other = finished.copied(finished.folder.parent / "other")
    other.configure(changed(TINY, damping=0.2))
    name = "results/traces/neuron/0.4000.nc"
    other.snakemake(name)
    for path in (name, "results/traces/neuron/.0.4000.nc.sha256"):
        shutil.copy2(other.folder / path, finished.folder / path)
    os.utime(finished.folder / name, (BEFORE, BEFORE))
    said = finished.snakemake("--dry-run", "devices").stdout
    assert f"{name} and similar results are not of this configuration" in said
    assert finished.planned("devices")["run"] == 1


def test_check_and_overview_name_results_of_another_configuration(whole, capsys):
    cli.main(["check", "--directory", str(whole.folder)])
    assert capsys.readouterr().out == ""
    without_notes(whole)
    data = with_networks()
    data["devices"]["synapse"]["material"] = {"damping": 0.2}
    data["networks"]["recipes"]["plain"]["on_levels"]["learning_rate"] = 4e-3
    whole.configure(data)
    with pytest.raises(SystemExit):
        cli.main(["check", "--directory", str(whole.folder)])
    named = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    folder = f"{whole.folder}/results"
    networks = whole.folder / "results/networks"
    assert named == {
        *(f"{folder}/traces/synapse/{name}.nc" for name in ("0.5000", "1.5000", "3.0000")),
        *(f"{folder}/levels/synapse/{name}.nc" for name in ("1", "1-2", "2")),
        f"{folder}/initial/synapse.nc",
        f"{folder}/devices/synapse.nc",
        *(f"{path}" for path in networks.rglob("metrics.json") if "fp32" not in path.parts),
    }
    overview = findings.overview(whole.folder)
    first = f"{folder.removeprefix(str(whole.folder) + '/')}/devices/synapse.nc"
    named_first = f"{first} is not of this configuration, or not of these measurements or images ("
    assert named_first in " ".join(overview.split())
    with pytest.raises(FileError, match="not all results in .* are those of its config.yaml"):
        provenance.collect(whole.folder, ROOT / "Snakefile")


def test_measurements_count_by_their_content_and_not_by_their_time(tmp_path, capsys):
    mine = Campaign(tmp_path)
    data = with_small_images()
    mine.configure(data | {"networks": {**data["networks"], "datasets": [], "recipes": {}}})
    write_measurements(tmp_path)
    model = "results/compact_models/my-device.json"
    mine.snakemake(model)
    csv = tmp_path / data["devices"]["my-device"]["levels"]
    csv.write_text(csv.read_text().replace("1", "2"))
    os.utime(csv, (BEFORE, BEFORE))
    with pytest.raises(SystemExit):
        cli.main(["check", "--directory", str(tmp_path)])
    assert f"{model} is not of this configuration" in capsys.readouterr().out
    assert mine.planned(model) == {"measured": 1}
    # a damaged one is named with all others
    with open(tmp_path / model, "a") as stream:
        stream.write(" ")
    (tmp_path / "results/other.csv").write_text("1")
    (tmp_path / "results/.other.csv.sha256").write_text("0  other.csv")
    with pytest.raises(SystemExit):
        cli.main(["check", "--directory", str(tmp_path)])
    named = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert named == [f"{tmp_path}/{model}", f"{tmp_path}/results/other.csv"]


def test_images_count_by_their_content_and_not_by_their_time(whole, capsys):
    """Also for networks that are there; another file of the same size and time was taken for it."""
    (images,) = whole.folder.rglob("train-images-idx3-ubyte")
    content, status = images.read_bytes(), images.stat()
    images.write_bytes(content[:-1] + bytes([255 - content[-1]]))
    os.utime(images, ns=(status.st_atime_ns, status.st_mtime_ns))
    record = "results/data/blots.json"
    with pytest.raises(SystemExit):
        cli.main(["check", "--directory", str(whole.folder)])
    (named,) = capsys.readouterr().out.splitlines()
    assert named.startswith(
        f"{whole.folder}/{record} is not of this configuration, or not of these"
    )
    planned = whole.planned()
    assert planned["data"] == 1
    assert planned["train"] > 0
    images.unlink()  # a copy of the results without them is no other campaign
    assert whole.planned() == {}
    images.write_bytes(content)
    assert whole.planned() == {}


BEFORE = 1_000_000_000
"""A time before any result."""
