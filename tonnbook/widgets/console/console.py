"""`Console`: the form of a final mix. A channel strip per track, starting from what the preview did."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path, PurePosixPath
from threading import RLock
from typing import Any, ClassVar, Self

import traitlets
from pydantic import ValidationError

from tonnbook.errors import TonnbookError
from tonnbook.models.effects import TrackEffects
from tonnbook.models.final_mix import final_request, matching_track
from tonnbook.models.mixing import FinalMix, FinalMixRequest, MixPreview, short_names
from tonnbook.models.problems import explain
from tonnbook.widgets.console.playback import ConsolePlayback
from tonnbook.widgets.console.presets import COMPRESSION_PRESETS, EQ_PRESETS
from tonnbook.widgets.console.sounds import about, mix, mixing_of, part_of
from tonnbook.widgets.console.strips import (
    MUTED_DB,
    Value,
    base_value,
    effects_of,
    fields_from_code,
    only_changes,
    ranges,
    reasons_of,
    value_of,
)
from tonnbook.widgets.forms.code_export import as_body, as_curl, as_json, as_python_value
from tonnbook.widgets.forms.form_values import read_json, short_name
from tonnbook.widgets.forms.sender import Sender
from tonnbook.widgets.page import html, script, style, table

_MOST_STEPS = 200  # of undo


class Console(Sender, ConsolePlayback):
    """The mixing console of a preview: the changes for its final mix, track by track.

    Parameters
    ----------
    preview
        A preview whose request and settings are known: `tonn.preview_mix(request, fx_settings=True)`. Otherwise ValueError.
    client
        What "Render" sends with; by default the client that made the preview.
    start_s
        Where in the song the 30 s begin that are heard; by default the part that the preview plays. The preview itself is that part
        only, so it cannot be compared at another start.
    options
        Other fields of the final mix: `return_stems`, `sample_rate`, `create_master`, `desired_loudness`.

    `changes` is what `tonn.final_mix(preview, console.changes)` takes, `request` the whole request.

    >>> console = tb.Console(preview)
    >>> console.set("guitar", gain_db=-6, pan_deg=-20, eq="less mud")
    """

    _esm = script(
        "player/stems",
        "forms/code_export",
        "forms/sender",
        "console/dsp",
        "console/engine",
        "console/curves",
        "console/console",
    )
    _css = style("forms/code_export", "forms/sender", "console/console")

    endpoint: ClassVar[str] = "/retrievefinalmix"
    call, verb, price = "final_mix", "Render", "final_mix"

    strips: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    """For each track its name, label, instrument, the preview's settings, and their reasons."""
    ranges: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    presets: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    value: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    """By track what differs from the preview; see `strips`."""
    soloed: traitlets.List[str] = traitlets.List().tag(sync=True)
    """Tracks that are heard alone. Solo is for listening; it is not part of the mix."""
    can_undo = traitlets.Bool(False).tag(sync=True)
    can_redo = traitlets.Bool(False).tag(sync=True)
    code: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    about = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self, preview: MixPreview, *, client: Any = None, start_s: float | None = None, **options: Any
    ) -> None:
        if not isinstance(preview, MixPreview):
            raise TypeError(f"Console takes the MixPreview of a preview job, not {type(preview).__name__}")
        if not preview.settings:
            raise ValueError(
                "the settings of this preview are not known, and the console starts from them: make or attach the preview with "
                "fx_settings=True (on the live service this costs credits)"
            )
        final_request(preview, {}, **options)  # raises for an unknown request and for wrong options
        self._options = options
        self._lock = RLock()  # messages of the page may arrive in another thread than the cell's
        self._past: list[dict[str, Value]] = []
        self._future: list[dict[str, Value]] = []
        self._names = list(preview.recordings) or list(preview.settings)
        self._labels = short_names(self._names)
        self._bases = {name: base_value(preview.settings[name]) for name in self._names}
        self._set_sound(preview, self._names, part_of(preview, self._names, start_s))
        super().__init__(
            client or preview.client,
            sounds=self._part.state(self._names),
            mixing=mixing_of(preview.notes) | {"muted_db": MUTED_DB, "start_s": self._part.start_s},
            about=about(preview),
            strips=[self._strip(name) for name in self._names],
            ranges=ranges(),
            presets={
                "eq": {name: [[b.centre_hz, b.gain_db, b.q] for b in bands] for name, bands in EQ_PRESETS.items()},
                "compression": {name: list(c.model_dump().values()) for name, c in COMPRESSION_PRESETS.items()},
            },
        )
        self._write_code()
        self.observe(self._edited, "value")
        self.on_msg(self._on_message)
        self.on_result(self._take_rendered)

    # ---- the request

    @property
    def preview(self) -> MixPreview:
        """The preview that the changes refer to."""
        return self._preview

    @property
    def changes(self) -> dict[str, TrackEffects]:
        """The changes by track name, for `tonn.final_mix(preview, console.changes)`. A muted track is turned down by 60 dB."""
        return {name: effects_of(value, self._labels[name]) for name, value in self.value.items()}

    @property
    def request(self) -> FinalMixRequest:
        """The request of the final mix."""
        return final_request(self._preview, self.changes, **self._options)

    def to_json(self) -> str:
        """Return the JSON body of the request with full links; `load` reads it again."""
        return as_json(as_body(self.request, str))

    def to_python(self) -> str:
        """Return the program that requests the final mix of `preview` with these changes."""
        changes = {self._labels[name]: effects for name, effects in self.changes.items()}
        options = "".join(f", {name}={value!r}" for name, value in self._options.items())
        return (
            f"import tonnbook as tb\n\nchanges = {as_python_value(changes)}\n"
            f"final = await tonn.final_mix(preview, changes{options})\n"
        )

    def to_curl(self) -> str:
        """Return the shell command that sends the request to the live service."""
        return as_curl(self.request, self.endpoint, str)

    # ---- editing from Python

    def set(self, track: str, /, **fields: Any) -> Self:
        """Change settings of one track, named with or without its ending. None sets the preview's setting again.

        Parameters
        ----------
        gain_db
            Offset to the preview's gain, -60 to 12 dB.
        pan_deg
            Panning angle, -60 (left) to 60 (right).
        eq
            Up to six `tb.EqBand` or (centre_hz, gain_db, q), or the name of a preset; () for no EQ.
        compression
            `tb.Compression`, a mapping that changes some of the preview's values, or the name of a preset; "off" for none.
        muted
            Whether the track is turned down by 60 dB in the mix.
        soloed
            Whether the track is heard alone; for listening only.

        Raises TypeError for an unknown field, ValueError for an unknown track or a value that is not allowed; then nothing changes.
        """
        name = matching_track(track, self._names, "set")
        soloed = fields.pop("soloed", None)
        given = fields_from_code(fields, self._bases[name], f"set({self._labels[name]!r})")
        with self._lock:
            self._commit({name: self.value.get(name, {}) | given})
            if soloed is not None:
                others = [each for each in self.soloed if each != name]
                self.soloed = [*others, name] if soloed else others
        return self

    def reset(self, *tracks: str) -> Self:
        """Restore the preview's settings of the named tracks, of all without a name. Raises ValueError for an unknown track."""
        names = [matching_track(track, self._names, "reset") for track in tracks] or self._names
        with self._lock:
            self._commit({name: {} for name in names})
        return self

    def undo(self) -> Self:
        """Undo the last change; without one nothing happens."""
        return self._step(self._past, self._future)

    def redo(self) -> Self:
        """Make the change that was undone last; without one nothing happens."""
        return self._step(self._future, self._past)

    def load(self, request: FinalMixRequest | Mapping[str, TrackEffects] | str | Path) -> Self:
        """Take the changes of a final mix: a request, its JSON text or file, or changes by track name.

        Tracks of a request are matched by their link, its query left out, or by the file name in it. Tracks that are not named keep the preview's
        settings. Raises ValueError for what is not a final mix of these tracks; then nothing changes.
        """
        changes = request if isinstance(request, Mapping) else self._changes_in(request)
        given = {matching_track(track, self._names, "load"): effects for track, effects in changes.items()}
        with self._lock:
            self._commit({n: value_of(given[n], self._bases[n]) if n in given else {} for n in self._names})
        return self

    def save(self, path: str | Path) -> Path:
        """Write the JSON body of the request to a file; return its path."""
        Path(path).write_text(self.to_json(), encoding="utf-8")
        return Path(path)

    # ---- text and static HTML

    def plain(self) -> str:
        """Return the console in one line of text."""
        changed = ", ".join(self._labels[name] for name in self.value)
        return f"Console({len(self._names)} tracks, {f'changed: {changed}' if changed else 'nothing changed'})"

    def static_html(self) -> str:
        """Return the settings of all tracks as an HTML table; changes are marked by the word."""
        head = {"track": "Track", "gain": "Gain", "pan": "Pan", "eq": "EQ", "compression": "Compression", "changed": ""}
        return html("div", html("b", escape("Final mix")), table(head, [self._row(name) for name in self._names]))

    def _row(self, name: str) -> dict[str, str]:
        value, base = self.value.get(name, {}), self._bases[name]
        now = base | value
        bands = "; ".join(f"{hz:.0f} Hz {db:+.1f} dB" for hz, db, _ in now["eq"] if db)
        threshold, ratio, *_ = now["compression"]
        return {
            "track": self._labels[name],
            "gain": "muted" if value.get("muted") else f"{base['gain_db'] + value.get('gain_db', 0.0):+.1f} dB",
            "pan": f"{now['pan_deg']:+.0f}\N{DEGREE SIGN}",
            "eq": bands or "none",
            "compression": f"{ratio:g}:1 above {threshold:.1f} dBFS" if ratio > 1 else "none",
            "changed": "changed" if value else "",
        }

    # ---- inside

    def _strip(self, name: str) -> dict[str, Any]:
        notes = self._preview.notes.tracks.get(name) if self._preview.notes else None
        return {
            "name": name,
            "label": self._labels[name],
            "instrument": notes.instrument.label if notes and notes.instrument else "",
            "base": self._bases[name],
            "reasons": reasons_of(notes),
            "send_db": notes.reverb_gain_db if notes else None,
        }

    def _commit(self, updates: Mapping[str, Value]) -> None:
        """Replace the values of some tracks: one step of undo."""
        value = {name: dict(each) for name, each in self.value.items()}
        for name, update in updates.items():
            value[name] = only_changes(update, self._bases[name])
        self.value = {name: value[name] for name in self._names if value.get(name)}

    def _edited(self, change: Mapping[str, Any]) -> None:
        """Check what the page or code edited, keep the state before for undo, and write the code."""
        with self._lock, self.hold_sync():
            try:
                checked = {n: only_changes(v, self._bases[n]) for n, v in change["new"].items() if n in self._bases}
                for name, value in checked.items():
                    effects_of(value, self._labels[name])
            except (ValueError, KeyError, TypeError) as error:
                self.note = str(error)
                self._set_quietly(change["old"])
                return
            self._past = [*self._past, change["old"]][-_MOST_STEPS:]
            self._future = []
            self.note = ""
            self._set_quietly({name: checked[name] for name in self._names if checked.get(name)})

    def _set_quietly(self, value: dict[str, Value]) -> None:
        """Set the value without a step of undo."""
        self.unobserve(self._edited, "value")
        self.value = value
        self.observe(self._edited, "value")
        self.can_undo, self.can_redo = bool(self._past), bool(self._future)
        self._write_code()

    def _step(self, back: list[dict[str, Value]], forth: list[dict[str, Value]]) -> Self:
        with self._lock, self.hold_sync():
            if back:
                forth.append(self.value)
                self._set_quietly(back.pop())
        return self

    # ---- rendering

    def _start(self, client: Any) -> Any:
        self._rendering = self.value
        return client.final_mix(self._preview, self.changes, **self._options)

    def _fault(self) -> str:
        return ""

    def _take_rendered(self, final: FinalMix) -> None:
        """Send the rendered mix to the page, to be compared with the preview."""
        try:
            self._keep(len(self._names) + 1, *mix(final.mix.path, self._part, whole=True))
        except (TonnbookError, OSError) as error:
            self.sound_problem = f"The rendered mix cannot be played ({error})."

    # ---- the code and the messages of the page

    def _write_code(self) -> None:
        """Write the request as code for the page: links without their queries. The command has the JSON in it, which is sent once."""
        request = self.request
        body = as_json(as_body(request, short_name))
        curl = as_curl(request, self.endpoint, short_name).replace(body, "%JSON%")
        self.code = {"json": body, "python": self.to_python(), "curl": curl}

    def _changes_in(self, request: FinalMixRequest | str | Path) -> dict[str, TrackEffects]:
        """Return the changes in a request by track name."""
        if not isinstance(request, FinalMixRequest):
            request = _final_mix_in(read_json(request))
        assert self._preview.request is not None
        known = {short_name(t.source): n for t, n in zip(self._preview.request.tracks, self._names, strict=True)}
        found = {}
        for track in request.tracks:
            name = known.get(short_name(track.source))
            if name is None:
                file = PurePosixPath(short_name(track.source)).name
                name = matching_track(file, self._names, "the request")
            found[name] = TrackEffects(**{field: getattr(track, field) for field in TrackEffects.model_fields})
        return found

    def _on_message(self, _: object, message: Mapping[str, Any], __: object) -> None:
        """Do what a button of the page says; what is wrong is displayed."""
        match message.get("kind"):
            case "shown":  # inside a box, whose display Python does not notice
                self._start_preparing()
            case "sounds" if not self._start_preparing():
                self._send_sounds(str(message.get("format", "")), as_text=bool(message.get("text")))
            case "undo":
                self.undo()
            case "redo":
                self.redo()
            case "load":
                try:
                    self.load(str(message["text"]))
                except ValueError as error:
                    self.note = str(error)


def _final_mix_in(body: Any) -> FinalMixRequest:
    """Return the request in the JSON body of a final mix, with or without its envelope. Raises ValueError."""
    if not isinstance(body, Mapping):
        raise ValueError("not a final mix: a JSON object is needed")
    envelope = str(FinalMixRequest.envelope)
    try:
        return FinalMixRequest.from_wire(body if envelope in body else {envelope: body})
    except ValidationError as error:
        raise ValueError(f"not a final mix: {explain(error)}") from None
