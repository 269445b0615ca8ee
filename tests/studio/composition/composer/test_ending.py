"""The end of a song: the last chord rings and dies away, and the song keeps its duration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.studio.composition.composer.song_plans import allowed, plan
from tonnbook.audio_files import blocks
from tonnbook.models.composition import Genre
from tonnbook.studio.composition.composer.compose import compose
from tonnbook.studio.composition.composer.sound.soundfont import RATE
from tonnbook.studio.composition.composer.writing.arrange import song_of
from tonnbook.studio.composition.composer.writing.form import RING_S

HOP = RATE // 20


@pytest.mark.parametrize("genre", list(Genre))
def test_the_last_bar_lasts_as_long_as_a_chord_rings(genre: Genre) -> None:
    for _, emotion, tempo in (each for each in allowed() if each[0] is genre):
        song = song_of(plan(genre, emotion, tempo, 30_000))
        seconds = song.ending * 30 / song.beats[-1]
        assert RING_S <= seconds < 8
        assert song_of(plan(genre, emotion, tempo, 30_000, looping=True)).ending == 0


@pytest.mark.parametrize("genre", list(Genre))
def test_the_last_chord_rings_and_does_not_stop(genre: Genre, tmp_path: Path) -> None:
    """The level falls by less than 30 dB in 0.3 s until it is 36 dB below its peak; before, by 46 to 58 dB."""
    song = compose(plan(genre, "happy", ms=12_000), tmp_path)
    assert song.frames == 12 * RATE
    last = song.score.sections[-1]
    mix = np.concatenate(list(blocks(song.mix)), axis=1)[:, round(last.at(last.bars[-1].start) * RATE) :]
    level = np.array(
        [10 * np.log10(np.square(mix[:, n : n + HOP]).mean() + 1e-12) for n in range(0, mix.shape[1], HOP)]
    )
    heard = np.flatnonzero(level > level.max() - 36)
    assert heard[-1] / 20 >= 1.8
    assert all(level[n] - level[min(n + 6, len(level) - 1)] < 30 for n in heard if n + 6 < len(level))
