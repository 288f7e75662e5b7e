"""Which targets of a campaign are finished in a folder."""

from collections.abc import Iterator
from pathlib import Path

from wallnet.config import Campaign
from wallnet.plan.listing import beyond_all


def finished_targets(campaign: Campaign, folder: str | Path) -> dict[str, list[str]]:
    """Return the targets beyond `all` whose results are all there, with these results.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    folder : str or Path
        Its folder.
    """
    beyond = _beyond(campaign, folder)
    return {target: paths for target, paths, there in beyond if len(there) == len(paths)}


def unfinished_targets(campaign: Campaign, folder: str | Path) -> dict[str, tuple[int, int]]:
    """Return the targets beyond `all` that were begun: number of results there, and of all."""
    claimed = {path for paths in finished_targets(campaign, folder).values() for path in paths}
    return {
        target: (len(there), len(paths))
        for target, paths, there in _beyond(campaign, folder)
        if len(there) < len(paths) and not there <= claimed
    }


def _beyond(campaign: Campaign, folder: str | Path) -> Iterator[tuple[str, list[str], set[str]]]:
    """Yield each target beyond `all`, its results, and those that are there."""
    for target, paths in beyond_all(campaign, str(folder)).items():
        wanted = list(dict.fromkeys(paths))
        yield target, wanted, {path for path in wanted if Path(folder, path).is_file()}
