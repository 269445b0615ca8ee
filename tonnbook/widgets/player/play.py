"""`play` and `residue`: players for one sound, for stems in sync, for an album, and for what a cleanup removed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tonnbook.errors import AudioError
from tonnbook.models.cleanup import Cleanup
from tonnbook.models.masters import Masters
from tonnbook.widgets.player.compare import original_of, switch
from tonnbook.widgets.player.player import LETTERS, Excerpt, Player
from tonnbook.widgets.player.sources import Audio, Playable, Source, add_audio, sources
from tonnbook.widgets.player.tracks import (
    EXCERPTS_S,
    Encoded,
    Track,
    can_send_unchanged,
    encode,
    excerpt,
    format_level,
    loudest_start,
    measure_track,
)

MAX_MINUTES = 65
"""Limit for all tracks together: 256 MB of mono at 16 kHz, the lowest rate that stems.js decodes at."""

_ENCODED_LATER_MINUTES = 5
"""From this length of all tracks together, they are encoded when the player is displayed."""

SUM = "sum"
"""Name of the sum of all tracks."""


def play(sound: Playable | Masters, *, rate: int | None = None, title: str | None = None) -> Player:
    """Return a player for one sound, or for several in sync with solo, mute and volume for each.

    Parameters
    ----------
    sound
        A path, a list of paths, a folder, a zip archive, a drop zone, an array (channels, frames) with `rate` in Hz, a file on a server, a mix or a song (its stems, if it has any; a
        song's sections are marked), a master, or a mapping from names to such. For an album the previews are played: one at a
        time, to switch between, each at its loudness in the album.
    title
        Heading of the player; the name of the sound by default.

    Raises TypeError for what cannot be played, AudioError for a file that cannot be read.
    """
    if isinstance(sound, Masters):
        return _play_album(sound, title)
    found = sources(sound, rate, title or "sound")
    tracks, total, rate = _prepare(found)
    several = len(found) > 1
    sum_track = measure_track(SUM, total, rate) if several else None
    start = loudest_start(total, rate, EXCERPTS_S)
    name = title or (SUM if several else found[0].name)
    return Player(
        "stems" if several else "one",
        tracks,
        found,
        [Excerpt(name, excerpt(total, rate, start, EXCERPTS_S))],
        title=title if title is not None else "" if several else found[0].name,
        note=_overload_warning(sum_track or tracks[0][0]),
        total=sum_track,
        markers=getattr(sound, "markers", ()),
    )


def residue(cleaned: Cleanup, *, gain_db: float = 0.0) -> Player:
    """Return a player for what a cleanup removed: the original recording minus the cleaned one, sample by sample.

    The residue is often faint; `gain_db` amplifies it, and the title states the gain. Raises TypeError if the original recording is
    not on this machine.
    """
    from tonnbook import audio_files

    if not isinstance(cleaned, Cleanup):
        raise TypeError(f"residue takes a result of tonn.clean_up, not {type(cleaned).__name__}")
    (original,) = original_of(cleaned).values()
    after, rate = audio_files.read(cleaned.cleaned.path)
    before, _ = audio_files.read(original, rate)
    frames = min(before.shape[1], after.shape[1])
    removed = np.asarray(before[:, :frames] - after[:, :frames]) * 10.0 ** (gain_db / 20.0)
    amplified = f", amplified by {format_level(gain_db)} dB" if gain_db else ""
    return play(removed, rate=rate, title=f"Residue: what the cleanup removed{amplified}")


def _play_album(masters: Masters, title: str | None) -> Player:
    previews = {song.name: song.preview for song in masters}
    if not previews:
        raise TypeError("there is no finished master to play: no song of the album was mastered")
    if len(previews) > len(LETTERS):
        raise TypeError(
            f"{len(previews)} songs are too many for one player: play(masters[:{len(LETTERS)}]), then the others"
        )
    if len(previews) == 1:
        return play(previews, title=title)
    return switch(previews, matched=False, title=title or "")


def _prepare(found: Sequence[Source]) -> tuple[list[tuple[Track, Encoded | None]], Audio, int]:
    """Read, measure and encode each source; also return the sum of all, and its rate in Hz. Long sounds are not encoded yet.

    Two at a time: the codecs release the GIL, and whole songs are too large to hold all of them in memory. Raises AudioError for
    more than a browser tab can hold.
    """
    minutes = sum(source.seconds for source in found) / 60
    if minutes > MAX_MINUTES:
        raise AudioError(
            f"{minutes:.0f} minutes of sound are too much for a browser tab ({MAX_MINUTES} at most); play fewer sounds"
        )
    rate = max(source.native_rate for source in found)
    unchanged = can_send_unchanged(found)

    def prepare(number: int) -> tuple[Track, Encoded | None, Audio]:
        source = found[number]
        audio, _ = source.read(rate)
        now = unchanged[number] or minutes <= _ENCODED_LATER_MINUTES
        return (
            measure_track(source.name, audio, rate),
            encode(source, audio, rate, unchanged[number]) if now else None,
            audio,
        )

    tracks: list[tuple[Track, Encoded | None]] = []
    total: Audio | None = None
    with ThreadPoolExecutor(2) as pool:
        for first in range(0, len(found), 2):
            for track, encoded, audio in pool.map(prepare, range(first, min(first + 2, len(found)))):
                tracks.append((track, encoded))
                total = add_audio(total, audio)
    assert total is not None
    return tracks, total, rate


def _overload_warning(track: Track) -> str:
    """Return a warning if the peaks of a track are over full scale, else ""."""
    if track.peak_db <= 0:
        return ""
    return (
        f"Peaks reach {format_level(track.peak_db)} dB over full scale. Lower the volume by as much to avoid clipping."
    )
