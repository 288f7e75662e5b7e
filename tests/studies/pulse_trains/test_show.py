"""Tables and figure of a response to a pulse train, from responses with known values."""

import json

import numpy as np
import pytest
from helpers.pictures import assert_shows, content_of
from helpers.programs import RESPONSE, staircase
from helpers.readable import columns_in

from studies.results import shown
from wallnet import files, plan
from wallnet.config import Figures
from wallnet.jobs.report import write_energy_job
from wallnet.report import style
from wallnet.studies import STUDIES
from wallnet.studies.pulse_trains.show import Show

STUDY = STUDIES["pulse_trains"]
SMALL = Figures(resolution=72)
BLUE, ORANGE, *_ = style.COLOURS
J = np.array([0.0, 0.7e12, 0.7e12, -0.5e12])
TIME = np.array([0.0, 1e-9, 2e-9, 4e-9, 6e-9, 7e-9, 10e-9])


PULSES = [{"repetitions": 2}, {"waveform": [[0.0, 1.0], [1.5e-9, 0.0]]}]


def response(values, largest_rise=50.0):
    """Return the response of a track of 360 nm × 72 nm."""
    job = write_energy_job(plan.parse(staircase()).devices["stairs"])
    job = job.model_copy(update={"largest_rise": largest_rise})
    parameters = json.dumps(
        {"about": {"write_energy": job.plain()}, "settings": {"pulses": PULSES}}
    )
    about = {"subject": "up-down", "parameters": parameters, "simulation": "{}", "revision": 4}
    return files.dataset("response", values).assign_attrs(wallnet_version="0", **about)


@pytest.fixture(scope="module")
def dataset():
    """Return a response in which no two quantities are alike."""
    return response(
        {
            "wall_position": TIME * 20 + 60e-9,
            "wall_bottom": TIME * 18 + 55e-9,
            "wall_top": TIME * 25 + 70e-9,
            "applied_current_density": [0.0, 0.7e12, 0.0, 0.7e12, 0.0, -0.5e12, 0.0],
            "pulse_train_conductance": np.stack([TIME * 1e3 + 40e-6, TIME * 2e3 + 50e-6]),
            "pulse_current_density": J,
            "pulse_start": [0.0, 0.0, 2e-9, 6e-9],
            "pulse_duration": [0.0, 1e-9, 2e-9, 1.5e-9],
            "pause_end": [0.0, 2e-9, 6e-9, 10e-9],
            "pulse_state": ["notch 1", "notch 2", "between 2 and 3", "free"],
            "pulse_settled": [-1, 1, 1, 0],
            "pulse_wall_position": [60e-9, 101e-9, 152e-9, 83e-9],
            "pulse_wall_bottom": [55e-9, 96e-9, 147e-9, 78e-9],
            "pulse_wall_top": [70e-9, 111e-9, 162e-9, 93e-9],
            "pulse_conductance": [[40e-6, 41e-6, 44e-6, 40.5e-6], [50e-6, 53e-6, 60e-6, 51e-6]],
            "normalized_pulse_conductance": [[0, 0.25, 1, 0.125], [0, 0.3, 1, 0.1]],
            "branch_first": [1, 3],
            "branch_last": [2, 3],
            "branch_steps": [2, 1],
            "nonlinearity": [[-1.5, 0.25], [2.5, np.nan]],
            "step_size": [[0.5, -0.875], [0.45, -0.9]],
            "step_slope": [[0.31, np.nan], [-0.62, np.nan]],
            "time": TIME,
            "pulse": [0, 1, 2, 3],
            "branch": [1, 2],
        }
    )


@pytest.fixture
def data(dataset):
    """Return the same, which a test may change."""
    return dataset.copy()


def test_the_tables_have_each_pulse_and_each_branch(dataset, tmp_path):
    shown(STUDY, dataset, tmp_path)
    pulses, branches, asymmetry = columns_in((tmp_path / "table.md").read_text()).values()
    assert pulses[:14] == [
        ["pulse", "0", "1", "2", "3"],
        ["J (1e12 A/m²)", "+0.0000", "+0.7000", "+0.7000", "-0.5000"],
        ["duration (ns)", "0.000", "1.000", "2.000", "1.500"],
        ["state after the pause", "notch 1", "notch 2", "between 2 and 3", "free"],
        ["settled", "not asked", "yes", "yes", "no"],
        ["wall, lower edge (nm)", "55.0", "96.0", "147.0", "78.0"],
        ["wall, upper edge (nm)", "70.0", "111.0", "162.0", "93.0"],
        ["G, parallel (µS)", "40.000", "41.000", "44.000", "40.500"],
        ["G, series (µS)", "50.000", "53.000", "60.000", "51.000"],
        ["G normalised, parallel", "0.0000", "0.2500", "1.0000", "0.1250"],
        ["G normalised, series", "0.0000", "0.3000", "1.0000", "0.1000"],
        ["J in the metal (1e12 A/m²)", "–", "0.7000", "0.7000", "-0.5000"],
        # 0.7e12 A/m² · 72 nm · 5 nm and 2/5 more in the magnet; 1.3e-6 Ω m · 0.7e12 A/m² · 360 nm
        ["current (mA)", "–", "0.3528", "0.3528", "0.2520"],
        ["voltage (V)", "–", "0.3276", "0.3276", "0.2340"],
    ]
    assert branches == [
        ["pulses", "1 to 2", "1 to 2", "3 to 3", "3 to 3"],
        ["branch", "potentiation", "potentiation", "depression", "depression"],
        ["reading", "parallel", "series", "parallel", "series"],
        ["pulses that change the state", "2", "2", "1", "1"],
        ["mean step of G normalised", "+0.5000", "+0.4500", "-0.8750", "-0.9000"],
        ["nonlinearity (NeuroSim)", "-1.50", "+2.50", "+0.25", "–"],
        ["γ (aihwkit)", "+0.31", "-0.62", "–", "–"],
    ]
    # of potentiation and the depression after it
    assert asymmetry == [
        ["pulses", "1 to 3", "1 to 3"],
        ["reading", "parallel", "series"],
        ["asymmetry (NeuroSim)", "1.75", "–"],
        # (0.5 - 0.875)/(0.5 + 0.875) and (0.45 - 0.9)/(0.45 + 0.9)
        ["β (aihwkit)", "-0.2727", "-0.3333"],
    ]


def test_a_depression_and_the_potentiation_after_it_are_no_pair(data, tmp_path):
    data["pulse_current_density"] = -data["pulse_current_density"]
    shown(STUDY, data, tmp_path)
    _, branches, asymmetry = columns_in((tmp_path / "table.md").read_text()).values()
    assert branches[1] == ["branch", *["depression"] * 2, *["potentiation"] * 2]
    assert asymmetry[0] == ["pulses"]


def test_a_train_has_the_write_energy_of_each_pulse(tmp_path):
    rows, _ = shown(STUDY, response(RESPONSE, largest_rise=180.0), tmp_path)
    assert rows[0]["energy (pJ)"] == rows[0]["model"] == "–"
    # 360 nm · 72 nm · 5 nm · 1.3e-6 Ω m · J² · t, and a third of it for a fall to 0; 2 nm of magnet
    # add 2/5
    volume = 360e-9 * 72e-9 * 7e-9 * 1.3e-6
    energies = [volume * J**2 * t for J, t in ((1.2e12, 1e-9), (1.2e12, 2e-9), (0.8e12, 0.5e-9))]
    assert [float(row["energy (pJ)"]) for row in rows[1:]] == pytest.approx(
        [e / 1e-12 for e in energies], abs=6e-4
    )
    metal = [row["J in the metal (1e12 A/m²)"] for row in rows[1:]]
    assert metal == ["1.2000", "1.2000", "-0.8000"]
    rises, means = (
        [float(row[f"temperature rise, {place} (K)"]) for row in rows[1:]]
        for place in ("middle", "mean")
    )
    assert rises[1] > rises[0] > rises[2]
    assert max(means) < max(rises)
    models = [row["model"] for row in rows[1:]]
    assert [model == "inside" for model in models] == [rise <= 180 for rise in rises]
    assert len(set(models)) == 2


def test_the_figure_shows_conductance_by_pulse_and_the_wall_by_time(data):
    with style.apply(SMALL):
        figure = Show().draw(data, SMALL)
        content = content_of(figure)
    assert_shows(
        content,
        [
            {
                "title": "(a) after each pulse",
                "x": ["pulse number"],
                "y": [r"normalised conductance $\mathit{G}_{norm}$"],
                "lines": [
                    ["parallel reading", f"o- {BLUE}", [0, 1, 2, 3], [0, 0.25, 1, 0.125]],
                    ["series reading", f"s-- {ORANGE}", [0, 1, 2, 3], [0, 0.3, 1, 0.1]],
                ],
                "legend": ["parallel reading", "series reading"],
            },
            {
                "title": "(b) wall ends and current density",
                "x": ["", 0, 10],
                "y": [r"wall $\mathit{x}$ (nm)"],
                "lines": [
                    ["lower edge", f"- {BLUE}", TIME / 1e-9, 55 + 18 * TIME / 1e-9],
                    ["upper edge", f"-- {ORANGE}", TIME / 1e-9, 70 + 25 * TIME / 1e-9],
                ],
                "legend": ["lower edge", "upper edge"],
            },
            {
                "x": ["time (ns)", 0, 10],
                "y": [r"$\mathit{J}$ ($10^{12}$ A/m²)"],
                # an entry has the current of the interval that it ends
                "lines": [["", "- #333333 steps-pre", TIME / 1e-9, [0, 0.7, 0, 0.7, 0, -0.5, 0]]],
            },
        ],
    )
