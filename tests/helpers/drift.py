"""The user-defined calculator of docs/extending.md: a module outside the package."""

from helpers.extending import steps

DRIFT = steps("A calculator")[0].text
"""Source of the module."""

NAME = "drift:Drift"
