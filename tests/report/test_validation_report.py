"""Tables and figure of the validation: contents of the cells and the axes."""

import csv

import numpy as np
from helpers.pictures import assert_shows, content_of

from wallnet import files
from wallnet.config import Figures
from wallnet.report import style, validation

SMALL = Figures(resolution=72)
BLUE, ORANGE, GREEN, PURPLE, *_ = style.COLOURS

VELOCITY = {
    "current_density": [1e11, 5e11, 9e11],
    "model, no H_K": [50.0, 180.0, 310.0],
    "model, film": [48.0, 150.0, 260.0],
    "single row": [49.0, 178.0, 305.0],
    "track 150 nm": [47.0, 134.0, 222.0],
}
OTHER = {key: [value / 2 for value in values] for key, values in VELOCITY.items()}
PROFILE = {
    "x": [10e-9, 37e-9, 46e-9, 64e-9, 73e-9, 400e-9],
    "m_z": [-0.99, -0.6, 0.01, 0.9, 0.97, 1.0],
    "centre": 46e-9,
    "width": 9e-9,
}
REVERSAL = {
    "field 2": {"time": [0.0, 2e-9], "m": [[0.9, 0.4, 0.2], [-0.9, 0.5, 0.3]]},
    "field 1": {"time": [0.0, 1e-9], "m": [[1.0, 0.1, 0.2], [-1.0, 0.3, 0.4]]},
}
COST = {
    "stray_field_tolerance": [1e-3, 1e-4],
    "stray_field_error": [3e-4, 2e-5],
    "frozen_change": [7e-3, 6e-4],
    "frozen_error": [5e-5, 4e-6],
}
ROW = {
    "quantity": "energy",
    "unit": "J",
    "reference": 4.0,
    "source": "a book",
    "ours": 3.75,
    "tolerance": 0.5,
    "reason": "rounded",
    "passed": True,
}
RESULTS = [
    {
        "check": "wall-velocity",
        "seconds": 41.0,
        "rows": [ROW],
        "curves": {"D = 1 mJ/m2": VELOCITY, "D = 3 mJ/m2": OTHER},
    },
    {"check": "neel-wall", "seconds": 12.0, "rows": [], "curves": {"profile": PROFILE}},
    {"check": "problem-4", "seconds": 3.0, "rows": [], "curves": REVERSAL},
    {"check": "tolerances", "seconds": 4.0, "rows": [], "curves": {"tolerances": COST}},
]


def written(folder, results=RESULTS):
    """Write the results to files; return the sources of their table."""
    for result in results:
        files.write_json(result, folder / f"{result['check']}.json")
    return {"results": [folder / f"{result['check']}.json" for result in results]}


def test_deviation_is_ours_less_the_reference(tmp_path):
    (row,) = csv.DictReader(validation.tabulate(written(tmp_path))["csv"].splitlines())
    numbers = [float(row[key]) for key in ("reference", "ours", "deviation", "tolerance")]
    assert (row["check"], numbers) == ("wall-velocity", [4.0, 3.75, -0.25, 0.5])


def test_the_table_to_read_puts_each_value_below_its_name(tmp_path):
    lines = validation.tabulate(written(tmp_path))["markdown"].splitlines()
    assert lines[0].startswith("1 of 1 rows passed. 0 rows are findings")
    assert "The checks took 60 s" in lines[0]
    header, _, row = lines[lines.index("## wall-velocity") + 2 :][:3]
    names, cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in (header, row))
    assert dict(zip(names, cells, strict=True)) == {
        "quantity": "energy",
        "unit": "J",
        "reference": "4",
        "source": "a book",
        "ours": "3.75",
        "tolerance": "0.5",
        "passed": "yes",
        "reason": "rounded",
    }


def test_findings_are_counted_apart_and_failures_are_named(tmp_path):
    verdicts = {"energy": True, "width": False, "speed": None, "angle": None}
    rows = [{**ROW, "quantity": name, "passed": passed} for name, passed in verdicts.items()]
    tables = validation.tabulate(written(tmp_path, [{**RESULTS[0], "rows": rows}]))
    lines = tables["markdown"].splitlines()
    assert lines[0].startswith("1 of 2 rows passed; FAILED: width. 2 rows are findings, reported")
    stored = [row["passed"] for row in csv.DictReader(tables["csv"].splitlines())]
    assert stored == ["True", "False", "", ""]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines if line.startswith("| ")]
    shown = {row[1]: row[cells[0].index("passed")] for row in cells}
    assert {name: shown[name] for name in verdicts} == {
        "energy": "yes",
        "width": "no",
        "speed": "finding",
        "angle": "finding",
    }


def test_each_curve_is_drawn_beside_its_reference(tmp_path):
    with style.apply(SMALL):
        figure, _ = validation.draw(written(tmp_path), "", SMALL)
        content = content_of(figure)
    looks = [("-", "o", BLUE), ("--", "s", ORANGE), ("-.", "^", GREEN), (":", "D", PURPLE)]
    # J in 1e12 A/m², a line for the model and points of its colour for the simulation
    velocities = []
    for strength, curve, (first, second) in (("1", VELOCITY, looks[:2]), ("3", OTHER, looks[2:])):
        density = np.array(curve["current_density"]) * 1e-12
        for model, ours, (dash, marker, colour) in (
            *(("model, no H_K", "single row", first), ("model, film", "track 150 nm", second)),
        ):
            name = f"{strength} mJ/m², {ours}"
            velocities += [["", f"{dash} {colour}", density, curve[model]]]
            velocities += [[name, f"{marker} {colour}", density, curve[ours]]]
    names = [name for name, *_ in velocities if name]
    # (x - 46 nm)/9 nm; points beyond six are left out
    u = [-4, -1, 0, 2, 3]
    tanh = [-0.999329300, -0.761594156, 0, 0.964027580, 0.995054754]
    fields = ["µMAG 4, field 1", "µMAG 4, field 2"]
    errors = COST["stray_field_tolerance"], COST["stray_field_error"]
    resting = COST["frozen_change"], COST["frozen_error"]
    assert_shows(
        content,
        [
            {
                "title": "(a)",
                "x": ["J (10¹² A/m²)"],
                "y": ["wall velocity (m/s)", 0, 310 + 0.05 * (310 - 23.5)],
                "lines": velocities,
                "legend": [*names, "engine; lines: 1-D model"],
            },
            {
                "title": "(b)",
                "x": ["u = (x - x₀)/Δ"],
                "y": ["m$_z$"],
                "lines": [
                    ["engine", f"o {BLUE}", u, [-0.99, -0.6, 0.01, 0.9, 0.97]],
                    ["tanh u", f"-- {ORANGE}", u, tanh],
                ],
                "legend": ["engine", "tanh u"],
            },
            {
                "title": "(c)",
                "x": ["time (ns)"],
                "y": ["<m$_y$>; points: mumax3"],
                "lines": [
                    [fields[0], f"- {BLUE}", [0, 1], [0.1, 0.3]],
                    [fields[1], f"-- {ORANGE}", [0, 2], [0.4, 0.5]],
                    # mumax3's <m_y> after 1 ns, in the colour of the curve for the same field
                    ["", f"o {BLUE}", [1], [0.1260409]],
                    ["", f"s {ORANGE}", [1], [-0.120395]],
                ],
                "legend": fields,
            },
            {
                "title": "(d)",
                "x": ["tolerance", "log"],
                "y": ["largest deviation of <m>", "log"],
                "lines": [
                    ["stray field", f"o- {BLUE}", *errors],
                    ["resting columns", f"s-- {ORANGE}", *resting],
                    ["", ": #000000", [0, 1], [5e-4, 5e-4]],
                ],
                "legend": ["stray field", "resting columns"],
            },
        ],
    )
