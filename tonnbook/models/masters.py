"""What finished masters hand over: one song, and a whole album with those that failed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from statistics import mean, pstdev
from typing import overload
from uuid import uuid4

from tonnbook.models.mastering import MasteringRequest, MasterNotes
from tonnbook.models.notes import Sound
from tonnbook.models.results import RemoteFile


@dataclass(frozen=True)
class Master:
    """A mastered song: its preview, and the final master once that has been asked for."""

    name: str
    """File name of the song, without its ending."""
    task_id: str
    request: MasteringRequest | None = field(repr=False)
    preview: RemoteFile
    master: RemoteFile | None = None
    preview_start_s: float | None = None
    """Where in the song the preview starts."""
    notes: MasterNotes | None = field(default=None, repr=False)
    """What the studio did and why; None on the live service."""
    source: Path | None = None
    """The song as it was, where it lies on this machine."""

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """What a player shows: the master, or the preview where only that has been made; the song itself beside it."""
        made = {"master": self.master} if self.master else {"preview": self.preview}
        return {"song": kept(self.source), **made} if self.source and self.master else made


@dataclass(frozen=True)
class Spread:
    """How far the songs of an album lie apart."""

    loudness_lu: float
    """From the quietest to the loudest song."""
    tone_db: float
    """Root mean square distance of the songs' third-octave spectra from their average."""
    width_db: float
    """From the narrowest to the widest song; 0 where fewer than two are stereo."""

    def __str__(self) -> str:
        return f"{self.loudness_lu:.1f} LU in loudness, {self.tone_db:.1f} dB in tone, {self.width_db:.1f} dB in width"


@dataclass(frozen=True)
class Masters(Sequence[Master]):
    """The masters of an album, in its order, and what became of the songs that failed."""

    songs: tuple[Master, ...]
    failed: Mapping[str, str] = field(default_factory=dict)
    """Why each song failed that did, by name."""
    folder: Path | None = None

    def __len__(self) -> int:
        return len(self.songs)

    @overload
    def __getitem__(self, which: int | str) -> Master: ...
    @overload
    def __getitem__(self, which: slice) -> Sequence[Master]: ...
    def __getitem__(self, which: int | str | slice) -> Master | Sequence[Master]:
        """Return a song by its place or by its name."""
        if not isinstance(which, str):
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
        """How far the songs lay apart; None where the server does not tell."""
        return spread([song.notes.before for song in self.songs if song.notes])

    @cached_property
    def after(self) -> Spread | None:
        """How far the masters lie apart."""
        return spread([song.notes.after for song in self.songs if song.notes])

    def __str__(self) -> str:
        rows = [_row(song) for song in self.songs] + [f"{name:24s}  failed: {why}" for name, why in self.failed.items()]
        if self.before and self.after:
            rows.append(
                f"apart before: {self.before.loudness_lu:.1f} LU, tone {self.before.tone_db:.1f} dB; "
                f"after: {self.after.loudness_lu:.1f} LU, tone {self.after.tone_db:.1f} dB"
            )
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
        return f"<table><thead><tr>{head}</tr></thead><tbody>{cells}{failed}</tbody></table>"


def spread(sounds: Sequence[Sound]) -> Spread | None:
    """Return how far sounds lie apart; None where there are fewer than two."""
    levels = [sound.loudness_lufs for sound in sounds if sound.loudness_lufs is not None]
    if len(sounds) < 2 or len(levels) < 2:
        return None
    widths = [sound.width_db for sound in sounds if sound.width_db is not None]
    tones = [_centred(sound.tone_db) for sound in sounds if sound.tone_db]
    bands = [pstdev(band) for band in zip(*tones, strict=True)] if tones else [0.0]
    return Spread(
        loudness_lu=max(levels) - min(levels),
        tone_db=mean(deviation**2 for deviation in bands) ** 0.5,
        width_db=max(widths) - min(widths) if len(widths) > 1 else 0.0,
    )


def kept(path: Path) -> RemoteFile:
    """Return a file that lies on this machine already."""

    def fetch(to: Path | None) -> Path:
        if to is None or to == path:
            return path
        part = to.with_name(f"{to.name}.{uuid4().hex[:8]}.part")
        shutil.copyfile(path, part)
        return part.replace(to)

    return RemoteFile(path.name, fetch)


def _centred(tone_db: Sequence[float]) -> list[float]:
    middle = mean(tone_db)
    return [level - middle for level in tone_db]


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
