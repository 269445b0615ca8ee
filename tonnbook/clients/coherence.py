"""What holds an album together: each song's place in its loudness, and one tone to move toward.

The songs' own differences in level are part of the album and are kept: small ones as they are, large ones, which in rough mixes are
accidents of the session, pulled in, but never so far that two songs change places. The album as a whole stands at the target.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import copysign, log10, tanh
from statistics import mean

from tonnbook.models.mastering import AlbumContext, MasteringRequest
from tonnbook.models.notes import Sound

KEPT_LU = 2.0
"""A song this near to the album's loudness keeps its difference."""

_PULLED_LU = 2.0  # what a song beyond that may add to it, at most
_GENTLY_LU = 4.0
_LOUDEST, _QUIETEST = -5.0, -40.0


def place(requests: Mapping[str, MasteringRequest], sounds: Mapping[str, Sound]) -> dict[str, MasteringRequest]:
    """Return the requests with what the album asks of each song.

    The live service reads the loudness, in whole LUFS, and ignores the tone; the studio reads both.
    """
    targets = loudnesses({name: sounds[name] for name in requests}, mean(r.target_lufs for r in requests.values()))
    tone = average_tone([sounds[name] for name in requests])
    return {
        name: request.model_copy(
            update={
                "forced_loudness": True,
                "forced_loudness_lufs": round(targets[name]),
                "album": AlbumContext(target_lufs=round(targets[name], 2), tone_db=tone),
            }
        )
        for name, request in requests.items()
    }


def loudnesses(sounds: Mapping[str, Sound], target_lufs: float) -> dict[str, float]:
    """Return the loudness for each song, so that the mean power of all stands at the target."""
    levels = {name: sound.loudness_lufs for name, sound in sounds.items() if sound.loudness_lufs is not None}
    album = _mean_level(list(levels.values()))
    pulled = {name: _pulled(level - album) for name, level in levels.items()}
    shift = target_lufs - _mean_level(list(pulled.values()))
    return {name: min(max(offset + shift, _QUIETEST), _LOUDEST) for name, offset in pulled.items()}


def average_tone(sounds: list[Sound]) -> tuple[float, ...]:
    """Return the mean of the songs' spectra in dB: each song counts the same, however loud it is."""
    centred = [[level - mean(sound.tone_db) for level in sound.tone_db] for sound in sounds]
    return tuple(round(mean(band), 2) for band in zip(*centred, strict=True))


def _pulled(offset: float) -> float:
    beyond = max(abs(offset) - KEPT_LU, 0.0)
    return copysign(min(abs(offset), KEPT_LU) + _PULLED_LU * tanh(beyond / _GENTLY_LU), offset)


def _mean_level(levels: list[float]) -> float:
    return 10.0 * log10(mean(10.0 ** (level / 10.0) for level in levels))
