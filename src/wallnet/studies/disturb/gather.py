"""Write disturb: how many pulses each state survives, from the outcome after each."""

import itertools
import math
from functools import partial
from typing import Any

from wallnet.questions.opened import Opened, over
from wallnet.studies.disturb.ask import Disturb
from wallnet.tracks.states import Outcome


def gather(settings: Disturb, opened: Opened) -> dict[str, Any]:
    """Return the variables of the pulses that the states of a device survive."""
    starts = {level.state: level.outcomes[-1] for level in opened.relaxed()}
    rows = []
    for train in opened.pulses():
        (_, *walls), rests = train.outcomes, partial(Outcome.rests_in, state=train.state)
        # at rest before the first pulse, and after each that the state survives
        kept = list(itertools.takewhile(rests, [starts[train.state], *walls]))
        moved = [wall.position for wall in kept]
        row = {
            "survived_pulses": max(len(kept) - 1, 0),
            "state_kept": len(kept) > settings.repetitions,
            "disturb_state": str(walls[-1].state),
            "disturb_settled": walls[-1].resting is True,
            "disturb_drift": moved[-1] - moved[0] if kept else math.nan,
            "disturb_last_drift": moved[-1] - moved[-2] if len(kept) > 1 else math.nan,
        }
        rows.append(row)
    trains = opened.pulses()[: len(settings.signed)]
    return {
        **over((len(starts), len(settings.signed)), rows),
        "disturbed": [*starts],
        "disturbed_stable": [wall.rests_in(state) for state, wall in starts.items()],
        "write_share": settings.signed,
        "disturb_current_density": [train.simulation.strongest for train in trains],
    }
