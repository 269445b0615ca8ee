"""Reads a prompt: "30 seconds of peaceful lo-fi, then a happy ending". Tells what it understood, assumed, and did not understand.

Tables of words, no language model: it runs in a form at every key stroke, and the studio reads prompts with the very same rules.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from tonnbook.models.base import Answer
from tonnbook.models.composition import (
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
from tonnbook.models.prompt import sounds, words
from tonnbook.models.prompt.defaults import FITTING, PACE, nearest_tempo, usual
from tonnbook.models.prompt.figures import NOTES, bpm, key
from tonnbook.models.prompt.lengths import lengths
from tonnbook.models.prompt.moods import chosen, leave, moods
from tonnbook.models.prompt.sections import cut
from tonnbook.models.prompt.spans import Reader, Understood
from tonnbook.models.prompt.times import timed


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
    without: tuple[str, ...] = ()
    """Voices that were asked away."""
    understood: tuple[Understood, ...] = ()
    assumed: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()


def read_prompt(text: str, options: CompositionOptions = OPTIONS, genre: Genre | None = None) -> PromptReading:
    """Return what a prompt asks for; `genre` overrules the one that it names.

    A combination that `options` block is moved to the nearest tempo that is allowed, and `assumed` says so.
    """
    reader, assumed = Reader(re.sub(r"\s+", " ", text.replace("’", "'"))), list[str]()
    beats = bpm(reader, assumed)
    tonic, major, said = key(reader)
    named = lengths(reader, assumed)
    voice, hinted, without, silent = _sounds(reader)
    found, styles = _genre(reader, assumed)
    silent += _silenced(reader)
    hits, unwanted = moods(reader, styles)
    parts = cut(reader, hits, named)
    feelings = [chosen(reader, hits, (part.start, part.end), assumed) for part in parts.parts]
    leave(reader, hits)
    first = next((mood.emotion for mood in feelings if mood), None)
    kind = genre or found or hinted or (FITTING.get(first, Genre.POP) if first else Genre.POP)
    if not (genre or found or hinted):
        assumed.append(f"genre: {kind}")
    if feelings[0] is None:
        first = usual(kind, unwanted)
        assumed.append(f"emotion{' of the beginning' if any(feelings) else ''}: {first}")
    assert first is not None
    emotions = [mood.emotion if mood else first for mood in feelings]
    spans = timed(reader.text, parts, feelings, named, assumed)
    wished = _pace(reader, beats, kind, first, assumed)
    allowed = options.allowed_tempos(kind, emotions)
    if wished not in allowed and allowed:
        tempo = nearest_tempo(wished, allowed)
        assumed.append(f"tempo: {tempo}, because {kind} is not offered {wished} with this emotion")
        wished, beats = tempo, None
    for match in said:
        reader.take(match, _told(tonic, major, kind))
    unheard = (("major" if major else "minor"),) if kind is Genre.INDIAN and major is not None else ()
    return PromptReading(
        duration_ms=sum(spans),
        genre=kind,
        tempo=wished,
        sections=tiled(emotions, spans),
        bpm=beats,
        tonic=tonic,
        major=None if kind is Genre.INDIAN else major,
        instrument=voice,
        silent=tuple(dict.fromkeys(silent)),
        without=tuple(dict.fromkeys(without)),
        understood=tuple(note for _, note in sorted(reader.notes, key=lambda pair: pair[0])),
        assumed=tuple(assumed),
        not_understood=(*unheard, *reader.left_over()),
    )


def _told(tonic: int | None, major: bool | None, genre: Genre) -> str:
    """Return what is made of a key; a raga has a keynote, and is neither major nor minor."""
    note = [f"key of {NOTES[tonic]}"] if tonic is not None else []
    mode = [] if major is None or genre is Genre.INDIAN else ["major" if major else "minor"]
    return " ".join([*note, *mode]) or "no mode of a raga"


def _sounds(reader: Reader) -> tuple[str | None, Genre | None, list[str], list[str]]:
    """Return the voice of the melody, the genre that the first instrument hints at, and the voices and stems that stay away."""
    voice, hint, away, silent = None, None, list[str](), list[str]()
    for pattern, name, genre in sounds.INSTRUMENTS:
        for match in reader.find(pattern):
            if reader.lessened(match):
                continue
            if reader.negated(match):
                reader.take(match, f"without {name}")
                away += sounds.RELATED.get(name, (name,))
                silent += ["percussion"] if name == "tabla" else []
                continue
            leads = name not in sounds.NO_LEADS and voice in (None, name)
            reader.take(match, f"melody on {name}" if leads else "heard as a colour")
            voice, hint = (name if leads else voice), hint or (Genre(genre) if genre else None)
    for match in reader.find(sounds.VOCALS):
        if reader.negated(match):
            reader.take(match, "without voices, as all songs")
    return voice, hint, away, silent


def _genre(reader: Reader, assumed: list[str]) -> tuple[Genre | None, list[tuple[re.Match[str], str]]]:
    """Return the genre that is named most clearly, of several the first, and the words for kinds of music that bring an emotion."""
    styles = [
        (m, genre, emotion) for p, genre, emotion in words.STYLES for m in reader.find(p) if not reader.negated(m)
    ]
    found = [(words.NEAR, match.start(), match, genre) for match, genre, _ in styles if genre]
    for pattern, genre, rank in words.GENRES:
        hits = [match for match in reader.find(pattern) if not _inside(match, (m for m, _, _ in styles))]
        for match in (match for match in hits if reader.negated(match)):
            reader.take(match, f"not {genre}")
        found += [(rank, match.start(), match, genre) for match in hits if not reader.negated(match)]
    found.sort(key=lambda entry: entry[:2])
    for _, _, match, genre in (entry for entry in found if reader.is_free(*entry[2].span())):
        reader.take(match, f"genre {genre}" if genre == found[0][3] else f"genre {genre}, not followed")
    if found and found[0][0] == words.NEAR:
        assumed.append(f"genre: {found[0][3]}, the nearest to {found[0][2].group()}")
    for match, _, emotion in (style for style in styles if not style[1]):
        reader.take(match, f"emotion {emotion}")
    return (Genre(found[0][3]) if found else None), [(match, emotion) for match, _, emotion in styles]


def _inside(match: re.Match[str], others: Iterable[re.Match[str]]) -> bool:
    return any(other.start() <= match.start() and match.end() <= other.end() for other in others)


def _silenced(reader: Reader) -> list[str]:
    """Return the stems that are asked away; "less drums" is more than the studio can do, and is left as not understood."""
    silent = []
    for pattern, stem in sounds.STEMS:
        for match in reader.find(pattern):
            if reader.negated(match):
                reader.take(match, f"without {stem}")
                silent.append(stem)
            elif re.fullmatch(sounds.ALWAYS, match.group()) and not (reader.lessened(match) or _is_more(reader, match)):
                reader.take(match, f"{stem}, as in every song")
    return silent


def _is_more(reader: Reader, match: re.Match[str]) -> bool:
    return bool(re.search(r"\b(?:more|loud\w*|much)\s$", reader.text[: match.start()]))


def _pace(reader: Reader, beats: float | None, genre: Genre, emotion: Emotion, assumed: list[str]) -> Tempo:
    """Return the tempo class: of the BPM, of the word, or of the emotion; never one that was asked away."""
    named: list[tuple[int, Tempo]] = []
    unwanted: set[Tempo] = set()
    for pattern, meaning, _ in words.TEMPI:
        for match in reader.find(pattern):
            away = reader.negated(match)
            reader.take(match, f"{'not' if away else 'tempo'} {meaning}")
            if away:
                unwanted.add(Tempo(meaning))
            else:
                named.append((match.start(), Tempo(meaning)))
    ranges = TEMPO_BPM.get(genre)  # a server may list genres of its own
    if beats is not None and ranges:
        return min(Tempo, key=lambda t: max(ranges[t][0] - beats, beats - ranges[t][1], 0.0))
    if named:
        return min(named)[1]
    left: Collection[Tempo] = [tempo for tempo in Tempo if tempo not in unwanted]
    tempo = nearest_tempo(PACE.get(emotion, Tempo.MEDIUM), left)
    assumed.append(f"tempo: {tempo}")
    return tempo


def tiled(emotions: Iterable[EmotionField], spans: Iterable[int]) -> tuple[Section, ...]:
    """Return sections that follow each other without a gap, of emotions and lengths in milliseconds."""
    sections: list[Section] = []
    for emotion, length in zip(emotions, spans, strict=True):
        start = sections[-1].end_ms if sections else 0
        sections.append(Section(emotion=emotion, start_ms=start, length_ms=length))
    return tuple(sections)
