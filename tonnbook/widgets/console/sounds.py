"""The sounds of a console: the part of each recording that the preview plays, the preview itself, and the rendered mix.

The browser processes the recordings itself, so they are sent without loss where that is not too much, at the sample rate of the mix.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from tonnbook.models.mixing import MixNotes, MixPreview
from tonnbook.widgets.player.sources import Audio
from tonnbook.widgets.player.tracks import Encoded

PREVIEW, RENDERED = "preview", "rendered"
_MEMORY = 240e6  # bytes of decoded sound; the player's limit is 256 MB
_MOST_LOSSLESS_S = 700.0  # of one channel: about 50 MB
_LONGEST_S, _SHORTEST_S = 30.0, 1.0
_OFF = [0.0, 1.0, 15.0, 120.0]
_MASTERED = "The preview is mastered; what is heard as Mine is the mix before its master."
_LIVE = (
    "What is heard as Mine is computed with the studio's equations, without reverb and bus compression: the service has its own and "
    "does not publish them. Preview and Rendered are the service's."
)


@dataclass(frozen=True)
class Part:
    """The part of the song that the console plays: its rate in Hz, its start in the song and its length in seconds."""

    rate: int
    start_s: float
    seconds: float
    channels: tuple[int, ...]
    """Channels of each recording as the mix uses it."""
    has_preview: bool = True
    """Whether this is the part that the preview plays."""

    @property
    def lossless(self) -> bool:
        """Whether the recordings are sent without loss."""
        return sum(self.channels) * self.seconds <= _MOST_LOSSLESS_S

    def read(self, path: Path) -> Audio:
        """Return this part of a recording or of a whole mix, (channels, frames)."""
        from tonnbook import audio_files

        stop_s = self.start_s + self.seconds
        blocks = list(audio_files.blocks(path, self.rate, start_s=self.start_s, stop_s=stop_s))
        return np.concatenate(blocks, axis=1) if blocks else np.zeros((1, 1))

    def state(self, names: list[str]) -> list[dict[str, Any]]:
        """Return the sounds as the page knows them before they arrive."""
        optional = {RENDERED} if self.has_preview else {PREVIEW, RENDERED}
        known = [*zip(names, self.channels, strict=True), (PREVIEW, 2), (RENDERED, 2)]
        return [
            {"name": n, "seconds": self.seconds, "rate": self.rate, "channels": c, "optional": n in optional}
            for n, c in known
        ]


def part_of(preview: MixPreview, names: list[str], start_s: float | None = None) -> Part:
    """Return the part that the preview plays, or 30 s from `start_s`; shorter where a browser tab could not hold all recordings of it.

    Raises ValueError for a start that is not in the song.
    """
    from tonnbook import audio_files

    request, notes = preview.request, preview.notes
    assert request is not None
    rate = int(request.sample_rate)
    folds = [notes.tracks[name].fold if notes and name in notes.tracks else "stereo" for name in names]
    channels = tuple(2 if fold == "stereo" else 1 for fold in folds)
    most = _MEMORY / (4 * rate * (sum(channels) + 4))
    if start_s is None:
        seconds = audio_files.info(preview.mix.path).seconds
        return Part(rate, (notes.preview_start_s if notes else None) or 0.0, round(min(seconds, most), 3), channels)
    end_s = max(audio_files.info(file.path).seconds for file in preview.recordings.values())
    if not 0.0 <= start_s <= end_s - _SHORTEST_S:
        raise ValueError(
            f"start_s is {start_s}; allowed: 0 to {max(0.0, end_s - _SHORTEST_S):.1f}, the song has {end_s:.1f} s"
        )
    return Part(rate, start_s, round(min(_LONGEST_S, end_s - start_s, most), 3), channels, has_preview=False)


def mixing_of(notes: MixNotes | None) -> dict[str, Any]:
    """Return what the page needs to mix as the studio does; without notes there is no bus compressor and no reverb."""
    bus = notes.bus_compression if notes else None
    return {
        "bus": [bus.threshold_db, bus.ratio, bus.attack_ms, bus.release_ms] if bus else _OFF,
        "limit_db": (notes and notes.bus_reduction_limit_db) or 0.0,
        "trim_db": notes.trim_db if notes else 0.0,
        "low_cut_hz": notes.low_cut_hz if notes else None,
        "room": any(track.reverb_gain_db is not None for track in notes.tracks.values()) if notes else False,
    }


def about(preview: MixPreview) -> str:
    """Return what differs between the mixes that are compared, apart from the settings."""
    mastered = preview.request is not None and preview.request.create_master
    return " ".join(filter(None, ["" if preview.notes else _LIVE, _MASTERED if mastered else ""]))


def recording(preview: MixPreview, name: str, part: Part) -> Encoded:
    """Return a recording as the mix uses its channels, encoded for the browser."""
    audio = part.read(preview.recordings[name].path)
    fold = preview.notes.tracks[name].fold if preview.notes and name in preview.notes.tracks else "stereo"
    if fold != "stereo" and len(audio) == 2:
        audio = {"mono": audio.mean(axis=0, keepdims=True), "left": audio[:1], "right": audio[1:]}[fold]
    elif fold == "stereo" and len(audio) == 1:
        audio = np.repeat(audio, 2, axis=0)
    return _encode(audio, part.rate, part.lossless)


def mix(path: Path, part: Part, whole: bool) -> tuple[Encoded, float | None]:
    """Return a mix encoded for the browser, and its loudness in LUFS. `whole` if the file is the song, not the part of it."""
    from tonnbook import audio_files
    from tonnbook.dsp.loudness import integrated_loudness

    audio = part.read(path) if whole else audio_files.read(path, part.rate)[0]
    audio = audio[:, : round(part.seconds * part.rate)]
    loudness = integrated_loudness(audio, part.rate)
    return _encode(audio, part.rate, part.lossless), loudness if isfinite(loudness) else None


def room(preview: MixPreview, rate: int) -> bytes:
    """Return the impulse response of the studio's reverb: left, then right, as 32-bit floats."""
    from tonnbook.dsp.reverb import impulse_response

    assert preview.request is not None
    return impulse_response(preview.request.style.value, rate).astype("<f4").tobytes()


def as_wav(encoded: Encoded) -> Encoded:
    """Return a sound as WAV, which every browser decodes."""
    from tonnbook import audio_files

    audio, rate = audio_files.decode(encoded.data)
    return Encoded("wav", audio_files.encode(audio, rate, "wav", 24))


def _encode(audio: Audio, rate: int, lossless: bool) -> Encoded:
    """Return a sound as FLAC of 24 bits, as WAV where samples are over full scale, or as Vorbis."""
    from tonnbook import audio_files

    if not lossless:
        return Encoded("ogg", audio_files.encode(audio, rate, "ogg"))
    if np.abs(audio).max(initial=0.0) > 1.0:
        return Encoded("wav", audio_files.encode(audio, rate, "wav", 32))
    return Encoded("flac", audio_files.encode(audio, rate, "flac", 24))
