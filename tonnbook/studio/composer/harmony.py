"""Which chord stands when: a loop per phrase, a cadence at the end of each section."""

from __future__ import annotations

from collections.abc import Sequence

from tonnbook.studio.composer.moods import Mood
from tonnbook.studio.composer.score import Bar, ChordSpan
from tonnbook.studio.composer.theory import SCALES, Chord, chord, enriched, progression

TONIC_LEAD = 1.5
"""How many times as long as on any other note the bass rests on the tonic, before the figures of a line take from it."""
FIFTHS = 0.2


def chord_spans(
    bars: Sequence[Bar], mood: Mood, tonic: int, loops: Sequence[str], colours: Sequence[int], ends_song: bool
) -> tuple[ChordSpan, ...]:
    """Return the chords of a section, in beats. Phrases alternate between the first two of `loops`.

    The last bar is the tonic where the song ends, and opens towards the next section elsewhere.
    """
    scale = SCALES[mood.mode]
    found: list[ChordSpan] = []
    for phrase in sorted({bar.phrase for bar in bars}):
        inside = [bar for bar in bars if bar.phrase == phrase]
        loop = progression(loops[phrase % min(2, len(loops))], tonic)
        found += _loop(inside, loop, _pace(inside, mood.beats_per_chord, len(loop)))
    found = _grounded(_closed(found, bars, mood, tonic, ends_song), tonic)
    coloured = [ChordSpan(_coloured(s.chord, scale, tonic, colours), s.start, s.beats, ()) for s in found]
    return tuple(_adapted(span, scale, tonic) for span in _merged(coloured))


def _pace(bars: Sequence[Bar], beats_per_chord: float, loop: int) -> float:
    """Return the beats per chord, halved until a short phrase holds most of the loop."""
    total, pace = sum(bar.beats for bar in bars), beats_per_chord
    while pace > 2 and total < pace * loop * 0.75:
        pace /= 2
    return pace


def _loop(bars: Sequence[Bar], loop: Sequence[Chord], pace: float) -> list[ChordSpan]:
    """Return the loop's chords over the bars. Chords change on bar lines or in the middle of a bar, whatever the metre."""
    spans: list[ChordSpan] = []
    first = bars[0].start
    for bar in bars:
        halves = 2 if pace < bar.beats else 1
        for half in range(halves):
            start = bar.start + half * bar.beats / 2
            nth = int((start - first) / pace + 1e-6)
            spans.append(ChordSpan(loop[nth % len(loop)], start, bar.beats / halves, ()))
    return spans


def _closed(spans: list[ChordSpan], bars: Sequence[Bar], mood: Mood, tonic: int, ends_song: bool) -> list[ChordSpan]:
    """Return the spans with the ending of the section put in place of the last bars."""
    last = bars[-1]
    home = progression(mood.progressions[0], tonic)[0]
    home = home if home.root == tonic else chord("I", tonic)
    if not ends_song:
        final = [ChordSpan(chord(mood.half_cadence, tonic), last.start, last.beats, ())]
        return [s for s in spans if s.start < last.start - 1e-6] + (final if len(bars) > 1 else spans[-1:])
    final = [ChordSpan(home, last.start, last.beats, ())]
    if len(bars) < 4:
        return [s for s in spans if s.start < last.start - 1e-6] + final
    before = bars[-2]
    steps = progression(mood.cadence, tonic)
    steps = steps[-1:] if steps[0] == steps[1] else steps
    share = before.beats / len(steps)
    cadence = [ChordSpan(c, before.start + n * share, share, ()) for n, c in enumerate(steps)]
    return [s for s in spans if s.start < before.start - 1e-6] + cadence + final


def _grounded(spans: Sequence[ChordSpan], tonic: int) -> list[ChordSpan]:
    """Return the spans with the bass kept on the tonic under some of them, until it lies there clearly longer than anywhere else.

    A loop of four equal chords, or one that returns to its fourth degree, leaves the ear to choose the key. A pedal settles it:
    first under chords that hold the tonic themselves (IV/I, vi/I), right after it, and in place of its strongest rival.
    The first chord of a section and the last stay as they are.
    """
    grounded = list(spans)
    for _ in spans:
        time = _bass_time(grounded)
        rival = max((pc for pc in range(12) if pc != tonic), key=lambda pc: time[pc])
        places = [n for n in range(1, len(grounded) - 1) if grounded[n].chord.bass != tonic]
        if time[tonic] >= TONIC_LEAD * time[rival] or not places:
            break
        n = min(places, key=lambda n: _unfit(grounded[n], grounded[n - 1], tonic, rival))
        old = grounded[n].chord
        pedal = Chord(old.root, old.tones, tonic, f"{old.symbol.split('/')[0]}/I")
        grounded[n] = ChordSpan(pedal, grounded[n].start, grounded[n].beats, ())
    return grounded


def _bass_time(spans: Sequence[ChordSpan]) -> list[float]:
    """Return how many beats the bass will rest on each pitch class: on roots, with `FIFTHS` of the time on their fifths."""
    time = [0.0] * 12
    for span in spans:
        figured = FIFTHS if span.chord.bass == span.chord.root else 0.0
        time[span.chord.bass] += (1 - figured) * span.beats
        time[(span.chord.root + 7) % 12] += figured * span.beats
    return time


def _unfit(span: ChordSpan, before: ChordSpan, tonic: int, rival: int) -> tuple[bool, bool, bool]:
    """Return what speaks against a tonic pedal under a chord, the gravest first."""
    return tonic not in span.chord.classes, span.chord.bass != rival, before.chord.bass != tonic


def _coloured(plain: Chord, scale: Sequence[int], tonic: int, colours: Sequence[int]) -> Chord:
    """Return the chord with its colours; a minor tonic takes a ninth for a seventh, which would sound like the relative major."""
    home = plain.root == tonic and plain.minor
    return enriched(plain, scale, tonic, (9,) if home and colours else colours)


def _merged(spans: Sequence[ChordSpan]) -> list[ChordSpan]:
    """Return the spans with repeated chords joined, up to two bars long."""
    joined: list[ChordSpan] = []
    for span in spans:
        before = joined[-1] if joined else None
        if before and before.chord == span.chord and before.beats + span.beats <= 8:
            joined[-1] = ChordSpan(before.chord, before.start, before.beats + span.beats, ())
        else:
            joined.append(span)
    return joined


def _adapted(span: ChordSpan, scale: Sequence[int], tonic: int) -> ChordSpan:
    """Return the span with the scale to play over it: the section's, bent to the chord's own tones."""
    notes = set(scale)
    replaced = 1 if span.chord.symbol.startswith("b") else -1  # a flat pushes out the note above, a sharp the one below
    for offset in sorted((pitch_class - tonic) % 12 for pitch_class in span.chord.classes):
        if offset not in scale:
            notes.discard((offset + replaced) % 12)
            notes.add(offset)
    return ChordSpan(span.chord, span.start, span.beats, tuple(sorted(notes)))
