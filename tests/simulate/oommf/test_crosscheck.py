"""Comparison of two calculators' traces, and the pulses that the configuration names."""

import csv

import pytest

from wallnet import files, jobs, plan
from wallnet.config import ConfigError, Figures, parse
from wallnet.report import crosscheck
from wallnet.simulate import simulate

CAMPAIGN = "config.yaml"
BOTH = ("film", "oommf")


@pytest.fixture(scope="module")
def film_trace(small_campaign):
    case = {"device": "small", "current_density": 0.3e12}
    campaign = small_campaign({"a": case})
    return simulate(jobs.crosscheck_job(campaign, "a", "film"))


@pytest.fixture
def other_trace(film_trace):
    """Return the engine's trace as one of OOMMF, with deviations that a comparison should find."""
    other = film_trace.copy(deep=True).isel(time=slice(None, -1))
    other["m"][3, 1] += 2e-4
    other["wall_bottom"][4] -= 1e-9
    other["wall_top"][5] += 3e-9
    other.attrs |= {"backend": "oommf", "backend_version": "OOMMF 2", "threads": 1}
    other.attrs |= {"wall_time": 10 * film_trace.attrs["wall_time"], "state": "notch 1"}
    return other


def test_deviations_are_the_largest_over_what_both_have(film_trace, other_trace):
    found = crosscheck.compare("a", film_trace, other_trace, BOTH)
    assert found.deviation_m == pytest.approx(2e-4, rel=1e-3, abs=0)
    assert found.deviation_bottom == pytest.approx(1e-9, rel=1e-6, abs=0)
    assert found.deviation_top == pytest.approx(3e-9, rel=1e-6, abs=0)
    assert found.end_time == pytest.approx(float(other_trace["time"][-1]), rel=1e-6, abs=0)
    assert found.ratio == pytest.approx(10, rel=1e-6, abs=0)
    assert found.reference_state == "notch 1, settled"
    assert found.damping == 0.5


def test_traces_of_other_pulses_are_not_compared(film_trace, other_trace):
    with pytest.raises(files.FileError, match="given as oommf was made by film"):
        crosscheck.compare("a", film_trace, film_trace, BOTH)
    other_trace.attrs["parameters"] = other_trace.attrs["parameters"].replace("0.5", "0.4")
    with pytest.raises(files.FileError, match="two traces of a are not of the same pulse"):
        crosscheck.compare("a", film_trace, other_trace, BOTH)


def test_the_command_writes_tables_and_figure(film_trace, other_trace, tmp_path):
    from wallnet.cli import main

    paths = [tmp_path / "film.nc", tmp_path / "oommf.nc"]
    for trace, path in zip((film_trace, other_trace), paths, strict=True):
        files.write_dataset(trace, path, "trace", {})
    names = {"csv": "t.csv", "markdown": "t.md", "png": "f.png", "vector": "f.pdf"}
    outputs = {key: tmp_path / name for key, name in names.items()}
    command = ["crosscheck", "--calculators", *BOTH, "--cases", "a"]
    command += ["--first", str(paths[0]), "--reference", str(paths[1])]
    command += ["--figures", Figures().model_dump_json()]
    for key, path in outputs.items():
        command += [f"--{key}", str(path)]
    main(command)
    (row,) = csv.DictReader(outputs["csv"].read_text().splitlines())
    assert float(row["deviation_top"]) == pytest.approx(3e-9, rel=1e-6, abs=0)
    assert row["state_oommf"] == "notch 1, settled"
    table = outputs["markdown"].read_text()
    assert "| a | 0.5 | 0.3 |" in " ".join(table.split())
    assert "OOMMF 2 (one thread)" in table
    assert outputs["png"].stat().st_size > 5000
    assert outputs["vector"].read_bytes().startswith(b"%PDF")


def test_the_default_choice_lies_near_thresholds_at_three_dampings():
    campaign = plan.load(CAMPAIGN)
    dampings = set()
    for case in campaign.crosscheck.cases:
        film, oommf = (jobs.crosscheck_job(campaign, case, name) for name in ("film", "oommf"))
        assert film.track == oommf.track
        assert film.material == oommf.material
        assert (film.calculator_name, oommf.calculator_name) == ("film", "oommf")
        if film.track.notches:
            dampings.add(film.material.damping)
    assert dampings == {0.1, 0.3, 0.5}


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ({"device": "smal", "current_density": 1e12}, r"cases.a.device names 'smal', which is no"),
        ({"device": "small", "current_density": 0.5}, "cases.a.current_density = 0.5 is outside"),
        ({"device": "small"}, "cases.a.current_density is missing; add it"),
        (
            {"device": "small", "current_density": 1e12, "changes": {"material": {"dampin": 1}}},
            r"cases.a.changes.material.dampin is not a key .* \(did you mean damping\?\)",
        ),
        (
            {"device": "small", "current_density": 1e12, "changes": {"calculator": "film"}},
            "cases.a.changes sets calculator; remove it",
        ),
    ],
)
def test_a_faulty_case_is_one_sentence_with_its_key(small_campaign, case, words):
    with pytest.raises(ConfigError, match=words) as raised:
        small_campaign({"a": case})
    assert len(str(raised.value).splitlines()) == 1


def test_all_faulty_cases_are_said_at_once(small_campaign):
    cases = {
        "a": {"device": "smal", "current_density": 1e12},
        "b": {"device": "small", "current_density": 1e12, "changes": {"calculator": "film"}},
        "c": {"device": "smell", "current_density": 1e12},
    }
    with pytest.raises(ConfigError) as raised:
        small_campaign(cases)
    said = str(raised.value).splitlines()
    assert [case for line in said for case in cases if f"cases.{case}." in line] == ["a", "b", "c"]


def test_a_case_s_name_has_to_suit_files(small_campaign):
    case = {"device": "small", "current_density": 1e12}
    with pytest.raises(ConfigError, match="cannot name files"):
        small_campaign({"../a": case})


def test_changes_lie_over_the_device_block_by_block(small_campaign):
    changes = {"material": {"damping": 0.1}, "track": {"length": 240e-9}}
    case = {"device": "small", "current_density": 0.3e12, "changes": changes}
    campaign = small_campaign({"a": case})
    job = jobs.crosscheck_job(campaign, "a", "oommf")
    assert job.material.damping == 0.1
    assert job.material.polarization == 0.4
    assert job.track.cells == (80, 8)
    assert job.pulse_duration == pytest.approx(0.13e-9, rel=1e-9, abs=0)


@pytest.mark.parametrize(
    ("calculators", "words"),
    [
        (["film", "film"], "crosscheck.calculators names 'film' twice; name two"),
        (["film"], "crosscheck.calculators.1 is missing; add it"),
        (["film", "oommf", "a:B"], "crosscheck.calculators is unsuitable: tuple should have at mo"),
        (["film", "mumax"], "crosscheck.calculators.1 is 'mumax'; use 'film', 'oommf' or"),
    ],
)
def test_two_calculators_are_compared_and_no_other_number(small_data, calculators, words):
    with pytest.raises(ConfigError) as refused:
        parse(small_data | {"crosscheck": {"calculators": calculators}})
    assert words in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
