"""The percussion: a groove per section, fills where phrases end, rises and falls where sections meet."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tonnbook.models.composition import Emotion
from tonnbook.studio.composition.composer.writing.moods import MOODS
from tonnbook.studio.composition.composer.writing.patterns import LOW, Groove, level, settled, strokes, swung
from tonnbook.studio.composition.composer.writing.score import Bar, Note, Stage, humanised
from tonnbook.studio.composition.composer.writing.theory import nearest_key

STROKES: dict[str, tuple[str, int]] = {
    "kick": ("", 36),
    "bass drum": ("", 36),
    "snare": ("", 38),
    "march": ("", 38),
    "rim": ("", 37),
    "clap": ("", 39),
    "hat": ("", 42),
    "open": ("", 46),
    "ride": ("", 51),
    "crash": ("", 57),
    "tambourine": ("", 54),
    "shaker": ("", 82),
    "high tom": ("", 50),
    "middle tom": ("", 48),
    "low tom": ("", 45),
    "tom": ("", 43),
    "cowbell": ("", 56),
    "conga": ("", 63),
    "triangle": ("", 80),
    "taiko": ("taiko", 48),
    "low taiko": ("taiko", 41),
    "soft drum": ("taiko", 45),
    "timpani": ("timpani", 0),
}
"""Voice (the kit where empty) and key of each layer of a groove; key 0 is the tonic."""

LIGHT = ("hat", "shaker", "ride", "tambourine", "triangle", "rim")
"""Layers in which a stroke more or less is a touch, and not another groove."""
GHOST = 0.65
"""How hard a ghost stroke of the snare, an accent of 1 or 2, is struck against a plain soft one: felt more than heard."""
TOUCHED_SHARE = 0.45
"""Share of the bars that have one."""

Strokes = dict[str, list[Note]]
"""Notes by voice."""


def percussion(stage: Stage, groove: Groove, dice: random.Random, looseness: float) -> Strokes:
    """Return what the drummers play in a section, by voice."""
    swing = dice.uniform(*groove.swing)
    rows = {name: tuple(settled(row, dice) for row in levels) for name, levels in groove.layers.items()}
    thinned = _thinned(rows, dice)
    touch = dice.getrandbits(
        64
    )  # what the next section does to the fill at the end must not move the strokes before it
    found: list[tuple[str, Note]] = []
    hesitates = MOODS[stage.emotion].texture == "tremolo" and stage.emotion is not Emotion.TENSE
    for bar in stage.bars:
        rests = hesitates and bar.place % 2 == 1 and not bar.last_of_phrase and dice.random() < 0.6
        if "drums" in bar.layers and not rests:
            source = _touched(thinned if bar.number % 2 else rows, _tier(bar), dice)
            found += _bar(stage, bar, groove, source, swing)
        found += _fill(stage, bar, groove, dice)
    found += _accents(stage, groove)
    by_voice: Strokes = {}
    for layer, note in found:
        voice, key = STROKES[layer]
        tuned = key or nearest_key(stage.tonic, 45)
        by_voice.setdefault(voice or groove.kit, []).append(Note(note.start, note.length, tuned, note.velocity))
    played = {
        voice: humanised(_once(notes), random.Random(f"{touch} {voice}"), 2.5 * looseness, stage.end - 0.05, 4)
        for voice, notes in by_voice.items()
    }
    return {voice: _choked(notes) for voice, notes in played.items()}


def _thinned(rows: dict[str, tuple[str, ...]], dice: random.Random) -> dict[str, tuple[str, ...]]:
    """Return the variant for every other bar: one kick off the beat goes, a lone one moves; the rest stays."""
    varied = dict(rows)
    for name in ("kick", "taiko"):
        if name in rows:
            varied[name] = tuple(_varied(row, dice) for row in rows[name])
    return varied


def _varied(row: str, dice: random.Random) -> str:
    places = [n for n, c in enumerate(row) if c.isdigit() and n > 4 and n % 8]
    free = [n for n in (7, 10, 11, 14) if n < len(row) and row[n] == "."]
    if len(places) > 1:
        return _with(row, dice.choice(places), ".")
    if places and free:
        return _with(_with(row, places[0], "."), dice.choice(free), row[places[0]])
    return _with(row, free[0], "5") if row.strip(".") and free and dice.random() < 0.4 else row


def _with(row: str, place: int, stroke: str) -> str:
    """Return a row with one of its sixteenths changed."""
    return row[:place] + stroke + row[place + 1 :]


def _touched(rows: dict[str, tuple[str, ...]], tier: int, dice: random.Random) -> dict[str, tuple[str, ...]]:
    """Return the rows of one bar: in some bars a light stroke more or less, as no drummer plays every bar alike."""
    playing = {name: levels[tier] for name, levels in rows.items() if levels[tier]}
    light = [name for name in LIGHT if name in playing]
    if not light or dice.random() > TOUCHED_SHARE:
        return rows
    name = dice.choice(light)
    row = playing[name]
    taken = {n for other, steps in playing.items() if other != name for n, c in enumerate(steps) if c.isdigit()}
    free = [n for n in range(1, len(row)) if n % 4 and n not in taken]
    droppable = [n for n in free if row[n].isdigit() and int(row[n]) <= 5]
    room = [n for n in free if row[n] == "."]
    even = [n for n in room if n % 2 == 0]
    places = droppable + (room if row[1::2].strip(".") or not even else even)
    if not places:
        return rows
    place = dice.choice(places)
    touched = _with(row, place, "." if row[place].isdigit() else "3")
    return rows | {name: tuple(touched if n == tier else steps for n, steps in enumerate(rows[name]))}


def _tier(bar: Bar) -> int:
    """Return which string of a layer a bar reads: an opening the quietest."""
    return LOW if "opening" in bar.layers else level(bar.energy)


def _bar(
    stage: Stage, bar: Bar, groove: Groove, rows: dict[str, tuple[str, ...]], swing: float
) -> Iterator[tuple[str, Note]]:
    """Yield the groove of one bar. An opening plays the light layers only; the song's last bar is one stroke."""
    tier = _tier(bar)
    light = "opening" in bar.layers
    if stage.final and bar.last:
        return
    filled = bar.beats - _fill_beats(stage, bar, groove)
    for name, levels in rows.items():
        if light and name in ("kick", "snare", "clap", "tom"):
            continue
        for beat, digit in strokes(levels[tier], bar.beats) if levels[tier] else []:
            if beat >= filled - 1e-6 and name not in ("kick", "shaker", "hat"):
                continue
            late = groove.snare_late_ms / 1000 if name in ("snare", "clap") else 0.0
            start = stage.at(bar.start + swung(beat, swing)) + late
            ghost = GHOST if name == "snare" and digit <= 2 else 1.0
            yield name, Note(start, 0.3, 0, round(ghost * bar.velocity(digit)))


def _fill_beats(stage: Stage, bar: Bar, groove: Groove) -> float:
    """Return how many beats of a bar the fill takes: one at the end of a phrase, two before a fuller section."""
    quiet = level(bar.energy) == LOW or "opening" in bar.layers
    if groove.fill == "none" or bar.beats < 2 or not bar.last_of_phrase or (stage.final and bar.last):
        return 0.0
    if bar.last:
        return 2.0 if stage.step_up > 0.1 else 0.0 if stage.step_up < -0.1 else 1.0
    return 0.0 if quiet else 1.0


_FILLS = {"toms": ("HHML", "SSMMLLFF"), "snare": ("S.SS", "S.S.SSSS"), "claps": ("C.CC", "C..C..CC")}
_FILLS |= {"roll": ("SSSS", "SSSSSSSS")}
_FILL_LAYERS = {"H": "high tom", "M": "middle tom", "L": "low tom", "F": "tom", "S": "snare", "C": "clap"}


def _fill(stage: Stage, bar: Bar, groove: Groove, dice: random.Random) -> Iterator[tuple[str, Note]]:
    beats = _fill_beats(stage, bar, groove)
    if not beats:
        return
    letters = _FILLS[groove.fill][int(beats) - 1]
    first = bar.start + bar.beats - beats
    for n, letter in enumerate(letters):
        if letter == "." or dice.random() < 0.12:
            continue
        layer = "taiko" if groove.kit == "orchestra-kit" else _FILL_LAYERS[letter]
        yield layer, Note(stage.at(first + n / 4), 0.3, 0, bar.velocity(4 + 5 * (n + 1) / len(letters)))


def _accents(stage: Stage, groove: Groove) -> Iterator[tuple[str, Note]]:
    """Yield the stroke that opens a section, and the one that ends the song."""
    opening, closing = stage.bars[0], stage.bars[-1]
    if "drums" in opening.layers and opening.energy > 0.4 and "opening" not in opening.layers:
        yield "crash", Note(stage.at(0), 1.5, 0, opening.velocity(7))
    if stage.final and "drums" in closing.layers:
        layers = ["kick" if "kick" in groove.layers else "soft drum" if groove.fill == "none" else "bass drum"]
        if closing.energy > 0.4:
            layers.append("crash")
        for layer in layers:
            yield layer, Note(stage.at(closing.start), 1.5, 0, closing.velocity(7))


def _once(notes: list[Note]) -> list[Note]:
    """Return the notes without double strokes on one drum."""
    seen: dict[tuple[int, int], Note] = {}
    for note in notes:
        place = (round(note.start * 1000) // 12, note.key)
        if place not in seen or seen[place].velocity < note.velocity:
            seen[place] = note
    return list(seen.values())


def _choked(notes: list[Note]) -> list[Note]:
    """Return the strokes with each open hi-hat ended by the next closed one."""
    closed = [note.start for note in notes if note.key in (42, 44, 46)]
    out = []
    for note in notes:
        after = next((start for start in closed if start > note.start + 0.02), None)
        length = min(0.9, after - note.start) if note.key == 46 and after else note.length
        out.append(Note(note.start, length, note.key, note.velocity))
    return out


RISER_S = 2.05
"""How long the reversed cymbal of the bank takes to its peak, in seconds."""


def transition(stage: Stage, groove: Groove) -> Iterator[tuple[str, str, list[Note]]]:
    """Yield what leads out of a section; nothing where the next one is much like it, or where there is none."""
    last = stage.bars[-1]
    if stage.step_up > 0.15 and stage.end - stage.start > RISER_S + 1:
        yield "percussion", "riser", [Note(stage.end - RISER_S, RISER_S, 60, 70 + round(30 * stage.step_up))]
    elif stage.step_up < -0.15 and groove.kit != "808-kit":
        beats = min(2.0, last.beats)
        first = last.start + last.beats - beats
        swell = [(n, last.velocity(1 + 4 * n / 8)) for n in range(int(beats * 4))]
        yield "percussion", "taiko", [Note(stage.at(first + n / 4), 0.3, 41, v) for n, v in swell]
