"""User-defined classes that a campaign names; nothing of them is executed."""

import difflib
from collections.abc import Iterator
from typing import Any

from wallnet.config import Campaign, ConfigError, Device
from wallnet.config.calculators import SETTINGS
from wallnet.experiment.code import code_of
from wallnet.studies import STUDIES


def _devices(campaign: Campaign) -> Iterator[Device]:
    """Yield all simulated devices, and those that studies run with other calculators."""
    yield from campaign.simulated.values()
    for study in STUDIES.values():
        if study.compared:
            for settings in study.subjects(campaign).values():
                yield from study.compared(settings, campaign.simulated)


def own_calculators(campaign: Campaign) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the user-defined calculators that a campaign names, with their settings."""
    for device in _devices(campaign):
        if device.calculator not in SETTINGS:
            yield device.calculator, (device.calculator_settings or {}).get(device.calculator, {})


def own_classes(campaign: Campaign) -> dict[str, str]:
    """Return the key of each user-defined class, ``module:Class``, that a campaign names."""
    calculators = {name: "calculator" for name, _ in own_calculators(campaign)}
    recipes = campaign.networks.recipes.values()
    return calculators | {each.model: "model" for each in recipes if ":" in each.model}


def check_named(campaign: Campaign) -> None:
    """Check the names of user-defined classes and of settings, without importing anything.

    Raises
    ------
    wallnet.config.ConfigError
        With one line for each module that is not there or has no readable source, and for each
        block of settings that belongs to no calculator.
    """
    found = _misnamed_settings(campaign)
    for name, key in own_classes(campaign).items():
        try:
            code_of(name, key)
        except ConfigError as error:
            found.append(str(error))
    if found:
        raise ConfigError("\n".join(f"config.yaml: {problem}" for problem in found))


def _misnamed_settings(campaign: Campaign) -> list[str]:
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
