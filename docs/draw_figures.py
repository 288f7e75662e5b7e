"""Draw the pictures of the pages that no workflow draws, into docs/figures.

    python docs/draw_figures.py wall times examples

`wall` simulates, in some seconds, a wall that pulses move from notch to notch and back; `times` are
those of one replica of the study `thermal`; `examples` runs the scripts of that folder.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import xarray

from wallnet import api
from wallnet.config import Figures
from wallnet.config.devices import QUENCH, Temperature
from wallnet.report import animation, style
from wallnet.studies.thermal import Thermal

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs/figures"
NS = 1e-9

TRACK = {
    "length": 381e-9,
    "width": 72e-9,
    "thickness": 2e-9,
    "cell_size": 3e-9,
    "notches": {
        "count": None,
        "diameter": 32e-9,
        "positions": [40e-9, 140e-9, 240e-9, 341e-9],
    },
}
"""The first notches of `synapse-rewritable-10`."""


def wall() -> None:
    """Animate three pulses of each sign on a short track, each from the end of the one before."""
    changes = {
        "track": TRACK,
        "pulse.current_densities": [-1.15e12, 1.15e12],
        "relaxation": {"longest": 2e-9, "speed": 1.0, "hold": 0.6e-9},
        "output": {"interval": 20e-12, "snapshot_interval": 0.2e-9},
    }
    device = api.load_device(ROOT / "config.yaml", "synapse-rewritable-10", changes)
    traces: list[xarray.Dataset] = []
    for density in [1.15e12] * 3 + [-1.15e12] * 3:
        before = traces[-1] if traces else None
        traces.append(api.simulate(device, density, before, progress=False))
    starts = np.cumsum([0.0, *(float(trace["time"].values[-1]) for trace in traces[:-1])])
    # each trace begins with the last map of the one before
    joined = {
        name: np.concatenate(
            [
                trace[name].values[:-1] + (start if name.endswith("time") else 0.0)
                for trace, start in zip(traces, starts, strict=True)
            ]
        )
        for name in ("time", "applied_current_density", "snapshot_time", "magnetization")
    }
    places = {name: traces[0][name].values for name in ("x", "y", "component")}
    sizes = {"time": "time", "applied_current_density": "time", "snapshot_time": "snapshot"}
    variables = {name: (dim, joined.pop(name)) for name, dim in sizes.items()}
    made = xarray.Dataset(variables, places, traces[0].attrs)
    made["magnetization"] = ("snapshot", "y", "x", "component"), joined["magnetization"]
    animation.write(made, FIGURES / "wall.gif", 12)


def times() -> None:
    """Draw what a replica of `thermal` does, from equilibration to reading."""
    settings = Thermal(device="synapse-5", current_densities=[0.5e12])
    device = api.load_device(ROOT / "config.yaml", "synapse-5")
    pulse, pause = device.pulse.duration / NS, settings.pause / NS
    quench, onward = QUENCH.longest / NS, settings.onward / NS
    before = Temperature(ambient=300.0).equilibration / NS
    read, end = pulse + pause, pulse + pause + onward
    last = end + quench + 12  # not to scale
    hot, cold = style.COLOURS[4], style.COLOURS[5]
    later = np.arange(read + quench, end + quench / 2, quench)
    rows = (
        ("current", [(0, pulse)], "0.75", "pulse, then pause", pulse),
        ("each replica", [(-before, before + read)], hot, "at the temperature", read),
        ("its quench", [(read, quench)], cold, "at 0 K: at notches, free, several walls", None),
        ("free walls that go on", [(read, onward)], hot, "at the temperature", None),
        ("their quenches", [(x, quench) for x in later], cold, "still free: unresolved", None),
        ("pinned walls", [], hot, "are taken to stay", read),
    )
    figures = Figures()
    with style.apply(figures):
        drawn, ((axes,),) = style.panels(figures, 1, 1, 0.36)
        for number, (_, bars, colour, text, place) in enumerate(rows):
            axes.broken_barh(bars, (number - 0.38, 0.76), facecolor=colour, edgecolor="white")
            place = sum(bars[-1]) if place is None else place
            axes.text(place + 0.7, number, text, va="center")
        arrow = {"arrowstyle": "-|>", "linestyle": (0, (6, 4)), "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (last, 5), (read + 14.5, 5), arrowprops=arrow)
        reading = f"reading, {settings.reading_time / 1e-6:g} µs\nafter the pause"
        places = (-before, 0, pulse, read, *later, end + quench)
        ticks = {x: f"{x:g}" for x in places} | {last: reading}
        for x in ticks:
            axes.axvline(x, color="0.85", linewidth=0.6, zorder=0)
        axes.set(xlim=(-before, last + 6), ylim=(5.6, -0.6), xlabel="time (ns)")
        axes.set_xticks(list(ticks), list(ticks.values()))
        axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
        axes.tick_params(top=False, right=False, left=False)
        drawn.savefig(FIGURES / "thermal-times.png")


def examples() -> None:
    """Run each script of `examples` that draws a picture."""
    for script in sorted((ROOT / "examples").glob("*.py")):
        if "savefig" in script.read_text(encoding="utf-8"):
            picture = FIGURES / f"examples-{script.stem}.png"
            subprocess.run([sys.executable, script, picture], check=True)


DRAWN: dict[str, Callable[[], None]] = {"wall": wall, "times": times, "examples": examples}
"""The pictures by their names."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the named pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", choices=DRAWN, help="the pictures")
    for name in parser.parse_args(arguments).names:
        DRAWN[name]()


if __name__ == "__main__":
    main()
