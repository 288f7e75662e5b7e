"""The crate of a finished campaign: what is in it, what it says, and what is refused."""

import hashlib
import json
import os
from datetime import datetime

import netCDF4
import pytest
import yaml
from helpers.small_campaign import ROOT
from helpers.varying import write_map

from wallnet import cli, files, plan, provenance
from wallnet.files.whole import digest_path
from wallnet.plan import listing
from wallnet.plan.listing import checks, finished_targets

BEGAN, ENDED = 1_700_000_000, 1_700_000_900

WEIGHTS_AND_SIMULATIONS = {
    *("results/initial", "results/traces", "results/levels", "results/minima"),
}


def everything(folder):
    return {*listing.everything(plan.load(folder / "config.yaml"))}


def refused(folder, out, *options):
    """Return the sentence with which packing is refused; nothing is written."""
    command = ["pack", "--directory", folder, "--out", out]
    with pytest.raises(SystemExit) as raised:
        cli.main([*map(str, command), *options])
    assert not out.exists()
    sentence = str(raised.value)
    assert len(sentence.splitlines()) == 1
    return sentence


# Contents


def test_it_has_every_table_figure_device_and_metric_and_no_simulation(crate, imitated):
    results = {name for name in crate.members if name.startswith("results/")}
    for path in everything(imitated):
        large = path.endswith((".ckpt", "programming.nc")) or any(
            path.startswith(f"{folder}/") for folder in WEIGHTS_AND_SIMULATIONS
        )
        assert (path in results) == (not large), path
    kinds = {path.split("/")[1] for path in results}
    assert {"tables", "figures", "devices", "compact_models", "networks", "data"} <= kinds
    assert {"logs", "benchmarks"} <= kinds
    assert {"Snakefile", "config.yaml", "LICENSE", "constraints.txt"} <= {*crate.members}
    rules = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("workflow/rules/*.smk")}
    assert rules <= {*crate.members}


def test_the_report_is_in_it_if_no_result_is_newer(imitation, pack, tmp_path):
    """Snakemake writes the report afterwards, or not at all."""
    report = imitation / "results/report.html"
    files.write_text("<p>all results</p>", report)
    newest = max((imitation / path).stat().st_mtime for path in everything(imitation))
    os.utime(imitation / min(everything(imitation)), (newest - 60, newest - 60))
    for age, inside in ((0, True), (5, False), (-5, True)):
        os.utime(report, (newest - age, newest - age))
        crate = pack(imitation, tmp_path / f"{age}.crate.zip")
        assert ("results/report.html" in crate.members) == inside, age


def test_the_log_and_the_times_of_each_job_are_in_it(crate):
    for path in ("traces/neuron/0.4000", "networks/blots/synapse/parallel/seed-3"):
        assert f"results/logs/{path}.log" in crate.members
        assert f"results/benchmarks/{path}.tsv" in crate.members


def test_each_file_is_described_with_its_media_type(crate):
    described = crate.files()
    assert {*described} == {*crate.members} - {"ro-crate-metadata.json"}
    assert {*described} == {*crate.named("./", "hasPart")}
    for place, entity in described.items():
        assert entity["encodingFormat"] != "application/octet-stream", place


def test_all_digests_are_listed_also_of_what_is_not_in_it(crate, imitated):
    lines = crate.members["results.sha256"].decode().splitlines()
    listed = {path: digest for digest, _, path in (line.partition("  ") for line in lines)}
    assert everything(imitated) < {*listed}
    for path in everything(imitated):
        assert digest_path(imitated / path).read_text().split()[0] == listed[path]
    for path in {*listed} & {*crate.members}:
        assert hashlib.sha256(crate.members[path]).hexdigest() == listed[path], path
    # of each file but itself, logs, times and metadata
    assert {path.split("/")[0] for path in {*crate.members} - {*listed}} == {
        *("results", "results.sha256", "ro-crate-metadata.json"),
    }


def test_the_whole_crate_has_simulations_and_weights_too(pack, imitated, tmp_path):
    whole = pack(imitated, tmp_path / "whole.zip", "--whole")
    assert everything(imitated) <= {*whole.members}
    trace = "results/traces/neuron/0.4000.nc"
    assert whole.members[trace] == (imitated / trace).read_bytes()
    assert trace in whole.named("#run", "result")


def test_the_same_campaign_gives_the_same_bytes(pack, crate, imitated, tmp_path):
    again = pack(imitated, tmp_path / "again.zip")
    assert again.path.read_bytes() == crate.path.read_bytes()


# What it says


def test_the_run_is_of_the_snakefile_on_the_configuration(crate, imitated):
    assert crate["./"]["mainEntity"] == {"@id": "Snakefile"}
    assert crate["Snakefile"]["@type"] == ["File", "SoftwareSourceCode", "ComputationalWorkflow"]
    assert "workflow/rules/networks.smk" in crate.named("Snakefile", "hasPart")
    (language,) = crate.named("Snakefile", "programmingLanguage")
    assert crate[language]["name"] == "Snakemake"
    assert crate[language]["version"].startswith("9.")
    assert crate.named("./", "mentions") == ["#run"]
    assert crate["#run"]["@type"] == "CreateAction"
    assert crate.named("#run", "instrument") == ["Snakefile"]
    assert crate.named("#run", "object") == ["config.yaml"]
    stored = (imitated / "config.yaml").read_bytes()
    assert crate.members["config.yaml"] == stored
    results = crate.named("#run", "result")
    kept = {path for path in everything(imitated) if provenance.in_short(path)}
    assert {*results} == kept | {"results.sha256"}


def test_the_run_took_from_the_oldest_result_to_the_newest(crate):
    """Another file below results is no result of this campaign, and the seconds are whole ones."""
    run = crate["#run"]
    began, ended = (datetime.fromisoformat(run[key]) for key in ("startTime", "endTime"))
    assert (began.timestamp(), ended.timestamp()) == (BEGAN, ENDED)
    assert run["endTime"].endswith("+00:00")
    assert crate["./"]["datePublished"] == run["endTime"]


def test_software_is_that_which_the_results_state(crate):
    used = {
        (crate[name]["name"], crate[name]["softwareVersion"])
        for name in crate.named("Snakefile", "softwareRequirements")
    }
    assert used == {
        ("wallnet", "0.1.0"),
        ("torch", "2.9.0+cpu"),
        ("lightning", "2.6.0"),
        ("oommf", "2.1a0"),
    }


def test_title_authors_and_licence_are_those_given(pack, imitated, tmp_path):
    spiteful = 'A "B" </script> {C}'
    place = "https://spdx.org/licenses/CC-BY-4.0"
    options = ["--name", spiteful, "--author", spiteful, "--author", "D", "--license", place]
    made = pack(imitated, tmp_path / "named.zip", *options)
    assert made["./"]["name"] == spiteful
    people = made.named("#run", "agent")
    assert [made[person]["name"] for person in people] == [spiteful, "D"]
    assert made.named("./", "author") == people
    assert made["./"]["license"] == place


def test_one_author_is_named_like_several(pack, imitated, tmp_path):
    made = pack(imitated, tmp_path / "a.zip", "--author", "D")
    assert made.named("./", "author") == made.named("#run", "agent") == ["#author-1"]


def test_each_program_is_listed_with_its_own_version(tmp_path):
    common = {"kind": "trace", "wallnet_version": "0.2.0", "backend_version": "3.4"}
    stated = {"a.nc": "mine:Own", "b.nc": "film", "c.nc": "none"}
    for name, backend in stated.items():
        with netCDF4.Dataset(tmp_path / name, "w") as data:
            data.setncatts({**common, "backend": backend})
    programs = provenance.software(tmp_path, stated)
    assert programs == {("wallnet", "0.2.0"), ("mine:Own", "3.4")}


# Refused


def test_a_damaged_result_is_refused(imitation, tmp_path):
    """Also one that would not be packed, since its digest would be."""
    path = imitation / "results/traces/neuron/0.4000.nc"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    said = refused(imitation, tmp_path / "a.zip")
    assert said == (
        f"wallnet: {path} is damaged (its content is not what was written); run snakemake again; "
        "it computes the file again"
    )


def test_a_result_without_a_digest_is_refused(imitation, tmp_path):
    table = imitation / "results/tables/accuracy.csv"
    digest_path(table).unlink()
    said = refused(imitation, tmp_path / "a.zip")
    assert said.startswith(f"wallnet: {table} has no digest beside it; ")


def test_a_running_campaign_is_refused(imitation, tmp_path):
    locks = imitation / ".snakemake/locks"
    locks.mkdir(parents=True)
    (locks / "0.input.lock").write_text("")
    assert "a run of snakemake is active" in refused(imitation, tmp_path / "a.zip")


def test_a_folder_without_configuration_is_refused(tmp_path):
    assert "config.yaml" in refused(tmp_path, tmp_path / "a.zip")


# Targets beyond all


def touch(folder, paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()


def test_finished_targets_are_those_with_all_results(tmp_path, default_campaign):
    assert finished_targets(default_campaign, tmp_path) == {}
    beyond = listing.beyond_all(default_campaign)
    touch(tmp_path, [*beyond["validation"], *beyond["operating_windows"][:5]])
    assert [*finished_targets(default_campaign, tmp_path)] == ["validation"]
    touch(tmp_path, beyond["operating_windows"])
    assert [*finished_targets(default_campaign, tmp_path)] == [
        "operating_windows",
        "validation",
    ]


def test_finished_targets_are_packed_and_unfinished_ones_are_not(imitation, pack, tmp_path, capsys):
    campaign = plan.load(imitation / "config.yaml")
    beyond = listing.beyond_all(campaign)
    for path in (*beyond["validation"], *beyond["barriers"][:3]):
        files.write_text("content", imitation / path)
    made = pack(imitation, tmp_path / "a.zip")
    assert {*beyond["validation"]} <= {*made.members}
    assert not {*beyond["barriers"]} & {*made.members}
    assert made["#run"]["description"] == "snakemake all validation"
    listed = made.members["results.sha256"].decode()
    assert all(path in listed for path in beyond["validation"])
    paths = listing.everything(campaign) + beyond["validation"]
    short = sum(map(provenance.in_short, paths))
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path / 'a.zip'}: {short} results of all, validation, all as written; --whole adds "
        f"{len(paths) - short} simulations and networks",
    ]


def test_no_target_has_results_of_all(default_campaign):
    beyond = listing.beyond_all(default_campaign)
    usual = {*listing.everything(default_campaign)}
    assert not [target for target, paths in beyond.items() if usual & {*paths}]
    assert {path for paths in beyond.values() for path in paths} == {*checks(default_campaign)}


@pytest.mark.parametrize(
    ("path", "expected"),
    {
        "results/tables/accuracy.csv": True,
        "results/figures/devices/neuron-dynamics.png": True,
        "results/devices/neuron.nc": True,
        "results/operating_windows/narrow.nc": True,
        "results/operating_windows/narrow/width-52/initial.nc": False,
        "results/barriers/synapse-5.nc": True,
        "results/barriers/synapse-5/1_2.nc": False,
        "results/pulse_trains/stepwise/train.nc": False,
        "results/pulse_trains/stepwise.nc": True,
        "results/initial/neuron.nc": False,
        "results/intervals/synapse-5/0.6625.nc": False,
        "results/intervals/synapse-5/round-1.json": True,
        "results/calibration/paper.nc": True,
        "results/calibration/paper/12/neuron/0.5000.nc": False,
    }.items(),
)
def test_summaries_are_short_and_simulations_are_not(path, expected):
    assert provenance.in_short(path) == expected


# Inputs


def test_measured_files_waveforms_and_own_modules_are_inputs(tmp_path, tiny):
    folder, elsewhere = tmp_path / "campaign", tmp_path / "elsewhere.csv"
    folder.mkdir()
    own = ("mine.py", "nets/deep.py", "other/__init__.py", "other/inner/part.py", "other/data.csv")
    for path in (folder / "levels.csv", elsewhere, *(folder / name for name in own)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("content")
    tiny["devices"]["measured"] = {
        "kind": "measured",
        "levels": "levels.csv",
        "activation": str(elsewhere),
    }
    (folder / "rise.csv").write_text("0,0\n1e-12,1\n")
    tiny["devices"]["neuron"]["pulse"]["waveform"] = "rise.csv"
    write_map(folder / "wafer.nc", [0.0, 1e-6], [0.0, 1e-6], damping=[[0.4, 0.5], [0.6, 0.7]])
    tiny["devices"]["synapse"]["parameters_file"] = "wafer.nc"
    tiny["devices"]["neuron"]["calculator"] = "mine:Own"
    tiny["networks"]["recipes"] = {
        name: {"model": model, "fp32": {"epochs": 1, "learning_rate": 1e-3}}
        for name, model in {"a": "nets.deep:Net", "b": "other:Net"}.items()
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(tiny))))
    (folder / "studies.yaml").write_text("operating_windows: {}\n")
    campaign = plan.load(folder / "config.yaml")
    contents = provenance.Contents(folder, ROOT / "Snakefile", campaign, ("all",), {}, ())
    assert contents.inputs() == {
        "config.yaml": folder / "config.yaml",
        "studies.yaml": folder / "studies.yaml",
        "levels.csv": folder / "levels.csv",
        "rise.csv": folder / "rise.csv",
        "wafer.nc": folder / "wafer.nc",
        "inputs/measured-activation.csv": elsewhere,
        "mine.py": folder / "mine.py",
        "nets/deep.py": folder / "nets/deep.py",
        "other/__init__.py": folder / "other/__init__.py",
        "other/inner/part.py": folder / "other/inner/part.py",
    }
