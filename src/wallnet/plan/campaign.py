"""The campaign: the configuration with the settings of all studies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wallnet import config, jobs
from wallnet.config import Campaign, ConfigError
from wallnet.studies import STUDIES


def parse(data: Mapping[str, Any], source: str = "config.yaml") -> Campaign:
    """Check plain data and return the campaign; see `wallnet.config.parse`."""
    return config.parse(data, source, STUDIES)


def load(path: str | Path) -> Campaign:
    """Read and check a configuration file; see `wallnet.config.load`."""
    return config.load(path, STUDIES)


def check_settings(campaign: Campaign) -> None:
    """Import user-defined calculators, and check their classes and settings.

    Raises
    ------
    wallnet.config.ConfigError
        With one line for each problem.
    """
    from wallnet.simulate.calculator import problems  # loads NumPy

    found = jobs.misnamed_settings(campaign) + problems(jobs.own_calculators(campaign))
    if found:
        raise ConfigError("\n".join(f"config.yaml: {problem}" for problem in found))
