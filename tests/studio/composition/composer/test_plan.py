"""From requests to plans."""

from __future__ import annotations

from dataclasses import replace

import pytest
from song_plans import plan

from tonnbook.models.composition import CompositionRequest, Emotion, Genre, Section, Tempo
from tonnbook.studio.composition.composer.writing.arrange import compose_score
from tonnbook.studio.composition.composer.writing.plan import plan_of
from tonnbook.studio.composition.composer.writing.score import Score


def test_left_out_means_what_the_document_shows() -> None:
    found, reading = plan_of(CompositionRequest(tempo="fast"))
    assert reading is None
    assert (found.genre, found.tempo, found.duration_ms) == (Genre.AMBIENT, Tempo.FAST, 60_000)
    assert [s.emotion for s in found.sections] == [Emotion.MOTIVATIONAL]


def test_parameters_overrule_the_prompt() -> None:
    request = CompositionRequest(prompt="30 seconds of sad piano, then a happy end", genre="rnb", duration_ms=10_001)
    found, reading = plan_of(request)
    assert reading is not None
    assert (found.genre, found.lead, found.duration_ms) == (Genre.RNB, "piano", 10_001)
    assert [(s.start_ms, s.length_ms) for s in found.sections] == [(0, 5000), (5000, 5001)]


def test_a_blocked_tempo_of_a_prompt_is_moved_and_an_explicit_one_kept() -> None:
    moved, _ = plan_of(CompositionRequest(prompt="slow and motivational", genre="rnb"))
    assert moved.tempo is Tempo.MEDIUM
    kept, _ = plan_of(CompositionRequest(prompt="motivational", genre="rnb", tempo="slow"))
    assert kept.tempo is Tempo.SLOW


def test_titles_do_not_change_the_music_words_and_versions_do() -> None:
    section = Section(emotion="calm", start_ms=0, length_ms=5000)
    plain, _ = plan_of(CompositionRequest(genre="pop", sections=(section,)))
    titled, _ = plan_of(CompositionRequest(genre="pop", sections=(section,), title="Monday"))
    assert plain == titled
    prompted, _ = plan_of(CompositionRequest(prompt="calm pop"))
    assert prompted.words == "calm pop"
    assert plan_of(CompositionRequest(genre="pop"), version=2)[0].version == 2


def test_a_very_short_duration_keeps_whole_sections() -> None:
    request = CompositionRequest(prompt="sad, then happy, then angry", duration_ms=2_500)
    found, _ = plan_of(request)
    assert found.duration_ms == 2_500
    assert all(s.length_ms >= 1000 for s in found.sections)


@pytest.mark.parametrize("genre", list(Genre))
def test_another_mood_in_one_section_leaves_the_others_as_they_were(genre: Genre) -> None:
    """Whichever section it is, the first one too: tempo, key, band and notes of the others stay."""
    before = compose_score(plan(genre, "sad happy calm", ms=41_234))
    for changed, emotions in ((0, "angry happy calm"), (1, "sad tense calm"), (2, "sad happy triumphant")):
        after = compose_score(plan(genre, emotions, ms=41_234))
        for n in {0, 1, 2} - {changed}:
            assert notes_of(after, n) == notes_of(before, n), (changed, n)
        assert notes_of(after, changed) != notes_of(before, changed)


def test_seed_length_and_a_single_mood_make_other_songs() -> None:
    asked = plan("pop", "happy", "fast", 12_000)
    others = [replace(asked, seed=seed) for seed in range(12)]
    others += [plan("pop", "happy", "fast", ms) for ms in (13_000, 14_000, 15_000)]
    others += [plan("pop", emotion, "fast", 12_000) for emotion in ("joyful", "calm", "sad")]
    songs = [compose_score(each) for each in [asked, *others]]
    assert len({notes_of(song, 0) for song in songs}) == len(songs)
    assert len({song.sections[0].tonic for song in songs}) > 5
    assert notes_of(compose_score(replace(asked, seed=3)), 0) == notes_of(songs[4], 0)


@pytest.mark.parametrize("genre", list(Genre))
def test_excluded_voices_do_not_play(genre: Genre) -> None:
    """Other voices play their parts: all four stems sound."""
    away = frozenset({"piano", "steel-guitar", "steel-guitar-2", "warm-pad", "fantasia", "harmonium", "sitar", "flute"})
    score = compose_score(plan(genre, "happy calm", ms=24_000, without=away))
    assert not away & {part.voice for part in score.parts}
    assert {part.role for part in score.parts} == {"bass", "chords", "melody", "percussion"}


def notes_of(score: Score, n: int) -> frozenset[object]:
    """Return the notes of a section, but for the drums and the riser that lead from it into the next one."""
    section = score.sections[n]
    seam = section.end - 4 * section.beat_s - 0.03
    return frozenset(
        (part.role, part.voice, note)
        for part in score.parts
        for note in part.notes
        if part.voice != "riser"
        and section.start - 0.03 <= note.start < (seam if part.role == "percussion" else section.end - 0.03)
    )
