"""Results that studies asked for, of known walls, and what the commands make of them."""

import csv

from helpers.walls import moving_wall

from wallnet import files
from wallnet.cli import main
from wallnet.studies import gather_job

NM, T = 1e-9, 1e12


def write_trace(request, bottom, top, **more):
    """Write the trace of a wall that ends at these positions in m."""
    trace = moving_wall(request.computes, bottom, top, **more)
    files.write_dataset(trace, request.path, "trace", {})


def write_train(request, walls):
    """Write a train, given the state, both ends in nm and the rest of the wall after each pulse."""
    job, count = request.computes, len(walls) - 1
    steps = list(job.steps())[:count]
    states, bottom, top, settled = zip(*walls, strict=True)
    values = {
        **{f"wall_{end}": [0.0, 0.0] for end in ("position", "bottom", "top")},
        "applied_current_density": [0.0, 0.0],
        "time": [0.0, 1e-9],
        "program_current_density": [0.0, *(step.current_density for step in steps)],
        "pulse_start": [0.0] * (count + 1),
        "pulse_duration": [0.0, *(step.pulse_duration for step in steps)],
        "pause_end": [0.0] * (count + 1),
        "pulse_state": states,
        "pulse_settled": settled,
        "pulse_wall_position": [0.0] * (count + 1),
        "pulse_wall_bottom": [NM * each for each in bottom],
        "pulse_wall_top": [NM * each for each in top],
        "pulse": range(count + 1),
    }
    about = {"parameters": job.to_json(), "backend": "film", "revision": 3}
    files.write_dataset(files.dataset("train", values), request.path, "train", about)


def gather(study, campaign, subject, requests):
    """Gather results in this folder as a rule does, and return the dataset."""
    job = gather_job(study, campaign, subject, requests).to_json()
    main(["gather", "--job", job, "--out", study.path(subject)])
    return files.read_dataset(study.path(subject), study.kind)


def shown(study, data, folder):
    """Show a dataset in a folder as a rule does; return the rows of the CSV and of the Markdown."""
    files.write_dataset(data, folder / "data.nc", study.kind, {})
    written = {
        f"--{name}": str(folder / f"{stem}.{suffix}")
        for name, stem, suffix in (
            *(("csv", "table", "csv"), ("markdown", "table", "md"), ("html", "table", "html")),
            *(("png", "figure", "png"), ("vector", "figure", "pdf")),
        )
    }
    options = [word for option in written.items() for word in option]
    style = ["--figures", '{"resolution": 72}']
    main(["show", study.name, "--dataset", str(folder / "data.nc"), *style, *options])
    with open(folder / "table.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    lines = (folder / "table.md").read_text().splitlines()
    return rows, [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
