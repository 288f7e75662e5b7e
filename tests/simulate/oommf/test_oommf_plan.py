"""Snakemake's plan for devices that OOMMF simulates, and a real run of it."""

import pytest
from helpers.small_campaign import jobs_in

from wallnet import files

TRACE = "results/traces/theirs/0.3000.nc"


@pytest.fixture
def both(campaign, small_data):
    """Return a function that runs Snakemake on one device in both calculators."""

    def run(*arguments, **theirs):
        ours = small_data["devices"]["small"]
        devices = {"ours": ours, "theirs": {"like": "ours", "calculator": "oommf"} | theirs}
        campaign.configure(small_data | {"devices": devices})
        return campaign.snakemake(*arguments, check=False)

    return run


def test_an_oommf_that_does_not_run_is_named_before_any_job(both, tmp_path, monkeypatch):
    monkeypatch.setenv("OOMMFTCL", str(tmp_path / "oommf.tcl"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    done = both(TRACE, TRACE.replace("theirs", "ours"))
    said = done.stdout + done.stderr
    assert done.returncode
    assert "OOMMF does not run: " in said
    assert f"{tmp_path}/oommf.tcl" in said
    assert "fix that installation, or set calculator: film" in said
    assert "Traceback" not in said
    assert not list(tmp_path.glob("results/*/*/*.nc"))


@pytest.mark.oommf
@pytest.mark.campaign
@pytest.mark.usefixtures("real_oommf")
def test_a_real_run_and_what_reruns_nothing(both, tmp_path):
    done = both(TRACE)
    assert done.returncode == 0, done.stderr
    trace = files.read_dataset(tmp_path / TRACE, "run")
    assert trace.attrs["backend"] == "oommf"
    assert not [path for path in (tmp_path / "results").rglob("*") if path.suffix == ".omf"]
    assert "Nothing to be done" in both(TRACE).stderr
    assert jobs_in(both("-n", TRACE, oommf={"threads": 2}).stdout) == {}
    more = {"duration": 0.13e-9, "current_densities": [0.3e12, 0.4e12]}
    done = both("-n", TRACE, TRACE.replace("0.3", "0.4"), pulse=more)
    assert jobs_in(done.stdout) == {"run": 1}
