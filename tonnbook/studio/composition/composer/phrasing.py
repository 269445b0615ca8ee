"""What an emotion makes of the theme: the gesture in which its bars are spoken, and the shape of a phrase with its one climax."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi

from tonnbook.studio.composition.composer.theme import Cell

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
