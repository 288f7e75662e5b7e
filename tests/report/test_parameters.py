"""The table of parameters lists the devices with units, after inheritance."""

import copy

from helpers.small_campaign import TINY

from wallnet import config
from wallnet.jobs.film import check
from wallnet.report import parameters


def test_every_device_has_a_column_and_every_quantity_its_unit():
    data = copy.deepcopy(TINY)
    warm = {"temperature": {"ambient": 310.0, "values_of": "cells"}}
    data["devices"]["variant"] = {"like": "synapse", "material": {"damping": 0.1}} | warm
    table = parameters.table(config.parse(data, check).devices)
    assert table.columns == ["key", "unit", "neuron", "synapse", "variant"]
    rows = {row[0]: tuple(row[1:]) for row in table.rows()}
    assert rows["track.length"] == ("m", "2e-07", "3.6e-07", "3.6e-07")
    assert rows["material.damping"] == ("1", "0.5", "0.5", "0.1")
    # without a temperature, the material is that of a room
    assert rows["temperature.measured_at"] == ("K", "300", "300", "310")
    assert rows["temperature.ambient"] == ("K", "", "", "310")
    assert rows["track.notches.diameter"] == ("m", "", "3.2e-08", "3.2e-08")
    assert rows["pulse.current_densities"][2] == "5e+11 1.5e+12 3e+12"


def test_parameters_keep_their_digits():
    data = copy.deepcopy(TINY)
    data["devices"]["synapse"]["material"] = {"damping": 0.1375}
    rows = {
        row[0]: tuple(row[1:]) for row in parameters.table(config.parse(data, check).devices).rows()
    }
    assert rows["material.damping"] == ("1", "0.5", "0.1375")
    assert rows["material.gyromagnetic_ratio"] == ("m/(A s)", "221100", "221100")


def test_a_setting_of_zero_or_false_is_shown():
    data = copy.deepcopy(TINY)
    data["devices"]["synapse"]["relaxation"] = {"longest": 0.0}
    rows = {
        row[0]: tuple(row[1:]) for row in parameters.table(config.parse(data, check).devices).rows()
    }
    assert rows["material.field_like_torque"][1:] == ("0", "0")
    assert rows["relaxation.longest"][2] == "0"
    assert rows["optional"][1:] == ("False", "False")


def test_regions_are_shown_and_a_uniform_film_has_no_row_of_them():
    data = copy.deepcopy(TINY)
    shown = parameters.table(config.parse(data, check).devices).rows()
    assert not [row for row in shown if row[0].startswith(("regions", "edge_damage"))]
    data["devices"]["synapse"]["regions"] = [
        {"start": 0.0, "stop": 80e-9, "uniaxial_anisotropy": {"ramp": [1.0e6, 1.05e6]}},
        {"start": 80e-9, "stop": 90e-9, "damping": 0.25},
    ]
    rows = {row[0]: row[2:] for row in parameters.table(config.parse(data, check).devices).rows()}
    first = "start 0, stop 8e-08, uniaxial_anisotropy ramp 1e+06 1.05e+06"
    assert [*rows["regions"]] == ["", f"{first}; start 8e-08, stop 9e-08, damping 0.25"]
