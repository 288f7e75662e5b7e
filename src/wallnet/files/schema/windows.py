"""Outcomes of stepwise switching."""

WORKS = "works"
START = "start"
LEAVES = "leaves"
MOVES = "moves"
STICKS = "sticks"
SKIPS = "skips"

OUTCOMES = {
    WORKS: "each pulse moves the wall by one notch, and the notches at the ends pin it",
    STICKS: "the wall rests before the wanted notch",
    SKIPS: "the wall rests beyond the wanted notch",
    LEAVES: "the wall leaves the track",
    MOVES: "the wall still moves after the pause",
    START: "the wall does not rest at the first notch before the first pulse",
}
"""Meaning of each outcome; all but the first are reasons of failure."""
