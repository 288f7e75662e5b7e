"""Disturb: how often weak pulses displace a wall, extrapolated from stronger ones.

Below its threshold J_c, a current density J lowers the barrier E of a state: a wall leaves it
after a mean time τ with ln(τ/τ₀) = (E/k_B T)(1 - J/J_c)^n. The exponent is 3/2 for a smooth pin; 1
and 2 bracket it. The barrier is taken not to change with the temperature of the film.
"""

import json
import math
from typing import Any, NamedTuple

import numpy as np
import xarray
from numpy.typing import ArrayLike, NDArray

from wallnet.files.schema import SAMPLE
from wallnet.files.schema.states import INITIAL
from wallnet.jobs import Run
from wallnet.questions.presentation import of_samples
from wallnet.report.tables import Format, Table, of_columns
from wallnet.studies.barriers import Barriers
from wallnet.studies.proportions import interval

Floats = NDArray[np.float64]

EXPONENTS = (1.0, 1.5, 2.0)

LOST = 0.01
"""Share of states after whose loss a table counts pulses."""

FLATTEST = 0.01
"""Least share that the strongest current density of a fit has of J_c."""


class Pulses(NamedTuple):
    """Pulses of one sign of the current on a state, below its threshold.

    Attributes
    ----------
    density : numpy.ndarray
        Strengths of the current densities in A/m².
    temperature : numpy.ndarray
        Temperature of the film in K.
    runs, left : numpy.ndarray
        Number of runs, and of those that leave the state.
    duration : float
        Duration of a pulse in s.
    """

    density: Floats
    temperature: Floats
    runs: NDArray[np.int64]
    left: NDArray[np.int64]
    duration: float


class Law(NamedTuple):
    """Exponent n, attempt frequency 1/τ₀ in 1/s, barrier E/k_B in K and J_c in A/m²."""

    exponent: float
    frequency: float
    barrier: float
    critical: float

    def height(self, density: ArrayLike, temperature: ArrayLike) -> Floats:
        """Return ln(τ/τ₀) for strengths of the current density in A/m² and temperatures in K."""
        below = np.maximum(1 - np.asarray(density) / self.critical, 0.0)
        return np.asarray(self.barrier / np.asarray(temperature) * below**self.exponent)

    def transitions(self, pulses: Pulses) -> Floats:
        """Return the mean number m of transitions in a pulse; it leaves a wall with exp(-m)."""
        height = self.height(pulses.density, pulses.temperature)
        return np.maximum(self.frequency * pulses.duration * np.exp(-height), 1e-300)

    def slopes(self, density: ArrayLike, temperature: ArrayLike) -> Floats:
        """Return the derivatives of ln(τ/τ₀) by ln E and ln J_c, shape (2, …)."""
        share = np.minimum(np.asarray(density) / self.critical, 1 - 1e-9)
        height = self.height(density, temperature)
        return np.stack([height, height * self.exponent * share / (1 - share)])


def fitted(pulses: Pulses, exponent: float, frequency: float) -> Law:
    """Return the law with the greatest likelihood of the numbers of runs that leave the state."""
    from scipy.optimize import minimize

    strongest = float(pulses.density.max())

    def law(values: ArrayLike) -> Law:
        barrier, share = np.asarray(values, dtype=float)
        return Law(exponent, frequency, math.exp(barrier), strongest / share)

    def surprise(values: ArrayLike) -> float:
        mean = law(values).transitions(pulses)
        stayed = (pulses.runs - pulses.left) * mean
        return float((stayed - pulses.left * np.log(-np.expm1(-mean))).sum())

    # the root of the height is linear in the current density
    chance = (pulses.left + 0.5) / (pulses.runs + 1)
    height = np.log(-frequency * pulses.duration / np.log1p(-chance)) * pulses.temperature
    roots = np.maximum(height, 1.0) ** (1 / exponent)
    slope, top = np.polyfit(pulses.density / strongest, roots, 1)
    start = exponent * math.log(max(top, roots.max())), np.clip(-slope / top, 2 * FLATTEST, 0.99)
    best = minimize(
        surprise,
        start,
        method="Nelder-Mead",
        bounds=[(0.0, 25.0), (FLATTEST, 1.0)],
        options={"xatol": 1e-7, "fatol": 1e-9, "maxfev": 4000},
    )
    return law(best.x)


def extrapolated(
    law: Law, pulses: Pulses, density: float, temperature: float
) -> tuple[Floats, ...]:
    """Return ends of the logarithm of the number of transitions in a weaker pulse.

    Between them it is with a probability of 95 % if the law holds, by the errors of counting: those
    of E and J_c by the Fisher information, which grow with the distance to the pulses of the fit.
    """
    slopes = law.slopes(pulses.density, pulses.temperature)
    mean = law.transitions(pulses)
    with np.errstate(over="ignore"):
        information = slopes * (pulses.runs * mean**2 / np.expm1(mean)) @ slopes.T
    further = law.slopes(density, temperature)
    error = 1.96 * np.sqrt(further @ np.linalg.pinv(information) @ further)
    middle = math.log(law.frequency * pulses.duration) - law.height(density, temperature)
    return tuple(np.clip([middle - error, middle + error], -600.0, 50.0))


def weak_pulses(data: xarray.Dataset, name: str) -> list[Table]:
    """Return tables of rates at which weak pulses displace walls, and of what they extrapolate to.

    There are none without a write current. Runs of all samples count, as if these were alike. A
    wall stays if it is known to be in its state when it is read.
    """
    about = json.loads(data.attrs["parameters"])
    write = about["settings"].get("write_current")
    if not write:
        return []
    usual = Barriers.model_fields["attempt_frequencies"].default
    targets = {"half of the write current": write / 2}
    targets["read current"] = write * about["settings"]["read_share"]
    duration = Run.from_json(data.attrs["simulation"]).steps[-1].duration
    samples = of_samples(data)
    states = [state for state in map(str, data["start_state"].values) if state != INITIAL]
    rates: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for model in map(str, data["model"].values):
        frequencies = about["about"].get("attempt_frequencies", {}).get(model, usual)
        for state in states:
            place = samples.sel(model=model, start_state=state)
            place = place.isel(current_density=(place["heated_beyond_model"] == 0).all(SAMPLE))
            for sign in (-1, 1):
                own = place.isel(current_density=np.sign(place["current_density"]) == sign)
                first = {"model": model, "from": state, "sign of J": f"{sign:+d}"[0]}
                if own.sizes["current_density"]:
                    made, row = _of_state(own, state, duration, frequencies, targets)
                    rates += [{**first, **one} for one in made]
                    rows.append({**first, **row})
    weak = f"weak pulses of {duration / 1e-9:g} ns"
    bracket = "exponents n of 1 to 2, with errors of counting"
    counts = dict.fromkeys(("runs", "left"), ".0f")
    per_second = dict.fromkeys(("rate (1/s)", "at least", "at most"), ".1e")
    forms: dict[str, Format] = {"J (1e12 A/m²)": "+.4f", "T (K)": ".1f", **counts, **per_second}
    return [
        of_columns(title, {key: ([row[key] for row in own], forms.get(key, "")) for key in own[0]})
        for title, own in (
            (f"{name}: {weak} that displace walls", rates),
            (f"{name}: loss of states by {weak}, extrapolated ({bracket})", rows),
        )
        if own
    ]


def _of_state(
    data: xarray.Dataset,
    state: str,
    duration: float,
    frequencies: tuple[float, float],
    targets: dict[str, float],
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return rows of rates, and that of what they extrapolate to, for one sign of the current."""
    data = data.sortby(abs(data["current_density"]))
    density, runs = data["current_density"].values, data["simulated_replicas"].sum(SAMPLE).values
    stayed = data["outcome_certain"].sum(SAMPLE).reindex(outcome=[state], fill_value=0)
    left = runs - stayed.isel(outcome=0).transpose("current_density").values
    # at a higher rate than the least attempt frequency, no barrier is left
    below = left < runs * -math.expm1(-min(frequencies) * duration)
    strength, kelvin = np.abs(density), data["highest_temperature"].mean(SAMPLE).values
    pulses = Pulses(strength[below], kelvin[below], runs[below], left[below], duration)
    rates = [
        {"J (1e12 A/m²)": J / 1e12, "T (K)": T, "runs": int(total), "left": int(count)}
        | dict(
            zip(("rate (1/s)", "at least", "at most"), _rate(count, total, duration), strict=True)
        )
        for J, T, total, count in zip(density[below], *pulses[1:4], strict=True)
    ]
    laws: list[Law] = []
    note = ""
    if (pulses.left > 0).sum() >= 2:
        laws = [fitted(pulses, n, f) for n in EXPONENTS for f in dict.fromkeys(frequencies)]
    else:
        ends = [strength[left == 0].max(initial=0.0)]
        ends += [] if below.all() else [strength[~below].min()]
        between = " to ".join(f"{end / 1e12:.3g}" for end in sorted(ends)) + "e12 A/m²"
        note = f"not enough losses: add J {'of' if ends[1:] else 'above'} {between}"
    # the heat of a pulse rises with the square of its current
    rise, ambient = np.polyfit((density / 1e12) ** 2, kelvin, 1) if laws else (0.0, 0.0)
    row: dict[str, Any] = {
        "attempt frequencies (1/s)": _ends(frequencies, ".0e"),
        "current densities": len(pulses.runs),
        "runs": int(pulses.runs.sum()),
        "E/k_B (1000 K)": _ends([law.barrier / 1e3 for law in laws], ".2g"),
        "J_c (1e12 A/m²)": _ends([law.critical / 1e12 for law in laws], ".3g"),
    }
    for target, weak in targets.items():
        temperature = ambient + rise * (weak / 1e12) ** 2
        means = np.exp([extrapolated(law, pulses, weak, temperature) for law in laws])
        # no more than any stronger pulse
        stronger = [one["at most"] for one in rates if abs(one["J (1e12 A/m²)"]) >= weak / 1e12]
        means = np.minimum(means, min(stronger, default=math.inf) * duration)
        until = np.maximum(np.ceil(-math.log1p(-LOST) / means), 1)
        row[f"loss a pulse, {target}"] = _ends(-np.expm1(-means), ".1g")
        row[f"pulses until {LOST:.0%} lost, {target}"] = _ends(until, ".1g")
    return rates, row | {"note": note}


def _rate(left: int, runs: int, duration: float) -> tuple[float, ...]:
    """Return the rate in 1/s at which runs leave a state, and its interval."""
    shares = (left / runs, *interval(left, left, runs))
    return tuple(-math.log1p(-share) / duration for share in shares)


def _ends(values: ArrayLike, form: str) -> str:
    """Return the least and the greatest value as text, empty without any."""
    ends = np.asarray(values, dtype=float).ravel()
    ends = ends[[ends.argmin(), ends.argmax()]] if ends.size else ends
    return " to ".join(dict.fromkeys(format(end, form) for end in ends))
