"""The twin of a player for a saved notebook: a few seconds of MP3 and a drawn waveform, small enough to live in the file."""

from __future__ import annotations

import base64
from html import escape

import numpy as np

from tonnbook.widgets.page import data_url, html
from tonnbook.widgets.player.sources import Audio

RATE = 22050
SECONDS = 11.0
"""Length of all excerpts of one player together: 48 kbit/s mono, so about 66 kB, or 88 kB as base64."""


def loudest_start(audio: Audio, rate: int, seconds: float) -> int:
    """Return the first frame of the loudest `seconds` of a sound."""
    step = rate // 10
    power = np.add.reduceat((audio * audio).sum(axis=0), np.arange(0, audio.shape[1], step))
    length = max(1, round(seconds * rate / step))
    if len(power) <= length:
        return 0
    sums = np.convolve(power, np.ones(length), "valid")
    return int(np.argmax(sums > sums.max() * (1 - 1e-9))) * step


def excerpt(audio: Audio, rate: int, start: int, seconds: float, gain: float = 1.0) -> bytes:
    """Return a part of a sound as a small mono MP3, with soft ends and never clipped."""
    from tonnbook import audio_files

    mono = audio[:, start : start + round(seconds * rate)].mean(axis=0) * gain
    small = _resampled(mono, rate)
    fade = np.minimum(1.0, np.arange(len(small)) / (0.02 * RATE))
    soft = small * fade * fade[::-1]
    return audio_files.encode(soft[np.newaxis] / max(1.0, float(np.abs(soft).max(initial=0.0))), RATE, "mp3", kbps=96)


def _resampled(mono: Audio, rate: int) -> Audio:
    """Change the rate by cutting the spectrum: exact for a whole excerpt, and no codec room is needed."""
    frames = max(1, round(len(mono) * RATE / rate))
    spectrum = np.fft.rfft(mono)
    return np.fft.irfft(spectrum[: frames // 2 + 1], frames) * (frames / len(mono))


def audio_tag(mp3: bytes, label: str) -> str:
    """Return an <audio> whose src carries the sound: without a <source> child it plays in an untrusted notebook too."""
    return html("audio", controls="", preload="none", src=data_url("audio/mpeg", mp3), aria_label=label)


def picture(peaks: str, words: str) -> str:
    """Return the waveform of `tracks.drawn` as an image that carries itself; `words` is its alternative text."""
    heights = np.frombuffer(base64.b64decode(peaks), np.uint8)[::2][::2] / 255.0 * 31.0
    upper = " ".join(f"{x},{32 - y:.0f}" for x, y in enumerate(heights))
    lower = " ".join(f"{x},{32 + y:.0f}" for x, y in reversed(list(enumerate(heights))))
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {max(1, len(heights) - 1)} 64" width="600" height="64" '
        f'preserveAspectRatio="none"><polygon fill="#4a90b8" points="{upper} {lower}"/></svg>'
    )
    return html("img", alt=words, src=data_url("image/svg+xml", drawing.encode()), width="600", height="64")


def paragraph(text: str) -> str:
    """Return one paragraph of plain text."""
    return html("p", escape(text))
