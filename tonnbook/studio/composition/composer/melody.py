"""The melody: the theme's cells laid over the harmony, and a second voice below it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from tonnbook.studio.composition.composer.comping import loudness
from tonnbook.studio.composition.composer.melody_line import pitched
from tonnbook.studio.composition.composer.melody_slots import Slot, melody_slots
from tonnbook.studio.composition.composer.moods import MOODS, Mood
from tonnbook.studio.composition.composer.patterns import swung
from tonnbook.studio.composition.composer.score import Note, Stage, humanised, without_overlaps
from tonnbook.studio.composition.composer.theme import Theme
from tonnbook.studio.composition.composer.voices import Touch, Voice


def melody_notes(
    stage: Stage, theme: Theme, voice: Voice, dice: random.Random, swing: float, taste: float
) -> list[Note]:
    """Return the melody of a section. `taste`: how busy the genre likes its tunes, -2 to 2 steps of density."""
    mood = MOODS[stage.emotion]
    slots = melody_slots(stage, theme, voice, mood, dice, taste)
    keys = pitched(slots, stage, voice, mood, dice)
    notes = []
    for n, (slot, key) in enumerate(zip(slots, keys, strict=True)):
        following = slots[n + 1].beat if n + 1 < len(slots) else stage.beats
        start = stage.at(swung(slot.beat, swing))
        accent = 8 if slot.strong else 6 if slot.beat % 1 == 0 else 5
        notes.append(Note(start, _sounding(stage, slot, following, voice, mood), key, loudness(slot.bar, accent)))
    return humanised(without_overlaps(notes), dice, 7, stage.end - 0.05)


def harmony_line(stage: Stage, notes: Sequence[Note], voice: Voice) -> list[Note]:
    """Return a second voice below the melody, a third or a sixth away on chord tones.

    It joins in the second half of the phrases that have the "extra" layer.
    """
    lengths = Counter(bar.phrase for bar in stage.bars)
    line = []
    for note in notes:
        beat = stage.beat_at(note.start)
        bar = max((b for b in stage.bars if b.start <= beat + 0.05), key=lambda b: b.start, default=stage.bars[0])
        if "extra" not in bar.layers or 2 * bar.place < lengths[bar.phrase] - 1:
            continue
        span = stage.chord_at(beat)
        below = [k for k in range(max(voice.low, note.key - 9), note.key - 2) if k % 12 in span.chord.classes]
        if below:
            line.append(Note(note.start + 0.008, note.length, below[-1], max(1, note.velocity - 22)))
    return line


def _sounding(stage: Stage, slot: Slot, following: float, voice: Voice, mood: Mood) -> float:
    """Return the length of a note in seconds: articulated, and with a breath at the end of every second bar."""
    gap = following - slot.beat
    if stage.final and slot.bar.last:
        return max(0.2, stage.end - stage.at(slot.beat) - 0.35)
    breathes = slot.bar.place % 2 == 1 or slot.bar.last_of_phrase
    leaves_bar = following >= slot.bar.start + slot.bar.beats - 1e-6
    if breathes and leaves_bar and gap > 0.75:
        gap -= 0.5
    share = max(mood.articulation, 0.8) if voice.touch is Touch.PLUCKED else mood.articulation
    return max(0.09, min(gap, 4.0) * stage.beat_s * share)
