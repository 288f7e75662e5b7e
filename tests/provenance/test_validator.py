"""The crate passes the validator of the profile's authors, and broken ones do not."""

import copy

import pytest

pytestmark = [pytest.mark.campaign, pytest.mark.validator]


def test_the_crate_is_a_valid_workflow_run_crate(real_crate, validate):
    code, said = validate(real_crate.path)
    assert code == 0, said
    assert "is a valid workflow-run-crate-0.5" in said


def test_the_whole_crate_is_valid_with_title_authors_and_licence(
    pack, finished_campaign, validate, tmp_path
):
    options = ["--whole", "--name", 'A "B"', "--author", "C", "--license", "CC-BY-4.0"]
    code, said = validate(pack(finished_campaign.folder, tmp_path / "a.zip", *options).path)
    assert code == 0, said


def entity(metadata, place):
    (found,) = [each for each in metadata["@graph"] if each["@id"] == place]
    return found


def without_workflow(metadata):
    del entity(metadata, "./")["mainEntity"]


def of_another_profile(metadata):
    profiles = entity(metadata, "./")["conformsTo"]
    profiles[:] = [each for each in profiles if "wfrun/workflow" not in each["@id"]]


def of_no_run(metadata):
    del entity(metadata, "#run")["instrument"]


def without_licence(metadata):
    del entity(metadata, "./")["license"]


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (without_workflow, "mainEntity"),
        (of_another_profile, "versioned permalink of the Workflow Run Crate profile"),
        (of_no_run, "MUST have an instrument property"),
        (without_licence, "must specify a license"),
    ],
)
def test_a_crate_with_broken_metadata_is_refused(real_crate, validate, tmp_path, break_it, reason):
    metadata = copy.deepcopy(real_crate.metadata)
    break_it(metadata)
    code, said = validate(real_crate.written(tmp_path / "broken.zip", metadata))
    assert code == 1
    assert reason in said


@pytest.mark.parametrize("missing", ["results/tables/accuracy.csv", "Snakefile"])
def test_a_crate_without_one_of_its_files_is_refused(real_crate, validate, tmp_path, missing):
    code, said = validate(real_crate.written(tmp_path / "broken.zip", without=[missing]))
    assert code == 1
    assert missing in said


def test_a_crate_written_again_as_it_is_is_valid(real_crate, validate, tmp_path):
    """So that the broken ones are refused for what is broken."""
    code, said = validate(real_crate.written(tmp_path / "same.zip", real_crate.metadata))
    assert code == 0, said
