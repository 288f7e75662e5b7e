"""`wallnet schema` and `wallnet init`."""

import argparse
import json
import shlex
from importlib import resources
from pathlib import Path

from wallnet.config.messages import ConfigError

EXAMPLE = "example.yaml"
"""File next to this module that `wallnet init` writes as config.yaml."""

SCHEMA = "config.schema.json"


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `schema` and `init` to the command line."""
    schema = subparsers.add_parser(
        "schema",
        help="print the JSON Schema of config.yaml",
        description="Print the JSON Schema of config.yaml, for completion and checks in editors.",
    )
    schema.set_defaults(handler=lambda arguments: print(schema_text(), end=""))

    init = subparsers.add_parser(
        "init",
        help="start a new campaign",
        description="Write config.yaml, a small campaign with a comment on every line, and "
        f"{SCHEMA}, for completion of its keys in editors.",
    )
    init.add_argument("folder", nargs="?", default=".", help="folder; the current one by default")
    init.set_defaults(handler=_init)


def schema_text() -> str:
    """Return the JSON Schema of `config.yaml` as text."""
    from wallnet.config import schema
    from wallnet.studies import STUDIES

    return json.dumps(schema.as_written(STUDIES), indent=1, ensure_ascii=False) + "\n"


def _init(arguments: argparse.Namespace) -> None:
    folder = Path(arguments.folder)
    example = resources.files("wallnet.config").joinpath(EXAMPLE).read_text(encoding="utf-8")
    texts = {folder / "config.yaml": example, folder / SCHEMA: schema_text()}
    for path in texts:
        if path.exists():
            raise ConfigError(f"{path} already exists; remove it or give another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{error.filename} cannot be written ({error.strerror}); give another folder"
        ) from None
    where = shlex.quote(str(folder.resolve()))
    print(f"{' and '.join(map(str, texts))} written; run it from the repository with")
    print(f"    make run DIRECTORY={where}")
