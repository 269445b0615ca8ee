"""What one studio takes on."""

from __future__ import annotations

from dataclasses import dataclass

from tonnbook.models.mixing import MAX_MINUTES


@dataclass(frozen=True)
class Limits:
    """Bounds on what comes in and what is kept. The number of tracks and every range stand on the models."""

    file_bytes: int = 2**30
    """Size of one sound file, uploaded or fetched: 8 minutes of stereo float at 192 kHz take 0.7 GiB."""
    body_bytes: int = 2**20
    """Size of a JSON body: 32 tracks with links of 4096 characters take 0.15 MiB."""
    track_seconds: float = MAX_MINUTES * 60
    unfinished_tasks: int = 16
    """Tasks waiting or running; the next one is answered 429."""
    folder_bytes: int = 8 * 2**30
    """Disk that the studio fills before it drops the oldest finished results."""
    redirects: int = 5
    quiet_s: float = 10
    """How long a server that a track is fetched from may stay silent, in seconds."""
    fetch_s: float = 300
    """How long fetching one track may take in all, in seconds."""
    link_s: float = 3600
    """Life of a signed link, in seconds (wire notes: one hour)."""
