"""Time and form: beats that fill every section to the millisecond, bars, phrases, and how full each bar is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sin

from tonnbook.models.composition import Genre
from tonnbook.studio.composition.composer.writing.moods import MOODS, Mood
from tonnbook.studio.composition.composer.writing.plan import Plan
from tonnbook.studio.composition.composer.writing.score import Bar

STRETCH_LIMITS = ((1.0, 0.015), (0.5, 0.025))
"""How far the tempo may bend so that a section fills whole bars, or whole bars and a half one (3.1)."""
_SHORT_LIMITS = ((1.0, 0.03, 1.0), (0.5, 0.03, 2.0), (0.25, 0.045, 3.0))
"""The same for whole, half and quarter beats, and how much each hurts. What fits none of them is a single gesture of less than three
beats, and needs no beat to end on."""


LONG = 4
"""Phrases from which on a section needs more than one rise to stay alive."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The tempo of a song, and the beats that each section holds."""

    bpm: float
    beats: tuple[float, ...]


def fit(plan: Plan, tempo_range: tuple[float, float], meter: float) -> Fit:
    """Return the tempo of the class at which the sections bend least, near the one that the mood asks for.

    Where there are several moods none of them may move the others' tempo: the wish is drawn. An asked tempo is kept as it is. A loop
    holds whole bars only.
    """
    lengths = [section.length_ms / 1000 for section in plan.sections]
    low, high = tempo_range
    mood = plan.lone_emotion
    wish = low + (high - low) * (0.15 + 0.7 * (MOODS[mood].arousal if mood else plan.dice("tempo").random()))
    candidates = [plan.bpm] if plan.bpm else [low + n / 4 for n in range(int((high - low) * 4) + 1)]

    def cost(bpm: float) -> float:
        bends = [_beats(length, bpm, meter, plan.looping)[1] for length in lengths]
        return sum(bends) + 1.5 * abs(bpm - wish) / (high - low)

    bpm = min(candidates, key=cost)
    return Fit(bpm, tuple(_beats(length, bpm, meter, plan.looping)[0] for length in lengths))


def _beats(length: float, bpm: float, meter: float, whole_bars: bool) -> tuple[float, float]:
    """Return the beats that a section of `length` seconds holds, and how much that hurts."""
    exact = length * bpm / 60
    units = [(meter * share, limit, hurt) for (share, limit), hurt in zip(STRETCH_LIMITS, (0.0, 0.5), strict=True)]
    if whole_bars:
        units = [(meter, 1.0, 0.0)]
    for unit, limit, hurt in [*units, *_SHORT_LIMITS]:
        beats = max(unit, round(exact / unit) * unit)
        bend = abs(beats / exact - 1)
        if bend <= limit and unit in (meter, 0.25, 0.5, 1.0, 2.0):
            return beats, hurt + 60 * bend * (bend > 0.01) + 10 * bend
    return exact, 4.0


def phrase_lengths(bars: int) -> list[int]:
    """Return how many bars each phrase takes: eights, with a four where that leaves a better rest."""
    phrases: list[int] = []
    while bars > 8:
        phrases.append(4 if bars < 12 else 8)
        bars -= phrases[-1]
    return [*phrases, bars]


def bars_of(beats: float, meter: float, mood: Mood, opens: bool) -> tuple[Bar, ...]:
    """Return the bars of a section; a short one, where there is one, stands at its end. `opens`: the song's first section."""
    full = int(beats / meter + 1e-6)
    sizes = [meter] * full + ([beats - full * meter] if beats - full * meter > 1e-6 else [])
    opening = 0 if not opens or full < 10 else 4 if full >= 40 else 2
    body = phrase_lengths(len(sizes) - opening)
    found: list[Bar] = []
    for phrase, length in enumerate([opening, *body] if opening else body):
        nth = phrase - bool(opening)
        for place in range(length):
            n = len(found)
            layers = _opening_layers(place, length) if nth < 0 else _layers(body, nth, place, mood)
            ends = place == length - 1
            energy = _energy(mood, n / max(1, len(sizes) - 1), _terrace(body, nth))
            found.append(Bar(n, n * meter, sizes[n], energy, layers, phrase, place, ends, n == len(sizes) - 1))
    return tuple(found)


def _energy(mood: Mood, position: float, terrace: float) -> float:
    arch = mood.arousal * (0.85 + 0.25 * sin(pi * position))
    return min(1.0, max(0.05, 0.1 + 0.9 * arch + 0.5 * mood.swell * (position - 0.5) + terrace))


def _terrace(body: Sequence[int], nth: int) -> float:
    """Return how much more energy than the section the nth phrase has: long ones rise for three phrases, and draw breath in one."""
    return 0.0 if len(body) < LONG or nth < 0 else -0.12 if _thin(body, nth) else (-0.04, 0.0, 0.06, 0.0)[nth % 4]


def _thin(body: Sequence[int], nth: int) -> bool:
    """Whether the nth phrase is one in which a long section draws breath: every fourth, or the one before the last."""
    last = len(body) - 1
    return len(body) >= LONG and 0 < nth < last and (nth % 4 == 3 or (nth == last - 1 and (last < 5 or last % 4 == 3)))


def _opening_layers(place: int, bars: int) -> frozenset[str]:
    """Return what plays in an opening: no melody, and the bass in its second half."""
    return frozenset({"chords", "full", "pad", "drums", "opening"} | ({"bass"} if 2 * place >= bars else set()))


def _layers(body: Sequence[int], nth: int, place: int, mood: Mood) -> frozenset[str]:
    """Return what plays in a bar of the nth phrase: a fuller band phrase by phrase, a thin phrase in long ones, a break before the last.

    In a section of many phrases the tune rests for the first bars of a thin one.
    """
    layers = {"chords", "full", "bass", "drums", "melody"}
    if nth > 0 or len(body) < 3 or (mood.arousal < 0.35 and len(body) < LONG):
        layers.add("pad")
    if nth >= len(body) // 2 and (mood.arousal > 0.4 or nth == len(body) - 1):
        layers.add("extra")
    if len(body) >= LONG and nth % 4 == 2:
        layers.add("extra")
    if _thin(body, nth):
        layers -= {"full", "pad", "extra"} | ({"melody"} if len(body) > LONG + 1 and place < 4 else set())
    if sum(body) >= 16 and nth == len(body) - 2 and place >= body[nth] - 2:
        layers -= {"drums", "extra"}
        layers.add("break")
    return frozenset(layers)


SLOWING = 0.04
"""How much slower the last downbeat is than the song: together with the bend of the section it stays under 5 % (3.1)."""
_ROOM_BEATS = 24
"""A section of less would have to hurry before it, to end on its millisecond."""


def ritardando(genre: Genre, mood: Mood, beats: float) -> float:
    """Return how much a song slows down at the end of its last section, as a share; 0 for genres of a machine's pulse.

    Calm endings settle and bright ones broaden; restless and frightened ones stop dead.
    """
    free = genre in (Genre.AMBIENT, Genre.CINEMATIC) or (genre is Genre.INDIAN and mood.arousal < 0.5)
    settles = mood.arousal < 0.5 or (mood.valence > 0 and mood.arousal <= 0.9)
    return SLOWING if free and settles and beats >= _ROOM_BEATS else 0.0
