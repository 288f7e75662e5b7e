"""Where walls are after each pulse, from traces and trains."""

import numpy as np
import pytest

from wallnet.devices.outcomes import Outcome, outcomes
from wallnet.files.schema import Content


def reader(values, **attrs):
    def read(*names):
        return Content("any", {name: np.array(values[name]) for name in names}, attrs)

    return read


@pytest.mark.parametrize(("settled", "resting"), [(1, True), (0, False), (-1, None)])
def test_a_trace_has_one_outcome_at_its_end(settled, resting):
    read = reader(
        {"wall_bottom": [40e-9, 90e-9], "wall_top": [41e-9, 120e-9]}, state="free", settled=settled
    )
    (((end,),)) = outcomes("trace", read)
    assert end == Outcome("free", 90e-9, 120e-9, resting)
    assert end.position == pytest.approx(105e-9, rel=1e-12, abs=0)


def test_a_train_has_one_before_its_first_pulse_and_one_after_each():
    values = {
        "pulse_state": ["notch 1", "between 1 and 2"],
        "pulse_wall_bottom": [40e-9, 42e-9],
        "pulse_wall_top": [41e-9, 178e-9],
        "pulse_settled": [-1, 0],
    }
    (pauses,) = outcomes("train", reader(values))
    assert pauses == [
        Outcome("notch 1", 40e-9, 41e-9, None),
        Outcome("between 1 and 2", 42e-9, 178e-9, False),
    ]
    assert pauses[1].state.half
