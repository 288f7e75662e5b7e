"""`wallnet pack`: the record of a finished campaign in one file."""

import argparse
from pathlib import Path

from wallnet import files, workflow_path
from wallnet.files.datasets import unreadable


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `pack` to the command line."""
    pack = subparsers.add_parser(
        "pack",
        description="Check all results of a finished campaign and write a Workflow Run RO-Crate: "
        "configuration, workflow, versions, logs, tables, figures, devices, metrics, and the "
        "digests of all results.",
    )
    pack.add_argument("--directory", default=".", help="folder of the campaign; here by default")
    pack.add_argument("--out", required=True, help="the crate, a ZIP file")
    pack.add_argument("--name", default="Campaign of wallnet", help="title of the crate")
    author = "who made the campaign; can be given several times"
    pack.add_argument("--author", action="append", default=[], metavar="NAME", help=author)
    license_ = "licence of the results, such as https://spdx.org/licenses/CC-BY-4.0"
    pack.add_argument("--license", help=license_)
    whole = "pack simulations and weights of networks, too"
    pack.add_argument("--whole", action="store_true", help=whole)
    pack.set_defaults(handler=_pack)


def _pack(arguments: argparse.Namespace) -> None:
    from wallnet.provenance import contents, crate

    directory, out = Path(arguments.directory), Path(arguments.out)
    try:
        found = contents.collect(directory, Path(workflow_path()), arguments.whole)
        described = crate.build(found, arguments.name, arguments.author, arguments.license)
    except OSError as error:
        raise unreadable(error.filename, error) from None
    with files.written_whole(out) as partial:
        described.write_zip(partial)
    left_out = len(found.digests) - len(found.packed)
    print(
        f"{out}: {len(found.packed)} results of {', '.join(found.targets)}, all as written"
        + (f"; --whole adds {left_out} simulations and networks" if left_out else "")
    )
