"""Base classes of the models: a Request is strict and frozen, an Answer tolerant and frozen.

Wire names are in `alias=` only. Units, ranges, labels and defaults are on the field, once: the form, the client's check, the
studio's 400 and the OpenAPI page read them there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from tonnbook.errors import redacted
from tonnbook.models.problems import with_messages


class _Model(BaseModel):
    """A model whose text shows no query of a link: results and requests are shown in notebooks, which are saved and shared."""

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, _without_queries(value)


class Request(_Model):
    """A request: frozen, and an unknown field is an error. Errors say what is allowed.

    The class variable `envelope` is the key under which the body contains the request, None where there is no such key.
    `required_live` names the fields that the Tonn API text requires and that older clients omit: they have a default here.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )
    envelope: ClassVar[str | None] = None
    required_live: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="wrap")
    @classmethod
    def _explain_errors(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(given)
        except ValidationError as error:
            raise with_messages(error, cls.__name__, list(cls.model_fields)) from None

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_bool_as_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse true and false where a number belongs: pydantic would read them as 1 and 0."""
        if isinstance(value, bool):
            kinds = _kinds(cls.model_fields[str(info.field_name)].annotation)
            if bool not in kinds and {int, float} & kinds:
                raise ValueError(f"is {value}; a number is needed")
        return value

    @property
    def missing_live(self) -> tuple[str, ...]:
        """The fields that the live service requires and that this request did not set, as they are spelled on the wire."""
        fields = type(self).model_fields
        return tuple(fields[name].alias or name for name in self.required_live if name not in self.model_fields_set)

    @property
    def live_notes(self) -> tuple[str, ...]:
        """The notes for an answer to this request: what the live service would refuse; empty if nothing."""
        missing = self.missing_live
        return (f"the live service requires {', '.join(missing)}",) if missing else ()

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON body: wire names, under the envelope's key, without absent fields.

        Raises ValueError if there is a local file where the service needs a link.
        """
        files = list(self.local_files())
        if files:
            raise ValueError(f"{files[0].name} is a local file: send the request through a client, which uploads it")
        body = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return {self.envelope: body} if self.envelope else body

    @classmethod
    def from_wire(cls, body: Any) -> Self:
        """Read a request as a server does: unknown fields are ignored, an explicit null counts as absent.

        Raises pydantic.ValidationError.
        """
        inner = body.get(cls.envelope) if cls.envelope and isinstance(body, Mapping) else body
        return cls.model_validate(without_nulls(inner), extra="ignore")

    def local_files(self) -> Iterator[Path]:
        """Yield every local file in the request, in order."""
        return _paths(self.model_dump())

    def with_links(self, link_of: Callable[[Path], str]) -> Self:
        """Return the same request with each local file replaced by the link that `link_of` gives for it."""
        return type(self).model_validate(_replace_paths(self.model_dump(), link_of))


class Answer(_Model):
    """An answer: frozen; unknown fields are ignored, so that the service can add fields."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
    )

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON body of this answer."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def _without_queries(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Enum):
        return redacted(value)
    if isinstance(value, Mapping):
        return {k: _without_queries(v) for k, v in value.items()}
    return type(value)(map(_without_queries, value)) if type(value) in (list, tuple) else value


def without_nulls(value: Any) -> Any:
    """Return `value` without the null members of all objects in it."""
    if isinstance(value, Mapping):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value] if isinstance(value, list) else value


def _paths(value: Any) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _paths(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _paths(item)


def _replace_paths(value: Any, link_of: Callable[[Path], str]) -> Any:
    if isinstance(value, Path):
        return link_of(value)
    if isinstance(value, Mapping):
        return {k: _replace_paths(v, link_of) for k, v in value.items()}
    return type(value)(_replace_paths(v, link_of) for v in value) if isinstance(value, list | tuple) else value


def _without_query(text: str) -> str:
    """Return the start of an invalid link, without its query, which may be a signature."""
    return text.partition("?")[0][:200]


def _is_link(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError(f"{_without_query(text)!r} is not an http or https link; omit it if there is none")
    return text


_LINK_SCHEMA = {"type": "string", "format": "uri", "pattern": "^https?://", "maxLength": 4096}

Link = Annotated[str, Field(max_length=4096), AfterValidator(_is_link), WithJsonSchema(_LINK_SCHEMA)]
"""An http(s) link."""


def _link_or_file(value: Any) -> str | Path:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or len(value) > 4096:
        raise ValueError("give an http or https link of at most 4096 characters, or a pathlib.Path")
    if not value.startswith(("http://", "https://")):
        raise ValueError(
            f"{_without_query(value)!r} is not an http or https link; for a file on this machine pass pathlib.Path(...)"
        )
    return value


AudioSource = Annotated[
    str | Path,
    PlainValidator(_link_or_file),
    PlainSerializer(str, when_used="json", return_type=str),
    WithJsonSchema(_LINK_SCHEMA),
]
"""An audio file: a link, or a `pathlib.Path` that a client uploads.

A *string* that is no link is refused, so that a request cannot make a server read one of its own files.
"""


def unit(name: str) -> dict[str, Any]:
    """Return the schema entry for a field's unit, which forms and the OpenAPI page read."""
    return {"unit": name}


class RepairRequest(Request):
    """A request about finished recordings, whose files may be given by name.

    In Python a file may be a string: `EnhancementRequest(source="my mix.wav", style="POP")`. `from_wire` and `model_validate` accept
    links only, so that a request cannot make a server read one of its own files.
    """

    audio_fields: ClassVar[tuple[str, ...]] = ("source",)
    """Names of the fields that are audio files."""

    if not TYPE_CHECKING:  # an editor shows the signature with the fields

        def __init__(self, **fields: Any) -> None:
            super().__init__(**{n: _path_of(value) if n in self.audio_fields else value for n, value in fields.items()})

        # Without this, pydantic would call this method from `model_validate` too.
        __init__.__pydantic_base_init__ = True


def _path_of(value: Any) -> Any:
    """Return a string that is no link as a path, anything else unchanged."""
    return Path(value) if isinstance(value, str) and value and "://" not in value else value


def _kinds(annotation: Any) -> set[Any]:
    """Return the types that an annotation names, without those inside a list or a mapping."""
    if isinstance(annotation, type) or not (parts := get_args(annotation)):
        return {annotation}
    inner = parts[:1] if hasattr(annotation, "__metadata__") else parts
    return set().union(*map(_kinds, inner))
