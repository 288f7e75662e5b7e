"""The faults that results carry, in sentences."""

import numpy as np
from helpers.programs import RESPONSE

from wallnet import files
from wallnet.report.faults import faults


def test_results_without_faults_say_nothing(neuron, synapse, track):
    found = {"n": neuron.gather(), "s": synapse.gather(), "t": track.gather()}
    assert faults(found, {"p": files.dataset("response", RESPONSE)}) == []


def test_each_kind_of_fault_is_a_sentence(neuron, synapse):
    n, s = neuron.gather(), synapse.gather()
    n["fault"] = n["fault"].astype(object)
    n["fault"].loc["series"] = "it is not monotonic"
    s["settled"].values[:] = [1, 0, 1, 0, -1]
    half = s["half"].values.astype(bool)
    s["level_conductance"].values[:, half] = np.nan
    response = files.dataset("response", RESPONSE | {"pulse_settled": [-1, 0, 1, 0]})
    empty = ", ".join(s["level_state"].values[half])
    assert empty.startswith("between 1 and 2")
    assert faults({"n": n, "s": s}, {"p": response}) == [
        "n: no activation in the reading series: it is not monotonic",
        "s: the wall still moved at the end of 2 of 5 pulses",
        f"s: no wall rests at a level, which has no conductance: {empty}",
        "program p: the wall still moved after the pause of pulse 1, 3",
    ]
