"""The player: one sound, or stems in sync, in the browser, at the level they have.

The sound goes out compressed, in one binary message per track, at the moment the player is shown, and never becomes part of
the widget's state: a saved notebook stays small, and nothing waits for the kernel to be idle. A page that was reloaded asks.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import numpy as np
import traitlets

from tonnbook.errors import AudioError
from tonnbook.widgets.page import PageWidget, html, script, style
from tonnbook.widgets.player.changes import Changes
from tonnbook.widgets.player.sources import Audio, Source
from tonnbook.widgets.player.static_html import audio_tag, paragraph, picture
from tonnbook.widgets.player.tracks import Packed, Track, measured, packed, packed_as_mp3, passable, signed

MINUTES = 65
"""What a browser tab holds of all tracks together: 256 MB of mono at 16 kHz, the least that desk.js goes down to."""

Kind = Literal["one", "stems", "compare"]

LETTERS = "ABCDEFGHI"
"""What the sounds of a comparison are called for short; a digit each."""


@dataclass(frozen=True)
class Excerpt:
    """A short MP3 of the twin, and whose it is."""

    name: str
    mp3: bytes


class Player(PageWidget):
    """A player of one or more sounds; make it with `play` or `compare`.

    What the browser tells: `playing`, `position` (s, four times a second), `ready`, `error`, `soloed` and `muted` (names),
    `loop` ([start, end] in s, or empty), `active` and `matched` (of a comparison).
    """

    _esm = script("player/stems", "player/changes", "player/player")
    _css = style("player/player")

    kind = traitlets.Unicode("one").tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    level = traitlets.Unicode("").tag(sync=True)
    peaks = traitlets.Unicode("").tag(sync=True)
    tracks: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    markers: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    changes: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    playing = traitlets.Bool(False).tag(sync=True)
    position = traitlets.Float(0.0).tag(sync=True)
    ready = traitlets.Bool(False).tag(sync=True)
    error = traitlets.Unicode("").tag(sync=True)
    soloed: traitlets.List[str] = traitlets.List().tag(sync=True)
    muted: traitlets.List[str] = traitlets.List().tag(sync=True)
    loop: traitlets.List[float] = traitlets.List().tag(sync=True)
    active = traitlets.Unicode("").tag(sync=True)
    matched = traitlets.Bool(True).tag(sync=True)

    def __init__(
        self,
        kind: Kind,
        tracks: Sequence[tuple[Track, Packed]],
        sounds: Sequence[Source],
        excerpts: Sequence[Excerpt],
        *,
        title: str = "",
        note: str = "",
        total: Track | None = None,
        gains_db: Sequence[float] = (),
        markers: Sequence[Mapping[str, Any]] = (),
        matched: bool = True,
        changes: Changes | None = None,
    ) -> None:
        gains = gains_db or [0.0] * len(tracks)
        self._measured = [track for track, _ in tracks]
        self._packed = [pack for _, pack in tracks]
        self._sources = list(sounds)
        self._excerpts = list(excerpts)
        self._total = total
        self._sent = False
        self._changes = changes
        super().__init__(
            kind=kind,
            title=title,
            note=note,
            tracks=[_described(track, gain) for (track, _), gain in zip(tracks, gains, strict=True)],
            peaks=total.peaks if total else "",
            level=total.level if total else "",
            active=tracks[0][0].name if kind == "compare" else "",
            markers=[dict(marker) for marker in markers],
            matched=matched,
            changes=changes.trait if changes else {},
        )
        self.on_msg(self._asked)

    def play(self) -> None:
        """Start, if the browser allows it: many want a click on the page first."""
        self.send({"kind": "play"})

    def pause(self) -> None:
        """Stop where it is."""
        self.send({"kind": "pause"})

    def seek(self, seconds: float) -> None:
        """Go to a place."""
        self.send({"kind": "seek", "seconds": float(seconds)})

    def plain(self) -> str:
        """Return the player in one line of text."""
        return f"Player({self.title or ', '.join(track.name for track in self._measured)!s}, {self._seconds:.1f} s)"

    def twin(self) -> str:
        """Return the waveform, a few seconds of sound and the levels as plain HTML."""
        drawn_as = self._total or self._measured[0]
        heading = self.title or drawn_as.name
        levels = "; ".join(
            f"{t.name}: {t.level}" + (_turned(d["gain_db"]) if self.matched else "")
            for t, d in zip(self._measured, self.tracks, strict=True)
        )
        shown = [picture(drawn_as.peaks, f"Waveform of {heading}, {self._seconds:.1f} s")]
        for part in self._excerpts:
            named = [html("span", escape(f"{part.name} "))] if len(self._excerpts) > 1 else []
            shown.append(html("div", *named, audio_tag(part.mp3, f"Excerpt of {part.name}")))
        if self._changes:
            shown.append(self._changes.picture())
        about = f"An excerpt, in a small MP3; run the cell for the player. {levels}."
        return html(
            "div", html("b", escape(heading)), *(html("div", s) for s in shown), paragraph(about), paragraph(self.note)
        )

    @property
    def _seconds(self) -> float:
        return max(track.seconds for track in self._measured)

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        if not self._sent:
            self._sent = True
            self._push()
        return super()._repr_mimebundle_()

    def _push(self, as_text: bool = False) -> None:
        for index, pack in enumerate(self._packed):
            message = {"kind": "sound", "index": index, "format": pack.format, "bytes": len(pack.data)}
            if as_text:  # a front end that drops binary parts, as Colab's did
                self.send({**message, "base64": base64.b64encode(pack.data).decode("ascii")})
            else:
                self.send(message, [pack.data])

    def _asked(self, _: object, message: Mapping[str, Any], __: object) -> None:
        """Answer the page: it was reloaded, or it cannot decode what it got."""
        if message.get("kind") != "send":
            return
        if message.get("format") == "mp3" and any(pack.format != "mp3" for pack in self._packed):
            self._packed = [
                pack if pack.format == "mp3" else packed_as_mp3(source)
                for source, pack in zip(self._sources, self._packed, strict=True)
            ]
        self._push(as_text=bool(message.get("text")))


def prepared(found: Sequence[Source]) -> tuple[list[tuple[Track, Packed]], Audio, int]:
    """Read, measure and pack each source; also return the sum of all, and its rate in Hz. AudioError for more than a tab can hold.

    Two at a time, for the coders work outside Python's lock, and whole songs are too big to hold all at once.
    """
    minutes = sum(source.seconds for source in found) / 60
    if minutes > MINUTES:
        raise AudioError(
            f"{minutes:.0f} minutes of sound are too much for a browser tab ({MINUTES} at most); play some of them"
        )
    rate = max(source.native_rate for source in found)
    as_they_are = passable(found)

    def prepare(number: int) -> tuple[Track, Packed, Audio]:
        source = found[number]
        audio, _ = source.read(rate)
        return measured(source.name, audio, rate), packed(source, audio, rate, as_they_are[number]), audio

    ready: list[tuple[Track, Packed]] = []
    total: Audio | None = None
    with ThreadPoolExecutor(2) as pool:
        for first in range(0, len(found), 2):
            for track, pack, audio in pool.map(prepare, range(first, min(first + 2, len(found)))):
                ready.append((track, pack))
                total = added(total, audio)
    assert total is not None
    return ready, total, rate


def added(total: Audio | None, audio: Audio) -> Audio:
    """Return the sum of two sounds of any length, mono or stereo; in float32, for it may be minutes. `total` is used up."""
    if total is None:
        return audio.astype(np.float32)
    shape = (max(total.shape[0], audio.shape[0]), max(total.shape[1], audio.shape[1]))
    if total.shape != shape:
        grown = np.zeros(shape, np.float32)
        grown[:, : total.shape[1]] = total
        total = grown
    total[:, : audio.shape[1]] += audio
    return total


def _described(track: Track, gain_db: float) -> dict[str, Any]:
    return {
        "name": track.name,
        "seconds": track.seconds,
        "rate": track.rate,
        "channels": track.channels,
        "peaks": track.peaks,
        "gain_db": gain_db,
        "level": track.level,
    }


def _turned(gain_db: float) -> str:
    return f", here turned down by {-gain_db:.1f} dB" if gain_db < 0 else ""


def overload(track: Track) -> str:
    """Return a warning if the peaks of a track are over full scale, else ""."""
    if track.peak_db <= 0:
        return ""
    return f"Peaks reach {signed(track.peak_db)} dB over full scale: turn the volume down by as much, or they clip."
