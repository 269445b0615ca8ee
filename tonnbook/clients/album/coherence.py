"""What holds an album together: each song's place in its loudness, and one tone to move toward.

The songs' own differences in level are part of the album and are kept: small ones as they are, large ones, which in rough mixes are
accidents of the session, pulled in, but never so far that two songs change places. The loudest song stands at the target, as AES TD1008
(2021) has it for albums, so that none is driven harder than it would be alone, and a louder target makes every song louder.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import copysign, log10, tanh
from statistics import mean

from tonnbook.models.mastering import AlbumContext, MasteringRequest
from tonnbook.models.notes import Sound
from tonnbook.models.tone import average_db

KEPT_LU = 2.0
"""A song this near to the album's loudness keeps its difference."""

_PULLED_LU = 2.0  # what a song beyond that may add to it, at most
_GENTLY_LU = 4.0
_QUIETEST = -40.0


def place(requests: Mapping[str, MasteringRequest], sounds: Mapping[str, Sound]) -> dict[str, MasteringRequest]:
    """Return the requests with what the album asks of each song.

    The live service reads the loudness, in whole LUFS, and ignores the tone; the studio reads both.
    """
    targets = loudnesses({name: sounds[name] for name in requests}, mean(r.target_lufs for r in requests.values()))
    tone = tuple(round(level, 2) for level in average_db([sounds[name].tone_db for name in requests]))
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
    """Return the loudness for each song: the loudest at the target, the others below it, in their order."""
    levels = {name: sound.loudness_lufs for name, sound in sounds.items() if sound.loudness_lufs is not None}
    album = _mean_level(list(levels.values()))
    pulled = {name: _pulled(level - album) for name, level in levels.items()}
    loudest = max(pulled.values())
    return {name: max(target_lufs + offset - loudest, _QUIETEST) for name, offset in pulled.items()}


def _pulled(offset: float) -> float:
    beyond = max(abs(offset) - KEPT_LU, 0.0)
    return copysign(min(abs(offset), KEPT_LU) + _PULLED_LU * tanh(beyond / _GENTLY_LU), offset)


def _mean_level(levels: list[float]) -> float:
    return 10.0 * log10(mean(10.0 ** (level / 10.0) for level in levels))
