"""From the lengths that a prompt names to the lengths of its sections."""

from __future__ import annotations

from collections.abc import Sequence

from tonnbook.models.composition import DEFAULT_MS, MAX_MS, MIN_MS
from tonnbook.models.prompt.lengths import Length, Of
from tonnbook.models.prompt.moods import Mood
from tonnbook.models.prompt.sections import Cut, clauses


def timed(
    text: str, cut: Cut, emotions: Sequence[Mood | None], lengths: Sequence[Length], assumed: list[str]
) -> list[int]:
    """Return the length of every part in milliseconds; what had to be decided is noted in `assumed`."""
    own, total = _said(text, cut, emotions, lengths)
    if total is None and not lengths:
        assumed.append(f"duration: {DEFAULT_MS // 1000} s")
    wanted = _filled(own, total, [part.share for part in cut.parts])
    whole = total if total is not None and own.count(None) else sum(wanted)
    allowed = min(MAX_MS, max(MIN_MS * len(wanted), sum(wanted)))
    if total is not None and whole != total:
        assumed.append(f"duration: {allowed / 1000:g} s, the sum of the sections, instead of {total / 1000:g} s")
    elif allowed != whole:
        assumed.append(f"duration: {allowed / 1000:g} s instead of {whole / 1000:g} s, which is outside the limits")
    return stretched(wanted, allowed)


def stretched(lengths: Sequence[int], total: int) -> list[int]:
    """Return lengths in the same proportions with a sum of `total`, none under the shortest that a section may have.

    `total` holds at least so many of the shortest; lengths that are all 0 become equal ones.
    """
    weights = list(lengths) if sum(lengths) > 0 else [1] * len(lengths)
    found, at, done = [], 0, 0
    for n, weight in enumerate(weights):
        at += weight
        room = total - MIN_MS * (len(weights) - n - 1)
        end = min(room, max(done + MIN_MS, total * at // sum(weights)))
        found.append(end - done)
        done = end
    return found


def _said(
    text: str, cut: Cut, emotions: Sequence[Mood | None], lengths: Sequence[Length]
) -> tuple[list[int | None], int | None]:
    """Return the lengths that the parts have of their own, and the one of the whole, as far as the prompt tells."""
    total = next((n.ms for n in lengths if n.of is Of.WHOLE or n.end <= cut.head), None)
    for length in (n for n in lengths if n.of is Of.EACH_SECTION):
        return [length.ms] * len(cut.parts), None
    plain = [
        [
            n
            for n in lengths
            if n.of in (Of.ANYTHING, Of.SECTION) and part.start <= n.start < part.end and n.end > cut.head
        ]
        for part in cut.parts
    ]
    if len(plain) == 1:
        return [None], total or (plain[0][0].ms if plain[0] else None)
    own: list[int | None] = [
        _own(text, part.start, part.end, mood, here, lengths)
        for part, mood, here in zip(cut.parts, emotions, plain, strict=True)
    ]
    if all(plain):
        own = [here[-1 if n == 0 else 0].ms for n, here in enumerate(plain)]
    spare = [n.ms for here, mine in zip(plain, own, strict=True) for n in here if n.ms != mine]
    total = total or (spare[0] if spare else None)
    for length in (n for n in lengths if n.of in (Of.BEFORE, Of.UNTIL)):
        place = max((n for n, part in enumerate(cut.parts) if part.start < length.start), default=0)
        before = sum(ms or 0 for ms in own[:place]) if length.of is Of.UNTIL else 0
        own[place] = max(MIN_MS, length.ms - before)
    first = plain[0][0] if plain[0] else None
    if total is None and first and first.of is Of.ANYTHING and own.count(None) == len(own) - 1 and own[0] is not None:
        return [None] * len(own), own[0]  # "30 seconds of sad piano, then a happy end": of the whole
    return own, total


def _own(
    text: str, start: int, end: int, mood: Mood | None, here: Sequence[Length], lengths: Sequence[Length]
) -> int | None:
    """Return the length that a part has of its own: in the clause of its emotion, or by its words."""
    clause = next((c for c in clauses(text, (start, end), lengths) if mood and c[0] <= mood.start < c[1]), (start, end))
    fitting = [n.ms for n in here if n.of is Of.SECTION or clause[0] <= n.start < clause[1]]
    return fitting[-1] if fitting else None


def _filled(own: Sequence[int | None], total: int | None, shares: Sequence[float | None]) -> list[int]:
    """Return the lengths with the missing ones filled in: they share what the others leave."""
    if all(ms is not None for ms in own):
        return [ms or 0 for ms in own]
    given = sum(ms for ms in own if ms is not None)
    parts = sum(share for ms, share in zip(own, shares, strict=True) if ms is None and share)
    whole = total or (round(given / (1 - parts)) if given and 0 < parts < 1 and own.count(None) == 1 else DEFAULT_MS)
    told = [round(share * whole) if ms is None and share else ms for ms, share in zip(own, shares, strict=True)]
    known = [ms for ms in told if ms is not None]
    missing = told.count(None)
    if not missing:
        return stretched([ms or 0 for ms in told], whole)
    left = whole - sum(known)
    if known and (left < MIN_MS * missing or (total is None and left < 5 * MIN_MS * missing)):
        left = missing * sum(known) // len(known)  # as long as the others
    filled = iter(stretched([1] * missing, max(left, MIN_MS * missing)))
    return [ms if ms is not None else next(filled) for ms in told]
