"""Glue compression of prepared songs with made-up energies and peaks: when it is used, its settings, and its effect on a real file."""

from pathlib import Path

import numpy as np
import pytest

from tonnbook.dsp.cell_peaks import CELL
from tonnbook.models.vocabulary import MusicalStyle, SampleRate
from tonnbook.studio.mastering.chain import ENERGY_FRAMES, PreparedSong
from tonnbook.studio.mastering.glue import GLUE_FROM_DB, apply_glue, glue_settings
from tonnbook.studio.mastering.loudness_search import CLIPPED_SHARE, LIMITER_ONLY_DB, LevelSettings, LoudnessEstimate
from tonnbook.studio.mastering.plan import MasterTarget, target_for

RATE = 44100
SECONDS = 4


def master_target(target_lufs: float) -> MasterTarget:
    return target_for(MusicalStyle.POP, target_lufs, SampleRate.CD)


def song(folder: Path, crest_db: float = 12.0) -> PreparedSong:
    """Return noise at -20 LUFS with a hit of 50 ms in every half second, whose peaks are `crest_db` above that."""
    frames = SECONDS * RATE
    mean_square = 10.0 ** ((-20.0 + 0.691) / 10.0)
    loud = np.arange(frames) % (RATE // 2) < RATE // 20
    audio = np.random.default_rng(3).standard_normal((2, frames)) * 0.03
    audio[:, loud] *= 10.0 ** (-8.0 / 20.0) / 0.1
    path = folder / "song.f32"
    np.ascontiguousarray(audio.T, dtype=np.float32).tofile(path)
    energies = np.full(-(-frames // ENERGY_FRAMES), mean_square * ENERGY_FRAMES)
    peaks = np.full(-(-frames // CELL), 0.05, np.float32)
    peaks[loud[::CELL][: len(peaks)]] = 10.0 ** ((-20.0 + crest_db) / 20.0)
    return PreparedSong(path, RATE, frames, energies, peaks)


@pytest.mark.parametrize(("target", "over"), [(-23.0, -9.92), (-13.5, -0.42)])
def test_over_db_without_limiting_is_peak_plus_gain_minus_ceiling(tmp_path: Path, target: float, over: float) -> None:
    assert LoudnessEstimate(song(tmp_path)).over_db(target, -1.0) == pytest.approx(over, abs=0.02)


def test_over_db_includes_the_gain_that_makes_up_for_limiter_and_clipper(tmp_path: Path) -> None:
    over = LoudnessEstimate(song(tmp_path)).over_db(-8.0, -1.0)
    assert over > 5.08 + 0.2


@pytest.mark.parametrize(
    ("target", "words"), [(-23.0, "a gain is enough"), (-12.0, "the limiter alone"), (-9.9, "clipper and limiter")]
)
def test_a_song_little_over_the_ceiling_gets_no_glue_and_the_clipper_agrees(
    tmp_path: Path, target: float, words: str
) -> None:
    made = apply_glue(song(tmp_path), master_target(target), lambda _, __: None)
    over = made.note.numbers["over_db"]
    assert (made.glue, made.note.done, over <= GLUE_FROM_DB) == (None, False, True)
    assert words in made.note.text
    level = LevelSettings(0.0, -over)  # hits at 0 dBFS, `over` dB over the ceiling
    assert (level.clip_db(0.0) > 0.0) == ("clipper" in words)


def test_a_song_far_over_the_ceiling_is_compressed_if_that_helps_and_only_one_file_is_kept(tmp_path: Path) -> None:
    made = apply_glue(song(tmp_path), master_target(-6.0), lambda _, __: None)
    numbers = made.note.numbers
    assert numbers["over_db"] > GLUE_FROM_DB
    assert made.note.done == (made.glue is not None) == (numbers["left_over_db"] < numbers["over_db"])
    assert [path.name for path in tmp_path.iterdir()] == [made.song.path.name]
    assert LoudnessEstimate(made.song).over_db(-6.0, -1.0) == pytest.approx(
        min(numbers["left_over_db"], numbers["over_db"]), abs=0.01
    )


def test_the_threshold_is_lower_the_more_the_hits_are_over_the_ceiling(tmp_path: Path) -> None:
    prepared = song(tmp_path)
    assert glue_settings(prepared, 5.0).threshold_db - glue_settings(prepared, 10.0).threshold_db == pytest.approx(
        3.0, abs=0.01
    )


def test_the_clipper_rounds_its_share_of_what_is_over_the_ceiling(tmp_path: Path) -> None:
    assert LevelSettings(6.0, -1.0).clip_db(0.0) == pytest.approx(CLIPPED_SHARE * (7.0 - LIMITER_ONLY_DB))
    assert LevelSettings(1.0, -1.0).clip_ceiling_db(0.0) is None
