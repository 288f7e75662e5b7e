"""Energies and fields of a system on demand."""

import json

import discretisedfield as df
import micromagneticmodel as mm
import numpy as np
import pytest
from helpers.systems import asymmetric_system, flat_system

import wallnet.film
from wallnet.film.ubermag import describe


@pytest.mark.parametrize("name", ["exchange", "dmi", "uniaxialanisotropy", "demag", "zeeman"])
def test_computed_values_of_a_term_stand_in_their_cells(name):
    """They are in the order of discretisedfield: x first."""
    system = asymmetric_system()
    description = describe(system)
    energy = wallnet.film.Energy(description.layer)
    term = getattr(system.energy, name)
    own = {"uniaxialanisotropy": "anisotropy"}.get(name, name)
    expected = energy.field(description.magnetization, own)
    field = wallnet.film.compute(term.effective_field, system)
    assert field.unit == "A/m"
    assert field.array.shape == (4, 3, 1, 3)
    for column, row in ((0, 0), (3, 1), (1, 2), (1, 0)):
        np.testing.assert_array_equal(field.array[column, row, 0], expected[row, column])
    density = wallnet.film.compute(term.density, system)
    assert density.unit == "J/m3"
    expected = energy.density(description.magnetization, own)
    for column, row in ((0, 0), (3, 1), (1, 2), (1, 0)):
        assert density.array[column, row, 0, 0] == expected[row, column]
    computed = wallnet.film.compute(term.energy, system)
    assert computed == pytest.approx(expected.sum() * 9e-27, rel=1e-12, abs=0)
    assert system.compute_number == 3


def test_what_is_computed_is_stored_in_the_chosen_folder(tmp_path):
    system = asymmetric_system()
    energy = wallnet.film.compute(system.energy.exchange.energy, system, dirname="chosen")
    field = wallnet.film.compute(system.energy.dmi.effective_field, system, dirname="chosen")
    density = wallnet.film.compute(system.energy.density, system, dirname="chosen")
    assert [path.name for path in tmp_path.iterdir()] == ["chosen"]
    folder = tmp_path / "chosen/asymmetric"
    stored = (folder / "compute-0/energy.json").read_text(encoding="utf-8")
    assert json.loads(stored) == {"energy": energy}
    for computed, name in ((field, "compute-1/effective_field"), (density, "compute-2/density")):
        read = df.Field.from_file(str(folder / f"{name}.ovf"))
        np.testing.assert_array_equal(read.array, computed.array)


def test_one_of_two_external_fields_is_computed_without_the_other():
    """-μ0 Ms m·H in 4e-25 m³, with m along z."""
    system = flat_system()
    system.energy = mm.Zeeman(H=(0, 0, 1e5), name="first") + mm.Zeeman(
        H=(2e4, 0, 3e4), name="second"
    )
    for term, along in ((system.energy.first, 1e5), (system.energy.second, 3e4)):
        energy = wallnet.film.compute(term.energy, system)
        expected = -4e-7 * np.pi * 1e6 * along * 4e-25
        assert energy == pytest.approx(expected, rel=1e-9, abs=0)
    field = wallnet.film.compute(system.energy.second.effective_field, system)
    assert (field.array == (2e4, 0, 3e4)).all()
