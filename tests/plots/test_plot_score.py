"""The score as a picture."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from tonnbook import audio_files
from tonnbook.models.beatoven_wire import ChordMark, ScorePart, ScoreSheet, SongSection
from tonnbook.models.files import RemoteFile
from tonnbook.models.song import SectionSound, Song
from tonnbook.plots import plot_chroma, plot_score

SHEET = ScoreSheet(
    title="Monday",
    bpm=120,
    duration_s=4.0,
    sections=(
        SongSection(
            emotion="calm", start_ms=0, length_ms=2000, scale="C ionian", bpm=120,
            chords=(ChordMark(name="C", start_s=0.0, length_s=2.0),),
        ),
        SongSection(
            emotion="sad", start_ms=2000, length_ms=2000, scale="C aeolian", bpm=120,
            chords=(ChordMark(name="Cm", start_s=2.0, length_s=2.0),),
        ),
    ),
    bars=(0.0, 2.0),
    parts=(
        ScorePart(name="melody-flute", role="melody", notes=((0.0, 0.5, 72, 90), (0.5, 0.5, 74, 80))),
        ScorePart(name="percussion-standard-kit", role="percussion", notes=((0.0, 0.3, 36, 100), (0.5, 0.3, 38, 90))),
    ),
)  # fmt: skip


@pytest.fixture
def song(tmp_path: object) -> Song:
    """A song of the live service: an A for two seconds and nothing known of its notes."""
    path = audio_files.write(
        f"{tmp_path}/song.wav", np.sin(2 * np.pi * 440 * np.arange(88200) / 44100)[None] * 0.3, 44100
    )
    sections = (SectionSound("calm", 0, 1000), SectionSound("sad", 1000, 1000))
    return Song("t", "k", 1, None, RemoteFile("song.wav", lambda to: path), sections)


def test_notes_stand_where_the_score_has_them() -> None:
    ax = plot_score(SHEET)
    (lines,) = (c for c in ax.collections if isinstance(c, LineCollection))
    assert [segment.tolist() for segment in lines.get_segments()] == [
        [[0.0, 72.0], [0.5, 72.0]],
        [[0.5, 74.0], [1.0, 74.0]],
    ]
    texts = [text.get_text() for text in ax.texts]
    assert {" C", " Cm"} <= set(texts)
    lanes = {text.get_text(): text.xy[1] for text in ax.texts if text.get_text() in ("kick", "snare")}
    assert lanes["snare"] < lanes["kick"] < 24  # a lane each, below the roll
    assert any("sad, C aeolian" in text for text in texts)
    assert ax.get_xlim() == (0, 4.0)
    assert "calm in C ionian from 0 s; sad in C aeolian from 2 s" in ax.alt


def test_without_a_score_the_sound_is_drawn(song: Song) -> None:
    ax = plot_score(song)
    assert "Waveform of 2 seconds in 2 sections" in ax.alt
    assert [text.get_text().strip() for text in ax.texts] == ["calm", "sad"]


def test_chroma_finds_the_a(song: Song) -> None:
    ax = plot_chroma(song)
    assert "the strongest are A" in ax.alt


def test_the_sections_of_chroma_are_named_above_it(song: Song) -> None:
    ax = plot_chroma(song)
    ax.figure.canvas.draw()
    assert len(ax.texts) == len(song.sections) > 0
    for label in ax.texts:
        box = label.get_window_extent().transformed(ax.transData.inverted())
        assert 11.5 <= box.y0 < box.y1 <= ax.get_ylim()[1]


@pytest.mark.parametrize("thing", [None, "song.mid", 3])
def test_anything_but_a_song_is_named(thing: object) -> None:
    for plot in (plot_score, plot_chroma):
        with pytest.raises(TypeError, match=f"takes the result of beatoven.compose.* not {type(thing).__name__}"):
            plot(thing)  # type: ignore[arg-type]


@pytest.mark.parametrize(("sections", "seconds"), [(2, 60.0), (2, 6.0), (4, 6.0), (12, 24.0)])
def test_names_of_sections_do_not_meet(sections: int, seconds: float) -> None:
    share = round(1000 * seconds / sections)
    asked = tuple(
        SongSection(emotion="motivational", start_ms=n * share, length_ms=share, scale="A♭ mixolydian", bpm=120)
        for n in range(sections)
    )
    ax = plot_score(SHEET.model_copy(update={"sections": asked, "duration_s": seconds}))
    ax.figure.canvas.draw()
    labels = [text for text in ax.texts if "motivational" in text.get_text()]
    boxes = [label.get_window_extent() for label in labels]
    assert len(boxes) == sections
    assert all(a.x1 <= b.x0 + 1 for a, b in pairwise(boxes))
    assert boxes[-1].x1 <= ax.bbox.x1 + 1
    assert max(box.y1 for box in boxes) <= ax.bbox.y1 + 1
    assert ("mixolydian" in labels[0].get_text()) == (sections < 12)


def test_an_axes_that_is_given_is_used() -> None:
    ax = plot_score(SHEET)
    assert plot_score(SHEET, ax) is ax
