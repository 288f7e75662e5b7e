"""The whole configuration, created only by `load` and `parse`."""

import contextlib
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, Field, PrivateAttr, create_model

from wallnet.config import imperfections
from wallnet.config.devices import Device
from wallnet.config.imperfections import AsMade, DeviceImperfections
from wallnet.config.inheritance import SHARED, lineage, resolved, writes
from wallnet.config.measured import MEASURED, MeasuredDevice
from wallnet.config.messages import (
    ConfigError,
    Finding,
    finding_of,
    shown_key,
    unknown_key,
    validated,
)
from wallnet.config.networks import Networks
from wallnet.config.quantities import NAME, Name, Quantity, Section
from wallnet.config.reading import read_campaign, read_yaml
from wallnet.config.reference import Reference
from wallnet.files.plain import laid_over


class Figures(Section):
    """Style of all figures."""

    width: Annotated[float, Quantity("m", 0.02, 1.0, fix="0.178 m is a page")] = 0.178
    """Width of a figure. Source: width of a page."""
    font_size: Annotated[float, Quantity("pt", 4.0, 24.0)] = 8.0
    """Size of all text. Source: our choice."""
    resolution: Annotated[int, Field(ge=72, le=1200)] = 200
    """Dots per inch of the PNG. Source: our choice."""
    vector_format: Literal["pdf", "svg"] = "pdf"
    """Format of the vector file. Source: our choice."""


class Campaign(Section):
    """Contents of `config.yaml`, with the inherited keys of all devices filled in."""

    devices: dict[Name, Device | MeasuredDevice] = Field(json_schema_extra={"minProperties": 1})
    """The devices, by name."""
    networks: Networks = Networks()
    """The networks that are trained with them."""
    imperfections: dict[Name, DeviceImperfections] = {}
    """What is known of the imperfections of synapses; those of others are assumed."""
    as_made: dict[Name, AsMade] = {}
    """Sets of causes with which networks are evaluated on devices as they are made."""
    reference: Reference = Reference()
    """Reference data with which simulated devices are compared."""
    figures: Figures = Figures()
    """Style of the figures."""
    runs_per_job: Literal[1, 2, 4, 8, 16, 32, 64] = 8
    """Most replicas, samples or short runs that one job simulates. No result depends on it. Source:
    our choice."""
    _studies: dict[str, dict[str, Any]] = PrivateAttr(default={})
    _warnings: tuple[str, ...] = PrivateAttr(default=())

    @property
    def studies(self) -> dict[str, dict[str, Any]]:
        """Settings of the studies, by the name of the study and of its subject."""
        return self._studies

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about valid values of the devices: sentences that begin with a key."""
        return self._warnings

    @property
    def simulated(self) -> dict[str, Device]:
        """The devices that are simulated, by name."""
        return {name: device for name, device in self.devices.items() if isinstance(device, Device)}

    def at_sample(self, number: int) -> Self:
        """Return the campaign with a numbered sample of each simulated device."""
        samples = {
            name: device.of_sample(number)
            for name, device in self.simulated.items()
            if device.disorder
        }
        return self.model_copy(update={"devices": {**self.devices, **samples}})

    @property
    def measured(self) -> dict[str, MeasuredDevice]:
        """The devices that were measured, by name."""
        return {name: d for name, d in self.devices.items() if isinstance(d, MeasuredDevice)}

    @property
    def without_optional(self) -> Self:
        """The campaign without its optional devices and their studies."""
        left_out = {name for name, device in self.simulated.items() if device.optional}
        devices = {name: self.devices[name] for name in self.devices if name not in left_out}
        campaign = self.model_copy(update={"devices": devices})
        campaign._studies = {
            study: {
                name: settings
                for name, settings in subjects.items()
                if getattr(settings, "device", name) not in left_out
            }
            for study, subjects in self._studies.items()
        }
        return campaign

    def of_kind(self, kind: str) -> list[str]:
        """Return the names of all devices of a kind, such as `neuron` or `synapse`."""
        return [name for name, device in self.devices.items() if device.kind == kind]


CheckDevice = Callable[[Device], tuple[str, list[str]]]
"""Function of a valid device. It returns why the device cannot be simulated, empty if it can, and
warnings; all are sentences that begin with a key of the device."""


def parse(
    data: Mapping[str, Any],
    check: CheckDevice,
    source: str = "config.yaml",
    studies: Mapping[str, Any] = MappingProxyType({}),
    elsewhere: Mapping[str, str] = MappingProxyType({}),
) -> Campaign:
    """Check plain data and return the campaign that it describes, with inherited keys filled in.

    Parameters
    ----------
    data : Mapping
        Contents of `config.yaml`, with overrides already merged.
    check : callable
        Function that judges each device (`wallnet.jobs.film.check`).
    source : str
        Name of the data in messages.
    studies : Mapping
        Studies (`questions.question.Question`) by their keys. Without them, a campaign has none,
        and their keys are unknown.
    elsewhere : Mapping
        Files of keys that are not in `source`, for messages.

    Raises
    ------
    ConfigError
        If the data is not valid. Each problem is one line that names the key and the fix.
    """
    keys = sorted({*Campaign.model_fields, *SHARED, *studies})
    problems = [shown_key(key) + unknown_key(key, keys) for key in data if key not in keys]
    raw = data.get("devices")
    if not isinstance(raw, Mapping) or not raw:
        problems.append("devices is missing or empty; describe at least one device")
        raw = {}
    devices, device_problems, doubts = _devices(
        {str(name): device for name, device in raw.items()},
        {key: data[key] for key in SHARED if key in data},
        check,
    )
    blocks = {key: data[key] for key in keys if key in data and key not in SHARED}
    campaign, findings = validated(with_studies(studies), blocks | {"devices": devices})
    more = [_nameless(finding, studies, blocks) or finding.sentence() for finding in findings]
    _refuse([*problems, *device_problems, *more], source, elsewhere)
    assert campaign is not None

    def validate(model: type[BaseModel], data: object, prefix: str) -> tuple[Any, list[str]]:
        """Validate a block; return its model and the problems."""
        block, findings, _ = _judged(model, data, check)
        return block, [finding.sentence(prefix) for finding in findings]

    settings = {key: getattr(campaign, key) for key in studies}
    problems = campaign.reference.problems(campaign.simulated)
    for key, study in studies.items():
        for name, entry in ({"": settings[key]} if study.shared else settings[key]).items():
            where = f"{key}.{name}" if name else key
            problems += study.problems(where, name, entry, campaign, validate)
        if study.shared:
            settings[key] = dict.fromkeys(study.subjects_in(settings[key], devices), settings[key])
    used = campaign.networks.level_sets
    needed = {key: settings[key] for key, study in studies.items() if used & {*study.level_sets}}
    problems += campaign.networks.problems(devices, settings.get("pulse_trains", ()), needed)
    described = campaign.imperfections, campaign.as_made, campaign.networks
    problems += imperfections.problems(*described, settings)
    _refuse(problems, source, elsewhere)
    campaign = campaign.model_copy(update={"networks": campaign.networks.model_copy()})
    campaign.networks._measured = frozenset(campaign.measured)
    campaign._studies, campaign._warnings = settings, tuple(dict.fromkeys(doubts))
    return campaign


MOST_DEVICES = 1000
"""Largest number of devices, of which each is judged and drawn."""


def with_studies(studies: Mapping[str, Any]) -> type[Campaign]:
    """Return the model of a campaign with a key for each study."""
    return _with_blocks(tuple((key, s.settings, s.shared) for key, s in studies.items()))


def _nameless(finding: Finding, studies: Mapping[str, Any], blocks: Mapping[str, Any]) -> str:
    """Return a sentence if settings of a study stand in the place of its names, else nothing.

    A key that is also a setting, such as `device`, is a name if settings stand below it.
    """
    key, inner = str(finding.key[0]), finding.key[1:]
    if inner and key in studies and not studies[key].shared:
        fields, below = studies[key].settings.model_fields, blocks[key].get(inner[0])
        if inner[0] in fields and not (isinstance(below, Mapping) and fields.keys() & below):
            return f"{key} lacks a name; write {key}: {{name: {{...}}}}"
    return ""


@cache
def _with_blocks(blocks: tuple[tuple[str, Any, bool], ...]) -> type[Campaign]:
    keys: dict[str, Any] = {}
    for key, settings, single in blocks:
        kind = settings if single else dict[Name, settings]  # type: ignore[valid-type]
        default = {"default_factory": settings} if single else {"default": {}}
        about = (settings.__doc__ or "").partition("\n")[0]
        keys[key] = kind, Field(**default, description=about)
    return create_model("Campaign", __base__=Campaign, __doc__=Campaign.__doc__, **keys)


def _refuse(problems: Iterable[str], source: str, elsewhere: Mapping[str, str]) -> None:
    """Raise an error with all problems, if there are any."""
    places = ((elsewhere.get(re.split(r"\W", p)[0], source), p) for p in problems)
    if lines := dict.fromkeys(f"{place}: {p}" for place, p in places):
        raise ConfigError("\n".join(lines))


def _judged(
    model: type[BaseModel], data: object, check: CheckDevice
) -> tuple[Any, list[Finding], list[Finding]]:
    """Validate a block, and judge a device; return its model, its problems and its warnings."""
    block, findings = validated(model, data)
    if not isinstance(block, Device):
        return block, findings, []
    fault, doubts = check(block)
    if fault:
        return None, [finding_of(Device, (), fault)], []
    return block, [], [finding_of(Device, (), doubt) for doubt in doubts]


def _devices(
    raw: Mapping[str, Any], shared: Mapping[str, Any], check: CheckDevice
) -> tuple[dict[str, Device | MeasuredDevice], list[str], list[str]]:
    """Return the valid devices, the problems of the others, and the warnings of the valid ones.

    A finding that devices inherit is reported once, under the key that the user wrote.
    """
    devices: dict[str, Device | MeasuredDevice] = {}
    problems: list[str] = []
    if len(raw) > MOST_DEVICES:
        fault = f"devices has {len(raw)} devices, more than {MOST_DEVICES}; split the campaign"
        return {}, [f"{fault}, or vary keys in sweeps"], []
    findings: dict[str, list[Finding]] = {}
    doubts: dict[str, list[Finding]] = {}
    for name in raw:
        try:
            NAME.checked(name)
            own = resolved(name, raw)
        except ConfigError as error:
            problems.append(str(error))
            continue
        except ValueError as error:
            problems.append(f"devices.{shown_key(name)} {error}")
            continue
        measured = own.get("kind") == MEASURED
        model = MeasuredDevice if measured else Device
        data = own if measured else laid_over(shared, own)
        device, findings[name], doubts[name] = _judged(model, data, check)
        if device is not None:
            devices[name] = device
    problems += _reported(findings, raw, shared)
    return devices, problems, [*_reported(doubts, raw, shared)]


def _reported(
    findings: Mapping[str, Sequence[Finding]], raw: Mapping[str, Any], shared: Mapping[str, Any]
) -> Iterator[str]:
    """Yield the sentences of the findings of devices, each under the key that the user wrote.

    Of a key that devices share, the first is enough: limits of films differ by the track.
    """
    shared_keys = set()
    for name, own in findings.items():
        model_name = str(raw[name].get("like"))
        for finding in own:
            if finding in findings.get(model_name, ()) and not writes(raw[name], finding.key):
                continue
            inherited = finding.key[0] in shared and not writes(resolved(name, raw), finding.cause)
            if inherited and finding.key in shared_keys:
                continue
            shared_keys |= {finding.key} if inherited else set()
            yield finding.sentence(*(() if inherited else ("devices", name)))


def load(
    path: str | Path, check: CheckDevice, studies: Mapping[str, Any] = MappingProxyType({})
) -> Campaign:
    """Read and check a configuration file (`read_campaign`, `parse`)."""
    data, elsewhere = read_campaign(path)
    with contextlib.chdir(Path(path).parent):
        return parse(data, check, str(path), studies, elsewhere)


def load_device(
    path: str | Path, name: str, check: CheckDevice, changes: Sequence[str] = ()
) -> Device:
    """Read one simulated device of a configuration file, with some keys changed.

    Only the device and those from which it inherits are checked.

    Parameters
    ----------
    path : str or Path
        The file, in YAML.
    name : str
        The device.
    check : callable
        Function that judges the device, as for `parse`.
    changes : sequence of str
        Changes such as ``material.damping=0.2``; the keys are those of the device.

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
        names = ", ".join(map(str, devices)) if isinstance(devices, dict) else "none"
        raise ConfigError(f"{path} has no device {name!r}; it has: {names}")
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
    # heirs and other sections, such as pulses from its states, need not be valid after the change
    blocks = {str(key): block for key, block in devices.items()}
    try:
        heirs = lineage(name, blocks)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    alone = {key: data[key] for key in SHARED if key in data}
    alone |= {"devices": {heir: blocks[heir] for heir in heirs}}
    with contextlib.chdir(Path(path).parent):
        return one_device(alone, name, check, str(path))


def one_device(data: Mapping[str, Any], name: str, check: CheckDevice, source: str) -> Device:
    """Return a simulated device of plain data, and warn where its values are doubtful.

    The errors are those of `parse`.
    """
    campaign = parse(data, check, source)
    for text in campaign.warnings:
        warnings.warn(f"{source}: {text}", stacklevel=3)
    device = campaign.devices[name]
    if isinstance(device, MeasuredDevice):
        raise ConfigError(f"{source}: devices.{name} is measured; name one that is simulated")
    return device
