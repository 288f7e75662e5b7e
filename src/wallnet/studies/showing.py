"""Tables and figure of the dataset of a study."""

import argparse
from importlib import import_module

from wallnet import files
from wallnet.report import style
from wallnet.report.device_tables import write_tables
from wallnet.studies import STUDIES


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `show` to the command line."""
    show = subparsers.add_parser("show", help="tabulate and draw the dataset of a study")
    show.add_argument("study", choices=list(STUDIES), help="name of the study")
    show.add_argument("--dataset", required=True, help="its dataset")
    style.add_report_arguments(show, "first table to write")
    show.set_defaults(handler=_show)


def _show(arguments: argparse.Namespace) -> None:
    study = STUDIES[arguments.study]
    module = import_module(f"wallnet.studies.{study.name}.show")
    data = files.read_dataset(arguments.dataset, study.kind)
    tables, figures, png, vector = style.report_files(arguments)
    subject = str(data.attrs["subject"])
    title = study.title.format(subject=subject)
    write_tables(title, module.tables(data, subject), *tables)
    origin = ("parameters", "simulation", "revision", "wallnet_version")
    with style.apply(figures):
        drawn = module.draw(data, figures)
        about = {key: str(data.attrs[key]) for key in origin}
        style.save(drawn, png, vector, title=title, **about)
