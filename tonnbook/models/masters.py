"""Results of mastering: one song, and a whole album with the songs that failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import overload

from tonnbook.models.files import RemoteFile
from tonnbook.models.mastering import MasteringRequest, MasterNotes
from tonnbook.models.notes import Sound
from tonnbook.models.tone import spread_db


@dataclass(frozen=True)
class Master:
    """A mastered song: its preview, and the final master if it was requested."""

    name: str
    """File name of the song, without its ending."""
    task_id: str
    request: MasteringRequest | None = field(repr=False)
    preview: RemoteFile
    master: RemoteFile | None = None
    preview_start_s: float | None = None
    """Start of the preview in the song."""
    notes: MasterNotes | None = field(default=None, repr=False)
    """What the studio did and why; None on the live service."""
    source: Path | None = None
    """The unmastered song, if it is on this machine."""

    @property
    def made(self) -> RemoteFile:
        """The master, or the preview if there is no master."""
        return self.master or self.preview

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """The files that a player plays."""
        return {"master" if self.master else "preview": self.made}


@dataclass(frozen=True)
class Spread:
    """Differences between the songs of an album."""

    loudness_lu: float
    """Loudness of the loudest song less that of the quietest."""
    tone_db: float
    """Root mean square distance of the songs' smoothed spectra from their average, over the bands in which all songs have content."""
    width_db: float
    """Width of the widest song less that of the narrowest; 0 if fewer than two are stereo."""

    @property
    def figures(self) -> tuple[str, str, str]:
        """Loudness, tone and width, with their units."""
        return f"{self.loudness_lu:.1f} LU", f"{self.tone_db:.1f} dB", f"{self.width_db:.1f} dB"

    def __str__(self) -> str:
        return "{} in loudness, {} in tone, {} in width".format(*self.figures)


@dataclass(frozen=True)
class Masters(Sequence[Master]):
    """The masters of an album, in its order, and the reasons of the songs that failed."""

    songs: tuple[Master, ...]
    failed: Mapping[str, str] = field(default_factory=dict)
    """Reasons of the songs that failed, by name."""
    folder: Path | None = None

    def __len__(self) -> int:
        return len(self.songs)

    @overload
    def __getitem__(self, which: int | str) -> Master: ...
    @overload
    def __getitem__(self, which: slice) -> Masters: ...
    def __getitem__(self, which: int | str | slice) -> Master | Masters:
        """Return a song by index or name, or a slice of the songs as an album."""
        if isinstance(which, slice):
            return replace(self, songs=self.songs[which], failed={})
        if isinstance(which, int):
            return self.songs[which]
        for song in self.songs:
            if song.name == which:
                return song
        raise KeyError(
            f"no song is called {which!r}; there are {', '.join(song.name for song in self.songs) or 'none'}"
        )

    def __iter__(self) -> Iterator[Master]:
        return iter(self.songs)

    @cached_property
    def before(self) -> Spread | None:
        """Differences between the songs; None if the server reports no measurements."""
        return spread([song.notes.before for song in self.songs if song.notes])

    @cached_property
    def after(self) -> Spread | None:
        """Differences between the masters."""
        return spread([song.notes.after for song in self.songs if song.notes])

    def __str__(self) -> str:
        rows = [_row(song) for song in self.songs] + [f"{name:24s}  failed: {why}" for name, why in self.failed.items()]
        if self.before and self.after:
            rows.append(f"differences before: {self.before}; after: {self.after}")
        return "\n".join(rows)

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><td>{escape(song.name)}</td>{''.join(f'<td>{cell}</td>' for cell in _figures(song))}</tr>"
            for song in self.songs
        )
        failed = "".join(
            f'<tr><td>{escape(name)}</td><td colspan="4">failed: {escape(why)}</td></tr>'
            for name, why in self.failed.items()
        )
        head = "".join(f"<th>{word}</th>" for word in ("song", "before", "after", "true peak", "loudness range"))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{cells}{failed}</tbody></table>{self._differences()}"

    def _differences(self) -> str:
        """Return the differences between the songs, before and after, as a table."""
        if not self.before or not self.after:
            return ""
        rows = "".join(
            f"<tr><td>{word}</td>{''.join(f'<td>{figure}</td>' for figure in spread.figures)}</tr>"
            for word, spread in (("before", self.before), ("after", self.after))
        )
        head = "".join(f"<th>{word}</th>" for word in ("differences between songs", "loudness", "tone", "width"))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def spread(sounds: Sequence[Sound]) -> Spread | None:
    """Return the differences between measured songs; None for fewer than two."""
    levels = [sound.loudness_lufs for sound in sounds if sound.loudness_lufs is not None]
    if len(sounds) < 2 or len(levels) < 2:
        return None
    widths = [sound.width_db for sound in sounds if sound.width_db is not None]
    tones = [sound.tone_db for sound in sounds if sound.tone_db]
    return Spread(
        loudness_lu=max(levels) - min(levels),
        tone_db=spread_db(tones) if tones else 0.0,
        width_db=max(widths) - min(widths) if len(widths) > 1 else 0.0,
    )


def _row(song: Master) -> str:
    before, after, peak, _ = _figures(song)
    return f"{song.name:24s}  {before:>12s} -> {after:>12s}  {peak:>12s}"


def _figures(song: Master) -> tuple[str, str, str, str]:
    if song.notes is None:
        return "", "", "", ""
    before, after = song.notes.before, song.notes.after
    return (
        _level(before.loudness_lufs, "LUFS"),
        _level(after.loudness_lufs, "LUFS"),
        _level(after.true_peak_dbtp, "dBTP"),
        f"{before.loudness_range_lu:.1f} → {after.loudness_range_lu:.1f} LU",
    )


def _level(value: float | None, unit: str) -> str:
    return "silence" if value is None else f"{value:.1f} {unit}"
