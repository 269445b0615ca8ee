"""Ready material for a lesson: the eight stems of "Night Bus", and four rough mixes of an album, shipped inside the package.

Every sound is CC0; whose it is stands in `demo_audio/CREDITS.md`, beside the files.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "demo_audio"

STEMS = ("kick", "snare", "hi-hat", "bass", "guitar", "pad", "synth", "vocal")
"""From the ground up: rhythm, bass, harmony, voice."""

SONGS = ("01_night_bus", "02_tabla_street", "03_basement", "04_open_sky")
"""In the order of the album."""


def stems() -> dict[str, Path]:
    """Return the eight stems of one song by name: 24 s each, FLAC, 44.1 kHz, 16 bit, mono or stereo."""
    return {name: FOLDER / "stems" / f"{name}.flac" for name in STEMS}


def album() -> dict[str, Path]:
    """Return four rough mixes by name, in order: 21 to 26 s each, FLAC, 44.1 kHz, stereo. They match neither in level nor in tone."""
    return {name: FOLDER / "album" / f"{name}.flac" for name in SONGS}


def credits() -> str:  # noqa: A001 - the word of the field; the site builtin of that name is for the interpreter only
    """Return whose sounds these are, as Markdown."""
    return (FOLDER / "CREDITS.md").read_text(encoding="utf-8")
