"""Digests of all requests of `config.yaml` and `studies.yaml`, so that no change is overlooked.

`shipped_requests.json` has one for each temperature, folder of results and device or subject: of
the paths of the requests, what they start from and the JSON of their jobs. Minima and paths have no
thermal field; their temperature is "film". Where a study asks in rounds, the examples of the rounds
count, which are known without results. If a change is wanted, note the present digests, with the
environment active::

    python tests/plan/shipped_requests.py
"""

import json
from collections import defaultdict
from pathlib import Path, PurePosixPath

from wallnet import files, plan
from wallnet.files.origin import digest_of
from wallnet.jobs import Run
from wallnet.plan.requests import Requested
from wallnet.studies import STUDIES

ROOT = Path(__file__).parents[2]

STORED = Path(__file__).with_suffix(".json")


def digests(campaign):
    """Return the digest and the number of requests by temperature, folder and device."""
    # this folder has no results, and so no finished rounds
    pairs = list(Requested(campaign, str(STORED.parent)).items())
    for study in STUDIES.values():
        for subject, settings in study.subjects(campaign).items():
            rounds = study.rounds(campaign, subject, settings)
            pairs += [
                (study.path(subject), example) for examples in rounds for _, example in examples
            ]
    groups = defaultdict(list)
    for path, request, part in ((path, r, part) for path, r in pairs for part in r.parts or (r,)):
        job = part.computes
        temperature = f"{job.field:g} K" if isinstance(job, Run) else "film"
        of_device = files.of_device(path)
        place = "/".join(PurePosixPath(of_device).with_suffix("").parts[1:3])
        place = place if of_device == path else f"samples/{place}"
        line = [request.path, request.kind, *request.starts, job.to_json()]
        groups[f"{temperature}: {place}"].append(" ".join(line))
    return {
        place: f"{digest_of(' '.join(sorted(lines)))} of {len(lines)}"
        for place, lines in sorted(groups.items())
    }


def changes(before, after):
    """Return a line for each place whose requests are not the same."""
    return [
        f"{place}: {before.get(place, 'none')} -> {after.get(place, 'none')}"
        for place in sorted({*before, *after})
        if before.get(place) != after.get(place)
    ]


if __name__ == "__main__":
    noted = json.dumps(digests(plan.load(ROOT / "config.yaml")), indent=1)
    STORED.write_text(noted + "\n", encoding="utf-8")
