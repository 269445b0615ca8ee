"""Ready material for a lesson: the eight stems of "Night Bus" and four rough mixes of an album, shipped inside the package, and songs
that the studio composes when they are first asked for.

Every recorded sound is CC0; whose it is stands in `demo_audio/CREDITS.md`, beside the files.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
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


PROMPTS = {
    "lo-fi": "12 seconds of relaxing lo-fi hip hop",
    "raga": "12 seconds of calm indian music with sitar",
    "film": "12 seconds of triumphant cinematic music",
}
"""What the composed songs are made from."""


@cache
def songs() -> dict[str, dict[str, Path]]:
    """Return three composed songs by name, each as its stems by role: 12 s each, WAV, 44.1 kHz, stereo; the stems sum to the song.

    They are composed at the first call, which takes some seconds; always the same ones. They go when the session ends.
    """
    from tonnbook.models.composition import CompositionRequest
    from tonnbook.studio.composer.compose import compose
    from tonnbook.studio.composer.planning import plan_of

    folder = Path(tempfile.mkdtemp(prefix="tonnbook-songs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    plans = {name: plan_of(CompositionRequest(prompt=prompt))[0] for name, prompt in PROMPTS.items()}
    return {name: dict(compose(plan, folder / name).stems) for name, plan in plans.items()}


def credits() -> str:  # noqa: A001 - the word of the field; the site builtin of that name is for the interpreter only
    """Return whose sounds these are, as Markdown."""
    return (FOLDER / "CREDITS.md").read_text(encoding="utf-8")
