"""The bass: roots, fifths and octaves on a pattern, led into the next chord."""

from __future__ import annotations

import random

from tonnbook.studio.composer.comping import loudness
from tonnbook.studio.composer.patterns import STEPS_PER_BEAT, Levels, level, swung
from tonnbook.studio.composer.score import Bar, ChordSpan, Note, Stage, humanised, without_overlaps
from tonnbook.studio.composer.theory import nearest_key
from tonnbook.studio.composer.voices import Voice


def bass_notes(
    stage: Stage, voice: Voice, lines: Levels, dice: random.Random, swing: float, looseness: float
) -> list[Note]:
    """Return the bass line of a section."""
    notes: list[Note] = []
    for bar in stage.bars:
        if "bass" not in bar.layers:
            continue
        steps = "R..............." if "break" in bar.layers or (stage.final and bar.last) else lines[level(bar.energy)]
        notes += _bar(stage, bar, voice, steps)
    tied = without_overlaps(notes, -0.03 if voice.glide else 0.01)
    slid = _gliding(tied, dice) if voice.glide else tied
    return humanised(slid, dice, 3 * looseness, stage.end - 0.05, loose=3)


def _root(span: ChordSpan, voice: Voice) -> int:
    key = nearest_key(span.chord.bass, voice.low + 9)
    return key if key >= voice.low else key + 12


def _bar(stage: Stage, bar: Bar, voice: Voice, steps: str) -> list[Note]:
    count = round(bar.beats * STEPS_PER_BEAT)
    row = (steps * 4)[:count]
    marks = [n for n, c in enumerate(row) if c in "R583a"]
    notes = []
    # A chord change between two marks must not be missed: the new root is struck there.
    changes = [
        round((s.start - bar.start) * STEPS_PER_BEAT) for s in stage.chords if 0 < s.start - bar.start < bar.beats
    ]
    for n in sorted({*marks, *changes}):
        beat = n / STEPS_PER_BEAT
        later = [m for m in sorted({*marks, *changes, count}) if m > n]
        key = _key(stage, bar.start + beat, voice, row[n] if n not in changes else "R")
        length = (later[0] - n) / STEPS_PER_BEAT * stage.beat_s * 0.94
        if stage.final and bar.last:
            length = max(0.1, stage.end - stage.at(bar.start + beat) - 0.3)
        start = stage.at(bar.start + swung(beat, 0.5))
        notes.append(Note(start, length, key, loudness(bar, 8 if n % 8 == 0 else 6)))
    return notes


def _key(stage: Stage, beat: float, voice: Voice, mark: str) -> int:
    span = stage.chord_at(beat)
    root = _root(span, voice)
    tones = span.chord.tones
    if mark == "a":
        return _approach(stage, span, root, voice)
    if span.chord.bass != span.chord.root:  # a pedal stays where it is, but for its octave
        mark = "8" if mark == "8" else "R"
    interval = {"R": 0, "8": 12, "5": 7 if 7 in tones else 6 if 6 in tones else 0, "3": 3 if 3 in tones else 4}[mark]
    return root + interval if root + interval <= voice.high else root + interval - 12


def _approach(stage: Stage, span: ChordSpan, root: int, voice: Voice) -> int:
    """Return the scale tone next to the root of the coming chord, from the side that the bass comes from."""
    following = stage.chord_at(span.end + 1e-3) if span.end < stage.beats - 1e-6 else stage.chords[0]
    goal = _root(following, voice)
    classes = {(stage.tonic + s) % 12 for s in span.scale}
    side = -1 if goal > root or goal == root else 1
    near = [goal + side * d for d in (1, 2, 3) if (goal + side * d) % 12 in classes]
    return near[0] if near and near[0] >= voice.low else goal + 12 if not near else near[0] + 12


def _gliding(notes: list[Note], dice: random.Random) -> list[Note]:
    """Return the line with a slide into some of the leaps, as an 808 is played."""
    out: list[Note] = []
    for n, note in enumerate(notes):
        leap = notes[n - 1].key - note.key if n else 0
        slides = 2 <= abs(leap) <= 12 and note.length > 0.3 and dice.random() < 0.5
        bend = ((0.0, float(leap)), (0.07, 0.0)) if slides else ()
        out.append(Note(note.start, note.length, note.key, note.velocity, bend))
    return out
