"""The functions of `wallnet.api` that ask one study of one device, made from the registry."""

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import numpy as np

from wallnet.api import running
from wallnet.config import Campaign, ConfigError, Device
from wallnet.config.quantities import Section
from wallnet.config.schema import described
from wallnet.files.schema import KINDS, VARIABLES
from wallnet.studies import Study

if TYPE_CHECKING:
    import xarray

NAMING = ("device", "devices")
"""Keys of settings that name the device, which is a parameter of the functions instead."""


def function_of(study: Study) -> "Callable[..., xarray.Dataset]":
    """Return the function that simulates and gathers what a study asks of a device.

    Its signature and its docstring have the settings of the study. If these name several devices,
    so does the function.
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
        """Ask the study ``{name}`` of a device, as the target of this name in the workflow.

        {study}

        Parameters
        ----------
        device : Device
            The device; several by their names if the settings name them.
        **settings
            The keys of ``{name}`` in ``config.yaml``, in SI units:

        {settings}
        name : str
            Name of the device in file names, and in settings that name a device.
        subject : str, optional
            Name of {missing} in file names; `name` if not given. Studies that ask each device once
            ignore it.
        folder : str or Path, optional
            Folder of a campaign, for the files of the workflow. Finished ones of the same jobs are
            reused, so that an interrupted call goes on. Without it, no file is kept.
        processes : int, optional
            Number of simulations at once; one for each core by default.
        progress : bool
            Whether to show a progress bar.

        Returns
        -------
        xarray.Dataset
            Kind ``{kind}``:

        {variables}

        Raises
        ------
        wallnet.config.ConfigError
            If a setting is not valid.
        wallnet.simulate.SimulationError
            If a simulation fails.
        """
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
        return running.ask(study, data, f"api.{study.name}", folder, processes, progress)

    device, *options, _ = inspect.signature(ask).parameters.values()
    shown = {key: field for key, field in fields.items() if key not in NAMING}
    shown |= {key: Campaign.model_fields[key] for key in study.sections}
    settings = []
    for key, field in shown.items():
        default = inspect.Parameter.empty if field.is_required() else field.default
        settings.append(inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default))
    ask.__signature__ = inspect.Signature([device, *settings, *options])  # type: ignore[attr-defined]
    ask.__name__ = ask.__qualname__ = study.name
    ask.__module__ = "wallnet.api"
    items = [*_items(study.settings, shown), *_items(Campaign, study.sections)]
    variables = [f"    - {key}: {VARIABLES[key].long_name}" for key in KINDS[study.kind]]
    ask.__doc__ = inspect.cleandoc(ask.__doc__ or "").format(
        study=inspect.getdoc(study.settings),
        name=study.name,
        settings="\n".join(items),
        missing=study.missing,
        kind=study.kind,
        variables="\n".join(variables),
    )
    return ask


def _listed(value: Any) -> Any:
    """Return numbers of NumPy as those that a configuration has."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _items(
    model: type[Section], keys: Collection[str] | None = None, indent: str = "    "
) -> Iterator[str]:
    """Yield the keys of a section with their meanings, as a list with those of inner sections."""
    types = get_type_hints(model)
    for key, meaning in described(model).items():
        if keys is None or key in keys:
            yield f"{indent}- {key}: {meaning}"
            for inner in _sections(types[key]):
                yield from ["", *_items(inner, indent=f"{indent}  "), ""]


def _sections(kind: Any) -> Iterator[type[Section]]:
    """Yield the sections in a type."""
    if isinstance(kind, type) and issubclass(kind, Section):
        yield kind
    for inner in get_args(kind):
        yield from _sections(inner)
