"""What a reader has to know first of results, and the faults that they carry, in sentences."""

import numpy as np
import pytest
from helpers.programs import RESPONSE

from wallnet import files
from wallnet.config import Heating
from wallnet.devices.compact import compact_model
from wallnet.report.faults import caveats, faults, level_caveats


def test_results_without_faults_say_nothing(neuron, synapse, track):
    found = {"n": neuron.gather(), "s": synapse.gather(), "t": track.gather()}
    assert faults(found, {"p": files.dataset("response", RESPONSE)}) == []


def test_known_outcomes_of_a_sweep_are_no_faults(synapse):
    """Half levels may have no conductance, and after some pulses the wall may still move."""
    s = synapse.gather()
    s["settled"].values[:] = [1, 0, 1, 0, -1]
    s["level_conductance"].values[:, s["half"].values.astype(bool)] = np.nan
    assert faults({"s": s}, {}) == []


def test_each_fault_is_a_sentence_and_the_most_harmful_is_first(neuron, synapse):
    n, s, t = neuron.gather(), synapse.gather(), synapse.gather()
    n["fault"] = n["fault"].astype(object)
    n["fault"].loc["series"] = "it is not monotonic"
    s["settled"].values[:] = [1, 0, 0, 0, -1]
    # notch 1, the half level, notch 2
    t["level_conductance"].values[:, 1:4] = np.nan
    t["level_minimum"].values[:] = [0, -1, 1, 0, 1]
    response = files.dataset("response", RESPONSE | {"pulse_settled": [-1, 0, 1, 0]})
    lost = "so that the networks lose this level; enlarge track.notches.diameter"
    assert faults({"s": s, "t": t, "n": n}, {"p": response}) == [
        "n: no activation in the reading series: it is not monotonic",
        f"t: the energy has no minimum in notch 2, {lost}",
        f"t: no pulse of this sweep and no initialised wall ended in notch 1, {lost}",
        "s: the wall still moved at the end of 3 of 5 pulses, which therefore reach no level; "
        "raise relaxation.longest",
        "program p: the wall still moved after the pause of pulse 1, 3; lengthen the pause",
    ]


def gathered(bench, **price):
    return bench.gather(price=bench.job.price.model_copy(update=price))


def test_a_device_tells_how_far_its_pulses_heat_the_track(synapse, neuron):
    """The rise goes with J², and the pulses are 0.3 to 1.0e12 A/m²."""
    rise = synapse.gather()["temperature_rise"].values
    assert rise == pytest.approx(rise[-1] * np.array([0.09, 0.25, 0.36, 0.64, 1]), rel=1e-9, abs=0)
    # one-dimensional flow of ρ d J² for 2 ns into the oxide is an upper bound
    bound = 2 * 1.3e-6 * 5e-9 * 1e24 * np.sqrt(2e-9 / (np.pi * 1.4 * 1.62e6))
    assert 0.7 * bound < rise[-1] < bound
    limits = {"heating": Heating(largest_rise=0.3 * rise[-1])}
    data = gathered(synapse, **limits, curie_temperature=300 + 0.5 * rise[-1])
    assert data["beyond_model"].values.tolist() == [0, 0, 0, 1, 1]
    # a pulse of 0.8e12 reaches notch 2, one of 1.0e12 reverses the track
    assert data["level_beyond_model"].values.tolist() == [0, 0, 0, 1, 1]
    (said,) = caveats({"s": data, "n": neuron.gather()})
    assert said.startswith(
        f"s: 3 of 5 pulses heat the track by more than {0.3 * rise[-1]:g} K, up to {rise[-1]:.0f} K"
    )
    assert "2 of 5 pass the Curie temperature" in said
    cool = gathered(synapse, heating=Heating(largest_rise=1.1 * rise[-1]))
    assert caveats({"s": cool}) == []
    assert "caveat" not in cool.attrs


def test_networks_tell_which_of_their_levels_are_doubtful(synapse, tmp_path):
    """Level 0 creeps; notch 2 and a half level are reached by pulses beyond the model only."""
    data = synapse.gather()
    data["level_minimum"].values[:] = [0, 1, 0, 1, -1]
    data["level_shift"].values[:] = [157.2e-9, 0, 20e-9, 0, np.nan]
    data["level_beyond_model"].values[:] = [0, 0, 1, 1, 0]
    files.write_dataset(data, synapse.out, "synapse", {})
    compact_model(synapse.out, tmp_path / "s.json")

    def said(*mappings):
        rows = [{"device": "none", "mapping": "none"}]
        return level_caveats([*rows, *({"device": "s", "mapping": m} for m in mappings)], tmp_path)

    creeps = "s: the networks use levels that are no minimum of the energy, from which the wall "
    creeps += "creeps on: level 0 (initial) by 157 nm"
    beyond = "s: the networks use levels that only pulses past the Curie temperature reach "
    beyond += "(beyond_model): level "
    assert said("layer", "signed-fitted") == [creeps, f"{beyond}2 (notch 2)"]
    assert said("layer", "layer-extended") == [
        f"{creeps}, level between 1 and 2 by 20 nm",
        f"{beyond}between 1 and 2, level 2 (notch 2)",
    ]
    assert said() == []
