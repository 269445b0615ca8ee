"""What the requests about one finished recording have in common: a file may be given by its name, and an error says what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import ModelWrapValidatorHandler, ValidationError, model_validator

from tonnbook.models.base import Request
from tonnbook.models.problems import in_words


class RepairRequest(Request):
    """A request about one finished recording.

    Made by Python, a file may be named by a text: `EnhancementRequest(source="my mix.wav", style="POP")`. What comes over the wire, and
    whatever else is read by `from_wire` or `model_validate`, is held to links, so no server can be talked into reading a file of its own.
    """

    sounds: ClassVar[tuple[str, ...]] = ("source",)
    """The fields that take a sound."""

    if not TYPE_CHECKING:  # the signature that an editor shows is that of the fields

        def __init__(self, **fields: Any) -> None:
            super().__init__(**{n: _place(value) if n in self.sounds else value for n, value in fields.items()})

        # Else pydantic would come through here from `model_validate` too.
        __init__.__pydantic_base_init__ = True

    @model_validator(mode="wrap")
    @classmethod
    def _told_in_words(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(given)
        except ValidationError as error:
            raise in_words(error) from None


def _place(value: Any) -> Any:
    """Return the path that a text means; a link, and anything else, as it is."""
    return Path(value) if isinstance(value, str) and value and "://" not in value else value
