"""The crate passes the validator of the profile's authors, and a broken one does not."""

import copy

import pytest

pytestmark = [pytest.mark.campaign, pytest.mark.validator]


def test_the_whole_crate_is_valid_with_title_authors_and_licence(
    pack, finished_campaign, validate, tmp_path
):
    options = ["--whole", "--name", 'A "B"', "--author", "C"]
    options += ["--license", "https://spdx.org/licenses/CC-BY-4.0"]
    code, said = validate(pack(finished_campaign.folder, tmp_path / "a.zip", *options).path)
    assert code == 0, said
    assert "is a valid workflow-run-crate-0.5" in said


def test_a_crate_without_its_instrument_or_one_of_its_files_is_refused(
    real_crate, validate, tmp_path
):
    metadata = copy.deepcopy(real_crate.metadata)
    (run,) = [node for node in metadata["@graph"] if node["@id"] == "#run"]
    del run["instrument"]
    table = "results/tables/accuracy.csv"
    code, said = validate(real_crate.written(tmp_path / "broken.zip", metadata, without=[table]))
    assert code == 1
    assert "MUST have an instrument property" in said
    assert table in said
