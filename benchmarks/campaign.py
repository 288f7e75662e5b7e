"""Sum up the time of a finished campaign by stage; run it in the campaign's folder.

    python benchmarks/campaign.py [RESULTS]

The script reads the tables that Snakemake's `benchmark:` writes and prints them as Markdown. Times
are wall times: Snakemake samples processor times at most every 30 s, so that those of jobs of a
minute are far too small.
"""

import csv
import sys
from pathlib import Path

STAGES = {
    "initial states": "initial/*.tsv",
    "traces, neuron": "traces/neuron/*.tsv",
    "traces, synapses and tracks": "traces/[!n]*/*.tsv",
    "levels": "levels/*/*.tsv",
    "minima": "minima/*.tsv",
    "pulse trains": "pulse_trains/*/*.tsv",
    "gathering": "devices/*.tsv",
    "responses": "pulse_trains/*.tsv",
    "compact models": "compact_models/*.tsv",
    "data": "data/*.tsv",
    "train (fp32), plain": "networks/*/none/*/*/plain/fp32/**/*.tsv",
    "train (fp32), tuned": "networks/*/none/*/*/tuned/fp32/**/*.tsv",
    "train_on (continued), tuned": "networks/*/none/*/*/tuned/continued/**/*.tsv",
    "map (all recipes and mappings)": "networks/*/[!n]*/*/*.tsv",
    "tables": "tables/**/*.tsv",
    "figures": "figures/**/*.tsv",
    "summary": "summary.tsv",
}


def last_row(path: Path) -> dict[str, float]:
    with open(path, newline="") as stream:
        row = list(csv.DictReader(stream, delimiter="\t"))[-1]
    return {key: float(row[key]) for key in ("s", "max_rss") if row[key] not in "-NA"}


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "results") / "benchmarks"
    print("| jobs | number | s each | s together | largest MiB |")
    print("|---|---:|---:|---:|---:|")
    whole = 0.0
    for name, pattern in STAGES.items():
        rows = [last_row(path) for path in sorted(folder.glob(pattern))]
        if not rows:
            continue
        wall = [row["s"] for row in rows]
        memory = max(row.get("max_rss", 0.0) for row in rows)
        whole += sum(wall)
        print(
            f"| {name} | {len(rows)} | {sum(wall) / len(rows):.1f} | {sum(wall):.0f} "
            f"| {memory:.0f} |"
        )
    print(f"\nAll jobs together: {whole:.0f} s, {whole / 2:.0f} s on two free cores.")


if __name__ == "__main__":
    main()
