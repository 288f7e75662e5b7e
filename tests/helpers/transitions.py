"""Pulses from the three notches of a small track, with different ends in both directions."""

from helpers.windows import windowed

ASKED = {
    "current_densities": [1.05e12, 0.6e12],
    "durations": [1.5e-9],
    "starts": ["notch 1", "notch 2", "notch 3"],
}


def led(**changes):
    """Return the campaign as plain data, with some keys of its transitions changed."""
    data = windowed()
    del data["operating_windows"]
    data["devices"]["stairs"]["relaxation"]["longest"] = 3e-9
    data["transitions"] = {"stairs": {**ASKED, **changes}}
    return data
