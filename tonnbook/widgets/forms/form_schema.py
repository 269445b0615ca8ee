"""Derive the fields of a form from a request model: labels, choices, ranges, units and defaults."""

from __future__ import annotations

from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, TypeAlias, TypedDict, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tonnbook.models.base import Request

Kind: TypeAlias = Literal["choice", "toggle", "number", "text", "file", "table"]


class Choice(TypedDict):
    """One value of an enumerated field, and its label."""

    value: str | int
    label: str


class Field(TypedDict):
    """One field of a form. `wire` is its name in the JSON body."""

    name: str
    wire: str
    label: str
    kind: Kind
    required: bool
    default: Any
    help: NotRequired[str]
    unit: NotRequired[str]
    low: NotRequired[float]
    high: NotRequired[float]
    choices: NotRequired[list[Choice]]
    fields: NotRequired[list[Field]]


def fields_of(model: type[Request]) -> list[Field]:
    """Return the fields of a request in order. Raises TypeError for a type that no form can display."""
    properties = model.model_json_schema(by_alias=False)["properties"]
    return [_field(name, info, properties[name]) for name, info in model.model_fields.items()]


def _field(name: str, info: FieldInfo, schema: dict[str, Any]) -> Field:
    kind_of = _without_none(info.annotation)
    rules = next((part for part in schema.get("anyOf", []) if part.get("type") != "null"), schema)
    field: Field = {
        "name": name,
        "wire": info.alias or name,
        "label": info.title or name.replace("_", " ").capitalize(),
        "kind": _kind(name, kind_of, rules),
        "required": info.is_required(),
        "default": None if info.is_required() else _plain_value(info.get_default(call_default_factory=True)),
    }
    if info.description:
        field["help"] = info.description
    if "unit" in schema:
        field["unit"] = schema["unit"]
    if "minimum" in rules:
        field["low"] = rules["minimum"]
    if "maximum" in rules:
        field["high"] = rules["maximum"]
    if field["kind"] == "choice":
        field["choices"] = _choices(kind_of)
    if field["kind"] == "table":
        field["fields"] = fields_of(get_args(kind_of)[0])
    return field


def _kind(name: str, kind_of: Any, rules: dict[str, Any]) -> Kind:
    if get_origin(kind_of) is Literal or (isinstance(kind_of, type) and issubclass(kind_of, Enum)):
        return "choice"
    if kind_of is bool:
        return "toggle"
    if kind_of in (int, float):
        return "number"
    if kind_of is str:
        return "text"
    if get_origin(kind_of) in (UnionType, Union) and rules.get("format") == "uri":
        return "file"
    row = next(iter(get_args(kind_of)), None)
    if get_origin(kind_of) in (tuple, list) and isinstance(row, type) and issubclass(row, BaseModel):
        return "table"
    raise TypeError(f"a form cannot display the field {name!r}, which is {kind_of!r}")


def _choices(kind_of: Any) -> list[Choice]:
    """Return the values of an enumeration, or of a Literal, whose values are also the labels."""
    if get_origin(kind_of) is Literal:
        return [{"value": word, "label": str(word).replace("_", " ").capitalize()} for word in get_args(kind_of)]
    return [{"value": each.value, "label": getattr(each, "label", str(each.value))} for each in kind_of]


def _without_none(annotation: Any) -> Any:
    """Return a type without Annotated, and without None if there is one other type."""
    if get_origin(annotation) is Annotated:
        return _without_none(get_args(annotation)[0])
    if get_origin(annotation) in (UnionType, Union):
        others = [arg for arg in get_args(annotation) if arg is not NoneType]
        return _without_none(others[0]) if len(others) == 1 else annotation
    return annotation


def _plain_value(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
