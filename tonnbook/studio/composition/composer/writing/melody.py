"""The melody: the theme's cells laid over the harmony, and a second voice below it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import mean

from tonnbook.studio.composition.composer.voices import Touch, Voice
from tonnbook.studio.composition.composer.writing.moods import MOODS, Mood
from tonnbook.studio.composition.composer.writing.patterns import swung
from tonnbook.studio.composition.composer.writing.score import Bar, ChordSpan, Note, Stage, humanised, without_overlaps
from tonnbook.studio.composition.composer.writing.theme import Cell, Theme, climax, lift, peak, spoken
from tonnbook.studio.composition.composer.writing.theory import SCALES, keys_in, nearest_key


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
        notes.append(Note(start, _sounding(stage, slot, following, voice, mood), key, slot.bar.velocity(accent)))
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


RETURNS = (0.43, 0.87)
"""How alike the rhythms of bars are that lie four apart, from..to: else the variations are drawn again."""
_DRAFTS = 16


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the melody that waits for its pitch."""

    bar: Bar
    beat: float
    """From the start of the section."""
    target: float
    """The key that theme and phrase would like."""
    span: ChordSpan
    held: float
    """Beats to the next note or the end of the bar."""
    strong: bool
    closing: bool = False
    bold: bool = False
    """Whether the gesture leaps to it."""
    ceiling: int = 128
    """The climax of the phrase, which every other note stays under."""
    peak: int = 0
    """The key of the climax, where this is it."""

    def rubs(self, key: int) -> bool:
        """Whether a key stands a semitone, or a minor ninth, above a tone of the chord."""
        return (key - 1) % 12 in self.span.chord.classes

    @property
    def exposed(self) -> bool:
        """Whether a rub with the chord would be heard as a wrong note: on a strong beat, or held."""
        return self.strong or self.held >= 1


def melody_slots(stage: Stage, theme: Theme, voice: Voice, mood: Mood, dice: random.Random, taste: float) -> list[Slot]:
    """Return the places of the notes; the variations are drawn again, fuller ones in the end, until the rhythms return as those of a tune do."""
    drafts = []
    for turn in range(_DRAFTS):
        bars = _draft(stage, theme, voice, mood, dice, taste + 0.4 * (turn // 4))
        rows = [_rhythm(slots) for slots in bars]
        far, near = _alike(rows, 4), _alike(rows, 1)
        wrong = max(0.0, near + 0.03 - far) + max(0.0, RETURNS[0] - far) + max(0.0, far - RETURNS[1])
        drafts.append((wrong, bars))
        if not wrong or len(rows) < 6:
            break
    best = min(drafts, key=lambda draft: draft[0])[1]
    return _crowned([slot for slots in best for slot in slots], stage, voice, mood)


def _alike(rows: Sequence[tuple[float, ...]], lag: int) -> float:
    """Return the mean share of common places of bars that lie `lag` apart (Jaccard)."""
    pairs = [(set(a), set(b)) for a, b in zip(rows, rows[lag:], strict=False)]
    return mean([len(a & b) / len(a | b) for a, b in pairs]) if pairs else 0.0


def _draft(stage: Stage, theme: Theme, voice: Voice, mood: Mood, dice: random.Random, taste: float) -> list[list[Slot]]:
    """Return the places of the notes, bar by bar."""
    lengths = {p: sum(1 for b in stage.bars if b.phrase == p) for p in {b.phrase for b in stage.bars}}
    sung = sorted({b.phrase for b in stage.bars if "melody" in b.layers})
    bars: list[list[Slot]] = []
    before: list[tuple[float, ...]] = []
    for bar in stage.bars:
        if "melody" not in bar.layers:
            continue
        bold: frozenset[int] = frozenset()
        if stage.final and bar.last and len(stage.bars) > 1:
            cell = Cell(((0, 1, 0),))
        else:
            cell = theme.bar(sung.index(bar.phrase), bar.place, lengths[bar.phrase], dice)
            opens = bar.place % 4 == 0 and bar.place < lengths[bar.phrase] - 1
            cell, bold = spoken(cell, mood.gesture, theme.call, opens, stage.beat_s)
        # A sparse mood leaves little of its cells: what would repeat for the third time, or alternate for ever, becomes fuller.
        ways = [_bar_slots(stage, bar, cell, bold, voice, mood, lengths[bar.phrase], taste + more) for more in range(4)]
        chosen = next((way for way in ways if not _stuck([*before, _rhythm(way)])), ways[0])
        before.append(_rhythm(chosen))
        bars.append(chosen)
    return bars


def _stuck(rows: Sequence[tuple[float, ...]]) -> bool:
    """Whether the last bar is the third of its kind in a row, or the fourth of two kinds that take turns."""
    if len(rows) > 2 and rows[-1] == rows[-2] == rows[-3]:
        return True
    return len(rows) > 3 and rows[-1] == rows[-3] and rows[-2] == rows[-4]


def _crowned(slots: list[Slot], stage: Stage, voice: Voice, mood: Mood) -> list[Slot]:
    """Return the slots with one climax in every phrase that has room for it: a chord tone above all other notes."""
    crowned = list(slots)
    scale = keys_in(SCALES[stage.mode], stage.tonic, 24, 108)
    home = min(range(len(scale)), key=lambda n: abs(scale[n] - centre_of(voice, mood)))
    low, high = reach_of(voice, mood)
    for phrase in sorted({slot.bar.phrase for slot in slots}):
        bars = [bar for bar in stage.bars if bar.phrase == phrase]
        inside = [n for n, slot in enumerate(slots) if slot.bar.phrase == phrase]
        first, beats = bars[0].start, sum(bar.beats for bar in bars)
        places = [(slots[n].beat - first) / beats for n in inside]
        top = climax(places, [slots[n].strong and not slots[n].closing for n in inside]) if len(bars) > 2 else None
        if top is None:
            continue
        chosen = slots[inside[top]]
        wish = scale[home + round(peak(mood.contour, len(inside)) + phrase % 2)]
        least = low + 5
        if stage.final and bars[-1].last:  # the ending needs a tonic under it
            least = max(least, nearest_key(stage.tonic, centre_of(voice, mood)) + 1)
        keys = [k for k in range(least, high + 1) if k % 12 in chosen.span.chord.classes and not chosen.rubs(k)]
        key = min(keys or [high], key=lambda k: (abs(k - wish), k))
        for n in inside:
            crowned[n] = replace(slots[n], ceiling=key, target=min(slots[n].target, key - 1))
        crowned[inside[top]] = replace(chosen, peak=key, strong=True, target=key)
    return crowned


def _rhythm(slots: Sequence[Slot]) -> tuple[float, ...]:
    """Return where the notes of a bar begin, in beats of the bar."""
    return tuple(slot.beat - slot.bar.start for slot in slots)


def _bar_slots(
    stage: Stage, bar: Bar, cell: Cell, bold: frozenset[int], voice: Voice, mood: Mood, phrase_bars: int, taste: float
) -> list[Slot]:
    density = max(1, min(5, round(1.2 + 3.6 * bar.energy + taste)))
    scale = keys_in(SCALES[stage.mode], stage.tonic, 24, 108)
    centre = centre_of(voice, mood)
    home = min(range(len(scale)), key=lambda n: abs(scale[n] - centre))
    notes = [n for n in cell.at(density) if n[0] / 4 < bar.beats - 1e-6]
    found = []
    for k, (step, _, degree) in enumerate(notes):
        beat = bar.start + step / 4
        raised = lift(mood.contour, (bar.place + step / 4 / bar.beats) / phrase_bars, len(notes) * phrase_bars)
        target = scale[max(0, min(len(scale) - 1, home + round(degree + raised)))]
        gap = (notes[k + 1][0] - step) / 4 if k + 1 < len(notes) else bar.beats - step / 4
        closing = bar.last_of_phrase and k == len(notes) - 1
        strong = step % 8 == 0 or gap >= 1.5 or step in bold
        found.append(Slot(bar, beat, target, stage.chord_at(beat), gap, strong, closing, step in bold))
    return found


def centre_of(voice: Voice, mood: Mood) -> float:
    """Return the mood's register, as near as the voice comes to it with room for a phrase below and above."""
    return min(max(mood.centre, voice.low + 5), voice.high - 7)


def holds_register(voice: Voice, mood: Mood) -> float:
    """Return by how many semitones a voice misses the register of a mood; 0 for one that can hold it."""
    return abs(centre_of(voice, mood) - mood.centre)


def reach_of(voice: Voice, mood: Mood) -> tuple[int, int]:
    """Return the lowest and the highest key of the tune."""
    centre, below, above = centre_of(voice, mood), *((5, 7) if mood.contour == "low" else (8, 9))
    return max(voice.low, round(centre - below)), min(voice.high, round(centre + above))


BEAM = 20
_LEAPS = {0: 1.2, 1: 0.0, 2: 0.0, 3: 0.7, 4: 0.85, 5: 1.4, 6: 4.2, 7: 1.8, 8: 3.2, 9: 3.4, 12: 3.4}
"""What a move of so many semitones costs; others cost 6."""
STEPS = (0.68, 0.89)
"""Share of moves by two semitones at most, from..to: a line outside is sought again with another taste for thirds (3.5, rule 3)."""


def pitched(slots: Sequence[Slot], stage: Stage, voice: Voice, mood: Mood, dice: random.Random) -> list[int]:
    """Return a key for every slot; thirds come dearer or cheaper where the line is out of what tunes do."""
    whims = [[0.7 * dice.random() for _ in range(128)] for _ in slots]
    thirds, tried = 1.3 - 0.8 * mood.leap, []
    for _ in range(4):
        keys = _cheapest(slots, stage, voice, mood, whims, thirds)
        share = mean([abs(b - a) <= 2 for a, b in pairwise(keys)] or [STEPS[0]])
        off = max(STEPS[0] - share, share - STEPS[1])
        tried.append((off, keys))
        if off <= 0:
            break
        thirds *= 0.6 if share > STEPS[1] else 1.6
    return min(tried)[1]


def _cheapest(
    slots: Sequence[Slot], stage: Stage, voice: Voice, mood: Mood, whims: Sequence[Sequence[float]], thirds: float
) -> list[int]:
    """Return the cheapest of the lines that the beam keeps."""
    low, high = reach_of(voice, mood)
    beam: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for n, slot in enumerate(slots):
        options = [k for k in keys_in(slot.span.scale, stage.tonic, low, high) if k < slot.ceiling]
        if slot.peak:
            options = [slot.peak]
        elif stage.final and n == len(slots) - 1:
            options = [k for k in options if k % 12 == stage.tonic] or [
                nearest_key(stage.tonic, centre_of(voice, mood))
            ]
        places = [(key, whims[n][key] + _place_cost(slot, key, stage.tonic)) for key in options]
        grown = [
            (cost + place + _move_cost(key, line, mood.leap, thirds, slot.bold), (*line, key))
            for cost, line in beam
            for key, place in places
        ]
        beam = sorted(grown)[:BEAM]
    return list(beam[0][1])


def _place_cost(slot: Slot, key: int, tonic: int) -> float:
    """Return how little a key fits its place: away from the target, off the chord or rubbing with it on strong beats."""
    fits, rubs = key % 12 in slot.span.chord.classes, slot.rubs(key) and slot.exposed
    cost = (0.4 if slot.bold else 0.22) * abs(key - slot.target)
    if not fits:
        cost += 4.0 if slot.closing else 2.2 if slot.strong else 0.3
    if rubs:
        cost += 3.0
    elif key % 12 == tonic and (slot.strong or slot.closing):
        cost -= 0.5  # a tune knows where it is at home
    return cost


def _move_cost(key: int, line: tuple[int, ...], leap: float, thirds: float, bold: bool) -> float:
    """Return how little a key follows from the notes before it: leaping, circling."""
    if not line:
        return 0.0
    move = key - line[-1]
    cost = _LEAPS.get(abs(move), 6.0)
    if abs(move) > 2:
        cost *= thirds if abs(move) < 5 else 1.9 - 1.5 * leap
    if bold and abs(move) <= 7:
        cost *= 0.2
    if len(line) > 1:
        before = line[-1] - line[-2]
        if abs(before) > 4 and (move * before > 0 or abs(move) > 2):
            cost += 1.6  # a leap wants to be answered by a step back
        if move == 0 and before == 0:
            cost += 2.5
        if len(line) > 2 and key == line[-2] and line[-1] == line[-3]:
            cost += 1.2  # no trilling between two notes
    return cost
