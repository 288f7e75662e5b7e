"""The cells of a track: the material in each, and its fields in a system of ubermag."""

import re
from dataclasses import replace

import numpy as np
import pytest
from helpers.small_campaign import TINY

from wallnet import config, experiment, tracks
from wallnet.errors import UserError

GIVEN = {
    "saturation_magnetization": 0.9e6,
    "exchange_stiffness": 1.7e-11,
    "dmi_constant": -1.3e-3,
    "uniaxial_anisotropy": 0.8e6,
    "damping": 0.45,
    "gyromagnetic_ratio": 2.3e5,
    "polarization": 0.35,
}
OF_CELLS = {
    "saturation_magnetization": 0.9e6,
    "exchange_stiffness": 1.7e-11,
    "dmi_constant": -1.3e-3,
    "anisotropy": 0.8e6,
    "damping": 0.45,
}


@pytest.fixture
def job():
    """Return a pulse on a track of 90 × 18 cells with notches."""
    return experiment.pulse_job(config.parse(TINY | {"material": GIVEN}).devices["synapse"], 0.5e12)


def test_cells_have_the_material_of_the_configuration(job):
    cells = tracks.cells(job)
    mask = tracks.magnetic_mask(job.track)
    assert np.array_equal(cells.filled, np.where(mask, 1.0, 0.0))
    assert np.array_equal(cells.mask, mask)
    assert set(vars(cells)) == {"filled", *OF_CELLS}
    for name, value in OF_CELLS.items():
        assert getattr(cells, name).shape == (18, 90)
        assert np.all(getattr(cells, name) == value)
    assert cells.uniform(*OF_CELLS) == OF_CELLS


def uneven(cells, name, by):
    """Return cells of which those on the right have more of a quantity."""
    columns = np.arange(cells.filled.shape[1])
    return replace(cells, **{name: getattr(cells, name) * np.where(columns < 30, 1.0, by)})


def test_only_magnetic_cells_have_to_be_the_same(job):
    cells = tracks.cells(job)
    empty = replace(cells, damping=np.where(cells.mask, 0.3, 0.7))
    assert (~cells.mask).any()
    assert empty.uniform("damping") == {"damping": 0.3}
    grains = uneven(uneven(cells, "exchange_stiffness", 0.9), "damping", 1.2)
    assert grains.uniform("anisotropy") == {"anisotropy": 0.8e6}
    said = "cells of the track differ in exchange_stiffness, damping, and"
    with pytest.raises(UserError, match=said):
        grains.uniform(*OF_CELLS)
    with pytest.raises(UserError, match="differ in the share that is filled, and"):
        uneven(cells, "filled", 0.5).uniform("anisotropy")


@pytest.fixture
def grains(job, monkeypatch):
    """Let the cells of each job differ, with one empty cell more."""
    generator = np.random.default_rng(3)
    cells = tracks.cells(job)
    filled = cells.filled.copy()
    filled[2, 5] = 0.0
    varied = {
        name: value * generator.uniform(0.8, 1.2, filled.shape)
        for name, value in OF_CELLS.items()
        if name != "dmi_constant"
    }
    made = replace(cells, filled=filled, **varied)
    monkeypatch.setattr(tracks, "cells", lambda job: made)
    return made


def test_a_system_has_fields_of_what_differs(job, grains):
    system = tracks.system(job)
    for field, values in (
        (system.energy.exchange.A, grains.exchange_stiffness),
        (system.energy.uniaxialanisotropy.K, grains.anisotropy),
        (system.dynamics.damping.alpha, grains.damping),
        (system.m.norm, grains.saturation_magnetization * grains.mask),
    ):
        assert field.array.shape == (90, 18, 1, 1)
        np.testing.assert_allclose(field.array[:, :, 0, 0].T, values, rtol=1e-12)
    assert system.energy.dmi.D == -1.3e-3


def test_oommfc_writes_the_fields_of_a_system(job, grains, tmp_path):
    import discretisedfield
    import oommfc

    oommfc.TimeDriver().write_mif(tracks.system(job), dirname=str(tmp_path), t=1e-12, n=1)
    text = (tmp_path / "track.mif").read_text()
    written = {
        "exchange_A": grains.exchange_stiffness,
        "uniaxialanisotropy_K": grains.anisotropy,
        "dp_alpha": grains.damping,
        "m0": grains.saturation_magnetization * grains.mask,
    }
    for name, values in written.items():
        (path,) = tmp_path.glob(f"{name}.o?f")
        stored = discretisedfield.Field.from_file(str(path)).norm.array[:, :, 0, 0].T
        assert stored == pytest.approx(values, rel=1e-9, abs=0)
    for use in ("A exchange_A_norm", "K1 uniaxialanisotropy_K_norm", "alpha dp_alpha_norm"):
        assert re.search(rf"^\s*{use}$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "by", "said"),
    [("dmi_constant", 1.1, "dmi_constant"), ("filled", 0.5, "the share that is filled")],
)
def test_a_system_with_grains_of_dmi_or_partly_filled_cells_is_refused(
    job, monkeypatch, name, by, said
):
    made = uneven(tracks.cells(job), name, by)
    monkeypatch.setattr(tracks, "cells", lambda job: made)
    with pytest.raises(UserError, match=f"differ in {said}, and"):
        tracks.system(job)
