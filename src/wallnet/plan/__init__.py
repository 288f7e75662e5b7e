"""All paths of a campaign: its files, their sources, and obsolete results."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from wallnet import config
from wallnet.config import Campaign
from wallnet.studies import STUDIES
from wallnet.tracks.regions import check


def parse(
    data: Mapping[str, Any],
    source: str = "config.yaml",
    elsewhere: Mapping[str, str] = MappingProxyType({}),
) -> Campaign:
    """Check plain data and return the campaign with all studies; see `wallnet.config.parse`."""
    return config.parse(data, check, source, STUDIES, elsewhere)


def load(path: str | Path) -> Campaign:
    """Read and check a configuration file with all studies; see `wallnet.config.load`."""
    return config.load(path, check, STUDIES)
