"""Losses of states: the probability that a wall has left, over all barriers around it."""

import json
import math

import numpy as np
import pytest
import xarray

from wallnet.studies.barriers import Barriers
from wallnet.studies.barriers.retention import loss, losses, needed
from wallnet.studies.barriers.show import Show

BOLTZMANN = 1.380649e-23
TEN_YEARS = 3.15576e8
NAN = math.nan
STATES = ["notch 1", "between 1 and 2", "notch 2"]
PAIRS = [
    ("expelled", "notch 1"),
    ("notch 1", "notch 2"),
    ("notch 1", "between 1 and 2"),
    ("between 1 and 2", "notch 2"),
    ("notch 2", "reversed"),
]
PERFECT = [(900, 42), (40, 45), (NAN, NAN), (NAN, NAN), (60, 900)]
"""Barriers there and back in k_B T of each pair; the half state is no minimum."""
WITHOUT_HALF = [0.0, NAN, 0.0]


def sample(barriers=PERFECT, energies=WITHOUT_HALF, kelvin=300.0):
    """Return the energies of the states, and both barriers of each pair, in J."""
    scale = np.array(barriers, float).T * BOLTZMANN * kelvin
    return [np.array(energies) * 1e-19, *scale]


def dataset(*samples, warm=(), **settings):
    """Return a dataset of the perfect device, or of it and of samples, with all at 375 K."""
    settings = {"temperature": 300.0, "attempt_frequencies": [1e9, 1e12]} | settings
    settings |= {"further_temperatures": [375.0]} if warm else {}
    count = len(samples)
    energy, forward, backward = (np.array(values) for values in zip(*samples, strict=True))
    later = [np.array(values)[:, None] for values in zip(*warm, strict=True)] or [
        np.empty((count, 0, size)) for size in (3, 5, 5)
    ]
    names = ([list(column)] * count for column in (STATES, *zip(*PAIRS, strict=True)))
    names, first, second = (np.array(column, object) for column in names)
    state, pair, further = ("sample", "state"), ("sample", "pair"), "further_temperature"
    data = xarray.Dataset(
        {
            "state_name": (state, names),
            "state_energy": (state, energy),
            "state_barrier": (state, np.full((count, 3), 40 * BOLTZMANN * 300)),
            "state_retained": (state, np.array([[1, 0, 1]] * count)),
            "pair_first": (pair, first),
            "pair_second": (pair, second),
            "pair_forward": (pair, np.nan_to_num(forward, nan=7e-20)),
            "pair_backward": (pair, np.nan_to_num(backward, nan=7e-20)),
            "pair_converged": (pair, np.isfinite(forward).astype(int)),
            **{
                f"further_{name}": (("sample", further, axis), values)
                for name, axis, values in zip(
                    ("energy", "forward", "backward"), ("state", "pair", "pair"), later, strict=True
                )
            },
        },
        {"sample": range(count)},
        {"parameters": json.dumps({"settings": settings})},
    )
    return data if count > 1 else data.isel(sample=0).drop_vars("sample")


def rows(data):
    """Return the losses by temperature and state."""
    return {(row.temperature, row.state): row for row in losses(data)}


def verdicts(data, largest=0.01):
    """Return whether states are retained."""
    return [row.retained(largest) for row in losses(data)]


@pytest.mark.parametrize(
    ("barriers", "chance"),
    [
        # 3.15576e17 exp(-40) is 1.3407
        ([40], 0.7383),
        ([40, 40], 0.9315),
        # 1.3407 (1 + exp(-2)) is 1.5221
        ([40, 42], 0.7817),
        ([42, 40, 300], 0.7817),
        ([40, NAN], 0.7383),
        ([45, 60], 0.00899),
        ([80, 80], 1.1392e-17),
        ([0, 0], 1.0),
    ],
)
def test_the_loss_after_ten_years_at_1e9_per_second(barriers, chance):
    assert loss(barriers, 1e9, TEN_YEARS) == pytest.approx(chance, rel=1e-3, abs=0)


def test_attempts_and_time_count_alike():
    """A tenth of the time with ten times the attempts."""
    first, second = loss([43], [1e9, 1e10], TEN_YEARS)
    assert first < second < 1
    assert loss([43], 1e10, TEN_YEARS / 10) == pytest.approx(first, rel=1e-12, abs=0)


def test_two_equal_exits_with_the_needed_barrier_lose_as_much_as_is_allowed():
    settings = Barriers(largest_loss=0.05, retention_time=1e7)
    for frequency, barrier in zip((1e9, 1e12), needed(settings), strict=True):
        assert loss([barrier] * 2, frequency, 1e7) == pytest.approx(0.05, rel=1e-9, abs=0)
    assert needed(Barriers()) == pytest.approx([45.59, 52.49], abs=0.01)


def test_all_barriers_out_of_a_state_count():
    """From notch 1 there are 42, out of the track, and 40; to a half state that is none no wall."""
    notch, half, other = losses(dataset(sample()))
    assert notch.low == pytest.approx([0.7817, 1], rel=1e-3, abs=0)
    assert notch.high == pytest.approx(notch.low, rel=1e-12, abs=0)
    assert (notch.barrier, notch.least) == pytest.approx((40, 40), rel=1e-9, abs=0)
    assert other.low == pytest.approx([0.00899, 0.99988], rel=1e-3, abs=0)
    assert other.barrier == pytest.approx(45, rel=1e-9, abs=0)
    # the half state is no minimum, and thus lost
    assert half.low.tolist() == [1, 1]
    assert (half.nowhere, half.samples, half.unknown) == (1, 1, 0)
    assert math.isnan(half.barrier)


def test_a_wall_leaves_to_a_half_state_that_is_a_minimum():
    barriers = [*PERFECT[:2], (41, 1), (2, 61), PERFECT[4]]
    notch, half, other = losses(dataset(sample(barriers, [0.0, 1.0, 0.0])))
    assert notch.low == pytest.approx([loss([42, 40, 41], 1e9, TEN_YEARS), 1], rel=1e-9, abs=0)
    assert half.low.tolist() == [1, 1]
    assert half.nowhere == 0
    assert half.barrier == pytest.approx(1, rel=1e-9, abs=0)
    assert other.low[0] == pytest.approx(loss([45, 60, 61], 1e9, TEN_YEARS), rel=1e-9, abs=0)


def test_a_state_is_retained_only_at_both_ends_of_the_frequencies():
    """Notch 2 loses 0.009 at 1 GHz, and nearly every wall at 1e12/s."""
    assert verdicts(dataset(sample())) == [0, 0, 0]
    assert verdicts(dataset(sample(), attempt_frequencies=[1e9, 1e9])) == [0, 0, 1]
    strong = dataset(sample([(900, 80), (81, 82), (NAN, NAN), (NAN, NAN), (83, 900)]))
    assert verdicts(strong) == [1, 0, 1]


def test_an_unknown_barrier_leaves_a_range():
    """Nothing can make a state that is lost anyway another one."""
    barriers = [(NAN, NAN), PERFECT[1], (NAN, NAN), (NAN, NAN), (NAN, NAN)]
    notch, _, other = losses(dataset(sample(barriers), attempt_frequencies=[1e9, 1e9]))
    assert notch.low[0] == pytest.approx(0.7383, rel=1e-3, abs=0)
    assert other.low[0] == pytest.approx(0.00899, rel=1e-3, abs=0)
    assert (notch.high.tolist(), other.high.tolist()) == ([1, 1], [1, 1])
    assert (notch.unknown, other.unknown) == (1, 1)
    assert [notch.retained(0.01), other.retained(0.01)] == [0, -1]


def test_a_notch_next_to_it_that_is_no_minimum_leaves_its_barrier_unknown():
    barriers = [(900, 80), (NAN, NAN), (NAN, NAN), (NAN, NAN), (NAN, NAN)]
    notch, _, other = losses(dataset(sample(barriers, [0.0, NAN, NAN])))
    assert (notch.unknown, notch.retained(0.01)) == (1, -1)
    assert (other.unknown, other.nowhere, other.retained(0.01)) == (0, 1, 0)


def test_samples_count_and_the_perfect_device_does_not():
    """One is stronger, one weaker, and one is no minimum."""
    strong = sample([(900, 80), (80, 80), (NAN, NAN), (NAN, NAN), (80, 900)])
    weak = sample([(900, 41), (44, 80), (NAN, NAN), (NAN, NAN), (80, 900)])
    broken = sample([(NAN, NAN)] * 4 + [(50, 900)], [NAN, NAN, 0.0])
    data = dataset(sample(), strong, weak, broken)
    notch, _, other = losses(data)
    own = [0, loss([41, 44], 1e9, TEN_YEARS), 1]
    assert notch.low[0] == pytest.approx(np.mean(own), rel=1e-9, abs=0)
    assert (notch.barrier, notch.least) == pytest.approx((60.5, 41), rel=1e-9, abs=0)
    assert (notch.samples, notch.nowhere, notch.unknown) == (3, 1, 0)
    assert notch.high.tolist() == notch.low.tolist()
    # on the last sample, the barrier to the notch that is none is not known
    assert other.high[0] == pytest.approx(1 / 3, rel=1e-6, abs=0)
    (table,) = Show().tables_of_samples(data, "some")
    assert "samples" in table.columns
    text = Show().finding(data, "some")
    assert text.startswith("the weakest state is lost after 10 years with a probability of")
    assert f"{np.mean(own):.2g} to" in text


def test_each_temperature_has_the_film_and_the_states_of_its_own():
    """At 375 K, notch 1 is no minimum, and barriers are in units of it."""
    warm = sample([(NAN, NAN)] * 4 + [(41, 900)], [NAN, NAN, 0.0], kelvin=375.0)
    data = dataset(sample(), warm=[warm])
    table = rows(data)
    assert [*table] == [(kelvin, state) for kelvin in (300.0, 375.0) for state in STATES]
    assert table[375.0, "notch 1"].low.tolist() == [1, 1]
    assert table[375.0, "notch 2"].barrier == pytest.approx(41, rel=1e-9, abs=0)
    assert table[375.0, "notch 2"].low[0] == pytest.approx(
        loss([41], 1e9, TEN_YEARS), rel=1e-9, abs=0
    )
    assert table[300.0, "notch 1"].nowhere == 0
    assert [*Show().compared(data)[0]] == [
        f"lost after 10 years at {kelvin} K" for kelvin in (300, 375)
    ]
    assert all(text in Show().finding(data, "some") for text in Show().compared(data)[0].values())
    assert Show().finding(data, "some") == (
        "the weakest state is lost after 10 years with a probability of 0.78 to 1 at 300 K, "
        "1 at 375 K, all 2 states retained (loss at most 0.01) at 300 K, barriers of 40 k_B T"
    )


def test_the_states_that_were_named_are_shown():
    data = dataset(sample(), states=["notch 2"])
    assert [row.state for row in losses(data)] == ["notch 2"]


def test_the_table():
    data = dataset(sample(), retention_time=TEN_YEARS / 5, largest_loss=0.0015)
    (table,) = Show().tables_of_samples(data, "some")
    assert table.title == "some: loss after 2 years"
    head, notch, half, other = table.columns, *table.rows()
    assert dict(zip(head, notch, strict=True)) == {
        "temperature (K)": "300.00",
        "state": "notch 1",
        "lowest barrier, mean (k_B T)": "40.0",
        "least (k_B T)": "40.0",
        "loss at 1e09 1/s": "0.26",
        "needed at 1e09 1/s for 0.0015 (k_B T)": "45.9",
        "loss at 1e12 1/s": "1",
        "needed at 1e12 1/s for 0.0015 (k_B T)": "52.8",
        "devices": "1",
        "no minimum, so lost": "0",
        "unknown barriers": "0",
        "retained (loss at most 0.0015)": "no",
    }
    assert half[2:4] == ["–", "–"]
    assert (other[4], other[-1]) == ("0.0018", "no")
