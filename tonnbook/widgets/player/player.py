"""The player widget: plays one sound, stems in sync, or a comparison in the browser, at their own levels.

The encoded sound is sent in one binary message per track when the player is displayed; long sounds are encoded only then, one after
another, so that their waveforms are there at once. It is not part of the widget's state, so a
saved notebook stays small and nothing waits for the kernel to be idle. A reloaded page requests the sound again.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from threading import Thread
from typing import Any, Literal

import numpy as np
import traitlets

from tonnbook.errors import TonnbookError
from tonnbook.widgets.page import data_url, html, script, style
from tonnbook.widgets.player.changes import Changes
from tonnbook.widgets.player.sources import Source
from tonnbook.widgets.player.tracks import Encoded, Track, encode, encode_as_mp3
from tonnbook.widgets.player.transport import Transport

Kind = Literal["one", "stems", "compare"]

LETTERS = "ABCDEFGHI"
"""Short names of the sounds of a comparison; each has a digit as its key."""


@dataclass(frozen=True)
class Excerpt:
    """A short MP3 for the static HTML, with the name of its track."""

    name: str
    mp3: bytes


class Player(Transport):
    """A player of one or more sounds; create it with `play`, `compare` or `switch`.

    `position` (s), `loop` ([start, end] in s, or empty), `soloed` and `muted` (names), and for a comparison `active` (name) and `matched`
    (whether loudness is equal) can be read and set. The browser also sets `playing`, `ready` and `error`.
    """

    _esm = script("player/stems", "player/changes", "player/keys", "player/player")
    _css = style("player/player")

    kind = traitlets.Unicode("one").tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    note = traitlets.Unicode("").tag(sync=True)
    level = traitlets.Unicode("").tag(sync=True)
    peaks = traitlets.Unicode("").tag(sync=True)
    tracks: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    markers: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    changes: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    blind = traitlets.Bool(False).tag(sync=True)
    """Whether waveforms, levels, gains and downloads are hidden, so that only the ear can tell the sounds apart."""

    soloed: traitlets.List[str] = traitlets.List().tag(sync=True)
    muted: traitlets.List[str] = traitlets.List().tag(sync=True)
    active = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        kind: Kind,
        tracks: Sequence[tuple[Track, Encoded | None]],
        found: Sequence[Source],
        excerpts: Sequence[Excerpt],
        *,
        title: str = "",
        note: str = "",
        total: Track | None = None,
        gains_db: Sequence[float] = (),
        markers: Sequence[Mapping[str, Any]] = (),
        matched: bool = True,
        changes: Changes | None = None,
        blind: bool = False,
    ) -> None:
        gains = gains_db or [0.0] * len(tracks)
        self._tracks = [track for track, _ in tracks]
        self._encoded: list[Encoded | None] = [encoded for _, encoded in tracks]
        self._sources = list(found)
        self._excerpts = list(excerpts)
        self._total = total
        self._sent = False
        self._changes = changes
        super().__init__(
            kind=kind,
            title=title,
            note=note,
            tracks=[_track_state(track, gain) for (track, _), gain in zip(tracks, gains, strict=True)],
            peaks=total.peaks if total else "",
            level=total.level if total else "",
            active=tracks[0][0].name if kind == "compare" else "",
            markers=[dict(marker) for marker in markers],
            matched=matched,
            blind=blind,
            changes=changes.state if changes else {},
        )
        self.on_msg(self._on_message)

    @traitlets.validate("soloed", "muted")
    def _check_names(self, proposal: dict[str, Any]) -> list[str]:
        return [self._known(name, proposal["trait"].name) for name in proposal["value"]]

    @traitlets.validate("active")
    def _check_active(self, proposal: dict[str, Any]) -> str:
        return self._known(proposal["value"], "active") if proposal["value"] else ""

    def _known(self, name: str, field: str) -> str:
        names = [track.name for track in self._tracks]
        if name not in names:
            raise ValueError(f"{field}: there is no {name!r} in this player; there are: {', '.join(names)}")
        return name

    def reveal(self) -> None:
        """Show the waveforms and levels of a blind player."""
        self.blind = False

    def plain(self) -> str:
        """Return the player in one line of text."""
        return f"Player({self.title or ', '.join(track.name for track in self._tracks)!s}, {self._seconds:.1f} s)"

    def static_html(self) -> str:
        """Return the waveform, a few seconds of sound and the levels as plain HTML."""
        main = self._total or self._tracks[0]
        heading = self.title or main.name
        levels = "; ".join(
            f"{track.name}: {track.level}" + (_gain_text(state["gain_db"]) if self.matched else "")
            for track, state in zip(self._tracks, self.tracks, strict=True)
        )
        image = _waveform_image(main.peaks, f"Waveform of {heading}, {self._seconds:.1f} s")
        blocks = [] if self.blind else [image]
        for part in self._excerpts:
            label = [html("span", escape(f"{part.name} "))] if len(self._excerpts) > 1 else []
            blocks.append(html("div", *label, _audio_tag(part.mp3, f"Excerpt of {part.name}")))
        if self._changes:
            blocks.append(self._changes.picture())
        about = "Excerpt as a small MP3; run the cell to get the player." + ("" if self.blind else f" {levels}.")
        return html(
            "div",
            html("b", escape(heading)),
            *(html("div", block) for block in blocks),
            html("p", escape(about)),
            html("p", escape(self.note)),
        )

    @property
    def _seconds(self) -> float:
        return max(track.seconds for track in self._tracks)

    def _displayed(self) -> None:
        if not self._sent:
            self._sent = True
            self._send_sounds()
            if None in self._encoded:
                Thread(target=self._encode_rest, name="player-sounds", daemon=True).start()

    def _encode_rest(self) -> None:
        """Encode and send the sounds that have not been encoded yet, two at a time: the codecs release the GIL."""
        rate = max(track.rate for track in self._tracks)

        def encode_one(index: int) -> None:
            try:
                audio, _ = self._sources[index].read(rate)
                self._encoded[index] = encode(self._sources[index], audio, rate, unchanged=False)
            except (TonnbookError, OSError) as error:
                self.send({"kind": "problem", "text": f"{self._tracks[index].name} cannot be read ({error})."})
                return
            self._send_sound(index)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(encode_one, [n for n, encoded in enumerate(self._encoded) if encoded is None]))

    def replace_sound(self, index: int, by: int) -> None:
        """Give the track `index` the sound of the track `by`; the page takes it over at the same position."""
        self._encoded[index], self._sources[index] = self._encoded[by], self._sources[by]
        if self._sent:
            self._send_sound(index, replaces=True)

    def _send_sounds(self, as_text: bool = False) -> None:
        for index in range(len(self._encoded)):
            self._send_sound(index, as_text)

    def _send_sound(self, index: int, as_text: bool = False, replaces: bool = False) -> None:
        """Send a sound, if it has been encoded."""
        encoded = self._encoded[index]
        if encoded is None:
            return
        message = {"kind": "sound", "index": index, "format": encoded.format, "bytes": len(encoded.data)}
        message |= {"replaces": True} if replaces else {}
        self.send_bytes(message, encoded.data, as_text)

    def _on_message(self, _: object, message: Mapping[str, Any], __: object) -> None:
        """Send the sounds again to a page that was reloaded, or as MP3 to one that could not decode them."""
        if message.get("kind") != "sounds":
            return
        if message.get("format") == "mp3" and any(encoded and encoded.format != "mp3" for encoded in self._encoded):
            self._encoded = [
                encoded if encoded and encoded.format == "mp3" else encode_as_mp3(source)
                for source, encoded in zip(self._sources, self._encoded, strict=True)
            ]
        self._send_sounds(as_text=bool(message.get("text")))


def _track_state(track: Track, gain_db: float) -> dict[str, Any]:
    return {
        "name": track.name,
        "seconds": track.seconds,
        "rate": track.rate,
        "channels": track.channels,
        "peaks": track.peaks,
        "gain_db": gain_db,
        "level": track.level,
    }


def _gain_text(gain_db: float) -> str:
    return f", here turned down by {-gain_db:.1f} dB" if gain_db <= -0.05 else ""


def _audio_tag(mp3: bytes, label: str) -> str:
    """Return an <audio> with the sound in its src: without a <source> child it also plays in an untrusted notebook."""
    return html("audio", controls="", preload="none", src=data_url("audio/mpeg", mp3), aria_label=label)


def _waveform_image(peaks: str, alt: str) -> str:
    """Return the waveform of `tracks.waveform` as an <img> with embedded SVG; `alt` is its alternative text."""
    heights = np.frombuffer(base64.b64decode(peaks), np.uint8)[::2][::2] / 255.0 * 31.0
    upper = " ".join(f"{x},{32 - y:.0f}" for x, y in enumerate(heights))
    lower = " ".join(f"{x},{32 + y:.0f}" for x, y in reversed(list(enumerate(heights))))
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {max(1, len(heights) - 1)} 64" width="600" height="64" '
        f'preserveAspectRatio="none"><polygon fill="#4a90b8" points="{upper} {lower}"/></svg>'
    )
    return html("img", alt=alt, src=data_url("image/svg+xml", drawing.encode()), width="600", height="64")
