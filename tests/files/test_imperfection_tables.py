"""Imperfections as a table: out and in, and what is refused."""

import csv
import json

import numpy as np
import pytest
from helpers.imperfect import known_data

from wallnet import files
from wallnet.files.imperfection_tables import (
    AXES,
    QUANTITIES,
    dataset_of,
    read_entries,
    text_of,
)

HEADER = (
    "quantity,readout,device_number,start_state,write_pulse,device_state,barrier_temperature,limit,"
    "value,unit,source"
)


def rows_of(data):
    return list(csv.DictReader(text_of(data).splitlines()))


def with_sources(**sources):
    return known_data().assign_attrs(sources=json.dumps(sources))


def test_a_row_has_one_number_with_its_place_unit_and_source():
    rows = rows_of(with_sources(landing_count="measured, twice", escape_barrier="assumed"))
    assert set(rows[0]) == set(HEADER.split(","))
    (row,) = [row for row in rows if row["value"] == "7"]
    place = {"device_number": "1", "start_state": "low", "write_pulse": "2", "device_state": "high"}
    rest = {"quantity": "landing_count", "unit": "1", "source": "measured, twice"}
    assert {key: cell for key, cell in row.items() if cell} == place | rest | {"value": "7"}
    (_, row) = [row for row in rows if row["quantity"] == "attempt_frequency"]
    assert (row["limit"], row["value"], row["unit"]) == ("highest", "300000000000.0", "1/s")
    barriers = [row for row in rows if row["quantity"] == "escape_barrier"]
    assert [(row["start_state"], row["device_state"]) for row in barriers] == [
        ("low", "middle"),
        ("middle", "low"),
        ("middle", "high"),
    ]
    assert {row["barrier_temperature"] for row in barriers} == {"310.5"}
    # counts of 0 and unknown numbers are left out: 5 + 4 + 2 + 9 + 11 + 2 + 2 + 3 + 3 + 2
    assert len(rows) == 43


def test_a_table_gives_the_same_dataset_again(tmp_path):
    data = with_sources(landing_count="measured, twice", escape_barrier="assumed: 3 k_B T")
    (tmp_path / "known.csv").write_text(text_of(data))
    read = read_entries(tmp_path / "known.csv")
    again = dataset_of(read.entries, read.sources)
    for name in [*QUANTITIES, *AXES]:
        assert again[name].dtype == data[name].dtype
        np.testing.assert_array_equal(again[name].values, data[name].values)
    sources = {name: text for name, text in json.loads(again.attrs["sources"]).items() if text}
    assert sources == json.loads(data.attrs["sources"])
    assert text_of(again) == text_of(data)
    files.write_dataset(again, tmp_path / "known.nc", "imperfections", {})
    stored = files.read_dataset(tmp_path / "known.nc", "imperfections")
    assert text_of(stored) == text_of(data)


def test_columns_are_in_any_order_and_those_of_no_use_are_left_out(tmp_path):
    path = tmp_path / "some.csv"
    path.write_text(
        "value,quantity,device_state,unit\n"
        "0.03,cycle_spread,middle,1\n0.02,cycle_spread,low,\n0.3,gain_spread,,1\n"
    )
    read = read_entries(path)
    assert read.entries == {
        "cycle_spread": {("middle",): 0.03, ("low",): 0.02},
        "gain_spread": {(): 0.3},
    }
    assert read.sources == {"cycle_spread": "", "gain_spread": ""}
    assert read.lines[("cycle_spread", ("low",))] == 3


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("read_noise,,,,,low,,,-0.1,1,", "line 3, column value: has -0.1, which is not possible"),
        ("read_noise,,,,,low,,,nan,1,", "line 3, column value: has 'nan', which is not a finite"),
        ("read_noise,,,,,low,,,,1,", "line 3, column value: has nothing, which is not a finite"),
        ("read_noise,,,,,,,,0.1,1,", "line 3, column device_state: read_noise needs one; write"),
        ("read_noise,,2,,,low,,,0.1,1,", "line 3, column device_number: read_noise has none; cle"),
        (
            "read_noize,,,,,low,,,0.1,1,",
            "line 3, column quantity: has 'read_noize'; use one of is_",
        ),
        ("read_noise,,,,,low,,,0.1,%,", "line 3, column unit: is '%'; write read_noise in 1"),
        ("write_duration,,,,1,,,,1.5,ns,", "column unit: is 'ns'; write write_duration in s"),
        ("write_duration,,,,1,,,,1.5,,", "column unit: is nothing; write write_duration in s"),
        ("write_duration,,,,1,,,,1.5,s,", "has 1.5, which is not possible; write a number from 0"),
        ("write_duration,,,,1.5,,,,1e-9,s,", "column write_pulse: has 1.5, which is no whole"),
        ("attempt_frequency,,,,,,,mean,1e9,1/s,", "column limit: has 'mean'; use lowest or highe"),
        ("landing_count,,1,low,2,low,,,-3,1,", "column value: has -3, which is not possible"),
        ("landing_count,,1,low,2,low,,,2.5,1,", "column value: has 2.5, which is no whole number"),
        ("landing_count,,1,low,2,low,,,many,1,", "column value: has 'many', which is not a finite"),
        ("gain_spread,,,,,,,,0.1,1,", "line 3: has the number of line 2 again; remove one of both"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line_and_the_fix(tmp_path, row, fault):
    path = tmp_path / "wrong.csv"
    path.write_text(f"{HEADER}\ngain_spread,,,,,,,,0.2,1,\n{row}\n")
    with pytest.raises(files.FileError) as refused:
        read_entries(path)
    assert fault in str(refused.value)
    assert str(refused.value).startswith(f"{path}, line 3")


def test_missing_columns_and_cells_of_other_files_are_refused(tmp_path):
    path = tmp_path / "wrong.csv"
    path.write_text("quantity,value\ngain_spread,0.2\n")
    with pytest.raises(files.FileError, match="line 1, column unit: is missing; write the name"):
        read_entries(path)
    path.write_text("quantity,value,unit,mood\ngain_spread,0.2,1,good\n")
    with pytest.raises(files.FileError, match="column 'mood': is unknown or there twice"):
        read_entries(path)
    secret = tmp_path / "secret"
    secret.write_text("quantity,value,unit\nsecret,0.2,1\n")
    with pytest.raises(files.FileError) as refused:
        read_entries(secret)
    assert "column quantity: has another text; use one of" in str(refused.value)


def test_superscripts_of_units_are_read(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("quantity,write_pulse,value,unit\nwrite_current_density,3,-4e11,A/m²\n")
    assert read_entries(path).entries == {"write_current_density": {(3,): -4e11}}


def test_coordinates_have_the_order_of_the_states_and_ascend():
    counts = {(7, "high", 3, "free"): 2, (2, "low", 11, "high"): 5, (7, "low", 3, "low"): 1}
    levels = {("low",): 1, ("high",): 1}
    data = dataset_of({"landing_count": counts, "is_level": levels}, {})
    assert data["device_state"].values.tolist() == ["low", "high", "free"]
    assert data["is_level"].values.tolist() == [1, 1, 0]
    assert data["start_state"].values.tolist() == ["low", "high"]
    assert data["device_number"].values.tolist() == [2, 7]
    assert data["write_pulse"].values.tolist() == [3, 11]
    assert data["landing_count"].values.sum() == 8
    assert data["landing_count"].values[1, 1, 0].tolist() == [0, 0, 2]
    assert data["landing_count"].values[0, 0, 1].tolist() == [0, 5, 0]
    assert np.isnan(data["gain_spread"].values)
