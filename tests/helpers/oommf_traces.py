"""Traces of OOMMF, and the same pulses simulated in the engine.

They are from OOMMF 2.1a0 (Oxs_SpinXferEvolve at its defaults). Each JSON file contains the
parameters and the positions of both wall ends in the last magnetisation file.
"""

import csv
import json
from pathlib import Path

import numpy as np

from helpers.placed import placed_wall
from wallnet import tracks
from wallnet.config import Track
from wallnet.config.calculators import FilmSettings as Settings
from wallnet.config.track import Notches
from wallnet.film.core import Engine, Tolerances
from wallnet.film.terms import Layer, SpinTorque, Terms
from wallnet.tracks.geometry import magnetic_mask

FOLDER = Path(__file__).parents[1] / "reference"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def simulate(description, times, settings=None):
    synapse = "synapse" in description["device"]
    diameter = description["notch_diameter_m"]
    track = Track(
        length=1500e-9 if synapse else 512e-9,
        width=150e-9 if synapse else 64e-9,
        thickness=2e-9,
        cell_size=3e-9 if synapse else 1e-9,
        notches=Notches(diameter=diameter, count=description["notches"]) if diameter else None,
        edges="stairs",
    )
    terms = Terms(
        saturation_magnetization=description["Ms_A_per_m"],
        exchange_stiffness=description["A_J_per_m"],
        dmi_constant=description["D_J_per_m2"],
        anisotropy=description["Ku_J_per_m3"],
        damping=description["alpha"],
        gyromagnetic_ratio=description["gamma0_m_per_As"],
    )
    mask = magnetic_mask(track)
    cell = (track.cell_size, track.cell_size, track.thickness)
    engine = Engine(Layer(mask, cell, terms), Tolerances(**(settings or Settings()).model_dump()))
    stiffness = terms.anisotropy - 2e-7 * np.pi * terms.saturation_magnetization**2
    width = np.sqrt(terms.exchange_stiffness / stiffness)
    start = description["wall_start_m"]
    engine.magnetization = placed_wall(track, width, start, start)
    engine.set_torque(
        SpinTorque(
            current_density=description["current_density_A_per_m2"],
            polarization=description["polarisation_P"],
            direction=tuple(description["mp"]),
            slonczewski_lambda=description["Lambda"],
        )
    )
    pulse = description.get("pulse_s", np.inf)
    averages = []
    for time in times:
        if time > pulse * (1 + 1e-9):
            engine.set_torque(None)
            pulse = np.inf
        engine.advance(time - engine.time)
        averages.append(engine.average())
    return np.array(averages), tracks.wall_ends(track, mask, engine.magnetization)


def reference(name):
    """Return the parameters of the simulation, the times in s and <m> at these times."""
    description = json.loads((FOLDER / f"{name}.json").read_text())
    with open(FOLDER / f"{name}.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    averages = np.array([[float(row[c]) for c in ("mx", "my", "mz")] for row in rows])
    return description, [float(row["t"]) for row in rows], averages
