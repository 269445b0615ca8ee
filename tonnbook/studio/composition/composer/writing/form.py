"""The form of a song: a tempo whose beats fill every section exactly, bars, phrases, the layers of each bar, the ritardando."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, pi, sin

from tonnbook.models.composition import Genre
from tonnbook.studio.composition.composer.writing.moods import MOODS, Mood
from tonnbook.studio.composition.composer.writing.plan import Plan
from tonnbook.studio.composition.composer.writing.score import Bar

STRETCH_LIMITS = ((1.0, 0.015), (0.5, 0.025))
"""(fraction of a bar, limit): how far the tempo of a section may deviate so that it holds whole bars, or half bars."""
_SHORT_LIMITS = ((1.0, 0.03, 1.0), (0.5, 0.03, 2.0), (0.25, 0.045, 3.0))
"""(beats, limit, penalty): the same for whole, half and quarter beats. A section that fits none of them has less than three beats and
need not end on a beat."""


RING_S = 2.6
"""Shortest time from the last downbeat of a song to its end, in seconds: the last chord rings."""

LONG = 4
"""Number of phrases from which a section has more than one rise in energy."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The tempo of a song, and the number of beats of each section."""

    bpm: float
    beats: tuple[float, ...]


def fit(plan: Plan, tempo_range: tuple[float, float], meter: float) -> Fit:
    """Return the tempo within `tempo_range` (BPM) at which the tempo of the sections deviates least, near the preferred one.

    The preferred tempo depends on the mood of a song with one section; for several it is random, so that a change of one mood does not
    change the tempo. A requested tempo is used as it is. A loop has whole bars only.
    """
    lengths = [section.length_ms / 1000 for section in plan.sections]
    low, high = tempo_range
    mood = plan.only_emotion
    preferred = low + (high - low) * (0.15 + 0.7 * (MOODS[mood].arousal if mood else plan.rng("tempo").random()))
    candidates = [plan.bpm] if plan.bpm else [low + n / 4 for n in range(int((high - low) * 4) + 1)]

    def cost(bpm: float) -> float:
        penalties = [_beats(length, bpm, meter, plan.looping)[1] for length in lengths]
        return sum(penalties) + 1.5 * abs(bpm - preferred) / (high - low)

    bpm = min(candidates, key=cost)
    return Fit(bpm, tuple(_beats(length, bpm, meter, plan.looping)[0] for length in lengths))


def _beats(length: float, bpm: float, meter: float, whole_bars: bool) -> tuple[float, float]:
    """Return the number of beats of a section of `length` seconds, and a penalty for the deviation of its tempo."""
    exact = length * bpm / 60
    units = [
        (meter * share, limit, penalty) for (share, limit), penalty in zip(STRETCH_LIMITS, (0.0, 0.5), strict=True)
    ]
    if whole_bars:
        units = [(meter, 1.0, 0.0)]
    for unit, limit, penalty in [*units, *_SHORT_LIMITS]:
        beats = max(unit, round(exact / unit) * unit)
        deviation = abs(beats / exact - 1)
        if deviation <= limit and unit in (meter, 0.25, 0.5, 1.0, 2.0):
            return beats, penalty + 60 * deviation * (deviation > 0.01) + 10 * deviation
    return exact, 4.0


def phrase_lengths(bars: int) -> list[int]:
    """Return the number of bars of each phrase: eight, or four where the remaining bars divide better."""
    phrases: list[int] = []
    while bars > 8:
        phrases.append(4 if bars < 12 else 8)
        bars -= phrases[-1]
    return [*phrases, bars]


def ending_beats(beats: float, meter: float, beat_s: float) -> float:
    """Return the length of the last bar of a song whose last section has `beats` beats of `beat_s` seconds.

    The bar begins on a bar line at least RING_S before the end, unless fewer than two bars would be left before it.
    """
    before = ceil(beats / meter - 1e-6) - 1
    while before > 2 and (beats - before * meter) * beat_s < RING_S:
        before -= 1
    return beats - before * meter


def bars_of(beats: float, meter: float, mood: Mood, opens: bool, ending: float = 0.0) -> tuple[Bar, ...]:
    """Return the bars of a section; a shorter bar is the last one. `opens` is True for the first section of the song.

    `ending` is the length of the last bar of the song in beats (see `ending_beats`), 0 in the other sections.
    """
    full = int(beats / meter + 1e-6)
    if ending:
        sizes = [meter] * round((beats - ending) / meter) + [ending]
    else:
        sizes = [meter] * full + ([beats - full * meter] if beats - full * meter > 1e-6 else [])
    opening = 0 if not opens or full < 10 else 4 if full >= 40 else 2
    body = phrase_lengths(len(sizes) - opening)
    found: list[Bar] = []
    for phrase, length in enumerate([opening, *body] if opening else body):
        nth = phrase - bool(opening)
        for index in range(length):
            n = len(found)
            layers = _opening_layers(index, length) if nth < 0 else _layers(body, nth, index, mood)
            ends = index == length - 1
            energy = _energy(mood, n / max(1, len(sizes) - 1), _terrace(body, nth))
            found.append(Bar(n, n * meter, sizes[n], energy, layers, phrase, index, ends, n == len(sizes) - 1))
    return tuple(found)


def _energy(mood: Mood, position: float, terrace: float) -> float:
    arch = mood.arousal * (0.85 + 0.25 * sin(pi * position))
    return min(1.0, max(0.05, 0.1 + 0.9 * arch + 0.5 * mood.swell * (position - 0.5) + terrace))


def _terrace(body: Sequence[int], nth: int) -> float:
    """Return the energy of the nth phrase relative to its section. Long sections rise for three phrases, and have a thin fourth."""
    return 0.0 if len(body) < LONG or nth < 0 else -0.12 if _thin(body, nth) else (-0.04, 0.0, 0.06, 0.0)[nth % 4]


def _thin(body: Sequence[int], nth: int) -> bool:
    """Return True for a phrase with a thinner texture: every fourth of a long section, or the last but one."""
    last = len(body) - 1
    return len(body) >= LONG and 0 < nth < last and (nth % 4 == 3 or (nth == last - 1 and (last < 5 or last % 4 == 3)))


def _opening_layers(index: int, bars: int) -> frozenset[str]:
    """Return the layers of a bar of the opening: no melody, and the bass in the second half only."""
    return frozenset({"chords", "full", "pad", "drums", "opening"} | ({"bass"} if 2 * index >= bars else set()))


def _layers(body: Sequence[int], nth: int, index: int, mood: Mood) -> frozenset[str]:
    """Return the layers of a bar of the nth phrase.

    The band becomes fuller phrase by phrase; long sections have thin phrases, and a break before the last one. If there are many
    phrases, the melody rests in the first four bars of a thin one.
    """
    layers = {"chords", "full", "bass", "drums", "melody"}
    if nth > 0 or len(body) < 3 or (mood.arousal < 0.35 and len(body) < LONG):
        layers.add("pad")
    if nth >= len(body) // 2 and (mood.arousal > 0.4 or nth == len(body) - 1):
        layers.add("extra")
    if len(body) >= LONG and nth % 4 == 2:
        layers.add("extra")
    if _thin(body, nth):
        layers -= {"full", "pad", "extra"} | ({"melody"} if len(body) > LONG + 1 and index < 4 else set())
    if sum(body) >= 16 and nth == len(body) - 2 and index >= body[nth] - 2:
        layers -= {"drums", "extra"}
        layers.add("break")
    return frozenset(layers)


SLOWING = 0.04
"""How much longer the last beat is, as a fraction: together with the deviation of the section's tempo it stays below 5 %."""
_RITARDANDO_BEATS = 24
"""The shortest section that slows down: a shorter one would be audibly faster before, to end at its exact time."""


def ritardando(genre: Genre, mood: Mood, beats: float) -> float:
    """Return how much a song slows down at its end, as a fraction; 0 for genres with a machine-like pulse.

    Calm and bright songs slow down; tense, angry and fearful ones end in tempo.
    """
    free = genre in (Genre.AMBIENT, Genre.CINEMATIC) or (genre is Genre.INDIAN and mood.arousal < 0.5)
    slows = mood.arousal < 0.5 or (mood.valence > 0 and mood.arousal <= 0.9)
    return SLOWING if free and slows and beats >= _RITARDANDO_BEATS else 0.0
