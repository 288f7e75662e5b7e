"""The crate of a campaign that was run: what the results and Snakemake's records state."""

import json

import pytest
from helpers.small_campaign import ROOT

from wallnet import __version__, files, provenance

pytestmark = pytest.mark.campaign


def test_software_is_that_which_the_results_state(real_crate, finished_campaign):
    path = next(finished_campaign.folder.rglob("metrics.json"))
    metrics = json.loads(path.read_text())
    used = {
        (real_crate[name]["name"], real_crate[name]["softwareVersion"])
        for name in real_crate.named("Snakefile", "softwareRequirements")
    }
    assert used == {
        ("wallnet", __version__),
        ("torch", metrics["torch_version"]),
        ("lightning", metrics["lightning_version"]),
    }


def test_results_of_another_configuration_are_refused(whole, forked_plans):
    text = (whole.folder / "config.yaml").read_text()
    assert text.count("damping: 0.5") == 1
    (whole.folder / "config.yaml").write_text(text.replace("damping: 0.5", "damping: 0.4"))
    with pytest.raises(files.FileError) as raised:
        provenance.collect(whole.folder, ROOT / "Snakefile")
    said = str(raised.value)
    assert "are those of its config.yaml and this workflow (" in said
    assert "11 run" in said
    assert said.endswith("run snakemake all, then pack the campaign")


def test_what_snakemake_cannot_plan_is_refused(whole, forked_plans, tmp_path):
    snakefile = tmp_path / "Snakefile"
    snakefile.write_text("rule all:\n    input: 'nowhere'\n")
    with pytest.raises(files.FileError, match=r"^not all results in .*nowhere\); run snak"):
        provenance.collect(whole.folder, snakefile)
