"""A small example of each study on one device, for the tests that hold for all studies."""

from helpers.calibration import on_stairs
from helpers.depinning import ASKED
from helpers.intervals import bisected
from helpers.programs import UP
from helpers.transitions import led
from helpers.windows import windowed

WARM = {"ambient": 300.0, "equilibration": 0.02e-9}

EXAMPLES = {
    "pulse_trains": {"climb": {"device": "stairs", "pulses": [UP]}},
    "sweeps": {"rough": {"samples": 1, "current_densities": [0.8e12]}},
    "operating_windows": windowed()["operating_windows"],
    "transitions": led()["transitions"],
    "thermal": {
        "cut": {
            "device": "cut",
            "variants": {
                "isothermal": {"temperature": WARM},
                "heated": {"temperature": WARM | {"heating": "pulse"}},
            },
            "current_densities": [0.8e12],
            "duration": 0.06e-9,
            "pause": 0.02e-9,
            "free_time": 0.04e-9,
        }
    },
    "intervals": bisected(resolution=0.15e12)["intervals"],
    "depinning": {"stairs": ASKED},
    "sensitivity": {
        "cut": ASKED | {"device": "cut", "assumptions": ["damping"], "duration": 0.5e-9}
    },
    "calibration": on_stairs()["calibration"],
    "barriers": {},
    "crosscheck": {"engines": {"cases": {"a": {"device": "stairs", "current_density": 0.7e12}}}},
}
"""Block of the configuration of each study, with one subject."""

CUT = {
    "like": "stairs",
    "kind": "synapse",
    "track": {
        "length": 180e-9,
        "cell_size": 6e-9,
        "notches": {"diameter": 36e-9, "positions": [90e-9]},
    },
    "detector": {"start": 0.0, "stop": 180e-9},
}
"""A short track with one notch in its middle."""

ROUGH = {"like": "cut", "kind": "track", "disorder": {"edges": {"rms": 2e-9}}}
"""The same, no synapse, whose samples differ."""

DATA = bisected() | on_stairs() | EXAMPLES
DATA["devices"] |= {"cut": CUT, "rough": ROUGH}
"""The campaign of all examples, as plain data."""
