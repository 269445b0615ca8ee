"""Players of a saved report: the track, or before and after synchronised at equal loudness, as MP3s inside the page."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from html import escape
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tonnbook import audio_files
from tonnbook.dsp.levels import to_gain
from tonnbook.dsp.loudness import integrated_loudness

_RATE = 44100
_KBPS = 96
_TURNED_DB = 0.05

# A player that starts stops the other one and continues at its position.
_SYNCHRONISE = """<script>
const players = [...document.querySelectorAll("audio")];
for (const one of players) one.addEventListener("play", () => {
  for (const other of players) if (other !== one && !other.paused) { one.currentTime = other.currentTime; other.pause(); }
});
</script>"""

_Sound = NDArray[np.float64]


def player(name: str, track: Path) -> str:
    """Return the HTML of one player, at the level of the file."""
    return _element(name, _in_stereo(track))


def before_and_after(before: Path, after: Path, start_s: float | None) -> str:
    """Return the HTML of two synchronised players, the louder sound turned down to the loudness of the other.

    Parameters
    ----------
    start_s
        Where `after` starts in `before` if it is an excerpt; the rest of `before` is left out.
    """
    whole, made = _in_stereo(before), _in_stereo(after)
    first = round((start_s or 0.0) * _RATE)
    sounds = {"before": whole[:, first : first + made.shape[1]] if start_s else whole, "after": made}
    gains = _gains_db(sounds)
    players = "".join(
        _element(
            name, sound * to_gain(gains[name]), f"turned down by {-gains[name]:.1f} dB" * (gains[name] < -_TURNED_DB)
        )
        for name, sound in sounds.items()
    )
    return f"<p>Before and after, at equal loudness. To switch, press Play on the other player: it continues at the same position.</p>{players}{_SYNCHRONISE}"


def _in_stereo(track: Path) -> _Sound:
    """Read a track as stereo; a mono track plays on both sides, which makes it 3 LU louder."""
    audio, _ = audio_files.read(track, _RATE)
    return np.asarray(np.broadcast_to(audio, (2, audio.shape[1])), dtype=np.float64)


def _gains_db(sounds: Mapping[str, _Sound]) -> dict[str, float]:
    """Return the gains in dB that make all sounds as loud as the quietest; 0 if one of them is silent."""
    lufs = {name: integrated_loudness(sound, _RATE) for name, sound in sounds.items()}
    least = min(lufs.values())
    return {name: least - each if isfinite(least) else 0.0 for name, each in lufs.items()}


def _element(name: str, audio: _Sound, remark: str = "") -> str:
    mp3 = b64encode(audio_files.encode(audio.clip(-1.0, 1.0), _RATE, "mp3", kbps=_KBPS)).decode("ascii")
    label = f"{name} ({remark})" if remark else name
    return (
        f'<p><b>{escape(label)}</b><br><audio controls preload="none" aria-label="{escape(label)}" '
        f'src="data:audio/mpeg;base64,{mp3}"></audio></p>'
    )
