"""From device to network: one table of all synapses, from the rows of their studies."""

import pytest
from helpers.walls import gathered_once

from wallnet.page.comparison import Accuracy, comparison, stable_levels, valid_levels
from wallnet.report.as_made import Cost

synapse = gathered_once("synapse")

WRITES = [
    {"temperature": "heated-2", "right state (95 %)": "0.975 (0.950 to 0.990)"},
    {"temperature": "heated-3", "right state (95 %)": "0.500 (0.450 to 0.550)"},
]
STUDIED = {"a": [WRITES, [{"mutually reachable at 0 K": "5"}]], "c": [[{"pairs": "2 of 6"}]]}
MADE = {"writes": Cost("97.1", "programming"), "all": Cost("41.4", "device to device")}
ACCURACIES = [
    Accuracy("mnist", "a", "parallel", "98.6", "98.5", MADE),
    Accuracy("mnist", "b", "parallel", "98.6", "97.0"),
]


def test_a_synapse_has_a_row_for_each_combination_of_the_rows_of_its_studies():
    table = comparison({}, STUDIED, ACCURACIES)
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows()]
    assert [row["device"] for row in rows] == ["a", "a", "c", "b", "none (FP32)"]
    first, second, other, ideal, free = rows
    assert first["right state (95 %)"] == "0.975 (0.950 to 0.990)"
    assert second["temperature"] == "heated-3"
    assert first["mutually reachable at 0 K"] == second["mutually reachable at 0 K"] == "5"
    assert (first["MNIST (%)"], first["MNIST, as made: writes (%)"]) == ("98.5", "97.1")
    assert first["MNIST, as made: all (%)"] == "41.4"
    assert (other["pairs"], other["MNIST (%)"], other["temperature"]) == ("2 of 6", "–", "–")
    assert (ideal["MNIST (%)"], ideal["MNIST, as made: all (%)"]) == ("97.0", "–")
    assert (free["MNIST (%)"], free["pairs"]) == ("98.6", "–")
    titles = ["MNIST (%)", "MNIST, as made: writes (%)", "MNIST, as made: all (%)"]
    assert table.columns[-3:] == titles


def test_without_studies_and_networks_there_is_no_table(synapse):
    data = synapse.gather()
    assert comparison({"d": data}, {}) is None


def test_a_simulated_synapse_has_its_area_and_its_stable_levels(synapse):
    data = synapse.gather()
    table = comparison({"d": data}, {"d": [WRITES[:1]]})
    (row,) = (dict(zip(table.columns, cells, strict=True)) for cells in table.rows())
    stable = data.isel(level=stable_levels(data))
    assert not stable["half"].any()
    assert not (valid_levels(data) & ~stable_levels(data)).any()
    values = stable["level_conductance"].sel(reading="parallel").values
    assert 1 < len(values) < data.sizes["level"]
    assert row["stable levels"] == str(len(values))
    ratio = float(row["ratio of G"].removesuffix(" (parallel)"))
    assert ratio == pytest.approx(values.max() / values.min(), rel=0, abs=5e-3)
    track = synapse.device.track
    area = track.length * track.width / 1e-12
    assert float(row["area (µm²)"]) == pytest.approx(area, rel=0, abs=5e-4)
    series = stable["level_conductance"].sel(reading="series").values
    table = comparison({"d": data}, {}, [Accuracy("mnist", "d", "series", "98.6", "98.5")])
    (row, _) = (dict(zip(table.columns, cells, strict=True)) for cells in table.rows())
    assert row["ratio of G"] == f"{series.max() / series.min():.2f} (series)"
