"""What a finished job hands over: frozen values with the files, the settings and the reasons in them.

A file is fetched when it is first asked for, whole or not at all; the fetching itself is the client's affair and is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tonnbook.models.effects import TrackSettings
from tonnbook.models.mixing import MixNotes, MixRequest


class RemoteFile:
    """A sound that a server made. `path` downloads it once; the link, which is a secret, is never shown."""

    def __init__(self, name: str, fetch: Callable[[Path | None], Path]) -> None:
        self.name = name
        self._fetch = fetch
        self._path: Path | None = None

    @property
    def path(self) -> Path:
        """The file on this machine; downloaded on first use."""
        if self._path is None or not self._path.exists():
            self._path = self._fetch(None)
        return self._path

    def save(self, to: str | Path) -> Path:
        """Download to `to`, a file name or an existing folder; return the path."""
        target = Path(to)
        return self._fetch(target / self.name if target.is_dir() else target)

    def __repr__(self) -> str:
        where = f", path={str(self._path)!r}" if self._path else ""
        return f"RemoteFile({self.name!r}{where})"


@dataclass(frozen=True)
class MixPreview:
    """A finished preview mix."""

    task_id: str
    request: MixRequest | None = field(repr=False)
    """The request as it was sent: the links in it name the tracks for the final mix. None for a preview that was found again
    by its task id while nobody remembers what was ordered."""
    mix: RemoteFile
    stems: Mapping[str, RemoteFile] = field(default_factory=dict)
    """Processed stems by track name, when they were asked for."""
    unmixed: RemoteFile | None = None
    """The plain sum of the tracks at the mix's loudness, when it was asked for."""
    settings: Mapping[str, TrackSettings] = field(default_factory=dict, repr=False)
    """What was done to each track, by track name; empty unless FX settings were asked for."""
    notes: MixNotes | None = field(default=None, repr=False)
    """The studio's reasons; None on the live service."""

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """What a player shows: the stems, or the mix where there are none."""
        return self.stems or {"mix": self.mix}


@dataclass(frozen=True)
class FinalMix:
    """A finished final mix."""

    task_id: str
    mix: RemoteFile
    stems: Mapping[str, RemoteFile] = field(default_factory=dict)
    settings: Mapping[str, TrackSettings] = field(default_factory=dict, repr=False)
    notes: MixNotes | None = field(default=None, repr=False)

    @property
    def playable(self) -> Mapping[str, RemoteFile]:
        """What a player shows: the stems, or the mix where there are none."""
        return self.stems or {"mix": self.mix}
