"""Rigid walls on a track without notches, driven by the field of the spin-orbit torque."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from wallnet import tracks
from wallnet.config.quantities import Section
from wallnet.simulate.calculator import Calculator, Part
from wallnet.simulate.drives import drives

STEP = 1e-12
"""Longest time step in s."""


class WallSettings(Section):
    """Fields in A/m: of the torque at 1e12 A/m², and the anisotropy field of φ; Δ in m."""

    torque: Annotated[float, Field(gt=0)]
    anisotropy: Annotated[float, Field(gt=0)]
    width_parameter: Annotated[float, Field(gt=0)]


class Walls(Calculator[WallSettings]):
    """Moves initialised walls without changing their shape."""

    Settings = WallSettings

    def run(self, *step: Any) -> dict[str, Any]:
        """Move the wall of one run."""
        (made,) = self.run_all([Part(*step)])
        return made

    def run_all(self, parts: Sequence[Part]) -> list[Any]:
        """Integrate the walls of all runs, and record each at its own times."""
        jobs = [part.job for part in parts]
        ends = [
            tracks.wall_ends(j.track, tracks.layer(j).mask, p.start)
            for j, p in zip(jobs, parts, strict=True)
        ]
        start, phi = np.array(ends), np.zeros(len(parts))
        q, now, going = np.zeros(len(parts)), 0.0, set(range(len(parts)))
        alpha = np.array([job.material.damping for job in jobs])
        rate = np.array([job.material.gyromagnetic_ratio for job in jobs]) / (1 + alpha**2)
        field = np.array([self.settings.torque * job.current_density / 1e12 for job in jobs])
        pulses = np.array([job.pulse_end for job in jobs])
        due: dict[float, list[int]] = {}
        for row, part in enumerate(parts):
            part.recorder.record(0.0, part.start)
            for drive in drives(part.job):
                for stage in range(drive.stages):
                    due.setdefault(drive.time(stage), []).append(row)
        for time in sorted(due):
            for _ in range(count := int(np.ceil((time - now) / STEP))):
                step = (time - now) / count
                torque = np.pi / 2 * field * (now < pulses * (1 - 1e-9)) * np.cos(phi)
                angle = self.settings.anisotropy / 2 * np.sin(2 * phi)
                q += step * self.settings.width_parameter * rate * (alpha * torque + angle)
                phi += step * rate * (torque - alpha * angle)
            now = time
            for row in going.intersection(due[time]):
                recorder, wall = (
                    parts[row].recorder,
                    tracks.placed_wall(jobs[row], *(start[row] + q[row])),
                )
                recorder.record(time, wall)
                if time > pulses[row] and recorder.resting():
                    going.discard(row)
        return [{} for _ in parts]
