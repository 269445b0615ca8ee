"""The mastering engineer: listens, decides, renders, measures what was written, and reports.

`master_song` is all that a route, a cluster's worker or the mix engineer needs: paths and plain values in, paths and plain values out.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from tonnbook import audio_files
from tonnbook.dsp.linear_phase import gains_between, impulse, response
from tonnbook.dsp.spectrum import THIRD_OCTAVES
from tonnbook.errors import AudioError
from tonnbook.models.mastering import CEILING_DBTP, MasteringRequest, MasterNotes, Tone
from tonnbook.models.notes import StageNotes
from tonnbook.models.vocabulary import MusicalStyle, SampleRate
from tonnbook.studio.mastering_chain import Progress, prepare
from tonnbook.studio.mastering_decisions import HEAVY_DB, decide
from tonnbook.studio.mastering_features import SongFeatures, SongListener, series
from tonnbook.studio.mastering_level import Levelled, level_to
from tonnbook.studio.mastering_plan import MasterPlan, Wish
from tonnbook.studio.mastering_preview import preview_start, write_preview
from tonnbook.studio.mastering_styles import target_tone_db
from tonnbook.studio.mix_clipping import ClippingDetector
from tonnbook.studio.scratch import scratch

_SILENT_DBTP = -80.0
_LISTENING, _SHAPING, _LEVELLING = 0.15, 0.4, 0.9  # how far along each stage ends


@dataclass(frozen=True)
class MasterOutcome:
    """A finished master."""

    master: Path
    preview: Path | None
    notes: MasterNotes
    plan: MasterPlan


def wish(request: MasteringRequest) -> Wish:
    """Return what a request asks for."""
    album = request.album.tone_db if request.album else None
    return wish_for(request.style, request.target_lufs, request.sample_rate, album)


def wish_for(
    style: MusicalStyle, target_lufs: float, rate: SampleRate, album_tone_db: tuple[float, ...] | None = None
) -> Wish:
    """Return a wish; an album's own spectrum takes the place of the style's."""
    if album_tone_db is not None:
        return Wish(target_lufs, rate, album_tone_db, "the album's average", CEILING_DBTP)
    return Wish(target_lufs, rate, tuple(target_tone_db(style).tolist()), f"the style {style.label}", CEILING_DBTP)


def listen(source: Path, progress: Progress = lambda _, __: None) -> SongFeatures:
    """Return what one pass over the song tells; AudioError where it cannot be mastered."""
    found = audio_files.info(source)
    if found.channels > 2:
        raise AudioError(f"{source.name} has {found.channels} channels. Export it in mono or stereo.")
    listener, detector = SongListener(found.rate, found.channels, bands=True), ClippingDetector(found.rate)
    for block in audio_files.blocks(source):
        listener.hear(block)
        detector.hear(block)
        progress(min(1.0, listener.frames / found.frames), "listening to the song")
    features = listener.features(detector.clipping())
    if features.true_peak_dbtp < _SILENT_DBTP:
        raise AudioError(f"{source.name} is silent from beginning to end. Export it again.")
    if not isfinite(features.loudness_lufs):
        raise AudioError(
            f"{source.name} is too short or too quiet to be measured: loudness needs 0.4 s above -70 LUFS."
        )
    return features


def master_song(
    source: Path,
    wished: Wish,
    out: Path,
    preview: Path | None = None,
    preview_start_s: float | None = None,
    progress: Progress = lambda _, __: None,
) -> MasterOutcome:
    """Master one song into the WAV file `out`, and its preview into the MP3 file `preview`; AudioError where that cannot be done.

    The same song and wish give the same bytes.
    """
    features = listen(source, _part(progress, 0.0, _LISTENING))
    plan = decide(features, wished)
    with scratch(out.parent, "mastering-") as folder:
        song = prepare(source, plan, features.seconds, folder, _part(progress, _LISTENING, _SHAPING))
        levelled = level_to(
            song,
            wished.target_lufs,
            wished.ceiling_dbtp,
            folder / "master.wav",
            wished.rate.bit_depth,
            _seed(source),
            _part(progress, _SHAPING, _LEVELLING),
        )
        start_s = preview_start(levelled.features, preview_start_s)
        if preview:
            progress(_LEVELLING, "cutting the preview")
            os.replace(write_preview(folder / "master.wav", start_s, folder / "preview.mp3"), preview)
        os.replace(folder / "master.wav", out)
    return MasterOutcome(out, preview, _notes(features, plan, levelled, start_s), plan)


def master_float_file(
    source: Path,
    style: MusicalStyle,
    target_lufs: float,
    rate: SampleRate,
    out: Path,
    progress: Progress = lambda _, __: None,
) -> MasterOutcome:
    """Master a mix that lies on disk as a float WAV, before any rounding or trimming: what `createMaster` asks for."""
    return master_song(source, wish_for(style, target_lufs, rate), out, progress=progress)


def _part(progress: Progress, start: float, stop: float) -> Progress:
    return lambda share, stage: progress(start + (stop - start) * share, stage)


def _seed(source: Path) -> int:
    """Return the seed of the dither: from the song itself, so that the same song gives the same file anywhere."""
    with source.open("rb") as file:
        return int.from_bytes(hashlib.file_digest(file, "sha256").digest()[:8], "big")


def _notes(features: SongFeatures, plan: MasterPlan, levelled: Levelled, start_s: float) -> MasterNotes:
    wished = plan.wish
    after = levelled.features
    return MasterNotes(
        target_lufs=wished.target_lufs,
        ceiling_dbtp=wished.ceiling_dbtp,
        gain_db=round(levelled.level.gain_db, 2),
        before=features.sound(),
        after=after.sound(),
        stages=(*plan.stages, *_level_stages(plan, levelled)),
        tone=_tone(plan),
        gain_reduction=series(levelled.reduction, 0.01),
        preview_start_s=start_s,
        info=_info(features, plan, levelled),
    )


def _tone(plan: MasterPlan) -> Tone:
    applied = (0.0,) * len(THIRD_OCTAVES)
    if plan.tone_db is not None:
        rate = int(plan.wish.rate)
        curve = response(impulse(gains_between(THIRD_OCTAVES, plan.tone_db, rate)), THIRD_OCTAVES, rate)
        applied = tuple(curve.round(2).tolist())
    return Tone(centres_hz=THIRD_OCTAVES, target_db=tuple(round(db, 2) for db in plan.wish.tone_db), applied_db=applied)


def _level_stages(plan: MasterPlan, levelled: Levelled) -> tuple[StageNotes, ...]:
    level, after, wished = levelled.level, levelled.features, plan.wish
    most, working = float(levelled.reduction.max(initial=0.0)), float((levelled.reduction > 0.1).mean())
    limited = (
        f"Gain of {level.gain_db:+.1f} dB; the limiter took up to {most:.1f} dB, and was at work for {working:.0%} of the time."
        if most > 0.1
        else f"Gain of {level.gain_db:+.1f} dB; the limiter had nothing to do."
    )
    landed = (
        f"The written file has {after.loudness_lufs:.2f} LUFS for {wished.target_lufs:g} wished and {after.true_peak_dbtp:.2f} dBTP, "
        f"after {levelled.renders} render{'s' if levelled.renders > 1 else ''}."
    )
    depth = wished.rate.bit_depth
    clip = (
        f"Before the limiter the loudest hits stood {levelled.over_db:.1f} dB over the ceiling: their tips were rounded by {levelled.clip_db:.1f} dB."
        if levelled.clip_db
        else "Nothing that a clipper would have to take: what the limiter does alone is not heard."
    )
    dither = (
        "16 bit, with triangular dither of one step."
        if depth == 16
        else "24 bit: its steps are far below hearing, no dither."
    )
    return (
        StageNotes(
            stage="clip",
            done=levelled.clip_db > 0,
            text=clip,
            numbers={"clipped_db": round(levelled.clip_db, 2), "over_db": round(levelled.over_db, 2)},
        ),
        StageNotes(
            stage="limiter",
            done=most > 0.1,
            text=limited,
            numbers={"gain_db": round(level.gain_db, 2), "most_db": round(most, 2), "working": round(working, 4)},
        ),
        StageNotes(
            stage="loudness",
            done=True,
            text=landed,
            numbers={"miss_lu": round(after.loudness_lufs - wished.target_lufs, 3), "renders": float(levelled.renders)},
        ),
        StageNotes(stage="dither", done=depth == 16, text=dither, numbers={"bit_depth": float(depth)}),
    )


def _info(features: SongFeatures, plan: MasterPlan, levelled: Levelled) -> tuple[str, ...]:
    lines = []
    if features.channels == 1:
        lines.append(
            "The song is mono; it was measured and mastered as it sounds from both sides, 3 LU louder than the file reads."
        )
    if levelled.over_db > HEAVY_DB:
        lines.append(
            f"The target was reached with heavy limiting: the hits stood {levelled.over_db:.1f} dB over the ceiling. A quieter target keeps more punch."
        )
    return tuple(lines)
