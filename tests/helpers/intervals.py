"""A coarse sweep of a small track, and the bisection between its pulses."""

from helpers.windows import windowed


def bisected(**changes):
    """Return the campaign as plain data, with some keys of its bisection changed."""
    data = windowed()
    del data["operating_windows"]
    device = data["devices"]["stairs"]
    device["relaxation"]["longest"] = 3e-9
    device["pulse"] = {"duration": 1.5e-9, "current_densities": [0.6e12, 1.2e12]}
    data["intervals"] = {"stairs": {"resolution": 0.1e12, **changes}}
    return data
