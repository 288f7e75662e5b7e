"""What can be said of OOMMF's words, times and tables without running it."""

import numpy as np
import pytest

from wallnet.jobs import SimulationJob
from wallnet.simulate import oommf

MISSING_TERM = """\
Start: "/tmp/wallnet-oommf-x/check.mif"
Options: -exitondone 1 -logfile oommf.log -threads 1
ERROR Reading MIF file:
Unrecognized Specify Block:
  Oxs_DMI_Cnv_z:dmi
 See log file for additional details
*** Error loading /tmp/wallnet-oommf-x/check.mif:
\t
Unrecognized Specify Block:
  Oxs_DMI_Cnv_z:dmi
Error thrown from inside "Oxs_Director::ProbInit" --- Tcl error --- ERROR
   in file: app/oxs/base/director.cc
"""
ROOT = "*** ERROR: Don't run OOMMF as root.\nInstead, start OOMMF from a standard user account.\n"
LOG = """\
[Boxsi<9248-vm-nobody> 16:25:14.834 2026-11-24] 2.1a0 info:
Start: "/tmp/tmp.kw9XzJSwWv/check.mif"
Options: -exitondone 1 -logfile oommf.log -threads 1

[Boxsi<9248-vm-nobody> 16:25:14.852 2026-11-24] 2.1a0 infolog:
Boxsi version 2.1a0
Number of threads: 1
"""


def test_complaint_names_the_first_error_in_one_line():
    assert oommf.complaint(ROOT) == "Don't run OOMMF as root."
    said = oommf.complaint(MISSING_TERM)
    assert said.startswith("ERROR Reading MIF file: Unrecognized Specify Block: Oxs_DMI_Cnv_z")
    assert "\n" not in said


def test_complaint_falls_back_to_the_log_and_to_the_last_lines():
    assert oommf.complaint("", LOG) == "Boxsi version 2.1a0 Number of threads: 1"
    assert oommf.complaint("a\nb\nc\nd\n") == "b c d"
    assert oommf.complaint("") == "nothing"


def test_states_fall_on_the_times_of_the_embedded_engine(small_job):
    job = small_job("oommf")
    times = [d.time(k) for d in oommf.drives(job) for k in range(d.stages)]
    pulse = [*np.arange(20, 121, 20), 130]
    relaxation = [*np.arange(140, 321, 20), 330]
    np.testing.assert_allclose(np.array(times) * 1e12, [*pulse, *relaxation])


def test_pulse_and_relaxation_never_share_a_run(small_job):
    parts = oommf.drives(small_job("oommf"))
    assert [part.driven for part in parts] == [True, True, False, False, False]
    assert [part.stages for part in parts] == [6, 1, 1, 9, 1]


def test_a_pulse_on_the_grid_is_one_run(small_job):
    job = small_job("oommf", pulse={"duration": 0.14e-9, "current_densities": [0.3e12]})
    assert [(d.driven, d.stages) for d in oommf.drives(job)] == [(True, 7), (False, 10)]


def test_an_interval_longer_than_the_rest_makes_one_stage(small_job):
    job = small_job("oommf", relaxation={"longest": 5e-12, "hold": 1e-12})
    assert oommf.drives(job)[-1].stages == 1
    assert oommf.drives(job)[-1].time(0) == pytest.approx(135e-12, rel=1e-6, abs=0)


def test_without_relaxation_nothing_follows_the_pulse(small_job):
    assert all(d.driven for d in oommf.drives(small_job("oommf", relaxation={"longest": 0})))


def test_a_pulse_of_no_current_lasts_as_long_as_any(small_job):
    job = small_job("oommf")
    still = job.model_copy(update={"current_density": 0.0})
    assert oommf.drives(still) == oommf.drives(job)
    level = job.model_copy(update={"current_density": None})
    assert [(part.driven, part.stages) for part in oommf.drives(level)] == [(False, 10)]


def test_the_runs_follow_each_other_without_a_gap(small_job):
    parts = oommf.drives(small_job("oommf"))
    starts = [part.start * 1e12 for part in parts]
    durations = [part.duration * 1e12 for part in parts]
    assert starts == pytest.approx([0, 120, 130, 140, 320], abs=1e-6)
    assert durations == pytest.approx([120, 10, 10, 180, 10], abs=1e-6)


def test_a_stage_ends_at_its_share_of_the_run():
    drive = oommf.Drive(driven=False, start=130e-12, duration=90e-12, stages=3)
    times = [drive.time(stage) * 1e12 for stage in range(3)]
    assert times == pytest.approx([160, 190, 220], abs=1e-6)


DRIVE = oommf.Drive(driven=True, start=0.0, duration=1e-10, stages=5)
TIMES = np.arange(1, 6) * 2e-11


def test_a_whole_table_passes():
    oommf.check_table(TIMES, DRIVE, 5)
    oommf.check_table(TIMES[:4], DRIVE, 3)  # cut where the wall came to rest


@pytest.mark.parametrize(
    ("times", "recorded", "words"),
    [
        (TIMES[:1], 5, "1 rows instead of 5"),
        (TIMES[:0], 1, "0 rows instead of 1"),
        (np.append(TIMES, 1.2e-10), 5, "6 rows instead of 5"),
        (TIMES * 0.9, 5, "stage 1 at 1.8e-11 s instead of 2e-11 s"),
        (np.append(TIMES[:4], 9.9e-11), 5, "stage 5 at 9.9e-11 s"),
        # by a hundred thousandth of a stage
        (np.append(TIMES[:4], TIMES[4] + 2e-16), 5, "stage 5 at 1e-10 s"),
        (np.append(TIMES[:4], TIMES[4] - 2e-16), 5, "stage 5 at"),
        (TIMES[1:], 4, "stage 1 at 4e-11 s instead of 2e-11 s"),
    ],
)
def test_a_table_that_is_short_or_off_is_refused(times, recorded, words):
    with pytest.raises(oommf.OommfError, match=words):
        oommf.check_table(times, DRIVE, recorded)


def test_the_rule_s_threads_go_before_the_configuration(monkeypatch, small_job):
    settings = small_job("oommf", oommf={"threads": 3}).calculator
    monkeypatch.delenv(oommf.THREADS_VARIABLE, raising=False)
    assert oommf.threads_of(settings) == 3
    monkeypatch.setenv(oommf.THREADS_VARIABLE, "2")
    assert oommf.threads_of(settings) == 2
    for given in ("many", "0", "-1", ""):
        monkeypatch.setenv(oommf.THREADS_VARIABLE, given)
        with pytest.raises(oommf.OommfError, match=f"OOMMF_THREADS is '{given}'; set it"):
            oommf.threads_of(settings)


def test_the_thread_count_is_no_part_of_a_job(small_job):
    one, two = (small_job("oommf", oommf={"threads": n}).to_json() for n in (1, 2))
    assert one == two
    assert SimulationJob.from_json(one).to_json() == one


def test_the_number_of_threads_is_always_given(tmp_path):
    native = oommf.Installation(("tclsh", "oommf.tcl")).boxsi(tmp_path, "track.mif", 1, "c")
    assert native[native.index("-threads") + 1] == "1"
    boxed = oommf.Installation(("docker",), "image").boxsi(tmp_path, "track.mif", 2, "c")
    assert "-threads 2" in boxed[-1]
    assert f"{tmp_path}:/io" in boxed


def test_no_oommf_at_all_is_said_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.delenv("OOMMFTCL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(oommf.OommfError) as raised:
        oommf.locate()
    assert str(raised.value).startswith("OOMMF is not there: set OOMMFTCL")
    assert "\n" not in str(raised.value)


def test_a_missing_tclsh_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("OOMMFTCL", "oommf.tcl")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(oommf.OommfError, match="needs tclsh, which is not on PATH"):
        oommf.locate()


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        ("#!/bin/sh\n", 0o644, "oommf may not be executed"),
        ("#!/nowhere/tclsh\n", 0o755, "oommf names an interpreter in its first line that is not"),
        ("\x00", 0o755, "oommf cannot be started"),
        ("#!/bin/sh\necho broken >&2; exit 3\n", 0o755, "oommf says: broken"),
    ],
)
def test_an_oommf_that_does_not_start_is_named(monkeypatch, tmp_path, content, mode, words):
    monkeypatch.delenv("OOMMFTCL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "oommf").write_text(content)
    (tmp_path / "oommf").chmod(mode)
    with pytest.raises(oommf.OommfError) as raised:
        oommf.locate()
    assert f"OOMMF does not run: {tmp_path}/{words}" in str(raised.value)
    assert "mend that installation, or set calculator: film" in str(raised.value)
    assert "\n" not in str(raised.value)
