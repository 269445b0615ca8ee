"""The notes on a composed song, and the files of its sections."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tonnbook.audio_files import info, read, write
from tonnbook.models.composition import CompositionRequest, Emotion
from tonnbook.studio.composition.composer.compose import Composition
from tonnbook.studio.composition.composer.writing.arrange import compose_score
from tonnbook.studio.composition.composer.writing.plan import PlanSection, plan_of
from tonnbook.studio.composition.engine import cut, encoded, notes_of, sheet_of

RATE = 44100


@pytest.mark.parametrize(
    ("prompt", "looping", "bpm", "said"),
    [
        ("pop 97 bpm 10 seconds", False, 96.0, "tempo: 96 bpm, moved from 97 so that whole beats fill the sections"),
        ("5 seconds of techno 128 bpm", True, 144.0, "tempo: 144 bpm, moved from 128 so that whole bars fill the loop"),
        ("calm electronic, mid-tempo, 3 s", True, 160.0, "outside the 118-126 of medium electronic so that whole bars"),
        ("pop 120 bpm 10 seconds", False, 120.0, ""),
        ("calm electronic, mid-tempo, 30 s", False, None, ""),
    ],
)
def test_the_reported_tempo_is_the_actual_one(prompt: str, looping: bool, bpm: float | None, said: str) -> None:
    plan, reading = plan_of(CompositionRequest(prompt=prompt), looping=looping)
    score = compose_score(plan)
    notes = notes_of(Composition(Path(), {}, 0, -16.0, -1.0, 0.0, score), reading)
    assert reading is not None
    assert notes.understood is not None
    added = notes.understood.assumed[len(reading.assumed) :]
    assert [said in words for words in added] == ([True] if said else [])
    beats = sum(section.beats for section in score.sections)
    assert notes.bpm == pytest.approx(60 * beats / plan.duration_s, abs=0.01)
    assert sheet_of(score, notes, "").bpm == notes.bpm
    assert notes.bpm == bpm or bpm is None


def test_sections_are_exact_and_previews_are_their_beginnings(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).uniform(-0.3, 0.3, (2, 17 * RATE + 100))
    source = write(tmp_path / "stem.wav", noise, RATE, 16)
    sections = [PlanSection(Emotion.SAD, 0, 16_000), PlanSection(Emotion.CALM, 16_000, 1_000)]
    long, short = cut(source, sections, tmp_path / "bass")
    assert (info(long.track).frames, info(short.track).frames) == (16 * RATE, RATE)
    assert short.preview == short.track
    preview, beginning = read(long.preview)[0], read(long.track)[0][:, : 15 * RATE]
    assert preview.shape == beginning.shape
    # Encoded with the same settings: only the last frames differ, as the encoder looks ahead.
    assert np.array_equal(preview[:, : 14 * RATE], beginning[:, : 14 * RATE])


def test_an_only_section_is_the_whole_file_that_exists_already(tmp_path: Path) -> None:
    source = write(tmp_path / "stem.wav", np.zeros((2, 2 * RATE)), RATE, 16)
    whole = encoded(source, tmp_path / "bass.mp3", 0, 2 * RATE)
    written = whole.stat().st_mtime_ns
    (only,) = cut(source, [PlanSection(Emotion.SAD, 0, 2_000)], tmp_path / "bass")
    assert only.track == whole
    assert whole.stat().st_mtime_ns == written
