"""Audio for the lessons: the eight stems of "Night Bus" and four rough mixes of an album are part of the package; composed songs, and mixes and
recordings with planted faults, are made on first use.

All recorded sounds are CC0; their authors are listed in `demo_audio/CREDITS.md`.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "demo_audio"

STEMS = ("kick", "snare", "hi-hat", "bass", "guitar", "pad", "synth", "vocal")
"""Names of the stems: rhythm, bass, harmony, voice."""

SONGS = ("01_night_bus", "02_tabla_street", "03_basement", "04_open_sky")
"""Names of the songs, in the order of the album."""


def stems() -> dict[str, Path]:
    """Return the eight stems of one song by name: 24 s each, FLAC, 44.1 kHz, 16 bit, mono or stereo."""
    return {name: FOLDER / "stems" / f"{name}.flac" for name in STEMS}


def album() -> dict[str, Path]:
    """Return four rough mixes by name, in order: 21 to 26 s each, FLAC, 44.1 kHz, stereo. Neither their levels nor their tone match."""
    return {name: FOLDER / "album" / f"{name}.flac" for name in SONGS}


PROMPTS = {
    "lo-fi": "12 seconds of relaxing lo-fi hip hop",
    "raga": "12 seconds of calm indian music with sitar",
    "film": "12 seconds of triumphant cinematic music",
}
"""Prompts of the composed songs by name."""


@cache
def songs() -> dict[str, dict[str, Path]]:
    """Return three composed songs by name, each as its stems by role: 12 s each, WAV, 44.1 kHz, stereo; the stems sum to the song.

    They are composed on the first call, which takes some seconds, and are always the same. The files are deleted when the session ends.
    """
    from tonnbook.models.composition import CompositionRequest
    from tonnbook.studio.composition.composer.compose import compose
    from tonnbook.studio.composition.composer.writing.plan import plan_of

    folder = _folder("songs")
    plans = {name: plan_of(CompositionRequest(prompt=prompt))[0] for name, prompt in PROMPTS.items()}
    return {name: dict(compose(plan, folder / name).stems) for name, plan in plans.items()}


@cache
def faulty_mix(*faults: str) -> Path:
    """Return a mix of "Night Bus", 24 s, with the given faults; without any, the good mix itself.

    Faults are clipping, polarity, delay, dull, boomy, narrow, quiet and over-compressed; `tonnbook.planted_faults` describes them. They are
    planted in the given order, and are always the same. Raises ValueError for another name.
    """
    from tonnbook import audio_files, planted_faults

    known = planted_faults.MIX_FAULTS
    _check(faults, known)
    mix, rate = audio_files.read(album()["01_night_bus"])
    mix = planted_faults.good_mix(mix, rate)
    for fault in faults:
        mix = known[fault](mix, rate)
    return audio_files.write(_folder("faults") / f"{' and '.join(faults) or 'good'} mix.wav", mix, rate)


@cache
def faulty_recording(of: str, *faults: str) -> Path:
    """Return a stem of "Night Bus" at -26 LUFS, 24 s, with the given faults; without any, the good recording itself.

    Faults are noise, hum, clicks, rumble and bleed (of kick and hi-hat); they are always the same. Raises ValueError for another name of a
    stem or a fault.
    """
    from tonnbook import audio_files, planted_faults

    _check([of], STEMS)
    _check(faults, [*planted_faults.RECORDING_FAULTS, "bleed"])
    recording, rate = audio_files.read(stems()[of])
    recording = planted_faults.at_loudness(recording, rate, planted_faults.RECORDING_LUFS)
    for fault in faults:
        if fault == "bleed":
            others = [audio_files.read(stems()[name])[0].mean(axis=0, keepdims=True) for name in ("kick", "hi-hat")]
            recording = planted_faults.bleed(recording, sum(others[1:], others[0]))
        else:
            recording = planted_faults.RECORDING_FAULTS[fault](recording, rate)
    name = f"{of} with {' and '.join(faults)}" if faults else of
    return audio_files.write(_folder("faults") / f"{name}.wav", recording, rate)


@cache
def blind_mixes() -> dict[str, Path]:
    """Return eight versions of one mix by letter, 12 s each: one is good, each of the others has one fault. See quiz 04-a."""
    from tonnbook import audio_files, planted_faults

    whole, rate = audio_files.read(faulty_mix())
    start, frames = round(planted_faults.BLIND_FROM_S * rate), round(planted_faults.BLIND_S * rate)
    part = whole[:, start - rate : start + frames]  # one second more, in which compressors adapt
    made = {}
    for letter, fault in planted_faults.BLIND_MIXES.items():
        planted = planted_faults.MIX_FAULTS[fault](part, rate) if fault else part
        made[letter] = audio_files.write(_folder("blind") / f"mix {letter}.wav", planted[:, rate:], rate)
    return made


@cache
def blind_recordings() -> dict[str, Path]:
    """Return five recordings of "Night Bus" by letter, 24 s each: one is good, each of the others has one fault. See quiz 05-a."""
    from tonnbook import planted_faults

    folder, made = _folder("blind"), {}
    for letter, (stem, fault) in planted_faults.BLIND_RECORDINGS.items():
        path = faulty_recording(stem, *filter(None, [fault]))
        made[letter] = Path(shutil.copy(path, folder / f"{stem} {letter}.wav"))
    return made


def _check(names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"there is no {name!r}; there are: {', '.join(known)}")


@cache
def _folder(kind: str) -> Path:
    """Return a temporary folder that is deleted when the session ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"tonnbook-{kind}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def credits() -> str:  # noqa: A001 - the word of the field; the site builtin of that name is for the interpreter only
    """Return the authors and licences of the sounds, as Markdown."""
    return (FOLDER / "CREDITS.md").read_text(encoding="utf-8")
