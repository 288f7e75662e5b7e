"""The conformance suite with every mesh reduced to a single layer of cells.

Most of the suite's meshes have several cells along z, which a film engine rejects. These tests
seldom check three-dimensional behaviour. Here these tests run on meshes of the same extent with one
cell along z.
"""

import discretisedfield
import pytest
from micromagnetictests.calculatortests import *  # noqa: F403

import wallnet.film


@pytest.fixture(scope="module")
def calculator():
    return wallnet.film


@pytest.fixture(autouse=True)
def single_layer(monkeypatch):
    plain = discretisedfield.Mesh.__init__

    def flat(self, *, region=None, p1=None, p2=None, n=None, cell=None, **more):
        if region is None:
            region = discretisedfield.Region(p1=p1, p2=p2)
        if region.ndim == 3 and n is not None:
            n = (n[0], n[1], 1)
        if region.ndim == 3 and cell is not None:
            cell = (cell[0], cell[1], region.edges[2])
        plain(self, region=region, n=n, cell=cell, **more)

    monkeypatch.setattr(discretisedfield.Mesh, "__init__", flat)
