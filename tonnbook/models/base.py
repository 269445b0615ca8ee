"""The two kinds of model: what we send is strict and frozen, what we read is tolerant and frozen.

Wire spelling stands in `alias=` only. Units, ranges, labels and defaults stand on the field, once: the form, the client's
check, the studio's 400 and the OpenAPI page read them there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema


class Request(BaseModel):
    """Something we send: frozen, and an unknown field is an error.

    The class variable `envelope` names the key that the service wraps the request in.
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

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON body as the service wants it: its spelling, in its envelope, absent fields left out.

        Raises ValueError while a local file still stands where the service needs a link.
        """
        files = list(self.local_files())
        if files:
            raise ValueError(
                f"{files[0].name} is still a local file: send the request through a client, which uploads it"
            )
        body = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return {self.envelope: body} if self.envelope else body

    @classmethod
    def from_wire(cls, body: Any) -> Self:
        """Read a request as a server must: unknown fields are ignored, an explicit null counts as absent.

        Raises pydantic.ValidationError.
        """
        inner = body.get(cls.envelope) if cls.envelope and isinstance(body, Mapping) else body
        return cls.model_validate(without_nulls(inner), extra="ignore")

    def local_files(self) -> Iterator[Path]:
        """Yield every local file named anywhere in the request, in order."""
        return _paths(self.model_dump())

    def with_links(self, link_of: Callable[[Path], str]) -> Self:
        """Return the same request with each local file replaced by the link that `link_of` gives for it."""
        return type(self).model_validate(_replace_paths(self.model_dump(), link_of))


class Answer(BaseModel):
    """Something we read: frozen; fields we do not know are ignored, so that the service may grow."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
    )

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON that a server writes for this answer."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def without_nulls(value: Any) -> Any:
    """Return `value` with every null member of every object left out."""
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
    """Return what may be shown of a text that was meant to be a link: its query may be a signature."""
    return text.partition("?")[0][:200]


def _is_link(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError(f"{_without_query(text)!r} is not an http or https link; leave it out where there is none")
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
"""Where a sound comes from: a link, or a `pathlib.Path` that a client uploads on the way.

A *string* that is no link is refused, so no server can be talked into reading a file of its own.
"""


def unit(name: str) -> dict[str, Any]:
    """Return the schema note that carries a field's unit to forms and to the OpenAPI page."""
    return {"unit": name}
