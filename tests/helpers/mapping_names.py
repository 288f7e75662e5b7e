"""Names of mappings with their parts, and names that are refused."""

import math

MAPPING_NAMES = {
    "layer": ("layer", False, "largest", math.inf, "measured"),
    "row": ("row", True, "largest", math.inf, "measured"),
    "layer-fitted": ("layer", False, "fitted", math.inf, "measured"),
    "row-2.5sd": ("row", True, "deviations", 2.5, "measured"),
    "signed-3sd-extended": ("signed", False, "deviations", 3.0, "extended"),
    "signed-row-9.99sd-reachable": ("signed", True, "deviations", 9.99, "reachable"),
    "row-mutually-reachable": ("row", True, "largest", math.inf, "mutually-reachable"),
    "differential-row": ("differential", True, "largest", math.inf, "measured"),
    "differential-row-fitted-extended": ("differential", True, "fitted", math.inf, "extended"),
}
"""Scheme, circuit for each row, scale, deviations and level set of each name."""

WRONG_MAPPING_NAMES = (
    "fitted",
    "column",
    "layer-row",
    "row-row",
    "layer-measured",
    "layer-extended-fitted",
    "layer-fitted-row",
    "signed-fitted-row",
    "signed-3sd-fitted",
    "layer-0sd",
    "layer-10sd",
    "layer-3.123sd",
    "layer-sd",
    "layer-3SD",
    "Layer",
    "layer-",
    "layer\n",
)
