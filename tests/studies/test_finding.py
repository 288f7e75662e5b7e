"""What a study says of its device in a few words."""

import json

import numpy as np
import pytest
import xarray

from wallnet.studies.barriers import show
from wallnet.studies.barriers.retention import Loss
from wallnet.studies.showing import show_of

NAN = float("nan")


def said(study, dimensions, coordinates=None, **variables):
    """Return the finding of a dataset with these variables; dimensions by variable."""
    data = {name: (dimensions[name], np.array(values)) for name, values in variables.items()}
    about = {"parameters": json.dumps({"settings": {"temperature": 310.0}})}
    return show_of(study).finding(xarray.Dataset(data, coordinates, about), "some")


@pytest.mark.parametrize(
    ("retained", "count"), [([0, -1, 0], "none of 3"), ([1, -1, 0], "1 of 3"), ([1] * 4, "all 4")]
)
def test_barriers(retained, count, monkeypatch):
    """Barriers are in units of k_B T at 310 K; one is unknown, and a half state does not count."""
    dimensions = dict.fromkeys(("state_retained", "state_barrier", "state_name"), "state")
    chances = [("notch 1", 1e-3, 0.2), ("notch 2", 2e-5, 0.3), ("between 1 and 2", 1.0, 1.0)]
    lost = [
        Loss(310.0, state, NAN, NAN, np.array([low, high]), np.array([low, high]), 1, 0, 0)
        for state, low, high in chances
    ]
    monkeypatch.setattr(show, "losses", lambda _: lost)
    loss = "the weakest state is lost after 10 years with a probability of 0.001 to 0.3 at 310 K"
    barriers = np.array([*[41.5, NAN, 7.25, 60.0][: len(retained)], 4.0]) * 1.380649e-23 * 310
    names = [f"notch {number + 1}" for number in range(len(retained))]
    about = {"state_retained": [*retained, 0], "state_name": [*names, "between 1 and 2"]}
    finding = said("barriers", dimensions, **about, state_barrier=barriers)
    ends = "7.25 to 60" if len(retained) == 4 else "7.25 to 41.5"
    states = f"{count} states retained (loss at most 0.01) at 310 K"
    assert finding == f"{loss}, {states}, barriers of {ends} k_B T"
    finding = said("barriers", dimensions, **about, state_barrier=barriers * NAN)
    assert finding == f"{loss}, {states}"


@pytest.mark.parametrize(
    ("models", "text"),
    [
        (["cool", "hot"], "1 of 3 pulses (cool), none of 3 pulses (hot)"),
        (["as-configured", "hot"], "1 of 3 pulses, none of 3 pulses (hot)"),
    ],
)
def test_thermal(models, text):
    """A pulse that always leaves the wall free writes no state, nor one beyond the model."""
    cool = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.4, 0.6, 0.0]]
    hot = [[0.9, 0.1, 0.0], [0.5, 0.5, 0.0], [NAN, NAN, NAN]]
    places = {"model": models, "outcome": ["notch 1", "notch 2", "free"]}
    dimensions = {"outcome_probability": ("model", "current_density", "outcome")}
    finding = said("thermal", dimensions, places, outcome_probability=[cool, hot])
    assert finding == f"with heat (some), {text} wrote one state in all runs"


def test_thermal_of_one_pulse():
    """One pulse is named in the singular, whether it always writes the same state or not."""
    places = {"model": ["cool", "hot"], "outcome": ["notch 1", "notch 2"]}
    dimensions = {"outcome_probability": ("model", "current_density", "outcome")}
    chances = [[[0.2, 0.8]], [[1.0, 0.0]]]
    finding = said("thermal", dimensions, places, outcome_probability=chances)
    text = "no pulse (cool), the only pulse (hot)"
    assert finding == f"with heat (some), {text} wrote one state in all runs"


def test_probabilities_have_their_intervals():
    places = {"model": ["m"], "current_density": [0.5e12, 0.7e12], "outcome": ["notch 1", "free"]}
    values = {"probability": [[0.25, 0.75], [1, 0]], "low": [[0.1, 0.5], [0.8, 0]]}
    values["high"] = [[0.4, 0.9], [1, 0.2]]
    numbers = {
        f"outcome_{name}": (list(places), np.array([table], dtype=float))
        for name, table in values.items()
    }
    data = xarray.Dataset(numbers, places).expand_dims(start_state=["initial"])
    rows = show_of("thermal").probabilities(data)
    shown = rows[["model", "J", "state", "P", "low", "high"]].values.tolist()
    assert shown == [
        ["m", 0.5, "notch 1", 0.25, 0.1, 0.4],
        ["m", 0.5, "free", 0.75, 0.5, 0.9],
        ["m", 0.7, "notch 1", 1.0, 0.8, 1.0],
        ["m", 0.7, "free", 0.0, 0.0, 0.2],
    ]


def test_transitions():
    finding = said("transitions", {"reached": "target"}, reached=[1, 0, 1, 0])
    assert finding == "pulses reach 2 of 4 states from others"


def test_intervals():
    places = {
        "interval_swept": "interval",
        "interval_state": "interval",
        "state": "current_density",
    }
    states = {"interval_state": ["a", "b", "a"], "state": ["a"]}
    finding = said("intervals", places, interval_swept=[3, 0, 1], **states)
    assert finding == "the sweep has pulses in 2 of 3 intervals of J"


def test_operating_windows():
    """The relatively widest window is told: 0.2 of 1.0, not 0.3 of 2.0."""
    places = {"variant": ["as-configured", "soft"], "duration": [1e-9, 2.5e-9]}
    dimensions = dict.fromkeys(("window_first", "window_last"), ("variant", "duration"))
    first, last = [[NAN, 1.7e12], [NAN, 0.8e12]], [[NAN, 2.0e12], [NAN, 1.0e12]]
    windows = {"window_first": first, "window_last": last}
    finding = said("operating_windows", dimensions, places, **windows)
    pulses = "each pulse of 0.8 to 1 × 10¹² A/m², 2.5 ns"
    assert finding == f"{pulses} moves the wall by one notch (some (soft))"
    none = {name: np.full((2, 2), NAN) for name in windows}
    finding = said("operating_windows", dimensions, places, **none)
    assert finding == "in no window each pulse moves the wall by one notch (some)"


def test_pulse_trains():
    states = ["notch 1", "notch 2", "notch 2", "notch 1"]
    finding = said("pulse_trains", {"pulse_state": "pulse"}, pulse_state=states)
    assert finding == "2 of 3 pulses of some changed the state"


def test_depinning():
    """Both ends have left by the weakest such pulse; with the other notches in place."""
    places = {"track": ["single notch", "all notches"], "ends": [1, 2]}
    edges = ("threshold_low", "threshold_high")
    dimensions = dict.fromkeys(edges, ("track", "notch", "ends"))
    single, whole = [[1e11, 2e11]] * 3, [[3e11, 4.5e11], [5e11, NAN], [6e11, 7.25e11]]

    def of_edges(low, high):
        return said("depinning", dimensions, places, threshold_low=low, threshold_high=high)

    untried = np.full((2, 3, 2), NAN)
    below = np.array([single, whole]) - 1e10
    # nothing weaker was tried on the other track, and for one end
    below[0], below[1, :, 0] = NAN, NAN
    leaves = "a wall at rest leaves its notch at"
    assert of_edges(below, [single, whole]) == f"{leaves} 0.45 to 0.725 × 10¹² A/m²"
    below[1, 0, 1] = NAN
    assert of_edges(below, [single, whole]) == f"{leaves} ≤ 0.45 to 0.725 × 10¹² A/m²"
    assert of_edges(untried + 1e11, untried) == "no wall at rest leaves its notch"
