"""Read a composition prompt, such as "30 seconds of peaceful lo-fi, then a happy ending".

The reading lists what was understood, what was assumed, and what was not understood. It uses tables of words and no language model, so
it is fast enough to run in a form at every keystroke, and the studio reads prompts by the same rules.
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
    Genre,
    GenreField,
    Section,
    Tempo,
    TempoField,
    consecutive_sections,
)
from tonnbook.models.prompt.emotions import (
    FITTING,
    PACE,
    choose_emotion,
    find_emotions,
    mark_unused,
    nearest_tempo,
    usual,
)
from tonnbook.models.prompt.marked_prompt import MarkedPrompt, Understood
from tonnbook.models.prompt.quantities import NOTES, find_bpm, find_key, find_lengths
from tonnbook.models.prompt.sections import divide, section_lengths
from tonnbook.models.prompt.words import ALWAYS, NEAR, NO_LEADS, RELATED, Word


class PromptReading(Answer):
    """What a prompt asks for. Every field is decided; `assumed` lists what the prompt left open."""

    duration_ms: int
    genre: GenreField
    tempo: TempoField
    sections: tuple[Section, ...]
    bpm: float | None = None
    tonic: int | None = None
    """Pitch class of the key, C = 0."""
    major: bool | None = None
    instrument: str | None = None
    """The voice that plays the melody."""
    silent: tuple[str, ...] = ()
    """Stems that the prompt excludes."""
    without: tuple[str, ...] = ()
    """Voices that the prompt excludes."""
    understood: tuple[Understood, ...] = ()
    assumed: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()


def read_prompt(text: str, options: CompositionOptions = OPTIONS, genre: Genre | None = None) -> PromptReading:
    """Return what a prompt asks for; `genre` overrides the one that it names.

    A combination that `options` block is moved to the nearest allowed tempo, which is noted in `assumed`.
    """
    prompt, assumed = MarkedPrompt(re.sub(r"\s+", " ", text.replace("’", "'"))), list[str]()
    beats = find_bpm(prompt, assumed)
    tonic, major, key_matches = find_key(prompt)
    lengths = find_lengths(prompt, assumed)
    voice, hinted, without, silent = _find_instruments(prompt)
    found, styles = _find_genre(prompt, assumed)
    silent += _find_silent_stems(prompt)
    named, excluded = find_emotions(prompt, styles)
    divided = divide(prompt, named, lengths)
    chosen = [choose_emotion(prompt, named, (part.start, part.end), assumed) for part in divided.parts]
    mark_unused(prompt, named)
    first = next((each.emotion for each in chosen if each), None)
    kind = genre or found or hinted or (FITTING.get(first, Genre.POP) if first else Genre.POP)
    if not (genre or found or hinted):
        assumed.append(f"genre: {kind}")
    if chosen[0] is None:
        first = usual(kind, excluded)
        assumed.append(f"emotion{' of the beginning' if any(chosen) else ''}: {first}")
    assert first is not None
    emotions = [each.emotion if each else first for each in chosen]
    durations = section_lengths(prompt.text, divided, chosen, lengths, assumed)
    tempo = _find_tempo(prompt, beats, kind, first, assumed)
    allowed = options.allowed_tempos(kind, emotions)
    if tempo not in allowed and allowed:
        blocked, tempo, beats = tempo, nearest_tempo(tempo, allowed), None
        assumed.append(f"tempo: {tempo}, because {kind} is not offered {blocked} with this emotion")
    for match in key_matches:
        prompt.mark(match, _key_meaning(tonic, major, kind))
    unused_mode = (("major" if major else "minor"),) if kind is Genre.INDIAN and major is not None else ()
    return PromptReading(
        duration_ms=sum(durations),
        genre=kind,
        tempo=tempo,
        sections=consecutive_sections(emotions, durations),
        bpm=beats,
        tonic=tonic,
        major=None if kind is Genre.INDIAN else major,
        instrument=voice,
        silent=tuple(dict.fromkeys(silent)),
        without=tuple(dict.fromkeys(without)),
        understood=tuple(note for _, note in sorted(prompt.notes, key=lambda pair: pair[0])),
        assumed=tuple(assumed),
        not_understood=(*unused_mode, *prompt.not_understood()),
    )


def _key_meaning(tonic: int | None, major: bool | None, genre: Genre) -> str:
    """Return the meaning of a key; a raga has a tonic, and is neither major nor minor."""
    note = [f"key of {NOTES[tonic]}"] if tonic is not None else []
    mode = [] if major is None or genre is Genre.INDIAN else ["major" if major else "minor"]
    return " ".join([*note, *mode]) or "not used: ragas are neither major nor minor"


def _find_instruments(prompt: MarkedPrompt) -> tuple[str | None, Genre | None, list[str], list[str]]:
    """Return the voice of the melody, the genre that the first instrument suggests, and the excluded voices and stems."""
    voice, suggested, without, silent = None, None, list[str](), list[str]()
    for word, match in prompt.find_words("instrument"):
        name = word.meaning
        if prompt.is_reduced(match):
            continue
        if prompt.is_negated(match):
            prompt.mark(match, f"without {name}")
            without += RELATED.get(name, (name,))
            silent += ["percussion"] if name == "tabla" else []
            continue
        leads = name not in NO_LEADS and voice in (None, name)
        prompt.mark(match, f"melody on {name}" if leads else "may accompany")
        voice, suggested = (name if leads else voice), suggested or (Genre(word.hint) if word.hint else None)
    for _, match in prompt.find_words("vocals"):
        if prompt.is_negated(match):
            prompt.mark(match, "without vocals, like every song")
    return voice, suggested, without, silent


def _find_genre(prompt: MarkedPrompt, assumed: list[str]) -> tuple[Genre | None, list[tuple[Word, re.Match[str]]]]:
    """Return the genre that is named most clearly, the first of several, and the styles, which also suggest an emotion."""
    styles = [(word, match) for word, match in prompt.find_words("style") if not prompt.is_negated(match)]
    found = [(word.rank, match.start(), match, word.meaning) for word, match in styles if word.meaning]
    for word, match in prompt.find_words("genre"):
        if _inside(match, (m for _, m in styles)):
            continue
        if prompt.is_negated(match):
            prompt.mark(match, f"not {word.meaning}")
        else:
            found.append((word.rank, match.start(), match, word.meaning))
    found.sort(key=lambda entry: entry[:2])
    for _, _, match, genre in (entry for entry in found if prompt.is_free(*entry[2].span())):
        prompt.mark(match, f"genre {genre}" if genre == found[0][3] else f"genre {genre}, not used")
    if found and found[0][0] == NEAR:
        assumed.append(f"genre: {found[0][3]}, the nearest to {found[0][2].group()}")
    for word, match in (style for style in styles if not style[0].meaning):
        prompt.mark(match, f"emotion {word.hint}")
    return (Genre(found[0][3]) if found else None), styles


def _inside(match: re.Match[str], others: Iterable[re.Match[str]]) -> bool:
    return any(other.start() <= match.start() and match.end() <= other.end() for other in others)


def _find_silent_stems(prompt: MarkedPrompt) -> list[str]:
    """Return the stems that the prompt excludes; the studio cannot do "less drums", so it stays unmarked."""
    silent = []
    for word, match in prompt.find_words("stem"):
        if prompt.is_negated(match):
            prompt.mark(match, f"without {word.meaning}")
            silent.append(word.meaning)
        elif re.fullmatch(ALWAYS, match.group()) and not (prompt.is_reduced(match) or _is_more(prompt, match)):
            prompt.mark(match, f"{word.meaning}, as in every song")
    return silent


def _is_more(prompt: MarkedPrompt, match: re.Match[str]) -> bool:
    return bool(re.search(r"\b(?:more|loud\w*|much)\s$", prompt.text[: match.start()]))


def _find_tempo(prompt: MarkedPrompt, beats: float | None, genre: Genre, emotion: Emotion, assumed: list[str]) -> Tempo:
    """Return the tempo class of the BPM, of a word, or of the emotion; never one that the prompt excludes by a word."""
    named: list[tuple[int, Tempo]] = []
    excluded: set[Tempo] = set()
    for word, match in prompt.find_words("tempo"):
        negated = prompt.is_negated(match)
        prompt.mark(match, f"{'not' if negated else 'tempo'} {word.meaning}")
        if negated:
            excluded.add(Tempo(word.meaning))
        else:
            named.append((match.start(), Tempo(word.meaning)))
    ranges = TEMPO_BPM.get(genre)  # a server may list genres of its own
    if beats is not None and ranges:
        return min(Tempo, key=lambda t: max(ranges[t][0] - beats, beats - ranges[t][1], 0.0))
    if named:
        return min(named)[1]
    left: Collection[Tempo] = [tempo for tempo in Tempo if tempo not in excluded]
    tempo = nearest_tempo(PACE.get(emotion, Tempo.MEDIUM), left)
    assumed.append(f"tempo: {tempo}")
    return tempo
