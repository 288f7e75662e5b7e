"""Results that studies asked for, of known walls, and what the commands make of them."""

import csv

from helpers.walls import moving_wall

from wallnet import files
from wallnet.cli import main
from wallnet.files.schema import KINDS, VARIABLES
from wallnet.studies import gather_job

NM, T = 1e-9, 1e12


def write_trace(request, bottom, top, **more):
    """Write the trace of a wall that ends at these positions in m."""
    trace = moving_wall(request.computes, bottom, top, **more)
    files.write_dataset(trace, request.path, "trace", {})


def write_train(request, walls):
    """Write a train, given the state, both ends in nm and the rest of the wall after each pulse."""
    states, bottom, top, settled = zip(*walls, strict=True)
    count = {("time",): 2, ("pulse",): len(walls)}
    values = {name: [0.0] * count[VARIABLES[name].dimensions] for name in KINDS["train"]}
    values |= {
        "pulse_state": states,
        "pulse_wall_bottom": [NM * each for each in bottom],
        "pulse_wall_top": [NM * each for each in top],
        "pulse_settled": settled,
    }
    about = {"parameters": request.computes.to_json(), "backend": "film", "revision": 3}
    files.write_dataset(files.dataset("train", values), request.path, "train", about)


def gather(study, campaign, subject, requests):
    """Gather results in this folder as a rule does, and return the dataset."""
    job = gather_job(study, campaign, subject, requests).to_json()
    main(["gather", "--job", job, "--out", study.path(subject)])
    return files.read_dataset(study.path(subject), study.kind)


def shown(study, data, folder):
    """Show a dataset in a folder as a rule does; return the rows of the CSV and of the Markdown."""
    files.write_dataset(data, folder / "data.nc", study.kind, {})
    names = {"csv": "table.csv", "markdown": "table.md", "html": "table.html"}
    names |= {"png": "figure.png", "vector": "figure.pdf", "dataset": "data.nc"}
    options = [word for key, name in names.items() for word in (f"--{key}", str(folder / name))]
    main(["show", study.name, "--figures", '{"resolution": 72}', *options])
    with open(folder / "table.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    lines = (folder / "table.md").read_text().splitlines()
    return rows, [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
