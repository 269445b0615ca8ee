"""The theme of a song, and how a mood varies it.

A theme is a few one-bar cells of rhythm and contour that all sections share, each in its own mode. A cell has sixteenths with a
priority and scale steps from a starting point: a calm section plays only the important notes, a lively one all of them, so that the
theme stays recognisable. A mood adds a gesture, and the contour of a phrase with one climax.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import cos, pi

_CELLS = {
    "straight": (
        "1...3.2.1...3.4.", "1.4.2...1.4.3...", "1.....2.1..43...", "1...2.3.4.1.3...", "..1.3.2.1...4.3.",
        "1.3.2.4.1.....4.", "1...2...1.3.4...", "1.2...3.1.4.2...", "1.4.3.2.1...2...",
    ),
    "syncopated": (
        "1..2..3.1..4..2.", "..1..2..1.3...4.", "1..3..1...4.2...", "..1...3.2..1..4.", "1.4...2..3.1..4.",
        "..13...2..1...4.", "1..1..2...3.4...", "1.4..3..1..2....", "..1.4.2..1..3...",
    ),
    "long": (
        "1.......4...3...", "1.......2.....4.", "1.......2...3...", "1...3.......2...", "1.....4.2...3...",
        "1.....3.2.......", "....1...3...2...", "1.4.....2...3...",
    ),
}  # fmt: skip
_CADENCES = {
    "straight": ("1...3...1.......", "1.4.2...1.......", "1...2.3.1......."),
    "syncopated": ("1..3..1.........", "..1.4.2.1.......", "1..2..3.1......."),
    "long": ("1.......1.......", "1...3...1.......", "1......."+"2......."),
}  # fmt: skip
_STEPS = ((0, 8), (1, 34), (-1, 34), (2, 8), (-2, 9), (3, 3), (-3, 3), (4, 1))
"""Moves within a cell in scale steps, with their weights: mostly to neighbours."""

PLANS = {
    8: ("a b a b'", "a'' b a c"),
    7: ("a b a b'", "a'' a c"),
    6: ("a b a'", "b a c"),
    5: ("a b a'", "b c"),
    4: ("a b", "a' c"),
    3: ("a b", "c"),
    2: ("a", "c"),
    1: ("c",),
}
"""The cell of each bar of a phrase, by the length of the phrase; the second idea uses d and e instead of a and b."""


CONTRAST_BARS = 7
"""Bars of the shortest phrase that can have the second idea."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One bar of the theme: (sixteenth, priority 1 to 5, scale steps from the start) of every note."""

    notes: tuple[tuple[int, int, int], ...]

    def at(self, density: int) -> tuple[tuple[int, int, int], ...]:
        """Return the notes to play at a density of 1 (sparse) to 5 (all); at least one."""
        return tuple(note for note in self.notes if note[1] <= density) or self.notes[:1]

    def varied(self, rng: random.Random) -> Cell:
        """Return a random variation of the cell: transposed, partly inverted, ornamented, shifted in time, or thinned."""
        change = rng.choice(("transpose", "mirror", "ornament", "shift", "thin"))
        match change:
            case "transpose":
                by = rng.choice((-2, -1, 1, 2))
                return Cell(tuple((step, rank, degree + by) for step, rank, degree in self.notes))
            case "mirror":
                turn = len(self.notes) // 2
                pivot = self.notes[turn][2]
                return Cell(self.notes[:turn] + tuple((s, r, 2 * pivot - d) for s, r, d in self.notes[turn:]))
            case "ornament":
                return self._ornamented(rng)
            case "shift":
                head, tail = self.notes[0], self.notes[1:]
                return Cell((head, *((min(15, s + 2), r, d) for s, r, d in tail if s + 2 < 16)))
            case _:
                return Cell(tuple(n for k, n in enumerate(self.notes) if k == 0 or k != len(self.notes) // 2))

    def _ornamented(self, rng: random.Random) -> Cell:
        used = {step for step, _, _ in self.notes}
        free = [s for s in range(2, 16, 2) if s not in used]
        if not free:
            return self
        step = rng.choice(free)
        before = max((n for n in self.notes if n[0] < step), default=self.notes[0])
        return Cell(tuple(sorted((*self.notes, (step, 2, before[2] + rng.choice((-1, 1)))))))


@dataclass(frozen=True, slots=True)
class Theme:
    """The cells of a song by letter: a and b are the first idea, d and e the second, c ends both."""

    cells: dict[str, Cell]
    fanfare: int = 0
    """Index of the fanfare of the song, for moods that have one."""

    def bar(self, phrase: int, index: int, length: int, rng: random.Random) -> Cell:
        """Return the cell of the bar at `index` of a phrase of `length` bars. Letters with a prime are varied with `rng`.

        Every other phrase of full length has the second idea; short phrases keep the first.
        """
        letters = " ".join(PLANS[length]).split()
        word = letters[min(index, len(letters) - 1)]
        letter = word[0]
        if phrase % 2 and length >= CONTRAST_BARS and index < length - 2:
            letter = {"a": "d", "b": "e"}.get(letter, letter)
        cell = self.cells[letter]
        return cell.varied(rng) if word.endswith("'") else cell


def new_theme(style: str, rng: random.Random) -> Theme:
    """Return a random theme in a rhythmic style: "straight", "syncopated" or "long"."""
    rhythms = rng.sample(_CELLS[style], 4)
    cells = {letter: _cell(row, rng) for letter, row in zip("abde", rhythms, strict=True)}
    second = rng.choice((2, 3))
    lifted = {letter: _moved(cells[letter], second) for letter in "de"}
    close = _cell(rng.choice(_CADENCES[style]), rng, closing=True)
    return Theme({**cells, **lifted, "c": close}, rng.randrange(4))


def _moved(cell: Cell, by: int) -> Cell:
    return replace(cell, notes=tuple((s, r, d + by) for s, r, d in cell.notes))


def _cell(row: str, rng: random.Random, closing: bool = False) -> Cell:
    strokes = [(n, int(c)) for n, c in enumerate(row) if c.isdigit()]
    degree = rng.choice((0, 0, 1, 2, -1))
    notes = []
    for step, rank in strokes:
        notes.append((step, rank, degree))
        moves, weights = zip(*_STEPS, strict=True)
        degree = max(-4, min(4, degree + rng.choices(moves, weights)[0]))
    return Cell((*notes[:-1], (*notes[-1][:2], 0)) if closing else tuple(notes))


CLIMAX = 0.67
"""Position of the highest note in a phrase, 0 to 1, and the range allowed for it."""
CLIMAX_FROM, CLIMAX_TO = 0.595, 0.755
QUICK_BEAT_S = 0.5
"""At shorter beats a fanfare uses dotted quarters instead of dotted eighths."""

_CONTOURS = {
    "arch": (-1.0, 2.0, 4.0, -0.5),
    "rise": (-2.0, 2.8, 5.0, 1.0),
    "fall": (0.5, 2.0, 3.5, -2.5),
    "wave": (-0.5, 1.8, 3.5, -0.5),
    "low": (-1.0, 1.0, 3.0, -1.5),
}
"""Scale steps above the centre of the register at the start of a phrase, around its climax, at the climax, and at its end."""
LEAST_PEAK = 3.0
FULL_PHRASE = 24
"""Notes of a phrase with the full contour; phrases with fewer notes have a flatter one, so that they need not leap."""

_FANFARES = (
    ((0, 0), (3, 0), (4, 2), (8, 4)),
    ((0, -1), (3, -1), (4, 2), (8, 4)),
    ((0, 0), (3, 2), (4, 4), (8, 2)),
    ((0, -1), (4, 2), (7, 2), (8, 4)),
)
_QUICK_FANFARES = (
    ((0, 0), (6, 0), (8, 2), (12, 4)),
    ((0, -1), (6, -1), (8, 2), (12, 4)),
    ((0, 0), (6, 2), (8, 4), (12, 2)),
    ((0, -1), (6, 2), (8, 4), (14, 2)),
)
"""Beginnings in dotted rhythm up the chord: (sixteenth, scale steps). A song uses one of them."""


def climax_steps(contour: str, notes: float) -> float:
    """Return how many scale steps above the centre of the register the climax of a phrase with `notes` notes lies."""
    return max(LEAST_PEAK, _CONTOURS[contour][2] * _share(notes))


def contour_steps(contour: str, position: float, notes: float) -> float:
    """Return the mean height of a phrase at a position of 0 to 1, in scale steps above the centre of the register.

    It rises slowly, stays below the climax, and falls after it.
    """
    start, top, _, end = _CONTOURS[contour]
    if position < CLIMAX:
        level = start + (top - start) * (1 - cos(pi * position / CLIMAX)) / 2
    else:
        level = top + (end - top) * (1 - cos(pi * (position - CLIMAX) / (1 - CLIMAX))) / 2
    return level * _share(notes)


def _share(notes: float) -> float:
    return min(1.0, 0.4 + 0.6 * notes / FULL_PHRASE)


def climax_index(positions: Sequence[float], strong: Sequence[bool]) -> int | None:
    """Return the index of the note that becomes the climax of a phrase: a strong one near CLIMAX; None if no note is in range.

    `positions`: where the notes begin, 0 to 1 of the phrase.
    """
    fitting = [n for n, position in enumerate(positions) if CLIMAX_FROM <= position <= CLIMAX_TO]
    if len(positions) < 5 or not fitting:
        return None
    return min(fitting, key=lambda n: (not strong[n], abs(positions[n] - CLIMAX)))


def apply_gesture(cell: Cell, gesture: str, fanfare: int, opens: bool, beat_s: float) -> tuple[Cell, frozenset[int]]:
    """Return a bar of the theme with the gesture of a mood, and the sixteenths of the notes that may leap.

    `fanfare`: index of the fanfare of the song; `opens`: True if the bar begins a half of the phrase.
    """
    match gesture:
        case "fanfare":
            quick = beat_s < QUICK_BEAT_S
            head = (_QUICK_FANFARES if quick else _FANFARES)[fanfare % len(_FANFARES)]
            return _fanfare(cell, head, quick) if opens else (_dotted(cell, quick), frozenset())
        case "skip":
            return _skipping(cell) if opens else (cell, frozenset())
        case "sigh":
            return _sighing(cell), frozenset()
    return cell, frozenset()


def _fanfare(cell: Cell, head: Sequence[tuple[int, int]], quick: bool) -> tuple[Cell, frozenset[int]]:
    """Return the fanfare, followed by the later notes of the cell, which continue a step below its last note."""
    last_step, last = head[-1]
    leaping = frozenset(step for step, _ in head)
    tail = [note for note in _dotted(cell, quick).notes if note[0] >= last_step + 4]
    continued = [(step, rank, last - 1 + degree - tail[0][2]) for step, rank, degree in tail]
    return Cell((*((step, 1, degree) for step, degree in head), *continued)), leaping


def _dotted(cell: Cell, quick: bool) -> Cell:
    """Return the cell with the notes between two beats delayed: dotted eighths and sixteenths. Unchanged at a quick tempo."""
    used = {step for step, _, _ in cell.notes}
    if quick:
        return cell
    return Cell(tuple((s + (s % 4 == 2 and s + 1 not in used), rank, degree) for s, rank, degree in cell.notes))


def _skipping(cell: Cell) -> tuple[Cell, frozenset[int]]:
    """Return the cell with an upward leap from its first note to the next important one, followed by steps downwards."""
    if len(cell.notes) < 2:
        return cell, frozenset()
    first, rest = cell.notes[0], cell.notes[1:]
    n = next((n for n, note in enumerate(rest) if note[1] <= 2), 0)
    step, rank, _ = rest[n]
    after = tuple((s, r, first[2] + 4 - 1 - k) for k, (s, r, _) in enumerate(rest[n + 1 :]))
    return Cell((first, *rest[:n], (step, min(rank, 2), first[2] + 4), *after)), frozenset({step})


def _sighing(cell: Cell) -> Cell:
    """Return the cell inverted if it rises, so that it falls."""
    first = cell.notes[0][2]
    if cell.notes[-1][2] <= first:
        return cell
    return Cell(tuple((step, rank, 2 * first - degree) for step, rank, degree in cell.notes))
