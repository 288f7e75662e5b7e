"""Tabulate how far barriers of synapse-5 scatter from sample to sample, beside the rigid wall's.

    python benchmarks/barriers_of_samples.py FOLDER

Paths of least energy between two inner notches, on a part of the track that has only these two, of
the perfect device and of 16 samples: with rough edges and notches that differ, and with grains too,
all with the defaults of `disorder`. Each path has two barriers, one out of each notch. The rigid
wall has the same samples and 1000 more: a line through the barriers of the 16, and the scatter
about it, make the tail of paths from those of the 1000. It writes samples-barriers.csv in
docs/results, with a row a film, and the figure of all barriers. FOLDER keeps the paths, so that a
run that was interrupted goes on. A run takes half an hour of processor time.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
from samples import FILMS, ROOT

from wallnet import api
from wallnet.config import Figures
from wallnet.constants import BOLTZMANN
from wallnet.report import style

SAMPLES = 16

MORE = 1000
"""Samples of the rigid wall alone."""

THERMAL = BOLTZMANN * 300.0

POSITIONS = (150e-9, 450e-9)
"""Notches in m, 300 nm apart as on the whole track."""

CHANGES = {
    "track.length": 600e-9,
    "track.notches.count": None,
    "track.notches.positions": list(POSITIONS),
}

SPACING = 1.0
"""Distance between images in Δ. The highest one climbs, so that the barrier does not depend on it.
"""

QUANTILE = 0.01

DRAWS = 2000
"""Draws of the 16 and of the 1000 samples, for the uncertainty of the tail."""


def device_of(disorder):
    """Return the part of synapse-5 with some disorder."""
    return api.load_device(ROOT / "config.yaml", "synapse-5", CHANGES | {"disorder": disorder})


def path_barriers(device, kinds, number, folder):
    """Return the barriers in k_B T out of both notches, NaN without a saddle point."""
    kept = Path(folder, f"{'-'.join(kinds)}-{number}.json" if number else "perfect.json")
    if not kept.exists():
        path = api.energy_path(device.of_sample(number), "notch 1", "notch 2", SPACING)
        ways = [float(path[f"barrier_{way}"]) for way in ("forward", "backward")]
        has_saddle = path.attrs["reason"] == ""
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(ways if has_saddle else [float("nan")] * 2), encoding="utf-8")
        print(kept.name, path.attrs.get("processor_time"), path.attrs["reason"], flush=True)
    return np.array(json.loads(kept.read_text(encoding="utf-8"))) / THERMAL


def line_of(rigid, paths):
    """Return slope and offset of a line through barriers, and the scatter about it in k_B T."""
    slope, offset = np.polyfit(rigid.ravel(), paths.ravel(), 1)
    rest = paths - offset - slope * rigid
    return slope, offset, np.sqrt((rest**2).sum() / (rest.size - 2))


def tails(rigid, paths, more):
    """Return a quantile of the barriers that the line makes of more rigid walls, for each draw.

    Each draw takes other samples, with both barriers of each.
    """
    generator, drawn = np.random.default_rng(1), []
    for _ in range(DRAWS):
        chosen = generator.integers(len(rigid), size=len(rigid))
        others = more[generator.integers(len(more), size=len(more))]
        slope, offset, scatter = line_of(rigid[chosen], paths[chosen])
        barriers = offset + slope * others + scatter * generator.normal(size=others.shape)
        drawn.append((slope, np.quantile(barriers, QUANTILE)))
    return np.array(drawn).T


def spread(values):
    """Return mean and standard deviation."""
    return f"{values.mean():.1f} ± {values.std(ddof=1):.1f}"


def measured(kinds, folder):
    """Return the barriers of a film: paths and rigid walls, the perfect device first; then more."""
    device = device_of(kinds)
    paths = [path_barriers(device, kinds, number, folder) for number in range(SAMPLES + 1)]
    walls = [api.rigid_wall(device, sample=number) for number in range(SAMPLES + 1 + MORE)]
    rigid = np.array([wall.barriers[:, 0] for wall in walls]) / THERMAL
    return np.array(paths), rigid[: SAMPLES + 1], rigid[SAMPLES + 1 :]


def row_of(film, paths, rigid, more):
    """Return the row of a film."""
    finite = np.isfinite(paths[1:]).all(axis=1)
    samples, same = paths[1:][finite], rigid[1:][finite]
    slopes, quantiles = tails(same, samples, more)
    slope, _, scatter = line_of(same, samples)
    return {
        "film": film,
        "paths of samples": finite.sum(),
        "path, perfect (k_B T)": f"{paths[0].mean():.1f}",
        "path, samples (k_B T)": spread(samples),
        "least (k_B T)": f"{samples.min():.1f}",
        "rigid wall, perfect (k_B T)": f"{rigid[0].mean():.1f}",
        "rigid wall, same samples (k_B T)": spread(same),
        "correlation": f"{np.corrcoef(same.ravel(), samples.ravel())[0, 1]:.2f}",
        "slope": f"{slope:.2f} ± {slopes.std():.2f}",
        "scatter about the line (k_B T)": f"{scatter:.1f}",
        "1st percentile (k_B T)": f"{quantiles.mean():.1f} ± {quantiles.std():.1f}",
    }


def draw(films):
    """Draw the barriers of paths against those of rigid walls."""
    figures = Figures()
    with style.apply(figures):
        figure, ((axes,),) = style.panels(figures, 1, 1, 1, figsize=style.size(figures, 0.8, 0.6))
        for index, (film, (paths, rigid, _)) in enumerate(films.items()):
            look = style.look(index, marker=True)
            axes.plot(rigid[1:].ravel(), paths[1:].ravel(), **look | {"linestyle": ""}, label=film)
        axes.plot(rigid[0, 0], paths[0, 0], "k*", label="perfect")
        axes.axline(rigid[0], slope=1, color="grey", linestyle=":", label="equal")
        axes.set(xlabel="rigid wall ($k_BT$)", ylabel="path of least energy ($k_BT$)")
        axes.legend()
        figure.savefig(ROOT / "docs/figures/samples-barriers.png")


def main() -> None:
    films = {film: measured(kinds, sys.argv[1]) for film, kinds in FILMS.items()}
    rows = [row_of(film, *barriers) for film, barriers in films.items()]
    with open(ROOT / "docs/results/samples-barriers.csv", "w", newline="") as stream:
        table = csv.DictWriter(stream, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    draw(films)


if __name__ == "__main__":
    main()
