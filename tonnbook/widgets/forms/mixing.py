"""`MixBuilder`: the form of a mix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tonnbook.models.mixing import MixRequest, file_name
from tonnbook.models.vocabulary import InstrumentGroup, MusicalStyle, Presence
from tonnbook.widgets.forms.form_values import FileOrLink, as_file_or_link
from tonnbook.widgets.forms.instruments import guess_instrument
from tonnbook.widgets.forms.table_form import TableForm


class MixBuilder(TableForm[MixRequest]):
    """The form of a preview mix: a row per track, and the settings of the mix.

    Parameters
    ----------
    stems
        Files or links, in a sequence, or in a mapping whose names help to guess the instruments. Guesses are marked.
    style
        Musical style.
    fields
        Any other field of `MixRequest`; an unknown name raises TypeError, an invalid value is displayed in the form.

    >>> builder = tb.MixBuilder(tb.demo.stems(), style="ELECTRONIC")
    >>> builder.set("vocal", reverb="MEDIUM").request
    """

    model = MixRequest
    endpoint = "/mixpreview"
    advanced = ("create_master", "desired_loudness", "webhook_url")

    def __init__(
        self,
        stems: Mapping[str, Path | str] | Sequence[Path | str],
        style: MusicalStyle | str = MusicalStyle.POP,
        **fields: Any,
    ) -> None:
        named = (
            list(stems.items())
            if isinstance(stems, Mapping)
            else [(file_name(as_file_or_link(stem)), stem) for stem in stems]
        )
        guesses = [guess_instrument(name) or guess_instrument(file_name(as_file_or_link(stem))) for name, stem in named]
        rows = [_row(name, as_file_or_link(stem), guess) for (name, stem), guess in zip(named, guesses, strict=True)]
        super().__init__("Preview mix", rows, {"style": style, **fields})
        self.hint("instrument", ["guessed" if guess else "please choose" for guess in guesses])


def _row(name: str, source: FileOrLink, guess: InstrumentGroup | None) -> dict[str, Any]:
    presence = Presence.LEAD if guess is InstrumentGroup.VOCAL else Presence.NORMAL
    return {"row_name": name, "source": source, "instrument": guess or InstrumentGroup.OTHER_1, "presence": presence}
