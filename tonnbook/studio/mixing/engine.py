"""Mix tracks: a preview from recordings and a request, and the final mix from a preview and changes.

`preview_mix` and `final_mix` are plain functions: paths and values in, paths and values out. Both decide settings from measurements
(`decide`) and then render audio with these settings (`render`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

from tonnbook.audio_files import BitDepth
from tonnbook.models.effects import TrackEffects, TrackSettings
from tonnbook.models.mastering import TARGET_LUFS, MasterNotes
from tonnbook.models.mixing import FinalMixRequest, MixNotes, MixRequest, Reason
from tonnbook.models.vocabulary import DesiredLoudness
from tonnbook.studio.mastering.engine import master_song
from tonnbook.studio.mastering.plan import MasterTarget, target_for
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.measure.song_features import OWN_MIX
from tonnbook.studio.mixing.decide.bus import LARGEST_REDUCTION_DB, PREVIEW_S
from tonnbook.studio.mixing.decide.decision import MixDecision, apply_changes, decide
from tonnbook.studio.mixing.features import LOW_CUT_HZ
from tonnbook.studio.mixing.render.bus import Excerpt, RenderedFiles, render, render_unmixed
from tonnbook.studio.mixing.render.channel import BLOCK
from tonnbook.studio.mixing.render.delivery import (
    Level,
    OutputFile,
    mix_level,
    stem_names,
    unmixed_level,
    write_files,
)
from tonnbook.studio.mixing.tracks import TrackFile, measure_tracks
from tonnbook.studio.runtime.temporary_folder import temporary_folder
from tonnbook.studio.runtime.threads import DaemonThreads


@dataclass(frozen=True)
class MixOutcome:
    """A finished mix: its files, the settings, and the reasons for them."""

    mix: Path
    stems: Mapping[str, Path]
    """Processed stems by track name, empty unless requested."""
    unmixed: Path | None
    settings: Mapping[str, TrackSettings]
    notes: MixNotes
    decision: MixDecision


def preview_mix(
    tracks: Sequence[TrackFile],
    request: MixRequest,
    out: Path,
    progress: Progress,
    *,
    threads: int | None = None,
    block: int = BLOCK,
) -> MixOutcome:
    """Measure the tracks, decide the mix, and render its loudest 30 s (a shorter song: all of it) into `out`.

    The mix and the unmixed sum are MP3 files, the stems FLAC files. With `create_master` the preview is mastered; the stems and the
    unmixed sum are not. Raises AudioError that names the track that cannot be mixed and
    the reason. The files are the same, to the byte, for any number of `threads` and any length of `block` in frames.
    """
    rate = int(request.sample_rate)
    with _thread_pool(threads) as pool, temporary_folder(out) as folder:
        features = measure_tracks(tracks, rate, pool, part(progress, 0.0, 0.5))
        progress(0.5, "deciding")
        decision = decide(features, {track.name: track.request for track in tracks}, request.style)
        excerpt = Excerpt(decision.loudest_s, PREVIEW_S) if decision.seconds > PREVIEW_S else None
        rendered = render(
            tracks, decision, rate, folder, pool, part(progress, 0.55, 0.75),
            stems=request.return_stems, excerpt=excerpt, block=block,
        )  # fmt: skip
        level = mix_level(rendered)
        mix = out / "preview.mp3"
        # FLAC is lossless and ten times as fast to write as MP3, so that the preview is ready sooner.
        stems = _stem_files(rendered, level, out / "stems", ".flac", 16)
        files, unmixed = list(stems.values()), None
        if request.create_master:
            target = _master_target(decision, request)
            master = master_song(rendered.mix, target, folder / "master.wav", mix, progress=part(progress, 0.75, 0.8))
        else:
            files.append(OutputFile(rendered.mix, mix, level.trim_db, comment=OWN_MIX))
        if request.return_unmixed:
            plain_sum = render_unmixed(tracks, rate, folder, pool, excerpt)
            plain_level = unmixed_level(plain_sum, level)
            level = replace(level, info=(*level.info, *plain_level.info))
            unmixed = out / "unmixed.mp3"
            files.append(OutputFile(plain_sum.mix, unmixed, plain_level.trim_db))
        write_files(files, rate, pool, part(progress, 0.75, 1.0))
    notes = mix_notes(decision, level, preview_start_s=excerpt.start_s if excerpt else 0.0)
    if request.create_master:
        notes = _mastered_notes(notes, master.notes)
        notes = notes.model_copy(update={"info": (*notes.info, *_mastered_preview_info(request, excerpt))})
    notes = notes.model_copy(update={"info": (*notes.info, *ignored_loudness_info(request))})
    return MixOutcome(mix, _targets(stems), unmixed, decision.settings, notes, decision)


def final_mix(
    tracks: Sequence[TrackFile],
    preview: MixOutcome,
    request: FinalMixRequest,
    out: Path,
    progress: Progress,
    changes: Mapping[str, TrackEffects],
    *,
    master_target: MasterTarget | None = None,
    threads: int | None = None,
    block: int = BLOCK,
) -> MixOutcome:
    """Render the whole song as decided for the preview, with the changes by track name, as WAV files into `out`.

    At 44.1 kHz the mix has 16 bits with dither, at 48 kHz 24 bits; stems always have 24 bits. The tracks are not balanced again after
    the changes; only the level of the whole mix follows. With `create_master` the delivered mix is a master, made from the mix in
    float; the stems remain those of the mix. `master_target` replaces the target of the mix's style and the requested loudness.
    """
    rate, bit_depth = int(request.sample_rate), request.sample_rate.bit_depth
    decision = apply_changes(preview.decision, changes)
    mix = out / "final mix.wav"
    with _thread_pool(threads) as pool, temporary_folder(out) as folder:
        rendered = render(
            tracks, decision, rate, folder, pool, part(progress, 0.0, 0.8),
            stems=request.return_stems, unchanged=preview.decision, block=block,
        )  # fmt: skip
        level = mix_level(rendered)
        notes = mix_notes(decision, level)
        stems = _stem_files(rendered, level, out / "stems", ".wav", 24)
        files = list(stems.values())
        if request.create_master:
            target = master_target or _master_target(decision, request)
            # The float file is not rounded and not limited by the trim, so the master starts from the whole signal.
            master = master_song(rendered.mix, target, mix, progress=part(progress, 0.8, 0.95))
            notes = _mastered_notes(notes, master.notes)
        else:
            seed = decision.seed if bit_depth == 16 else None
            files.insert(0, OutputFile(rendered.mix, mix, level.trim_db, bit_depth, seed, OWN_MIX))
        write_files(files, rate, pool, part(progress, 0.8, 1.0))
    notes = notes.model_copy(update={"info": (*notes.info, *ignored_loudness_info(request))})
    return MixOutcome(mix, _targets(stems), None, decision.settings, notes, decision)


def mix_notes(decision: MixDecision, level: Level, preview_start_s: float | None = None) -> MixNotes:
    """Return the reasons and measurements of a mix, the studio's own block of the answer."""
    return MixNotes(
        tracks={name: track.notes for name, track in decision.tracks.items()},
        bus=(*decision.bus.reasons, Reason(setting="trim", text=level.reason)),
        bus_compression=decision.bus.compression,
        bus_reduction_limit_db=LARGEST_REDUCTION_DB,
        low_cut_hz=LOW_CUT_HZ,
        trim_db=round(level.trim_db, 2),
        loudness_lufs=round(level.loudness_lufs, 2) if isfinite(level.loudness_lufs) else None,
        true_peak_dbtp=round(level.true_peak_dbtp, 2) if isfinite(level.true_peak_dbtp) else None,
        preview_start_s=preview_start_s,
        info=(*decision.info, *level.info),
    )


def ignored_loudness_info(request: MixRequest | FinalMixRequest) -> tuple[str, ...]:
    """Return a message if a loudness was requested, but no master."""
    if request.create_master or request.desired_loudness is None:
        return ()
    word = request.desired_loudness.value
    return (f"desiredLoudness {word} has no effect without createMaster: it is the loudness of the master",)


def _master_target(decision: MixDecision, request: MixRequest | FinalMixRequest) -> MasterTarget:
    loudness_lufs = TARGET_LUFS[request.desired_loudness or DesiredLoudness.MEDIUM]
    return target_for(decision.style, loudness_lufs, request.sample_rate)


def _mastered_preview_info(request: MixRequest, excerpt: Excerpt | None) -> Iterator[str]:
    if excerpt is not None:
        yield (
            "the preview was mastered from its 30 s alone, the loudest of the song: in the master of the whole song they can be louder"
        )
    if request.return_unmixed:
        yield "the unmixed track is as loud as the mix before mastering"


def _mastered_notes(notes: MixNotes, master: MasterNotes) -> MixNotes:
    """Return the notes of a mix that was mastered: with the stages of the master, and its loudness and true peak."""
    stages = (Reason(setting="master", text=stage.text) for stage in master.stages if stage.done)
    return notes.model_copy(
        update={
            "bus": (*(reason for reason in notes.bus if reason.setting != "trim"), *stages),
            "loudness_lufs": master.after.loudness_lufs,
            "true_peak_dbtp": master.after.true_peak_dbtp,
            "info": (*notes.info, "the mix is mastered; the stems are those of the mix before mastering", *master.info),
        }
    )


def _stem_files(
    rendered: RenderedFiles, level: Level, folder: Path, ending: str, bit_depth: BitDepth
) -> dict[str, OutputFile]:
    """Return the stems to write into `folder`, which is created if there are any, by track name."""
    names = stem_names(list(rendered.stems), ending)
    if names:
        folder.mkdir(parents=True, exist_ok=True)
    return {
        track: OutputFile(path, folder / names[track], level.trim_db, bit_depth)
        for track, path in rendered.stems.items()
    }


def _targets(files: Mapping[str, OutputFile]) -> dict[str, Path]:
    return {track: file.target for track, file in files.items()}


@contextmanager
def _thread_pool(threads: int | None) -> Iterator[Executor]:
    """Provide daemon threads, one per processor by default; an aborted render does not wait for queued work."""
    pool = DaemonThreads(threads or os.cpu_count() or 1, "studio-mix")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
