"""Small files with exactly known walls."""

import functools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from helpers.small_campaign import MATERIAL
from wallnet import config, files, jobs, tracks
from wallnet.jobs.film import check
from wallnet.simulate.recorder import Recorder
from wallnet.studies import DEVICES, gather_job
from wallnet.studies.gathering import gather

NEURON = {
    "kind": "neuron",
    "track": {"length": 512e-9, "width": 32e-9, "thickness": 2e-9, "cell_size": 4e-9},
    "wall": {"start": 60e-9},
    "pulse": {
        "duration": 3e-9,
        "current_densities": [{"start": 0.1e12, "stop": 0.45e12, "step": 0.05e12}],
    },
    "relaxation": {"longest": 0},
    "read_at": "pulse_end",
    "detector": {"start": 128e-9, "stop": 384e-9},
    "output": {"interval": 0.1e-9, "snapshot_interval": 1e-9},
}

SYNAPSE = {
    "kind": "synapse",
    "track": {
        "length": 900e-9,
        "width": 90e-9,
        "thickness": 2e-9,
        "cell_size": 6e-9,
        "notches": {"count": 3, "diameter": 36e-9},
        "edges": "stairs",
    },
    "wall": {"start": 60e-9},
    "pulse": {"duration": 2e-9, "current_densities": [0.3e12, 0.5e12, 0.6e12, 0.8e12, 1.0e12]},
    "relaxation": {"longest": 4e-9, "speed": 0.5, "hold": 1e-9},
    "read_at": "rest",
    "output": {"interval": 0.1e-9, "snapshot_interval": 1e-9},
}

SYNAPSE_ENDS = {
    0.3e12: (60e-9, 60e-9),
    0.5e12: (300e-9, 300e-9),
    0.6e12: (300e-9, 600e-9),
    0.8e12: (600e-9, 600e-9),
    1.0e12: (1000e-9, 1000e-9),
}
"""Final wall ends of the synapse's sweep: start, notch 1, half, notch 2, reversed."""


def campaign(**devices):
    return config.parse({"material": MATERIAL, "devices": devices}, check)


def moving_wall(job, bottom, top, *, settled=1, extra_rest=0.0, **attributes):
    """Return a trace whose wall moves from its placement to (bottom, top) during the pulse."""
    recorder = Recorder(job)
    pause = job.step.pause
    relaxed = min(job.rest.hold, pause) if settled == 1 and job.rest else pause
    end = job.pulse_end + relaxed + extra_rest
    interval = job.output.interval
    placed = functools.cache(functools.partial(tracks.placed_wall, job))
    for time in np.arange(round(end / interval) + 1) * interval:
        done = min(1.0, time / job.pulse_end) if job.pulse_end else 1.0
        low = job.placement.bottom + done * (bottom - job.placement.bottom)
        high = job.placement.top + done * (top - job.placement.top)
        recorder.record(time, placed(low, high))
    trace = recorder.trace()
    trace["read_settled"][1:] = settled if pause > 0 else -1
    return trace.assign_attrs(
        {
            "parameters": job.to_json(),
            "backend": "analytic",
            "backend_version": "1",
            "revision": 7,
            "wall_time": 0.0,
            **attributes,
        }
    )


def placed_minima(job, *further):
    """Return minima in which each placed wall stays where it is, and further ones.

    These have the name of their state, and the ends of their wall in m.
    """
    track, film = job.track, tracks.layer(job)
    # the ends of a tilted wall lie where it meets the notches
    walls = [
        (
            name,
            tracks.wall_ends(track, film.filled, tracks.placed_wall(job, placed.bottom, placed.top))
            if placed
            else (track.length,) * 2,
        )
        for name, placed in job.placements.items()
    ]
    names, ends = zip(*walls, *further, strict=True)
    count, (columns, rows) = len(names), track.cells
    values = {
        "minimum_magnetization": np.zeros((count, rows, columns, 3)),
        "minimum_state": names,
        "minimum_energy": np.full(count, 2e-17),
        "minimum_residual_field": np.full(count, 0.05),
        "minimum_stiffness": np.full(count, 9e3),
        "minimum_wall_bottom": [bottom for bottom, _ in ends],
        "minimum_wall_top": [top for _, top in ends],
        "minimum_converged": np.ones(count),
        "placed": names,
        "x": np.arange(columns),
        "y": np.arange(rows),
    }
    about = {"parameters": job.to_json(), "backend": "film", "revision": 3}
    return files.dataset("minima", values, about)


class Bench:
    """Writer of the files of one device in a folder, which also gathers them."""

    def __init__(self, root, name, device):
        self.root = Path(root)
        self.name = name
        self.device = device
        self.out = self.root / files.DEVICE.format(device=name)
        campaign = config.Campaign(devices={name: device})
        self.requests = DEVICES.requests_of(campaign, name)
        self.job = gather_job(DEVICES, campaign, name, self.requests)

    def copied(self, root):
        """Return the same device with files that a test may change."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return Bench(root, self.name, self.device)

    def path(self, relative):
        return self.root / relative

    def _of_kind(self, kind):
        return [self.path(request.path) for request in self.requests if request.kind == kind]

    @property
    def initial(self):
        return self._of_kind("initial")[0]

    @property
    def traces(self):
        return [
            self.path(request.path)
            for request in self.requests
            if request.conditions.current_density is not None
        ]

    @property
    def levels(self):
        return {
            request.conditions.state: self.path(request.path)
            for request in self.requests
            if request.conditions.duration == 0
        }

    def write(self, trace, path):
        files.write_dataset(trace, path, "run", {})

    def pulse(self, density):
        return jobs.pulse_job(self.device, density)

    def write_pulse(self, density, bottom, top, **more):
        path = self.path(files.TRACE.format(device=self.name, current=config.current_name(density)))
        self.write(moving_wall(self.pulse(density), bottom, top, **more), path)
        return path

    def write_level(self, level, ends=None, **more):
        job = jobs.level_job(self.device, level)
        bottom, top = ends or (job.placement.bottom, job.placement.top)
        self.write(
            moving_wall(job, bottom, top, **more),
            self.levels[files.WallState.from_file_name(level)],
        )

    def write_all(self, ends):
        job = jobs.initial_job(self.device)
        initial = moving_wall(job, self.device.wall.start, self.device.wall.start)
        files.write_dataset(initial, self.initial, "run", {})
        for density in self.device.pulse.current_densities:
            self.write_pulse(density, *ends(density))
        for state in self.levels:
            self.write_level(state.file_name)
        if self.device.track.inner_notch_positions:
            self.write_minima()

    @property
    def minima(self):
        return self._of_kind("minima")[0]

    def write_minima(self, *further):
        """Write minima in which each placed wall stays where it is, and further ones."""
        minima = placed_minima(jobs.minima_job(self.device), *further)
        files.write_dataset(minima, self.minima, "minima", {})

    def write_minimum(self, state, converged=1, went=None, ends=None, energy=2e-17):
        """Change the minimum of a wall that is placed in a state."""
        data = files.read_dataset(self.minima, "minima")
        row = {"placed": [*data["placed"].values].index(str(state))}
        data["minimum_state"] = data["minimum_state"].astype(object)
        changes = {"state": str(went or state), "energy": energy, "converged": converged}
        if not converged:
            changes |= {"residual_field": 40.0, "stiffness": float("nan")}
        if ends:
            changes |= dict(zip(("wall_bottom", "wall_top"), ends, strict=True))
        for name, value in changes.items():
            data[f"minimum_{name}"][row] = value
        files.write_dataset(data, self.minima, "minima", {})

    def gather(self, **changes):
        """Gather the device, with other keys of its reading."""
        job = self.job.model_copy(update={"settings": self.job.settings | changes})
        files.write_dataset(gather(job, self.root), self.out, self.device.kind, {})
        return files.read_dataset(self.out, self.device.kind)

    def edit(self, path, change):
        """Apply a function to a trace file and write the result back."""
        data = change(files.read_dataset(path, "run"))
        files.write_dataset(data, path, "run", {})


def whole(data):
    """Return the levels of a synapse without the half levels."""
    return data.isel(level=data["half"].values == 0)


def neuron_ends(density):
    position = 120e-9 + 590e-9 * (density / 1e12 - 0.1)
    return position, position


BENCHES = {
    "neuron": ("neuron", NEURON, neuron_ends),
    "synapse": ("synapse-3", SYNAPSE, SYNAPSE_ENDS.__getitem__),
    "track": ("track", NEURON | {"kind": "track"}, neuron_ends),
}
"""Name, section and final wall ends of a device of each kind."""


def written(root, kind):
    """Write the files of a device of a kind to a folder."""
    name, section, ends = BENCHES[kind]
    bench = Bench(root, name, campaign(d=section).devices["d"])
    bench.write_all(ends)
    return bench


def gathered_once(kind):
    """Return the fixture of a gathered device of a kind, which no test changes."""

    @pytest.fixture(scope="session", name=kind)
    def device(tmp_path_factory):
        bench = written(tmp_path_factory.mktemp(kind), kind)
        bench.gather()
        return bench

    return device


def parameters(data):
    return json.loads(data.attrs["parameters"])["settings"]
