"""The places of a tune: its rhythm, where each note would like to lie, and the climax of every phrase."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import mean

from tonnbook.studio.composition.composer.moods import Mood
from tonnbook.studio.composition.composer.phrasing import climax, lift, peak, spoken
from tonnbook.studio.composition.composer.score import Bar, ChordSpan, Stage
from tonnbook.studio.composition.composer.theme import Cell, Theme
from tonnbook.studio.composition.composer.theory import SCALES, keys_in, nearest_key
from tonnbook.studio.composition.composer.voices import Voice

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
