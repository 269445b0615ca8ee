"""The form of a mix, made from its model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tonnbook.models.mixing import MixRequest, file_name
from tonnbook.models.vocabulary import InstrumentGroup, MusicalStyle, Presence
from tonnbook.widgets.forms.form_values import Place, place
from tonnbook.widgets.forms.instruments import guess_instrument
from tonnbook.widgets.forms.table_form import PayloadForm


class MixBuilder(PayloadForm[MixRequest]):
    """The form of a preview mix: a row per track, and what is wished for the whole.

    Parameters
    ----------
    stems
        Files or links, in a sequence, or in a mapping whose names help to guess the instruments. What was guessed is marked.
    style
        Musical style.
    fields
        Any other field of `MixRequest`; a wrong name raises TypeError, a wrong value is shown in the form.

    >>> builder = tb.MixBuilder(tb.demo.stems(), style="ELECTRONIC")
    >>> builder.set("vocal", reverb="MEDIUM").request
    """

    model = MixRequest
    endpoint = "/mixpreview"
    seldom = ("create_master", "desired_loudness", "webhook_url")

    def __init__(
        self,
        stems: Mapping[str, Path | str] | Sequence[Path | str],
        style: MusicalStyle | str = MusicalStyle.POP,
        **fields: Any,
    ) -> None:
        named = list(stems.items()) if isinstance(stems, Mapping) else [(file_name(place(s)), s) for s in stems]
        guesses = [guess_instrument(name) or guess_instrument(file_name(place(stem))) for name, stem in named]
        rows = [_row(name, place(stem), guess) for (name, stem), guess in zip(named, guesses, strict=True)]
        super().__init__("Preview mix", rows, {"style": style, **fields})
        self.hint("instrument", ["guessed" if guess else "no guess: choose" for guess in guesses])


def _row(name: str, source: Place, guess: InstrumentGroup | None) -> dict[str, Any]:
    presence = Presence.LEAD if guess is InstrumentGroup.VOCAL else Presence.NORMAL
    return {"called": name, "source": source, "instrument": guess or InstrumentGroup.OTHER_1, "presence": presence}
