"""Samples of the small varying device, whose disorder has values of its own."""

from helpers.varying import device

TRACK = {
    "length": 240e-9,
    "width": 60e-9,
    "thickness": 2.5e-9,
    "cell_size": 3e-9,
    "notches": {"positions": [90e-9, 180e-9], "diameter": 22e-9},
}
EDGES = {"rms": 1.3e-9, "correlation_length": 17e-9}
NOTCHES = {"length": 1.1e-9, "depth": 0.7e-9, "position": 0.9e-9}
GRAINS = {
    "size": 14e-9,
    "anisotropy": 0.03,
    "thickness": 0.02,
    "boundary_exchange": 0.6,
    "boundary_width": 1.2e-9,
}
DISORDER = {"seed": 5, "edges": EDGES, "notches": NOTCHES, "grains": GRAINS}


def sampled(number=1, disorder=DISORDER, edges="stairs", track=None, **changes):
    """Return a sample of a device; `track` has keys of its track that differ."""
    track_keys = TRACK | {"edges": edges} | (track or {})
    own = {"wall": {"start": 45e-9}, "disorder": disorder, "sample": number}
    return device(**{"track": track_keys} | own | changes)


def track_of(number=1, disorder=DISORDER, edges="stairs", **changes):
    """Return the track of a sample; changes are keys of the track."""
    return sampled(number, disorder, edges, changes).sampled_track
