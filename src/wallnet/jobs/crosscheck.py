"""Jobs of the cross-check, in which two calculators run the same pulses."""

import difflib
import itertools
from collections.abc import Iterator
from typing import Any

from wallnet.config import Campaign, ConfigError, Device
from wallnet.config.calculators import SETTINGS
from wallnet.experiment.code import code_of
from wallnet.experiment.simulation import Simulation, pulse_job


def crosscheck_job(campaign: Campaign, case: str, calculator: str) -> Simulation:
    """Return the job of one case of the cross-check with one calculator."""
    return pulse_job(
        compared_device(campaign, case, calculator), campaign.crosscheck.cases[case].current_density
    )


def compared_device(campaign: Campaign, case: str, calculator: str) -> Device:
    """Return the device of one case of the cross-check, with one calculator."""
    chosen = campaign.crosscheck.cases[case]
    return Device.model_validate(chosen.varied(campaign.simulated, calculator))


def own_calculators(campaign: Campaign) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the user-defined calculators that a campaign names, with their settings."""
    both = itertools.product(campaign.crosscheck.cases, campaign.crosscheck.calculators)
    compared = (compared_device(campaign, case, name) for case, name in both)
    for device in (*campaign.simulated.values(), *compared):
        if device.calculator not in SETTINGS:
            yield device.calculator, (device.calculator_settings or {}).get(device.calculator, {})


def own_classes(campaign: Campaign) -> dict[str, str]:
    """Return the key of each user-defined class, ``module:Class``, that a campaign names."""
    calculators = {name: "calculator" for name, _ in own_calculators(campaign)}
    recipes = campaign.networks.recipes.values()
    return calculators | {each.model: "model" for each in recipes if ":" in each.model}


def check_named(campaign: Campaign) -> None:
    """Check that the modules of user-defined classes are there, without importing them.

    Raises
    ------
    wallnet.config.ConfigError
        With one line for each module that is not there or has no readable source.
    """
    found: list[str] = []
    for name, key in own_classes(campaign).items():
        try:
            code_of(name, key)
        except ConfigError as error:
            found.append(str(error))
    if found:
        raise ConfigError("\n".join(f"config.yaml: {problem}" for problem in found))


def misnamed_settings(campaign: Campaign) -> list[str]:
    """List settings whose name is similar to that of a calculator, one sentence each."""
    used = {name for name, _ in own_calculators(campaign)}
    devices = campaign.simulated.values()
    given = {name for device in devices for name in device.calculator_settings or {}}
    near = {name: difflib.get_close_matches(name, used, n=1, cutoff=0.8) for name in given - used}
    return [
        f"calculator_settings.{name} belongs to no calculator; did you mean {meant[0]}?"
        for name, meant in sorted(near.items())
        if meant
    ]
