"""`MixBuilder`: the form of a mix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tonnbook import demo
from tonnbook.models.mixing import MixRequest, file_name
from tonnbook.models.vocabulary import InstrumentGroup, MusicalStyle, Presence
from tonnbook.sound_files import Sounds
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
    client
        What the button sends with; by default the local studio, once `tb.offline()` has started it.
    fields
        Any other field of `MixRequest`; an unknown name raises TypeError, an invalid value is displayed in the form.

    >>> builder = tb.MixBuilder(tb.demo.stems(), style="ELECTRONIC")
    >>> builder.set("vocal", reverb="MEDIUM").request
    """

    model = MixRequest
    endpoint = "/mixpreview"
    call, verb = "preview_mix", "Mix"
    advanced = ("create_master", "desired_loudness", "webhook_url")

    def __init__(
        self,
        stems: Sounds,
        style: MusicalStyle | str = MusicalStyle.POP,
        *,
        client: Any = None,
        **fields: Any,
    ) -> None:
        super().__init__("Preview mix", stems, {"style": style, **fields}, client)

    def _new_row(self, name: str, source: FileOrLink) -> tuple[dict[str, Any], dict[str, str]]:
        guess = guess_instrument(name) or guess_instrument(file_name(source))
        presence = Presence.LEAD if guess is InstrumentGroup.VOCAL else Presence.NORMAL
        row = {"instrument": guess or InstrumentGroup.OTHER_1, "presence": presence}
        return row, {"instrument": "guessed" if guess else "please choose"}

    def _demo_files(self) -> Mapping[str, Path]:
        return demo.stems()

    def _cost(self, client: Any) -> str:
        return "credits for the FX settings" if getattr(client, "fx_settings", False) else ""
