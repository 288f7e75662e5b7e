"""`wallnet schema` and `wallnet init`."""

import argparse
import json
import shlex
from importlib import resources
from pathlib import Path

from wallnet import workflow_path
from wallnet.config.messages import ConfigError

EXAMPLES = {"config.yaml": "example.yaml", "Snakefile": "example.smk"}
"""What `wallnet init` writes, and the file of `wallnet.config` that has its text."""

SCHEMA = "config.schema.json"


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `init` and `schema` to the command line."""
    init = subparsers.add_parser(
        "init",
        description="Write config.yaml, a small campaign with a comment on every line; "
        f"{SCHEMA}, for completion of its keys in editors; a Snakefile, which includes the "
        "workflow of the package; and profiles, the options of Snakemake.",
    )
    init.add_argument("folder", nargs="?", default=".", help="folder; the current one by default")
    init.set_defaults(handler=_init)

    schema = subparsers.add_parser(
        "schema",
        description="Print the JSON Schema of config.yaml, for completion and checks in editors.",
    )
    schema.set_defaults(handler=lambda arguments: print(schema_text(), end=""))


def schema_text() -> str:
    """Return the JSON Schema of `config.yaml` as text."""
    from wallnet.config import schema
    from wallnet.studies import STUDIES

    return json.dumps(schema.as_written(STUDIES), indent=1, ensure_ascii=False) + "\n"


def _init(arguments: argparse.Namespace) -> None:
    folder = Path(arguments.folder)
    examples = resources.files("wallnet.config")
    workflow = Path(workflow_path()).parent
    texts = {folder / to: examples.joinpath(of).read_text("utf-8") for to, of in EXAMPLES.items()}
    texts[folder / SCHEMA] = schema_text()
    for path in sorted(workflow.glob("profiles/*/config.yaml")):
        texts[folder / path.relative_to(workflow)] = path.read_text("utf-8")
    for path in texts:
        if path.exists():
            raise ConfigError(f"{path} already exists; remove it or give another folder")
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{error.filename} cannot be written ({error.strerror}); give another folder"
        ) from None
    print(f"{', '.join(EXAMPLES)}, {SCHEMA} and profiles written; run the campaign with")
    print(f"    cd {shlex.quote(str(folder))}")
    print("    snakemake --cores 2 --logger wallnet")
