"""What `make run` prints at its end: caveats, main numbers, new results, warnings and paths."""

import argparse
import textwrap
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from wallnet import config, files
from wallnet.jobs import summary_job
from wallnet.report import choice, headline
from wallnet.report.faults import caveats, faults, level_caveats
from wallnet.report.headline import WIDTH
from wallnet.report.summary import Results

KINDS = {
    "data": ("data set", "data sets"),
    "initial": ("initial state", "initial states"),
    "traces": ("trace", "traces"),
    "levels": ("placed wall", "placed walls"),
    "minima": ("minimum", "minima"),
    "devices": ("device", "devices"),
    "programs": ("program", "programs"),
    "networks": ("network", "networks"),
    "tables": ("table", "tables"),
    "figures": ("figure", "figures"),
}
"""Kinds of results that are counted, by their folder, in the order of the campaign."""

CHECKS = ("result of another target", "results of other targets")
"""Name of results in all other folders but `PARTS`."""

PARTS = ("compact_models", "responses")
"""Folders of results that follow from those of another kind, one each."""

MOST_NAMED = 4
"""Largest number of new devices that are named."""


def new_results(made: Iterable[str]) -> str:
    """Return in a few words what a run has made.

    A table, a figure and a network count once, although each has several files.

    Parameters
    ----------
    made : iterable of str
        Paths of its results.

    Examples
    --------
    >>> new_results(["results/figures/a.png", "results/figures/a.csv", "results/devices/b.nc"])
    'b, 1 figure'
    """
    found: dict[str, set[PurePosixPath]] = {}
    summarised = False
    for path in map(PurePosixPath, made):
        if len(path.parts) < 3:
            summarised |= str(path) == files.SUMMARY
            continue
        kind = path.parts[1]
        name = path.parent if kind == "networks" else path.with_suffix("")
        found.setdefault(kind, set()).add(name)
    texts = []
    for kind, names in KINDS.items():
        if not (count := len(found.get(kind, ()))):
            continue
        if kind == "devices" and count <= MOST_NAMED:
            texts += sorted(path.name for path in found[kind])
        else:
            texts.append(f"{count} {names[count > 1]}")
    others = sum(len(each) for kind, each in found.items() if kind not in (*KINDS, *PARTS))
    texts += [f"{others} {CHECKS[others > 1]}"] if others else []
    return ", ".join([*texts, *(["summary"] if summarised else [])])


def overview(folder: str | Path) -> str:
    """Return caveats and main numbers of a campaign, what its last run made, its faults and pages.

    Parameters
    ----------
    folder : str or Path
        Folder of the campaign, with its `config.yaml`.

    Returns
    -------
    str
        Lines of at most `WIDTH` columns, but for paths.

    Raises
    ------
    wallnet.files.FileError
        If a result is missing or damaged.
    """
    campaign = config.load(Path(folder, "config.yaml"))
    job = summary_job(campaign)
    results = Results.of(job, Path(folder))
    lines = [*map(_wrapped, caveats(results.devices)), ""]
    if results.accuracies:
        main = headline.accuracies(results.accuracies, job.table_ii)
        lines += [headline.as_text(main), headline.conditions(results.accuracies)]
        expected, lossy = choice.losses(results.accuracies, job.table_ii)
        told = (choice.best_mapping(results.accuracies), *expected)
        told += tuple(level_caveats(results.accuracies, results.models))
        lines += map(_wrapped, filter(None, told))
    else:
        lines, lossy = [*lines, headline.as_text(headline.devices(results.devices))], []
    lines.append("")
    made = files.read_run(folder)
    if made is not None:
        lines.append(_wrapped(f"New: {new_results(made) or 'nothing'}"))
    if warnings := [*lossy, *faults(results.devices, results.responses)]:
        lines += ["Warnings:", *(_wrapped(f"  {text}") for text in warnings)]
    pages = {"Summary": files.SUMMARY, "Report": files.REPORT}
    lines += [f"{title}: {Path(folder, path)}" for title, path in pages.items()]
    return "\n".join(lines).lstrip("\n")


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="    ")


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `overview` to a command line."""
    command = subparsers.add_parser(
        "overview",
        help="print the main numbers of a finished campaign, what is new, and its warnings",
    )
    command.add_argument("--directory", default=".", help="folder of the campaign; here by default")
    command.set_defaults(handler=lambda given: print(overview(given.directory)))
