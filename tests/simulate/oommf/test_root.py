"""OOMMF's refusal to run as root, which only root can test."""

import os

import pytest

from wallnet.simulate import SimulationError, simulate
from wallnet.simulate.oommf.session import OommfError, locate


@pytest.mark.oommf
@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused")
@pytest.mark.skipif("OOMMFTCL" not in os.environ, reason="OOMMFTCL is not set")
def test_root_is_told_to_be_someone_else(small_job, monkeypatch):
    with pytest.raises(OommfError) as raised:
        locate()
    assert "Don't run OOMMF as root" in str(raised.value)
    assert "run as an ordinary user" in str(raised.value)
    with pytest.raises(SimulationError, match=r"pulse of 3e.11 A/m²: OOMMF does not run"):
        simulate(small_job("oommf"))
