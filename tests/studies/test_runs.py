"""A small window run by Snakemake, and the jobs that a change of it plans."""

import copy
import json
import re

import pytest
from helpers.planned import planned_jobs
from helpers.small_campaign import Campaign
from helpers.windows import places, windowed

from wallnet import config, files, plan
from wallnet.plan import Work

pytestmark = pytest.mark.campaign

VARIANTS = {"alpha-0.5": {}, "alpha-0.4": {"material": {"damping": 0.4}}}
DATA = windowed(current_densities=[0.9e12, 1.05e12], durations=[1.5e-9], variants=VARIANTS)
POINTS = {"staircase": 4, "window": 1, "window_report": 1}
ALL = {"window_initial": 2, **POINTS}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Return the campaign with its window, run as a user runs it, and what it told."""
    made = Campaign(tmp_path_factory.mktemp("window"))
    made.configure(DATA)
    made.told = made.snakemake("windows").stderr
    return made


@pytest.fixture
def finished(ran, tmp_path):
    """Return a copy of that campaign, which a test may change."""
    return ran.copied(tmp_path / "campaign")


def of_windows(planned):
    return {rule: count for rule, count in planned.items() if rule in ALL}


def test_a_window_has_data_tables_and_a_map(ran):
    names = ("results/tables/windows/three", "results/figures/windows/three-map")
    suffixes = (".csv", ".md", ".html", ".png", ".pdf")
    found = {s for name in names for s in suffixes if (ran.folder / f"{name}{s}").is_file()}
    assert found == set(suffixes)
    window = files.read_dataset(ran.folder / "results/windows/three.nc", "window")
    outcomes = [window["window_outcome"].sel(place).item() for place in places(window)]
    assert outcomes[:2] == ["sticks", "works"]
    assert window["variant"].values.tolist() == list(VARIANTS)
    assert '"damping":0.4' in window.attrs["simulation"].replace("\\", "")


def test_a_run_tells_beforehand_how_much_it_simulates(ran, finished):
    """Four staircases of 6 · (1.5 + 2.5) ns, and two initial states of 1 ns each."""
    assert "6 simulations of this target are not there yet: at most 98 ns, about " in ran.told
    shown = finished.snakemake("windows", "--dry-run")
    assert "All simulations of this target are there." in shown.stdout + shown.stderr


def test_the_estimate_is_that_of_cells_and_steps():
    """The engine takes 0.2 s for a nanosecond of 500×50 cells, and a job 1.4 s to its start."""
    data = windowed()
    data["devices"]["stairs"]["track"] = {
        "length": 1500e-9,
        "width": 150e-9,
        "thickness": 2e-9,
        "cell_size": 3e-9,
        "notches": {"diameter": 40e-9, "positions": [60e-9, 300e-9]},
    }
    data["devices"]["stairs"]["wall"]["start"] = 60e-9
    device = config.parse(data).devices["stairs"]
    film = Work("nowhere.nc", device, 10e-9, 0.65e12)
    assert film.processor_time == pytest.approx(1.4 + 2.1, rel=0.1, abs=0)
    oommf = device.model_copy(update={"calculator": "oommf"})
    # 53 s a nanosecond on the same core
    slow = Work("nowhere.nc", oommf, 10e-9, 0.65e12).processor_time
    assert slow == pytest.approx(530, rel=0.1, abs=0)
    own = device.model_copy(update={"calculator": "mine:Own"})
    works = [film, Work("nowhere.nc", own, 5e-9, 0.5e12)]
    assert plan.work_ahead(works) == (
        "2 simulations of this target are not there yet: at most 15 ns, about 4 s of processor "
        "time, 1 with a calculator of unknown speed, less where a simulation ends early."
    )


def test_long_estimates_are_in_minutes_and_hours():
    """From two of the larger unit on; OOMMF takes 2.5 µs for each of 90×18 cells and a step."""
    device = config.parse(DATA).devices["stairs"].model_copy(update={"calculator": "oommf"})
    step = device.time_step(0.6e12)

    def told(seconds):
        longest = (seconds - 1.4) / (2.5e-6 * 90 * 18) * step
        sentence = plan.work_ahead([Work("", device, longest, 0.6e12)])
        return re.search(r"about (\d+ \w+)", sentence)[1]

    shown = [told(seconds) for seconds in (119, 123, 7100, 7300, 54_100)]
    assert shown == ["119 s", "2 min", "118 min", "2 h", "15 h"]


def test_each_staircase_is_as_long_as_its_own_pulses():
    """Three up and three down, each with its pause of 2.5 ns and its tail of 1 ns."""
    tail = {"share": 0.5, "duration": 1e-9}
    data = windowed(durations=[1.5e-9, 1.2e-9], variants=VARIANTS, tail=tail)
    work = plan.window_work(config.parse(data))
    place = "results/windows/three/alpha"
    expected = {
        f"{place}-{damping}/{name}": (damping, longest, density)
        for damping in ("0.5", "0.4")
        for name, longest, density in (
            ("initial.nc", 1e-9, 0.0),
            ("1.200/0.9000.nc", 28.2e-9, 0.9e12),
            ("1.200/1.0500.nc", 28.2e-9, 1.05e12),
            ("1.500/0.9000.nc", 30e-9, 0.9e12),
            ("1.500/1.0500.nc", 30e-9, 1.05e12),
        )
    }
    assert sorted(each.path for each in work) == sorted(expected)
    for each in work:
        damping, longest, density = expected[each.path]
        assert str(each.device.material.damping) == damping
        assert each.longest == pytest.approx(longest, rel=1e-9, abs=0)
        assert each.strongest == density


def test_windows_are_a_target_of_their_own(finished):
    assert finished.planned("windows") == {}
    assert of_windows(finished.planned()) == {}


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("windows.three.pause", 3e-9, POINTS),
        ("windows.three.tail", {"share": 0.5, "duration": 1e-9}, POINTS),
        (
            "windows.three.current_densities",
            [0.9e12, 1.05e12, 1.2e12],
            POINTS | {"staircase": 2},
        ),
        # one of the two variants
        (
            "windows.three.variants.alpha-0.4.material.damping",
            0.3,
            {**POINTS, "window_initial": 1, "staircase": 2},
        ),
        ("devices.stairs.material", {"exchange_stiffness": 1.9e-11}, ALL),
        # the detector does not see the states, and the sweep has other pulses
        ("devices.stairs.detector.stop", 280e-9, {}),
        ("devices.stairs.pulse.duration", 0.7e-9, {}),
        ("figures", {"font_size": 7.0}, {"window_report": 1}),
    ],
)
def test_a_change_plans_what_depends_on_it(finished, path, value, expected):
    data = copy.deepcopy(DATA)
    block = data
    *parents, last = path.replace("alpha-0.4", "alpha-0_4").split(".")
    for key in parents:
        block = block.setdefault(key.replace("alpha-0_4", "alpha-0.4"), {})
    block[last] = value
    finished.configure(data)
    assert of_windows(finished.planned("windows")) == expected


def test_a_removed_variant_is_no_longer_asked_for(finished):
    data = copy.deepcopy(DATA)
    assert plan.not_asked_for(config.parse(data), finished.folder) == []
    del data["windows"]["three"]["variants"]["alpha-0.4"]
    left = plan.not_asked_for(config.parse(data), finished.folder)
    results = [path for path in left if path.split("/")[1] not in ("logs", "benchmarks")]
    folder = "results/windows/three/alpha-0.4"
    assert results == [f"{folder}/1.500/{j}.nc" for j in ("0.9000", "1.0500")] + [
        f"{folder}/initial.nc"
    ]


def test_each_point_gets_its_own_pulse_and_its_variant(tmp_path):
    data = copy.deepcopy(DATA)
    data["devices"]["stairs"]["calculator"] = "oommf"
    data["devices"]["stairs"]["oommf"] = {"threads": 3}
    data["windows"]["three"]["durations"] = [0.25e-9, 1.5e-9]
    made = Campaign(tmp_path)
    made.configure(data)
    jobs = planned_jobs(tmp_path, ["windows"])
    points = [job for job in jobs if job["rule"] == "staircase"]
    assert len(points) == 8
    for job in points:
        told, names = json.loads(job["params"]["job"]), job["wildcards"]
        (pulse,) = told["step"]
        current = float(names["current"]) * 1e12
        assert pulse["current_density"] == pytest.approx(current, rel=1e-9, abs=0)
        duration = float(names["duration"]) * 1e-9
        assert pulse["duration"] == pytest.approx(duration, rel=1e-9, abs=0)
        assert str(told["simulation"]["material"]["damping"]) == names["variant"][-3:]
        assert job["input"] == [f"results/windows/three/{names['variant']}/initial.nc"]
        assert job["threads"] == 3
        assert job["environment"] == "oommf.yaml"


def test_a_campaign_without_windows_says_so(campaign):
    result = campaign.snakemake("windows", "--dry-run", check=False)
    assert result.returncode != 0
    assert "the target windows has nothing to run" in result.stdout + result.stderr
