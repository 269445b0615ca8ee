"""Scores: scales, chords, bass, melody, texture and form, measured on the notes."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate, pairwise
from math import log2
from statistics import mean, median

import pytest
from song_plans import allowed, inside, plan, rhythm, tune

from tonnbook.models.composition import TEMPO_BPM, Emotion, Genre, Tempo
from tonnbook.studio.composition.composer.writing.arrange import compose_score
from tonnbook.studio.composition.composer.writing.moods import MOODS
from tonnbook.studio.composition.composer.writing.score import Score

WESTERN = [genre for genre in Genre if genre is not Genre.INDIAN]


def test_every_combination_composes_with_its_tempo_in_range() -> None:
    for genre, emotion, tempo in allowed():
        score = compose_score(plan(genre, emotion, tempo, 11_111))
        low, high = TEMPO_BPM[genre][tempo]
        assert low <= score.bpm <= high, (genre, emotion, tempo)
        assert {part.role for part in score.parts} == {"bass", "chords", "melody", "percussion"}, (
            genre,
            emotion,
            tempo,
        )
        for part in score.parts:
            assert all(0 <= n.start < 11.111 - 0.24 and n.length > 0 for n in part.notes), (genre, emotion, part.name)
            assert all(0 < n.velocity < 128 and 20 < n.key < 110 for n in part.notes), (genre, emotion, part.name)


def test_arousal_raises_velocity_and_density() -> None:
    for genre in Genre:
        touch, density, arousal = [], [], []
        for emotion in Emotion:
            score = compose_score(plan(genre, emotion, "fast" if genre is Genre.INDIE else "medium", 30_000))
            notes = [n for part in score.parts for n in part.notes]
            touch.append(mean(n.velocity for n in notes))
            density.append(len(notes) / 30)
            arousal.append(MOODS[emotion].arousal)
        assert _spearman(arousal, touch) >= 0.7, genre
        assert _spearman(arousal, density) >= 0.5, genre


@pytest.mark.parametrize("genre", list(Genre))
def test_a_section_begins_on_its_millisecond(genre: Genre) -> None:
    """The first bass note and chord stand there, and the first stroke, where the drums have begun."""
    score = compose_score(plan(genre, "sad happy angry", "medium", 41_234))
    for section in score.sections:
        for role in ("bass", "chords", "percussion"):
            alap = role == "percussion" and section.index == 0 and genre is Genre.INDIAN
            starts = [n.start for p in score.of(role) for n in inside(p.notes, section)]
            assert alap or abs(min(starts) - section.start) <= 0.010, (section.index, role)


@pytest.mark.parametrize("genre", WESTERN)
def test_notes_stay_in_the_scale(genre: Genre, songs: dict[tuple[Genre, Emotion], Score]) -> None:
    for emotion in Emotion:
        score = songs[genre, emotion]
        good = total = 0
        for section in score.sections:
            for part in (p for role in ("bass", "chords", "melody") for p in score.of(role)):
                for note in inside(part.notes, section):
                    here = section.chord_at(section.beat_at(note.start + 0.03))
                    scale = {(section.tonic + s) % 12 for s in here.scale} | here.chord.classes
                    good += note.key % 12 in scale
                    total += 1
        assert good / total >= 0.97, emotion


def test_thirds_follow_the_mood(songs: dict[tuple[Genre, Emotion], Score]) -> None:
    fitting = 0
    for emotion in Emotion:
        section = songs[Genre.POP, emotion].sections[0]
        home = [span.chord for span in section.chords if span.chord.root == section.tonic]
        fitting += all(c.minor == (emotion is Emotion.ENERGETIC or MOODS[emotion].dark) for c in home) and bool(home)
    assert fitting == 16


@pytest.mark.parametrize("genre", WESTERN)
def test_the_tonic_is_the_longest_note_of_the_bass(genre: Genre, songs: dict[tuple[Genre, Emotion], Score]) -> None:
    """Over the song, the bass rests on the tonic longer than on any other note, in every emotion."""
    for emotion in Emotion:
        score = songs[genre, emotion]
        time = [0.0] * 12
        for note in (n for part in score.of("bass") for n in part.notes):
            time[note.key % 12] += note.length
        tonic = score.sections[0].tonic
        assert time[tonic] > max(share for key, share in enumerate(time) if key != tonic), emotion


def test_a_pedal_stays_on_its_note(songs: dict[tuple[Genre, Emotion], Score]) -> None:
    """Under IV/I the bass plays the tonic and its octave only, but for the step that ends a bar; a fifth would be foreign."""
    count = 0
    for score in (songs[genre, emotion] for genre in WESTERN for emotion in Emotion):
        section = score.sections[0]
        for note in (n for part in score.of("bass") for n in part.notes):
            beat = section.beat_at(note.start + 0.03)
            span = section.chord_at(beat)
            if span.chord.symbol.endswith("/I") and span.chord.root != section.tonic and beat % 4 < 2.9:
                assert note.key % 12 == section.tonic, (score.plan.genre, span.chord.symbol)
                count += 1
    assert count > 100


@pytest.mark.parametrize("genre", WESTERN)
def test_melodies_move_like_melodies(genre: Genre, songs: dict[tuple[Genre, Emotion], Score]) -> None:
    steps, leaps, ranges = [], [], []
    for emotion in Emotion:
        keys = [note.key for note in tune(songs[genre, emotion])]
        moves = [abs(b - a) for a, b in pairwise(keys)]
        steps.append(mean(move <= 2 for move in moves))
        leaps.append(mean(move > 7 for move in moves))
        ranges.append(max(keys) - min(keys))
    assert 0.65 <= median(steps) <= 0.92
    assert sum(0.6 <= share <= 0.95 for share in steps) >= 14
    assert median(leaps) <= 0.06
    assert 7 <= median(ranges) <= 17
    assert max(ranges) <= 17


@pytest.mark.parametrize("genre", list(Genre))
def test_motifs_return_with_variations(genre: Genre, songs: dict[tuple[Genre, Emotion], Score]) -> None:
    far, near = [], []
    for emotion in Emotion:
        score = songs[genre, emotion]
        for section in score.sections:
            rows = rhythm(tune(score), section)
            far += _alike(rows, 4)
            near += _alike(rows, 1)
            assert all(len(set(rows[n : n + 5])) > 1 for n in range(len(rows) - 5) if rows[n]), emotion
    assert 0.40 <= mean(far) <= 0.90
    assert mean(far) > mean(near)


def test_pitch_classes_are_spread_as_in_tonal_music(songs: dict[tuple[Genre, Emotion], Score]) -> None:
    tonal = [_entropy(score) for (genre, _), score in songs.items() if genre is not Genre.INDIAN]
    assert min(tonal) >= 2.0
    assert max(tonal) <= 3.1


def test_texture_is_neither_bare_nor_crowded(songs: dict[tuple[Genre, Emotion], Score]) -> None:
    for (genre, emotion), score in songs.items():
        average, most = _polyphony(score)
        assert 2.5 <= average <= 9.1, (genre, emotion)  # the last chord is held to the end
        assert most <= 16, (genre, emotion)
        starts = [n.start for part in score.parts for n in part.notes]
        bars = [
            (section.at(b.start), section.at(b.start + b.beats)) for section in score.sections for b in section.bars
        ]
        empty = sum(not any(a - 0.03 <= start < b for start in starts) for a, b in bars)
        assert empty / len(bars) <= 0.02, (genre, emotion)


def test_grooves_are_steady_but_not_frozen(songs: dict[tuple[Genre, Emotion], Score]) -> None:
    """Neighbouring bars share most of their strokes, in every song, and never all of them for long."""
    for (genre, emotion), score in songs.items():
        if genre is Genre.INDIAN:
            continue
        notes = [n for part in score.of("percussion") for n in part.notes]
        rows = [row for row in rhythm(notes, score.sections[0]) if row]
        shares = [1 - len(a ^ b) / 16 for a, b in pairwise(rows)]
        assert 0.6 <= mean(shares) <= 0.97, (genre, emotion)


def test_one_section_changed_leaves_the_others_as_they_were() -> None:
    for genre in ("pop", "indian", "hiphop"):
        first = compose_score(plan(genre, "sad happy calm", ms=45_000))
        other = compose_score(plan(genre, "sad tense calm", ms=45_000))
        for n in (0, 2):
            section = first.sections[n]
            assert _events(first, section) == _events(other, section), genre
        assert _events(first, first.sections[1]) != _events(other, other.sections[1])


def test_the_same_plan_gives_the_same_score_and_another_version_another() -> None:
    asked = plan("rnb", "happy dreamy", ms=40_000)
    assert compose_score(asked).parts == compose_score(asked).parts
    assert compose_score(asked).parts != compose_score(replace(asked, version=2)).parts


def test_versions_are_different_songs() -> None:
    songs = [compose_score(plan("pop", "happy", version=v)) for v in range(1, 9)]
    faces = [
        (s.sections[0].tonic, tuple(c.chord.symbol for c in s.sections[0].chords[:4]), _lead(s), _voices(s), s.bpm)
        for s in songs
    ]
    differing = [sum(a != b for a, b in zip(faces[0], face, strict=True)) for face in faces]
    assert sum(d >= 3 for d in differing[1:]) >= 5
    figures = [_figures(song) for song in songs]
    shared = [len(a & b) / len(a | b) for n, a in enumerate(figures) for b in figures[n + 1 :]]
    assert max(shared) < 0.5


def test_a_requested_tempo_key_lead_and_silence_are_kept() -> None:
    score = compose_score(
        plan("pop", "happy", bpm=97.0, tonic=9, major=False, lead="piano", silent=frozenset({"bass"}))
    )
    assert score.bpm == 97.0
    assert (score.sections[0].tonic, score.sections[0].mode) == (9, "aeolian")
    assert _lead(score) == {"piano"}
    assert not list(score.of("bass"))


def test_a_song_ends_on_the_tonic_and_a_loop_does_not_end() -> None:
    score = compose_score(plan("cinematic", "triumphant", ms=40_000))
    section = score.sections[-1]
    assert section.chords[-1].chord.root == section.tonic
    assert tune(score)[-1].key % 12 == section.tonic
    loop = compose_score(plan("cinematic", "triumphant", ms=40_000, looping=True))
    assert not loop.sections[-1].final
    assert all(bar.beats == 4 for bar in loop.sections[-1].bars)
    assert loop.sections[-1].chords[-1].chord.root != loop.sections[-1].tonic


def test_slower_classes_are_slower() -> None:
    for genre in Genre:
        speeds = [compose_score(plan(genre, "happy", tempo, 20_000)).bpm for tempo in Tempo]
        assert speeds == sorted(speeds)


def _alike(rows: list[frozenset[int]], lag: int) -> list[float]:
    pairs = [(a, b) for a, b in zip(rows, rows[lag:], strict=False) if a and b]
    return [len(a & b) / len(a | b) for a, b in pairs]


def _entropy(score: Score) -> float:
    keys = [n.key % 12 for role in ("bass", "chords", "melody") for part in score.of(role) for n in part.notes]
    shares = [keys.count(pc) / len(keys) for pc in set(keys)]
    return -sum(share * log2(share) for share in shares)


def _polyphony(score: Score) -> tuple[float, int]:
    """Return how many notes of bass, chords and melody are held at once: over time on average, and at most."""
    notes = [n for role in ("bass", "chords", "melody") for part in score.of(role) for n in part.notes]
    turns = sorted([(n.start, 1) for n in notes] + [(n.end, -1) for n in notes])
    held = list(accumulate(change for _, change in turns))
    return sum(n.length for n in notes) / score.plan.duration_s, max(held)


def _events(score: Score, section: object) -> list[tuple[object, ...]]:
    """Return the notes of a section, but for what leads from it into the next one."""
    start, end = section.start, section.end  # type: ignore[attr-defined]
    before_seam = end - 4 * section.beat_s - 0.03  # type: ignore[attr-defined]
    return [
        (part.role, part.voice, note)
        for part in score.parts
        for note in part.notes
        if start - 0.03 <= note.start < (before_seam if part.role == "percussion" else end - 0.03)
    ]


def _lead(score: Score) -> set[str]:
    return {part.voice for part in score.of("melody")}


def _voices(score: Score) -> set[str]:
    return {part.voice for part in score.of("chords")}


def _figures(score: Score) -> set[tuple[int, ...]]:
    """Return the four-note figures of a tune, as intervals and rhythm."""
    notes, beat = tune(score), score.sections[0].beat_s
    return {
        tuple(x for a, b in pairwise(four) for x in (b.key - a.key, round((b.start - a.start) / beat * 4)))
        for four in zip(notes, notes[1:], notes[2:], notes[3:], strict=False)
    }


def _spearman(x: list[float], y: list[float]) -> float:
    a, b = _ranks(x), _ranks(y)
    ma, mb = mean(a), mean(b)
    top = sum((p - ma) * (q - mb) for p, q in zip(a, b, strict=True))
    return top / (sum((p - ma) ** 2 for p in a) * sum((q - mb) ** 2 for q in b)) ** 0.5


def _ranks(values: list[float]) -> list[float]:
    return [sum(v < value for v in values) + (sum(v == value for v in values) - 1) / 2 for value in values]
