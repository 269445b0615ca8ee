"""The chords of a section: a loop in each phrase, and a cadence at its end."""

from __future__ import annotations

from collections.abc import Sequence

from tonnbook.studio.composition.composer.writing.moods import Mood
from tonnbook.studio.composition.composer.writing.score import Bar, ChordSpan
from tonnbook.studio.composition.composer.writing.theory import SCALES, Chord, chord, enriched, progression


def chord_spans(
    bars: Sequence[Bar], mood: Mood, tonic: int, loops: Sequence[str], colours: Sequence[int], ends_song: bool
) -> tuple[ChordSpan, ...]:
    """Return the chords of a section, in beats. Phrases alternate between the first two of `loops`.

    The last bar is the tonic if the song ends, else a chord that leads to the next section. An opening has the loop and the pace of the
    phrase that follows, without the middle chords if it is too short.
    """
    scale = SCALES[mood.mode]
    found: list[ChordSpan] = []
    phrases = [[bar for bar in bars if bar.phrase == n] for n in sorted({bar.phrase for bar in bars})]
    opening = "opening" in bars[0].layers
    for n, inside in enumerate(phrases):
        body = n - opening
        loop = progression(loops[max(0, body) % min(2, len(loops))], tonic)
        pace = _pace(inside if body >= 0 else phrases[1], mood.beats_per_chord, len(loop))
        found += _loop(inside, loop if body >= 0 else _shortened(inside, loop, pace), pace)
    found = _closed(found, bars, mood, tonic, ends_song)
    coloured = [ChordSpan(_coloured(s.chord, scale, tonic, colours), s.start, s.beats, ()) for s in found]
    return tuple(_adapted(span, scale, tonic) for span in _merged(coloured))


def _pace(bars: Sequence[Bar], beats_per_chord: float, loop: int) -> float:
    """Return the beats per chord, halved until a short phrase contains at least three quarters of the loop."""
    total, pace = sum(bar.beats for bar in bars), beats_per_chord
    while pace > 2 and total < pace * loop * 0.75:
        pace /= 2
    return pace


def _shortened(bars: Sequence[Bar], loop: Sequence[Chord], pace: float) -> Sequence[Chord]:
    """Return the part of a loop that fits an opening: its first chords, and the last one, which leads back to the first."""
    count = max(1, round(sum(bar.beats for bar in bars) / pace))
    return loop if count >= len(loop) else loop[:1] if count == 1 else (*loop[: count - 1], loop[-1])


def _loop(bars: Sequence[Bar], loop: Sequence[Chord], pace: float) -> list[ChordSpan]:
    """Return the chords of the loop over the bars. Chords change at the beginning or in the middle of a bar, in every metre."""
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
    """Return the chords with the last bars replaced by the ending of the section."""
    last = bars[-1]
    if len(bars) == 1 and not ends_song:
        return spans
    home = progression(mood.progressions[0], tonic)[0]
    home = home if home.root == tonic else chord("I", tonic)
    if not ends_song:
        final = [ChordSpan(chord(mood.half_cadence, tonic), last.start, last.beats, ())]
        return [s for s in spans if s.start < last.start - 1e-6] + final
    final = [ChordSpan(home, last.start, last.beats, ())]
    if len(bars) < 4:
        return [s for s in spans if s.start < last.start - 1e-6] + final
    before = bars[-2]
    steps = progression(mood.cadence, tonic)
    steps = steps[-1:] if steps[0] == steps[1] else steps
    share = before.beats / len(steps)
    cadence = [ChordSpan(c, before.start + n * share, share, ()) for n, c in enumerate(steps)]
    return [s for s in spans if s.start < before.start - 1e-6] + cadence + final


def _coloured(plain: Chord, scale: Sequence[int], tonic: int, colours: Sequence[int]) -> Chord:
    """Return the chord with sevenths and ninths added. A minor tonic gets a ninth only: its seventh would sound like the relative major."""
    home = plain.root == tonic and plain.minor
    return enriched(plain, scale, tonic, (9,) if home and colours else colours)


def _merged(spans: Sequence[ChordSpan]) -> list[ChordSpan]:
    """Return the chords with repeated ones joined, up to two bars long."""
    joined: list[ChordSpan] = []
    for span in spans:
        before = joined[-1] if joined else None
        if before and before.chord == span.chord and before.beats + span.beats <= 8:
            joined[-1] = ChordSpan(before.chord, before.start, before.beats + span.beats, ())
        else:
            joined.append(span)
    return joined


def _adapted(span: ChordSpan, scale: Sequence[int], tonic: int) -> ChordSpan:
    """Return the chord with the scale to play over it: that of the section, altered to contain the tones of the chord."""
    notes = set(scale)
    replaced = 1 if span.chord.symbol.startswith("b") else -1  # a flat replaces the note above, a sharp the one below
    for offset in sorted((pitch_class - tonic) % 12 for pitch_class in span.chord.classes):
        if offset not in scale:
            notes.discard((offset + replaced) % 12)
            notes.add(offset)
    return ChordSpan(span.chord, span.start, span.beats, tuple(sorted(notes)))
