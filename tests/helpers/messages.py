"""Sentences with which a configuration is refused."""

import pytest

from wallnet import config, plan


def problems(data):
    """Return the sentences with which a campaign is refused."""
    with pytest.raises(config.ConfigError) as caught:
        plan.parse(data)
    return str(caught.value).splitlines()


def one_problem(data):
    """Return the only one."""
    (problem,) = problems(data)
    return problem
