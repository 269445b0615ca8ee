"""Limits of one studio: sizes, durations and counts."""

from __future__ import annotations

from dataclasses import dataclass

from tonnbook.models.mixing import MAX_MINUTES


@dataclass(frozen=True)
class Limits:
    """Limits on input and storage. The number of tracks and the ranges of all values are on the models."""

    file_bytes: int = 2**30
    """Size of one audio file, uploaded or downloaded: 8 minutes of stereo float at 192 kHz take 0.7 GiB."""
    body_bytes: int = 2**20
    """Size of a JSON body: 32 tracks with links of 4096 characters take 0.15 MiB."""
    track_seconds: float = MAX_MINUTES * 60
    """Length of one track."""
    unfinished_tasks: int = 16
    """Tasks that wait or run; a request for another one is answered 429."""
    folder_bytes: int = 8 * 2**30
    """Disk space of the studio's folder; beyond it the oldest finished results are deleted."""
    redirects: int = 5
    """Redirects that a download follows."""
    silence_s: float = 10
    """Seconds that another server may send nothing during a download."""
    download_s: float = 300
    """Seconds that one download may take in all."""
    link_s: float = 3600
    """Seconds that a signed link is valid (wire notes: one hour)."""
