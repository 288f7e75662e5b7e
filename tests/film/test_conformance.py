"""The published conformance suite of ubermag (micromagnetictests).

Tests of features outside a film engine are listed in conformance.json.
"""

import pytest
from micromagnetictests.calculatortests import *  # noqa: F403

import wallnet.film


@pytest.fixture(scope="module")
def calculator():
    return wallnet.film
