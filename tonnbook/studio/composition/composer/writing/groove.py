"""The percussion: a groove for each section, fills at the end of phrases, and transitions between sections."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tonnbook.models.composition import Emotion
from tonnbook.studio.composition.composer.writing.moods import MOODS
from tonnbook.studio.composition.composer.writing.patterns import LOW, Groove, level, resolve_optional, strokes, swung
from tonnbook.studio.composition.composer.writing.score import Bar, Note, ScoreSection, humanised
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
"""Voice ("" for the kit) and key of each layer of a groove; key 0 is the tonic."""

_LIGHT = ("hat", "shaker", "ride", "tambourine", "triangle", "rim")
"""Layers in which one stroke more or less does not change the groove."""
_GHOST = 0.65
"""Factor on the velocity of ghost notes of the snare (accents 1 and 2)."""
_VARIED_SHARE = 0.45
"""Share of the bars with such a change."""

Strokes = dict[str, list[Note]]
"""Notes by voice."""


def percussion(section: ScoreSection, groove: Groove, rng: random.Random, looseness: float) -> Strokes:
    """Return the percussion of a section, by voice."""
    swing = rng.uniform(*groove.swing)
    rows = {name: tuple(resolve_optional(row, rng) for row in levels) for name, levels in groove.layers.items()}
    thinned = _thinned(rows, rng)
    seed = rng.getrandbits(64)  # of the timing: a fill before the next section must not move the strokes before it
    found: list[tuple[str, Note]] = []
    pauses = MOODS[section.emotion].texture == "tremolo" and section.emotion is not Emotion.TENSE
    for bar in section.bars:
        rests = pauses and bar.index % 2 == 1 and not bar.last_of_phrase and rng.random() < 0.6
        if "drums" in bar.layers and not rests:
            source = _with_variation(thinned if bar.number % 2 else rows, _tier(bar), rng)
            found += _bar(section, bar, groove, source, swing)
        found += _fill(section, bar, groove, rng)
    found += _accents(section, groove)
    by_voice: Strokes = {}
    for layer, note in found:
        voice, key = STROKES[layer]
        tuned = key or nearest_key(section.tonic, 45)
        by_voice.setdefault(voice or groove.kit, []).append(Note(note.start, note.length, tuned, note.velocity))
    played = {
        voice: humanised(_once(notes), random.Random(f"{seed} {voice}"), 2.5 * looseness, section.end - 0.05, 4)
        for voice, notes in by_voice.items()
    }
    return {voice: _choked(notes) for voice, notes in played.items()}


def _thinned(rows: dict[str, tuple[str, ...]], rng: random.Random) -> dict[str, tuple[str, ...]]:
    """Return the variant for every other bar: one kick off the beat is left out, or a single one moves."""
    varied = dict(rows)
    for name in ("kick", "taiko"):
        if name in rows:
            varied[name] = tuple(_varied(row, rng) for row in rows[name])
    return varied


def _varied(row: str, rng: random.Random) -> str:
    struck = [n for n, c in enumerate(row) if c.isdigit() and n > 4 and n % 8]
    free = [n for n in (7, 10, 11, 14) if n < len(row) and row[n] == "."]
    if len(struck) > 1:
        return _with(row, rng.choice(struck), ".")
    if struck and free:
        return _with(_with(row, struck[0], "."), rng.choice(free), row[struck[0]])
    return _with(row, free[0], "5") if row.strip(".") and free and rng.random() < 0.4 else row


def _with(row: str, index: int, stroke: str) -> str:
    """Return a row with one of its sixteenths replaced."""
    return row[:index] + stroke + row[index + 1 :]


def _with_variation(rows: dict[str, tuple[str, ...]], tier: int, rng: random.Random) -> dict[str, tuple[str, ...]]:
    """Return the rows of one bar; in some bars a light layer has one stroke more or less."""
    playing = {name: levels[tier] for name, levels in rows.items() if levels[tier]}
    light = [name for name in _LIGHT if name in playing]
    if not light or rng.random() > _VARIED_SHARE:
        return rows
    name = rng.choice(light)
    row = playing[name]
    used = {n for other, steps in playing.items() if other != name for n, c in enumerate(steps) if c.isdigit()}
    free = [n for n in range(1, len(row)) if n % 4 and n not in used]
    droppable = [n for n in free if row[n].isdigit() and int(row[n]) <= 5]
    empty = [n for n in free if row[n] == "."]
    even = [n for n in empty if n % 2 == 0]
    choices = droppable + (empty if row[1::2].strip(".") or not even else even)
    if not choices:
        return rows
    index = rng.choice(choices)
    changed = _with(row, index, "." if row[index].isdigit() else "3")
    return rows | {name: tuple(changed if n == tier else steps for n, steps in enumerate(rows[name]))}


def _tier(bar: Bar) -> int:
    """Return the index of the pattern that a bar uses: the quietest in an opening."""
    return LOW if "opening" in bar.layers else level(bar.energy)


def _bar(
    section: ScoreSection, bar: Bar, groove: Groove, rows: dict[str, tuple[str, ...]], swing: float
) -> Iterator[tuple[str, Note]]:
    """Yield the groove of one bar: the light layers only in an opening, nothing in the last bar of the song (see `_accents`)."""
    tier = _tier(bar)
    light = "opening" in bar.layers
    if section.final and bar.last:
        return
    filled = bar.beats - _fill_beats(section, bar, groove)
    for name, levels in rows.items():
        if light and name in ("kick", "snare", "clap", "tom"):
            continue
        for beat, digit in strokes(levels[tier], bar.beats) if levels[tier] else []:
            if beat >= filled - 1e-6 and name not in ("kick", "shaker", "hat"):
                continue
            late = groove.snare_late_ms / 1000 if name in ("snare", "clap") else 0.0
            start = section.at(bar.start + swung(beat, swing)) + late
            factor = _GHOST if name == "snare" and digit <= 2 else 1.0
            yield name, Note(start, 0.3, 0, round(factor * bar.velocity(digit)))


def _fill_beats(section: ScoreSection, bar: Bar, groove: Groove) -> float:
    """Return the beats of the fill in a bar: one at the end of a phrase, two before a livelier section, 0 without a fill."""
    quiet = level(bar.energy) == LOW or "opening" in bar.layers
    if groove.fill == "none" or bar.beats < 2 or not bar.last_of_phrase or (section.final and bar.last):
        return 0.0
    if bar.last:
        return 2.0 if section.step_up > 0.1 else 0.0 if section.step_up < -0.1 else 1.0
    return 0.0 if quiet else 1.0


_FILLS = {"toms": ("HHML", "SSMMLLFF"), "snare": ("S.SS", "S.S.SSSS"), "claps": ("C.CC", "C..C..CC")}
_FILLS |= {"roll": ("SSSS", "SSSSSSSS")}
_FILL_LAYERS = {"H": "high tom", "M": "middle tom", "L": "low tom", "F": "tom", "S": "snare", "C": "clap"}


def _fill(section: ScoreSection, bar: Bar, groove: Groove, rng: random.Random) -> Iterator[tuple[str, Note]]:
    beats = _fill_beats(section, bar, groove)
    if not beats:
        return
    letters = _FILLS[groove.fill][int(beats) - 1]
    first = bar.start + bar.beats - beats
    for n, letter in enumerate(letters):
        if letter == "." or rng.random() < 0.12:
            continue
        layer = "taiko" if groove.kit == "orchestra-kit" else _FILL_LAYERS[letter]
        yield layer, Note(section.at(first + n / 4), 0.3, 0, bar.velocity(4 + 5 * (n + 1) / len(letters)))


def _accents(section: ScoreSection, groove: Groove) -> Iterator[tuple[str, Note]]:
    """Yield the crash at the start of a section, and the last stroke of the song."""
    opening, closing = section.bars[0], section.bars[-1]
    if "drums" in opening.layers and opening.energy > 0.4 and "opening" not in opening.layers:
        yield "crash", Note(section.at(0), 1.5, 0, opening.velocity(7))
    if section.final and "drums" in closing.layers:
        layers = ["kick" if "kick" in groove.layers else "soft drum" if groove.fill == "none" else "bass drum"]
        if closing.energy > 0.4:
            layers.append("crash")
        for layer in layers:
            yield layer, Note(section.at(closing.start), 1.5, 0, closing.velocity(7))


def _once(notes: list[Note]) -> list[Note]:
    """Return the notes without double strokes on a drum within 12 ms; the louder one is kept."""
    seen: dict[tuple[int, int], Note] = {}
    for note in notes:
        slot = (round(note.start * 1000) // 12, note.key)
        if slot not in seen or seen[slot].velocity < note.velocity:
            seen[slot] = note
    return list(seen.values())


def _choked(notes: list[Note]) -> list[Note]:
    """Return the strokes with each open hi-hat ended by the next stroke of the hi-hat."""
    closed = [note.start for note in notes if note.key in (42, 44, 46)]
    out = []
    for note in notes:
        after = next((start for start in closed if start > note.start + 0.02), None)
        length = min(0.9, after - note.start) if note.key == 46 and after else note.length
        out.append(Note(note.start, length, note.key, note.velocity))
    return out


RISER_S = 2.05
"""Seconds from the start of the bank's reversed cymbal to its peak."""


def transition(section: ScoreSection, groove: Groove) -> Iterator[tuple[str, str, list[Note]]]:
    """Yield (role, voice, notes) of the transition to the next section: a reversed cymbal to a livelier one, a soft roll to a calmer one."""
    last = section.bars[-1]
    if section.step_up > 0.15 and section.end - section.start > RISER_S + 1:
        yield "percussion", "riser", [Note(section.end - RISER_S, RISER_S, 60, 70 + round(30 * section.step_up))]
    elif section.step_up < -0.15 and groove.kit != "808-kit":
        beats = min(2.0, last.beats)
        first = last.start + last.beats - beats
        swell = [(n, last.velocity(1 + 4 * n / 8)) for n in range(int(beats * 4))]
        yield "percussion", "taiko", [Note(section.at(first + n / 4), 0.3, 41, v) for n, v in swell]
