"""The display of a running campaign: what it counts, estimates and says."""

import io
import json
import logging
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from types import SimpleNamespace

import pytest
from helpers import forked
from helpers.small_campaign import ROOT, Campaign, with_networks
from helpers.terminal import terminal
from snakemake.profiles import ProfileConfigFileParser
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_wallnet import LogHandler, Run, changes_of, differences, job_of
from wallnet import files
from wallnet.files.origin import stated
from wallnet.files.progress import noted_progress, progress_of, read_progress
from wallnet.film import compiling
from wallnet.plan import work
from wallnet.plan.requests import Requested
from wallnet.plan.work import expected_times
from wallnet.studies import DEVICES


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def said(number, rule="trace", *wildcards, outputs=(), logs=(), **more):
    """Return what Snakemake says of a job."""
    names = dict(enumerate(wildcards))
    job = {"rule_name": rule, "jobid": number, "wildcards": names, "output": list(outputs)}
    return job | {"log": list(logs), **more}


@pytest.fixture
def run(clock):
    made = Run(clock)
    made.planned, made.total = Counter(trace=6, device=2), 8
    return made


@pytest.mark.parametrize("profile", ["default", "slurm"])
def test_a_profile_names_the_display_where_it_is_installed(monkeypatch, profile):
    """Elsewhere Snakemake would print its usage before it says that it does not know it."""

    def display():
        with open(ROOT / "profiles" / profile / "config.yaml") as stream:
            return ProfileConfigFileParser().parse(stream).get("logger")

    assert display() == "wallnet"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert display() is None


def test_time_left_is_that_of_the_work_left_at_the_pace_since_the_first_end(run, clock):
    """Two at once; traces are expected to take 3 s, devices 1 s, in sum 20 s."""
    run.times = dict.fromkeys(range(1, 7), 3.0) | {7: 1.0, 8: 1.0}
    assert run.time_left() is None
    run.start(said(1))
    run.start(said(2))
    clock.now += 80
    run.finish(1)
    # the first one took much longer, since it compiled
    assert run.time_left() is None
    clock.now += 4
    run.finish(2)
    # 4 s for work of 3 s
    assert run.time_left() == pytest.approx(14 * 4 / 3, rel=1e-9, abs=0)
    run.start(said(7, "device"))
    clock.now += 1
    run.finish(7)
    pace = 5 / 4
    assert run.time_left() == pytest.approx(13 * pace, rel=1e-9, abs=0)
    # a part of a running job is over, at most all of it
    run.start(said(3))
    clock.now += 2
    assert run.time_left() == pytest.approx(13 * pace - 2, rel=1e-9, abs=0)
    clock.now += 100
    assert run.time_left() == pytest.approx(10 * pace, rel=1e-9, abs=0)
    # three more jobs than planned at first, each of the mean of 20 / 8 s
    run.total = 11
    assert run.time_left() == pytest.approx((10 + 3 * 2.5) * pace, rel=1e-9, abs=0)
    # no time is left of a job that failed
    run.fail(said(3))
    assert run.time_left() == pytest.approx((10 + 3 * 2.5) * pace, rel=1e-9, abs=0)


def test_compilation_is_not_the_pace_of_jobs(handler, clock, tmp_path):
    """Two kinds of film are compiled in 30 and 40 s, in jobs of 3 s, two at once."""
    run = handler.run = Run(clock)
    run.total, run.times = 20, dict.fromkeys(range(1, 21), 3.0)
    first, second = (tmp_path / name for name in ("first.nc", "second.nc"))
    run.start(said(1, outputs=[str(first)]))
    run.start(said(2, outputs=[str(second)]))
    for _ in range(2):
        say(handler, compiling.COMPILING, logging.WARNING)
    clock.now += 30
    say(handler, compiling.COMPILED, logging.WARNING)
    clock.now += 3
    run.finish(1)
    clock.now += 7
    say(handler, compiling.COMPILED, logging.WARNING)
    assert run.time_left() is None
    progress_of(second).write_text("[0.4e-9, 1e-9]")
    clock.now += 2
    run.start(said(3))
    run.finish(3)
    # its simulated time counts from the end of the compilation
    assert run.time_left() == pytest.approx(18 * 3 * 2 / 3, rel=1e-9, abs=0)
    run.total = 3
    assert run.time_left() == pytest.approx(3, rel=1e-9, abs=0)


def test_the_time_left_waits_for_a_compilation_unless_its_job_fails(handler, clock):
    run = handler.run = Run(clock)
    run.total = 20
    for number in range(1, 5):
        run.start(said(number))
    clock.now += 1
    run.finish(1)
    clock.now += 1
    run.finish(2)
    assert run.time_left() == 18
    say(handler, compiling.COMPILING, logging.WARNING)
    clock.now += 1
    run.finish(3)
    assert run.time_left() is None
    run.fail(said(4))
    run.start(said(5))
    clock.now += 2
    run.finish(5)
    assert run.time_left() is not None


def test_a_run_says_once_that_it_compiles(handler):
    """Of each kind of film, two functions are compiled, also in jobs at the same time."""
    for line in (compiling.COMPILING, compiling.COMPILED, compiling.COMPILING):
        say(handler, line, logging.WARNING)
    assert handler.stream.getvalue().splitlines() == [compiling.COMPILING]
    assert handler.run.compiling


def test_the_last_job_that_runs_tells_by_its_simulated_time_when_it_ends(run, clock, tmp_path):
    """It takes 200 s where 3 were expected, and one at a time ran before."""
    run.total = 3
    for number in (1, 2):
        run.start(said(number))
        clock.now += 3
        run.finish(number)
    last = tmp_path / "last.nc"
    run.start(said(3, outputs=[str(last)]))
    progress_of(last).write_text("[3e-9, 10e-9]")
    clock.now += 60
    assert run.time_left() == pytest.approx(140, rel=1e-9, abs=0)
    # the first steps tell nothing, since imports came before them
    progress_of(last).write_text("[0.4e-9, 10e-9]")
    assert run.time_left() == 0


def test_starts_are_part_of_the_time_left(run, clock):
    """Jobs take 1 s, and the scheduler starts one every 5 s."""
    run.total = 20
    for number in range(1, 11):
        run.start(said(number))
        clock.now += 1
        run.finish(number)
        clock.now += 4
    assert run.time_left() == pytest.approx(10 * 45 / 9, rel=1e-9, abs=0)


def jobs_of_the_campaign(campaign):
    """Return rule, outputs and measured time in s of the longer jobs, in the order of a run."""
    measured = {}
    for line in (ROOT / "benchmarks/README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[1].isdigit():
            measured[cells[0]] = float(cells[2])
    jobs = []
    for name in campaign.simulated:
        traces = "traces, neuron" if name == "neuron" else "traces, synapses and tracks"
        for request in DEVICES.requests_of(campaign, name):
            relaxes = request.conditions.duration == 0
            times = {"run": "levels" if relaxes else traces, "minima": "minima"}
            if request.kind in times:
                jobs.append((request.kind, [request.path], measured[times[request.kind]]))
    mapped = {}
    for run in campaign.networks.runs():
        path = files.METRICS.format(**run)
        if run["device"] == "none":
            stage, rule = ("fp32", "train") if run["stage"] == "fp32" else ("continued", "train_on")
            jobs.append((rule, [path], measured[f"{rule} ({stage}), {run['recipe']}"]))
        else:
            place = tuple(run[key] for key in ("dataset", "device", "reading", "seed"))
            mapped.setdefault(place, []).append(path)
    whole = measured["map (all recipes and mappings)"]
    return jobs + [("map", paths, whole) for paths in mapped.values()]


@pytest.mark.parametrize("slower", [1, 4], ids=["benchmark", "slow"])
def test_the_time_left_of_the_shipped_campaign_is_about_right_from_the_first(
    clock, default_campaign, slower
):
    """Jobs take what the benchmark measured, one after the other, on machines of two speeds."""
    campaign = default_campaign.without_optional
    jobs = jobs_of_the_campaign(campaign)
    assert len(jobs) > 200
    expected = expected_times(Requested(default_campaign))
    run = Run(clock)
    run.total = len(jobs)
    times = [work.time_of_job(outputs, expected) for _, outputs, _ in jobs]
    run.times = dict(enumerate(times))
    left = sum(seconds for _, _, seconds in jobs) * slower
    whole, rows = left, []
    for number, (rule, _, seconds) in enumerate(jobs):
        run.start(said(number, rule))
        clock.now += seconds * slower
        run.finish(number)
        run.done = number + 1
        left -= seconds * slower
        rows.append((left / whole, run.time_left(), left))
    shown = [row for row in rows if row[1] is not None]
    assert rows[0][1] is None
    assert shown[0][0] > 0.9
    for _, estimate, right in shown[:-1]:
        assert estimate == pytest.approx(right, rel=0.3, abs=0)


def test_running_jobs_are_shown_above_the_bar(run):
    from rich.console import Console

    for number in range(1, 13):
        run.start(said(number, "trace", f"n{number}"))
    run.done = 4
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(run.display())
    shown = console.export_text().splitlines()
    assert shown[0].split() == ["0", "s", "trace", "n1"]
    assert shown[8].strip() == "and 4 more"
    assert shown[9].rstrip() == "4 of 8 jobs; running: 12 trace"
    assert set(shown[10].strip()) == {"━"}


def test_the_line_of_a_failure_names_what_was_known_before(run, monkeypatch):
    run.start(said(1, "trace", "neuron", "0.5000", logs=["own.log"]))
    failed = said(1, logs=["own.log", f"{os.getcwd()}/slurm.log"])
    failed["rule_msg"] = "SLURM-job '5' failed, SLURM status is: 'TIMEOUT'. Detailed failure"
    assert run.fail(failed) == (
        "FAILED trace neuron 0.5000 (SLURM: TIMEOUT); log: own.log, slurm.log"
    )
    assert run.line() == "0 of 8 jobs; 1 failed"


def test_a_running_job_tells_its_simulated_time_from_its_note(run, clock, tmp_path):
    output = tmp_path / "0.5000.nc"
    run.start(said(1, outputs=[str(output)]))
    job = run.running[1]
    assert job.progress(clock() + 42) == "42 s"
    with noted_progress(output, 13e-9) as note:
        note(2.5e-9)
        assert job.progress(0) == "2.5 of 13.0 ns"
        # a note a second at most
        note(3.5e-9)
        assert job.progress(0) == "2.5 of 13.0 ns"
        progress_of(output).write_text("[1.0")
        assert read_progress(output) is None
    assert not progress_of(output).exists()


def test_changes_are_in_words_of_the_keys():
    before = {"material": {"damping": 0.5, "exchange": 2e-11}, "seeds": [1]}
    after = {"material": {"damping": 0.4, "exchange": 2e-11}, "seeds": [1, 2], "new": "a"}
    assert differences(before, after) == [
        "material.damping 0.5 → 0.4",
        'new none → "a"',
        "seeds [1] → [1, 2]",
    ]
    for command in (
        'wallnet x --job \'{"a": "b c"}\' --out y',
        'A=1 wallnet x --job - --out y <<< \'{"a": "b c"}\' > log 2>&1',
    ):
        assert job_of(command) == {"a": "b c"}
    for command in ("wallnet x --out y", "wallnet x --job - --out y", "wallnet --job", "a 'b"):
        assert job_of(command) is None


def test_the_origin_of_a_result_is_read_from_it(tmp_path):
    path = tmp_path / "metrics.json"
    assert stated(path) == {}
    path.write_text(json.dumps({"parameters": {"seed": 3}, "accuracy": 1, "revision": 2}))
    assert stated(path) == {"parameters": {"seed": 3}, "revision": 2}
    for content in ("{", "[1]", "{}", '{"parameters": 3}'):
        path.write_text(content)
        assert stated(path) == {}
    damaged = tmp_path / "trace.nc"
    damaged.write_bytes(b"not netCDF")
    assert stated(damaged) == {}


def test_a_change_of_a_long_list_or_text_is_a_short_line():
    stored = {"pulses": [1.5] * 3000, "label": "a" * 50, "few": [1, 2]}
    planned = {"pulses": [1.5] * 3001, "label": "b" * 50, "few": [1]}
    assert differences(stored, planned) == [
        "few [1, 2] → [1]",
        f'label "{"a" * 38}… → "{"b" * 38}…',
        "pulses 3000 values → 3001 values",
    ]


def test_a_dry_run_compares_each_network_of_a_job_with_its_own_part(tmp_path):
    """One job maps the networks of several recipes and mappings."""
    parts = [
        {"recipe": recipe, "mapping": mapping, "on_levels": {"learning_rate": rate}}
        for recipe, mapping, rate in (("plain", "layer", 1e-3), ("tuned", "signed-fitted", 2e-3))
    ]
    paths = [tmp_path / f"{part['recipe']}.json" for part in parts]
    for path, part in zip(paths, parts, strict=True):
        path.write_text(json.dumps({"parameters": part}))
    planned = json.loads(json.dumps({"seed": 3, "networks": parts}))
    planned["networks"][1]["on_levels"]["learning_rate"] = 5e-3
    command = shlex.join(["wallnet", "map", "--job", json.dumps(planned)])
    assert changes_of(command, paths) == ["on_levels.learning_rate 0.002 → 0.005"]


@pytest.fixture
def handler(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = LogHandler(SimpleNamespace(stdout=False, dryrun=False), None)
    made.stream = io.StringIO()
    return made


def say(handler, text=None, level=logging.INFO, **extra):
    handler.emit(logging.makeLogRecord({"msg": text, "levelno": level, **extra}))


def test_failures_and_messages_are_printed_at_once_and_what_says_nothing_is_not(handler):
    say(handler, event=LogEvent.RUN_INFO, stats={"trace": 2, "total": 2})
    say(handler, "Building DAG of jobs...")
    say(handler, "windows: 12 trains are missing", logging.WARNING)
    say(handler, "windows: 12 trains are missing", logging.WARNING)
    job = {"rule_name": "trace", "wildcards": {"device": "n", "current": "0.5000"}}
    job |= {"output": ["out.nc"], "log": ["results/logs/a.log"]}
    say(handler, event=LogEvent.JOB_INFO, jobid=7, **job)
    say(handler, event=LogEvent.JOB_ERROR, jobid=7, **job)
    say(handler, event=LogEvent.PROGRESS, done=2, total=2)
    handler.close()
    plan, message, failure, progress, end = handler.stream.getvalue().splitlines()
    assert plan == "2 jobs: 2 trace"
    assert message == "windows: 12 trains are missing"
    assert failure == "FAILED trace n 0.5000; log: results/logs/a.log"
    assert re.fullmatch(r"\d\d:\d\d:\d\d 2 of 2 jobs; 1 failed", progress)
    assert end == "2 of 2 jobs done in 0 s; 1 failed"


def test_a_failure_is_shown_with_the_last_line_of_its_log(handler, tmp_path):
    """Escape sequences of a terminal are text; a log may end with empty lines."""
    log = tmp_path / "a.log"
    log.write_text("compiling\nresults/a.nc \x1b[2Jcannot be written\n\n", encoding="utf-8")
    job = {"rule_name": "trace", "wildcards": {}, "output": ["out.nc"], "log": [str(log)]}
    say(handler, event=LogEvent.JOB_INFO, jobid=7, **job)
    say(handler, event=LogEvent.JOB_ERROR, jobid=7, **job)
    handler.close()
    shown = handler.stream.getvalue()
    assert "a.log\nresults/a.nc " in shown
    assert "cannot be written\n" in shown
    assert "\x1b" not in shown
    assert "compiling" not in shown


def test_jobs_that_ctrl_c_ends_have_not_failed(handler):
    """Snakemake may tell of the end of a job before that of the run; one had failed before."""
    say(handler, event=LogEvent.RUN_INFO, stats={"trace": 3, "total": 3})
    say(handler, event=LogEvent.JOB_ERROR, **job(1))
    say(handler, "RuleException:\nCommand '…' died with <Signals.SIGINT: 2>.", logging.ERROR)
    say(handler, event=LogEvent.JOB_ERROR, **job(2))
    handler.close()
    assert handler.stream.getvalue().splitlines()[1:] == [
        "FAILED trace; log: none",
        "interrupted: 0 of 3 jobs done in 0 s; 1 failed; the next run goes on from there",
    ]


def test_a_later_count_of_jobs_does_not_replace_the_first(handler):
    """After a checkpoint Snakemake tells the numbers of all jobs that are left."""
    say(handler, event=LogEvent.RUN_INFO, stats={"trace": 2, "total": 2})
    say(handler, event=LogEvent.RUN_INFO, stats={"device": 5, "total": 5})
    assert handler.run.planned == {"trace": 2}
    assert handler.run.total == 2
    assert handler.stream.getvalue() == "2 jobs: 2 trace\n"


def test_each_failed_job_of_a_group_is_named(handler):
    say(handler, event=LogEvent.RUN_INFO, stats={"trace": 3, "total": 3})
    for number in (1, 2, 3):
        say(handler, event=LogEvent.JOB_INFO, **job(number, f"{number}.nc"))
    failed = [job(number) | {"log": [f"{number}.log"]} for number in (1, 3)]
    say(handler, event=LogEvent.GROUP_ERROR, job_error_info=failed)
    assert handler.stream.getvalue().splitlines()[1:] == [
        "FAILED trace; log: 1.log",
        "FAILED trace; log: 3.log",
    ]
    assert [*handler.run.running] == [2]


def test_without_a_terminal_a_line_comes_every_half_minute_and_at_the_end(
    handler, clock, monkeypatch
):
    handler._printed = clock()
    time_module = SimpleNamespace(monotonic=clock, strftime=lambda pattern: "12:00:00")
    monkeypatch.setattr("snakemake_logger_plugin_wallnet.time", time_module)
    say(handler, event=LogEvent.RUN_INFO, stats={"trace": 5, "total": 5})
    for done, seconds in ((1, 29), (2, 2), (3, 29), (4, 0), (5, 0)):
        clock.now += seconds
        say(handler, event=LogEvent.PROGRESS, done=done, total=5)
    lines = handler.stream.getvalue().splitlines()
    assert lines[1:] == ["12:00:00 2 of 5 jobs", "12:00:00 5 of 5 jobs"]


def test_a_complete_run_ends_with_its_jobs_and_the_paths_of_its_results(
    handler, tmp_path, monkeypatch
):
    """After a round, a job of the total was no longer needed; the page is not there yet."""
    monkeypatch.chdir(tmp_path)
    paths = ["warm.csv", "warm.png", "summary.html"]
    for path in paths[:2]:
        (tmp_path / path).touch()
    for level, end in (
        (logging.WARNING, ["3 jobs done in 0 s", "  warm.csv", "  warm.png"]),
        (logging.ERROR, ["3 of 4 jobs done in 0 s"]),
    ):
        say(handler, results=paths)
        say(handler, event=LogEvent.RUN_INFO, stats={"trace": 4, "total": 4})
        say(handler, event=LogEvent.JOB_INFO, **job(1))
        say(handler, event=LogEvent.PROGRESS, done=3, total=4)
        say(handler, "said", level)
        before = len(handler.stream.getvalue())
        handler.close()
        assert handler.stream.getvalue()[before:].splitlines() == end


def test_a_dry_run_lists_the_most_frequent_changes_and_other_reasons(tmp_path, monkeypatch):
    """Results of jobs with other parameters are there, and some are missing."""
    monkeypatch.setattr("snakemake_logger_plugin_wallnet.MOST_CHANGES", 2)
    path = tmp_path / "stored.json"
    path.write_text(json.dumps({"parameters": {"a": 1, "b": 1, "c": 1}}))
    run = Run()
    run.planned, run.total = Counter(trace=5, device=2, data=3), 10
    for rule, changed in (
        *(("device", {"c": 2}), ("trace", {"b": 2}), ("trace", {"b": 2}), ("trace", {"a": 2})),
        *(("trace", {"b": 2}), ("device", {"b": 2}), ("trace", {"a": 2})),
    ):
        text = json.dumps({"a": 1, "b": 1, "c": 1} | changed)
        fields = {"reason": "Params have changed since", "shellcmd": f"x --job '{text}'"}
        run.plan_change(said(1, rule, outputs=[str(path)], **fields))
    missing, updated = "Missing output files: a.json, b.json", "Updated input files: c.json"
    for reason in (updated, missing, missing):
        run.plan_change(said(1, "data", reason=reason))
    assert run.dry_text().splitlines() == [
        "10 jobs: 5 trace, 3 data, 2 device",
        "b 1 → 2: 3 trace, 1 device",
        "a 1 → 2: 2 trace",
        "and 1 more changes",
        "Missing output files: 2 jobs",
        "Updated input files: 1 job",
    ]


def job(number, *outputs):
    return {"jobid": number, "rule_name": "trace", "output": list(outputs)}


def test_what_slurm_says_of_each_job_is_in_the_display_and_not_a_line(handler):
    say(handler, event=LogEvent.RUN_INFO, stats={"trace": 2, "total": 2})
    say(handler, "SLURM run ID: 1234")
    job = {"rule_name": "trace", "wildcards": {"device": "n", "current": "0.5000"}}
    job |= {"output": ["out.nc"], "log": ["a.log"]}
    say(handler, event=LogEvent.JOB_INFO, jobid=7, **job)
    say(handler, "Job 7 has been submitted with SLURM jobid 3 (log: /a/long/path/3.log).")
    job |= {"log": ["a.log", "3.log"], "rule_msg": "failed, SLURM status is: 'FAILED'. For further"}
    say(handler, event=LogEvent.JOB_ERROR, jobid=7, **job)
    say(handler, "Trying to restart job 7.")
    say(handler, "Trying to restart job 8.")
    say(handler, "Job rate limit reached, waiting for free slots.")
    handler.close()
    assert handler.stream.getvalue().splitlines() == [
        "2 jobs: 2 trace",
        "SLURM run ID: 1234",
        "FAILED trace n 0.5000 (SLURM: FAILED); log: a.log, 3.log",
        "again: trace n 0.5000",
        "0 jobs done in 0 s",
    ]


# With Snakemake


@pytest.mark.campaign
def test_a_dry_run_tells_which_key_changed_and_what_runs_again(finished_devices, tmp_path, tiny):
    finished = finished_devices.copied(tmp_path / "campaign")
    tiny["material"]["damping"] = 0.4
    finished.configure(tiny)
    dry_run = finished.snakemake("--dry-run", "devices", display=True)
    lines = dry_run.stderr.splitlines() + dry_run.stdout.splitlines()
    assert "material.damping 0.5 → 0.4: 11 run, 2 initial" in lines
    assert sum("20 jobs: 11 run" in line for line in lines) == 1
    assert len(lines) < 12


@pytest.mark.campaign
def test_a_run_is_a_few_lines_and_its_log_is_complete(tmp_path):
    """The images of a data set are not there; the trace is simulated nevertheless."""
    campaign = Campaign(tmp_path)
    campaign.configure(with_networks())
    targets = ("results/traces/neuron/0.4000.nc", "results/data/blots.json")
    done = campaign.snakemake("--cores", "1", *targets, check=False, display=True)
    assert done.returncode != 0
    # Snakemake names its profile before there is a handler
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Using workflow")]
    assert len(lines) < 8
    (failure,) = [line for line in lines if line.startswith("FAILED")]
    assert failure == "FAILED data blots; log: results/logs/data/blots.log"
    assert lines[0] == "3 jobs: 1 data, 1 initial, 1 run"
    assert re.fullmatch(r"2 of 3 jobs done in \d+ (s|min); 1 failed", lines[-1])
    (log,) = (tmp_path / ".snakemake/log").glob("*.log")
    assert "rule run:" in log.read_text()
    assert not list(tmp_path.glob("results/traces/neuron/.*.progress"))


TELLING = """
import json
from snakemake_logger_plugin_wallnet import LogHandler

close = LogHandler.close


def tell(self):
    if self.run.times:  # Snakemake makes a second handler, in the folder where it was called
        json.dump(self.run.times, open({!r}, "w"))
    close(self)


LogHandler.close = tell
"""


@pytest.mark.campaign
def test_a_run_tells_the_display_what_its_jobs_are_expected_to_take(tmp_path, tiny):
    """Two pulses, of which one is ten times as long as the other."""
    pulse = {"current_density": 2e11, "duration": 2e-9, "repetitions": 2}
    tiny["pulse_trains"] = {"twice": {"device": "neuron", "pulses": [pulse]}}
    campaign = Campaign(tmp_path)
    campaign.configure(tiny)
    targets = ("results/traces/neuron/0.2000.nc", "results/pulse_trains/twice/train.nc")
    times = tmp_path / "told.json"
    campaign.snakemake(*targets, cores=1, display=True, code=TELLING.format(str(times)))
    shortest, trace, train = sorted(json.loads(times.read_text()).values())
    assert (train - shortest) / (trace - shortest) == pytest.approx(10, rel=0.01, abs=0)


@pytest.mark.campaign
def test_making_the_report_says_no_word_of_each_figure_but_its_errors(whole):
    recipe = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    (options,) = re.findall(r"/snakemake (.*) --report results/report.html", recipe)
    arguments = [
        word for word in shlex.split(options) if word not in ("--directory", "$$DIRECTORY")
    ]
    done = whole.snakemake(*arguments, "--report", "results/report.html", display=True)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Using workflow")]
    assert lines == ["Creating report..."]
    assert (whole.folder / "results/report.html").exists()
    (whole.folder / "results/figures/accuracy.png").unlink()
    failed = whole.snakemake(
        *arguments, "--report", "results/report.html", check=False, display=True
    )
    assert failed.returncode != 0
    assert "results/figures/accuracy.png" in failed.stderr


@pytest.fixture
def slow_trace(tmp_path, tiny):
    """Return the command that makes a trace in some seconds, whose pace tells the time left."""
    tiny["film"] = {"time_step_fraction": 0.01, "frozen_change": 0.0}
    tiny["devices"]["neuron"]["pulse"]["duration"] = 3e-9
    campaign = Campaign(tmp_path)
    campaign.configure(tiny)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(tmp_path), "--cores", "1"]
    return [*command, "results/traces/neuron/0.4000.nc"]


@pytest.mark.campaign
def test_after_ctrl_c_no_job_has_failed_and_the_next_run_goes_on(slow_trace, tmp_path):
    note = tmp_path / "results/traces/neuron/.0.4000.nc.progress"
    # a shell starts programs in the background with SIGINT ignored, which is inherited
    ignored = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}
    options = {"stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    environment = os.environ | forked.shared()
    program = subprocess.Popen(slow_trace, env=environment, **options, **ignored)
    while not note.exists():
        assert program.poll() is None
        time.sleep(0.02)
    os.killpg(program.pid, signal.SIGINT)
    lines = program.communicate()[1].splitlines()
    assert program.returncode != 0
    assert lines[-2] == "2 jobs: 1 initial, 1 run"
    assert lines[-1].startswith("interrupted: 1 of 2 jobs done in ")
    left = Campaign(tmp_path).snakemake("--dry-run", slow_trace[-1], display=True)
    assert "1 job: 1 run" in left.stdout + left.stderr


@pytest.mark.campaign
def test_a_terminal_of_80_columns_shows_running_jobs_and_is_left_clean(slow_trace):
    size = {"COLUMNS": "80", "LINES": "24", "TERM": "xterm"}
    with terminal() as screen:
        shown = {"stderr": screen.side, "env": os.environ | size | forked.shared()}
        done = subprocess.run(slow_trace, **shown, check=False)
    assert done.returncode == 0
    text, plain = screen.text, screen.plain
    assert "run traces/neuron/0.4000" in plain
    assert "2 jobs done in" in plain.strip().splitlines()[-1]
    lines = [line for line in plain.splitlines() if not line.startswith("Using workflow")]
    assert max(map(len, lines)) <= 80
    now = "1 of 2 jobs; running: run"
    assert any(line.startswith(now) for line in lines)
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h")  # the cursor is there again
