"""Send the sounds of a console to its page, and play them: base class of the console."""

from __future__ import annotations

from threading import RLock, Thread
from typing import Any

import traitlets

from tonnbook.errors import TonnbookError
from tonnbook.models.mixing import MixPreview
from tonnbook.widgets.console.sounds import Part, as_wav, mix, recording, room
from tonnbook.widgets.console.strips import Value
from tonnbook.widgets.player.tracks import Encoded
from tonnbook.widgets.player.transport import Transport


class ConsolePlayback(Transport):
    """A widget that sends recordings, preview and rendered mix to its page, which mixes the recordings itself."""

    sounds: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    mixing: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    sound_problem = traitlets.Unicode("").tag(sync=True)

    mode = traitlets.Unicode("mine").tag(sync=True)
    """What is heard: "preview", "mine" or "rendered"."""

    _lock: RLock

    def _set_sound(self, preview: MixPreview, names: list[str], part: Part) -> None:
        """Set what is played: the recordings `names` of a preview, the preview, and later a rendered mix."""
        self._preview, self._names, self._part = preview, names, part
        self._encoded: dict[int, tuple[Encoded, float | None]] = {}
        self._room = b""
        self._preparing: Thread | None = None
        self._rendering: dict[str, Value] = {}  # the changes of the mix that was rendered last

    def _displayed(self) -> None:
        self._start_preparing()

    def _start_preparing(self) -> bool:
        """Start to read and send the sounds, once; return whether that was now."""
        with self._lock:
            if self._preparing is not None:
                return False
            self._preparing = Thread(target=self._prepare, name="console-sounds", daemon=True)
            self._preparing.start()
            return True

    def _prepare(self) -> None:
        """Read, encode and send all sounds: the preview first."""
        count = len(self._names)
        try:
            if self.mixing["room"]:
                self._room = room(self._preview, self._part.rate)
                self._send_room(as_text=False)
            if self._part.has_preview:
                self._keep(count, *mix(self._preview.mix.path, self._part, whole=False))
            for index, name in enumerate(self._names):
                self._keep(index, recording(self._preview, name, self._part), None)
        except (TonnbookError, KeyError, OSError) as error:
            self.sound_problem = (
                f"The recordings cannot be played ({error}). The settings can still be changed and rendered."
            )

    def _keep(self, index: int, encoded: Encoded, lufs: float | None) -> None:
        self._encoded[index] = (encoded, lufs)
        self._send_sound(index, as_text=False)

    def _send_sounds(self, format_: str, as_text: bool) -> None:
        """Send what is there again, to a page that was reloaded; as WAV to one that could not decode it."""
        if self._room:
            self._send_room(as_text)
        for index, (encoded, lufs) in sorted(self._encoded.items()):
            if format_ == "mp3" and encoded.format != "wav":
                self._encoded[index] = (as_wav(encoded), lufs)
            self._send_sound(index, as_text)

    def _send_sound(self, index: int, as_text: bool) -> None:
        encoded, lufs = self._encoded[index]
        head = {
            "kind": "sound",
            "index": index,
            "format": encoded.format,
            "bytes": len(encoded.data),
            "lufs": lufs,
            "of": self._rendering,
        }
        self.send_bytes(head, encoded.data, as_text)

    def _send_room(self, as_text: bool) -> None:
        self.send_bytes({"kind": "room"}, self._room, as_text)
