"""Play single notes of the bank of sampled instruments with TinySoundFont.

The bank is an .sf3 file: a SoundFont with Vorbis samples (see tools/make_bank.py). A preset is decoded in memory when it is first
played, which takes 5 to 30 ms, so that no cache on disk is needed.
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

_WINDOW = 1 << 22
"""Frames of a virtual address space reserved for each sample, so that the offset of a region identifies its sample."""

_LONGEST_RELEASE_S = 2.0
"""Longest release of a note. The harp of the font has ten seconds: slow to compute, and muddy when the chord changes."""

_OPEN_FILTER = 13500
"""Cut-off in cents, 20 kHz. pyTinySoundFont 0.0.1 raises a KeyError for a modulated filter that starts above it."""

TUNING: dict[int, tuple[tuple[int, int, int], ...]] = {
    8: ((84, 89, 10),),
    15: ((62, 66, 10),),
    45: ((49, 54, 6), (55, 59, 9), (60, 66, 7), (71, 74, 10), (75, 78, 12)),
    47: ((36, 36, -12), (43, 57, 20)),
    48: ((40, 40, -13), (52, 59, -9)),
    88: ((58, 69, -13),),
    110: ((90, 91, 19),),
}
"""Samples of the font that are out of tune, by program: (lowest key, highest key, cents too high), measured over a note."""


class Bank:
    """A SoundFont file."""

    def __init__(self, path: Path = BANK) -> None:
        self._hydra, _ = pyTinySoundFont.LoadSF2(str(path))
        data = path.read_bytes()
        offset = data.index(b"smpl") + 8
        heads = self._hydra["shdrs"][:-1]
        self._streams = [data[offset + head["start"] : offset + head["end"]] for head in heads]
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
        """Return True if a preset has a sound on a key."""
        regions = self._presets[bank, program]["regions"] if (bank, program) in self._presets else []
        return any(region["lokey"] <= key <= region["hikey"] for region in regions)

    def note(self, bank: int, program: int, key: int, velocity: int, seconds: float) -> Mono:
        """Return one note in mono at 44.1 kHz with its release; one frame of silence if the preset has no sound on the key.

        The velocity selects the layer and sets the level: 12 dB from 50 to 100.
        """
        samples, preset = self._decoded(bank, program)
        level = max(1, min(127, velocity)) / 127
        tuned = key - (0.0 if bank else _sharp_cents(program, key) / 100)
        count, data = pyTinySoundFont.SynthNote(
            samples, preset, tuned, level, int(seconds * RATE), pyTinySoundFont.MONO
        )
        if not count:
            return np.zeros(1, np.float32)
        return np.frombuffer(data, np.float32) * np.float32(level)

    def _decoded(self, bank: int, program: int) -> tuple[bytes, Any]:
        """Return the decoded samples of a preset in one array, and the preset with its regions pointing into it."""
        if (bank, program) not in self._ready:
            preset = dict(self._presets[bank, program])
            used = sorted({region["offset"] // _WINDOW for region in preset["regions"]})
            sounds = {n: decode(self._streams[n])[0][0].astype(np.float32) for n in used}
            gap = np.zeros(64, np.float32)  # the interpolator reads a few samples ahead
            starts = dict(zip(used, np.cumsum([0, *(len(sounds[n]) + len(gap) for n in used)]).tolist(), strict=False))
            preset["regions"] = [_moved(region, starts, sounds) for region in preset["regions"]]
            pieces = [piece for n in used for piece in (sounds[n], gap)]
            self._ready[bank, program] = np.concatenate(pieces).tobytes(), preset
        return self._ready[bank, program]


def _sharp_cents(program: int, key: int) -> int:
    """Return how many cents the sample of a key is too high."""
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
    """Return the bank of the package, which is read once per process."""
    return Bank()
