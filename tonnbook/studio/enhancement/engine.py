"""The enhancement engine: repairs a finished mix stage by stage, and listens again after each one.

A stage that makes any verdict worse is dropped, and says so; that holds for the mastering and the loudness too (`enhancement_finish`). The
loudness that is asked for is reached within 0.1 LU, below -1 dBTP. Order (sound.md 3.4): clipping, compression, stems, drums, vocals, tone,
stereo, mastering, loudness. Everything between clipping and mastering is linear in the sound, so what is done to the mix after it was
taken apart is done to its stems too, and they go on adding up to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tonnbook import audio_files
from tonnbook.models.enhancement import EnhancementNotes, EnhancementRequest
from tonnbook.models.mastering import CEILING_DBTP
from tonnbook.models.vocabulary import AnalysisStyle
from tonnbook.studio.analysis.engine import report
from tonnbook.studio.analysis.findings import Findings
from tonnbook.studio.analysis.listening import measure_findings
from tonnbook.studio.enhancement import stages
from tonnbook.studio.enhancement import stems as parts
from tonnbook.studio.enhancement.dynamics import compression
from tonnbook.studio.enhancement.finish import Repaired, finish
from tonnbook.studio.enhancement.judging import Bench, Repair
from tonnbook.studio.mastering.preview import preview_start, write_preview
from tonnbook.studio.measure.progress import Progress, no_progress
from tonnbook.studio.measure.song_features import measure_master
from tonnbook.studio.measure.streams import write
from tonnbook.studio.runtime.temporary_folder import temporary_folder
from tonnbook.studio.separation.engine import separate

_SERVICE_NAMES = {"vocals": "vocal"}


@dataclass(frozen=True)
class EnhancementOutcome:
    """An enhanced track on disk."""

    track: Path
    preview: Path | None
    preview_start_s: float | None
    notes: EnhancementNotes
    stems: Mapping[str, Path] = field(default_factory=dict)
    """By the names that the service uses, where they were asked for, as float files at the rate of the track. They add up to the repaired
    track as it was before mastering and before its loudness was set: what limits a sum cannot be shared out among its parts."""


def enhance(
    source: Path, request: EnhancementRequest, out: Path, preview: Path | None, progress: Progress = no_progress
) -> EnhancementOutcome:
    """Enhance a mix into the WAV file `out`, and its preview into the MP3 file `preview` where one is wanted.

    Raises AudioError where it cannot be measured. The same mix and request give the same bytes.
    """
    style = AnalysisStyle(request.style.value)
    stems_wanted = preview is None and request.get_stems
    with temporary_folder(out.parent, "enhance-") as place:
        track = _in_stereo(source, place / "both-sides.wav")
        found = measure_findings(track)
        bench = Bench(track, found, style, place, is_master=request.is_master)
        wished = Repaired(track, found, found, request, style)
        how = _repair(bench, request, wished.target_lufs, progress, stems=stems_wanted)
        progress(0.6, "setting the level")
        finished = finish(Repaired(bench.track, bench.found, found, request, style), out, place)
        stems = _delivered(bench.stems, out) if stems_wanted else {}
    before = report(found, style, is_master=request.is_master).verdicts
    before = before.model_copy(update={"bit_depth": audio_files.info(source).bit_depth or 0})
    notes = (*bench.notes, finished.mastering, finished.loudness)
    after = report(finished.found, style, is_master=request.is_master or finished.mastering.done).verdicts
    start_s = None
    if preview is not None:
        progress(0.9, "cutting the preview")
        start_s = preview_start(measure_master(out), request.preview_start_s)
        write_preview(out, start_s, preview)
    target = round(wished.target_lufs, 2)
    event_of = EnhancementNotes(before=before, after=after, stages=notes, separation=how, target_lufs=target)
    return EnhancementOutcome(out, preview, start_s, event_of, stems)


def _in_stereo(source: Path, out: Path) -> Path:
    """Return the track, or a copy of a mono file that plays from both sides: 3 LU louder than the file is measured, and as it is heard."""
    info = audio_files.info(source)
    if info.channels == 1:
        return write((block.repeat(2, axis=0) for block in audio_files.blocks(source)), out, info, 2)
    return source


def _repair(bench: Bench, request: EnhancementRequest, target_lufs: float, progress: Progress, *, stems: bool) -> str:
    """Run the repairs that are asked for, each on what the one before it has left; return what took the mix apart, if anything did."""
    style, is_master = bench.style, request.is_master
    room = CEILING_DBTP - target_lufs

    def attempt(share: float, name: str, asked: bool, stage: Callable[[Path, Findings], Repair]) -> None:
        if not asked:
            bench.skip(name)
            return
        progress(share, f"repairing: {name}")
        bench.attempt(stage(bench.track, bench.found))

    attempt(0.1, "clipping", request.fix_clipping, stages.clipping)
    dynamics = partial(compression, style=style, room_lu=room, is_master=is_master)
    attempt(0.15, "compression", request.fix_compression, dynamics)
    mastered = request.apply_mastering

    def shape(_: Path, found: Findings) -> Repair:
        return stages.tone(found, style, is_master=is_master, to_be_mastered=mastered)

    how = _work_on_stems(bench, request, progress, wanted=stems)
    attempt(0.4, "tone", request.fix_tone, shape)
    attempt(0.5, "stereo", request.fix_stereo, lambda _, found: stages.stereo(found))
    return how


def _work_on_stems(bench: Bench, request: EnhancementRequest, progress: Progress, *, wanted: bool) -> str:
    changes: dict[str, tuple[bool, Callable[[Mapping[str, Path], Path], parts.Change]]] = {
        "stems": (request.stem_processing, lambda stems, folder: parts.balance(stems, bench.style, folder)),
        "drums": (request.drum_enhancement, parts.drums),
        "vocals": (request.vocal_enhancement, parts.vocals),
    }
    how = ""
    if wanted or any(asked for asked, _ in changes.values()):
        folder = bench.folder / "stems"
        folder.mkdir()
        rate = audio_files.info(bench.track).rate
        taken = separate(bench.track, folder, rate=rate, progress=lambda s, event_of: progress(0.2 + 0.2 * s, event_of))
        bench.stems, how = taken.stems, taken.how
    for name, (asked, change) in changes.items():
        if asked:
            bench.change(*change(bench.stems, bench.folder / "stems"))
        else:
            bench.skip(name)
    return how


def _delivered(stems: Mapping[str, Path], track: Path) -> Mapping[str, Path]:
    """Write the stems beside the track, at its rate."""
    folder, info = track.parent / "stems", audio_files.info(track)
    folder.mkdir()
    named = {_SERVICE_NAMES.get(name, name): path for name, path in stems.items()}
    return {
        name: write(audio_files.blocks(path, info.rate), folder / f"{name}.wav", info) for name, path in named.items()
    }
