"""The cross-check's tables and figure: the places of the calculators and the units."""

import csv
import html
import json

import numpy as np
import pytest
import xarray

from wallnet import cli
from wallnet.config import Figures
from wallnet.files import FileError
from wallnet.report import crosscheck, style

SMALL = Figures(resolution=72)
BOTH = ("film", "oommf")
ENTRIES = {"film": 60, "oommf": 61}
"""Number of entries in the trace of each calculator; one wall rests slightly later."""

STEP = 0.05e-9


def trace(backend, *, bottom, top, wall_time, state, settled, m=None):
    """Return a trace of a pulse of 2 ns with wall ends at constant velocities in m/s."""
    time = np.arange(ENTRIES[backend]) * STEP
    zeros = np.zeros((time.size, 3))
    return xarray.Dataset(
        {
            "m": (("time", "component"), zeros if m is None else m),
            "wall_bottom": ("time", 60e-9 + bottom * time),
            "wall_top": ("time", 80e-9 + top * time),
            "wall_position": ("time", 70e-9 + (bottom + top) / 2 * time),
            "applied_current_density": ("time", np.where(time < 1.975e-9, 0.3e12, 0.0)),
            "pulse_current_density": 0.65e12,
        },
        coords={"time": time},
        attrs={
            "backend": backend,
            "parameters": json.dumps({"material": {"damping": 0.3}, "calculator": backend}),
            "wall_time": wall_time,
            "state": state,
            "settled": settled,
        },
    )


@pytest.fixture(scope="module")
def pair():
    m = np.zeros((ENTRIES["oommf"], 3))
    m[7] = 1e-3, -4e-3, 2e-3
    m[60] = 0.5  # no longer in the engine's trace
    film = trace("film", bottom=40.0, top=90.0, wall_time=8.0, state="notch 1", settled=1)
    other = {"wall_time": 1200.0, "state": "between 1 and 2", "settled": 0, "m": m}
    return film, trace("oommf", bottom=41.0, top=86.0, **other)


def test_every_quantity_of_a_comparison_is_that_of_its_calculator(pair):
    found = crosscheck.compare("a", *pair, BOTH)
    end = 59 * STEP  # of the engine's trace, which is the shorter one
    assert found.end_time == pytest.approx(end, rel=1e-9, abs=0)
    assert found.deviation_m == pytest.approx(4e-3, rel=1e-9, abs=0)
    assert found.deviation_bottom == pytest.approx(1.0 * end, rel=1e-6, abs=0)
    assert found.deviation_top == pytest.approx(4.0 * end, rel=1e-6, abs=0)
    # of the mean position, at the end of each trace
    assert found.final_deviation == pytest.approx(
        abs(65.0 * 59 * STEP - 63.5 * 60 * STEP), rel=1e-6, abs=0
    )
    assert (found.first_state, found.reference_state) == (
        "notch 1, settled",
        "between 1 and 2, unsettled",
    )
    assert (found.first_wall_time, found.reference_wall_time) == (8.0, 1200.0)
    assert found.ratio == pytest.approx(150, rel=1e-9, abs=0)
    assert (found.damping, found.current_density) == (0.3, 0.65e12)


def test_a_deviation_has_no_sign_whichever_calculator_is_ahead(pair):
    """The engine's wall stops before OOMMF's."""
    film, _ = pair
    other = {"wall_time": 1.0, "state": "notch 1", "settled": 1}
    oommf = trace("oommf", bottom=50.0, top=100.0, **other)
    found = crosscheck.compare("a", film, oommf, BOTH)
    end = 59 * STEP
    assert found.deviation_bottom == pytest.approx(10 * end, rel=1e-6, abs=0)
    assert found.deviation_top == pytest.approx(10 * end, rel=1e-6, abs=0)
    assert found.final_deviation == pytest.approx(75 * 60 * STEP - 65 * end, rel=1e-6, abs=0)


def test_traces_recorded_at_other_times_are_not_compared(pair):
    """The times differ by a fiftieth of a nanosecond."""
    film, oommf = pair
    later = oommf.assign_coords(time=oommf["time"] + 0.02e-9)
    with pytest.raises(FileError, match="the two traces of a are not of the same pulse"):
        crosscheck.compare("a", film, later, BOTH)


def test_traces_of_other_pulses_are_not_compared(pair):
    """Neither of another material nor of another current density in the same one."""
    film, oommf = pair
    for damping, density in ((0.31, 0.65e12), (0.3, 0.66e12)):
        first, other = (
            json.dumps({"material": {"damping": d}, "calculator": name, "current_density": J})
            for name, d, J in (("film", 0.3, 0.65e12), ("oommf", damping, density))
        )
        two = film.assign_attrs(parameters=first), oommf.assign_attrs(parameters=other)
        with pytest.raises(FileError, match="the two traces of a are not of the same pulse"):
            crosscheck.compare("a", *two, BOTH)


def test_a_wall_that_was_not_asked_to_rest_is_neither_settled_nor_unsettled(pair):
    film, oommf = (each.assign_attrs(settled=-1) for each in pair)
    found = crosscheck.compare("a", film, oommf, BOTH)
    assert (found.first_state, found.reference_state) == ("notch 1", "between 1 and 2")


@pytest.mark.parametrize(("first", "reference"), [(2, 1), (1, 2), (1, 1)])
def test_each_case_needs_a_trace_of_both_calculators(tmp_path, first, reference):
    words = ["--cases", "a", "b", "--calculators", *BOTH]
    words += ["--first", *first * ["f.nc"], "--reference", *reference * ["r.nc"]]
    for option, name in (("csv", "t.csv"), ("markdown", "t.md"), ("png", "f.png")):
        words += [f"--{option}", str(tmp_path / name)]
    with pytest.raises(SystemExit, match="--cases, --first and --reference differ in number"):
        cli.main(["crosscheck", *words, "--vector", str(tmp_path / "f.pdf")])
    assert not any(tmp_path.iterdir())


COMPARISON = crosscheck.Comparison(
    case="near",
    damping=0.3,
    current_density=-0.65e12,
    end_time=6.25e-9,
    deviation_m=4.4e-3,
    deviation_bottom=1.25e-9,
    deviation_top=2.5e-9,
    final_deviation=0.75e-9,
    first_state="notch 1, settled",
    reference_state="notch 2",
    first_wall_time=8.5,
    reference_wall_time=1275.0,
    ratio=150.0,
)


def test_the_table_to_read_is_in_the_units_of_its_head(tmp_path):
    made_by = ("the embedded engine", "OOMMF 2 (4 threads)")
    crosscheck.write_markdown([COMPARISON], BOTH, made_by, tmp_path / "c.md")
    text = (tmp_path / "c.md").read_text()
    header, _, row = text.splitlines()[:3]
    names, cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in (header, row))
    assert dict(zip(map(html.unescape, names), cells, strict=True)) == {
        "case": "near",
        "α": "0.3",
        "J (10¹² A/m²)": "-0.65",
        "compared up to (ns)": "6.25",
        "max. deviation of <m>": "4.4e-03",
        "of the lower wall end (nm)": "1.250",
        "of the upper wall end (nm)": "2.500",
        "of the final mean position (nm)": "0.750",
        "final state, engine": "notch 1, settled",
        "final state, OOMMF": "notch 2",
        "engine (s)": "8.5",
        "OOMMF (s)": "1275",
        "ratio": "150",
    }
    assert "The same pulse in the embedded engine and in OOMMF 2 (4 threads), from" in text


def test_the_table_to_compute_with_is_in_si_units(tmp_path):
    crosscheck.write_csv([COMPARISON], BOTH, tmp_path / "c.csv")
    with open(tmp_path / "c.csv", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert float(row["end_time"]) == pytest.approx(6.25e-9, rel=1e-6, abs=0)
    assert float(row["current_density"]) == pytest.approx(-0.65e12, rel=1e-6, abs=0)
    assert float(row["deviation_bottom"]) == pytest.approx(1.25e-9, rel=1e-6, abs=0)
    assert float(row["deviation_top"]) == pytest.approx(2.5e-9, rel=1e-6, abs=0)
    assert float(row["wall_time_film"]) == 8.5
    assert list(row) == [
        *("case", "damping", "current_density", "end_time"),
        *("deviation_m", "deviation_bottom", "deviation_top", "final_deviation"),
        *("state_film", "state_oommf", "wall_time_film", "wall_time_oommf", "ratio"),
    ]


def test_any_two_calculators_go_by_their_names(tmp_path):
    """Columns, headings and notes use the names; the second is the reference."""
    two = ("drift:Drift", "film")
    crosscheck.write_csv([COMPARISON], two, tmp_path / "c.csv")
    with open(tmp_path / "c.csv", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["state_drift:Drift"] == "notch 1, settled"
    assert row["state_film"] == "notch 2"
    assert float(row["wall_time_film"]) == 1275
    attrs = [
        {"backend": "drift:Drift", "backend_version": "source 12ab"},
        {"backend": "film", "backend_version": "0.1.0"},
        {"backend": "oommf", "backend_version": "OOMMF 2", "threads": 4},
        {"backend": "oommf", "backend_version": "OOMMF 2", "threads": 1},
    ]
    words = [crosscheck.description(xarray.Dataset(attrs=each)) for each in attrs]
    assert words == [
        "drift:Drift (source 12ab)",
        "the embedded engine",
        "OOMMF 2 (4 threads)",
        "OOMMF 2 (one thread)",
    ]
    crosscheck.write_markdown([COMPARISON], two, words[:2], tmp_path / "c.md")
    text = (tmp_path / "c.md").read_text()
    assert "The same pulse in drift:Drift (source 12ab) and in the embedded engine, from" in text
    header = [cell.strip() for cell in text.splitlines()[0].strip("|").split("|")]
    assert header[8:10] == ["final state, drift:Drift", "final state, engine"]
    assert header[10:12] == ["drift:Drift (s)", "engine (s)"]


def test_the_figure_tells_calculators_and_ends_apart(pair, tmp_path, monkeypatch):
    kept = []
    monkeypatch.setattr(style, "save", lambda figure, *paths, **made_by: kept.append(figure))
    back = tuple(
        each.assign(applied_current_density=-each["applied_current_density"]) for each in pair
    )
    traces = {"first": pair, "second": back}
    crosscheck.draw(traces, BOTH, SMALL, tmp_path / "f.png", tmp_path / "f.pdf")
    (figure,) = kept
    upper, second, lower, _ = figure.axes
    film, oommf = pair
    found = {line.get_label(): line for line in upper.get_lines()}
    for label, name in (("lower end", "wall_bottom"), ("upper end", "wall_top")):
        line, points = found[f"{label}, engine"], found[f"{label}, OOMMF"]
        assert line.get_linestyle() == "-"
        assert points.get_linestyle() == "None"
        assert line.get_color() == points.get_color()
        assert line.get_xdata() == pytest.approx(np.arange(60) * 0.05, abs=1e-9)  # ns
        assert line.get_ydata() == pytest.approx(film[name].values * 1e9, rel=1e-6, abs=0)
        time = np.asarray(points.get_xdata())
        assert time == pytest.approx(np.arange(0, 61, 2) * 0.05, abs=1e-9)
        assert points.get_ydata() == pytest.approx(
            np.interp(time * 1e-9, oommf["time"], oommf[name]) * 1e9, rel=1e-6, abs=0
        )
    for axes in (upper, second):  # also while one flows backwards
        (shade,) = axes.patches
        assert shade.get_x() == 0
        # ns: while a current flows
        assert shade.get_width() == pytest.approx(1.95, rel=1e-6, abs=0)
    # no deviation at the start, where both are the same by definition; a lower limit elsewhere
    (deviation,) = lower.get_lines()
    assert deviation.get_xdata() == pytest.approx(np.arange(1, 60) * 0.05, rel=1e-9, abs=0)
    expected = np.full(59, 1e-8)
    expected[6] = 4e-3
    assert deviation.get_ydata() == pytest.approx(expected, rel=1e-9, abs=0)
    assert lower.get_yscale() == "log"
    assert lower.get_xlabel() == "time (ns)"
    assert upper.get_ylabel() == "wall ends (nm)"
    assert lower.get_ylabel() == "deviation of <m>"
    assert [axes.get_title() for axes in figure.axes[:2]] == ["first", "second"]
