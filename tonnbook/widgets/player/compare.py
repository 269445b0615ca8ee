"""Compare two or more sounds in sync at equal loudness: the louder ones are turned down, never the others up.

The player shows by how much, and a button restores the original levels.
"""

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
from tonnbook.widgets.player.changes import Changes, residue_changes, tone_changes
from tonnbook.widgets.player.player import LETTERS, Excerpt, Player
from tonnbook.widgets.player.sources import Audio, Playable, Source, add_audio, sources
from tonnbook.widgets.player.tracks import (
    EXCERPTS_S,
    SHORTEST_EXCERPT_S,
    encode_for_comparison,
    excerpt,
    loudest_start,
    measure_track,
)


@dataclass(frozen=True)
class Side:
    """One sound of a comparison (channels, frames), with its start in the song in seconds, None if unknown."""

    name: str
    audio: Audio
    rate: int
    song_start_s: float | None

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        frames: int = self.audio.shape[1]
        return frames / self.rate

    def between(self, start_s: float, stop_s: float) -> Side:
        """Return the part between two positions in the song."""
        assert self.song_start_s is not None
        first, last = (round((seconds - self.song_start_s) * self.rate) for seconds in (start_s, stop_s))
        return replace(self, audio=self.audio[:, max(0, first) : last], song_start_s=start_s)


_SAME_LENGTH_S = 0.5
"""Two lengths count as equal up to this difference: resampling and MP3 encoders change the length slightly."""

ComputeChanges: TypeAlias = Callable[[Sequence[Side], Sequence[float]], Changes]
"""Compute the drawing below a comparison from the sides and their gains in dB."""


def compare(
    a: Playable,
    b: Playable | None = None,
    *,
    names: tuple[str, str] | None = None,
    rate: int | None = None,
    changes: bool | None = None,
) -> Player:
    """Return a player that switches between two sounds at the same position, at equal integrated loudness.

    Parameters
    ----------
    a, b
        Paths, arrays (channels, frames) with `rate` in Hz, files on a server, or mixes (their mix, not their stems). A mapping
        counts as the plain sum of its sounds, from the start of the song. A master, an enhanced or a cleaned track can be passed
        without `b`: it is compared with its original.
    names
        Names to show for the two.
    changes
        Whether to draw what changed over time: the octaves that were raised or lowered, or, for a cleaned recording, the level of
        what was removed. By default only if `b` is omitted.

    A preview is 30 s of the song; if its start is known, the other sound is cut to the same part.

    Raises TypeError for what cannot be played or compared, AudioError for a file that cannot be read.
    """
    before, after = (a, b) if b is not None else (original_of(a), a)
    shown_names = names or (_names(before, after) if b is not None else ("before", _name(after, "after")))
    common_rate = rate or max(_rate(before), _rate(after))
    sides, note = _aligned(_side(before, shown_names[0], common_rate), _side(after, shown_names[1], common_rate))
    draw = changes if changes is not None else b is None and (isinstance(a, Cleanup) or _starts_known(sides))
    return _switch_player(sides, note=note or _length_note(sides), changes=partial(_changes, after) if draw else None)


def switch(
    sounds: Mapping[str, Playable] | Masters,
    *,
    rate: int | None = None,
    matched: bool = True,
    title: str = "",
    blind: bool = False,
) -> Player:
    """Return a player that switches between 2 to 9 named sounds at the same position; a digit or X switches during playback.

    With `matched` all play at the loudness of the quietest until the user turns that off; without it, at their own levels. For an
    album the masters are played. With `blind` waveforms and levels are hidden until `player.reveal()`. Raises TypeError for another
    number of sounds.
    """
    if isinstance(sounds, Masters):
        sounds = {song.name: song for song in sounds}
    if not 2 <= len(sounds) <= len(LETTERS):
        raise TypeError(f"switch takes 2 to {len(LETTERS)} sounds by name, not {len(sounds)}")
    common_rate = rate or max(map(_rate, sounds.values()))
    sides = [_side(sound, name, common_rate) for name, sound in sounds.items()]
    return _switch_player(sides, note=_length_note(sides), matched=matched, title=title, blind=blind)


def _switch_player(
    sides: Sequence[Side],
    *,
    note: str = "",
    matched: bool = True,
    title: str = "",
    changes: ComputeChanges | None = None,
    blind: bool = False,
) -> Player:
    """Return the player for sides that are in sync and at one sample rate."""
    tracks = [measure_track(side.name, side.audio, side.rate) for side in sides]
    gains = gains_db([track.lufs for track in tracks])
    rate, seconds = sides[0].rate, max(SHORTEST_EXCERPT_S, EXCERPTS_S / len(sides))
    kbps = 96 if len(sides) < 4 else 80  # eight excerpts of 4 s stay under 200 kB as base64
    start = loudest_start(sides[0].audio, rate, seconds)
    return Player(
        "compare",
        [(track, encode_for_comparison(side.audio, rate)) for track, side in zip(tracks, sides, strict=True)],
        [Source(side.name, array=side.audio, rate=rate) for side in sides],
        [
            Excerpt(side.name, excerpt(side.audio, rate, start, seconds, 10 ** (gain / 20) if matched else 1.0, kbps))
            for side, gain in zip(sides, gains, strict=True)
        ],
        title=title or _join_names([side.name for side in sides]),
        note=note,
        gains_db=gains,
        matched=matched,
        changes=changes(sides, gains) if changes else None,
        blind=blind,
    )


def two_sides(a: Playable, b: Playable, names: tuple[str, str] | None, rate: int | None) -> tuple[Side, Side]:
    """Return two sounds cut to the part that they share, with the louder one turned down to the loudness of the other."""
    common_rate = rate or max(_rate(a), _rate(b))
    first, second = names or _names(a, b)
    sides, _ = _aligned(_side(a, first, common_rate), _side(b, second, common_rate))
    frames = min(side.audio.shape[1] for side in sides)
    gains = gains_db([measure_track(side.name, side.audio, common_rate).lufs for side in sides])
    cut = [replace(s, audio=s.audio[:, :frames] * 10 ** (gain / 20)) for s, gain in zip(sides, gains, strict=True)]
    return cut[0], cut[1]


def original_of(result: Playable) -> Mapping[str, Path]:
    """Return the complete recording that a master, an enhanced or a cleaned track was made from, under the name "before".

    Raises TypeError if it is not on this machine, or for other results.
    """
    match result:
        case Master():
            original = result.source
        case Enhancement() | Cleanup():
            original = result.original
        case Masters():
            raise TypeError(
                "compare takes one song of an album: compare(masters[0]); switch(masters) switches between songs"
            )
        case _:
            single = "one master, enhanced or cleaned track"
            raise TypeError(f"compare takes two sounds, or {single}, not one {type(result).__name__}")
    if original is None:
        raise TypeError("the original is not on this machine; pass both sounds: compare(before, after)")
    return {"before": original}


def gains_db(lufs: Sequence[float]) -> list[float]:
    """Return the gains in dB that lower all to the quietest loudness; all 0 if one of them is silent (-inf LUFS)."""
    if not all(map(isfinite, lufs)):
        return [0.0] * len(lufs)
    return [min(lufs) - each for each in lufs]


def _changes(result: Playable, sides: Sequence[Side], gains: Sequence[float]) -> Changes:
    before, after = sides
    if isinstance(result, Cleanup):
        removed, clicks = (result.notes.removed, result.notes.clicks_s) if result.notes else (None, ())
        return residue_changes(before.audio, after.audio, before.rate, removed, clicks)
    return tone_changes(before.audio, after.audio, before.rate, (gains[0], gains[1]))


def _join_names(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _names(a: Playable, b: Playable) -> tuple[str, str]:
    first, second = _name(a, "A"), _name(b, "B")
    return (first, second) if first != second else (f"{first} A", f"{second} B")


def _name(sound: Playable, otherwise: str) -> str:
    match sound:
        case MixPreview():
            return "preview mix"
        case FinalMix():
            return "final mix"
        case Enhancement():
            return "enhanced"
        case Master():
            return "master" if sound.master else "preview"
        case Mapping():
            return "plain sum"
        case _:
            return sources(sound, 1, otherwise)[0].name


def _parts(sound: Playable, rate: int | None) -> list[Source]:
    match sound:
        case MixPreview() | FinalMix():
            return sources(sound.mix, rate)
        case Enhancement():
            return sources(sound.track, rate)
        case Master():
            return sources(sound.made, rate)
    return sources(sound, rate)


def _rate(sound: Playable) -> int:
    return max(part.native_rate for part in _parts(sound, None))


def _side(sound: Playable, name: str, rate: int) -> Side:
    audio: Audio | None = None
    for part in _parts(sound, rate):
        audio = add_audio(audio, part.read(rate)[0])
    assert audio is not None
    return Side(name, audio, rate, _song_start(sound))


def _song_start(sound: Playable) -> float | None:
    """Return where a sound starts in the song in seconds, None if unknown."""
    match sound:
        case MixPreview():
            return sound.notes.preview_start_s if sound.notes else None
        case Enhancement():
            return _enhanced_start(sound)
        case Master():
            return 0.0 if sound.master else sound.preview_start_s
        case FinalMix() | Mapping():
            return 0.0
        case _:
            return None


def _enhanced_start(enhanced: Enhancement) -> float | None:
    """Return the start of an enhanced track in the song: the one in the answer, else 0 if it is as long as the original."""
    if enhanced.preview_start_s is not None or enhanced.original is None:
        return enhanced.preview_start_s
    song_s, track_s = (sources(sound)[0].seconds for sound in (enhanced.original, enhanced.track))
    return 0.0 if abs(song_s - track_s) < _SAME_LENGTH_S else None


def _starts_known(sides: Sequence[Side]) -> bool:
    return all(side.song_start_s is not None for side in sides)


def _aligned(a: Side, b: Side) -> tuple[tuple[Side, Side], str]:
    """Cut both to the part of the song that they share, if that is known; return them with a note on the cut."""
    if a.song_start_s is None or b.song_start_s is None:
        return (a, b), ""
    start = max(a.song_start_s, b.song_start_s)
    stop = min(a.song_start_s + a.seconds, b.song_start_s + b.seconds)
    same = a.song_start_s == b.song_start_s == start and abs(a.seconds - b.seconds) < 0.05
    if stop <= start or same:
        return (a, b), ""
    return (a.between(start, stop), b.between(start, stop)), (
        f"Both play {start:.1f} to {stop:.1f} s of the song, the part they share."
    )


def _length_note(sides: Sequence[Side]) -> str:
    """Return a note on sounds of unequal length, else ""."""
    shortest = min(sides, key=lambda side: side.seconds)
    if max(side.seconds for side in sides) - shortest.seconds < 0.05:
        return ""
    who, how = ("Both", "shorter") if len(sides) == 2 else ("All", "shortest")
    return f"{who} play from their start; {shortest.name} is the {how} one."
