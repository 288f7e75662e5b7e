"""Which pulses of a sweep reach the notches, from traces with known ends."""

import numpy as np
from helpers.windows import windowed

from studies.results import NM, T, gather, write_trace
from wallnet import files, plan
from wallnet.jobs.request import runs_of
from wallnet.studies import STUDIES

SWEEPS = STUDIES["sweeps"]

WALLS = {-0.9: 180, -0.6: 40, -0.4: 40, 0.5: 40, 0.7: 180, 0.75: 180, 0.8: 180, 1.1: 250}
"""Wall in nm after a pulse, by its current density in 1e12 A/m²; notches are at 40, 180, 320 nm."""

MOVING, SPLIT = 0.7, 0.75
"""Current densities after which the wall still moves, and after which there are two."""


def swept(relaxation, detector=None):
    """Return the dataset of the perfect device; on the sample the wall leaves notch 1 for notch 2.

    A wall that is placed at notch 3 goes to notch 2, and one at notch 2 still moves.
    """
    data = windowed()
    del data["operating_windows"]
    device = data["devices"]["stairs"] | {"kind": "synapse", "disorder": {"edges": {"rms": 2e-9}}}
    device |= {
        "detector": detector or {},
        "relaxation": relaxation,
        "read_at": "rest" if relaxation["longest"] else "pulse_end",
    }
    data["devices"]["stairs"] = device
    sweep = {"samples": 1, "current_densities": [density * T for density in WALLS]}
    campaign = plan.parse(data | {"sweeps": {"stairs": sweep}})
    requests = SWEEPS.requests_of(campaign, "stairs")
    for request in runs_of(requests):
        conditions = request.conditions
        if request.conditions.duration == 0:
            end = {"notch 1": 40, "notch 2": 180, "notch 3": 180}[conditions.state] * NM
            write_trace(request, end, end, settled=int(conditions.state != "notch 2"))
        elif request.conditions.current_density is not None:
            density = round(conditions.current_density / T, 4)
            end = (180 if conditions.sample else WALLS[density]) * NM
            walls = 2 if density == SPLIT else 1
            write_trace(request, end, end, walls=walls, settled=int(density != MOVING))
    gather(SWEEPS, campaign, "stairs", requests)
    return files.read_dataset(SWEEPS.path("stairs"), SWEEPS.kind, samples=True)


def test_a_notch_is_reached_by_the_weakest_pulse_after_which_the_wall_rests_there(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    data = swept({"longest": 3e-9, "hold": 0.2e-9, "speed": 2.0})
    assert data["state"].values.tolist() == [
        [
            *("notch 2", "notch 1", "notch 1", "notch 1"),
            *("still moving", "several walls", "notch 2", "free"),
        ],
        [*["notch 2"] * 4, "still moving", "several walls", "notch 2", "notch 2"],
    ]
    reached = data["notch_current_density"].values / T
    # a negative pulse is as strong as a positive one
    np.testing.assert_allclose(reached, [[-0.4, 0.8, np.nan], [np.nan, -0.4, np.nan]])
    rests = np.isfinite(data["notch_conductance"].values[:, 0])
    assert rests.tolist() == [[True, False, False]] * 2


def test_without_time_to_rest_no_notch_is_reached(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = swept({"longest": 0.0})
    assert data["state"].values[0, :3].tolist() == ["notch 2", "notch 1", "notch 1"]
    assert np.isnan(data["notch_current_density"].values).all()
    assert np.isnan(data["notch_conductance"].values).all()


def test_a_junction_by_its_product_has_its_resistances(tmp_path, monkeypatch):
    """600 Ω and 750 Ω instead of 10 and 20 kΩ, of a junction of 0.05 × 0.04 µm²."""
    monkeypatch.chdir(tmp_path)
    product = {"resistance_area_product": 1.2e-12, "tunnel_magnetoresistance": 0.25, "area": 2e-15}
    relaxation = {"longest": 3e-9, "hold": 0.2e-9, "speed": 2.0}
    resistance = 1 / swept(relaxation)["final_conductance"].sel(reading="series")
    for name in ("final_conductance", "notch_conductance"):
        read = swept(relaxation, product)[name].sel(reading="series")
        assert read.max() < 1 / 600
        assert read.min() > 1 / 750
    share = (resistance - 10e3) / 10e3
    expected = 1 / (600 + 150 * share)
    read = swept(relaxation, product)["final_conductance"].sel(reading="series")
    np.testing.assert_allclose(read, expected, rtol=1e-6)
