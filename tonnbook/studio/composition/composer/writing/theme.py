"""The theme of a song: a few one-bar cells of rhythm and contour that every section shares, each in its own mode.

A cell is abstract: sixteenths with a priority, and scale steps from a starting point. A calm section plays only the important
notes, a lively one all of them, so the theme stays recognisable.
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
"""Moves within a cell in scale steps, with their weights: mostly neighbours (3.5, rule 3)."""

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
"""Which cell each bar of a phrase takes, by the length of the phrase; a second idea uses d and e for a and b."""


CONTRAST_BARS = 7
"""Bars of a phrase that has room for an idea of its own."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One bar of the theme: (sixteenth, priority 1..5, scale steps from the anchor) of every note."""

    notes: tuple[tuple[int, int, int], ...]

    def at(self, density: int) -> tuple[tuple[int, int, int], ...]:
        """Return the notes that are played at a density of 1 (sparse) to 5 (all)."""
        return tuple(note for note in self.notes if note[1] <= density) or self.notes[:1]

    def varied(self, dice: random.Random) -> Cell:
        """Return a relative of the cell: moved, mirrored at its end, ornamented, or shifted in time."""
        change = dice.choice(("transpose", "mirror", "ornament", "shift", "thin"))
        match change:
            case "transpose":
                by = dice.choice((-2, -1, 1, 2))
                return Cell(tuple((step, rank, degree + by) for step, rank, degree in self.notes))
            case "mirror":
                turn = len(self.notes) // 2
                pivot = self.notes[turn][2]
                return Cell(self.notes[:turn] + tuple((s, r, 2 * pivot - d) for s, r, d in self.notes[turn:]))
            case "ornament":
                return self._ornamented(dice)
            case "shift":
                head, tail = self.notes[0], self.notes[1:]
                return Cell((head, *((min(15, s + 2), r, d) for s, r, d in tail if s + 2 < 16)))
            case _:
                return Cell(tuple(n for k, n in enumerate(self.notes) if k == 0 or k != len(self.notes) // 2))

    def _ornamented(self, dice: random.Random) -> Cell:
        taken = {step for step, _, _ in self.notes}
        free = [s for s in range(2, 16, 2) if s not in taken]
        if not free:
            return self
        place = dice.choice(free)
        before = max((n for n in self.notes if n[0] < place), default=self.notes[0])
        return Cell(tuple(sorted((*self.notes, (place, 2, before[2] + dice.choice((-1, 1)))))))


@dataclass(frozen=True, slots=True)
class Theme:
    """The cells of a song by letter: a and b the first idea, d and e the second, c the close of both."""

    cells: dict[str, Cell]
    call: int = 0
    """Which of the fanfares the song has, where a mood asks for one."""

    def bar(self, phrase: int, place: int, length: int, dice: random.Random) -> Cell:
        """Return the cell of one bar of a phrase. Primes are varied with `dice`.

        Every other phrase of a full length has the second idea; short ones answer with the first, as a period does.
        """
        letters = " ".join(PLANS[length]).split()
        word = letters[min(place, len(letters) - 1)]
        letter = word[0]
        if phrase % 2 and length >= CONTRAST_BARS and place < length - 2:
            letter = {"a": "d", "b": "e"}.get(letter, letter)
        cell = self.cells[letter]
        return cell.varied(dice) if word.endswith("'") else cell


def new_theme(style: str, dice: random.Random) -> Theme:
    """Return a theme whose rhythms suit a style: "straight", "syncopated" or "long"."""
    rhythms = dice.sample(_CELLS[style], 4)
    cells = {letter: _cell(row, dice) for letter, row in zip("abde", rhythms, strict=True)}
    second = dice.choice((2, 3))
    lifted = {letter: _moved(cells[letter], second) for letter in "de"}
    close = _cell(dice.choice(_CADENCES[style]), dice, closing=True)
    return Theme({**cells, **lifted, "c": close}, dice.randrange(4))


def _moved(cell: Cell, by: int) -> Cell:
    return replace(cell, notes=tuple((s, r, d + by) for s, r, d in cell.notes))


def _cell(row: str, dice: random.Random, closing: bool = False) -> Cell:
    places = [(n, int(c)) for n, c in enumerate(row) if c.isdigit()]
    degree = dice.choice((0, 0, 1, 2, -1))
    notes = []
    for step, rank in places:
        notes.append((step, rank, degree))
        moves, weights = zip(*_STEPS, strict=True)
        degree = max(-4, min(4, degree + dice.choices(moves, weights)[0]))
    return Cell((*notes[:-1], (*notes[-1][:2], 0)) if closing else tuple(notes))


CLIMAX = 0.67
"""Where in a phrase its highest note stands, 0 to 1 (composition.md 3.5: at 60-75 %)."""
CLIMAX_FROM, CLIMAX_TO = 0.595, 0.755
QUICK_BEAT_S = 0.5
"""A beat shorter than this has no room for dotted eighths: a fanfare takes dotted quarters."""

_CONTOURS = {
    "arch": (-1.0, 2.0, 4.0, -0.5),
    "rise": (-2.0, 2.8, 5.0, 1.0),
    "fall": (0.5, 2.0, 3.5, -2.5),
    "wave": (-0.5, 1.8, 3.5, -0.5),
    "low": (-1.0, 1.0, 3.0, -1.5),
}
"""Scale steps above the middle of the register at the start, around the climax, of the climax itself, and at the end of a phrase."""
LEAST_PEAK = 3.0
FULL_PHRASE = 24
"""Notes of a phrase that carry the whole contour; fewer keep nearer to the middle, or they would have to leap."""

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
"""Openings in dotted rhythm up the chord: (sixteenth, scale steps). A song keeps to one of them."""


def peak(contour: str, notes: float) -> float:
    """Return how many scale steps above the middle of the register a phrase of so many notes has its climax."""
    return max(LEAST_PEAK, _CONTOURS[contour][2] * _share(notes))


def lift(contour: str, position: float, notes: float) -> float:
    """Return how many scale steps above the middle of the register a phrase moves at a position of 0 to 1, on average.

    It climbs slowly, stays under its climax, and falls away.
    """
    start, top, _, end = _CONTOURS[contour]
    if position < CLIMAX:
        level = start + (top - start) * (1 - cos(pi * position / CLIMAX)) / 2
    else:
        level = top + (end - top) * (1 - cos(pi * (position - CLIMAX) / (1 - CLIMAX))) / 2
    return level * _share(notes)


def _share(notes: float) -> float:
    return min(1.0, 0.4 + 0.6 * notes / FULL_PHRASE)


def climax(positions: Sequence[float], strong: Sequence[bool]) -> int | None:
    """Return which note of a phrase becomes its climax: a strong one near two thirds; None where no note stands there.

    `positions`: where the notes begin, 0 to 1 of the phrase.
    """
    fitting = [n for n, position in enumerate(positions) if CLIMAX_FROM <= position <= CLIMAX_TO]
    if len(positions) < 5 or not fitting:
        return None
    return min(fitting, key=lambda n: (not strong[n], abs(positions[n] - CLIMAX)))


def spoken(cell: Cell, gesture: str, call: int, opens: bool, beat_s: float) -> tuple[Cell, frozenset[int]]:
    """Return a bar of the theme in the gesture of a mood, and the sixteenths of what may leap.

    `call`: which of the fanfares the song has; `opens`: whether the bar opens a half of the phrase.
    """
    match gesture:
        case "fanfare":
            quick = beat_s < QUICK_BEAT_S
            head = (_QUICK_FANFARES if quick else _FANFARES)[call % len(_FANFARES)]
            return _fanfare(cell, head, quick) if opens else (_dotted(cell, quick), frozenset())
        case "skip":
            return _skipping(cell) if opens else (cell, frozenset())
        case "sigh":
            return _sighing(cell), frozenset()
    return cell, frozenset()


def _fanfare(cell: Cell, head: Sequence[tuple[int, int]], quick: bool) -> tuple[Cell, frozenset[int]]:
    """Return the fanfare, followed by what the cell has after it, a step lower than the fanfare's last note."""
    last_step, last = head[-1]
    bold = frozenset(step for step, _ in head)
    tail = [note for note in _dotted(cell, quick).notes if note[0] >= last_step + 4]
    turned = [(step, rank, last - 1 + degree - tail[0][2]) for step, rank, degree in tail]
    return Cell((*((step, 1, degree) for step, degree in head), *turned)), bold


def _dotted(cell: Cell, quick: bool) -> Cell:
    """Return the cell with the notes between two beats late: dotted eighths and sixteenths; in quick time it stays as it is."""
    taken = {step for step, _, _ in cell.notes}
    if quick:
        return cell
    return Cell(tuple((s + (s % 4 == 2 and s + 1 not in taken), rank, degree) for s, rank, degree in cell.notes))


def _skipping(cell: Cell) -> tuple[Cell, frozenset[int]]:
    """Return the cell with a bound from its first note to the next important one, and the way back in steps."""
    if len(cell.notes) < 2:
        return cell, frozenset()
    first, rest = cell.notes[0], cell.notes[1:]
    n = next((n for n, note in enumerate(rest) if note[1] <= 2), 0)
    step, rank, _ = rest[n]
    after = tuple((s, r, first[2] + 4 - 1 - k) for k, (s, r, _) in enumerate(rest[n + 1 :]))
    return Cell((first, *rest[:n], (step, min(rank, 2), first[2] + 4), *after)), frozenset({step})


def _sighing(cell: Cell) -> Cell:
    """Return the cell falling: mirrored where it climbs."""
    first = cell.notes[0][2]
    if cell.notes[-1][2] <= first:
        return cell
    return Cell(tuple((step, rank, 2 * first - degree) for step, rank, degree in cell.notes))
