"""The JSON Schema of `config.yaml`, generated from the models."""

import ast
import inspect
import itertools
import textwrap
from collections.abc import Mapping
from typing import Any, get_args

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from wallnet.config.campaign import with_studies
from wallnet.config.inheritance import SHARED
from wallnet.config.quantities import Quantity, Section

_REFERENCE = "#/$defs/"


class _Described(GenerateJsonSchema):
    """Generator that describes the keys, and does not repeat them as titles."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        block = super().model_schema(schema)
        for key, text in described(schema["cls"]).items():
            block["properties"][key]["description"] = text
        return block


def of_campaign(studies: Mapping[str, Any]) -> JsonSchemaValue:
    """Return the JSON Schema of a campaign with studies, in which inherited keys are filled in.

    The description of each key contains its meaning and, if there are any, its unit and the source
    of its value, as in "Length along x. Unit: m. Source: paper.". The draft is 2020-12.
    """
    schema = with_studies(studies).model_json_schema(schema_generator=_Described)
    return {"$schema": GenerateJsonSchema.schema_dialect} | schema


def as_written(studies: Mapping[str, Any]) -> JsonSchemaValue:
    """Return the JSON Schema of the file as users write it.

    No key of a device is required, since it may be given at the top level or inherited by `like`.
    """
    schema = of_campaign(studies)
    device = schema["$defs"]["Device"]
    like = {"type": "string", "description": "Another device, which this one varies."}
    for name in ("Device", "MeasuredDevice"):
        block = schema["$defs"][name]
        _require_nothing(schema["$defs"], name)
        block["properties"] = {"like": like} | block["properties"]
    varied = {
        "properties": _references(device, "like", "calculator"),
        "additionalProperties": False,
    }
    for block in schema["$defs"].values():
        for key in ("variants", "changes"):
            changes = block.get("properties", {}).get(key, {})
            named = changes.get("additionalProperties")
            if isinstance(named, dict):
                named |= varied
            elif named:
                changes |= varied
    common = _references(device, *(key for key in device["properties"] if key not in SHARED))
    schema["properties"] = common | schema["properties"]
    return schema


def _references(block: JsonSchemaValue, *without: str) -> JsonSchemaValue:
    """Return the properties of a device as references, without some of them."""
    keys = [key for key in block["properties"] if key not in without]
    return {key: {"$ref": f"{_REFERENCE}Device/properties/{key}"} for key in keys}


def _require_nothing(blocks: JsonSchemaValue, name: str) -> None:
    """Remove the required keys of a block and of its blocks, which can be inherited."""
    blocks[name].pop("required", None)
    for value in blocks[name]["properties"].values():
        for kind in (value, *value.get("anyOf", ())):
            if "$ref" in kind:
                _require_nothing(blocks, kind["$ref"].removeprefix(_REFERENCE))


def described(model: type[Section]) -> dict[str, str]:
    """Return the meaning of each key of a section, with its unit and the source of its value."""
    descriptions, texts = {}, _docstrings(model)
    for key, field in model.model_fields.items():
        meaning, mark, source = texts.get(key, field.description or "").partition(" Source: ")
        unit = _unit(field)
        unit = f" Unit: {unit}." if unit not in ("", "1") else ""
        descriptions[key] = meaning + unit + mark + source
    return descriptions


def _docstrings(model: type[Section]) -> dict[str, str]:
    """Return the docstring of each key of a section.

    Pydantic can read them too (`use_attribute_docstrings`), but does so at each import.
    """
    texts: dict[str, str] = {}
    for section in reversed(model.__mro__[: model.__mro__.index(Section)]):
        (block,) = ast.parse(textwrap.dedent(inspect.getsource(section))).body
        assert isinstance(block, ast.ClassDef)
        for pair in itertools.pairwise(block.body):
            match pair:
                case ast.AnnAssign(target=ast.Name(key)), ast.Expr(ast.Constant(str(text))):
                    texts[key] = " ".join(text.split())
    return texts


def _unit(kind: Any) -> str:
    """Return the unit of a key, or of the entries of a list."""
    for note in getattr(kind, "__metadata__", getattr(kind, "metadata", ())):
        if isinstance(note, Quantity):
            return note.unit
    inner = get_args(getattr(kind, "annotation", kind))
    return next(filter(None, map(_unit, inner)), "")
