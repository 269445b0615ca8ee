"""How hard a shaped song is driven, read off its estimate: made-up songs, energies and peaks without a sound, and one real compression."""

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
    """Noise at -20 LUFS with a hit of 50 ms in every half second, whose peaks stand `crest_db` over that."""
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
def test_where_no_limiter_works_over_is_what_a_gain_leaves(tmp_path: Path, target: float, over: float) -> None:
    assert LoudnessEstimate(song(tmp_path)).over_db(target, -1.0) == pytest.approx(over, abs=0.02)


def test_the_loudness_that_limiter_and_clipper_cost_is_counted(tmp_path: Path) -> None:
    over = LoudnessEstimate(song(tmp_path)).over_db(-8.0, -1.0)
    assert over > 5.08 + 0.2


@pytest.mark.parametrize(
    ("target", "said"), [(-23.0, "a gain is enough"), (-12.0, "the limiter alone"), (-9.9, "clipper and limiter")]
)
def test_what_is_not_driven_is_left_alone_and_the_clipper_agrees(tmp_path: Path, target: float, said: str) -> None:
    made = apply_glue(song(tmp_path), master_target(target), lambda _, __: None)
    over = made.note.numbers["over_db"]
    assert (made.glue, made.note.done, over <= GLUE_FROM_DB) == (None, False, True)
    assert said in made.note.text
    level = LevelSettings(0.0, -over)  # hits at 0 dBFS that pass the ceiling by as much
    assert (level.clip_db(0.0) > 0.0) == ("clipper" in said)


def test_a_driven_song_is_compressed_if_that_helps_and_its_old_file_goes(tmp_path: Path) -> None:
    made = apply_glue(song(tmp_path), master_target(-6.0), lambda _, __: None)
    numbers = made.note.numbers
    assert numbers["over_db"] > GLUE_FROM_DB
    assert made.note.done == (made.glue is not None) == (numbers["left_over_db"] < numbers["over_db"])
    assert [path.name for path in tmp_path.iterdir()] == [made.song.path.name]
    assert LoudnessEstimate(made.song).over_db(-6.0, -1.0) == pytest.approx(
        min(numbers["left_over_db"], numbers["over_db"]), abs=0.01
    )


def test_the_more_is_over_the_lower_the_glue_starts(tmp_path: Path) -> None:
    prepared = song(tmp_path)
    assert glue_settings(prepared, 5.0).threshold_db - glue_settings(prepared, 10.0).threshold_db == pytest.approx(
        3.0, abs=0.01
    )


def test_the_clipper_takes_its_share_of_what_the_limiter_should_not(tmp_path: Path) -> None:
    assert LevelSettings(6.0, -1.0).clip_db(0.0) == pytest.approx(CLIPPED_SHARE * (7.0 - LIMITER_ONLY_DB))
    assert LevelSettings(1.0, -1.0).clip_ceiling_db(0.0) is None
