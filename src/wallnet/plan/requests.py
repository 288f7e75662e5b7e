"""What a campaign computes of devices, by path."""

import itertools
import json
from collections.abc import Iterator, Mapping

from wallnet import files
from wallnet.config import Campaign, ConfigError
from wallnet.jobs import Request
from wallnet.jobs.request import Kind
from wallnet.questions.question import Requests
from wallnet.studies import QUESTIONS, STUDIES, Question

PLACES: Mapping[Kind, tuple[str, ...]] = {
    "initial": ("initial/[^/]+",),
    "run": (r"traces/[^/]+/-?[\d.]+", "levels/[^/]+/[^/]+"),
    "minima": ("minima/[^/]+",),
}
"""Patterns of the results of each kind of request outside the studies, below `results`."""


def pattern_of(kind: Kind) -> str:
    """Return a pattern of all results of a kind of request, below `results`, without suffix."""
    studies = "|".join(study.name for study in STUDIES.values() if kind in study.kinds)
    name = kind if kind in PLACES and kind != "run" else r"(?!(?:initial|minima)\.nc)[^/]+"
    own = f"(?:{studies})/(?:[^/]+/)+{name}"
    return f"(?:{files.SAMPLES}/[0-9-]+/)?(?:{'|'.join([*PLACES.get(kind, ()), own])})"


def of_study(name: str, campaign: Campaign) -> dict[str, Request]:
    """Return the requests of a study by path; see `Requested.of_study`."""
    return Requested(campaign).of_study(name)


def _check_same(one: Request, other: Request) -> None:
    """Raise `ConfigError` if two requests of one path differ."""
    if one is not other and one.digest != other.digest:
        raise ConfigError(
            f"{one.path} is asked for twice, with other parameters; rename a device, a variant or "
            "a study"
        )


class Requested(Mapping[str, Request]):
    """The requests of a campaign by their paths, listed once one of their folder is looked up.

    Finished rounds are in the folder of the campaign.
    """

    def __init__(self, campaign: Campaign, folder: str = "") -> None:
        self.campaign = campaign
        self._folder = folder
        self._listed: dict[str, dict[str, Request]] = {}
        self._kept: dict[tuple[str, str, str], Requests] = {}

    def __getitem__(self, path: str) -> Request:
        """Return the request of a path; raise `ConfigError` if the campaign has none."""
        owner = files.of_device(path).split("/")[1]
        # a study can request further results of a device
        for study in sorted(QUESTIONS, key=lambda name: name != owner):
            if path in (requests := self.of_study(study)):
                return requests[path]
        if owner in QUESTIONS:
            # a round may have been finished since
            self._listed[owner] = self._list(owner) | self._listed[owner]
            if path in self._listed[owner]:
                return self._listed[owner][path]
        raise ConfigError(
            f"{path} is not asked for; add its device and its pulse to config.yaml, or name "
            "another file"
        )

    def __iter__(self) -> Iterator[str]:
        """Yield all paths."""
        every = map(self.of_study, QUESTIONS)
        # several studies can request the same pulse of a sweep, or the same level
        yield from dict.fromkeys(itertools.chain.from_iterable(every))

    def __len__(self) -> int:
        """Return the number of paths."""
        return sum(1 for _ in self)

    def check(self) -> None:
        """Refuse requests of two studies that share a path but differ."""
        for study in QUESTIONS:
            for path, request in self.of_study(study).items():
                _check_same(self[path], request)

    def of_study(self, owner: str) -> dict[str, Request]:
        """Return the requests of a study by path, including those of other studies too.

        They are those up to the finished rounds. If two of one path differ, `ConfigError` is
        raised.
        """
        if owner not in self._listed:
            self._listed[owner] = self._list(owner)
        return self._listed[owner]

    def of_subject(self, study: Question, subject: str, last: int | None = None) -> Requests:
        """Return the requests of a subject by their keys, up to those of a finished round.

        They are kept, with their digests, since Snakemake calls functions of a rule often.
        """
        rounds = study.finished_rounds(self.campaign, subject, self._folder, last)
        place = study.name, subject, json.dumps(rounds)
        if place not in self._kept:
            self._kept[place] = study.requests_of(self.campaign, subject, self._folder, last)
        return self._kept[place]

    def _list(self, owner: str) -> dict[str, Request]:
        requests: dict[str, Request] = {}
        study = QUESTIONS[owner]
        for subject in study.subjects(self.campaign):
            for request in self.of_subject(study, subject):
                _check_same(requests.setdefault(request.path, request), request)
        return requests
