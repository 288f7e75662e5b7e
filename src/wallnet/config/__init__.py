"""The typed campaign: every key of `config.yaml`, its unit and its bounds.

`load` and `parse` are the only ways in. Whatever is wrong is said in one sentence a problem,
naming the key and the mend, as a `ConfigError`.
"""

import difflib
import re
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from wallnet.config.calculators import FilmSettings, OommfSettings
from wallnet.config.crosscheck import Crosscheck
from wallnet.config.devices import (
    CURRENT_DENSITY_STEP,
    VACUUM_PERMEABILITY,
    Detector,
    Device,
    Material,
    Notches,
    Output,
    Pulse,
    Relaxation,
    Track,
    Wall,
    current_name,
    parse_current,
)
from wallnet.config.figures import Figures
from wallnet.config.networks import Networks
from wallnet.config.quantities import ConfigError, CurrentDensity, Section, laid_over
from wallnet.files import one_line

__all__ = [
    "CURRENT_DENSITY_STEP",
    "VACUUM_PERMEABILITY",
    "Campaign",
    "ConfigError",
    "Crosscheck",
    "Detector",
    "Device",
    "Figures",
    "FilmSettings",
    "Material",
    "Networks",
    "Notches",
    "OommfSettings",
    "Output",
    "Pulse",
    "Relaxation",
    "Track",
    "Wall",
    "current_name",
    "load",
    "load_device",
    "parse",
    "parse_current",
    "parse_current_density",
    "read_yaml",
]

LARGEST_FILE = 1_000_000
"""A configuration above this many bytes is refused unread."""

_DEVICE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")

_SHARED = ("material", "calculator", "film", "oommf", "calculator_settings", "output")
"""Top-level keys that every device inherits."""


class Campaign(Section):
    """The whole of `config.yaml`, with what devices inherit filled in."""

    devices: dict[str, Device]
    networks: Networks
    figures: Figures = Figures()
    crosscheck: Crosscheck = Crosscheck()

    def of_kind(self, kind: str) -> list[str]:
        """Return the names of all devices of a kind (`neuron`, `synapse` or `track`)."""
        return [name for name, device in self.devices.items() if device.kind == kind]


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is not None and key != "<<":
                if key in seen:
                    raise ConfigError(
                        f"{node.start_mark.name}: {key} stands twice in one block "
                        f"(line {key_node.start_mark.line + 1}); remove or rename one of them"
                    )
                seen.add(key)
        return super().construct_mapping(node, deep)

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases: a few lines of them can unfold into gigabytes."""
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark
            raise ConfigError(
                f"{mark.name}: line {mark.line + 1} uses a YAML alias; write the value out, "
                "or let a device inherit with `like:`"
            )
        return super().compose_node(parent, index)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a YAML file, refusing what would be lost or unsafe in silence.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    dict
        Its plain contents.

    Raises
    ------
    ConfigError
        If the file is missing, too large, no YAML mapping or has a key twice.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConfigError(f"{path} is larger than {LARGEST_FILE} bytes; is it a configuration?")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); check the path") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text; save it as UTF-8") from None
    loader = None
    try:
        loader = _Loader(text)
        loader.name = str(path)
        data = loader.get_single_data()
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {one_line(error)}; mend that line") from None
    except (RecursionError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{path} is not valid YAML ({one_line(error)}); mend it") from None
    finally:
        if loader is not None:
            loader.dispose()
    if not isinstance(data, dict):
        raise ConfigError(f"{path} holds no keys; start from the config.yaml of the repository")
    return data


def _resolve(name: str, raw: Mapping[str, Any], chain: tuple[str, ...]) -> dict[str, Any]:
    """Follow `like:` from one device to the ones that it varies."""
    device = raw[name]
    if not isinstance(device, Mapping):
        raise ConfigError(f"devices.{name} is not a block of keys; give it kind, track, wall, …")
    if "like" not in device:
        return dict(device)
    model = device["like"]
    if not isinstance(model, str) or model not in raw:
        raise ConfigError(
            f"devices.{name}.like names {_shown(model)}, which is no device; "
            f"use one of {', '.join(map(_key, raw))}"
        )
    if model in chain or model == name:
        raise ConfigError(f"devices.{name}.like leads back to itself; point it to a plain device")
    own = {key: value for key, value in device.items() if key != "like"}
    return laid_over(_resolve(model, raw, (*chain, name)), own)


_LONGEST_SHOWN = 60
"""Characters of a value or a key that a message repeats."""


def _shown(value: Any) -> str:
    """Write a value into a message: in one line, and not all of it if it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python writes out no whole number of thousands of digits
        text = "a number of thousands of digits"
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _key(part: Any) -> str:
    """Write a key into a message: as it stands, unless it would break the line."""
    text = str(part)
    return text if text.isprintable() and 0 < len(text) <= _LONGEST_SHOWN else _shown(text)


def _field_names(root: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """List the keys that the block at a location knows."""
    model: Any = root
    for part in location:
        fields = getattr(model, "model_fields", None)
        if fields is None:
            arguments = [a for a in getattr(model, "__args__", ()) if hasattr(a, "model_fields")]
            if not arguments:
                return []
            model = arguments[0]
            if isinstance(part, int):
                continue
            if part not in model.model_fields:
                continue
            fields = model.model_fields
        if part in fields:
            model = fields[part].annotation
            candidates = [a for a in getattr(model, "__args__", ()) if hasattr(a, "model_fields")]
            if candidates and getattr(model, "__origin__", None) is not dict:
                model = candidates[0]
    return list(getattr(model, "model_fields", ()))


def _location(error: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Return the keys that lead to a finding, without pydantic's names of a union's branches."""
    return tuple(p for p in error["loc"] if not re.match(r"function-|literal\[|float$", str(p)))


def _sentence(root: type[BaseModel], error: Mapping[str, Any], prefix: str) -> str:
    """Turn one of pydantic's findings into a sentence with the key and the mend."""
    location = _location(error)
    key = ".".join((prefix, *map(_key, location)))
    value = error.get("input")
    shown = _shown(value) if not isinstance(value, dict | list | tuple | BaseModel) else None
    kind = error["type"]
    if kind == "missing":
        return f"{key} is missing; add it"
    if kind == "invalid_key":
        return f"{key} is not a name; quote it as text or remove it"
    if kind == "extra_forbidden":
        known = _field_names(root, location[:-1])
        near = difflib.get_close_matches(str(location[-1]), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known) or 'none'}"
        return f"{key} is not a key of the configuration; remove it ({hint})"
    if kind == "literal_error":
        return f"{key} is {shown}; use {error['ctx']['expected']}"
    if kind in ("number", "bounds"):
        unfit = "a block" if isinstance(value, dict) else "a list"
        return f"{key} = {shown or unfit} {error['msg']}"
    if kind == "value_error":
        message = str(error["ctx"]["error"])
        names_a_key = re.split(r"[. ]", message)[0] in _field_names(root, location)
        return f"{key}.{message}" if names_a_key else f"{key} {message}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"{key} is {shown or 'a list'}, not a block of keys; indent its keys below it"
    if kind in ("tuple_type", "list_type"):
        return f"{key} is {shown or 'a block'}, not a list; write it like [a, b]"
    return f"{key} is {shown or 'unsuitable'}: {error['msg'].lower()}; correct it"


def _validate(model: type[BaseModel], data: Any, prefix: str) -> tuple[Any, list[str]]:
    """Validate a block and collect what is wrong with it."""
    try:
        return model.model_validate(data), []
    except ValidationError as invalid:
        sentences: dict[tuple[int | str, ...], str] = {}
        for error in invalid.errors(include_url=False, include_context=True):
            # the branches of a union fail one by one; the first says what is expected
            sentences.setdefault(_location(error), _sentence(model, error, prefix))
        return None, list(sentences.values())


def parse(data: Mapping[str, Any], source: str = "config.yaml") -> Campaign:
    """Check plain data and return the campaign that it describes.

    Parameters
    ----------
    data : Mapping
        Contents of `config.yaml`, overrides already merged.
    source : str
        What to call it in messages.

    Returns
    -------
    Campaign
        The campaign, each device complete.

    Raises
    ------
    ConfigError
        With one line for each problem, naming the key and the mend.
    """
    known = {*Campaign.model_fields, *_SHARED}
    problems: list[str] = []
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(known))}"
            problems.append(f"{_key(key)} is not a key of the configuration; remove it ({hint})")
    raw = data.get("devices")
    if not isinstance(raw, Mapping) or not raw:
        problems.append("devices is missing or empty; describe at least one device")
        raw = {}
    raw = {str(name): device for name, device in raw.items()}
    shared = {key: data[key] for key in _SHARED if key in data}
    devices: dict[str, Device] = {}
    for name in raw:
        if not _DEVICE_NAME.match(name) or name == "none":
            problems.append(
                f"devices.{_key(name)} cannot name files; use small letters, digits, '-' and '_', "
                "and not 'none'"
            )
            continue
        try:
            merged = laid_over(shared, _resolve(name, raw, ()))
        except ConfigError as error:
            problems.append(str(error))
            continue
        device, found = _validate(Device, merged, f"devices.{name}")
        # a fault in what all devices share is said once, under its own name
        problems += [_shared_key(sentence, name, raw, shared) for sentence in found]
        if device is not None:
            devices[name] = device
    sections: dict[str, Any] = {}
    blocks = (("networks", Networks), ("figures", Figures), ("crosscheck", Crosscheck))
    for key, model in blocks:
        sections[key], found = _validate(model, data.get(key, {}), key)
        problems += found
    if not problems:
        problems += sections["networks"].problems(devices)
        problems += sections["crosscheck"].problems(devices, _validate)
    if problems:
        raise ConfigError("\n".join(f"{source}: {p}" for p in dict.fromkeys(problems)))
    return Campaign.model_construct(devices=devices, **sections)


def _shared_key(sentence: str, name: str, raw: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    """Name the top-level key where a device only inherited the fault."""
    prefix = f"devices.{name}."
    if not sentence.startswith(prefix):
        return sentence
    path = re.split(r"[\s:]", sentence[len(prefix) :], maxsplit=1)[0].split(".")
    own: Any = _resolve(name, raw, ())
    for part in path:
        if not isinstance(own, Mapping) or part not in own:
            return sentence[len(prefix) :] if path[0] in shared else sentence
        own = own[part]
    return sentence


def load(path: str | Path) -> Campaign:
    """Read and check a configuration file.

    Parameters
    ----------
    path : str or Path
        The file, in YAML.

    Returns
    -------
    Campaign
        The campaign.

    Raises
    ------
    ConfigError
        If the file cannot be read or describes no valid campaign.
    """
    return parse(read_yaml(path), source=str(path))


def load_device(path: str | Path, name: str, changes: Sequence[str] = ()) -> Device:
    """Read one device of a configuration file, with keys changed by hand.

    Parameters
    ----------
    path : str or Path
        The file, in YAML.
    name : str
        The device.
    changes : sequence of str
        Such as ``material.damping=0.2``; the keys are those of the device.

    Returns
    -------
    Device
        The device.

    Raises
    ------
    ConfigError
        If the file, the device or a change is not valid.
    """
    data = read_yaml(path)
    devices = data.get("devices")
    if not isinstance(devices, dict) or not isinstance(devices.get(name), dict):
        known = ", ".join(map(str, devices)) if isinstance(devices, dict) else "none"
        raise ConfigError(f"{path} has no device {name!r}; it has: {known}")
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals or not all(key.split(".")):
            raise ConfigError(f"--set {change} is not KEY=VALUE; write material.damping=0.2")
        block = devices[name]
        *parents, last = key.split(".")
        for parent in parents:
            if not isinstance(block.get(parent), dict):
                block[parent] = {}
            block = block[parent]
        try:
            block[last] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise ConfigError(f"--set {change} has no valid value; write it as in YAML") from None
    return parse(data, source=str(path)).devices[name]


def parse_current_density(text: str) -> float:
    """Read a current density in A/m² as a person types it.

    Raises
    ------
    ConfigError
        If it is no number or out of bounds.
    """
    try:
        return TypeAdapter(CurrentDensity).validate_python(text)
    except ValidationError as invalid:
        error = invalid.errors(include_url=False)[0]
        raise ConfigError(f"--current-density = {text} {error['msg']}") from None
