"""Reader of YAML files that loses no key and executes nothing."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from wallnet.config.messages import ConfigError
from wallnet.files.whole import LARGEST_TEXT, one_line, regular

CONFIGURATION, STUDIES = "config.yaml", "studies.yaml"
"""Files of a campaign; studies that the target `all` does not need can stand in the second."""

TEMPLATE = "__use_yte__"
"""Key with which Snakemake takes a configuration as a template, whose expressions it executes."""


class _Loader(yaml.SafeLoader):
    """Safe loader that refuses duplicate keys and aliases."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is not None:
                if key in seen:
                    place = f"in one block (line {key_node.start_mark.line + 1})"
                    raise ConfigError(f"{key} occurs twice {place}; remove or rename one of them")
                seen.add(key)
        return super().construct_mapping(node, deep)

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases, since a few lines of them can expand to gigabytes."""
        if self.check_event(yaml.events.AliasEvent):
            line = self.current_event.start_mark.line + 1
            raise ConfigError(f"line {line} uses a YAML alias; write its value or use `like:`")
        return super().compose_node(parent, index)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML file as plain data.

    Raises
    ------
    ConfigError
        If the file is missing, too large, irregular, no YAML mapping, or contains a duplicate key,
        an alias or the key of a template.
    """
    path = Path(path)
    try:
        text = regular(path, LARGEST_TEXT).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); check the path") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text; save it as UTF-8") from None
    try:
        data = yaml.load(text, _Loader)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "it"
        problem = one_line(getattr(error, "problem", error))
        fix = "use spaces instead of tabs" if r"\t" in problem else "fix that line"
        raise ConfigError(f"{path}: {where} is not valid YAML ({problem}); {fix}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path} contains no keys; `wallnet init` writes an example")
    if TEMPLATE in data:
        raise ConfigError(f"{path}: {TEMPLATE} makes Snakemake execute Python code; remove it")
    return data


def read_campaign(path: str | Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Read a configuration file, with `studies.yaml` beside a `config.yaml`, as plain data.

    The second value is the file of each key that stands in `studies.yaml`.

    Raises
    ------
    ConfigError
        If a file is not valid (`read_yaml`), or a key stands in both.
    """
    data = read_yaml(path)
    beside = Path(path).with_name(STUDIES)
    if Path(path).name != CONFIGURATION or not beside.exists():
        return data, {}
    more = read_yaml(beside)
    for key in more:
        if key in data:
            raise ConfigError(f"{beside}: {key} stands in {path} too; keep one of them")
    return data | more, dict.fromkeys(more, str(beside))
