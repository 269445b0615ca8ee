"""A/B: sounds in sync at equal loudness. The louder one is turned down, by how much is shown, and a button shows it as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TypeAlias

from tonnbook.models.cleanup import Cleanup
from tonnbook.models.enhancement import Enhancement
from tonnbook.models.masters import Master, Masters
from tonnbook.models.mixing import FinalMix, MixPreview
from tonnbook.widgets.player.changes import Changes, taken_changes, tone_changes
from tonnbook.widgets.player.player import LETTERS, Excerpt, Player, added
from tonnbook.widgets.player.sources import Audio, Source, Thing, sources
from tonnbook.widgets.player.static_html import SECONDS, excerpt, loudest_start
from tonnbook.widgets.player.tracks import measured, packed_to_compare


@dataclass(frozen=True)
class Side:
    """One of them: what it is called, how it sounds, and where in the song it starts, if that is known."""

    name: str
    audio: Audio
    rate: int
    song_start_s: float | None

    @property
    def seconds(self) -> float:
        """Its length."""
        frames: int = self.audio.shape[1]
        return frames / self.rate

    def between(self, start_s: float, stop_s: float) -> Side:
        """Return the part between two places of the song."""
        assert self.song_start_s is not None
        first, last = (round((place - self.song_start_s) * self.rate) for place in (start_s, stop_s))
        return replace(self, audio=self.audio[:, max(0, first) : last], song_start_s=start_s)


_SAME_S = 0.5
"""Up to this difference two lengths are one: resampling and coders of MP3 add and take a little."""

Draw: TypeAlias = Callable[[Sequence[Side], Sequence[float]], Changes]
"""From the sides and their gains in dB to what is drawn below them."""


def compare(
    a: Thing,
    b: Thing | None = None,
    *,
    names: tuple[str, str] | None = None,
    rate: int | None = None,
    changes: bool | None = None,
) -> Player:
    """Return a player that switches between two sounds at the same place, at equal integrated loudness.

    Parameters
    ----------
    a, b
        Paths, arrays (channels, frames) with `rate` in Hz, files on a server, or mixes (their mix, not their stems). A mapping
        counts as the plain sum of its sounds, from the beginning of the song. A master, an enhanced or a cleaned track may stand alone:
        it is compared with what it was made from.
    names
        What to call the two.
    changes
        Whether to draw below them, over time, what changed: the octaves that were raised or lowered, or, of a cleaned recording, what
        was taken away. By default where something stands alone.

    A preview is 30 s of the song; where it says which, the other one is cut to the same part.
    """
    before, after = (a, b) if b is not None else (original_of(a), a)
    called = names or (_names(before, after) if b is not None else ("before", _name(after, "after")))
    common = rate or max(_rate(before), _rate(after))
    sides, note = _aligned(_side(before, called[0], common), _side(after, called[1], common))
    drawn = changes if changes is not None else b is None and (isinstance(a, Cleanup) or _in_step(sides))
    return switching(sides, note=note or _unequal(sides), changes=partial(_changes, after) if drawn else None)


def switch(
    sounds: Mapping[str, Thing] | Masters, *, rate: int | None = None, matched: bool = True, title: str = ""
) -> Player:
    """Return a player that switches between several sounds at the same place, by name; a digit or X does it while it plays.

    With `matched` all are heard at the loudness of the quietest, until the button says otherwise; without, as they are. Of an album
    it takes the masters.
    """
    if isinstance(sounds, Masters):
        sounds = {song.name: song for song in sounds}
    if not 2 <= len(sounds) <= len(LETTERS):
        raise TypeError(f"switch takes 2 to {len(LETTERS)} sounds by name, not {len(sounds)}")
    common = rate or max(map(_rate, sounds.values()))
    sides = [_side(thing, name, common) for name, thing in sounds.items()]
    return switching(sides, note=_unequal(sides), matched=matched, title=title)


def switching(
    sides: Sequence[Side], *, note: str = "", matched: bool = True, title: str = "", changes: Draw | None = None
) -> Player:
    """Return the player of sides that are in step and at one rate."""
    tracks = [measured(side.name, side.audio, side.rate) for side in sides]
    gains = gains_db([track.lufs for track in tracks])
    rate, seconds = sides[0].rate, SECONDS / len(sides)
    start = loudest_start(sides[0].audio, rate, seconds)
    return Player(
        "compare",
        [(track, packed_to_compare(side.audio, rate)) for track, side in zip(tracks, sides, strict=True)],
        [Source(side.name, array=side.audio, rate=rate) for side in sides],
        [
            Excerpt(side.name, excerpt(side.audio, rate, start, seconds, 10 ** (gain / 20) if matched else 1.0))
            for side, gain in zip(sides, gains, strict=True)
        ],
        title=title or _listed([side.name for side in sides]),
        note=note,
        gains_db=gains,
        matched=matched,
        changes=changes(sides, gains) if changes else None,
    )


def original_of(thing: Thing) -> Mapping[str, Path]:
    """Return what a master, an enhanced or a cleaned track was made from, whole. TypeError where it is not on this machine."""
    match thing:
        case Master():
            original = thing.source
        case Enhancement() | Cleanup():
            original = thing.original
        case Masters():
            raise TypeError(
                "compare takes one song of an album: compare(masters[0]); switch(masters) goes from song to song"
            )
        case _:
            made = "one master, enhanced or cleaned track"
            raise TypeError(f"compare takes two sounds, or {made}, not one {type(thing).__name__}")
    if original is None:
        raise TypeError("what it was made from is not on this machine: compare(before, after) takes two sounds")
    return {"before": original}


def gains_db(lufs: Sequence[float]) -> list[float]:
    """Return the gains that make loudnesses equal without turning anything up; none where one of them is silent."""
    if not all(map(isfinite, lufs)):
        return [0.0] * len(lufs)
    return [min(lufs) - each for each in lufs]


def _changes(thing: Thing, sides: Sequence[Side], gains: Sequence[float]) -> Changes:
    before, after = sides
    if isinstance(thing, Cleanup):
        taken, clicks = (thing.notes.removed, thing.notes.clicks_s) if thing.notes else (None, ())
        return taken_changes(before.audio, after.audio, before.rate, taken, clicks)
    return tone_changes(before.audio, after.audio, before.rate, (gains[0], gains[1]))


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _names(a: Thing, b: Thing) -> tuple[str, str]:
    first, second = _name(a, "A"), _name(b, "B")
    return (first, second) if first != second else (f"{first} A", f"{second} B")


def _name(thing: Thing, otherwise: str) -> str:
    match thing:
        case MixPreview():
            return "preview mix"
        case FinalMix():
            return "final mix"
        case Enhancement():
            return "enhanced"
        case Master():
            return "master" if thing.master else "preview"
        case Mapping():
            return "plain sum"
        case _:
            return sources(thing, 1, otherwise)[0].name


def _parts(thing: Thing, rate: int | None) -> list[Source]:
    match thing:
        case MixPreview() | FinalMix():
            return sources(thing.mix, rate)
        case Enhancement():
            return sources(thing.track, rate)
        case Master():
            return sources(thing.made, rate)
    return sources(thing, rate)


def _rate(thing: Thing) -> int:
    return max(part.native_rate for part in _parts(thing, None))


def _side(thing: Thing, name: str, rate: int) -> Side:
    audio: Audio | None = None
    for part in _parts(thing, rate):
        audio = added(audio, part.read(rate)[0])
    assert audio is not None
    return Side(name, audio, rate, _song_start(thing))


def _song_start(thing: Thing) -> float | None:
    match thing:
        case MixPreview():
            return thing.notes.preview_start_s if thing.notes else None
        case Enhancement():
            return _enhanced_start(thing)
        case Master():
            return 0.0 if thing.master else thing.preview_start_s
        case FinalMix() | Mapping():
            return 0.0
        case _:
            return None


def _enhanced_start(made: Enhancement) -> float | None:
    """Return where an enhanced track starts in the song: a full one at 0, a preview where it says, if it does."""
    if made.preview_start_s is not None or made.original is None:
        return made.preview_start_s
    whole, part = (sources(each)[0].seconds for each in (made.original, made.track))
    return 0.0 if abs(whole - part) < _SAME_S else None


def _in_step(sides: Sequence[Side]) -> bool:
    return all(side.song_start_s is not None for side in sides)


def _aligned(a: Side, b: Side) -> tuple[tuple[Side, Side], str]:
    """Cut both to the part of the song that both have, where that is known; say what was done."""
    if a.song_start_s is None or b.song_start_s is None:
        return (a, b), ""
    start = max(a.song_start_s, b.song_start_s)
    stop = min(a.song_start_s + a.seconds, b.song_start_s + b.seconds)
    whole = a.song_start_s == b.song_start_s == start and abs(a.seconds - b.seconds) < 0.05
    if stop <= start or whole:
        return (a, b), ""
    return (a.between(start, stop), b.between(start, stop)), (
        f"Both from {start:.1f} to {stop:.1f} s of the song: the part that both have."
    )


def _unequal(sides: Sequence[Side]) -> str:
    shortest = min(sides, key=lambda side: side.seconds)
    if max(side.seconds for side in sides) - shortest.seconds < 0.05:
        return ""
    who, how = ("Both", "shorter") if len(sides) == 2 else ("All", "shortest")
    return f"{who} start at their beginning; {shortest.name} is the {how} one."
