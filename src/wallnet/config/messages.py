"""Messages about problems of a configuration; each names the key and the fix."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from wallnet.errors import UserError

Location = tuple[int | str, ...]
"""The keys that lead to a value."""

Model = TypeVar("Model", bound=BaseModel)

_LONGEST_SHOWN = 60
"""Largest number of characters of a value or a key in a message."""


class ConfigError(UserError, ValueError):
    """The configuration cannot be used; the message names the key and the fix."""


@dataclass(frozen=True)
class Finding:
    """One problem of a block."""

    key: Location
    """The key that the sentence names, relative to the block."""
    text: str
    """The sentence after the key."""
    cause: Location
    """The key or the block whose values cause the problem."""

    def sentence(self, *block: str) -> str:
        """Return the sentence, with the full key, of which `block` is the first part."""
        return ".".join(map(shown_key, (*block, *self.key))) + self.text


def shown(value: object) -> str:
    """Return a value as text for a message: in one line, and shortened if it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python does not convert integers of thousands of digits to text
        text = "a number of thousands of digits"
    text = " ".join(map(str.strip, text.splitlines()))
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def shown_key(part: object) -> str:
    """Return a key as text for a message: unchanged unless it is not printable or too long."""
    text = str(part)
    return text if text.isprintable() and 0 < len(text) <= _LONGEST_SHOWN else shown(text)


OTHERS = {"rise_time": {"waveform": "waveform", "pulse": "pulse.rise_time"}}
"""Keys of some blocks, and what has their place in blocks with another key."""


FORMER = {
    ("disturb", "thermal"): " is part of thermal now; replace it by thermal.X with the states in "
    "starts, current_densities below the threshold and write_current",
    (
        "retained",
        "largest_loss",
    ): " is a probability now; replace it by largest_loss, such as 0.01, in retention_time",
}
"""Sentences about keys that were, by key and what is beside it."""


def unknown_key(key: object, keys: Iterable[str]) -> str:
    """Return the message that a key is unknown, with a similar key or all keys of its block."""
    keys = list(keys)
    if former := [
        text for (name, beside), text in FORMER.items() if name == key and beside in keys
    ]:
        return former[0]
    near = [place for name, place in OTHERS.get(str(key), {}).items() if name in keys]
    # one longer word in common tells more than many letters: anisotropy_constant
    parts = sorted(str(key).split("_"), key=len, reverse=True)
    words = [part for part in parts if len(part) > 5 or part == str(key)]
    near += [name for word in words for name in keys if word in name.split("_")]
    near += difflib.get_close_matches(str(key), keys, n=1)
    hint = f" (did you mean {near[0]}?)" if near else f" (known here: {', '.join(keys)})"
    return f" is not a key of the configuration; remove it{hint if keys else ''}"


def misnamed(key: str, name: str, names: Iterable[str], what: str) -> list[str]:
    """Return the problem of a key whose value is none of the names, those of `what`; or none."""
    names = list(names)
    if name in names:
        return []
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    listed = ", ".join(map(shown_key, names)) or "none yet"
    return [f"{key} names {shown(name)}, which is not {what}{hint}; use one of {listed}"]


def _known_keys(model: Any, path: Location) -> list[str]:
    """List the keys of the block that a path leads to."""
    for part in path:
        fields = getattr(model, "model_fields", {})
        if get_origin(model) is dict:
            model = get_args(model)[1]
        elif part in fields:
            model = fields[part].annotation
        kinds = (inner for kind in get_args(model) for inner in (kind, *get_args(kind)))
        blocks = [kind for kind in kinds if hasattr(kind, "model_fields")]
        if blocks and get_origin(model) is not dict:
            model = blocks[0]
    return list(getattr(model, "model_fields", ()))


def _location(error: Mapping[str, Any]) -> Location:
    """Return the keys of a finding, without pydantic's names for branches of a union and keys."""
    without = r"function-|literal\[|float$|\[key\]$"
    return tuple(part for part in error["loc"] if not re.match(without, str(part)))


_NO_BLOCK = " is {value}, not a block of keys; indent its keys below it"
_NO_LIST = " is {value}, not a list; write it like [a, b]"
_SENTENCES = {
    "missing": " is missing; add it",
    "invalid_key": " is not a name; quote it as text or remove it",
    "literal_error": " is {value}; use {expected}",
    "too_short": " has too few entries; give at least {min_length}",
    "too_long": " has too many entries; give at most {max_length}",
    **dict.fromkeys(("number", "bounds"), " = {value} {message}"),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), _NO_BLOCK),
    **dict.fromkeys(("tuple_type", "list_type"), _NO_LIST),
}
"""Texts after the key, by the type of an error of pydantic; the fields are those of its context."""


def finding_of(model: type[BaseModel], block: Location, sentence: str) -> Finding:
    """Return the finding of a sentence about a block, which may begin with a key of it."""
    word, _, rest = sentence.partition(" ")
    named = word.split(".")
    if named[0] in _known_keys(model, block):
        return Finding((*block, *named), f" {rest}", block or (named[0],))
    return Finding(block, f" {sentence}", block)


def _finding(model: type[BaseModel], error: Mapping[str, Any]) -> Finding:
    """Translate a finding of pydantic."""
    key, value, context = _location(error), error.get("input"), error.get("ctx", {})
    kinds = {"a block": dict | BaseModel, "a list": list | tuple}
    written = next((name for name, kind in kinds.items() if isinstance(value, kind)), shown(value))
    if error["type"] == "value_error":
        return finding_of(model, key, str(context["error"]))
    if error["type"] == "extra_forbidden":
        return Finding(key, unknown_key(key[-1], _known_keys(model, key[:-1])), key)
    text = _SENTENCES.get(error["type"], " is {value}: {lower}; correct it")
    fields = {"value": written, "message": error["msg"], "lower": error["msg"].lower()}
    if error["type"] == "literal_error":  # as YAML writes them
        context |= {"expected": context["expected"].replace("False, True", "false, true")}
    return Finding(key, text.format(**fields, **context), key)


def validated(model: type[Model], data: object) -> tuple[Model | None, list[Finding]]:
    """Validate a block; return None if it is not valid, and the problems, at most one a key."""
    try:
        return model.model_validate(data), []
    except ValidationError as invalid:
        findings: dict[Location, Finding] = {}
        errors = invalid.errors(include_url=False, include_context=True)
        for error in errors:
            # pydantic does not count entries that are not valid
            if error["type"] == "too_short" and error["input"] and len(errors) > 1:
                continue
            # each branch of a union reports an error; the first one states what is expected
            findings.setdefault(_location(error), _finding(model, error))
        return None, list(findings.values())
