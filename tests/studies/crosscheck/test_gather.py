"""Deviations between traces whose differences are known."""

import numpy as np
import pytest
from helpers.crosscheck import crosschecked

from studies.results import NM, gather, one, pulsed, write_states, write_trace
from wallnet import files, plan
from wallnet.studies import STUDIES

CROSSCHECK = STUDIES["crosscheck"]
LAST = {"film": 30, "oommf": 31}
"""Last entry of the quick trace of each calculator; one wall rests slightly later."""

STEP = 20e-12


@pytest.fixture
def campaign(tmp_path, monkeypatch):
    """Return the campaign, with a trace of both calculators of each case in this folder."""
    monkeypatch.chdir(tmp_path)
    made = plan.parse(crosschecked())
    for request in pulsed(CROSSCHECK.requests_of(made, "engines")):
        case, calculator = request.conditions.variant, request.conditions.calculator
        if case == "quick":
            write_states(request, ("gap 1", 85, 97))
            write_trace(request, 80 * NM, 100 * NM, **ABOUT[calculator])
            change(request, lambda data, last=LAST[calculator]: data.isel(time=slice(last + 1)))
        elif case == "slow":
            write_trace(request, 60 * NM, 60 * NM, wall_time=1.5)
    return made


ABOUT = {
    "film": {"backend": "film", "backend_version": "7.1", "wall_time": 8.0},
    "oommf": {
        **{"backend": "oommf", "backend_version": "OOMMF 2", "wall_time": 1200.0},
        **{"settled": 0, "threads": 4},
    },
}


def request_of(campaign, calculator):
    requests = CROSSCHECK.requests_of(campaign, "engines")
    return one(requests, "run", variant="quick", calculator=calculator)


def change(request, make):
    """Apply a function to the trace of a request."""
    data = make(files.read_dataset(request.path, "run"))
    files.write_dataset(data, request.path, "run", {})


def differing(data):
    """Return a trace with deviations that a comparison should find."""
    data["m"][3, 1] += 2e-4
    data["m"][31] *= 0.5  # no longer in the other trace
    data["wall_bottom"][4] -= 1 * NM
    data["wall_top"][5] += 3 * NM
    data["wall_position"][31] += 5 * NM
    return data


def gathered(campaign):
    return gather(CROSSCHECK, campaign, "engines", CROSSCHECK.requests_of(campaign, "engines"))


def test_deviations_are_the_largest_over_what_both_traces_have(campaign):
    change(request_of(campaign, "oommf"), differing)
    data = gathered(campaign)
    assert data["case"].values.tolist() == ["slow", "quick"]
    assert data["calculator"].values.tolist() == ["film", "oommf"]
    assert data["case_damping"].values.tolist() == [0.5, 0.1]
    assert data["case_current_density"].values.tolist() == [0.4e12, -0.6e12]
    quick = data.sel(case="quick")
    assert quick["compared_until"] == pytest.approx(30 * STEP, rel=1e-6, abs=0)
    assert quick["m_deviation"] == pytest.approx(2e-4, rel=1e-2, abs=0)
    assert quick["wall_bottom_deviation"] == pytest.approx(1 * NM, rel=1e-4, abs=0)
    assert quick["wall_top_deviation"] == pytest.approx(3 * NM, rel=1e-4, abs=0)
    first, other = (
        files.read_dataset(request_of(campaign, name).path, "run")["wall_position"].values
        for name in ("film", "oommf")
    )
    assert quick["final_position_deviation"] == pytest.approx(
        other[31] - first[30], rel=1e-6, abs=0
    )
    assert quick["final_state"].values.tolist() == ["gap 1", "still moving"]
    assert quick["final_settled"].values.tolist() == [1, 0]
    assert quick["wall_time"].values.tolist() == [8.0, 1200.0]
    slow = data.sel(case="slow")
    # a track without notches pins no wall
    assert slow["final_state"].values.tolist() == ["free", "free"]
    for name in ("m", "wall_bottom", "wall_top", "final_position"):
        assert slow[f"{name}_deviation"] == 0
    assert slow["final_settled"].values.tolist() == [-1, -1]


def test_a_deviation_has_no_sign_whichever_calculator_is_ahead(campaign):
    change(
        request_of(campaign, "film"), lambda data: data.assign(wall_top=data["wall_top"] + 2 * NM)
    )
    quick = gathered(campaign).sel(case="quick")
    assert quick["wall_top_deviation"] == pytest.approx(2 * NM, rel=1e-4, abs=0)


def test_curves_are_those_of_both_traces(campaign):
    change(request_of(campaign, "oommf"), differing)
    quick = gathered(campaign).sel(case="quick")
    for calculator, last in LAST.items():
        trace = files.read_dataset(request_of(campaign, calculator).path, "run")
        for name in ("wall_bottom", "wall_top"):
            curve = quick[f"trace_{name}"].sel(calculator=calculator).values
            np.testing.assert_array_equal(curve[: last + 1], trace[name].values)
            assert np.isnan(curve[last + 1 :]).all()
    np.testing.assert_allclose(quick["trace_time"].values[:32], np.arange(32) * STEP, rtol=1e-6)
    assert np.isnan(quick["trace_time"].values[32:]).all()
    deviation = np.zeros(31)
    deviation[3] = 2e-4
    np.testing.assert_allclose(quick["trace_m_deviation"].values[:31], deviation, atol=1e-7)
    assert np.isnan(quick["trace_m_deviation"].values[31:]).all()
    current = quick["trace_current_density"].values[:32]
    # a pulse of 0.6 ns ends with entry 30
    assert np.array_equal(current != 0, np.arange(32) <= 30)
    assert current.min() == pytest.approx(-0.6e12, rel=1e-6, abs=0)


def test_traces_recorded_at_other_times_are_not_compared(campaign):
    change(
        request_of(campaign, "oommf"),
        lambda data: data.assign_coords(time=data["time"] + 0.02 * STEP),
    )
    with pytest.raises(SystemExit, match="two traces of quick are not recorded at the same times"):
        gathered(campaign)
