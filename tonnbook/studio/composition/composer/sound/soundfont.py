"""The bank of sampled instruments: one note at a time, through TinySoundFont.

The bank is an .sf3 file, a SoundFont whose samples are Vorbis streams (see tools/make_bank.py). They are decoded in memory when a
preset is first played, 5 to 30 ms each, so there is no cache on disk to write, to find stale, or to be refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyTinySoundFont

from tonnbook.audio_files import decode

RATE = 44100
BANK = Path(__file__).parents[1] / "bank" / "instruments.sf3"
Mono = npt.NDArray[np.float32]

_WINDOW = (
    1 << 22
)  # frames of a virtual address space that each sample gets, so that a region tells which sample it plays


_LONGEST_RELEASE_S = 2.0
"""The font lets a harp ring for ten seconds after the key is let go: costly to compute, and mud in a chord change."""

_OPEN_FILTER = 13500
"""In cents, 20 kHz. A filter that starts above it, and is modulated, has no coefficients in pyTinySoundFont 0.0.1: a KeyError."""

TUNING: dict[int, tuple[tuple[int, int, int], ...]] = {
    8: ((84, 89, 10),),
    15: ((62, 66, 10),),
    45: ((49, 54, 6), (55, 59, 9), (60, 66, 7), (71, 74, 10), (75, 78, 12)),
    47: ((36, 36, -12), (43, 57, 20)),
    48: ((40, 40, -13), (52, 59, -9)),
    88: ((58, 69, -13),),
    110: ((90, 91, 19),),
}
"""Samples that the font has out of tune, by program: (lowest key, highest key, cents too high), measured over a note's length."""


class Bank:
    """A SoundFont, ready to play."""

    def __init__(self, path: Path = BANK) -> None:
        self._hydra, _ = pyTinySoundFont.LoadSF2(str(path))
        data = path.read_bytes()
        place = data.index(b"smpl") + 8
        heads = self._hydra["shdrs"][:-1]
        self._streams = [data[place + head["start"] : place + head["end"]] for head in heads]
        for n, head in enumerate(heads):
            head["start"], head["end"] = n * _WINDOW, (n + 1) * _WINDOW
            head["startLoop"] += n * _WINDOW
            head["endLoop"] += n * _WINDOW
        presets = pyTinySoundFont.LoadPresets((self._hydra, b""))
        self._presets: Mapping[tuple[int, int], Any] = {(p["bank"], p["preset"]): p for p in presets}
        self._ready: dict[tuple[int, int], tuple[bytes, Any]] = {}

    @property
    def presets(self) -> frozenset[tuple[int, int]]:
        """(bank, program) of every preset; bank 128 holds the drum kits."""
        return frozenset(self._presets)

    def plays(self, bank: int, program: int, key: int) -> bool:
        """Whether a preset has a sound on a key."""
        regions = self._presets[bank, program]["regions"] if (bank, program) in self._presets else []
        return any(region["lokey"] <= key <= region["hikey"] for region in regions)

    def note(self, bank: int, program: int, key: int, velocity: int, seconds: float) -> Mono:
        """Return one note in mono at 44.1 kHz with its release; silence where the preset has no sound on the key.

        The layer follows the velocity, and so does the level: 12 dB from 50 to 100.
        """
        samples, preset = self._prepared(bank, program)
        touch = max(1, min(127, velocity)) / 127
        tuned = key - (0.0 if bank else _sharp_cents(program, key) / 100)
        count, data = pyTinySoundFont.SynthNote(
            samples, preset, tuned, touch, int(seconds * RATE), pyTinySoundFont.MONO
        )
        if not count:
            return np.zeros(1, np.float32)
        return np.frombuffer(data, np.float32) * np.float32(touch)

    def _prepared(self, bank: int, program: int) -> tuple[bytes, Any]:
        """Return a preset's samples, decoded into one piece, and the preset with its regions pointing into it."""
        if (bank, program) not in self._ready:
            preset = dict(self._presets[bank, program])
            used = sorted({region["offset"] // _WINDOW for region in preset["regions"]})
            sounds = {n: decode(self._streams[n])[0][0].astype(np.float32) for n in used}
            gap = np.zeros(64, np.float32)  # the interpolator looks a few samples ahead
            starts = dict(zip(used, np.cumsum([0, *(len(sounds[n]) + len(gap) for n in used)]).tolist(), strict=False))
            preset["regions"] = [_moved(region, starts, sounds) for region in preset["regions"]]
            pieces = [piece for n in used for piece in (sounds[n], gap)]
            self._ready[bank, program] = np.concatenate(pieces).tobytes(), preset
        return self._ready[bank, program]


def _sharp_cents(program: int, key: int) -> int:
    """Return by how many cents the font's sample for a key is too high."""
    return next((cents for low, high, cents in TUNING.get(program, ()) if low <= key <= high), 0)


def _moved(region: Mapping[str, Any], starts: Mapping[int, int], sounds: Mapping[int, Mono]) -> dict[str, Any]:
    n = region["offset"] // _WINDOW
    shift = starts[n] - n * _WINDOW
    moved = {name: region[name] + shift for name in ("offset", "loop_start", "loop_end")}
    envelope = {**region["ampenv"], "release": min(region["ampenv"]["release"], _LONGEST_RELEASE_S)}
    filtered = {"initialFilterFc": min(region["initialFilterFc"], _OPEN_FILTER)}
    return {**region, **moved, **filtered, "end": starts[n] + len(sounds[n]), "ampenv": envelope}


@cache
def default_bank() -> Bank:
    """Return the bank that comes with the package; it is read once per process."""
    return Bank()
