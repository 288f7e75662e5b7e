"""Measured devices: numbers of the files arrive unchanged, and each fault has its message."""

import hashlib

import numpy as np
import pytest
import torch
from helpers.synthetic import one_sentence
from scipy.interpolate import PchipInterpolator

from wallnet import files, revisions
from wallnet.devices import measured
from wallnet.files import FileError
from wallnet.files.compact import activation_of, decisive, levels_of
from wallnet.files.measurements import read_levels
from wallnet.networks.mappings import read_mapping
from wallnet.networks.model import MeasuredActivation

LEVELS = "conductance,spread,current (A/m2)\n5e-5,2e-6,3e11\n1e-5,1e-6,1e11\n2.3e-5,0,2e11\n"
CURVE = "input (V),output (uA)\n-1,3\n0,3.2\n1,4\n3,9\n4,10.5\n5,11\n"
INPUTS, OUTPUTS = [-1.0, 0.0, 1.0, 3.0, 4.0, 5.0], [3.0, 3.2, 4.0, 9.0, 10.5, 11.0]


@pytest.fixture
def model_of(tmp_path):
    """Return a function that writes the compact model of a device with these files."""

    def write(levels=None, activation=None):
        paths = {}
        for name, text in {"levels": levels, "activation": activation}.items():
            if text is not None:
                paths[name] = tmp_path / f"{name}.csv"
                paths[name].write_bytes(text if isinstance(text, bytes) else text.encode())
        out = tmp_path / "mine.json"
        measured.measured_model(paths.get("levels"), paths.get("activation"), out)
        return out

    return write


# Levels


def test_levels_reach_the_mapping_unchanged_and_in_siemens(model_of):
    path = model_of(LEVELS)
    for level_set in ("measured", "extended", "reachable", "kept", "mutually-reachable"):
        assert levels_of(path, "measured", level_set) == ([1e-5, 2.3e-5, 5e-5], 3)
        suffix = "" if level_set == "measured" else f"-{level_set}"
        mapping, whole = read_mapping(path, "measured", f"layer{suffix}")
        assert mapping.conductances.tolist() == [1e-5, 2.3e-5, 5e-5]
        assert whole == 3
    levels = files.read_json(path)["levels"]
    assert [(level["state"], level["spread"], level["current"]) for level in levels] == [
        ("level 0", 1e-6, 1e11),
        ("level 1", 0.0, 2e11),
        ("level 2", 2e-6, 3e11),
    ]


def test_networks_depend_on_conductances_only(model_of):
    """What decides whether a network is trained again is free of spread and current."""
    before = decisive(model_of(LEVELS), "measured", "measured")
    assert decisive(model_of(LEVELS.replace("2e-6,3e11", "9e-6,9e11")), "measured", "measured") == (
        before
    )
    assert decisive(model_of(LEVELS.replace("2.3e-5", "2.4e-5")), "measured", "measured") != before


# Activation


def test_the_network_sees_the_curve_between_and_beyond_its_points(model_of):
    curve, fault = activation_of(model_of(activation=CURVE), "measured")
    assert fault == ""
    normalized = [(value + 1) / 6 for value in INPUTS]
    assert curve.breaks == pytest.approx(normalized, rel=1e-12, abs=1e-15)
    pieces = np.transpose(curve.coefficients)[::-1]
    cubic = PchipInterpolator(normalized, (np.array(OUTPUTS) - 3) / 8)
    np.testing.assert_allclose(pieces, cubic.c, rtol=1e-9, atol=1e-11)
    activation = MeasuredActivation(*curve, 10.0)
    fine = np.linspace(0, 1, 301)
    expected = PchipInterpolator(INPUTS, OUTPUTS)(-1 + 6 * fine)
    computed = activation(torch.tensor(10 * fine, dtype=torch.float32)).numpy() / 10
    # single precision
    np.testing.assert_allclose(computed, (expected - 3) / 8, rtol=0, atol=2e-6)
    assert np.all(np.diff(computed) > -1e-6)
    assert activation(torch.tensor([-3.0, 12.0])).tolist() == pytest.approx(
        [0, 10], rel=0, abs=1e-5
    )


@pytest.mark.parametrize(
    ("outputs", "fault"),
    [
        ([0, 1, 2, 3, 3.98, 4], ""),
        ([0, 1, 2, 3.985, 3.966, 4], ""),  # 0.475 % of full scale
        (
            [0, 1, 2, 3.985, 3.964, 4],  # 0.525 %
            "it is not monotonic (the output falls by 0.005 of full scale from input 3 to 4)",
        ),
        (
            [4, 3, 2, 1, 0.5, 0],
            "it is not monotonic (the output falls by 1.000 of full scale from input -1 to 5)",
        ),
        # small steps add up: each is below 0.5 %
        ([0, 4, 3.985, 3.97, 3.985, 4], "falls by 0.007 of full scale from input 0 to 3"),
    ],
)
def test_a_falling_curve_is_a_fault_and_no_error(model_of, outputs, fault):
    text = "input,output\n" + "".join(f"{x},{y}\n" for x, y in zip(INPUTS, outputs, strict=True))
    _, message = activation_of(model_of(activation=text), "measured")
    assert (fault in message) if fault else message == ""


# The file


def test_the_model_names_its_sources_and_its_code(model_of):
    with pytest.raises(FileError, match="has no activation"):
        activation_of(model_of(LEVELS), "measured")
    model = files.read_json(model_of(LEVELS, CURVE))
    assert model["kind"] == "measured"
    assert model["points"] == {"input": INPUTS, "output": OUTPUTS}
    assert model["units"]["current"] == "A/m2"
    assert model["units"]["input"] == "V"
    made_by = model["made_by"]
    assert made_by["device"] == "mine"
    assert made_by["revision"] == revisions.of("devices")
    assert made_by["wallnet_version"]
    for name, text in {"levels": LEVELS, "activation": CURVE}.items():
        source = made_by["sources"][name]
        assert source["sha256"] == hashlib.sha256(text.encode()).hexdigest()
        assert source["file"].endswith(f"{name}.csv")


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf" + LEVELS.encode(),
        LEVELS.replace("\n", "\r\n"),
        LEVELS.replace("\n", "\r"),
        LEVELS.replace("\n", "\n\n"),
        LEVELS.replace(",", " , "),
        LEVELS.replace("\n", "\n,,\n", 1),
        LEVELS.replace("conductance", "Conductance [S]").replace("A/m2", "A/m²"),
        LEVELS.replace("5e-5", '"5e-5"'),
        LEVELS.rstrip(),
    ],
)
def test_what_programs_write_is_accepted(model_of, text):
    """A byte-order mark, other line ends, empty lines, spaces, quotes, units in the header."""
    assert levels_of(model_of(text), "measured", "measured")[0] == [1e-5, 2.3e-5, 5e-5]
    assert [level["current"] for level in files.read_json(model_of(text))["levels"]] == [
        1e11,
        2e11,
        3e11,
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        # the file
        ("", ["is no table", "conductance"]),
        (b"\x89PNG\r\n\x1a\n\0\0", ["is no table in UTF-8"]),
        (b"a\0b\n1,2\n", ["is no table in UTF-8"]),
        (b"#" * 1_000_001, ["is larger than 1000000 bytes"]),
        ("conductance\n" + "1e-5\n" * 1025, ["more than 1024 rows"]),
        ('conductance\n"1e-5\n2e-5\n', ["is no table", "no quotes"]),
        # separators
        ("conductance;spread\n1e-5;1e-6\n", ["line 1", "conductance;spread", "commas"]),
        ("conductance\n0,00001\n", ["line 2", "1 fields", "saw 2", "decimal point"]),
        # the header
        ("G\n1e-5\n2e-5\n", ["line 1", "column 'G'", "conductance and spread and current"]),
        ("spread\n1e-6\n1e-6\n", ["line 1", "column conductance", "is missing"]),
        ("conductance,Conductance\n1,2\n", ["column 'Conductance'", "there twice"]),
        ("conductance (µS)\n10\n50\n", ["line 1", "is in µS", "write conductance (S)"]),
        ("conductance,current\n1e-5,1\n", ["has no unit", "current (A) or current (A/m2)"]),
        # the numbers
        ("conductance\n\n1e-5\n\n2e-5 S\n", ["line 5", "column conductance", "'2e-5 S'"]),
        ("conductance,spread\n1e-5,\n", ["line 2", "column spread", "nothing"]),
        ("conductance\n1e-5\n1e999\n", ["line 3", "column conductance", "finite"]),
        # levels
        ("conductance\n1e-5\n-2e-5\n", ["line 3", "column conductance", "is negative (-2e-05 S)"]),
        ("conductance\n1e-5\n1e-5\n", ["column conductance", "fewer than two different values"]),
        ("conductance\n10\n50\n", ["line 3", "50 S", "1e-12 to 0.1 S", "50 µS is 5.0e-5"]),
    ],
)
def test_a_faulty_file_of_levels_is_named_with_line_column_and_fix(model_of, tmp_path, text, parts):
    with pytest.raises(FileError) as caught:
        model_of(text)
    one_sentence(caught, str(tmp_path / "levels.csv"), *parts)
    assert not (tmp_path / "mine.json").exists()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("input,output\n0,0\n1,1\n2,2\n3,3\n", ["has 4 points", "5 or more"]),
        ("input\n0\n1\n2\n3\n4\n", ["line 1", "column output", "is missing"]),
        (CURVE.replace("\n3,9", "\n1,9"), ["line 5", "column input", "1 is not above", "average"]),
        (CURVE.replace("\n3,9", "\n0.5,9"), ["line 5", "column input", "0.5 is not above", "sort"]),
        (
            CURVE.replace("\n3,9", "\n1.00005,9"),
            ["line 5", "column input", "not above", "1e-05"],
        ),
        ("input,output\n0,2\n1,2\n2,2\n3,2\n4,2\n", ["column output", "same in all lines"]),
        (CURVE.replace("9", "nan"), ["line 5", "column output", "'nan'"]),
        ("input,output\n0,-1e308\n1,0\n2,1\n3,2\n4,1e308\n", ["column output"]),
    ],
)
def test_a_faulty_curve_is_named_with_line_column_and_fix(model_of, tmp_path, text, parts):
    with pytest.raises(FileError) as caught:
        model_of(activation=text)
    one_sentence(caught, str(tmp_path / "activation.csv"), *parts)
    assert not (tmp_path / "mine.json").exists()


@pytest.mark.parametrize(
    ("conductances", "accepted"),
    [((0.0, 1e-12), True), ((0.01, 0.1), True), ((0.0, 0.9e-12), False), ((0.01, 0.11), False)],
)
def test_the_plausible_range_includes_its_bounds(model_of, conductances, accepted):
    text = "conductance\n" + "".join(f"{value!r}\n" for value in conductances)
    if accepted:
        assert levels_of(model_of(text), "measured", "measured")[0] == list(conductances)
    else:
        with pytest.raises(FileError):
            model_of(text)


def test_a_file_that_is_no_measurement_is_not_read_out(tmp_path):
    (tmp_path / "token").write_text("secret\n1\n2\n")
    with pytest.raises(FileError, match=r"token, line 1, column 1: is unknown") as caught:
        read_levels(tmp_path / "token")
    assert "secret" not in str(caught.value)
