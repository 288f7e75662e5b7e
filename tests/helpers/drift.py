"""The calculator of one's own in docs/extending.md: a module outside the package."""

from helpers.extending import steps

DRIFT = steps("A calculator")[0].text
"""Its source."""

NAME = "drift:Drift"
