"""The junction of a detector by resistance-area product, tunnel magnetoresistance and area.

29 Ω µm² over the whole track of the paper, 1500 × 150 nm², are 29/0.225 = 128.9 Ω.
"""

import copy
import json

import numpy as np
import pytest
from helpers.small_campaign import TINY

from wallnet import config, plan
from wallnet.config.devices import Detector, Device
from wallnet.devices.conductance import both_readings
from wallnet.studies import DEVICES, STUDIES

KEYS = {"resistance_area_product": 2.9e-11, "tunnel_magnetoresistance": 1.5}
TRACK = {"length": 1500e-9, "width": 150e-9, "thickness": 2e-9, "cell_size": 3e-9}
PAPER = TRACK | {"notches": {"count": 5, "diameter": 40e-9}}


def campaign_of(detector, track=PAPER, **sections):
    data = copy.deepcopy(TINY) | sections
    data["devices"]["synapse"] |= {"track": track, "detector": detector}
    return plan.parse(data)


def device_of(detector, track=PAPER):
    return campaign_of(detector, track).simulated["synapse"]


def test_the_product_over_the_detector_gives_the_resistances_of_the_series_reading():
    junction = device_of(KEYS).junction
    assert junction.parallel_resistance == pytest.approx(128.8889, rel=1e-6, abs=0)
    assert junction.antiparallel_resistance == pytest.approx(322.2222, rel=1e-6, abs=0)


def test_the_reading_in_parallel_has_the_same_two_resistances():
    """P² = TMR/(2 + TMR) = 3/7; all cells along -z are parallel (Eq. 2)."""
    junction = device_of(KEYS).junction
    assert junction.polarization == pytest.approx((3 / 7) ** 0.5, rel=1e-12, abs=0)
    conductance = both_readings(np.array([-1.0, 1.0]), junction)
    expected = [1 / 128.8889, 1 / 322.2222]
    assert conductance == pytest.approx(np.array([expected] * 2), rel=1e-6, abs=0)


@pytest.mark.parametrize(
    ("keys", "parallel"),
    [
        # 0.6 µm of 0.15 µm
        ({"start": 300e-9, "stop": 900e-9}, 322.2222),
        ({"start": 300e-9}, 161.1111),
        ({"stop": 900e-9}, 214.8148),
        # 0.04 µm², wherever the detector is
        ({"area": 4e-14}, 725.0),
        ({"area": 4e-14, "start": 300e-9, "stop": 900e-9}, 725.0),
    ],
)
def test_the_area_is_that_of_the_detector_unless_it_is_given(keys, parallel):
    junction = device_of(KEYS | keys).junction
    assert junction.parallel_resistance == pytest.approx(parallel, rel=1e-6, abs=0)
    assert (junction.start, junction.stop) == (keys.get("start"), keys.get("stop"))


def test_without_a_product_the_junction_is_the_detector_with_its_keys():
    plain = {"start": 60e-9, "parallel_conductance": 3e-4, "polarization": 0.6}
    plain |= {"parallel_resistance": 5e3, "antiparallel_resistance": 7e3}
    assert device_of(plain).junction == Detector(**plain)
    # no conductance depends on them
    assert device_of(plain | {"area": 4e-14, "read_voltage": 0.05}).junction == Detector(**plain)


@pytest.mark.parametrize(
    "key",
    ["parallel_conductance", "polarization", "parallel_resistance", "antiparallel_resistance"],
)
def test_a_product_beside_a_key_that_it_replaces_is_refused(key):
    default = Detector.model_fields[key].default
    with pytest.raises(config.ConfigError) as caught:
        device_of(KEYS | {key: default})
    assert str(caught.value) == (
        f"config.yaml: devices.synapse.detector.resistance_area_product and {key} both set the "
        "conductance; leave one of them out"
    )


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"resistance_area_product": 2.9e-11}, "needs tunnel_magnetoresistance; add it"),
        ({"tunnel_magnetoresistance": 1.5}, "needs resistance_area_product; add it"),
        (KEYS | {"resistance_area_product": 29}, "29 Ω µm² are 2.9e-11 Ω m²"),
        (KEYS | {"tunnel_magnetoresistance": 150}, "150 % is 1.5"),
        (KEYS | {"area": 0.04}, "0.04 µm² are 4e-14 m²"),
        (KEYS | {"area": 2.26e-13}, "area 2.26e-13 m² is above the 2.25e-13 m² under the detector"),
        ({"read_voltage": 100}, "100 mV are 0.1 V"),
    ],
)
def test_what_is_wrong_with_a_junction_is_one_sentence(keys, words):
    with pytest.raises(config.ConfigError) as caught:
        device_of(keys)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_device_as_plain_data_is_the_same_device():
    """Studies lay their changes over it."""
    for detector in (KEYS, KEYS | {"area": 4e-14}, {"parallel_resistance": 5e3}):
        made = device_of(detector)
        assert Device.model_validate(json.loads(json.dumps(made.plain()))) == made
    wider = made.plain() | {"detector": KEYS}
    wider["track"] = wider["track"] | {"width": 300e-9}
    parallel = Device.model_validate(wider).junction.parallel_resistance
    assert parallel == pytest.approx(128.8889 / 2, rel=1e-6, abs=0)


def test_a_device_without_these_keys_has_the_text_of_before():
    campaign = campaign_of({"start": 60e-9})
    assert DEVICES.plain_settings(campaign, "synapse")["detector"] == {
        "start": 60e-9,
        "parallel_conductance": 1e-4,
        "polarization": 0.4,
        "parallel_resistance": 10e3,
        "antiparallel_resistance": 20e3,
    }


SECTIONS = {
    "pulse_trains": {
        "pulse_trains": {
            "own": {"device": "synapse", "pulses": [{"current_density": 1e12, "duration": 1e-9}]}
        }
    },
    "thermal": {"thermal": {"own": {"device": "synapse", "current_densities": [0.5e12]}}},
    "calibration": {
        "calibration": {"own": {"read_delays": [0.5e-9]}},
        "reference": {
            "transfer_curves": [
                {"device": "synapse", "current_densities": [1e12, 2e12, 3e12], "deviation": 0.1}
            ],
            "final_states": [{"device": "synapse", "current_density": 1e12, "state": "notch 1"}],
        },
    },
}


@pytest.mark.parametrize(("study", "sections"), SECTIONS.items())
def test_what_reads_a_wall_gets_the_resistances(study, sections):
    """The jobs of these studies have a detector, and no track for its area."""
    campaign = campaign_of(KEYS, **sections)
    settings = campaign.studies[study]["own"]
    about = STUDIES[study].about(campaign, "own", settings).plain()
    detectors = about.get("detectors") or {"": about.get("detector")}
    for detector in detectors.values():
        assert detector["parallel_resistance"] == pytest.approx(128.8889, rel=1e-6, abs=0)
        assert "resistance_area_product" not in detector
