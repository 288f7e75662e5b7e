"""Results that studies asked for, of known walls, and what the commands make of them."""

import csv
import math
from pathlib import Path

import numpy as np
from helpers.walls import moving_wall, placed_minima

from wallnet import files
from wallnet.cli import main
from wallnet.files import WallState
from wallnet.files.blocks import block_of
from wallnet.files.schema import KINDS, OPTIONAL, VARIABLES
from wallnet.files.schema.states import WITHOUT_WALL
from wallnet.jobs.request import ANY, Conditions, runs_of, where
from wallnet.studies import gather_job
from wallnet.tracks.states import wall_count

NM, T = 1e-9, 1e12


def write_states(request, *walls):
    """Write the minima that name the states of a request; return the ends in m of each state.

    Each placed wall stays where it is. Further walls have a state and their ends in nm.
    """
    if request.states is None:
        return {}
    path, job = Path(request.states.path), request.states.computes
    ends = {
        state: (NM * bottom, NM * top)
        for state, bottom, top in walls
        if state and WallState(state).order[0] < 3 and state not in WITHOUT_WALL
    }
    # those that are there stay
    ends |= stored_states(path) if path.exists() else {}
    minima = placed_minima(job, *(wall for wall in ends.items() if wall[0] not in job.placements))
    for row, state in enumerate(job.placements):
        if state in ends:
            minima["minimum_wall_bottom"][row], minima["minimum_wall_top"][row] = ends[state]
    files.write_dataset(minima, path, "minima", {})
    return stored_states(path)


def stored_states(path):
    """Return the ends in m of each state in a file of minima."""
    minima = files.read_dataset(path, "minima")
    columns = (minima[f"minimum_{name}"].values for name in ("state", "wall_bottom", "wall_top"))
    return {name: (bottom, top) for name, bottom, top in zip(*columns, strict=True)}


PENDING = {}
"""Runs of blocks that are not written yet, by folder, path and replica."""


def write_run(request, run):
    """Write a run, or keep that of a block until `write_blocks`."""
    if request.in_block:
        PENDING[Path.cwd(), request.path, request.conditions.replica] = run
    else:
        files.write_dataset(run, request.path, "run", {})


def write_blocks(requests):
    """Write the blocks among requests whose runs are there."""
    for request in requests:
        keys = [(Path.cwd(), part.path, part.conditions.replica) for part in request.parts]
        if keys and all(key in PENDING for key in keys):
            numbers = [(p.conditions.sample or 0, p.conditions.replica or 0) for p in request.parts]
            block = block_of(
                [PENDING.pop(key) for key in keys], numbers, request.computes.to_json()
            )
            files.write_dataset(block, request.path, "run", {})


def write_trace(request, bottom, top, walls=1, **more):
    """Write the trace of a wall that ends at these positions in m, beside others if there are."""
    if request.states and not Path(request.states.path).exists():
        write_states(request)
    trace = moving_wall(request.computes, bottom, top, **more)
    trace["read_walls"][-1] = walls
    write_run(request, trace)


def write_train(request, walls):
    """Write a train, given state, both ends in nm and rest after each pulse.

    A further number is that of the walls.
    """
    write_states(request, *(wall[:3] for wall in walls))
    bottom, top, settled = zip(*(wall[1:4] for wall in walls), strict=True)
    values = zeros(KINDS["run"], {"pulse": len(walls)}) | {
        "read_walls": [(*wall, 1)[4] for wall in walls],
        "read_wall_bottom": [NM * position for position in bottom],
        "read_wall_top": [NM * position for position in top],
        "read_settled": settled,
    }
    about = {"parameters": request.computes.to_json(), "backend": "film", "revision": 3}
    write_run(request, files.dataset("run", values, about))


def zeros(names, sizes):
    """Return variables that are 0, given the sizes of their dimensions."""
    variables = {name: VARIABLES[name] for name in names}
    return {
        name: np.zeros([sizes[dimension] for dimension in variable.dimensions])
        for name, variable in variables.items()
        if not variable.values
    }


def write_block(request, final, beyond="", **variables):
    """Write a block of replicas: state, mean position in nm and later state of each.

    Variables have an axis of replicas, but for those of the trace of the first one.
    """
    ends = {}
    if not beyond:
        ends = write_states(request.parts[0], *((state, x - 4, x + 4) for state, x, _ in final))
    for row, part in enumerate(request.parts):
        job = part.computes
        columns, groups = job.track.cells[0], OPTIONAL["run"]
        trace = groups["trace"] if job.recorded == "trace" and not beyond else ()
        profile = variables.get("magnetization_profile", np.empty((0, columns, 3)))
        sizes = {"pulse": 1 if beyond else 2, "moment": 2, "x": columns}
        sizes |= {"time": len(profile), "component": 3}
        values = zeros((*KINDS["run"], *groups["moments"], *trace), sizes)
        values["magnetic_cells"] = np.ones(columns)
        # one wall in the middle
        values["moment_profile"][..., : columns // 2] = -0.9
        values["moment_profile"][..., columns // 2 :] = 0.9
        if not beyond:
            _, place, later = final[row]
            for end, shift in {"bottom": -4, "top": 4}.items():
                values[f"read_wall_{end}"] = [40e-9, NM * (place + shift)]
            # a free wall is far from all states
            onward = ends.get(later, (300 * NM, 20 * NM))
            values["onward_wall_bottom"], values["onward_wall_top"] = onward
            values["onward_time"] = 1e-9 if later else math.nan
            values["onward_walls"] = 1.0 if later else math.nan
            for name, array in variables.items():
                if name not in groups["trace"]:
                    values[name] = array[row]
                elif trace:
                    values[name] = array
        # at the end of the pause
        values["read_walls"] = wall_count(values["moment_profile"][:, 1])
        about = {"parameters": job.to_json(), "backend": "film", "revision": 3}
        about |= {"temperature": job.field, "domain_magnetization": 0.96}
        if beyond:
            about |= {"beyond_model": beyond, "highest_temperature": 512.5}
        else:
            about |= {"spin_temperature": 304.0, "highest_temperature": 344.0}
        write_run(part, files.dataset("run", values, about))
    write_blocks([request])


def pulsed(requests, conditions=ANY):
    """Return the runs with pulses under some conditions."""
    runs = where(requests, "run", conditions)
    return [request for request in runs if request.conditions.duration != 0]


def one(requests, kind, **conditions):
    """Return the only request of a kind under some conditions."""
    (request,) = where(requests, kind, Conditions(**conditions))
    return request


def write_minima(request, **rows):
    """Write minima of the energy at walls with their ends at 300 and 310 nm.

    Rows have changes of the energy in J, of `converged` and of the `state`, by the placed state.
    """
    minima = placed_minima(request.computes)
    minima["minimum_state"] = minima["minimum_state"].astype(object)
    minima["minimum_wall_bottom"][:], minima["minimum_wall_top"][:] = 300 * NM, 310 * NM
    for placed, changes in rows.items():
        for name, value in changes.items():
            minima[f"minimum_{name}"][[*minima["placed"].values].index(placed)] = value
    files.write_dataset(minima, request.path, "minima", {})


def write_path(request, energy, converged=1):
    """Write a path with its energies in J; without any, one of its ends is no minimum."""
    images = len(energy)
    top = max(energy, default=math.nan)
    values = {
        "path_energy": energy,
        "path_wall_bottom": np.linspace(0, 100 * NM, images),
        "path_wall_top": np.linspace(0, 110 * NM, images),
        "path_distance": np.arange(images),
        "barrier_forward": top - energy[0] if images else math.nan,
        "barrier_backward": top - energy[-1] if images else math.nan,
        "saddle": 1,
        "saddle_magnetization": np.zeros((2, 3, 3)),
        "saddle_residual_field": 5.0,
        "saddle_stiffness": (-1.0, 1.0),
        "barrier_converged": converged,
        "x": np.arange(3),
        "y": np.arange(2),
    }
    about = {"parameters": request.computes.to_json(), "backend": "film", "revision": 3}
    about |= {"route": "together" if images else "", "reason": "no minimum: it moved"}
    files.write_dataset(files.dataset("barrier", values), request.path, "barrier", about)


def write_mapped_train(request, walls, **about):
    """Write a train with the profile of m, given the place in m of a sharp wall after each pulse.

    Places are borders of cells. The upper end of the wall is 3 nm ahead of the lower one.
    """
    job, walls = request.computes, np.array(walls)
    steps = [part.step for part in job.parts()]
    lengths = [step.duration + step.pause for step in steps]
    ends = np.concatenate([[0.0], np.cumsum(lengths)])
    # one entry before each end, during the pulse, at half the way
    time, position, current = [0.0], [walls[0]], [0.0]
    for index, step in enumerate(steps):
        time += [ends[index] + step.duration / 2, ends[index + 1]]
        position += [(walls[index] + walls[index + 1]) / 2, walls[index + 1]]
        current += [step.current_density, 0.0]
    position = np.array(position)
    columns, rows = job.track.cells
    x = (np.arange(columns) + 0.5) * job.track.cell_size
    m_z = np.where(x[None, :] < position[:, None], -1.0, 1.0)
    values = {
        "m": np.pad(m_z.mean(axis=1)[:, None], ((0, 0), (2, 0))),
        "magnetization_profile": np.pad(m_z[..., None], ((0, 0), (0, 0), (2, 0))),
        "magnetic_cells": np.full(columns, rows),
        "magnetization": np.zeros((len(walls), rows, columns, 3)),
        "snapshot_time": ends,
        "walls": np.ones(len(time)),
        "applied_current_density": current,
        "pulse_current_density": [0.0, *(step.current_density for step in steps)],
        "pulse_start": [0.0, *ends[:-1]],
        "pulse_duration": [0.0, *(step.duration for step in steps)],
        "pause_end": ends,
        "read_walls": [1] * len(walls),
        "read_settled": [-1] + [1] * len(steps),
        **{"time": time, "x": x, "y": (np.arange(rows) + 0.5) * job.track.cell_size},
        "pulse": np.arange(len(walls)),
    }
    values["wall_position"] = position
    for end, ahead in {"bottom": -1e-9, "top": 2e-9}.items():
        values |= {f"wall_{end}": position + ahead, f"read_wall_{end}": walls + ahead}
    about = {"parameters": job.to_json(), "backend": "film", "revision": 4, **about}
    write_run(request, files.dataset("run", values, about))


def write_starts(requests):
    """Write initial states, and the minima by which states are named, where these are missing."""
    for request in runs_of(requests):
        if request.states and not Path(request.states.path).exists():
            write_states(request)
        if request.kind == "initial" and not Path(request.path).exists():
            job = request.computes
            wall = moving_wall(job, job.placement.bottom, job.placement.top)
            about = {"backend": "film", "revision": 3}
            files.write_dataset(wall, request.path, "run", about)


def gather(study, campaign, subject, requests):
    """Gather results in this folder as a rule does, and return the dataset."""
    write_starts(requests)
    write_blocks(requests)
    job = gather_job(study, campaign, subject, requests).to_json()
    main(["gather", "--job", job, "--out", study.path(subject)])
    return files.read_dataset(study.path(subject), study.kind)


def shown(study, data, folder):
    """Show a dataset in a folder as a rule does; return the rows of the CSV and of the Markdown.

    Fonts make a PDF slower than an SVG.
    """
    files.write_dataset(data, folder / "data.nc", study.kind, {})
    names = {"csv": "table.csv", "markdown": "table.md", "html": "table.html"}
    names |= {"png": "figure.png", "vector": "figure.svg"}
    outputs = [f"{key}={folder / name}" for key, name in names.items()]
    sources = ["--sources", f"{study.name}={folder / 'data.nc'}"]
    style = ["--figures", '{"resolution": 72}']
    main(["show", "studies.showing", *sources, *style, "--to", *outputs])
    with open(folder / "table.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    lines = (folder / "table.md").read_text().splitlines()
    return rows, [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
