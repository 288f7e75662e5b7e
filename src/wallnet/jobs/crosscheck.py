"""Pulses that two calculators run."""

import difflib
import itertools
from collections.abc import Iterator
from typing import Any

from wallnet.config import Campaign, Device
from wallnet.config.calculators import SETTINGS
from wallnet.jobs.simulation import SimulationJob, pulse_job


def crosscheck_job(campaign: Campaign, case: str, calculator: str) -> SimulationJob:
    """Return the job of a case of the cross-check for one calculator."""
    return pulse_job(
        _device(campaign, case, calculator), campaign.crosscheck.cases[case].current_density
    )


def _device(campaign: Campaign, case: str, calculator: str) -> Device:
    chosen = campaign.crosscheck.cases[case]
    return Device.model_validate(chosen.varied(campaign.devices, calculator))


def own_calculators(campaign: Campaign) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the calculators of one's own that a campaign names, with their settings."""
    both = itertools.product(campaign.crosscheck.cases, campaign.crosscheck.calculators)
    compared = (_device(campaign, case, name) for case, name in both)
    for device in (*campaign.devices.values(), *compared):
        if device.calculator not in SETTINGS:
            yield device.calculator, (device.calculator_settings or {}).get(device.calculator, {})


def misnamed_settings(campaign: Campaign) -> list[str]:
    """List settings under a name that is almost one of the calculators, a sentence each."""
    used = {name for name, _ in own_calculators(campaign)}
    devices = campaign.devices.values()
    given = {name for device in devices for name in device.calculator_settings or {}}
    near = {name: difflib.get_close_matches(name, used, n=1, cutoff=0.8) for name in given - used}
    return [
        f"calculator_settings.{name} is of no calculator here; did you mean {meant[0]}?"
        for name, meant in sorted(near.items())
        if meant
    ]
