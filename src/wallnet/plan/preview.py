"""A campaign before it runs: lengths, energies and times from closed formulas, and drawings.

Nothing is simulated, and nothing of user-defined classes is executed.
"""

import argparse
import contextlib
import csv
import itertools
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wallnet import files, plan
from wallnet.config import Campaign, ConfigError, Device, Figures
from wallnet.constants import BOLTZMANN, ELEMENTARY_CHARGE, REDUCED_PLANCK, VACUUM_PERMEABILITY
from wallnet.devices.write_energy import heat_caveat, write_energy_of
from wallnet.files.progress import time_in_words
from wallnet.jobs.base import TrackJob
from wallnet.jobs.bilayer import crowding_of, oersted_of
from wallnet.jobs.film import film_of, strip_of
from wallnet.jobs.report import write_energy_job
from wallnet.jobs.request import COUNTED
from wallnet.plan.foreign import foreign
from wallnet.plan.listing import everything
from wallnet.plan.requests import Requested
from wallnet.plan.work import network_times, processor_time, work_ahead, work_of_all
from wallnet.report.tables import lines_of
from wallnet.studies import DEVICES
from wallnet.studies.barriers import Barriers
from wallnet.studies.barriers.retention import needed
from wallnet.tracks import geometry, grains
from wallnet.tracks.current import current
from wallnet.tracks.films import layer
from wallnet.tracks.regions import check, relative_parameters
from wallnet.tracks.rigid_wall import RigidWall, rigid_wall_of
from wallnet.tracks.walls import placed_wall

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

WIDTH = 80
"""Number of columns of a terminal."""

WEAK = 0.1
"""Share of the least threshold of a rigid wall below which the strongest pulse is doubted."""


class Quantity(NamedTuple):
    """How a quantity of a device is shown, in units of `scale` of SI."""

    meaning: str
    unit: str
    scale: float
    form: str
    table: str
    """Table in a terminal that has it; none if empty."""
    head: str
    below: str
    """Both lines of the head of its column, which quantities with one head share."""


with open(Path(__file__).with_name("preview.csv"), encoding="utf-8", newline="") as _stream:
    QUANTITIES = {
        name: Quantity(meaning, unit, float(scale), *shown)
        for name, meaning, unit, scale, *shown in itertools.islice(csv.reader(_stream), 1, None)
    }
"""What is shown of a device, in the order of the table."""

LEGEND = (
    "Δ, K_eff, D_c: docs/varying.md. J, v: weakest to strongest pulse, in the one-dimensional "
    "model (a tilted wall is up to a quarter slower, more where marked). J_th, barrier: threshold, "
    "and lowest barrier towards +x to -x, of a straight rigid wall between two notches, which "
    "cannot tilt (docs/retention.md). Rise, energy: of the hottest pulse. Runs, time: simulations "
    "of the sweep, processor time. R_P, R_AP, TMR: of the junction, reading series. I_read, "
    "J_read: largest current at detector.read_voltage, and J if all of it is in the metal."
)

STRETCHING = 0.2
"""Least field of the torque, relative to the anisotropy field, from which on walls were seen to
stretch without end; below, they were 6 to 25 % slower than the one-dimensional model
(`test_the_velocity_is_above_that_of_the_engine`)."""

DISTURBING = 0.5
"""Share of the threshold of a rigid wall from which on a read current is doubted: this threshold is
that at 0 K, and at 300 K smaller pulses move walls (docs/pulses.md)."""

DOUBTED = {"track.cell_size": "cells", "temperature.ambient": "forward", "pulse.duration": "time"}
"""The quantity that a warning about a key marks; another warning marks the simulations."""


def wall_velocity(device: Device, current_density: float) -> float:
    """Return the steady velocity in m/s of a rigid wall under J in A/m², without a hard axis.

    v = v_D J/√(J² + J_D²) with v_D = γ0 π D/(2 μ0 Ms), J_D = α |H_D| J/h, H_D = D/(μ0 Ms Δ) and the
    torque field h = ħ J ε/(μ0 e t Ms), where m is across the spins: ε = P Λ²/(Λ² + 1).
    """
    film, material = film_of(device), device.material
    width = strip_of(device.track, film).wall_width_parameter
    if not film.dmi_constant or not material.polarization:
        return 0.0
    moment = VACUUM_PERMEABILITY * film.saturation_magnetization
    torque = REDUCED_PLANCK * material.effective_polarization / 2
    field = torque / (ELEMENTARY_CHARGE * device.track.thickness * moment)
    dmi_field = abs(film.dmi_constant) / (moment * width)
    fastest = material.gyromagnetic_ratio * np.pi * film.dmi_constant / (2 * moment)
    j_d = material.damping * dmi_field / field
    return float(fastest * current_density / np.hypot(current_density, j_d))


def torque_share(device: Device, current_density: float) -> float:
    """Return the field of the torque of J in A/m² relative to that of the anisotropy.

    It is ħ |J| 2ε/(4 e t K_eff), with 2 K_eff/(μ0 Ms). At 1/2, domains reverse.
    """
    stiffness = strip_of(device.track, film_of(device)).effective_anisotropy
    torque = REDUCED_PLANCK * device.material.effective_polarization * abs(current_density)
    return torque / (4 * ELEMENTARY_CHARGE * device.track.thickness * stiffness)


def estimates(campaign: Campaign, name: str) -> tuple[dict[str, float], dict[str, list[str]]]:
    """Return the quantities of a simulated device in SI units, and doubts about them.

    The barrier is in k_B T. Doubts are sentences, by the quantity that they mark.
    """
    device = campaign.simulated[name]
    track, job = device.track, write_energy_job(device)
    film = strip_of(track, film_of(device))
    wall, own = rigid_wall_of(device), campaign.studies["barriers"].get(name)
    # without the section, barriers are those at the temperature of the device
    written = own and "barriers" in campaign.model_fields_set
    kelvin = own.temperature if own and written else device.temperature.ambient
    barriers = rigid_wall_of(device, kelvin).barriers.min(axis=1, initial=np.inf)
    forward, backward = np.where(np.isinf(barriers), np.nan, barriers / (BOLTZMANN * kelvin))
    densities = sorted(device.pulse.current_densities, key=abs)
    pulses = write_energy_of(job, densities, device.pulse.duration, device.pulse.waveform)
    sweep = DEVICES.requests_of(campaign, name)
    work = [(1, request) for request in sweep if request.kind in COUNTED]
    seconds, unknown = processor_time(work)
    junction, detector = device.junction, device.detector
    area = detector.area or detector.covered(track)
    conductance = max(junction.parallel_conductance, 1 / junction.parallel_resistance)
    read = detector.read_voltage * conductance
    section = track.width * device.heavy_metal.thickness
    values = {
        "width": film.wall_width_parameter,
        "exchange": film.exchange_length,
        "cells": film.wall_width_parameter / track.cell_size,
        "dmi": film.material.dmi_constant / film.critical_dmi,
        "anisotropy": film.effective_anisotropy,
        "vanishing": job.limits[1],
        "weakest": densities[0],
        "strongest": densities[-1],
        "slowest": wall_velocity(device, densities[0]),
        "fastest": wall_velocity(device, densities[-1]),
        "forward": forward,
        "backward": backward,
        "threshold": max(wall.forward, key=abs, default=np.nan),
        "rise": float(pulses["temperature_rise"].max()),
        "energy": float(pulses["write_energy"].max()),
        "parallel": junction.parallel_resistance,
        "antiparallel": junction.antiparallel_resistance,
        "magnetoresistance": junction.antiparallel_resistance / junction.parallel_resistance - 1,
        "area": area,
        "product": junction.parallel_resistance * area,
        "read_current": read,
        "read_density": read / section / (job.heat.bilayer.density_ratio or np.nan),
        "lost": geometry.lost_area(track),
        "simulations": len(work),
        "time": np.nan if unknown else seconds,
    }
    doubts = _doubts(device, values, wall, heat_caveat(job, pulses), kelvin, own or Barriers())
    return values, doubts


def _doubts(
    device: Device,
    values: Mapping[str, float],
    wall: RigidWall,
    caveat: str,
    kelvin: float,
    settings: Barriers,
) -> dict[str, list[str]]:
    """Return the doubts about the quantities of a device, by the quantity.

    They are those of `check`, the `caveat` of the heat, and what a rigid wall tells: its barriers
    are at a temperature in K, at which a notch should retain a wall.
    """
    strongest = values["strongest"]
    doubts: dict[str, list[str]] = {}
    for text in check(device)[1]:
        doubts.setdefault(DOUBTED.get(text.split()[0], "simulations"), []).append(text)
    if caveat:
        doubts["rise"] = [caveat]
    weakest = min(np.abs([*wall.forward, *wall.backward]), default=0.0)
    if 0 < abs(strongest) < WEAK * weakest:
        doubts["strongest"] = [
            f"pulse.current_densities reach {abs(strongest) / 1e12:.3g}e12 A/m², where a rigid "
            f"wall leaves no notch below {weakest / 1e12:.3g}e12 A/m²; raise them, or check their "
            "unit"
        ]
    if weakest and (share := values["read_density"] / weakest) >= DISTURBING:
        doubts["read_density"] = [
            f"reading at {device.detector.read_voltage:g} V draws "
            f"{values['read_current'] / 1e-3:.3g} mA, which as current "
            f"in the metal is J = {values['read_density'] / 1e12:.3g}e12 A/m², {100 * share:.0f} % "
            "of the threshold of a rigid wall, so that it may move the wall; lower "
            "detector.read_voltage, or raise the resistance of the junction"
        ]
    notches, least = device.track.notches, min(values["forward"], values["backward"])
    required, lost = needed(settings).max(), f"{settings.largest_loss:g}"
    if notches and least < required:
        doubts.setdefault("forward", []).append(
            f"the barrier is {least:.0f} k_B T at {kelvin:g} K, and a notch that loses a wall in "
            f"barriers.retention_time with at most barriers.largest_loss, {lost}, needs "
            f"{required:.0f}; enlarge {notches.size_key}"
        )
    left_out = {
        "material.field_like_torque": device.material.simulated.field_like_torque,
        "heavy_metal.oersted": device.heavy_metal.oersted,
        "material.bias_field_x": device.material.bias_field_x,
        "material.bias_field_y": device.material.bias_field_y,
    }
    if wall.forward.size and (keys := [key for key, acts in left_out.items() if acts]):
        doubts["threshold"] = [
            f"the threshold of a rigid wall leaves {' and '.join(keys)} out; simulate it, as "
            "depinning does"
        ]
    if (share := torque_share(device, strongest)) > STRETCHING:
        doubts["fastest"] = [
            f"the field of the torque of the strongest pulse is {100 * share:.0f} % of the "
            "anisotropy field 2 K_eff/(μ0 Ms), so that the wall may stretch, or domains reverse, "
            "instead of moving at this velocity; lower pulse.current_densities, or simulate it"
        ]
    return doubts


def oersted_line(name: str, device: Device) -> str:
    """Return the largest Oersted field of a device as a sentence, empty if it does not act."""
    if (oersted := oersted_of(device)) is None:
        return ""
    strongest = max(map(abs, device.pulse.current_densities))
    field = geometry.oersted_field(device.track, oersted)
    _, across, along = VACUUM_PERMEABILITY * strongest * np.abs(field).max(axis=(1, 2)) / 1e-3
    return (
        f"{name}: the Oersted field of {strongest / 1e12:g}e12 A/m² is up to {across:.1f} mT in "
        f"the plane, and {along:.1f} mT along z at the edges."
    )


def _text(key: str, value: float) -> str:
    """Return a quantity in SI units as text, – if it is not known."""
    if np.isnan(value):
        return "–"
    shown = QUANTITIES[key]
    return time_in_words(value) if key == "time" else format(value / shown.scale, shown.form)


def preview(campaign: Campaign) -> str:
    """Return the quantities of all simulated devices as text, then doubts, then the work.

    ! marks a doubtful quantity.
    """
    estimated = {name: estimates(campaign, name) for name in campaign.simulated}
    lines = []
    tables: dict[str, dict[tuple[str, str], list[str]]] = {}
    for key, shown in QUANTITIES.items():
        tables.setdefault(shown.table, {}).setdefault((shown.head, shown.below), []).append(key)
    for columns in (columns for name, columns in tables.items() if name):
        table = [["", *(head[line] for head in columns)] for line in (0, 1)]
        for name, (values, doubts) in estimated.items():
            row = [name]
            for keys in columns.values():
                texts = dict.fromkeys(_text(key, values[key]) for key in keys)
                row.append(" to ".join(texts) + "!" * bool(doubts.keys() & {*keys}))
            table.append(row)
        lines += [*lines_of(table), ""]
    lines += [*textwrap.wrap(LEGEND, WIDTH), ""]
    for name, device in campaign.simulated.items():
        lines += textwrap.wrap(oersted_line(name, device), WIDTH, subsequent_indent="    ")
    for name, (values, doubts) in estimated.items():
        if values["lost"]:
            lines.append(f"{name}: smooth edges leave {_text('lost', values['lost'])} nm² empty")
        for text in (text for texts in doubts.values() for text in texts):
            lines += textwrap.wrap(f"! {name}: {text}", WIDTH, subsequent_indent="    ")
    work = work_of_all(Requested(campaign), everything(campaign))
    ahead = work_ahead("all", work, network_times(campaign), foreign(campaign, "."))
    lines += textwrap.wrap(ahead, WIDTH)
    return "\n".join(lines)


def table_of(device: Device) -> "pandas.DataFrame":
    """Return the quantities of a device with their units, and the doubts about each."""
    import pandas

    campaign = plan.parse({"devices": {"device": device.plain()}}, "preview")
    values, doubts = estimates(campaign, "device")
    rows = [
        (shown.meaning, values[key] / shown.scale, shown.unit, "; ".join(doubts.get(key, ())))
        for key, shown in QUANTITIES.items()
    ]
    columns = ["quantity", "value", "unit", "doubt"]
    return pandas.DataFrame(rows, columns=columns).set_index("quantity")


def drawing_of(device: Device, name: str, figures: Figures) -> "Figure":
    """Draw a device to scale, with its initialised wall. Call this inside `style.apply`."""
    from wallnet.report.preview import draw

    track, start = device.sampled_track, device.wall.start
    job = TrackJob(track=track, material=film_of(device))
    m_z = np.where(layer(job).mask, placed_wall(job, start, start)[..., 2], np.nan)
    return draw(device, _title(device, name), m_z, geometry.outlines(track), figures)


def _title(device: Device, name: str) -> str:
    return f"{name}, sample {device.sample}" if device.sample else name


def has_parameters(device: Device) -> bool:
    """Return whether `parameters_drawing` has something to draw."""
    return bool(device.variation or device.sample or device.current_crowds)


def parameters_drawing(device: Device, name: str, figures: Figures) -> "Figure":
    """Draw each parameter that varies over a device, and its current if this crowds.

    Call this inside `style.apply`. Ku and D are those of the thickness of each cell. Of a sample,
    the filled share of cells is drawn too, and the factor of A and D of their weakest bond.
    """
    from wallnet.report.film import draw_parameters

    track, variation = device.sampled_track, device.variation
    base = dict(device.material) | {"thickness": track.thickness}
    base["anisotropy"] = device.material.uniaxial_anisotropy
    film = np.where(geometry.magnetic_mask(track), 1.0, np.nan)
    shares = relative_parameters(track, variation)
    values = {key: film * base[key] * share for key, share in sorted(shares.items())}
    if bonds := grains.bonds(track):
        values["weakest_bond"] = weakest = film.copy()
        for view, bond in ((weakest.T, bonds["bond_x"].T), (weakest, bonds["bond_y"])):
            for side in (slice(1, None), slice(-1)):
                view[side] = np.minimum(view[side], bond)
    if device.sample:
        shapes = geometry.shares(track).get("shapes", film[..., None, None])
        values["filled"] = film * shapes.mean(axis=(2, 3))
    vectors = {}
    if crowding := crowding_of(device):
        vectors["current"] = current(track, crowding).density
        values["current"] = film * np.hypot(*vectors["current"])
    title = _title(device, name)
    return draw_parameters(device, title, values, geometry.outlines(track), figures, vectors)


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `preview` to the command line."""
    command = subparsers.add_parser(
        "preview",
        description="Print lengths, energies, heat and times of each device before anything is "
        f"simulated, and draw the devices to scale ({files.PREVIEW.format(device='NAME')}).",
    )
    command.add_argument("--directory", default=".", help="folder of the campaign; here by default")
    command.add_argument(
        "--sample",
        type=int,
        metavar="N",
        help="draw the devices that have disorder as sample N; as configured by default",
    )
    command.set_defaults(handler=_preview)


def _preview(arguments: argparse.Namespace) -> None:
    from wallnet.report import style

    folder = Path(arguments.directory)
    campaign = plan.load(folder / "config.yaml")
    shown = campaign.simulated
    if (number := arguments.sample) is not None:
        drawn = {name: device for name, device in shown.items() if device.disorder}
        if number < 0 or not drawn:
            raise ConfigError(
                f"--sample {number} needs a number from 0 on, and a device with disorder in "
                "config.yaml; correct it or leave it out"
            )
        shown = {name: device.of_sample(number) for name, device in drawn.items()}
        campaign = campaign.model_copy(update={"devices": campaign.devices | shown})
        shown = {f"{name}-sample-{number}": device for name, device in shown.items()}
    with contextlib.chdir(folder):  # a request reads the files that it names
        print(preview(campaign))
    for name, device in shown.items():
        drawings = {files.PREVIEW: drawing_of}
        if has_parameters(device):
            drawings[files.PARAMETERS_PREVIEW] = parameters_drawing
        for pattern, draw in drawings.items():
            path = folder / pattern.format(device=name)
            with style.apply(campaign.figures), files.written_whole(path) as partial:
                draw(device, name, campaign.figures).savefig(partial)
            print(path)
