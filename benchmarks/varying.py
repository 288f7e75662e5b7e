"""Time films whose parameters vary from cell to cell beside the uniform film of synapse-5.

    python benchmarks/varying.py [--repeat 12]

The films take turns, 25 ps each, with a wall that a current drives, so that all have the same load
of the machine. A ratio is the median of those of processor times. At a temperature, small cells at
smooth edges make the time step shorter. A run takes about two minutes.
"""

import argparse
import time

import numpy as np
from processes import ROOT

from wallnet import api, jobs
from wallnet.config.calculators import FilmSettings
from wallnet.film.core import Engine
from wallnet.simulate.embedded import engine_of
from wallnet.validation import material

FILMS = {
    "uniform": {},
    "grains": {"disorder": {"grains": {}}, "sample": 1},
    "smooth edges": {"track.edges": "smooth"},
    "both": {"track.edges": "smooth", "disorder": {"grains": {}}, "sample": 1},
}
"""Keys of the device that differ, by film."""

TURN = 25e-12
"""Simulated time of a turn in s."""


def started(changes: dict) -> Engine:
    """Return a film of synapse-5 with a wall under a current of 0.5e12 A/m²."""
    job = jobs.pulse_job(api.load_device(ROOT / "config.yaml", "synapse-5", changes), 0.5e12)
    engine = engine_of(job, FilmSettings())
    engine.magnetization = material.wall(engine.mask.shape, engine.layer.cell[0], 300e-9)
    engine.set_torque(material.torque(0.5e12))
    engine.advance(TURN)
    return engine


def turn(engine: Engine) -> tuple[float, float]:
    """Return the processor seconds of a turn, and those of a time step."""
    steps, begin = engine.counters.steps, time.process_time()
    engine.advance(TURN)
    elapsed = time.process_time() - begin
    return elapsed, elapsed / (engine.counters.steps - steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=12, help="turns of each film")
    arguments = parser.parse_args()
    print("| T (K) | film | time of a step | time of a nanosecond |\n|---:|---|---:|---:|")
    for temperature, ambient in ((0, {}), (300, {"temperature": {"ambient": 300.0}})):
        engines = {name: started(changes | ambient) for name, changes in FILMS.items()}
        turns = [[turn(engine) for engine in engines.values()] for _ in range(arguments.repeat)]
        ratios = np.array(turns) / np.array(turns)[:, :1]
        for name, (whole, step) in zip(FILMS, np.median(ratios, axis=0), strict=True):
            print(f"| {temperature} | {name} | {step:.2f} | {whole:.2f} |", flush=True)


if __name__ == "__main__":
    main()
