"""A/B: two sounds in sync at equal loudness. The louder one is turned down, by how much is shown, and a button shows it as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite

from tonnbook.models.results import FinalMix, MixPreview
from tonnbook.widgets.excerpt import SECONDS, excerpt, loudest_start
from tonnbook.widgets.player import Excerpt, Player, added
from tonnbook.widgets.sources import Audio, Source, Thing, sources
from tonnbook.widgets.tracks import Track, measured, packed_to_compare


@dataclass(frozen=True)
class Side:
    """One of the two: what it is called, how it sounds, and where in the song it starts, if that is known."""

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


def compare(a: Thing, b: Thing, *, names: tuple[str, str] | None = None, rate: int | None = None) -> Player:
    """Return a player that switches between two sounds at the same place, at equal integrated loudness.

    Parameters
    ----------
    a, b
        Paths, arrays (channels, frames) with `rate` in Hz, files on a server, or mixes (their mix, not their stems). A mapping
        counts as the plain sum of its sounds, from the beginning of the song.
    names
        What to call the two.

    A preview mix is 30 s of the song; where it says which, the other one is cut to the same part.
    """
    called = names or _names(a, b)
    common = rate or max(_rate(a), _rate(b))
    sides, note = _aligned(_side(a, called[0], common), _side(b, called[1], common))
    tracks = [measured(side.name, side.audio, side.rate) for side in sides]
    gains = gains_db(tracks[0].lufs, tracks[1].lufs)
    found = [Source(side.name, array=side.audio, rate=side.rate) for side in sides]
    start = loudest_start(sides[0].audio, common, SECONDS / 2)
    return Player(
        "compare",
        [(track, packed_to_compare(side.audio, common)) for track, side in zip(tracks, sides, strict=True)],
        found,
        [
            Excerpt(side.name, excerpt(side.audio, common, start, SECONDS / 2, 10 ** (gain / 20)))
            for side, gain in zip(sides, gains, strict=True)
        ],
        title=f"{called[0]} or {called[1]}",
        note=note or _unequal(tracks),
        gains_db=gains,
    )


def gains_db(a_lufs: float, b_lufs: float) -> tuple[float, float]:
    """Return the gains that make two loudnesses equal without turning anything up; none where one of them is silent."""
    if not (isfinite(a_lufs) and isfinite(b_lufs)):
        return 0.0, 0.0
    return min(0.0, b_lufs - a_lufs), min(0.0, a_lufs - b_lufs)


def _names(a: Thing, b: Thing) -> tuple[str, str]:
    first, second = _name(a, "A"), _name(b, "B")
    return (first, second) if first != second else (f"{first} A", f"{second} B")


def _name(thing: Thing, otherwise: str) -> str:
    match thing:
        case MixPreview():
            return "preview mix"
        case FinalMix():
            return "final mix"
        case Mapping():
            return "plain sum"
        case _:
            return sources(thing, 1, otherwise)[0].name


def _parts(thing: Thing, rate: int | None) -> list[Source]:
    return sources(thing.mix if isinstance(thing, MixPreview | FinalMix) else thing, rate)


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
        case FinalMix() | Mapping():
            return 0.0
        case _:
            return None


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


def _unequal(tracks: list[Track]) -> str:
    a, b = tracks
    if abs(a.seconds - b.seconds) < 0.05:
        return ""
    return f"Both start at their beginning; {min(tracks, key=lambda t: t.seconds).name} is the shorter one."
