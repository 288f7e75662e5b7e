"""The functions of `wallnet.api` that ask one study of one device, made from the registry."""

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import numpy as np
from pydantic.fields import FieldInfo

from wallnet.api.running import run
from wallnet.config import Campaign, ConfigError, Device
from wallnet.config.quantities import Section
from wallnet.config.schema import described
from wallnet.files.schema import KINDS, VARIABLES
from wallnet.studies import Study

if TYPE_CHECKING:
    import xarray

WIDTH = 96
"""Number of characters in a line of a docstring."""

NAMING = ("device", "devices")
"""Keys of settings that name the device, which is a parameter of the functions instead."""

SEVERAL = ("device : Device or mapping", "The device, or devices by their names in the settings.")
"""The parameter `device` of studies whose settings name several devices, and its meaning."""

OPTIONS = {
    "name": ("str", "Name of the device in file names, and in settings that name a device."),
    "subject": ("str, optional", "Name of {missing} in file names; `name` if not given."),
    "folder": (
        "str or Path, optional",
        "Folder of a campaign, for the files of the workflow. Finished ones of the same jobs are "
        "reused, so that an interrupted call goes on. Without it, no file is kept.",
    ),
    "processes": ("int, optional", "Number of simulations at once; one for each core by default."),
    "progress": ("bool", "Whether to show a progress bar."),
}
"""Type and meaning of the parameters beside device and settings."""


def function_of(study: Study) -> "Callable[..., xarray.Dataset]":
    """Return the function that simulates and gathers what a study asks of a device.

    Its signature and its docstring are made from the settings of the study. If these name several
    devices, so does the function.
    """
    fields = study.settings.model_fields
    several = not (study.of_device or {*NAMING} & {*fields})

    def ask(
        device: Device | Mapping[str, Device],
        *,
        name: str = "device",
        subject: str | None = None,
        folder: str | Path | None = None,
        processes: int | None = None,
        progress: bool = True,
        **settings: Any,
    ) -> "xarray.Dataset":
        block = {key: _listed(value) for key, value in settings.items()}
        sections = {key: block.pop(key) for key in study.sections if key in block}
        names = {"device": name, "devices": [name]}
        block |= {key: names[key] for key in NAMING if key in fields}
        asked = block if study.each else {subject or name: block}
        devices = {name: device} if isinstance(device, Device) else device
        if devices is device and not several:
            raise ConfigError(f"{study.name} asks about one device; call it once for each")
        plain = {key: each.plain() for key, each in devices.items()}
        data = {"devices": plain, study.name: asked} | sections
        with run(data, f"api.{study.name}", folder, processes, progress) as made:
            return made.study(study)

    given = inspect.signature(ask).parameters
    named = not (study.each or study.of_device)
    options = [given[key] for key in OPTIONS if key != "subject" or named]
    settings = [_parameter(key, field) for key, field in fields.items() if key not in NAMING]
    settings += [_parameter(key, Campaign.model_fields[key]) for key in study.sections]
    settings.sort(key=lambda each: each.default is not inspect.Parameter.empty)
    asked_of = given["device"] if several else given["device"].replace(annotation=Device)
    ask.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [asked_of, *settings, *options]
    )
    ask.__name__ = ask.__qualname__ = study.name
    ask.__module__ = "wallnet.api"
    ask.__doc__ = _docstring(study, several, settings, options)
    return ask


def _parameter(key: str, field: FieldInfo) -> inspect.Parameter:
    default = inspect.Parameter.empty
    if not field.is_required():
        default = field.get_default(call_default_factory=True)
    return inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default)


def _listed(value: Any) -> Any:
    """Return numbers of NumPy as those that a configuration has."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _docstring(
    study: Study,
    several: bool,
    settings: list[inspect.Parameter],
    options: list[inspect.Parameter],
) -> str:
    """Return the docstring of the function of a study, in NumPy style."""
    meanings, types = dict(_keys(study.settings)), get_type_hints(study.settings)
    if study.sections:
        meanings, types = dict(_keys(Campaign)) | meanings, get_type_hints(Campaign) | types
    parameters = [_entry(*SEVERAL if several else ("device : Device", "The device."))]
    for each in settings:
        kind = re.sub(r"(\w+\.)+", "", inspect.formatannotation(types[each.name]))
        if (default := each.default) is not inspect.Parameter.empty:
            kind += f", default {default:g}" if type(default) is float else f", default {default!r}"
        parameters.append(_entry(f"{each.name} : {kind}", meanings[each.name]))
    for each in options:
        kind, meaning = OPTIONS[each.name]
        meaning = _filled(meaning.format(missing=study.missing))
        parameters.append(_entry(f"{each.name} : {kind}", meaning))
    variables = "\n".join(
        _item(name, VARIABLES[name].long_name + _unit(VARIABLES[name].units))
        for name in KINDS[study.kind]
    )
    sections = {
        "Parameters": "\n".join(parameters),
        "Returns": _entry("xarray.Dataset", f"Kind ``{study.kind}``:\n\n{variables}"),
        "Raises": _entry("wallnet.config.ConfigError", "If a setting is not valid.")
        + "\n"
        + _entry("wallnet.simulate.SimulationError", "If a simulation fails."),
    }
    told = [
        inspect.getdoc(study.settings) or "",
        _filled(
            f"This is the target ``{study.name}`` of the workflow"
            f"{'' if several else ', for one device'}. The settings are the keys of "
            f"``{study.name}`` in ``config.yaml``, in SI units."
        ),
        *(f"{title}\n{'-' * len(title)}\n{text}" for title, text in sections.items()),
    ]
    return "\n\n".join(told) + "\n"


def _keys(model: type[Section]) -> Iterator[tuple[str, str]]:
    """Yield the keys of a section and their meanings, with those of the sections in it."""
    types = get_type_hints(model)
    for key, meaning in described(model).items():
        items = [
            _item(inner, text) for each in _sections(types[key]) for inner, text in _keys(each)
        ]
        yield key, "\n\n".join([_filled(meaning), *(["\n".join(items)] if items else [])])


def _sections(kind: Any) -> Iterator[type[Section]]:
    """Yield the sections in a type."""
    if isinstance(kind, type) and issubclass(kind, Section):
        yield kind
    for inner in get_args(kind):
        yield from _sections(inner)


def _unit(unit: str) -> str:
    return f" ({unit})" if unit not in ("", "1") else ""


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH - 8)


def _entry(head: str, text: str) -> str:
    return f"{head}\n{textwrap.indent(text, '    ')}"


def _item(name: str, text: str) -> str:
    # a list within an item ends with an empty line
    end = "\n" if "\n\n" in text else ""
    return f"- {name}: {textwrap.indent(text, '  ').lstrip()}{end}"
