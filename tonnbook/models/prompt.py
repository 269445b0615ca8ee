"""Reads a prompt: "30 seconds of peaceful lo-fi, then a happy ending". Tells what it understood, assumed, and did not understand.

A table of words, no language model: it runs in a form at every key stroke, and the studio reads prompts with the very same rules.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from tonnbook.models import prompt_words as words
from tonnbook.models.base import Answer
from tonnbook.models.composition import (
    DEFAULT_MS,
    MAX_MS,
    MIN_MS,
    OPTIONS,
    TEMPO_BPM,
    CompositionOptions,
    Emotion,
    EmotionField,
    Genre,
    GenreField,
    Section,
    Tempo,
    TempoField,
)
from tonnbook.models.prompt_reader import Reader, Understood, lengths_ms

_KEY = r"in (?:the key of )?(?P<note>[a-g])[\s-]?(?P<sign>sharp|flat|#|♯|b|♭)?\s*(?P<mode>major|minor|maj|min)(?! key)"
_TONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_NOTES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


class PromptReading(Answer):
    """What a prompt asks for. Everything is decided; `assumed` says where nothing had been said."""

    duration_ms: int
    genre: GenreField
    tempo: TempoField
    sections: tuple[Section, ...]
    bpm: float | None = None
    tonic: int | None = None
    """Pitch class of the key, C = 0."""
    major: bool | None = None
    instrument: str | None = None
    """The voice that takes the melody."""
    silent: tuple[str, ...] = ()
    """Stems that were asked away."""
    understood: tuple[Understood, ...] = ()
    assumed: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()


def read_prompt(text: str, options: CompositionOptions = OPTIONS) -> PromptReading:
    """Return what a prompt asks for. A combination that `options` block is moved to the nearest tempo that is allowed."""
    reader = Reader(re.sub(r"\s+", " ", text.lower().replace("’", "'")))
    assumed: list[str] = []
    bpm = _bpm(reader)
    silent = _silenced(reader)
    tonic, major = _key(reader)
    genre = _genre(reader)
    instrument, hinted = _instrument(reader)
    segments = _segments(reader)
    durations = [lengths_ms(reader, segment) for segment in segments]
    moods = [_emotion(reader, segment) for segment in segments]
    tempo = _tempo(reader)
    first = next((mood for mood in moods if mood), None)
    chosen = genre or hinted or words.FITTING.get(first, Genre.POP) if first else genre or hinted or Genre.POP
    if not (genre or hinted):
        assumed.append(f"genre: {chosen}")
    if moods[0] is None:  # a later section may name one; what comes before it is then as usual for the genre
        first = words.USUAL[chosen]
        assumed.append(f"emotion: {first}" if not any(moods) else f"emotion of the beginning: {first}")
    assert first is not None
    emotions, lengths = _sections(moods, durations, first)
    if not any(durations):
        assumed.append(f"duration: {DEFAULT_MS // 1000} s")
    wished = _pace(tempo, bpm, chosen, first, assumed)
    allowed = options.allowed_tempos(chosen, emotions)
    if wished not in allowed and allowed:
        nearest = min(allowed, key=lambda t: abs(list(Tempo).index(t) - list(Tempo).index(wished)))
        assumed.append(f"tempo: {nearest}, because {chosen} is not offered {wished} with this emotion")
        wished, bpm = nearest, None
    total = sum(lengths)
    if total != (wanted := _wanted(durations)) and wanted is not None:
        assumed.append(f"duration: {total / 1000:g} s instead of {wanted / 1000:g} s, which is outside the limits")
    return PromptReading(
        duration_ms=total,
        genre=chosen,
        tempo=wished,
        sections=_tiled(emotions, lengths),
        bpm=bpm,
        tonic=tonic,
        major=major,
        instrument=instrument,
        silent=silent,
        understood=tuple(note for _, note in sorted(reader.notes, key=lambda pair: pair[0])),
        assumed=tuple(assumed),
        not_understood=reader.left_over(),
    )


def _bpm(reader: Reader) -> float | None:
    for match in reader.find(r"(\d{2,3})\s?(?:bpm|beats per minute)"):
        value = float(match[1])
        if 40 <= value <= 220:
            reader.take(match, f"{value:g} bpm")
            return value
    return None


def _silenced(reader: Reader) -> tuple[str, ...]:
    silent = []
    for pattern, stem in words.STEMS:
        for match in reader.find(pattern):
            if reader.negated(match):
                reader.take(match, f"without {stem}")
                silent.append(stem)
    return tuple(dict.fromkeys(silent))


def _key(reader: Reader) -> tuple[int | None, bool | None]:
    for match in reader.find(_KEY):
        shift = {"sharp": 1, "#": 1, "♯": 1, "flat": -1, "b": -1, "♭": -1}.get(match["sign"] or "", 0)
        tonic, major = (_TONES[match["note"]] + shift) % 12, match["mode"].startswith("maj")
        reader.take(match, f"key of {_NOTES[tonic]} {'major' if major else 'minor'}")
        return tonic, major
    for match in reader.find(r"(?:in )?(?:a )?(major|minor) key"):
        reader.take(match, f"{match[1]} key")
        return None, match[1] == "major"
    return None, None


def _genre(reader: Reader) -> Genre | None:
    """Return the genre that is named first; further ones are noted, and not followed."""
    found = [
        (match.start(), match, genre)
        for pattern, genre in words.GENRES
        for match in reader.find(pattern)
        if not reader.negated(match)
    ]
    found.sort(key=lambda entry: entry[0])
    for _, match, genre in found:
        reader.take(match, f"genre {genre}" if genre == found[0][2] else f"genre {genre}, not followed")
    return found[0][2] if found else None


def _instrument(reader: Reader) -> tuple[str | None, Genre | None]:
    """Return the voice of the melody and the genre that the first instrument hints at."""
    voice, hint = None, None
    for pattern, name, genre in words.INSTRUMENTS:
        for match in reader.find(pattern):
            if reader.negated(match):
                continue
            reader.take(match, f"melody on {name}" if name and voice in (None, name) else "heard as a colour")
            voice, hint = voice or name or None, hint or genre
    return voice, hint


def _segments(reader: Reader) -> list[tuple[int, int]]:
    """Return the stretches of the text that stand for sections."""
    cuts = [match for match in reader.find(words.SPLIT) if match.start() > 0]
    for match in cuts:
        reader.take(match, "next section")
    edges = [0, *(match.end() for match in cuts), len(reader.text)]
    return list(itertools.pairwise(edges))


def _emotion(reader: Reader, segment: tuple[int, int]) -> Emotion | None:
    found = [
        (match.start(), match, emotion)
        for pattern, emotion in words.EMOTIONS
        for match in reader.find(pattern, segment)
        if not reader.negated(match)
    ]
    begins = next((match.end() for match in reader.find(r"(?:start|begin|open)\w*", segment)), 0)
    found.sort(
        key=lambda entry: (entry[0] < begins, entry[0])
    )  # "epic score that starts tense": what starts goes first
    for _, match, emotion in found:
        reader.take(match, f"emotion {emotion}" if emotion == found[0][2] else f"emotion {emotion}, not followed")
    for pattern, emotion in words.EMOTIONS:
        for match in reader.find(pattern, segment):
            reader.take(match, f"not {emotion}")
    return found[0][2] if found else None


def _tempo(reader: Reader) -> Tempo | None:
    chosen = None
    for pattern, tempo in words.TEMPI:
        for match in reader.find(pattern):
            reader.take(match, f"tempo {tempo}" if not reader.negated(match) else f"not {tempo}")
            chosen = chosen or (None if reader.notes[-1][1].meaning.startswith("not") else tempo)
    return chosen


def _pace(tempo: Tempo | None, bpm: float | None, genre: Genre, emotion: Emotion, assumed: list[str]) -> Tempo:
    """Return the tempo class: of the BPM, of the word, or of the emotion."""
    if bpm is not None:
        ranges = TEMPO_BPM[genre]
        return min(Tempo, key=lambda t: max(ranges[t][0] - bpm, bpm - ranges[t][1], 0.0))
    if tempo is None:
        tempo = words.PACE.get(emotion, Tempo.MEDIUM)
        assumed.append(f"tempo: {tempo}")
    return tempo


def _wanted(durations: list[list[int]]) -> int | None:
    """Return the length that was asked for in all: the sum of the sections, or the one length that was named."""
    named = [length for found in durations for length in found]
    if not named:
        return None
    if len(named) > len(durations) and named[0] == sum(named[1:]):
        return named[0]
    return sum(named) if all(durations) else named[0]


def _sections(
    moods: list[Emotion | None], durations: list[list[int]], first: Emotion
) -> tuple[list[Emotion], list[int]]:
    """Return the emotion and the length of each section; stretches without an emotion belong to the one before."""
    kept = [n for n, mood in enumerate(moods) if mood or n == 0]
    emotions = [moods[n] or first for n in kept]
    total = min(MAX_MS, max(MIN_MS * len(kept), _wanted(durations) or DEFAULT_MS))
    own = [durations[n][-1] if durations[n] else 0 for n in kept]
    if len(kept) > 1 and all(own) and sum(own) == total and min(own) >= MIN_MS:
        return emotions, own
    share = total // len(kept)
    return emotions, [*[share] * (len(kept) - 1), total - share * (len(kept) - 1)]


def _tiled(emotions: Iterable[EmotionField], lengths: Iterable[int]) -> tuple[Section, ...]:
    sections: list[Section] = []
    for emotion, length in zip(emotions, lengths, strict=True):
        start = sections[-1].end_ms if sections else 0
        sections.append(Section(emotion=emotion, start_ms=start, length_ms=length))
    return tuple(sections)
