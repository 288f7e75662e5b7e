"""Table, tornado and finding of a sensitivity, from known thresholds."""

import numpy as np
import pytest
from helpers.pictures import assert_shows, content_of

from studies.results import shown
from wallnet import files
from wallnet.config import Figures
from wallnet.report import style
from wallnet.studies import STUDIES
from wallnet.studies.sensitivity.show import Show

SMALL = Figures(resolution=72)
NAN = np.nan
T = 1e12


@pytest.fixture
def data():
    """Return three assumptions: a weak one, a strong one on both sides, and one of a limit only."""
    # of one end and of both ends
    low = [
        [[0.49, 0.78], [0.49, 0.798]],
        [[0.30, 0.60], [0.60, 0.92]],
        [[0.49, 0.798], [0.70, 1.20]],
    ]
    high = [
        [[0.51, 0.79], [0.51, 0.802]],
        [[0.32, 0.624], [0.62, 0.944]],
        [[0.51, 0.802], [0.72, NAN]],
    ]
    low, high = np.array(low) * T, np.array(high) * T
    reference = np.array([[0.49, 0.798], [0.51, 0.802]]) * T
    middle = reference.mean(axis=0)
    values = {
        "reference_low": reference[0],
        "reference_high": reference[1],
        "assumed_low": low,
        "assumed_high": high,
        "effect": np.where(np.isnan(high), low, (low + high) / 2) / middle - 1,
        "effect_limit": np.isnan(high),
        "effect_error": (high - low + reference[1] - reference[0]) / 2 / middle,
        "assumed_value": [["0.1", "0.5"], ["-5 %", "+5 %"], ["stairs", "smooth"]],
        "assumption_label": ["damping", "Ku", "edges"],
        "assumption": ["damping", "anisotropy", "edges"],
        "ends": [1, 2],
    }
    # these are as configured
    values["effect_error"][[0, 2], [1, 0]] = 0.0
    about = {"subject": "small", "parameters": "{}", "simulation": "{}", "revision": 1}
    return files.dataset("sensitivity", values).assign_attrs(wallnet_version="0", **about)


def test_the_largest_effects_are_the_first_rows(data, tmp_path):
    """0.612/0.8 and 0.932/0.8 - 1; more than 1.2/0.8 - 1 = 0.5; 0.785/0.8 - 1."""
    rows, _ = shown(STUDIES["sensitivity"], data, tmp_path)
    assert list(rows[0]) == [
        *("assumption", "value"),
        *("both ends leave, above (1e12 A/m²)", "both ends leave, by (1e12 A/m²)"),
        "both ends leave, effect (%)",
        *("one end leaves, above (1e12 A/m²)", "one end leaves, by (1e12 A/m²)"),
        "one end leaves, effect (%)",
    ]
    both = [[cell for name, cell in row.items() if "one end" not in name] for row in rows]
    assert both == [
        ["as configured", "–", "0.7980", "0.8020", "–"],
        ["edges", "stairs", "0.7980", "0.8020", "0"],
        ["edges", "smooth", "1.2000", "–", "≥ +50.0"],
        ["Ku", "-5 %", "0.6000", "0.6240", "-23.5 ± 1.8"],
        ["Ku", "+5 %", "0.9200", "0.9440", "+16.5 ± 1.8"],
        ["damping", "0.1", "0.7800", "0.7900", "-1.9 ± 0.9"],
        ["damping", "0.5", "0.7980", "0.8020", "0"],
    ]
    one = [row["one end leaves, effect (%)"] for row in rows]
    assert one[1:5] == ["0", "+42.0 ± 4.0", "-38.0 ± 4.0", "+22.0 ± 4.0"]


def test_bars_end_at_the_effects_with_their_values(data):
    """The lower end of each assumption is above its upper one; the largest effect is at the top."""
    with style.apply(SMALL):
        figure = Show().draw(data, SMALL)
        content = content_of(figure)
    effects = [0, 50, -23.5, 16.5, -1.875, 0], [0, 42, -38, 22, 0, 0]
    errors = [0, 0, 1.75, 1.75, 0.875, 0], [0, 4, 4, 4, 4, 0]
    titles = "both ends leave: 0.800 × 10¹² A/m²", "one end leaves: 0.500 × 10¹² A/m²"
    for panel, effect, error, title in zip(content, effects, errors, titles, strict=True):
        # two bars for each assumption
        rows = [-0.2, 0.2, 0.8, 1.2, 1.8, 2.2]
        bars = zip(rows, effect, style.COLOURS[:2] * 3, strict=True)
        assert_shows(
            [panel["title"], panel["x"], panel["patches"], panel["bars"]],
            [
                title,
                ["change of the threshold (%)"],
                [[0, row - 0.19, value, 0.38, colour] for row, value, colour in bars],
                [
                    [[[value - half, row, value + half, row]]]
                    for row, value, half in zip(rows, effect, error, strict=True)
                ],
            ],
        )
    assert content[0]["y"] == ["", "inverted", ["edges", "Ku", "damping"]]
    texts = [text for text, *_ in content[0]["texts"]]
    assert texts == ["stairs", "smooth (≥)", "-5 %", "+5 %", "0.1", "0.5"]


def test_texts_of_users_are_shown_as_they_are(data):
    """Text between two dollars would be a formula."""
    text = "US$ or AU$"
    names = {"assumption_label": ["damping", text, "edges"]}
    names["assumed_value"] = [["0.1", "0.5"], [text, "none"], ["stairs", "smooth"]]
    for name, values in names.items():
        data[name] = data[name].dims, np.array(values, dtype=object)
    with style.apply(SMALL):
        axes = Show().draw(data, SMALL).axes[0]
    escaped = r"US\$ or AU\$"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["edges", escaped, "damping"]
    assert [label.get_text() for label in axes.texts][2:4] == [escaped, "none"]


def test_the_finding_names_what_decides(data):
    expected = "edges: stairs to smooth, 0 to ≥ +50.0 %"
    assert (
        Show().finding(data, "small")
        == f"the depinning threshold (small) depends most on {expected}"
    )
    data["effect"][:] = NAN
    expected = "no threshold (small) lies between the weakest and the strongest pulse"
    assert Show().finding(data, "small") == expected


def test_a_reference_without_threshold_is_drawn(data):
    data["reference_high"][:] = NAN
    data["effect"][:] = data["effect_error"][:] = NAN
    with style.apply(SMALL):
        figure = Show().draw(data, SMALL)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[:2] == ["0.1 (?)", "0.5 (?)"]
    assert figure.axes[0].get_title(loc="left") == "both ends leave: not found"
