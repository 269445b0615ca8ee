"""`MixBuilder`: the form of a mix."""

from __future__ import annotations

from typing import Any

from tonnbook.models.mixing import MixRequest, file_name
from tonnbook.models.vocabulary import InstrumentGroup, MusicalStyle, Presence
from tonnbook.sound_files import Sounds, sound_files
from tonnbook.widgets.forms.form_values import FileOrLink
from tonnbook.widgets.forms.instruments import guess_instrument
from tonnbook.widgets.forms.table_form import TableForm


class MixBuilder(TableForm[MixRequest]):
    """The form of a preview mix: a row per track, and the settings of the mix.

    Parameters
    ----------
    stems
        Files or links: a folder, a zip archive, a sequence, a drop zone, or a mapping whose names help to guess the instruments.
        Guesses are marked.
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
        stems: Sounds,
        style: MusicalStyle | str = MusicalStyle.POP,
        **fields: Any,
    ) -> None:
        named = sound_files(stems).items()
        guesses = [guess_instrument(name) or guess_instrument(file_name(stem)) for name, stem in named]
        rows = [_row(name, stem, guess) for (name, stem), guess in zip(named, guesses, strict=True)]
        super().__init__("Preview mix", rows, {"style": style, **fields})
        self.hint("instrument", ["guessed" if guess else "please choose" for guess in guesses])


def _row(name: str, source: FileOrLink, guess: InstrumentGroup | None) -> dict[str, Any]:
    presence = Presence.LEAD if guess is InstrumentGroup.VOCAL else Presence.NORMAL
    return {"row_name": name, "source": source, "instrument": guess or InstrumentGroup.OTHER_1, "presence": presence}
