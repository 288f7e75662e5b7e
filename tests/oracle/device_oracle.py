"""Independent evaluation of the traces of a campaign.

It uses plain NumPy on the stored magnetisation and the equations, and does not import the package.
Positions are in m, times in s, currents in A/m², conductances in S.
"""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray

MU0 = 4e-7 * np.pi
READINGS = ("parallel", "series")


@dataclass
class Recording:
    """One simulation: its snapshots and the quantities derived from them."""

    time: np.ndarray
    m: np.ndarray
    ends: np.ndarray
    snapshot_time: np.ndarray
    field: np.ndarray
    pulse_end: float
    track: dict
    material: dict
    relaxation: dict


def read(path):
    """Read a trace or an initial state, with its stored <m> and wall ends."""
    with xarray.open_dataset(path) as data:
        data.load()
    about = json.loads(data.attrs["parameters"])
    step = about.get("steps", [{}])[0]
    return Recording(
        time=data["time"].values,
        m=data["m"].values,
        ends=np.stack([data["wall_bottom"].values, data["wall_top"].values], axis=1),
        snapshot_time=data["snapshot_time"].values,
        field=data["magnetization"].values,
        pulse_end=step.get("duration", 0.0),
        track=about["track"],
        material=about["material"],
        relaxation=about.get("rest", {}) | {"longest": step.get("pause", 0.0)},
    )


def centres(track):
    """Return the cell centres along x and y."""
    cell = track["cell_size"]
    return (
        (np.arange(round(track["length"] / cell)) + 0.5) * cell,
        (np.arange(round(track["width"] / cell)) + 0.5) * cell,
    )


def notches(track):
    """Return the positions of all notches and their radius."""
    if "notches" not in track:
        return np.empty(0), 0.0
    count = track["notches"]["count"]
    positions = track["length"] / count * np.arange(1, count + 1)
    return positions, track["notches"]["diameter"] / 2


def magnetic(track):
    """Return the magnetic cells: all except those with a centre in a half disc on an edge."""
    x, y = centres(track)
    positions, radius = notches(track)
    cells = np.ones((y.size, x.size), dtype=bool)
    for row, height in enumerate(y):
        for column, along in enumerate(x):
            for position in positions:
                for edge in (0.0, track["width"]):
                    if np.hypot(along - position, height - edge) <= radius:
                        cells[row, column] = False
    return cells


def average(track, field):
    """Return <m> over the magnetic cells."""
    return field[magnetic(track)].astype(float).mean(axis=0)


def mean_position(track, field):
    """Return the position of a straight wall with the same <m_z>."""
    return track["length"] * (1 - average(track, field)[2]) / 2


def wall_ends(track, field):
    """Return the length of reversed film along the lower and the upper edge.

    m_z is linear between the outermost magnetic cells of neighbouring columns and constant
    beyond the first and the last. It is sampled a thousand times per cell.
    """
    x, y = centres(track)
    cells = magnetic(track)
    fine = (np.arange(1000 * x.size) + 0.5) * track["cell_size"] / 1000
    ends = []
    for rows in (range(y.size), reversed(range(y.size))):
        order = list(rows)
        edge = [next(field[r, c, 2] for r in order if cells[r, c]) for c in range(x.size)]
        ends.append(np.mean(np.interp(fine, x, edge) < 0) * track["length"])
    return tuple(ends)


def strip_factor(track):
    """Return N_z of an endless strip: the mean share of 4π under which its two sides are seen."""
    ratio = track["width"] / track["thickness"]
    y, z = (np.arange(200) + 0.5) / 200, (np.arange(2000) + 0.5)[:, None] / 2000
    halves = [np.arctan2(ratio * a, b) for a in (y, 1 - y) for b in (z, 1 - z)]
    return sum(np.mean(half) for half in halves) / (2 * np.pi)


def width_parameter(material, track):
    """Return Δ = √(A/K_eff), K_eff = Ku - N_z μ0 Ms²/2."""
    stray = strip_factor(track) * MU0 * material["saturation_magnetization"] ** 2 / 2
    stiffness = material["uniaxial_anisotropy"] - stray
    return np.sqrt(material["exchange_stiffness"] / stiffness)


@dataclass
class Minimum:
    """A minimum of the energy: its name, and the wall ends."""

    label: str
    ends: tuple
    converged: bool


def without_wall(track, ends):
    """Return the name of a track that the wall has left; None if it has not."""
    if min(ends) >= track["length"] - 2 * track["cell_size"]:
        return "reversed"
    return "expelled" if max(ends) <= 2 * track["cell_size"] else None


def name_of_minimum(track, delta, start, ends):
    """Return the notches at which the ends of a wall lie, or beside which it rests."""
    positions, radius = notches(track)
    if gone := without_wall(track, ends):
        return gone
    pinned = []
    for end in ends:
        distance = np.abs(positions - end)
        if distance.min() <= radius + delta:
            pinned.append(int(distance.argmin()) + 1)
    if len(pinned) == 2:
        lower, upper = pinned
        if lower == upper:
            return f"notch {lower}"
        # the lower end first: the same notches in reverse order are another state
        return f"between {lower} and {upper}" if abs(lower - upper) == 1 else "wider"
    if np.all(np.abs(np.subtract(ends, start)) <= delta):
        return "initial"
    return f"gap {np.count_nonzero(positions < np.mean(ends))}"


def minima(path):
    """Read minima, by the name of the state in which the wall was placed, in their order."""
    with xarray.open_dataset(path) as data:
        data.load()
    about = json.loads(data.attrs["parameters"])
    track = about["track"]
    delta = width_parameter(about["material"], track)
    by_placed = {}
    for row, placed in enumerate(data["placed"].values.tolist()):
        ends = wall_ends(track, data["minimum_magnetization"].values[row])
        label = name_of_minimum(track, delta, about["start"], ends)
        by_placed[placed] = Minimum(label, ends, bool(data["minimum_converged"].values[row]))
    return by_placed


def number_of_walls(track, field):
    """Return how often m_z changes its sign along the track, as a mean over each column.

    Columns with a mean of at most 0.1 do not count.
    """
    m_z = np.ma.masked_array(field[..., 2], ~magnetic(track)).mean(axis=0)
    signs = [value > 0 for value in m_z.tolist() if abs(value) > 0.1]
    return sum(left != right for left, right in itertools.pairwise(signs))


def state(recording, least=None):
    """Return the name of the last state: of the minimum that has both ends of the wall within Δ."""
    track = recording.track
    ends = wall_ends(track, recording.field[-1])
    if gone := without_wall(track, ends):
        return gone
    if number_of_walls(track, recording.field[-1]) > 1:
        return "several walls"
    if not settled(recording):
        return "still moving"
    near = [
        (np.abs(np.subtract(ends, minimum.ends)).max(), minimum.label)
        for minimum in (least or {}).values()
        if minimum.converged and minimum.label not in ("reversed", "expelled")
    ]
    distance, label = min(near, default=(np.inf, ""))
    return label if distance <= width_parameter(recording.material, recording.track) else "free"


def slow(recording, since, until):
    """Return whether both ends are slower than the relaxation speed between two times."""
    tolerance = 1e-15
    chosen = (recording.time >= since - tolerance) & (recording.time <= until + tolerance)
    times, ends = recording.time[chosen], recording.ends[chosen]
    if times.size < 2:
        return False
    velocities = np.diff(ends, axis=0) / np.diff(times)[:, None]
    return bool(np.abs(velocities).max() < recording.relaxation["speed"])


def settled(recording):
    """Return 1 for a wall at rest at the end, 0 for a moving one."""
    end, hold = recording.time[-1], recording.relaxation["hold"]
    waited = end - recording.pulse_end >= hold - 1e-15
    return int(waited and slow(recording, end - hold, end))


def held(recording):
    """Return whether the wall rests against the current at the end of the pulse."""
    end = recording.pulse_end
    return slow(recording, end - min(recording.relaxation["hold"], end / 2), end)


def under_detector(track, detector, field):
    """Return the mean m_z of the magnetic cells whose centre is in [start, stop)."""
    x, _ = centres(track)
    start, stop = detector.get("start", 0.0), detector.get("stop", track["length"])
    covered = magnetic(track) & ((x >= start - 1e-15) & (x < stop - 1e-15))[None, :]
    return field[covered][:, 2].astype(float).mean()


def conductances(m_z, detector):
    """Return G of both readings: Eq. 2 as a mean over cells, and a resistance linear in m_z."""
    square = detector["polarization"] ** 2
    # the reference layer points along -z: cos θ = -m_z
    parallel = detector["parallel_conductance"] * (1 + square * -m_z) / (1 + square)
    lower, upper = detector["parallel_resistance"], detector["antiparallel_resistance"]
    series = 1 / ((lower + upper) / 2 + m_z * (upper - lower) / 2)
    return np.array([parallel, series])


def at_pulse_end(recording):
    """Return the snapshot at the end of the pulse."""
    distance = np.abs(recording.snapshot_time - recording.pulse_end)
    assert distance.min() < 1e-15
    return recording.field[distance.argmin()]


@dataclass
class Level:
    """One state of a synapse."""

    label: str
    resting: str
    stable: bool
    position: float
    conductance: np.ndarray
    reaching: float = np.nan


def levels(folder: Path, device: str, detector: dict, currents):
    """Return all states of a synapse, from its start to the reversed track, with half states."""
    pulses = {j: read(folder / f"traces/{device}/{j / 1e12:.4f}.nc") for j in currents}
    least = minima(folder / f"minima/{device}.nc")
    start = read(folder / f"initial/{device}.nc")
    track = start.track
    positions, _ = notches(track)

    def measured(field):
        return conductances(under_detector(track, detector, field), detector)

    def smallest_pulse(label):
        reaching = [
            j for j, pulse in pulses.items() if settled(pulse) and state(pulse, least) == label
        ]
        return min(reaching, key=abs, default=None)

    first = start.field[0]
    states = [
        Level(
            "initial", "initial", True, mean_position(track, first), measured(first), reaching=0.0
        )
    ]
    # the last notch is at the end of the track: no wall is placed there
    inner = np.count_nonzero(positions < track["length"] - 1e-12)
    names = [str(k) for k in range(1, inner + 1)]
    names += [f"{k}-{k + 1}" for k in range(1, inner)]
    for name in sorted(names, key=lambda name: float(name.split("-")[0]) + 0.5 * ("-" in name)):
        placed = read(folder / f"levels/{device}/{name}.nc")
        label = f"between {name.replace('-', ' and ')}" if "-" in name else f"notch {name}"
        minimum, came_to, last = least[label], state(placed, least), placed.field[-1]
        held_there = minimum.converged and minimum.label == label
        stable = held_there and came_to == label
        pulse = smallest_pulse(label)
        if not held_there:
            came_to = minimum.label
        elif not stable and pulse is not None:
            stable, last = True, pulses[pulse].field[-1]
        states.append(
            Level(
                label,
                came_to,
                stable,
                mean_position(track, last),
                measured(last) if stable else np.full(2, np.nan),
                reaching=np.nan if pulse is None else pulse,
            )
        )
    pulse = smallest_pulse("reversed")
    if pulse is None:
        end = Level("reversed", "reversed", True, track["length"], conductances(-1.0, detector))
    else:
        last = pulses[pulse].field[-1]
        end = Level("reversed", "reversed", True, mean_position(track, last), measured(last), pulse)
    return [*states, end]


@dataclass
class Curve:
    """The normalised transfer curve of a neuron in one reading and its fitted quartic."""

    current: np.ndarray
    conductance: np.ndarray
    quartic: np.ndarray
    largest_error: float
    rms_error: float
    relu_deviation: float


def curve(currents, conductance):
    """Normalise by Eq. 3 and solve the normal equations of the least-squares quartic."""
    currents, conductance = np.asarray(currents), np.asarray(conductance)
    used = currents >= 0
    least, greatest = currents[used].min(), currents[used].max()
    x = (currents - least) / (greatest - least)
    y = (conductance - conductance.min()) / (conductance.max() - conductance.min())
    powers = x[used, None] ** np.arange(5)
    quartic = np.linalg.solve(powers.T @ powers, powers.T @ y[used])
    residual = powers @ quartic - y[used]
    return Curve(
        x,
        y,
        quartic,
        np.abs(residual).max(),
        np.sqrt(np.mean(residual**2)),
        np.abs(y[used] - x[used]).max(),
    )
