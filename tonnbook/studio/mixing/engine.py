"""The mix engineer: from recordings and wishes to a preview, and from a preview and changes to the final mix."""

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
from tonnbook.studio.mastering.engine import master_float_file
from tonnbook.studio.measure.progress import Progress, part
from tonnbook.studio.mixing.decide.bus import PREVIEW_S
from tonnbook.studio.mixing.decide.changes import changed
from tonnbook.studio.mixing.decide.decision import MixDecision, decide
from tonnbook.studio.mixing.render.bus import Excerpt, Rendered, render
from tonnbook.studio.mixing.render.channel import BLOCK
from tonnbook.studio.mixing.render.delivery import Level, Order, deliver, level, level_of_unmixed, stem_names
from tonnbook.studio.mixing.render.unmixed import render_unmixed
from tonnbook.studio.mixing.tracks import TrackFile, measure_tracks
from tonnbook.studio.runtime.temporary_folder import temporary_folder
from tonnbook.studio.runtime.threads import DaemonThreads


@dataclass(frozen=True)
class MixOutcome:
    """A finished mix: its files, what was done, and why."""

    mix: Path
    stems: Mapping[str, Path]
    """Processed stems by track name, empty unless asked for."""
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
    """Listen, decide, and render 30 s at the loudest part, or the whole of a shorter song, as MP3 into `out`; stems as FLAC.

    Raises AudioError naming the track that cannot be mixed, and why. Neither `threads` nor `block` changes a bit of the result.
    """
    rate = int(request.sample_rate)
    with _pool(threads) as pool, temporary_folder(out) as folder:
        features = measure_tracks(tracks, rate, pool, part(progress, 0.0, 0.5))
        progress(0.5, "deciding")
        decision = decide(features, {track.name: track.request for track in tracks}, request.style)
        excerpt = Excerpt(decision.loudest_s, PREVIEW_S) if decision.seconds > PREVIEW_S else None
        rendered = render(
            tracks, decision, rate, folder, pool, part(progress, 0.55, 0.75),
            stems=request.return_stems, excerpt=excerpt, block=block,
        )  # fmt: skip
        set_to = level(rendered)
        # Stems come as FLAC: lossless, and ten times as fast to write as MP3, so that the preview is there sooner.
        orders = _orders(rendered, set_to, out / "preview.mp3", ".flac", 16)
        unmixed = None
        if request.return_unmixed:
            plain = render_unmixed(tracks, rate, folder, pool, excerpt)
            plain_level = level_of_unmixed(plain, set_to)
            set_to = replace(set_to, info=(*set_to.info, *plain_level.info))
            unmixed = out / "unmixed.mp3"
            orders.append(Order(plain.mix, unmixed, plain_level.trim_db))
        deliver(orders, rate, pool, part(progress, 0.75, 1.0))
    notes = mix_notes(decision, set_to, preview_start_s=excerpt.start_s if excerpt else 0.0)
    return MixOutcome(orders[0].target, _stem_targets(rendered, orders), unmixed, decision.settings, notes, decision)


def final_mix(
    tracks: Sequence[TrackFile],
    preview: MixOutcome,
    request: FinalMixRequest,
    out: Path,
    progress: Progress,
    changes: Mapping[str, TrackEffects],
    *,
    threads: int | None = None,
    block: int = BLOCK,
) -> MixOutcome:
    """Render the whole song as it was decided for the preview, with the changes by track name, as WAV into `out`.

    44.1 kHz comes in 16 bit with dither, 48 kHz in 24 bit, stems always in 24 bit. The changes are not balanced out; only the level
    of the whole follows. With `create_master` the mix that is delivered is a master, made from the mix in float; the stems stay.
    """
    rate = int(request.sample_rate)
    decision = changed(preview.decision, changes)
    with _pool(threads) as pool, temporary_folder(out) as folder:
        rendered = render(
            tracks, decision, rate, folder, pool, part(progress, 0.0, 0.8),
            stems=request.return_stems, unchanged=preview.decision, block=block,
        )  # fmt: skip
        set_to = level(rendered)
        orders = _orders(rendered, set_to, out / "final mix.wav", ".wav", 24)
        mix, notes = orders[0].target, mix_notes(decision, set_to)
        if request.sample_rate.bit_depth == 16:
            orders[0] = Order(rendered.mix, mix, set_to.trim_db, 16, decision.seed)
        if request.create_master:
            del orders[0]
            target = TARGET_LUFS[request.desired_loudness or DesiredLoudness.MEDIUM]
            master = master_float_file(
                rendered.mix, decision.style, target, request.sample_rate, mix, part(progress, 0.8, 0.95)
            )
            notes = mastered_notes(notes, master.notes)
        deliver(orders, rate, pool, part(progress, 0.8, 1.0))
    return MixOutcome(mix, _stem_targets(rendered, orders), None, decision.settings, notes, decision)


def mix_notes(decision: MixDecision, set_to: Level, preview_start_s: float | None = None) -> MixNotes:
    """Return the studio's own block of the answer."""
    return MixNotes(
        tracks={name: track.notes for name, track in decision.tracks.items()},
        bus=(*decision.bus.reasons, Reason(setting="trim", text=set_to.reason)),
        trim_db=round(set_to.trim_db, 2),
        loudness_lufs=round(set_to.loudness_lufs, 2) if isfinite(set_to.loudness_lufs) else None,
        true_peak_dbtp=round(set_to.true_peak_dbtp, 2) if isfinite(set_to.true_peak_dbtp) else None,
        preview_start_s=preview_start_s,
        info=(*decision.info, *set_to.info),
    )


def mastered_notes(notes: MixNotes, master: MasterNotes) -> MixNotes:
    """Return the notes of a mix that was mastered: what was done to it then, and how loud it is now."""
    stages = (Reason(setting="master", text=stage.text) for stage in master.stages if stage.done)
    return notes.model_copy(
        update={
            "bus": (*(reason for reason in notes.bus if reason.setting != "trim"), *stages),
            "loudness_lufs": master.after.loudness_lufs,
            "true_peak_dbtp": master.after.true_peak_dbtp,
            "info": (*notes.info, "the mix is mastered; the stems are those of the mix before that", *master.info),
        }
    )


def _orders(rendered: Rendered, set_to: Level, mix: Path, ending: str, bit_depth: BitDepth) -> list[Order]:
    """Return what is to be written: the mix, then the stems with the file `ending`, beside it in a folder of their own."""
    stems = stem_names(list(rendered.stems), ending)
    folder = _made(mix.parent / "stems") if stems else mix.parent
    return [
        Order(rendered.mix, mix, set_to.trim_db),
        *(Order(path, folder / stems[track], set_to.trim_db, bit_depth) for track, path in rendered.stems.items()),
    ]


def _stem_targets(rendered: Rendered, orders: Sequence[Order]) -> dict[str, Path]:
    targets = {order.source: order.target for order in orders}
    return {track: targets[path] for track, path in rendered.stems.items()}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _pool(threads: int | None) -> Iterator[Executor]:
    """Lend threads that end with the program: what is still queued when a render is given up is not waited for."""
    pool = DaemonThreads(threads or os.cpu_count() or 1, "studio-mix")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
